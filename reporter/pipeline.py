"""The daily job: vintages → history → forecasts → ledger → scores → pages.

A replay, a catch-up and a daily run are the same path: whatever reference dates the vintages
hold and the ledger does not are forecast, oldest first, each from what was known then.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path

from reporter import (
    __version__,
    ask,
    downloads,
    fetch,
    files,
    gather,
    hub,
    job,
    models,
    names,
    parallel,
    pieces,
    posts,
    render,
    theme,
    upkeep,
)
from reporter.config import Settings
from reporter.errors import SettingsError, SourceError, in_one_line
from reporter.feeds import Feed
from reporter.sources import REGISTRY, file

_log = logging.getLogger(__name__)

Pages = dict[str, bytes]


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        new: reference dates put on record, as `feed/date`.
        failed: what went wrong without stopping the run, one line each.
        changed: how many pages were written, apart from the status, which every run writes.
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
        SettingsError: with the first that is unknown, an ensemble of nothing, or a theme that cannot be read.
    """
    theme.check(settings.site.folder)
    names.check_names(settings, REGISTRY, models.REGISTRY)
    for number, feed in enumerate(settings.feeds):
        combiners = models.combiners(feed.models)
        if combiners and not models.members(feed.models):
            raise SettingsError(
                f"feeds[{number}].models", combiners[0], "beside a model with ranges, which it combines"
            )
        if not feed.is_own_file:
            for name in feed.source:
                names.check_places(feed, number, list(REGISTRY[name].places()["location"]))


def build(
    settings: Settings,
    out: Path,
    now: datetime,
    *,
    offline: bool = False,
    as_of: date | None = None,
    only: Sequence[str] = (),
    workers: int = 1,
    environ: Mapping[str, str] | None = None,
    progress: job.Progress = job.quietly,
) -> Outcome:
    """Do the daily job for every feed, or for those named in `only`, and write the site to `out`.

    Args:
        now: the run's time, with a time zone; the clock is read nowhere below.
        offline: pull nothing.
        as_of: forecast from no vintage after this day; implies `offline`.
        workers: processes that fit models. The bytes written don't depend on it.
        environ: where the sources' tokens are looked up.

    Raises:
        SettingsError: a name in the settings is unknown.
        ReporterError: another run is at work in `out`.
    """
    check(settings)
    outcome = Outcome()
    with files.exclusively(out), parallel.ordered_map(workers) as ordered_map:
        publisher = hub.Publisher(settings.site, settings.team)
        works = [
            job.Job(feed, number, out / "data" / feed.name, now, as_of, publisher)
            for number, feed in enumerate(settings.feeds)
        ]
        wanted = [work for work in works if not only or work.feed.name in only]
        offline = offline or as_of is not None
        pulled = None if offline else downloads.Downloads(environ or {})
        downloads.side_by_side([partial(work.take_in, pulled) for work in wanted])
        del pulled  # what was downloaded has been taken in
        for work in works:
            feed = work.feed
            if work in wanted:
                work.run(offline=offline, ordered_map=ordered_map, progress=progress)
            outcome.new += [f"{feed.name}/{day}" for day in work.account.new]
        publish(settings, out, works, now, outcome, progress)
    return outcome


def publish(
    settings: Settings,
    out: Path,
    works: Sequence[job.Job],
    now: datetime,
    outcome: Outcome,
    progress: job.Progress = job.quietly,
) -> None:
    """Write the pages that do not stand as they would be made again, and the status.

    Args:
        works: of every feed, in the settings' order, its work done.
        outcome: is told what failed, and how many pages changed.
    """
    records, published = [], upkeep.Published(out)
    for work in works:
        records.append(work.record(published))
        outcome.failed += work.account.all_failed
    licence = settings.team.licence if settings.team else None
    site = posts.Site(settings.site.title, settings.site.base_url, __version__, licence, settings.site.folder)
    pages = _pages(site, settings.feeds, records, outcome)
    for record in records:
        published.begin(record)
    for number, (path, data) in enumerate(sorted(pages.items(), key=_lists_last)):
        outcome.changed += files.write(out / path, data) and not _is_list(path)
        progress("pages", number + 1, len(pages))
    for path, data in render.status(site, records, now).items():
        files.write(out / path, data)


def check_file(feed: Feed, number: int) -> None:
    """Check that a `file` feed's file can be read, and the feed's targets and places against it.

    Raises:
        SettingsError: one is not in the file.
        SourceError: the file cannot be read as counts.
    """
    if feed.path is not None:
        counts = file.parse(fetch.read_file(REGISTRY["file"], Path(feed.path)))
        names.check_targets(feed, number, sorted(counts["target"].unique()))
        names.check_places(feed, number, sorted(counts["location"].unique()))


def check_sources(feed: Feed, environ: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Ask each source of a feed that is pulled.

    Yields:
        A line, and whether the source has what the feed follows.
    """
    if feed.is_pulled:
        pulled = downloads.Downloads(environ)
        for source in ask.sources_of(feed):
            try:
                yield ask.reach(source, feed, pulled), True
            except Exception as error:  # noqa: BLE001 - whatever upstream sent
                line = in_one_line(error)
                yield line if isinstance(error, SourceError) else f"{source.name}: {line}", False


def _is_list(path: str) -> bool:
    return path.rpartition("/")[2] == pieces.MANIFEST


def _lists_last(page: tuple[str, bytes]) -> tuple[bool, str]:
    """The order in which pages are written: a manifest after all that it lists."""
    return _is_list(page[0]), page[0]


def _pages(site: posts.Site, feeds: Sequence[Feed], records: list[posts.FeedRecord], outcome: Outcome) -> Pages:
    """Every page. A feed whose pages cannot be made keeps its last good ones, and home says why."""
    try:
        return render.pages(site, records)
    except Exception:  # noqa: BLE001 - found out below which feed it is
        pairs = zip(feeds, records, strict=True)
        return render.pages(site, [_renderable(site, feed, record, outcome) for feed, record in pairs])


def _renderable(site: posts.Site, feed: Feed, record: posts.FeedRecord, outcome: Outcome) -> posts.FeedRecord:
    """The record, or one that says only that its pages could not be made."""
    try:
        render.pages(site, [record])
    except Exception as error:  # noqa: BLE001 - one feed must not stop the others, whatever is in it
        _log.info("%s", feed.name, exc_info=error)
        line = f"{feed.name}: its pages could not be made: {in_one_line(error)}"
        outcome.failed.append(line)
        return gather.nothing(feed, [*record.failed, line])
    return record
