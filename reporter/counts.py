"""The counts of one feed: taken in from an archive, a file or upstream, and looked at as of a date."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd

from reporter import fetch, models, names, revisions
from reporter.config import Feed
from reporter.dates import Cadence
from reporter.errors import RecordError, SourceError
from reporter.forecast import build_history
from reporter.models.base import History
from reporter.schema import KEY
from reporter.sources import REGISTRY, file
from reporter.sources.base import archive_changes
from reporter.triangle import ChangeLog
from reporter.vintages import View, Vintages

_SATURDAY = 5


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
        self.source = REGISTRY[feed.source]
        self.vintages = Vintages(folder)
        self._feed = feed
        self._number = number
        self._today = today
        self._until = min(as_of or today, today)
        self._recorded = recorded
        self._on_record = on_record

    def take_in(self) -> None:
        """Take in the bundled archive, or the settings' file.

        Until something is on record every vintage is wanted, so that a killed run is completed;
        from then on only newer ones: the past is not filled in behind a forecast's back.

        Raises:
            SourceError: the file cannot be read as counts, or holds what cannot be known today.
            RecordError: forecasts are on record, but no vintages.
        """
        logged = None
        if self._feed.path is not None:
            raw = fetch.read_file(self.source, Path(self._feed.path))
            if not file.is_change_log(raw):
                self._add(file.parse(raw))
                return
            changes = file.changes(raw)
            self._check_weeks(changes)
            self._check_file(changes)
            logged = changes.drop_duplicates(KEY, keep="last")
        elif self.source.archive is not None:
            changes = archive_changes(self.source)
        else:
            return
        changes = changes[changes["as_of"] <= pd.Timestamp(self._today)]
        if self._recorded is not None:
            if not self.vintages.as_ofs:
                raise RecordError("forecasts are on record, but the vintages they were made from are gone")
            changes = changes[changes["as_of"] > pd.Timestamp(self.vintages.as_ofs[-1])]
        self.vintages.seed(changes)
        if self._recorded is not None and logged is not None:
            # What was written into the log's past since is known from today on.
            self._add(logged)

    def _check_file(self, changes: pd.DataFrame) -> None:
        """Refuse what a publisher's own change log may have wrong and a bundled one has not."""
        newest = changes["as_of"].max().date()
        if newest > self._today:
            raise SourceError(f"file: a vintage of {newest}, which is after today, {self._today}")

    def pull(self) -> None:
        """Record what upstream publishes now, if it publishes anything.

        Raises:
            SourceError: upstream cannot be reached, or sent something else.
        """
        if self.source.url is not None and not self._feed.archive:
            self._add(self.source.parse(fetch.fetch(self.source)))

    def _add(self, counts: pd.DataFrame) -> None:
        """Record counts as known today, once a day: a vintage has a date, not a time."""
        self._check_weeks(counts)
        known = self.vintages.as_ofs
        if not known or known[-1] < self._today:
            self.vintages.add(self._today, counts)

    def _check_weeks(self, counts: pd.DataFrame) -> None:
        """Refuse weeks that do not end on a Saturday: one of them would shift every later one."""
        if self.cadence is Cadence.WEEK:
            mine = counts[counts["target"].isin(self._feed.target)]
            odd = mine[mine["target_end_date"].dt.day_of_week != _SATURDAY]
            if not odd.empty:
                end = odd["target_end_date"].iloc[0]
                raise SourceError(f"{self.source.name}: a week that ends on {end:%A %Y-%m-%d}, not on a Saturday")

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
    def reference_dates(self) -> dict[date, date]:
        """Reference dates a forecast can be made for, oldest first, with the first vintage that holds each."""
        dates = self.view.reference_dates.items()
        return {reference: as_of for reference, as_of in dates if as_of <= self._until}

    @cached_property
    def view(self) -> View:
        """The change log, cut to the feed."""
        settle = self.source.settle if self._feed.settle is None else self._feed.settle
        targets = list(self._feed.target)
        dropped = [one for one in self._on_record if one[0] not in targets or one[1] not in self.locations]
        return View(self.changes, targets, self.locations, self.cadence, settle, dropped)

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
