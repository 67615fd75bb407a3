"""The numbers of a page as CSV and parquet."""

import csv
import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from reporter.posts.numbers import Row

COLUMNS = pa.schema(
    {
        "what": pa.string(),
        "target": pa.string(),
        "location": pa.string(),
        "location_name": pa.string(),
        "model_id": pa.string(),
        "reference_date": pa.date32(),
        "horizon": pa.int32(),
        "target_end_date": pa.date32(),
        "live": pa.bool_(),
        **dict.fromkeys(("observation", "value", "q025", "q25", "q50", "q75", "q975", "next"), pa.float64()),
    }
)
"""Of both files; what is not told is empty, or null."""

_TEXTS = [place for place, field in enumerate(COLUMNS) if field.type == pa.string()]
_REPEATING = [field.name for field in COLUMNS if field.type not in (pa.float64(), pa.bool_())]

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What spreadsheets take a cell that begins with it for."""


def comma_separated(rows: Sequence[Row]) -> bytes:
    """Write rows as CSV (RFC 4180, UTF-8) with a line of column names.

    A text that a spreadsheet would run as a formula gets an apostrophe before it; numbers and dates never do.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS.names)
    writer.writerows(_guarded(row) for row in rows)
    return file.getvalue().encode()


def _guarded(row: Row) -> list[object]:
    cells: list[object] = list(row)
    for place in _TEXTS:
        text = row[place]
        if text and str(text).startswith(_FORMULAS):
            cells[place] = f"'{text}"
    if row.live is not None:
        cells[8] = "true" if row.live else "false"
    return cells


def parquet(rows: Sequence[Row]) -> bytes:
    """Write rows as parquet, texts as they are."""
    columns = zip(*rows, strict=True) if rows else [[]] * len(COLUMNS)
    arrays = [pa.array(column, field.type, from_pandas=False) for column, field in zip(columns, COLUMNS, strict=True)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=COLUMNS),
        sink,
        compression="zstd",
        use_dictionary=_REPEATING,
        write_statistics=False,
        store_schema=False,
    )
    return bytes(sink.getvalue())
