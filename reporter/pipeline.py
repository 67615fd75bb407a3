"""The daily job: vintages → history → forecasts → ledger → scores → pages.

A replay, a catch-up and a daily run are the same path: whatever reference dates the vintages
hold and the ledger does not are forecast, oldest first, each from what was known then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from reporter import __version__, config, files, job, models, parallel, posts, render
from reporter.config import Settings
from reporter.sources import REGISTRY


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        new: reference dates put on record, as `feed/date`.
        failed: what went wrong without stopping the run, one line each.
        changed: how many pages were written.
    """

    new: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    changed: int = 0

    @property
    def exit_code(self) -> int:
        """0 published or nothing new, 3 published but degraded."""
        return 3 if self.failed else 0


def check(settings: Settings) -> None:
    """Check every name in the settings against what there is.

    Raises:
        SettingsError: with the first that is unknown.
    """
    config.check_names(settings, REGISTRY, models.REGISTRY)
    for number, feed in enumerate(settings.feeds):
        if feed.source != "file":
            config.check_places(feed, number, list(REGISTRY[feed.source].places()["location"]))


def build(
    settings: Settings,
    out: Path,
    now: datetime,
    *,
    offline: bool = False,
    as_of: date | None = None,
    only: Sequence[str] = (),
    workers: int = 1,
    progress: job.Progress = job.quietly,
) -> Outcome:
    """Do the daily job for every feed, or for those named in `only`, and write the site to `out`.

    Args:
        now: the run's time, with a time zone; the clock is read nowhere below.
        offline: pull nothing.
        as_of: look at no vintage after this day; implies `offline`.
        workers: processes that fit models. The bytes written don't depend on it.

    Raises:
        SettingsError: a name in the settings is unknown.
        ReporterError: another run is at work in `out`.
    """
    check(settings)
    outcome = Outcome()
    with files.exclusively(out), parallel.ordered_map(workers) as ordered_map:
        records = []
        for number, feed in enumerate(settings.feeds):
            work = job.Job(feed, number, out / "data" / feed.name, now, as_of)
            if not only or feed.name in only:
                work.run(offline=offline or as_of is not None, ordered_map=ordered_map, progress=progress)
            outcome.new += [f"{feed.name}/{day}" for day in work.new]
            records.append(work.record())
            outcome.failed += work.failed + work.models_failed
        pages = render.pages(posts.Site(settings.site.title, settings.site.base_url, __version__), records)
        for number, (path, data) in enumerate(sorted(pages.items())):
            outcome.changed += files.write(out / path, data)
            progress("pages", number + 1, len(pages))
    return outcome
