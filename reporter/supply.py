"""What a feed's sources last said, which one its counts come from, and every change of it: `sources.json`."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from reporter import files
from reporter.dates import parse_date
from reporter.switches import Belief, Switch

NAME = "sources.json"
_MOST = 100
_DATES = ("asked", "answered", "newest", "since", "failing_since", "day")
_INSISTENT = 3  # days on which a source must at least have sent the same


@dataclass(frozen=True)
class Insistence:
    """How long a source has sent counts beyond one limit, and none that were taken in.

    Attributes:
        setting: the limit.
        since: the first day.
        days: on how many days it did.
    """

    setting: str
    since: date
    days: int

    def goes_on(self, is_another_day: bool) -> "Insistence":  # noqa: FBT001
        """The same after it sent such counts once more."""
        return replace(self, days=self.days + is_another_day)

    def is_believed(self, days: int, today: date) -> bool:
        """Whether it has gone on for so many days that the source must mean it."""
        return self.days >= _INSISTENT and (today - self.since).days >= days


@dataclass(frozen=True)
class Told:
    """What one source last said.

    Attributes:
        asked: when it was last asked.
        answered: when it last sent what could be taken in, or said that nothing had changed.
        newest: the newest period end it then held of what the feed follows.
        since: when that period was first seen.
        began: target → the first period end it then listed of it.
        failed: why it failed when it was last asked; None if it did not.
        failing_since: when it was first asked in vain.
        sent: whether it sent something when it failed, which was not taken.
        waits: whether it answered and was not taken from, as the record has what it has, and more, of another source.
        insists: how long it has sent counts beyond each limit that they are beyond.
        vintage: a hash of all vintages, once its answer was taken in, and of the program: with others it is asked anew.
        validators: what tells it which answer we have, by a hash of the address.
    """

    asked: date
    answered: date | None = None
    newest: date | None = None
    since: date | None = None
    began: Mapping[str, date] = field(default_factory=dict)
    failed: str | None = None
    failing_since: date | None = None
    sent: bool = False
    waits: bool = False
    insists: tuple[Insistence, ...] = ()
    vintage: str = ""
    validators: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def unchanged(self, today: date) -> "Told":
        """The same after it said that nothing had changed."""
        return replace(
            self, asked=today, answered=today, failed=None, failing_since=None, sent=False, waits=False, insists=()
        )

    def failing(self, today: date, reason: str, *, sent: bool, beyond: Collection[str]) -> "Told":
        """The same after it was asked in vain.

        Args:
            sent: whether it sent something.
            beyond: the limits that its counts are beyond, if that is why.
        """
        insists = self.insisting(beyond, today) if sent else self.insists
        since = self.failing_since or today
        return replace(self, asked=today, failed=reason, failing_since=since, sent=sent, waits=False, insists=insists)

    def insisting(self, beyond: Collection[str], today: date) -> tuple[Insistence, ...]:
        """How long it has insisted on each of some limits, counts beyond which it sends today as well."""
        before = {one.setting: one for one in self.insists}
        return tuple(
            before[setting].goes_on(self.asked < today) if setting in before else Insistence(setting, today, 1)
            for setting in beyond
        )


@dataclass(frozen=True)
class Supply:
    """Where a feed's counts come from.

    Attributes:
        in_use: the source its counts came from last; None before the first pull.
        told: what each source last said, by name.
        is_sole: whether all counts on record are that source's.
        switches: every change, oldest first; of very many the newest.
        beliefs: likewise.
    """

    in_use: str | None = None
    is_sole: bool = True
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
        return replace(self, in_use=source, is_sole=False, switches=(*self.switches, switch)[-_MOST:])


def read(folder: Path) -> Supply | None:
    """What is kept in a feed's folder; None if it is gone or damaged, as the sources can be asked again."""
    try:
        kept = json.loads((folder / NAME).read_bytes())
        told = {name: _told(one) for name, one in kept["told"].items()}
        switches = tuple(Switch(**_dated(one)) for one in kept["switches"])
        beliefs = tuple(Belief(**_dated(one)) for one in kept["beliefs"])
        return Supply(kept["in_use"], bool(kept["is_sole"]), told, switches, beliefs)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def keep(folder: Path, supply: Supply) -> None:
    """Keep it for the next run."""
    text = json.dumps(asdict(supply), default=str, ensure_ascii=False, indent=1)
    files.write(folder / NAME, f"{text}\n".encode())


def _told(one: Mapping[str, Any]) -> Told:
    insists = tuple(Insistence(**_dated(kept)) for kept in one["insists"])
    began = {target: parse_date(day) for target, day in one["began"].items()}
    return Told(**{**_dated(one), "insists": insists, "began": began})


def _dated(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: parse_date(value) if key in _DATES and value is not None else value for key, value in one.items()}
