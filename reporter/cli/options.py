"""Options that several commands share, and what they are read as. The clock is read here."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reporter.dates import parse_date

if TYPE_CHECKING:
    from reporter.config import Settings


class Date(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a day."""
        try:
            return parse_date(value)
        except ValueError:
            self.fail(f"found {value!r}; allowed: a day as YYYY-MM-DD", param, ctx)


class Moment(click.ParamType[datetime]):
    """A moment with its time zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read a moment."""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(f"found {value!r}; allowed: a time with its zone, as 2026-11-20T06:00:00Z", param, ctx)
        return moment.astimezone(UTC)


config_option = click.option(
    "--config", "config_path", type=click.Path(path_type=Path, dir_okay=False), metavar="F",
    help="The settings; without it ./reporter.toml, or else the bundled example.",
)  # fmt: skip
out_option = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), metavar="DIR",
    show_default=True, help="The site; its data/ folder is the record.",
)  # fmt: skip
workers_option = click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="Processes that fit models; one a core if left out."
)
now_option = click.option(
    "--now", type=Moment(), metavar="TIME",
    help="The run's time, which receipts record; the clock's if left out. For exact rebuilds.",
)  # fmt: skip


def clock() -> datetime:
    """Now, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def load(path: Path | None) -> "Settings":
    """The settings in a file, or in the current folder, or the bundled ones."""
    from reporter import config

    if path is None and Path("reporter.toml").exists():
        path = Path("reporter.toml")
    return config.load(path or config.bundled())
