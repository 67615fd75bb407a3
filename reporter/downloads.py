"""What is downloaded in one run: each thing once, side by side."""

import threading
from collections.abc import Callable, Mapping, Sequence

from reporter import fetch
from reporter.errors import SourceError
from reporter.sources.base import Part, Source

_AT_A_TIME = 8


class Downloads:
    """Downloads each thing once, however many feeds ask for it, from any thread.

    Args:
        environ: where tokens are looked up.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._done: dict[object, _Once] = {}

    def get(
        self, source: Source, part: Part, limits: fetch.Limits, validators: fetch.Validators | None = None
    ) -> fetch.Answer:
        """Download a part of a source, or find that it has not changed.

        Raises:
            SourceError: it cannot be had.
        """
        with self._lock:
            once = self._done.setdefault((source.name, part.url, validators, limits), _Once())
        return once.get(
            lambda: fetch.download(source, part, environment=self._environ, validators=validators, limits=limits)
        )


class _Once:
    """A result that is worked out by whoever asks first; the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._result: fetch.Answer | SourceError | None = None

    def get(self, work: Callable[[], fetch.Answer]) -> fetch.Answer:
        with self._lock:
            if self._result is None:
                try:
                    self._result = work()
                except SourceError as error:
                    self._result = error
            if isinstance(self._result, SourceError):
                raise self._result
            return self._result


def side_by_side(works: Sequence[Callable[[], None]]) -> None:
    """Do some work that mostly waits, eight at a time.

    The threads die with the process: what they do may be killed at any moment.

    Raises:
        BaseException: the first that one of them raised, once all are done.
    """
    raised: dict[int, BaseException] = {}
    waiting, lock = iter(enumerate(works)), threading.Lock()

    def run() -> None:
        while True:
            with lock:
                number, work = next(waiting, (-1, None))
            if work is None:
                return
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - it is raised again where it is seen
                raised[number] = error

    threads = [threading.Thread(target=run, daemon=True) for _ in range(min(len(works), _AT_A_TIME))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _, error in sorted(raised.items()):
        raise error
