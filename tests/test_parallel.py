import multiprocessing
import os
import signal
import threading
import time

import pytest

from reporter import parallel
from reporter.errors import ModelError, WorkerError


def double_or_die(number):
    if number < 0:
        os._exit(9)
    return 2 * number


def double_later(task):
    """Mark that it was tried, and die of it as often as asked."""
    number, marks, deaths = task
    tried = len(list(marks.glob(f"{number}-*")))
    (marks / f"{number}-{tried}").touch()
    if tried < deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02 * (number % 3))
    return 2 * number


def fail(number):
    raise ModelError(f"no {number}")


def fail_strangely(number):
    raise StrangeError(number, number)


class StrangeError(Exception):
    """Cannot be unpickled."""

    def __init__(self, one, two):
        super().__init__("strange")


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers):
    with parallel.ordered_map(workers) as ordered_map:
        assert list(ordered_map(double_or_die, range(20))) == list(range(0, 40, 2))


def test_a_killed_worker_is_named_and_the_next_work_goes_on():
    with parallel.ordered_map(2) as ordered_map:
        results = ordered_map(double_or_die, [1, -1, 2])
        assert next(results) == 2
        with pytest.raises(WorkerError, match="a worker process was killed twice over the same task"):
            next(results)
        assert list(ordered_map(double_or_die, [3])) == [6]


def test_workers_that_are_killed_once_over_any_task_lose_nothing(tmp_path):
    with parallel.ordered_map(2) as ordered_map:
        results = ordered_map(double_later, [(number, tmp_path, number % 2) for number in range(8)])
        assert list(results) == list(range(0, 16, 2))
    assert len(list(tmp_path.iterdir())) == 8 + 4, "only the killed were tried again"


@pytest.mark.parametrize("workers", [1, 2])
def test_tasks_are_taken_as_results_are(workers):
    taken = []
    with parallel.ordered_map(workers) as ordered_map:
        results = ordered_map(double_or_die, (taken.append(number) or number for number in range(1000)))
        for number in range(10):
            assert next(results) == 2 * number
            assert len(taken) <= number + 2 * workers


@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_work_raises_is_raised(workers):
    with parallel.ordered_map(workers) as ordered_map, pytest.raises(ModelError, match="no 7"):
        list(ordered_map(fail, [7]))


def test_an_error_that_cannot_travel_is_told():
    with parallel.ordered_map(2) as ordered_map, pytest.raises(WorkerError, match="StrangeError: strange"):
        list(ordered_map(fail_strangely, [7]))


def test_nobody_is_left_when_the_work_is_given_up(tmp_path):
    threads = threading.active_count()
    with parallel.ordered_map(2) as ordered_map:
        next(ordered_map(double_later, [(number, tmp_path, 0) for number in range(100)]))
        assert len(multiprocessing.active_children()) == 2
    assert multiprocessing.active_children() == []
    assert threading.active_count() == threads
