"""Counts that fell outside the lead's 95 % range, and counts that were revised after they had been judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from reporter.posts.book import LOOKBACK, Book, as_dates
from reporter.posts.judge import Judgement, judge
from reporter.schema import INTERVALS, KEY, LEVELS

REVISED = 0.25
"""From this share of its first value on a revision is told, even if the verdict stays."""

FEWEST = 10
"""A revision by fewer counts than this is told only if it turned the verdict."""


@dataclass(frozen=True)
class Told:
    """What was said of one count, and what became of it.

    Attributes:
        reference: the newest reference date before the count's.
        as_of: the vintage that made it news.
        first: the lead's forecast held against the count's first value.
        now: the same against the value of `as_of`; None of a first value itself.
    """

    target: str
    location: str
    end: date
    reference: date
    as_of: date
    first: Judgement
    now: Judgement | None


class Held:
    """The lead's newest forecast of each count among the last `LOOKBACK` reference dates, and its first value."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._rows = _judged(book)

    def outside(self) -> list[Told]:
        """The counts whose first value was outside the 95 % range, newest vintage first."""
        missed = ~_inside(self._rows, self._rows["first"])
        return _newest_first(self._told(self._rows[missed]))

    def revised(self) -> list[Told]:
        """Each vintage that turned a verdict of a count, or moved it far from its first value or back."""
        log = self._book.record.log.dropna(subset="observation").rename(columns={"as_of": "revised"})
        rows = self._rows.merge(log, on=KEY)
        rows = rows[rows["revised"] > rows["as_of"]].sort_values([*KEY, "revised"], ignore_index=True)
        moved = (rows["observation"] - rows["first"]).abs()
        far = (moved >= FEWEST) & (moved >= REVISED * rows["first"].abs())
        state = (2 * far + _inside(rows, rows["observation"])).to_numpy(dtype=np.int64)
        before = np.roll(state, 1)
        begins = ~rows.duplicated(KEY).to_numpy()
        before[begins] = _inside(rows, rows["first"]).to_numpy(dtype=np.int64)[begins]
        return _newest_first(self._told(rows[state != before]))

    def _told(self, rows: pd.DataFrame) -> Iterator[Told]:
        book, lead = self._book, self._book.record.lead
        title, again = book.model_title(lead), "revised" in rows
        quantiles = rows[list(LEVELS)].to_numpy(dtype=np.float64)
        days = [as_dates(rows[name]) for name in ("target_end_date", "reference_date", "revised" if again else "as_of")]
        names = [rows[name].tolist() for name in ("target", "location", "first")]
        now: list[float | None] = rows["observation"].tolist() if again else [None] * len(rows)
        for target, location, was, end, reference, as_of, said, later in zip(
            *names, *days, quantiles, now, strict=True
        ):
            held = None if later is None else judge(lead, title, said, later)
            yield Told(target, location, end, reference, as_of, judge(lead, title, said, was), held)


def _judged(book: Book) -> pd.DataFrame:
    """A row for each count that the lead's newest earlier forecast reaches: its quantiles, `first` and `as_of`."""
    record, oldest = book.record, pd.Timestamp(book.dates[-LOOKBACK:][0])
    said = record.forecasts
    said = said[(said["model_id"] == record.lead) & (said["reference_date"] >= oldest)]
    ends = {end: book.judged(end.date()) for end in said["target_end_date"].unique()}
    wanted = {end: pd.Timestamp(reference) for end, reference in ends.items() if reference is not None}
    said = said[said["reference_date"] == said["target_end_date"].map(wanted)]
    said = said[said[LEVELS[0]] < said[LEVELS[-1]]]
    first = record.first.dropna(subset="observation").rename(columns={"observation": "first"})
    rows: pd.DataFrame = said.merge(first[[*KEY, "first", "as_of"]], on=KEY)
    return rows


def _inside(rows: pd.DataFrame, value: "pd.Series[float]") -> "pd.Series[bool]":
    lower, upper = INTERVALS[95]
    inside: pd.Series[bool] = (rows[LEVELS[lower]] <= value) & (value <= rows[LEVELS[upper]])
    return inside


def _newest_first(found: Iterator[Told]) -> list[Told]:
    """Newest vintage first; of one vintage the largest errors first."""
    return sorted(found, key=lambda one: (-one.as_of.toordinal(), -one.end.toordinal(), -_badness(one)))


def _badness(one: Told) -> float:
    return abs((one.now or one.first).share or 0.0)
