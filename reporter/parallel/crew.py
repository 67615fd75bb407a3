"""Worker processes on this machine. One that is killed is replaced, and its task tried again."""

import importlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from reporter.errors import WorkerError

ATTEMPTS = 2
"""A worker may be killed by anything once; twice over one task it is the task."""


class Crew:
    """Worker processes, each started when it is first needed and spoken to by a thread of its own."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, initializer=_leave_interrupts_to_others)
        self._everyone: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._hiring = threading.Lock()
        self._dismissed = False

    def submit(self, work: Callable[[Any], Any], task: Any) -> Future[Any]:
        """Begin a task. Its future raises what the work raised, or WorkerError if its workers were killed."""
        return self._threads.submit(self._do, work, task)

    def prepare(self, modules: Sequence[str]) -> None:
        """Start every worker now, and let it import what its work will need while others prepare that work."""
        for _ in range(self._workers):
            self.submit(_import, tuple(modules))

    def dismiss(self) -> None:
        """Send the workers home, at once: whoever still works does so for nobody."""
        with self._hiring:
            self._dismissed = True
            for worker in self._everyone:
                worker.end()
        self._threads.shutdown(cancel_futures=True)

    def _do(self, work: Callable[[Any], Any], task: Any) -> Any:
        order = pickle.dumps((work, task), protocol=pickle.HIGHEST_PROTOCOL)
        for _ in range(ATTEMPTS):
            worker = self._hire()
            try:
                done, answer = worker.ask(order)
            except (EOFError, OSError):  # its end of the pipe is gone
                self._replace(worker)
                continue
            self._idle.append(worker)
            if done:
                return answer
            raise answer
        raise WorkerError("a worker process was killed twice over the same task; was there enough memory?")

    def _hire(self) -> "_Worker":
        with self._hiring:
            if self._dismissed:
                raise WorkerError("the workers were sent home")
            if self._idle:
                return self._idle.pop()
            worker = _Worker()
            self._everyone.append(worker)
            return worker

    def _replace(self, worker: "_Worker") -> None:
        with self._hiring:
            self._everyone.remove(worker)
            worker.end()


class _Worker:
    """A process of its own and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()  # so that the pipe ends when the worker does

    def ask(self, order: bytes) -> tuple[bool, Any]:
        """Hand over work and wait: whether it was done, and its result or what it raised.

        Raises:
            EOFError, OSError: the worker is gone.
        """
        self._pipe.send_bytes(order)
        answer: tuple[bool, Any] = pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - our own worker's
        return answer

    def end(self) -> None:
        """Kill it: it keeps nothing that would be lost."""
        self._process.kill()
        self._process.join()


def _import(modules: Sequence[str]) -> None:
    for module in modules:
        importlib.import_module(module)


def _leave_interrupts_to_others() -> None:
    """Ctrl-C reaches every process at the terminal; workers, started from here, inherit that they don't hear it."""
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # where it is started it unblocks them
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _serve(pipe: Connection) -> None:
    """Work, until the other end is gone."""
    threading.Thread(target=_exit_after_parent, daemon=True).start()
    while True:
        try:
            order = pipe.recv_bytes()
        except EOFError:
            return
        pipe.send_bytes(_answer(order))


def _answer(order: bytes) -> bytes:
    try:
        work, task = pickle.loads(order)  # noqa: S301 - our own parent's
        return pickle.dumps((True, work(task)), protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - raised again where the work was asked for
        return _failure(error)


def _failure(error: Exception) -> bytes:
    try:
        pickle.loads(answer := pickle.dumps((False, error)))  # noqa: S301 - some can be written and not read
    except Exception:  # noqa: BLE001 - an exception may be anything
        return pickle.dumps((False, WorkerError(f"{type(error).__name__}: {error}")))
    return answer


def _exit_after_parent() -> None:
    """A worker in the middle of its work whose parent was killed would finish it for nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
