import os

import pytest

from reporter import parallel
from reporter.errors import WorkerError


def double_or_die(number):
    if number < 0:
        os._exit(9)
    return 2 * number


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers):
    with parallel.ordered_map(workers) as ordered_map:
        assert list(ordered_map(double_or_die, range(20))) == list(range(0, 40, 2))


def test_a_killed_worker_is_named_and_the_next_work_goes_on():
    with parallel.ordered_map(2) as ordered_map:
        with pytest.raises(WorkerError, match="a worker process was killed"):
            list(ordered_map(double_or_die, [1, -1, 2]))
        assert list(ordered_map(double_or_die, [3])) == [6]
