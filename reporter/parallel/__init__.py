"""An ordered map over worker processes or a cluster: the seam behind which work is spread."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from reporter.parallel.crew import Crew
from reporter.parallel.window import OrderedMap, in_order

__all__ = ["OrderedMap", "in_order", "ordered_map", "usable_cores"]


def usable_cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


@contextmanager
def ordered_map(workers: int, modules: Sequence[str] = ()) -> Iterator[OrderedMap]:
    """A `map` whose results come in the order of its arguments, whichever is ready first.

    Arguments are taken as results are: no more than two a worker are ever under way.

    Args:
        workers: 1 works in this process. More are started fresh, not forked: threads of numerical
            libraries don't survive a fork. They die with this process, however it ends.
        modules: what their work will need; given, they start at once and not with the first argument.
    """
    if workers == 1:
        yield map
        return
    crew = Crew(workers)
    try:
        if modules:
            crew.prepare(modules)
        yield lambda work, tasks: in_order(lambda task: crew.submit(work, task).result, tasks, 2 * workers)
    finally:
        crew.dismiss()


def on_cluster(address: str) -> AbstractContextManager[OrderedMap]:
    """The same map on a Ray cluster.

    Args:
        address: HOST:PORT of its head.

    Raises:
        WorkerError: Ray is not installed, the cluster cannot be reached, or has another reporter.
    """
    from reporter.parallel import cluster  # noqa: PLC0415 - it imports Ray, an extra that most do without

    return cluster.ordered_map(address)
