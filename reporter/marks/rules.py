"""The rules by which counts are marked; docs/marks.md has them in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter.dates import Cadence
from reporter.marks.look import RULES, SEASONS, Bools, Look, Runs, per_period, runs_of, waited
from reporter.schema import Floats

Kind = Literal["missing", "negative", "zeros", "weekday", "dump", "spike"]

KINDS: tuple[Kind, ...] = ("missing", "negative", "zeros", "weekday", "dump", "spike")
"""Every kind of mark; a period has one at most."""

REASONS: dict[Kind, str] = {
    "missing": "no count was published, which is not a count of zero",
    "negative": "a negative count, or a count of everything so far that fell",
    "zeros": "a zero between counts well above zero",
    "weekday": "a day of the week on which nothing is reported",
    "dump": "the counts of several periods at once, after periods without any",
    "spike": "far above the counts around it",
}


TIMES = 3.0
"""A spike is at least this many times what is usual,"""

FAR = 12.0
"""and this many standard deviations above it, on the scale of 2 √count, where chance alone has one."""

LUMP = 1.5
"""The counts of several periods at once are at least this many times what is usual for one,"""

SPARE = 2.0
"""at most this many times what is usual for all of them,"""

CLEAR = 3.0
"""and this many standard deviations above what is usual for one."""

SOME = 5.0
"""Counts a period that are well above zero."""

EXPECTED = 20.0
"""Counts to be expected over a run of zeros that is not there by chance."""

BUSY = 2.0
"""Mean counts a day around a day of the week without any."""

NONE = -1
"""The kind of a period that has no mark."""


@dataclass(frozen=True)
class Marks:
    """The marks on S series of T periods.

    Attributes:
        kind: (S, T) position in `KINDS`, or `NONE`.
        new: (S, T) counts per period, as `per_period`.
        usual: (S, T) counts per period that were usual around a mark; NaN elsewhere, and where nothing says it.
        provisional: (S, T) whether too little has been counted since to tell it from a surge, or from a report to come.
    """

    kind: npt.NDArray[np.int8]
    new: Floats
    usual: Floats
    provisional: Bools

    def of(self, kind: Kind) -> Bools:
        """(S, T) where the marks of one kind are."""
        return np.asarray(self.kind == KINDS.index(kind))


def find(counts: Floats, cumulative: Bools, cadence: Cadence) -> Marks:
    """Mark the odd counts of many series.

    Args:
        counts: (S, T) as published, one column a period; NaN where nothing was.
        cumulative: (S,) whether a series counts everything so far.
        cadence: of the columns.
    """
    look = Look(per_period(counts, cumulative), RULES[cadence])
    begun = np.cumsum(np.isfinite(counts), axis=1) > 0
    missing = begun & np.isnan(counts)
    empty = missing | (look.new == 0)
    runs = runs_of(empty)
    rested = _rested(look, empty & begun, runs)
    zeros, dumps = _zeros_and_dumps(look, runs, missing, rested)
    kind = np.full(counts.shape, NONE, dtype=np.int8)
    for name, where in (
        ("spike", _spikes(look, empty)), ("dump", dumps), ("missing", missing), ("weekday", rested), ("zeros", zeros),
        ("negative", look.new < 0),
    ):  # fmt: skip
        kind[where] = KINDS.index(name)
    usual, provisional = _around(look, kind, empty)
    return Marks(kind, look.new, usual, provisional)


def _around(look: Look, kind: npt.NDArray[np.int8], empty: Bools) -> tuple[Floats, Bools]:
    """What was usual around each mark, its stretch of empty periods left out, and which marks are provisional."""
    usual, provisional = np.full(kind.shape, np.nan), np.zeros(kind.shape, dtype=np.bool_)
    rows, columns = np.nonzero(kind != NONE)
    alone = ~empty[rows, columns]
    lone = alone & (kind[rows, columns] != KINDS.index("dump"))
    first = columns - np.where(lone, 0, waited(empty)[rows, columns])
    last = columns + np.where(alone, 0, waited(empty[:, ::-1])[:, ::-1][rows, columns])
    before, after = look.side(rows, first, -1), look.side(rows, last, 1)
    usual[rows, columns] = np.where(np.isnan(after), before, np.where(np.isnan(before), after, (before + after) / 2))
    # What ends a run of zeros may be the count they were waiting for: it is not yet what comes after.
    end = np.minimum(last + np.where(alone, 0, 1), kind.shape[1] - 1)
    waits = np.isin(kind[rows, columns], [KINDS.index(name) for name in ("zeros", "dump", "spike")])
    provisional[rows, columns] = waits & np.isnan(look.side(rows, end, 1))
    return usual, provisional


def frame(
    marks: Marks,
    counts: Floats,
    dates: npt.NDArray[np.datetime64],
    targets: Sequence[str],
    locations: Sequence[str],
) -> pd.DataFrame:
    """The marks as rows, series by series, oldest first.

    Args:
        marks: of S series of T periods.
        counts: (S, T) as published.
        dates: (T,) period ends.
        targets: S of them.
        locations: S of them.

    Returns:
        Columns target, location, target_end_date, kind, observation (as published), new (counts of the period), usual
        (counts a period around it), provisional, reason.
    """
    rows, columns = np.nonzero(marks.kind != NONE)
    kinds = [KINDS[number] for number in marks.kind[rows, columns]]
    return pd.DataFrame(
        {
            "target": [targets[row] for row in rows.tolist()],
            "location": [locations[row] for row in rows.tolist()],
            "target_end_date": dates[columns].astype("datetime64[s]"),
            "kind": kinds,
            "observation": counts[rows, columns],
            "new": marks.new[rows, columns],
            "usual": marks.usual[rows, columns],
            "provisional": marks.provisional[rows, columns],
            "reason": [REASONS[kind] for kind in kinds],
        }
    )


def _spikes(look: Look, empty: Bools) -> Bools:
    """Counts far above what was usual on both sides, and on the same days of the week."""
    found = np.zeros(look.new.shape, dtype=np.bool_)
    # What is less than this above zero cannot be far above anything.
    rows, columns = np.nonzero(look.new >= (FAR / 2) ** 2)
    before, after = look.side(rows, columns, -1), look.side(rows, columns, 1)
    usual = np.maximum(np.fmax(before, after), 0.0)
    near = np.isfinite(before) & (look.new[rows, columns] >= TIMES * usual)
    rows, columns, usual = rows[near], columns[near], usual[near]
    for sign in (-1, 1):
        usual = np.fmax(usual, look.alike(rows, columns, sign))
    count, owed = look.new[rows, columns], waited(empty)[rows, columns]
    far = (count >= TIMES * usual) & (count > np.where(owed, SPARE * (owed + 1) * usual, -1))
    far &= look.above(rows, columns, usual) >= FAR
    found[rows[far], columns[far]] = True
    return found


def _rested(look: Look, empty: Bools, runs: Runs) -> Bools:
    """Periods without a count on a day of the week that never has one, among days that have."""
    season = look.rule.season
    if season == 1:
        return np.zeros(empty.shape, dtype=np.bool_)
    rested = empty & runs.spread(runs.length < season, empty.shape)
    rows, columns = np.nonzero(rested)
    around = look.at(rows, columns, np.arange(-season, season + 1))
    steps = season * np.concatenate([np.arange(-SEASONS, 0), np.arange(1, SEASONS + 1)])
    inside = (columns[:, None] + steps >= 0) & (columns[:, None] + steps < empty.shape[1])
    others = np.take_along_axis(empty[rows], np.clip(columns[:, None] + steps, 0, empty.shape[1] - 1), axis=1)
    busy = np.nansum(around, axis=1) >= BUSY * np.isfinite(around).sum(axis=1)
    always = (inside.sum(axis=1) >= SEASONS) & ((inside & ~others).sum(axis=1) <= 1)
    rested[rows, columns] = busy & always
    return rested


def _quiet(look: Look, zeros: Bools) -> Bools:
    """Zeros on a day of the week that counts so little that they may be there by chance."""
    quiet = np.zeros(zeros.shape, dtype=np.bool_)
    rows, columns = np.nonzero(zeros)
    quiet[rows, columns] = look.rate(rows, columns) < SOME
    return quiet


def _zeros_and_dumps(look: Look, runs: Runs, missing: Bools, rested: Bools) -> tuple[Bools, Bools]:
    """Zeros that are not there by chance, and counts of several periods at once after such zeros or missing periods."""
    before, after = look.side(runs.rows, runs.first, -1), look.side(runs.rows, runs.last, 1)
    low = np.fmin(before, after)
    # Nothing is known of what comes after only where nothing has come yet.
    told = np.isfinite(after) | (runs.last + look.rule.least >= missing.shape[1])
    unlikely = np.isfinite(before) & told & (low >= SOME) & (low * runs.length >= EXPECTED)
    zeros = runs.spread(unlikely, missing.shape) & (look.new == 0) & ~rested
    if look.rule.season > 1:
        zeros &= ~_quiet(look, zeros & runs.spread(runs.length < look.rule.season, zeros.shape))
    owed = np.cumsum(zeros | (missing & np.isnan(look.new) & ~rested), axis=1)
    ended = np.flatnonzero((runs.last + 1 < missing.shape[1]) & np.isfinite(before))
    rows, columns = runs.rows[ended], runs.last[ended] + 1
    waiting = owed[rows, columns - 1] - np.where(runs.first[ended] > 0, owed[rows, runs.first[ended] - 1], 0)
    usual = np.maximum(np.fmax(before[ended], look.side(rows, columns, 1)), 0.0)
    count = look.new[rows, columns]
    lump = (waiting > 0) & (count >= LUMP * usual) & (count <= SPARE * (waiting + 1) * usual)
    lump[lump] = look.above(rows[lump], columns[lump], usual[lump]) >= CLEAR
    dumps = np.zeros(missing.shape, dtype=np.bool_)
    dumps[rows[lump], columns[lump]] = True
    return zeros, dumps
