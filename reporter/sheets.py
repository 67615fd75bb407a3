"""The numbers of a page as CSV and parquet."""

import csv
import io
from collections.abc import Sequence
from operator import itemgetter

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
_NUMBERS = [field.name for field in COLUMNS if field.type == pa.float64()]

_LIVE = COLUMNS.names.index("live")

_FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
"""How a cell begins that a spreadsheet may run as a formula; some take the full-width signs for the plain ones."""


def comma_separated(rows: Sequence[Row], *, targets: bool = True) -> bytes:
    """Write rows as CSV (RFC 4180, UTF-8) with a line of column names.

    A text that a spreadsheet would run as a formula gets an apostrophe before it; numbers and dates never do.

    Args:
        targets: whether to say what is counted, which in a feed of one target every row would repeat.
    """
    kept = [place for place, name in enumerate(COLUMNS.names) if targets or name != "target"]
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([COLUMNS.names[place] for place in kept])
    writer.writerows(map(itemgetter(*kept), map(_guarded, rows)))
    return file.getvalue().encode()


def _guarded(row: Row) -> list[object]:
    cells: list[object] = list(row)
    for place in _TEXTS:
        text = row[place]
        if text and str(text).startswith(_FORMULAS):
            cells[place] = f"'{text}"
    if row.live is not None:
        cells[_LIVE] = "true" if row.live else "false"
    return cells


def parquet(rows: Sequence[Row]) -> bytes:
    """Write rows as parquet, texts as they are."""
    columns = zip(*rows, strict=True) if rows else [[]] * len(COLUMNS)
    arrays = [pa.array(column, field.type, from_pandas=False) for column, field in zip(columns, COLUMNS, strict=True)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=COLUMNS),
        sink,
        # Of a hundred rows a dictionary takes more room than what it saves: compression finds what repeats.
        compression="zstd",
        compression_level=15,
        use_dictionary=False,
        use_byte_stream_split=_NUMBERS,
        write_statistics=False,
        store_schema=False,
    )
    return bytes(sink.getvalue())
