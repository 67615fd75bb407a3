"""Long tables read column by column, each distinct text once: a million rows take about a second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from reporter.errors import SourceError
from reporter.sources.reading import one_line, read_header, to_dates, to_numbers


@dataclass(frozen=True)
class Column:
    """The texts of a column.

    Attributes:
        texts: the distinct ones.
        codes: for each row, which of them; -1 is null.
    """

    texts: list[str]
    codes: npt.NDArray[np.int64]

    def rows(self, wanted: npt.NDArray[np.bool_]) -> "Column":
        """Some of the rows; a text that is in none of them need not be readable."""
        codes = self.codes[wanted]
        used = np.zeros(len(self.texts), dtype=bool)
        used[codes[codes >= 0]] = True
        places = np.where(codes < 0, -1, (np.cumsum(used) - 1)[codes]) if self.texts else codes
        return Column([text for text, there in zip(self.texts, used, strict=True) if there], places)

    def map(self, read: Callable[[str], str | None]) -> pd.Series:
        """Each row's text as something else; None is missing."""
        return self._spread(pd.Series([read(text) for text in self.texts], dtype="str"))

    def dates(self, name: str, read: Callable[[str], date]) -> pd.Series:
        """Each row's date, as `reading.to_dates` reads it."""
        if (self.codes < 0).any():
            raise SourceError(f"{name}: a row without a date")
        return self._spread(to_dates(name, self.texts, read))

    def numbers(self, name: str, *, blank: Sequence[str] = ("",), signed: bool = False) -> pd.Series:
        """Each row's count, as `reading.to_numbers` reads it; null is NaN."""
        return self._spread(to_numbers(name, self.texts, blank=blank, signed=signed))

    def _spread(self, values: pd.Series) -> pd.Series:
        spread: pd.Series = values.reindex(self.codes).reset_index(drop=True)
        return spread


def to_column(array: pa.ChunkedArray) -> Column:
    """Lay out a column of a parquet file as texts, whatever its type.

    Raises:
        ArrowException: it has none.
    """
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), None, array)
    encoded = pa.concat_arrays(array.chunks).dictionary_encode() if array.num_chunks else pa.array([]).cast(pa.string())
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Column(encoded.dictionary.cast(pa.string()).to_pylist(), codes)


def read_columns(name: str, raw: bytes, columns: Sequence[str]) -> dict[str, Column]:
    """Read a comma-separated file by its columns; those without a name are left out.

    Args:
        name: the source's, for messages.
        raw: the file; line endings, a byte order mark and blank lines do not matter.
        columns: which the header must have; any order, and others beside them.

    Raises:
        SourceError: it is empty, a web page or not UTF-8; the header lacks a column or has one twice;
            there are no rows, or one is not as wide as the header.
    """
    header = read_header(name, raw, columns)
    body = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").partition(b"\n")[2]
    if not body.strip():
        raise SourceError(f"{name}: no rows below the header")
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(body),
            read_options=pa_csv.ReadOptions(column_names=header, use_threads=False),  # threads cannot count rows
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise SourceError(f"{name}: {one_line(str(error), 160)}") from None
    return {column: to_column(table[column]) for column in header if column}
