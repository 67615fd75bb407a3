"""What came of a run on one feed: what is new, what failed, how long it took."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from reporter import __version__, gather
from reporter.errors import in_one_line
from reporter.ledger import Receipt

_log = logging.getLogger(__name__)


class Account:
    """The account of one run.

    Attributes:
        new: reference dates put on record.
        failed: what went wrong, but for the peers and the models: one line each, and each once.
        peers_failed: what went wrong with peers.
    """

    def __init__(self, feed: str) -> None:
        self.new: list[date] = []
        self.failed: list[str] = []
        self.peers_failed: list[str] = []
        self._feed = feed
        self._models: dict[date, list[str]] = {}
        self._seconds: dict[str, float] = {}

    @property
    def models_failed(self) -> list[str]:
        """A line for each time that a model failed, by reference date."""
        return [line for _, lines in sorted(self._models.items()) for line in lines]

    @property
    def all_failed(self) -> list[str]:
        """All that went wrong without stopping the run, one line each."""
        return self.failed + self.peers_failed + self.models_failed

    def fail(self, error: Exception) -> None:
        """Name a failure, once."""
        _log.info("%s", self._feed, exc_info=error)
        line = f"{self._feed}: {in_one_line(error)}"
        if line not in self.failed:
            self.failed.append(line)

    def fail_model(self, reference: date, name: str, error: str) -> None:
        """Name a model's failure."""
        self._models.setdefault(reference, []).append(gather.failure(self._feed, name, str(reference), error))

    def read_off(self, receipt: Receipt) -> None:
        """Take the models' failures of a date from its receipt."""
        self._models[date.fromisoformat(receipt["reference_date"])] = gather.failures(receipt)

    def took(self, what: str, seconds: float) -> None:
        """Count time, which adds up."""
        self._seconds[what] = self._seconds.get(what, 0.0) + seconds

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Count the time of a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.took(stage, time.perf_counter() - began)

    def line(self, now: datetime) -> str:
        """The run as a line of `runs.jsonl`."""
        contents = {
            "now": now.isoformat(),
            "version": __version__,
            "seconds": {name: round(seconds, 3) for name, seconds in self._seconds.items()},
            "new": [str(day) for day in self.new],
            "failed": self.all_failed,
        }
        return json.dumps(contents, ensure_ascii=False)
