"""One feed's record, laid out so that a page finds its rows without searching."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from reporter.dates import day_in_words, parse_date
from reporter.evaluate import BASELINE
from reporter.posts import lessons
from reporter.posts.past import Past
from reporter.posts.record import FeedRecord
from reporter.posts.tally import COLUMNS, Tally
from reporter.posts.wave import Waves, indexed
from reporter.posts.words import Words, has_range, target_words
from reporter.schema import LEVELS, Floats

LOOKBACK = 61
"""How many reference dates before the one on a page it may look at, and how many of the newest any page may."""

_KEPT = 4
"""Vintages held in memory at a time: a post looks at its own and at the one before."""

Series = tuple[str, str]
"""(target, location)."""


@dataclass(frozen=True)
class Place:
    """A place of a feed, and the last part of its address."""

    location: str
    name: str
    slug: str


@dataclass(frozen=True)
class Forecast:
    """What one model said of one series at one reference date: quantiles by period end."""

    model: str
    reference: date
    ahead: dict[date, Floats]

    @property
    def has_range(self) -> bool:
        """Whether it is more than a line."""
        return any(has_range(quantiles) for quantiles in self.ahead.values())


class Book:
    """A feed's record, indexed."""

    def __init__(self, record: FeedRecord) -> None:
        self.record = record
        self.receipts: dict[date, dict[str, Any]] = {
            parse_date(receipt["reference_date"]): receipt for receipt in record.receipts
        }
        self.dates = list(self.receipts)
        self.titles: dict[date, Words] = {}  # of posts, each made once: lists and feeds say them too
        self._known: dict[date, BySeries] = {}
        self.marks: dict[tuple[date, Series], Any] = {}

    # ------------------------------------------------------------------ names

    @cached_property
    def places(self) -> dict[str, Place]:
        """Every place by location: the settings', then those only the record still knows."""
        columns = self.record.places["location"].tolist(), self.record.places["name"].tolist()
        pairs = zip(*columns, strict=True)
        names = {place: name if isinstance(name, str) and name.strip() else place for place, name in pairs}
        since = self._first_forecast
        names |= {location: location for location in sorted(set(since) - set(names))}
        # In the order they came on record: an address, once given, never passes to another place.
        known = sorted(since, key=lambda location: (since[location], location))
        slugs = unique_slugs(dict.fromkeys([*known, *names]))
        return {location: Place(location, name, slugs[location]) for location, name in names.items()}

    @cached_property
    def _first_forecast(self) -> dict[str, date]:
        """The first reference date of each place that was ever forecast."""
        if self.record.series is None:
            found = self.record.forecasts.groupby("location")["reference_date"].min()
            return {str(location): day.date() for location, day in found.items()}
        since: dict[str, date] = {}
        for (_, location), day in self.record.series.items():
            since[location] = min(day, since.get(location, day))
        return since

    @property
    def headline(self) -> Place:
        """The place that posts lead with."""
        location = self.record.headline
        return self.places.get(location) or Place(location, location, slug(location))

    def model_title(self, model: str) -> str:
        """A model's name for people; one that the settings dropped goes by its id."""
        return self.record.models.get(model, model)

    def target_title(self, target: str) -> str:
        """A target in plain words."""
        return target_words(target, self.record.cadence)

    # ------------------------------------------------------------------ counts

    @cached_property
    def first(self) -> dict[Series, dict[date, float]]:
        """First values by series."""
        return by_series(self.record.first)

    def counted(self, series: Series, day: date) -> float | None:
        """The count of a reference date, as known when that date was forecast from.

        Raises:
            LookupError: as `forecasts`.
        """
        self._check_read(day)
        return self._counted.get(series, {}).get(day)

    @cached_property
    def _counted(self) -> dict[Series, dict[date, float]]:
        return by_series(self.record.counted)

    @cached_property
    def latest(self) -> dict[Series, dict[date, float]]:
        """Latest values by series."""
        return by_series(self.record.latest)

    def there(self, reference: date, target: str) -> list[Place]:
        """The places that were counted, forecast or refused when `reference` was forecast from."""
        refused = [entry.get("refused", []) for entry in self.receipts[reference]["models"].values()]
        found = {one["location"] for entry in refused for one in entry if one["target"] == target}
        found |= {location for known_target, location in self._as_known(reference) if known_target == target}
        return [place for place in self.places.values() if place.location in found]

    def known(self, reference: date, series: Series) -> dict[date, float]:
        """The series as known when `reference` was forecast from, through that date."""
        counts = self._as_known(reference).get(series, {})
        return {day: value for day, value in counts.items() if day <= reference}

    def _as_known(self, reference: date) -> "BySeries":
        if reference not in self._known:
            if len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            frame = self.record.known.get(reference.isoformat())
            self._known[reference] = BySeries(self.record.first.head(0) if frame is None else frame)
        return self._known[reference]

    # ------------------------------------------------------------------ forecasts

    @cached_property
    def _forecasts(self) -> dict[tuple[date, Series], dict[str, Forecast]]:
        frame = self.record.forecasts
        order = {model: place for place, model in enumerate(self.record.models)}
        ordered = frame.assign(place=frame["model_id"].map(order).fillna(len(order)))
        ordered = ordered.sort_values(["place", "model_id", "reference_date", "horizon"], kind="stable")
        columns = [ordered[name].tolist() for name in ("model_id", "target", "location")]
        references, ends = as_dates(ordered["reference_date"]), as_dates(ordered["target_end_date"])
        values = ordered[list(LEVELS)].to_numpy(dtype=np.float64)
        found: dict[tuple[date, Series], dict[str, Forecast]] = {}
        for model, target, location, reference, end, row in zip(*columns, references, ends, values, strict=True):
            of_series = found.setdefault((reference, (target, location)), {})
            of_series.setdefault(model, Forecast(model, reference, {})).ahead[end] = row
        return found

    def forecasts(self, reference: date, series: Series) -> dict[str, Forecast]:
        """What each model said of a series at a reference date, in the settings' order.

        Raises:
            LookupError: the date is on record, but its forecasts were not read: a page looks too far back.
        """
        self._check_read(reference)
        return self._forecasts.get((reference, series), {})

    def _check_read(self, reference: date) -> None:
        if self.record.since is not None and reference < self.record.since:
            raise LookupError(f"{reference} was not read, only what was forecast from {self.record.since} on")

    def leading(self, forecasts: dict[str, Forecast]) -> Forecast | None:
        """The lead model's forecast, or where it has none the first other model's, the baseline last."""
        order = self.lead_first(forecasts)
        return forecasts[order[0]] if order else None

    def lead_first(self, models: Iterable[str]) -> list[str]:
        """Models with the lead in front and the baseline at the end."""
        return sorted(models, key=lambda model: (model != self.record.lead, model == BASELINE))

    def judged(self, reference: date) -> date | None:
        """The newest earlier reference date whose forecasts reach `reference`."""
        position = bisect_left(self.dates, reference)
        reach = self.record.horizons * self.record.cadence.step
        earlier = self.dates[position - 1] if position else None
        return earlier if earlier is not None and reference - earlier <= reach else None

    def is_live(self, reference: date) -> bool:
        """Whether a date was forecast before the next vintage was out."""
        return bool(self.receipts[reference]["live"])

    def as_of(self, reference: date) -> date:
        """The vintage that a date was forecast from."""
        return parse_date(self.receipts[reference]["vintage"]["as_of"])

    @cached_property
    def past(self) -> Past:
        """What led at every date that can be looked back at, and every count that was ever known."""
        return Past(self.record)

    @cached_property
    def waves(self) -> Waves:
        """What models of curves said, by series and model, oldest reference date first."""
        return indexed(self.record.estimates, self.record.cadence)

    @cached_property
    def lessons(self) -> lessons.Lessons:
        """How networks learnt, by reference date and model."""
        return lessons.indexed(self.record.lessons)

    # ------------------------------------------------------------------ scores

    @cached_property
    def tally(self) -> Tally:
        """Scores against first values, to be counted by model."""
        return self._tally("first")

    @cached_property
    def latest_tally(self) -> Tally:
        """Scores against latest values, to be counted by model."""
        return self._tally("latest")

    def _tally(self, against: str) -> Tally:
        scores = self.record.scores[list(COLUMNS)]
        return Tally(scores[scores["against"] == against])


