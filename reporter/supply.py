"""What a feed's sources last said, which one its counts come from, and every change of it: `sources.json`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from reporter import files
from reporter.dates import parse_date
from reporter.errors import RefusedError, SourceError
from reporter.switches import Belief, Switch

NAME = "sources.json"
_MOST = 100
_DATES = ("asked", "answered", "newest", "since", "failing_since", "refused_since", "day")


@dataclass(frozen=True)
class Told:
    """What one source last said.

    Attributes:
        asked: when it was last asked.
        answered: when it last sent what could be taken in, or said that nothing had changed.
        newest: the newest period end it then held of what the feed follows.
        since: when that period was first seen.
        failed: why it failed when it was last asked; None if it did not.
        failing_since: when it was first asked in vain.
        refused_since: since when it has sent counts beyond the limits, and none within them.
        vintage: the hash of all vintages once its answer was taken in: with others on record it is asked anew.
        validators: address → what tells it which answer we have.
    """

    asked: date
    answered: date | None = None
    newest: date | None = None
    since: date | None = None
    failed: str | None = None
    failing_since: date | None = None
    refused_since: date | None = None
    vintage: str = ""
    validators: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def unchanged(self, today: date) -> "Told":
        """The same after it said that nothing had changed."""
        return replace(self, asked=today, answered=today, failed=None, failing_since=None)

    def failing(self, today: date, error: SourceError) -> "Told":
        """The same after it was asked in vain."""
        beyond = isinstance(error, RefusedError) and error.setting is not None
        return replace(
            self,
            asked=today,
            failed=str(error),
            failing_since=self.failing_since or today,
            refused_since=self.refused_since or (today if beyond else None),
        )


@dataclass(frozen=True)
class Supply:
    """Where a feed's counts come from.

    Attributes:
        in_use: the source its counts came from last; None before the first pull.
        told: what each source last said, by name.
        switches: every change, oldest first; of very many the newest.
        beliefs: likewise.
    """

    in_use: str | None = None
    told: Mapping[str, Told] = field(default_factory=dict)
    switches: tuple[Switch, ...] = ()
    beliefs: tuple[Belief, ...] = ()

    def believing(self, source: str, reason: str, today: date) -> "Supply":
        """The same after counts beyond the limits were taken in."""
        return replace(self, beliefs=(*self.beliefs, Belief(today, source, reason))[-_MOST:])

    def using(self, source: str, reason: str, today: date) -> "Supply":
        """The same with the counts coming from a source."""
        if self.in_use in (None, source):
            return replace(self, in_use=source)
        switch = Switch(today, str(self.in_use), source, reason)
        return replace(self, in_use=source, switches=(*self.switches, switch)[-_MOST:])


def read(folder: Path) -> Supply:
    """What is kept in a feed's folder; nothing if it is gone or damaged, as the sources can be asked again."""
    try:
        kept = json.loads((folder / NAME).read_bytes())
        told = {name: Told(**_dated(one)) for name, one in kept["told"].items()}
        switches = tuple(Switch(**_dated(one)) for one in kept["switches"])
        return Supply(kept["in_use"], told, switches, tuple(Belief(**_dated(one)) for one in kept["beliefs"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Supply()


def keep(folder: Path, supply: Supply) -> None:
    """Keep it for the next run."""
    text = json.dumps(asdict(supply), default=str, ensure_ascii=False, indent=1)
    files.write(folder / NAME, f"{text}\n".encode())


def _dated(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: parse_date(value) if key in _DATES and value is not None else value for key, value in one.items()}
