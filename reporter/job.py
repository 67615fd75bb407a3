"""One feed in one run: take in what is new, forecast what is due, score what has come true."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from reporter import __version__, derive, files, fingerprint, gather, hub, index, models, parallel, peers
from reporter.account import Account
from reporter.combining import Combining, Timed
from reporter.counts import FeedCounts
from reporter.downloads import Downloads
from reporter.errors import ModelError, ReporterError, SettingsError
from reporter.explain import Retrace, Steps, failures
from reporter.feeds import Feed
from reporter.forecast import ModelRun
from reporter.ledger import Ledger
from reporter.posts import FeedRecord
from reporter.pull import Pull
from reporter.retracing import explained, is_last, retrace_to
from reporter.schema import TOLD
from reporter.upkeep import Published
from reporter.work import Task, forecast, work

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


def quietly(_what: str, _done: int, _total: int) -> None:
    """Tell nobody of the progress."""


class Job:
    """The work on one feed, whose folder is a hub of its own.

    Args:
        explains: whether the change since the date before is split for the newest date; it costs that date's fits
            once more.
    """

    def __init__(
        self,
        feed: Feed,
        number: int,
        folder: Path,
        now: datetime,
        as_of: date | None,
        publisher: hub.Publisher | None = None,
        *,
        explains: bool = True,
    ) -> None:
        self.feed = feed
        self._publisher = publisher or hub.Publisher()
        self.account = Account(feed.name)
        self._replays = False
        self._is_stopped = False
        self._folder = folder
        self._now = now
        self._number = number
        self._as_of = as_of
        self._explains = explains
        self._ledger = Ledger(folder)
        self._combining = Combining(feed, self._ledger)

    def take_in(self, downloads: Downloads | None) -> None:
        """Take in new counts; feeds may do this side by side. What fails is named in `account`.

        Args:
            downloads: None pulls nothing.

        Raises:
            SettingsError: as `run`.
        """
        try:
            self._ledger.clear()
            with self.account.timed("take in"):
                self._counts.begin()
            if self.feed.path is not None or (downloads is not None and not self.feed.archive):
                with self.account.timed("pull"):
                    self._pull(downloads)
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - one feed must not stop the others, whatever happens to it
            self.account.fail(error)
            self._is_stopped = True

    def run(self, *, offline: bool, ordered_map: parallel.OrderedMap, progress: Progress) -> None:
        """Do all of the feed's work but its counts and its pages. What fails is named in `account`.

        Raises:
            SettingsError: a target or place of a `file` feed is not in its file.
        """
        try:
            if not self._is_stopped and not (self.account.failed and not self._counts.vintages.as_ofs):
                self._go_on(ordered_map, progress, offline=offline)
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - as in `take_in`
            self.account.fail(error)
        self._log()

    def replay(self, ordered_map: parallel.OrderedMap, progress: Progress) -> None:
        """Do the feed's work from the vintages in its folder alone; what stops it is raised.

        What failed is that of all calls: a date without a receipt is tried again, though a later one is on record.

        Raises:
            ReporterError: a worker was killed again and again, or something on record was altered.
        """
        self._replays = True
        self._ledger.clear()
        self._go_on(ordered_map, progress, offline=False)
        for receipt in self._ledger.receipts():
            self.account.read_off(receipt)
        self._log()

    def score_again(self, failed: list[str]) -> None:
        """Score what is on record, and the peers, anew; nothing is forecast.

        Args:
            failed: what went wrong when it was forecast.

        Raises:
            ReporterError: something on record was altered.
        """
        self.account.failed = list(failed)
        self._score(offline=False)
        self._log()

    def _go_on(self, ordered_map: parallel.OrderedMap, progress: Progress, *, offline: bool) -> None:
        with self.account.timed("forecast"):
            self._forecast_due(ordered_map, progress)
        self._score(offline=offline)
        with self.account.timed("compact"):
            self._ledger.compact()
            self._counts.vintages.compact()

    def _score(self, *, offline: bool) -> None:
        with self.account.timed("score"):
            derive.derive(self.feed, self._counts, self._ledger, self._folder, self._publisher)
        with self.account.timed("peers"):
            failed = peers.score_peers(self.feed, self._counts, self._folder / peers.NAME, offline=offline)
        self.account.peers_failed = [f"{self.feed.name}: {line}" for line in failed]

    def record(self, published: Published | None = None, *, posts: bool = True) -> FeedRecord:
        """All that the feed's pages are made from; of a record that cannot be read, only why.

        Args:
            published: the site, where pages of earlier runs may stand; without it all are wanted.
            posts: whether posts are to be made; without them only the newest forecasts are read.

        Raises:
            SettingsError: as `run`.
        """
        try:
            site, team = self._publisher
            failed = self.account.failed + self.account.peers_failed
            return gather.feed_record(
                self.feed,
                self._counts,
                self._ledger,
                self._folder,
                failed,
                site=site,
                licence=team.licence if team else None,
                number=self._number,
                published=published,
                posts=posts,
            )
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - as in `run`
            self.account.fail(error)
            return gather.nothing(self.feed, self.account.failed + self.account.peers_failed)

    def _log(self) -> None:
        files.append_line(self._folder / "runs.jsonl", self.account.line(self._now))

    def _pull(self, downloads: Downloads | None) -> None:
        """Record today's counts. A source that fails is named, and the feed goes on from what it has."""
        try:
            for error in Pull(self.feed, self._counts, self._folder, self._now.date(), downloads).run():
                self.account.fail(error)
        except SettingsError:
            raise
        except ReporterError as error:
            self.account.fail(error)

    @cached_property
    def _counts(self) -> FeedCounts:
        receipts = self._ledger.receipts()
        recorded = date.fromisoformat(receipts[-1]["vintage"]["as_of"]) if receipts else None
        folder = self._folder / "vintages"
        today, on_record = self._now.date(), list(index.indexed(self._folder, self._ledger).since)
        return FeedCounts(self.feed, self._number, folder, today, self._as_of, recorded, on_record)

    # ------------------------------------------------------------------ forecasting

    @cached_property
    def _due(self) -> dict[date, date]:
        """Reference dates that are not on record, oldest first, with the vintage to forecast from.

        The ledger only grows forwards: a date before its newest is never added. A replay tries it all the same, to say
        why it failed.
        """
        candidates = {
            reference: as_of
            for reference, as_of in self._counts.reference_dates.items()
            if (self.feed.start is None or as_of >= self.feed.start)
            and (self.feed.end is None or as_of <= self.feed.end)
        }
        recorded = self._ledger.reference_dates
        if self._replays:
            return {reference: as_of for reference, as_of in candidates.items() if reference not in recorded}
        if recorded:
            return {reference: as_of for reference, as_of in candidates.items() if reference > recorded[-1]}
        newest = self.feed.backfill or (len(candidates) if self.feed.start else 1)
        return dict(list(candidates.items())[-newest:])

    def _forecast_due(self, ordered_map: parallel.OrderedMap, progress: Progress) -> None:
        due = self._due
        if not self._counts.view.reference_dates:
            self.account.fail(ModelError("there are no counts to forecast from yet"))
        # Only what is on record can be compared with, so the date that is explained waits for the others.
        last = max(due) if due and self._explains and is_last(self.feed, self._counts, self._until) else None
        others = [reference for reference in due if reference != last]
        results = ordered_map(forecast, (self._task(reference, due[reference]) for reference in others))
        progress(self.feed.name, 0, len(due))
        for number, (reference, runs) in enumerate(zip(others, results, strict=True)):
            self._append(reference, due[reference], self._complete(reference, runs))
            progress(self.feed.name, number + 1, len(due))
        if last is not None:
            way = retrace_to(last, due[last], self.feed, self._counts, self._ledger)
            runs, *steps = ordered_map(work, [self._task(last, due[last]), *([way] if way else [])])
            between = self._complete_steps(way, *steps[0]) if way else None
            self._append(last, due[last], self._complete(last, runs), between)
            progress(self.feed.name, len(due), len(due))

    def _complete(self, reference: date, runs: Timed) -> dict[str, ModelRun]:
        """Every model's run, combiners' too."""
        whole = self._combining.complete(reference, runs)
        for name, (_, seconds) in whole.items():
            self.account.took(name, seconds)
        return {name: run for name, (run, _) in whole.items()}

    def _complete_steps(self, way: Retrace, steps: Steps, seconds: float) -> Steps:
        """Every model's steps, combiners' too."""
        combined, more = self._combining.retrace(way, steps)
        self.account.took("explain", seconds + more)
        return steps | combined

    def _task(self, reference: date, as_of: date) -> Task:
        history = self._counts.history(reference, as_of)
        self._combining.expect(reference, history)
        return Task(history, self.feed.horizons, models.plain(self.feed.models), self._seed_of(reference))

    @property
    def _until(self) -> date:
        """The day after which no vintage is forecast from."""
        return self._as_of or self._now.date()

    def _seed_of(self, reference: date) -> int:
        """A seed of its own for each forecast, the same on every machine."""
        return int.from_bytes(hashlib.sha256(f"{self.feed.name} {reference}".encode()).digest()[:4], "big")

    def _append(self, reference: date, as_of: date, runs: dict[str, ModelRun], steps: Steps | None = None) -> None:
        entries: dict[str, Any] = {}
        for name, run in runs.items():
            entries[name] = run.entry
            if run.error:
                self.account.fail_model(reference, name, run.error)
        rows = {name: run.rows for name, run in runs.items() if not run.rows.empty}
        if not rows:
            # No receipt: should the models do better another day, the date is still theirs.
            reasons = {reason for name in models.plain(runs) for reason in runs[name].refused.values()}
            reason = "; ".join(sorted(reasons)) or "every model failed"
            self.account.fail(ModelError(f"nothing could be forecast for {reference}: {reason}"))
            return
        if any(later > reference for later in self._ledger.reference_dates):
            self.account.fail(ModelError(f"nothing was forecast for {reference}, and now later dates are on record"))
            return
        changes, compared = explained(reference, rows, steps, self._ledger) if steps else (None, None)
        for name, error in failures(steps or {}).items():
            self.account.fail_model(reference, name, f"cannot say why its forecast changed: {error}")
        receipt = {
            "feed": self.feed.name,
            "headline": self._headline,
            "reference_date": str(reference),
            "vintage": {"as_of": str(as_of), "sha256": self._counts.vintages.hashes[as_of]},
            "made_at": self._now.isoformat(),
            "live": self._is_live(reference, as_of),
            "version": __version__,
            "code_sha256": fingerprint.code_sha256(),
            "settings_sha256": self.feed.digest,
            "seed": self._seed_of(reference),
            "models": entries,
            "changes": compared,
            **dict.fromkeys(TOLD),
        }
        told = {name: _told(name, runs) for name in TOLD}
        self._ledger.append(reference, rows, receipt, {"changes": changes, **told})
        self._combining.remember(reference, rows)
        self.account.new.append(reference)

    @cached_property
    def _headline(self) -> str:
        """The place that leads the posts; found once, however many dates a run replays."""
        return gather.headline(self.feed, self._counts, self._ledger.receipts())

    def _is_live(self, reference: date, as_of: date) -> bool:
        """Whether the next vintage cannot have been out yet: no newer one is here, and none was due.

        Of what a source had when it was first asked, long after it had ended, nothing is live either.
        """
        as_ofs, today = self._counts.vintages.as_ofs, self._now.date()
        step = self.feed.period.step
        if as_of != as_ofs[-1] or self.feed.archive or today >= as_of + step:
            return False
        is_first = len(as_ofs) == 1 or self._counts.is_archived(as_ofs[-2])
        delay = self._counts.settle * step + timedelta(days=self._counts.source.delay) + step
        return not is_first or today <= reference + delay + timedelta(days=self.feed.patience[1])


def _told(kind: str, runs: dict[str, ModelRun]) -> pd.DataFrame | None:
    """What all models say of a kind of `schema.TOLD`, together; None if none says anything."""
    told = [run.beside[kind].assign(model_id=name) for name, run in sorted(runs.items()) if kind in run.beside]
    return pd.concat(told, ignore_index=True) if told else None
