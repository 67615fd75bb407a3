"""Counts as they were known some periods after their own: what nowcasting calls the reporting triangle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter.dates import Cadence
from reporter.schema import Floats

Days = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]
Series = tuple[str, str]
"""(target, location)."""

LAGS: Mapping[Cadence, int] = {Cadence.DAY: 28, Cadence.WEEK: 8}
"""The longest lag looked at, in periods. A period that is this old is complete enough to hold first values against."""


@dataclass(frozen=True)
class Triangle:
    """What S series of T periods were known to be at each lag, as far as one date could tell.

    The value at lag k of a period that ends at e is what the newest vintage dated e + k periods or earlier says of it.
    It is NaN where none had counted the period by then, where that day is before the first vintage of the record
    (nobody wrote down what was known), and where it is after `as_of`.

    Held are the rows of the change log that some lag needs, oldest vintage first: it is small until it is laid out.

    Attributes:
        cadence: the length of a period and of a step of lag.
        dates: (T,) datetime64[D], period ends, evenly spaced.
        size: S.
        since: the first vintage of the record.
        as_of: the date at which it stands; no vintage after it was looked at.
        series, period, age: (N,) where each row belongs, and how many days after its period's end it was first known.
        value: (N,) the count; NaN if it was withdrawn.
    """

    cadence: Cadence
    dates: Days
    size: int
    since: np.datetime64
    as_of: np.datetime64
    series: npt.NDArray[np.int32]
    period: npt.NDArray[np.int32]
    age: npt.NDArray[np.int32]
    value: Floats

    @property
    def lags(self) -> int:
        """The longest lag it knows."""
        return LAGS[self.cadence]

    def known(self, lag: int) -> Floats:
        """(S, T) float64, each count as it was known `lag` periods after its period's end.

        Raises:
            ValueError: the lag is negative or longer than `lags`.
        """
        if not 0 <= lag <= self.lags:
            raise ValueError(f"a lag of {lag}; allowed are 0 to {self.lags}")
        return self.after(lag * self.cadence.days)

    def after(self, days: int) -> Floats:
        """(S, T) float64, each count as it was known `days` days after its period's end.

        A vintage need not be dated a whole number of periods after the newest one it holds.

        Raises:
            ValueError: that is negative, or a period or more beyond the longest lag.
        """
        most = (self.lags + 1) * self.cadence.days - 1
        if not 0 <= days <= most:
            raise ValueError(f"{days} days after it; allowed are 0 to {most}")
        found = np.full((self.size, len(self.dates)), np.nan)
        told = self.age <= days
        # Where an index is repeated the last value stays, which is the newest.
        found[self.series[told], self.period[told]] = self.value[told]
        seen = self.dates + np.timedelta64(days, "D")
        found[:, (seen < self.since) | (seen > self.as_of)] = np.nan
        return found

    def upto(self, lag: int) -> Floats:
        """(S, T, lag + 1) float64, as known at the lags 0 to `lag`.

        Raises:
            ValueError: as `known`.
        """
        return np.stack([self.known(one) for one in range(lag + 1)], axis=-1)


class ChangeLog:
    """A change log in numbers, from which triangles as of any date are cut quickly.

    Args:
        changes: a change log, oldest vintage first (`schema.CHANGES`).
        cadence: of what it counts.
    """

    def __init__(self, changes: pd.DataFrame, cadence: Cadence) -> None:
        self.cadence = cadence
        self._series, self._codes = _coded(changes)
        self._as_ofs = days(changes["as_of"])
        self._ends = days(changes["target_end_date"])
        self._values = changes["observation"].to_numpy(dtype=np.float64)
        self._ages = (self._as_ofs - self._ends).astype(np.int64)

    @property
    def newest(self) -> np.datetime64:
        """The newest vintage; NaT where there is none."""
        return self._as_ofs[-1] if len(self._as_ofs) else np.datetime64("NaT", "D")

    def period_ends(self, series: Sequence[Series]) -> Days:
        """(T,) every period end from the first that is counted of some series to the last."""
        ends = self._ends[_numbered(self._series, series)[self._codes] >= 0]
        if not len(ends):
            return ends
        step = np.timedelta64(self.cadence.days, "D")
        return np.arange(ends.min(), ends.max() + step, step)

    def triangle(self, as_of: date, series: Sequence[Series], dates: Days) -> Triangle:
        """The triangle of some series and periods, from the vintages up to a date."""
        rows, numbers, periods = self._rows(as_of, series, dates)
        young = self._ages[rows] < (LAGS[self.cadence] + 1) * self.cadence.days
        return Triangle(
            cadence=self.cadence,
            dates=dates,
            size=len(series),
            since=self._as_ofs[0] if len(self._as_ofs) else np.datetime64("NaT", "D"),
            as_of=np.datetime64(as_of, "D"),
            series=numbers[young].astype(np.int32),
            period=periods[young].astype(np.int32),
            age=self._ages[rows][young].astype(np.int32),
            value=self._values[rows][young],
        )

    def latest(self, as_of: date, series: Sequence[Series], dates: Days) -> Floats:
        """(S, T) each count as the newest vintage up to a date has it; NaN where there is none, or it was withdrawn."""
        rows, numbers, periods = self._rows(as_of, series, dates)
        found = np.full((len(series), len(dates)), np.nan)
        found[numbers, periods] = self._values[rows]
        return found

    def _rows(self, as_of: date, series: Sequence[Series], dates: Days) -> tuple[Ints, Ints, Ints]:
        """The rows of some series and periods in the vintages up to a date, and the series and period of each."""
        stop = int(np.searchsorted(self._as_ofs, np.datetime64(as_of, "D"), side="right"))
        numbers = _numbered(self._series, series)[self._codes[:stop]]
        periods, rest = np.divmod((self._ends[:stop] - dates[0]).astype(np.int64), self.cadence.days)
        rows = np.flatnonzero((numbers >= 0) & (periods >= 0) & (periods < len(dates)) & (rest == 0))
        return rows, numbers[rows], periods[rows]


def laid_out(frame: pd.DataFrame, column: str, series: Sequence[Series], dates: Days, step: int) -> Floats:
    """(S, T) the numbers of a frame's column by target, location and period end; NaN where there is none.

    Args:
        step: days from one of the dates to the next.
    """
    found, codes = _coded(frame)
    numbers = _numbered(found, series)[codes]
    periods, rest = np.divmod((days(frame["target_end_date"]) - dates[0]).astype(np.int64), step)
    mine = (numbers >= 0) & (periods >= 0) & (periods < len(dates)) & (rest == 0)
    matrix = np.full((len(series), len(dates)), np.nan)
    matrix[numbers[mine], periods[mine]] = frame[column].to_numpy(dtype=np.float64)[mine]
    return matrix


def days(column: "pd.Series[pd.Timestamp]") -> Days:
    """A column of dates as datetime64[D]."""
    return column.to_numpy().astype("datetime64[D]")


def _numbered(found: Sequence[Series], wanted: Sequence[Series]) -> Ints:
    """For each series that was found its number among the wanted; -1 for the others."""
    numbers = {one: number for number, one in enumerate(wanted)}
    return np.array([numbers.get(one, -1) for one in found], dtype=np.int64)


def _coded(frame: pd.DataFrame) -> tuple[list[Series], Ints]:
    """The (target, location) of a frame, and for each row the number of its own."""
    targets, names = pd.factorize(frame["target"])
    locations, places = pd.factorize(frame["location"])
    found, codes = np.unique(targets.astype(np.int64) * max(len(places), 1) + locations, return_inverse=True)
    pairs = [(str(names[code // len(places)]), str(places[code % len(places)])) for code in found.tolist()]
    return pairs, codes.astype(np.int64)
