"""Settings: `reporter.toml`, read and checked.

Every error names the key, what was found and what is allowed. The `description` of a field says
what it is for, its `allowed` what may stand there; the documentation is made from both.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from reporter.dates import Cadence, parse_date
from reporter.errors import SettingsError
from reporter.tables import Table as _Table
from reporter.tables import Text as _Text
from reporter.tables import Texts as _Texts
from reporter.tables import setting as _setting
from reporter.team import Contributor, Team

_MOST_DESIGNATED = 2
_RESERVED = ("assets", "data", "how-it-works", "scoreboard", "status")


def _as_date(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return parse_date(value)
        except ValueError:
            return value
    return value


_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
_Date = Annotated[date, BeforeValidator(_as_date)]
_DATE = 'a day as "YYYY-MM-DD"'


class Site(_Table):
    """The `[site]` table."""

    title: _Text = _setting("The name of the blog.", "a text", "Counted and forecast")
    base_url: Annotated[str, Field(pattern=r"^https?://\S+/$")] = _setting(
        "Where the site will be published; sub-paths work.",
        "an http or https address that ends with a slash",
        "https://example.github.io/reporter/",
    )


class Peers(_Table):
    """One `[[feeds.peers]]` table: other teams' forecasts of what the feed forecasts."""

    path: _Text = _setting(
        "A hub's folder, one CSV or parquet file of forecasts, or such a file's address; a relative path starts at the "
        "settings.",
        "a path, or an http or https address",
    )
    title: _Text = _setting("The hub's name, as the reader sees it.", "a text")
    attribution: _Text = _setting(
        "Whom the forecasts come from, and under which licence; printed beside them.", "a text"
    )
    baseline: _Texts = _setting(
        "The hub's own baseline, or a list where each target has another.", "a model of the hub, or a list of them", ()
    )
    models: _Texts | None = _setting(
        "The models to compare with; all if left out.", "a list of models of the hub, without repeats", None
    )
    ahead: Annotated[int, Field(ge=0, le=28)] = _setting(
        "How many periods the hub's reference date is after the newest counted one; 1 for the CDC's hubs.",
        "a whole number from 0 to 28",
        1,
    )

    @property
    def is_remote(self) -> bool:
        """Whether it has to be fetched."""
        return self.path.startswith(("http://", "https://"))


