"""Reading a file that has a row for each place and grows by a column a day."""

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from reporter.errors import SourceError
from reporter.schema import Floats
from reporter.sources.reading import listed, read_csv, read_header, to_dates, to_numbers


@dataclass(frozen=True)
class Wide:
    """A file of a row for each place and a column for each day.

    Attributes:
        places: the columns before the first day, as texts.
        days: datetime64[s], each once.
        counts: a row for each place, a column for each day; NaN where a cell is blank.
    """

    places: pd.DataFrame
    days: pd.Series
    counts: Floats


def read_wide(name: str, raw: bytes, columns: Sequence[str], read_day: Callable[[str], date]) -> Wide:
    """Read a comma-separated file that grows by a column a day.

    What a quick reader takes for numbers throughout is taken from it; anything else is read cell by cell.

    Args:
        name: the source's, for messages.
        raw: the file; see `read_csv`.
        columns: which the header must have.
        read_day: reads the name of a column, see `to_dates`; the first that begins with a digit is the first day.

    Raises:
        SourceError: as `read_csv`, `to_dates` and `to_numbers`; no column is a day, or two are the same.
    """
    header = read_header(name, raw, columns)
    lead = next((i for i, column in enumerate(header) if column[:1].isdecimal()), len(header))
    if lead == len(header):
        raise SourceError(f"{name}: no column is a day; found {listed(header)}")
    days = to_dates(name, header[lead:], read_day)
    if days.duplicated().any():
        raise SourceError(f"{name}: the day {days[days.duplicated()].iloc[0]:%Y-%m-%d} appears twice")
    data = raw.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    read = _numbers_at_once(data, len(header), lead)
    if read is None:
        _, rows = read_csv(name, raw, columns)
        numbers = to_numbers(name, [cell for row in rows for cell in row[lead:]])
        read = [[row[i] for row in rows] for i in range(lead)], numbers.to_numpy().reshape(len(rows), len(days))
    texts = {column: pd.array(cells, dtype="str") for column, cells in zip(header, read[0], strict=False)}
    return Wide(pd.DataFrame(texts), days, read[1])


def _numbers_at_once(data: bytes, width: int, lead: int) -> tuple[list[pa.ChunkedArray], Floats] | None:
    """The columns of texts below the header and the counts, or None if there is anything odd about them."""
    names = [str(i) for i in range(width)]
    types = dict.fromkeys(names[:lead], pa.string()) | dict.fromkeys(names[lead:], pa.float64())
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            arrow_csv.ReadOptions(column_names=names, skip_rows=1, use_threads=False, block_size=len(data) + 1),
            arrow_csv.ParseOptions(newlines_in_values=True),
            arrow_csv.ConvertOptions(column_types=types, null_values=[""]),
        )
    except pa.ArrowInvalid:
        return None
    counts = np.empty((width - lead, table.num_rows))
    for row, column in zip(counts, table.columns[lead:], strict=True):
        row[:] = column.to_numpy()
    blanks = sum(column.null_count for column in table.columns[lead:])
    if not table.num_rows or np.isnan(counts).sum() != blanks or np.isinf(counts).any() or (counts < 0).any():
        return None
    return table.columns[:lead], np.ascontiguousarray(counts.T)
