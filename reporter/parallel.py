"""An ordered map over worker processes: the seam behind which work is spread."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from reporter.errors import WorkerError

OrderedMap = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


def usable_cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


@contextmanager
def ordered_map(workers: int) -> Iterator[OrderedMap]:
    """A `map` whose results come in the order of its arguments, whichever is ready first.

    Args:
        workers: 1 works in this process. More are started fresh, not forked: threads of numerical
            libraries don't survive a fork. They die with this process, however it ends.
    """
    if workers == 1:
        yield map
        return
    crew = _Crew(workers)
    try:
        yield crew.map
    finally:
        crew.dismiss()


class _Crew:
    """A process pool, replaced when one of its workers was killed."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def map(self, work: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        """Do the work; results come in the order of the tasks.

        Raises:
            WorkerError: a worker was killed; results before that one were given.
        """
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, context, initializer=_die_with_parent)
        try:
            yield from self._pool.map(work, tasks)
        except BrokenProcessPool as error:
            self.dismiss()
            raise WorkerError("a worker process was killed; was there enough memory?") from error

    def dismiss(self) -> None:
        """Send the workers home."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _die_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    threading.Thread(target=_exit_after_parent, daemon=True).start()


def _exit_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