class Feed(_Table):
    """One `[[feeds]]` table: one thing that is forecast."""

    name: _Name = _setting(
        "The feed's name; also its URL.", "up to 63 small letters, digits and hyphens, a hyphen not first"
    )
    title: str = _setting("What the reader sees as the feed's heading; `name` if left out.", "a text", "")
    source: _Text = _setting("Who publishes the counts.", "the name of a source")
    path: _Text | None = _setting(
        'The change log or long table of `source = "file"`; a relative path starts at the settings.', "a path", None
    )
    attribution: str = _setting(
        'Whom the counts of `source = "file"` come from, and under which licence; printed beside them.', "a text", ""
    )
    target: _Texts = _setting("What is counted, in hub words.", "one of the source's targets, or a list of them")
    cadence: Literal["day", "week"] = _setting("How often a count is made.", '"day" or "week"')
    settle: Annotated[int, Field(ge=0, le=60)] | None = _setting(
        "How many of the newest periods are too incomplete to forecast from; what the source needs if left out.",
        "a whole number from 0 to 60",
        None,
    )
    locations: _Texts | None = _setting(
        "The places; all of the source's if left out.", "a list of the source's location codes", None
    )
    horizons: Annotated[int, Field(ge=1, le=28)] = _setting("How many periods ahead.", "a whole number from 1 to 28")
    headline: _Text | None = _setting(
        "The place the posts lead with; if left out the one that led the first post, the first of the feed's places.",
        "one of the feed's locations",
        None,
    )
    models: _Texts = _setting(
        "The models that forecast.", "a list of models, without repeats", ("baseline", "sigmoid", "rnn")
    )
    lead: _Text | None = _setting(
        "The model whose forecast leads the pages; the sigmoid, or else the last of `models`, if left out.",
        "one of the feed's models",
        None,
    )
    start: _Date | None = _setting("The first vintage to forecast from.", _DATE, None)
    end: _Date | None = _setting("The last vintage to forecast from.", _DATE, None)
    backfill: Annotated[int, Field(ge=1)] | None = _setting(
        "Instead of `start`: how many of the newest reference dates the first build replays.",
        "a whole number from 1, and no `start` beside it",
        None,
    )
    archive: bool = _setting("A finished story: replayed and shown, never pulled, never stale.", "true or false", False)
    peers: Annotated[tuple[Peers, ...], Field(strict=False)] = _setting(
        "Other teams' forecasts, scored on the same tasks.", "[[feeds.peers]] tables", ()
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.name in _RESERVED:
            raise _refusal("name", self.name, f"any name but {', '.join(_RESERVED)}")
        for key in ("target", "locations", "models"):
            values = getattr(self, key) or ()
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise _refusal(key, twice, "each only once")
        titles = [one.title for one in self.peers]
        for number, title in enumerate(titles):
            if title in titles[:number]:
                raise _refusal(f"peers[{number}].title", title, "a title no other hub of the feed has")
        if self.locations and self.headline and self.headline not in self.locations:
            raise _refusal("headline", self.headline, f"one of the feed's locations: {some(self.locations)}")
        if self.lead and self.lead not in self.models:
            raise _refusal("lead", self.lead, f"one of the feed's models: {some(self.models)}")
        if self.start and self.backfill:
            raise _refusal("backfill", self.backfill, "`start` or `backfill`, not both")
        if self.start and self.end and self.end < self.start:
            raise _refusal("end", str(self.end), f"a day not before start, {self.start}")
        return self

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


class Settings(_Table):
    """The whole of `reporter.toml`."""

    site: Site = _setting("The blog.", "a table", Site())
    team: Team | None = _setting("Who answers for the forecasts.", "a table", None)
    feeds: Annotated[tuple[Feed, ...], Field(min_length=1, strict=False)] = _setting(
        "What is forecast.", "one or more [[feeds]] tables"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [feed.name for feed in self.feeds]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise _refusal(f"feeds[{number}].name", name, "a name no other feed has")
        designated = (self.team and self.team.designated) or ()
        models = {model for feed in self.feeds for model in feed.models}
        unknown = next((model for model in designated if model not in models), None)
        if unknown is not None:
            raise _refusal("team.designated", unknown, f"the feeds' models: {some(sorted(models))}")
        if len(designated) > _MOST_DESIGNATED:
            raise _refusal("team.designated", list(designated), f"at most {_MOST_DESIGNATED} models")
        return self


def load(path: Path) -> Settings:
    """Read settings from a file.

    Raises:
        SettingsError: the file cannot be read, or a key is unknown, of a wrong type or impossible.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(str(path), _one_line(error), "a readable TOML file") from error
    settings = parse(raw)
    return settings.model_copy(update={"feeds": tuple(_resolved(feed, path.parent) for feed in settings.feeds)})


def _resolved(feed: Feed, folder: Path) -> Feed:
    """The feed with its relative paths starting at the settings' folder."""
    peers = tuple(
        one if one.is_remote else one.model_copy(update={"path": str(folder / one.path)}) for one in feed.peers
    )
    path = None if feed.path is None else str(folder / feed.path)
    return feed.model_copy(update={"path": path, "peers": peers})


def bundled() -> Path:
    """The default settings: in the wheel inside the package, in a checkout beside it."""
    package = Path(__file__).parent
    inside = package / "data" / "reporter.toml"
    return inside if inside.exists() else package.parent / "reporter.toml"


def parse(raw: Mapping[str, Any]) -> Settings:
    """Check settings that were read.

    Raises:
        SettingsError: with the first key that is not right.
    """
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise _translated(error) from None


def some(names: Collection[str], most: int = 12) -> str:
    """The first names of many, for a message."""
    shown = ", ".join(list(names)[:most])
    return shown if len(names) <= most else f"{shown} … ({len(names)} in all)"


def _refusal(key: str, found: object, allowed: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{allowed}", {"key": key, "found": found, "allowed": allowed})


def _translated(error: ValidationError) -> SettingsError:
    errors = error.errors()
    # A misspelt key is also a missing one; the misspelling is what the publisher can see.
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    context = first.get("ctx", {})
    location = [part for part in first["loc"] if not (isinstance(part, str) and _is_internal(part))]
    key = re.sub(r"\.(\d+)", r"[\1]", ".".join(map(str, location)))
    if first["type"] == "refused":
        return SettingsError(".".join(filter(None, [key, context["key"]])), context["found"], context["allowed"])
    table, names = _table_at(location)
    name = names[0] if names else ""
    if first["type"] == "extra_forbidden":
        return SettingsError(key, first["input"], f"no such key; the keys are {', '.join(table.model_fields)}")
    if first["type"] == "missing":
        return SettingsError(key, None, f"{_allowed(table, name)} (it must be given)")
    if name not in table.model_fields:
        return SettingsError(key, first["input"], first["msg"])
    return SettingsError(key, first["input"], _allowed(table, name))


def _is_internal(part: str) -> bool:
    """Pydantic names the branch of a union too, which is no key of ours."""
    return "[" in part or part in {"tuple", "constrained-str"}


def _table_at(location: list[Any]) -> tuple[type[_Table], list[Any]]:
    """The innermost table that a location leads into, and the rest of the way."""
    table: type[_Table] = Settings
    inner: dict[str, type[_Table]] = {
        "site": Site,
        "team": Team,
        "contributors": Contributor,
        "feeds": Feed,
        "peers": Peers,
    }
    while location and location[0] in inner:
        past = 2 if location[1:] and isinstance(location[1], int) else 1
        if len(location) <= past:
            break
        table, location = inner[location[0]], location[past:]
    return table, location


def _allowed(table: type[_Table], name: str) -> str:
    extra = table.model_fields[name].json_schema_extra if name in table.model_fields else None
    return str(extra["allowed"]) if isinstance(extra, dict) else "see the documentation of the settings"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
