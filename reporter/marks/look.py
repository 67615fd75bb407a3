"""Counts per period, what is around any of them, and stretches without any."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from reporter.dates import Cadence
from reporter.schema import Floats

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """Where the rules look for what is usual, in periods.

    Attributes:
        around: how many periods on each side.
        least: counts on a side without which it says nothing.
        season: periods after which the rhythm repeats; 1 is none.
    """

    around: int
    least: int
    season: int


RULES = {Cadence.DAY: Rule(around=7, least=5, season=7), Cadence.WEEK: Rule(around=4, least=2, season=1)}

WILDEST = 0.5
"""Scatter, as a share of √level, beyond which odd neighbours are no excuse: 16 times the level is far above it."""

SEASONS = 3
"""Seasons before and after, in which the same day of the week is looked at."""


def per_period(counts: Floats, cumulative: Bools) -> Floats:
    """(S, T) counts per period of (S, T) published ones, which are themselves those unless `cumulative`.

    A total that was not published lies on the straight line between its neighbours. The first one says nothing of its
    own period, and so is NaN.
    """
    new = counts.astype(np.float64, copy=True)
    places = np.arange(counts.shape[1])
    for row in np.flatnonzero(cumulative):
        known = np.isfinite(counts[row])
        total = counts[row]
        if known.any() and not known.all():
            total = np.interp(places, places[known], total[known], left=np.nan, right=np.nan)
        new[row] = np.diff(total, prepend=np.nan)
    return new


class Look:
    """Counts per period, and what is around any of them."""

    def __init__(self, new: Floats, rule: Rule) -> None:
        self.new = new
        self.rule = rule
        self._reach = max(2 * rule.around, SEASONS * rule.season)
        self._padded = np.pad(new, ((0, 0), (self._reach, self._reach)), constant_values=np.nan)

    def at(self, rows: Ints, columns: Ints, steps: Ints) -> Floats:
        """(N, K) counts `steps` periods away from N places; NaN beyond the ends."""
        return np.asarray(self._padded[rows[:, None], columns[:, None] + self._reach + steps])

    def side(self, rows: Ints, columns: Ints, sign: Literal[-1, 1]) -> Floats:
        """(N,) what is usual before (-1) or after (1); NaN where too few periods were counted.

        The median, or where that is zero the mean, so that a place that reports now and then is known by its rate.
        """
        around = self.at(rows, columns, sign * np.arange(1, self.rule.around + 1))
        middle, known = median(around, self.rule.least), np.isfinite(around).sum(axis=1)
        return np.where(middle == 0, np.nansum(np.maximum(around, 0), axis=1) / np.maximum(known, 1), middle)

    def alike(self, rows: Ints, columns: Ints, sign: Literal[-1, 1]) -> Floats:
        """(N,) median of the same days of the week before or after; NaN where there are fewer than two."""
        if self.rule.season == 1:
            return np.full(len(rows), np.nan)
        return median(self.at(rows, columns, sign * self.rule.season * np.arange(1, SEASONS + 1)), 2)

    def rate(self, rows: Ints, columns: Ints) -> Floats:
        """(N,) mean of the same days of the week before and after; NaN where none was counted."""
        steps = self.rule.season * np.concatenate([np.arange(-SEASONS, 0), np.arange(1, SEASONS + 1)])
        counts = self.at(rows, columns, steps)
        known = np.isfinite(counts).sum(axis=1)
        return np.where(known > 0, np.nansum(np.maximum(counts, 0), axis=1) / np.maximum(known, 1), np.nan)

    def above(self, rows: Ints, columns: Ints, level: Floats) -> Floats:
        """(N,) how many standard deviations each count is above a level, as much as its surroundings scatter."""
        both = [self.at(rows, columns, sign * np.arange(1, self.rule.around + 1)) for sign in (-1, 1)]
        roots = [2 * np.sqrt(np.maximum(side, 0)) for side in both]
        away = [np.abs(side - median(side, 1)[:, None]) for side in roots]
        scatter = np.nan_to_num(1.4826 * median(np.hstack(away), 1))
        scatter = np.minimum(scatter, WILDEST * np.sqrt(level))
        count = np.maximum(self.new[rows, columns], 0)
        return np.asarray(2 * (np.sqrt(count) - np.sqrt(level)) / np.maximum(scatter, 1.0))


@dataclass(frozen=True)
class Runs:
    """Stretches of periods without a count above zero, each from `first` through `last` of a row."""

    rows: Ints
    first: Ints
    last: Ints

    @property
    def length(self) -> Ints:
        """(N,) periods of each."""
        return self.last - self.first + 1

    def spread(self, chosen: Bools, shape: tuple[int, ...]) -> Bools:
        """(S, T) the periods of the chosen runs."""
        edges = np.zeros((shape[0], shape[1] + 1), dtype=np.int8)
        edges[self.rows[chosen], self.first[chosen]] = 1
        edges[self.rows[chosen], self.last[chosen] + 1] = -1
        return np.cumsum(edges, axis=1, dtype=np.int8)[:, :-1] > 0


def runs_of(empty: Bools) -> Runs:
    """The stretches of (S, T) empty periods."""
    edges = np.diff(empty.astype(np.int8), axis=1, prepend=0, append=0)
    rows, first = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    return Runs(rows, first, ends - 1)


def waited(empty: Bools) -> Ints:
    """(S, T) how many periods in a row just before each are without a count above zero."""
    places = np.arange(empty.shape[1])
    newest = np.maximum.accumulate(np.where(empty, -1, places), axis=1)
    return np.asarray(places - 1 - np.pad(newest[:, :-1], ((0, 0), (1, 0)), constant_values=-1))


def median(values: Floats, least: int) -> Floats:
    """(N,) medians of the known among (N, K) values; NaN where there are fewer than `least`."""
    known = np.isfinite(values).sum(axis=1)
    ordered = np.sort(values, axis=1)  # NaN last
    middle = np.maximum(known - 1, 0)
    pair = [np.take_along_axis(ordered, place[:, None], axis=1)[:, 0] for place in (middle // 2, (middle + 1) // 2)]
    return np.where(known >= least, (pair[0] + pair[1]) / 2, np.nan)
