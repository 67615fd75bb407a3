"""The hash of what a table says, whatever bytes a version of parquet makes of it (docs/record.md)."""

import hashlib

import numpy as np
import pyarrow as pa

from reporter.errors import ContractError

_WORDS = {pa.date32(): "date", pa.int32(): "whole", pa.float64(): "number", pa.string(): "text"}
_STORED = {"date": "<i4", "whole": "<i4", "number": "<f8"}


def content_sha256(table: pa.Table) -> str:
    """Hash of a table's columns, types and values, in hexadecimal.

    Per column its name and type, then its values one after the other: days since 1970 and whole
    numbers as 4 bytes, numbers as 8 (null is NaN), texts as their lengths in bytes (4 each) and
    then their UTF-8; all little-endian. It does not matter whether equal texts are held once or many times.

    Raises:
        ContractError: a column is of another type, or lacks a value that is no number.
    """
    digest = hashlib.sha256(f"{table.num_rows} rows\n".encode())
    for field, column in zip(table.schema, table.columns, strict=True):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        word = _WORDS.get(kind)
        if word is None or (column.null_count and word != "number"):
            raise ContractError(f"column {field.name} of type {field.type} with {column.null_count} nulls has no hash")
        digest.update(f"{field.name} {word}\n".encode())
        plain = column.cast(kind)
        array = plain.chunk(0) if plain.num_chunks == 1 else pa.concat_arrays(plain.chunks or [pa.array([], kind)])
        if word == "text":
            _add_texts(digest, array)
        else:
            digest.update(_values(array, _STORED[word]))
    return digest.hexdigest()


def _values(array: pa.Array, stored: str) -> bytes:
    values = array.cast(pa.int32()) if pa.types.is_date32(array.type) else array
    numbers = values.to_numpy(zero_copy_only=False)
    if stored == "<f8":
        # One NaN for all: null and NaN are the same nothing.
        numbers = np.where(np.isnan(numbers), np.nan, numbers)
    return bytes(np.ascontiguousarray(numbers, dtype=stored).data)


def _add_texts(digest: "hashlib._Hash", array: pa.StringArray) -> None:
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    digest.update(np.diff(ends).astype("<i4").data)
    if data is not None and len(array):
        digest.update(memoryview(data)[ends[0] : ends[-1]])
