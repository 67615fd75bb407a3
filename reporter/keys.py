"""What counts are of, as numbers: a million rows are compared and put in order without comparing their texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Pair = tuple[str, str]
_BITS = 32  # of a key, that hold the day
_FIRST = -(2**31)  # days since 1970, as a file holds them


@dataclass(frozen=True)
class Runs:
    """Rows that follow each other and are of the same series.

    Attributes:
        starts: the first row of each run, ascending; the first is 0.
        rows: how many rows there are in all.
        series: target and location of every series, in order.
        which: of them each run is of: a place in `series`.
    """

    starts: Ints
    rows: int
    series: list[Pair]
    which: Ints

    def spread(self, numbers: Sequence[int] | Ints) -> Ints:
        """Give each row the number of its series."""
        lengths: Ints = np.diff(self.starts, append=self.rows)
        return np.repeat(np.asarray(numbers, np.int64)[self.which], lengths)


def runs(targets: pa.ChunkedArray | pd.Series, locations: pa.ChunkedArray | pd.Series) -> Runs:
    """Find the runs in two columns of texts, neither of which may lack one."""
    columns = [_texts(column) for column in (targets, locations)]
    rows = len(columns[0])
    if not rows:
        return Runs(np.zeros(0, np.int64), 0, [], np.zeros(0, np.int64))
    ends = [pc.run_end_encode(column, run_end_type=pa.int64()).run_ends.to_numpy() for column in columns]
    starts = np.append(np.int64(0), np.union1d(*ends)[:-1])
    target, location = (column.take(pa.array(starts)).dictionary_encode() for column in columns)
    words, places = target.dictionary.to_pylist(), location.dictionary.to_pylist()
    pairs = target.indices.to_numpy().astype(np.int64) * len(places) + location.indices.to_numpy()
    distinct, which = np.unique(pairs, return_inverse=True)
    series = [(words[pair // len(places)], places[pair % len(places)]) for pair in distinct.tolist()]
    order = sorted(range(len(series)), key=series.__getitem__)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return Runs(starts, rows, [series[i] for i in order], rank[which])


def ascend(found: Runs, days: npt.NDArray[Any]) -> bool:
    """Whether rows are in order of target, location and day, none of them twice."""
    steps = days[1:] > days[:-1]
    steps[found.starts[1:] - 1] = np.diff(found.which) > 0  # from one run to the next
    return bool(steps.all())


def order(targets: pd.Series, locations: pd.Series, *days: pd.Series) -> Ints:
    """The order of rows by series and then by columns of days; equal rows stay as they were."""
    found = runs(targets, locations)
    by = [found.spread(range(len(found.series))), *(column.to_numpy() for column in days)]
    return np.lexsort(by[::-1]).astype(np.int64)


class Numbering:
    """Numbers for series, in the order in which they are met."""

    def __init__(self) -> None:
        self._numbers: dict[Pair, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._numbers)

    def keys(self, found: Runs, days: Ints) -> Ints:
        """A number for each row that no other series or day has; within a series it grows with the day.

        Args:
            days: of the rows, since 1970.
        """
        numbers = self._numbers
        series = [numbers.setdefault(pair, len(numbers)) for pair in found.series]
        numbered: Ints = (found.spread(series) << _BITS) + (days - _FIRST)
        return numbered


def series_of(keys: Ints) -> Ints:
    """The number of the series that each key is of."""
    numbers: Ints = keys >> _BITS
    return numbers


def first_key_of(numbers: Ints) -> Ints:
    """A number that no key of a series is below, and all of the series before it are."""
    firsts: Ints = numbers << _BITS
    return firsts


def day_of(keys: Ints) -> npt.NDArray[np.int32]:
    """The day that each key is of, since 1970."""
    return (keys.astype(np.uint32) + np.uint32(-_FIRST)).view(np.int32)


def _texts(column: pa.ChunkedArray | pd.Series) -> pa.Array:
    """Whatever the column is made of (texts of either kind, categories, objects) as one array of texts."""
    given = pa.array(column.astype("str")) if isinstance(column, pd.Series) else column
    array = given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
