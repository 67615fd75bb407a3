"""The counts of one feed: taken in from an archive, a file or upstream, and looked at as of a date."""

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import pandas as pd

from reporter import fetch, gate, models, names, revisions
from reporter.dates import Cadence
from reporter.errors import RecordError, SourceError
from reporter.feeds import Feed
from reporter.forecast import build_history
from reporter.models.base import History
from reporter.schema import COUNTS, KEY, columns
from reporter.sources import REGISTRY, file
from reporter.sources.base import Source, archive_changes
from reporter.triangle import ChangeLog
from reporter.vintages import View, Vintages


class FeedCounts:
    """What a feed counts, where, and what was known of it when.

    Args:
        number: the feed's place in the settings, for messages.
        folder: where its vintages are.
        today: the date of the run.
        as_of: forecast from no later vintage, and look at none, unless a forecast from one is on record:
            pages must go on saying what they said.
        recorded: the newest vintage that a forecast on record was made from.
        on_record: the (target, location) of every forecast on record, followed or no longer.
    """

    def __init__(
        self,
        feed: Feed,
        number: int,
        folder: Path,
        today: date,
        as_of: date | None,
        recorded: date | None = None,
        on_record: Collection[tuple[str, str]] = (),
    ) -> None:
        self.source = REGISTRY[feed.source[0]]
        self.vintages = Vintages(folder)
        self._feed = feed
        self._number = number
        self.today = today
        self._until = min(as_of or today, today)
        self._recorded = recorded
        self._archived: date | None = None
        self._on_record = on_record

    def begin(self) -> None:
        """Take in the bundled archive.

        Until something is on record every vintage is wanted, so that a killed run is completed;
        from then on only newer ones: the past is not filled in behind a forecast's back.

        Raises:
            RecordError: forecasts are on record, but no vintages.
        """
        if self.source.archive is not None:
            changes = archive_changes(self.source)
            self._archived = _day(changes["as_of"].max())
            self._seed(changes)

    def is_archived(self, as_of: date) -> bool:
        """Whether a vintage is of the bundled archive, and not of a pull."""
        return self._archived is not None and as_of <= self._archived

    def take_in(self) -> None:
        """Take in the bundled archive, or all that the settings' file says, held against nothing.

        Raises:
            SourceError: the file cannot be read as counts, or holds what cannot be known today.
            RecordError: as `begin`.
        """
        self.begin()
        if self._feed.path is not None:
            raw = fetch.read_file(self.source, Path(self._feed.path))
            counts = file.parse(raw)
            self.newest(self.source, counts)
            self.record(counts, file.changes(raw), whole=True)

    def _seed(self, changes: pd.DataFrame) -> None:
        """Take in past vintages: until something is on record all, then those newer than the newest on record."""
        changes = changes[changes["as_of"] <= pd.Timestamp(self.today)]
        if self._recorded is not None:
            if not self.vintages.as_ofs:
                raise RecordError("forecasts are on record, but the vintages they were made from are gone")
            changes = changes[changes["as_of"] > pd.Timestamp(self.vintages.as_ofs[-1])]
        self.vintages.seed(changes)

    def record(self, counts: pd.DataFrame, log: pd.DataFrame | None = None, *, whole: bool) -> bool:
        """Record counts as known today, once a day: a vintage has a date, not a time.

        Args:
            log: past vintages that were published with them (`schema.CHANGES`).
            whole: they are all that the source of those on record has, so that what they lack was withdrawn.

        Returns:
            Whether all of them are on record now: not if there is another vintage of today already.

        Raises:
            SourceError: the log has a vintage after today.
        """
        if log is not None:
            self._record_log(log)
        known = self.vintages.as_ofs
        if known and known[-1] >= self.today:
            return self.vintages.holds(counts, whole=whole)
        self.vintages.add(self.today, counts, whole=whole)
        return True

    def _record_log(self, log: pd.DataFrame) -> None:
        """Record the vintages of a log, of a source's those newer than any on record."""
        known = self.vintages.as_ofs
        if self._feed.is_own_file:
            newest = log["as_of"].max().date()
            if newest > self.today:
                raise SourceError(f"{self.source.name}: a vintage of {newest}, which is after today, {self.today}")
        # What upstream dates wrongly is no vintage; the counts themselves are those of today.
        else:
            log = log[(log["as_of"] <= pd.Timestamp(self.today)) & (log["target_end_date"] <= log["as_of"])]
        if not known or (self._feed.is_own_file and self.vintages.holds(_state(log, known[-1]))):
            self._seed(log)
            return
        # The record knows other counts than the log's own past, so the log's changes are not those of the record.
        for as_of in sorted({day.date() for day in log["as_of"].unique() if day.date() > known[-1]}):
            self.vintages.add(as_of, _state(log, as_of))

    def newest(self, source: Source, counts: pd.DataFrame) -> date:
        """The newest period that is counted of what the feed follows.

        Raises:
            SourceError: there is none, or none of one of the targets.
            SettingsError: a target or place of a `file` feed is not in its file.
        """
        if self._feed.is_own_file:
            self._check_names(pd.concat([self.vintages.known, counts]))
        mine = self._mine(counts).dropna(subset="observation")
        there = set(mine["target"].unique())
        lacking = [target for target in self._feed.target if target not in there]
        if not there:
            raise SourceError(f"{source.name}: no counts of what the feed follows")
        if lacking and not self._feed.is_own_file:
            raise SourceError(f"{source.name}: no counts of {lacking[0]!r}")
        return _day(mine["target_end_date"].max())

    def began(self, counts: pd.DataFrame) -> dict[str, date]:
        """The first period that is counted of each target the feed follows."""
        mine = self._mine(counts).dropna(subset="observation")
        return {str(target): _day(day) for target, day in mine.groupby("target")["target_end_date"].min().items()}

    def check(
        self,
        source: Source,
        counts: pd.DataFrame,
        *,
        same_source: bool,
        began: Mapping[str, date] | None = None,
        lifted: Collection[str] = (),
    ) -> None:
        """Hold what a source sent to what was known, as far as the feed follows it.

        Args:
            same_source: whether the newest vintage is from it.
            began: target → the first period that its last table listed, if that is known.
            lifted: settings whose limits do not hold.

        Raises:
            SourceError: it is not taken.
        """
        mine, known = self._mine(counts), self._mine(self.vintages.known)
        self._check_weeks(source, mine)
        limits = gate.Limits(**{one.name: getattr(self._feed.limits, one.name) for one in fields(gate.Limits)})
        for setting in lifted:
            limits = limits.without(setting)
        gate.check(source.name, mine, known, limits, today=self.today, same_source=same_source, began=began)

    @property
    def newest_known(self) -> date | None:
        """The newest period on record of what the feed follows; None if there is none."""
        known = self._mine(self.vintages.known).dropna(subset="observation")["target_end_date"].max()
        return None if pd.isna(known) else _day(known)

    def held_since(self, period: date) -> date | None:
        """The first vintage on record that holds a period of what the feed follows; None if none does."""
        changes = self._mine(self.vintages.changes)
        held = changes.loc[changes["target_end_date"] >= pd.Timestamp(period), "as_of"]
        return None if held.empty else _day(held.min())

    def _mine(self, counts: pd.DataFrame) -> pd.DataFrame:
        """The rows of what the feed follows."""
        mine = counts["target"].isin(self._feed.target)
        if self._feed.locations is not None:
            mine &= counts["location"].isin(self._feed.locations)
        return counts[mine]

    def _check_weeks(self, source: Source, mine: pd.DataFrame) -> None:
        """Refuse weeks that end on another day than the source's: one of them would shift every later one."""
        if self.cadence is Cadence.WEEK:
            odd = mine[mine["target_end_date"].dt.day_of_week != source.week_ends]
            if not odd.empty:
                found = odd["target_end_date"].iloc[0].date()
                wanted = found + timedelta(days=(source.week_ends - found.weekday()) % 7)
                raise SourceError(f"{source.name}: a week that ends on {found:%A %Y-%m-%d}, not on a {wanted:%A}")

    @cached_property
    def changes(self) -> pd.DataFrame:
        """The change log, of every target and place the source has."""
        changes = self.vintages.changes
        if self._recorded is not None and self._until < self._recorded:
            return changes
        return changes[changes["as_of"] <= pd.Timestamp(self._until)]

    @cached_property
    def places(self) -> pd.DataFrame:
        """The feed's places: location, name, population (NaN where unknown).

        Raises:
            SettingsError: a place of a `file` feed is not in its file.
        """
        places = self.source.places()
        counted = self.changes["location"].unique()
        if places.empty:
            locations = sorted(counted)
            self._check_names(self.vintages.changes)
            places = pd.DataFrame({"location": locations, "name": locations, "population": float("nan")})
        if self._feed.locations is None:
            return places[places["location"].isin(counted)]
        return places.set_index("location").reindex(list(self._feed.locations)).reset_index()

    def _check_names(self, changes: pd.DataFrame) -> None:
        """Check the settings' targets and places against a file's, as far as it could be read."""
        if not changes.empty:
            names.check_targets(self._feed, self._number, sorted(changes["target"].unique()))
            names.check_places(self._feed, self._number, sorted(changes["location"].unique()))

    @cached_property
    def locations(self) -> list[str]:
        """The codes of the feed's places."""
        return list(self.places["location"])

    @cached_property
    def population(self) -> dict[str, float]:
        """Persons by location; NaN where unknown."""
        return dict(zip(self.places["location"], self.places["population"], strict=True))

    @property
    def cadence(self) -> Cadence:
        """How often it is counted."""
        return self._feed.period

    @property
    def settle(self) -> int:
        """How many newest periods are too incomplete to forecast from."""
        return self.source.settle if self._feed.settle is None else self._feed.settle

    @property
    def reference_dates(self) -> dict[date, date]:
        """Reference dates a forecast can be made for, oldest first, with the first vintage that holds each."""
        dates = self.view.reference_dates.items()
        return {reference: as_of for reference, as_of in dates if as_of <= self._until}

    @cached_property
    def view(self) -> View:
        """The change log, cut to the feed."""
        targets = list(self._feed.target)
        dropped = [one for one in self._on_record if one[0] not in targets or one[1] not in self.locations]
        return View(self.changes, targets, self.locations, self.cadence, self.settle, dropped)

    def history(self, reference: date, as_of: date) -> History:
        """The counts of all that is followed through a reference date, as known at a vintage."""
        series, known = self.followed(self.view.as_of(as_of))
        history = build_history(known, series, reference, self.cadence, self.population)
        if not any(models.REGISTRY[name].revisions for name in self._feed.models):
            return history
        return replace(history, triangle=self._log.triangle(as_of, series, history.dates))

    @cached_property
    def revisions(self) -> pd.DataFrame:
        """How much counts are revised after they were first published (`schema.REVISIONS`)."""
        series = [(target, location) for target in self._feed.target for location in self.locations]
        return revisions.statistics(self._log, self.view.first, self.view.reference_dates, series)

    @cached_property
    def _log(self) -> ChangeLog:
        return ChangeLog(self.changes, self.cadence)

    def followed(self, known: pd.DataFrame) -> tuple[list[tuple[str, str]], pd.DataFrame]:
        """The (target, location) to forecast from counts as known at one date, and their counts.

        Without `locations` in the settings those are the places known by then: one that joined
        later must not be seen in an earlier forecast, not even by its name.
        """
        there = set(self._feed.locations or known["location"])
        locations = [location for location in self.locations if location in there]
        mine = known["target"].isin(self._feed.target) & known["location"].isin(locations)
        return [(target, location) for target in self._feed.target for location in locations], known[mine]


def _state(log: pd.DataFrame, day: date | pd.Timestamp) -> pd.DataFrame:
    """The counts as a change log has them at a day, withdrawn ones as NaN."""
    known = log[log["as_of"] <= pd.Timestamp(day)].drop_duplicates(KEY, keep="last")
    return known[columns(COUNTS)].sort_values(KEY, ignore_index=True)


def _day(moment: pd.Timestamp) -> date:
    return date(moment.year, moment.month, moment.day)
