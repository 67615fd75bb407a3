"""The counts of one feed: taken in from an archive, a file or upstream, and looked at as of a date."""

from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd

from reporter import config, fetch
from reporter.config import Feed
from reporter.dates import Cadence
from reporter.sources import REGISTRY, file
from reporter.sources.base import archive_changes
from reporter.vintages import View, Vintages


class FeedCounts:
    """What a feed counts, where, and what was known of it when.

    Args:
        number: the feed's place in the settings, for messages.
        folder: where its vintages are.
        today: the date of the run.
        as_of: no later vintage is looked at.
    """

    def __init__(self, feed: Feed, number: int, folder: Path, today: date, as_of: date | None) -> None:
        self.source = REGISTRY[feed.source]
        self.vintages = Vintages(folder)
        self._feed = feed
        self._number = number
        self._today = today
        self._as_of = as_of

    def take_in(self, *, on_record: bool) -> None:
        """Take in the bundled archive, or the settings' file.

        Until something is on record every vintage is wanted, so that a killed run is completed;
        from then on only newer ones: the past is not filled in behind a forecast's back.

        Raises:
            SourceError: the file cannot be read as counts.
        """
        if self._feed.path is not None:
            raw = fetch.read_file(self.source, Path(self._feed.path))
            if not file.is_change_log(raw):
                self._add(file.parse(raw))
                return
            changes = file.changes(raw)
        elif self.source.archive is not None:
            changes = archive_changes(self.source)
        else:
            return
        if on_record:
            changes = changes[changes["as_of"] > pd.Timestamp(self.vintages.as_ofs[-1])]
        self.vintages.seed(changes)

    def pull(self) -> None:
        """Record what upstream publishes now, if it publishes anything.

        Raises:
            SourceError: upstream cannot be reached, or sent something else.
        """
        if self.source.url is not None and not self._feed.archive:
            self._add(self.source.parse(fetch.fetch(self.source)))

    def _add(self, counts: pd.DataFrame) -> None:
        """Record counts as known today, once a day: a vintage has a date, not a time."""
        known = self.vintages.as_ofs
        if not known or known[-1] < self._today:
            self.vintages.add(self._today, counts)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """The change log, of every target and place the source has."""
        changes = self.vintages.changes
        if self._as_of is not None:
            changes = changes[changes["as_of"] <= pd.Timestamp(self._as_of)]
        return changes

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
            if locations:
                config.check_places(self._feed, self._number, locations)
            places = pd.DataFrame({"location": locations, "name": locations, "population": float("nan")})
        if self._feed.locations is None:
            return places[places["location"].isin(counted)]
        return places.set_index("location").reindex(list(self._feed.locations)).reset_index()

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

    @cached_property
    def view(self) -> View:
        """The change log, cut to the feed."""
        settle = self.source.settle if self._feed.settle is None else self._feed.settle
        return View(self.changes, list(self._feed.target), self.locations, self.cadence, settle)

    def series(self, known: pd.DataFrame) -> list[tuple[str, str]]:
        """The (target, location) to forecast from counts as known at one date.

        Without `locations` in the settings those are the places known by then: one that joined
        later must not be seen in an earlier forecast, not even by its name.
        """
        there = set(self._feed.locations or known["location"])
        locations = [location for location in self.locations if location in there]
        return [(target, location) for target in self._feed.target for location in locations]
