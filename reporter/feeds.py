"""The `[[feeds]]` tables of the settings: what is forecast, from whom, within which limits, beside whom."""

import hashlib
import json
from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from reporter.dates import Cadence, parse_date
from reporter.tables import Table, Text, Texts, as_list, setting

_RESERVED = ("assets", "data", "how-it-works", "scoreboard", "status")


def _as_date(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return parse_date(value)
        except ValueError:
            return value
    return value


_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
_Address = Annotated[str, Field(pattern=r"^https?://\S+$")]
_Date = Annotated[date, BeforeValidator(_as_date)]
_DATE = 'a day as "YYYY-MM-DD"'
_Share = Annotated[float, Field(ge=0, le=1)]
_Days = Annotated[int, Field(ge=1)]


def some(names: Collection[str], most: int = 12) -> str:
    """The first names of many, for a message."""
    shown = ", ".join(list(names)[:most])
    return shown if len(names) <= most else f"{shown} … ({len(names)} in all)"


def refusal(key: str, found: object, allowed: str) -> PydanticCustomError:
    """An error that names the key, what was found and what is allowed."""
    return PydanticCustomError("refused", "{allowed}", {"key": key, "found": found, "allowed": allowed})


class Peers(Table):
    """One `[[feeds.peers]]` table: other teams' forecasts of what the feed forecasts."""

    path: Text = setting(
        "A hub's folder, one CSV or parquet file of forecasts, or such a file's address; a relative path starts at the "
        "settings.",
        "a path, or an http or https address",
    )
    title: Text = setting("The hub's name, as the reader sees it.", "a text")
    attribution: Text = setting("Whom the forecasts come from, and under which licence; printed beside them.", "a text")
    baseline: Texts = setting(
        "The hub's own baseline, or a list where each target has another.", "a model of the hub, or a list of them", ()
    )
    models: Texts | None = setting(
        "The models to compare with; all if left out.", "a list of models of the hub, without repeats", None
    )
    ahead: Annotated[int, Field(ge=0, le=28)] = setting(
        "How many periods the hub's reference date is after the newest counted one; 1 for the CDC's hubs.",
        "a whole number from 0 to 28",
        1,
    )

    @property
    def is_remote(self) -> bool:
        """Whether it has to be fetched."""
        return self.path.startswith(("http://", "https://"))


class Limits(Table):
    """The `[feeds.limits]` table: what a source may send, how long that may take, and when it is late.

    Days after the expected date are None where the cadence decides (`Feed.patience`).
    """

    fewer_places: Annotated[int, Field(ge=0)] = setting(
        "How many places that had counts of late a new vintage may lack.", "a whole number from 0", 0
    )
    fewer_counts: _Share = setting(
        "The share of the last vintage's counts that a new one may lack.", "a number from 0 to 1", 0.05
    )
    more_counts: Annotated[float, Field(gt=1)] = setting(
        "How many times the counts to be expected a new vintage may hold.", "a number above 1", 2.0
    )
    rewritten: _Share = setting(
        "The share of the counts known before that may have more than doubled or halved.", "a number from 0 to 1", 0.4
    )
    believed: _Days = setting(
        "For how many days a source must go on sending counts beyond these four limits to be believed.",
        "a whole number from 1",
        21,
    )
    megabytes: Annotated[int, Field(ge=1, le=4096)] = setting(
        "The largest answer of an address, unpacked.", "a whole number from 1 to 4096", 128
    )
    seconds: Annotated[int, Field(ge=1, le=3600)] = setting(
        "How long an address may take to answer, all attempts together.", "a whole number from 1 to 3600", 300
    )
    late: _Days | None = setting(
        "How many days after the expected date a source is late; 2, or 4 of a weekly one, if left out.",
        "a whole number from 1",
        None,
    )
    stale: _Days | None = setting(
        "The same for stale, when the next source takes over; 7, or 14 of a weekly one, if left out.",
        "a whole number from 1",
        None,
    )
    retired: _Days | None = setting(
        "The same for retired, when nobody waits any more; 90, or 180 of a weekly one, if left out.",
        "a whole number from 1",
        None,
    )


class Feed(Table):
    """One `[[feeds]]` table: one thing that is forecast."""

    name: _Name = setting(
        "The feed's name; also its URL.", "up to 63 small letters, digits and hyphens, a hyphen not first"
    )
    title: str = setting("What the reader sees as the feed's heading; `name` if left out.", "a text", "")
    source: Texts = setting(
        "Who publishes the counts; of a list each takes over when the one before fails or is stale.",
        "the name of a source, or a list of them",
    )
    path: Text | None = setting(
        'The change log or long table of `source = "file"`; a relative path starts at the settings.', "a path", None
    )
    url: Annotated[tuple[_Address, ...], BeforeValidator(as_list), Field(strict=False)] = setting(
        'Where to pull from instead of the source\'s own address: a mirror, or where `source = "file"` lies.',
        "an http or https address, or a list of one for each source",
        (),
    )
    attribution: str = setting(
        'Whom the counts of `source = "file"` come from, and under which licence; printed beside them.', "a text", ""
    )
    target: Texts = setting("What is counted, in hub words.", "one of the source's targets, or a list of them")
    cadence: Literal["day", "week"] = setting("How often a count is made.", '"day" or "week"')
    settle: Annotated[int, Field(ge=0, le=60)] | None = setting(
        "How many of the newest periods are too incomplete to forecast from; what the source needs if left out.",
        "a whole number from 0 to 60",
        None,
    )
    locations: Texts | None = setting(
        "The places; all of the source's if left out.", "a list of the source's location codes", None
    )
    horizons: Annotated[int, Field(ge=1, le=28)] = setting("How many periods ahead.", "a whole number from 1 to 28")
    headline: Text | None = setting(
        "The place the posts lead with; if left out the one that led the first post, the first of the feed's places.",
        "one of the feed's locations",
        None,
    )
    models: Texts = setting(
        "The models that forecast.", "a list of models, without repeats", ("baseline", "sigmoid", "rnn")
    )
    lead: Text | None = setting(
        "The model whose forecast leads the pages; the sigmoid, or else the last of `models`, if left out.",
        "one of the feed's models",
        None,
    )
    start: _Date | None = setting("The first vintage to forecast from.", _DATE, None)
    end: _Date | None = setting("The last vintage to forecast from.", _DATE, None)
    backfill: Annotated[int, Field(ge=1)] | None = setting(
        "Instead of `start`: how many of the newest reference dates the first build replays.",
        "a whole number from 1, and no `start` beside it",
        None,
    )
    archive: bool = setting("A finished story: replayed and shown, never pulled, never stale.", "true or false", False)
    limits: Limits = setting("What a source may send, and when it is late.", "a [feeds.limits] table", Limits())
    peers: Annotated[tuple[Peers, ...], Field(strict=False)] = setting(
        "Other teams' forecasts, scored on the same tasks.", "[[feeds.peers]] tables", ()
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for key in ("source", "target", "locations", "models"):
            values = getattr(self, key) or ()
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise refusal(key, twice, "each only once")
        titles = [one.title for one in self.peers]
        for number, title in enumerate(titles):
            if title in titles[:number]:
                raise refusal(f"peers[{number}].title", title, "a title no other hub of the feed has")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.name in _RESERVED:
            raise refusal("name", self.name, f"any name but {', '.join(_RESERVED)}")
        if self.url and len(self.url) != len(self.source):
            raise refusal("url", list(self.url), f"as many as there are sources, {len(self.source)}")
        if self.locations and self.headline and self.headline not in self.locations:
            raise refusal("headline", self.headline, f"one of the feed's locations: {some(self.locations)}")
        if self.lead and self.lead not in self.models:
            raise refusal("lead", self.lead, f"one of the feed's models: {some(self.models)}")
        if self.start and self.backfill:
            raise refusal("backfill", self.backfill, "`start` or `backfill`, not both")
        if self.start and self.end and self.end < self.start:
            raise refusal("end", str(self.end), f"a day not before start, {self.start}")
        late, stale, retired = self.patience
        if not late < stale < retired:
            raise refusal("limits", [late, stale, retired], "days in the order late, stale, retired")
        return self

    @property
    def patience(self) -> tuple[int, int, int]:
        """Days after the expected date at which the source is late, stale and retired."""
        weekly, limits = self.period is Cadence.WEEK, self.limits
        late, stale, retired = (4, 14, 180) if weekly else (2, 7, 90)
        return limits.late or late, limits.stale or stale, limits.retired or retired

    @property
    def is_own_file(self) -> bool:
        """Whether the counts come from a file of the publisher's own."""
        return self.source == ("file",)

    @property
    def is_pulled(self) -> bool:
        """Whether there is anybody to ask: of a finished story and of a file at hand there is not."""
        return not self.archive and self.path is None

    @property
    def period(self) -> Cadence:
        """The cadence as what the stages take."""
        return Cadence(self.cadence)

    @property
    def leading(self) -> str:
        """The model whose forecast leads the pages."""
        return self.lead or ("sigmoid" if "sigmoid" in self.models else self.models[-1])

    @property
    def digest(self) -> str:
        """A hash of the settings that a forecast depends on."""
        text = json.dumps(self.digested, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def digested(self) -> dict[str, Any]:
        """The settings that a forecast depends on."""
        keys = {"name", "source", "target", "cadence", "settle", "locations", "horizons", "models"}
        return self.model_dump(mode="json", include=keys)
