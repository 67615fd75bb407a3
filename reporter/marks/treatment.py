"""What models see instead of odd counts, as the mark on each says. The published counts stay as they are.

Measured in docs/marks.md: what did not help is marked and left.
"""

import numpy as np

from reporter.dates import Cadence
from reporter.marks.look import Bools, Ints
from reporter.marks.rules import Kind, Marks, find
from reporter.schema import Floats

TREATED: dict[Kind, tuple[str, str | None]] = {
    "negative": ("taken as missing", None),
    "zeros": ("taken as missing", "taken as missing"),
    "dump": ("spread over the periods it belongs to", "spread over the periods it belongs to"),
    "spike": ("taken as missing", "the surplus is taken to belong to earlier periods"),
}
"""What is done about a mark, on counts of a period and on counts of everything so far; None is nothing.

A fall of a total is left to the models, which count it as no new case: moving the totals before it made them worse.
"""

DAILY_ONLY: tuple[Kind, ...] = ("zeros", "dump")
"""What is left as published in weekly counts, where treating it gained nothing and ranges held less often."""


def how(kind: Kind, cadence: Cadence, *, cumulative: bool) -> str | None:
    """What is done about a mark, in words; None if nothing is."""
    if cadence is Cadence.WEEK and kind in DAILY_ONLY:
        return None
    return TREATED.get(kind, (None, None))[int(cumulative)]


def acts(marks: Marks, cumulative: Bools, cadence: Cadence) -> Bools:
    """(S, T) the marks that change what models see; a provisional one does not.

    Args:
        marks: of S series.
        cumulative: (S,) whether a series counts everything so far.
        cadence: of the columns.
    """
    found = np.zeros(marks.kind.shape, dtype=np.bool_)
    for kind in TREATED:
        done = np.array([how(kind, cadence, cumulative=bool(one)) is not None for one in cumulative], dtype=np.bool_)
        found |= marks.of(kind) & done[:, None]
    return found & ~marks.provisional


def treat(counts: Floats, cumulative: Bools, cadence: Cadence) -> Floats:
    """(S, T) counts for models to learn and start from; NaN where there are none.

    Args:
        counts: (S, T) as published; NaN where nothing was.
        cumulative: (S,) whether a series counts everything so far.
        cadence: of the columns.
    """
    return apply(counts, cumulative, cadence, find(counts, cumulative, cadence))


def apply(counts: Floats, cumulative: Bools, cadence: Cadence, marks: Marks) -> Floats:
    """(S, T) counts treated as their marks say; arguments as of `treat`."""
    treated = counts.astype(np.float64, copy=True)
    where = acts(marks, cumulative, cadence)
    for row in np.flatnonzero(where.any(axis=1)):
        change = _totals if cumulative[row] else _incident
        change(treated[row], marks, int(row), np.flatnonzero(where[row]))
    return treated


def _incident(counts: Floats, marks: Marks, row: int, columns: Ints) -> None:
    """Treat one series of counts per period, in place."""
    dumps = marks.of("dump")[row]
    counts[columns[~dumps[columns]]] = np.nan
    for column in columns[dumps[columns]]:
        first = _first_of(marks, row, column)
        counts[first : column + 1] = marks.new[row, column] / (column + 1 - first)


def _totals(counts: Floats, marks: Marks, row: int, columns: Ints) -> None:
    """Treat one series of totals, in place: the newest stays, and so do the counts per period elsewhere."""
    for column in columns:
        if marks.of("zeros")[row, column]:
            counts[column] = np.nan
        elif marks.of("dump")[row, column]:
            counts[_first_of(marks, row, column) : column] = np.nan
        else:
            usual = np.nan_to_num(marks.usual[row, column])
            counts[:column] += marks.new[row, column] - usual


def _first_of(marks: Marks, row: int, column: int) -> int:
    """The first of the periods without a count that end just before a column; a negative one is a count."""
    counted = np.flatnonzero(np.abs(marks.new[row, :column]) > 0)
    return int(counted[-1]) + 1 if len(counted) else 0