class BySeries(Mapping[Series, dict[date, float]]):
    """A counts frame as `by_series` has it, each series laid out when it is asked for: a post asks for few."""

    def __init__(self, frame: pd.DataFrame) -> None:
        kept = frame.dropna(subset="observation")
        targets, words = pd.factorize(kept["target"])
        places, codes = pd.factorize(kept["location"])
        series = targets * max(len(codes), 1) + places
        self._days, self._values = kept["target_end_date"].to_numpy(), kept["observation"].to_numpy()
        order = np.lexsort((self._days, series))
        starts = np.flatnonzero(np.diff(series[order], prepend=-1))
        heads = order[starts]
        names = [(str(words[t]), str(codes[p])) for t, p in zip(targets[heads], places[heads], strict=True)]
        parts = np.split(order, starts[1:]) if len(starts) else []
        self._rows = dict(zip(names, parts, strict=True))
        self._laid_out: dict[Series, dict[date, float]] = {}

    def __getitem__(self, series: Series) -> dict[date, float]:
        if series not in self._laid_out:
            rows = self._rows[series]
            days = self._days[rows].astype("datetime64[D]").astype(object).tolist()
            self._laid_out[series] = dict(zip(days, self._values[rows].tolist(), strict=True))
        return self._laid_out[series]

    def __iter__(self) -> Iterator[Series]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def by_series(frame: pd.DataFrame) -> dict[Series, dict[date, float]]:
    """A counts frame by series and, oldest first, period end; NaN is left out."""
    kept = frame.dropna(subset="observation").sort_values("target_end_date", kind="stable")
    columns = kept["target"].tolist(), kept["location"].tolist(), as_dates(kept["target_end_date"])
    found: dict[Series, dict[date, float]] = {}
    for target, location, day, value in zip(*columns, kept["observation"].tolist(), strict=True):
        found.setdefault((target, location), {})[day] = value
    return found


def as_dates(column: pd.Series) -> list[date]:
    """A date column as days of the calendar."""
    days: list[date] = column.to_numpy().astype("datetime64[D]").astype(object).tolist()
    return days


def slug(text: str) -> str:
    """An address out of any text: small letters, digits and hyphens, and never a date.

    >>> slug("Korea, South"), slug("<b>"), slug("2020-04-11"), slug("…")
    ('korea-south', 'b', 'place-2020-04-11', 'place')
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:60].strip("-") or "place"
    return f"place-{found}" if re.fullmatch(r"\d{4}-\d\d-\d\d", found) else found


def unique_slugs(texts: Iterable[str]) -> dict[str, str]:
    """A slug for each text; the second of the same slug is numbered."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for text in texts:
        base, number_of, own = slug(text), 2, slug(text)
        while own in taken:
            own, number_of = f"{base}-{number_of}", number_of + 1
        taken.add(own)
        found[text] = own
    return found


def written(day: date | str) -> str:
    """A date, or the date of a moment, in words."""
    return day_in_words(parse_date(day[:10]) if isinstance(day, str) else day)
