"""Settings: `reporter.toml`, read and checked.

Every error names the key, what was found and what is allowed. The `description` of a field says
what it is for, its `allowed` what may stand there; the documentation is made from both.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from reporter.errors import SettingsError
from reporter.feeds import Feed, Limits, Peers, refusal, some
from reporter.tables import Table as _Table
from reporter.tables import Text as _Text
from reporter.tables import setting as _setting
from reporter.team import Contributor, Team

_MOST_DESIGNATED = 2


class Site(_Table):
    """The `[site]` table."""

    title: _Text = _setting("The name of the blog.", "a text", "Counted and forecast")
    base_url: Annotated[str, Field(pattern=r"^https?://\S+/$")] = _setting(
        "Where the site will be published; sub-paths work.",
        "an http or https address that ends with a slash",
        "https://example.github.io/reporter/",
    )
    theme: _Text | None = _setting(
        "The folder of the blog's own templates and styles; a relative path starts at the settings.", "a path", None
    )

    @property
    def folder(self) -> Path | None:
        """Where the theme lies."""
        return None if self.theme is None else Path(self.theme)


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
                raise refusal(f"feeds[{number}].name", name, "a name no other feed has")
        designated = (self.team and self.team.designated) or ()
        models = {model for feed in self.feeds for model in feed.models}
        unknown = next((model for model in designated if model not in models), None)
        if unknown is not None:
            raise refusal("team.designated", unknown, f"the feeds' models: {some(sorted(models))}")
        if len(designated) > _MOST_DESIGNATED:
            raise refusal("team.designated", list(designated), f"at most {_MOST_DESIGNATED} models")
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
    feeds, site = tuple(_resolved(feed, path.parent) for feed in settings.feeds), settings.site
    if site.theme is not None:
        site = site.model_copy(update={"theme": str(path.parent / site.theme)})
    return settings.model_copy(update={"feeds": feeds, "site": site})


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
        "limits": Limits,
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
