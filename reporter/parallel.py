"""An ordered map over worker processes: the seam behind which work is spread."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

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
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_die_with_parent)
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _die_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    threading.Thread(target=_exit_after_parent, daemon=True).start()


def _exit_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
