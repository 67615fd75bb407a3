"""The columns of other people's files as dates, numbers and texts, whatever types they were written with."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

_DATES = ["reference_date", "target_end_date"]
_TEXTS = ["target", "location", "model_id", "output_type"]
_NUMBERS = ["horizon", "output_type_id", "value"]


def unlike(table: pa.Table) -> str | None:
    """Why a table cannot be read: a column there twice, or of a type that holds no such thing; None if it can."""
    for name in (name for name in [*_DATES, *_TEXTS, *_NUMBERS] if name in table.column_names):
        if table.column_names.count(name) > 1:
            return f"the column {name!r} appears twice"
        found = table.schema.field(name).type
        held = found.value_type if pa.types.is_dictionary(found) else found
        if not any(fits(held) for fits in _FITTING[name in _DATES, name in _NUMBERS]):
            return f"the column {name!r} is of type {found}"
    return None


_ANY = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
_NUMERIC = (*_ANY, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
_FITTING = {
    (True, False): (*_ANY, pa.types.is_date, pa.types.is_timestamp),
    (False, True): _NUMERIC,
    (False, False): _NUMERIC,
}


def parsed(table: pa.Table, model: str | None) -> pd.DataFrame:
    """The columns as dates, numbers and texts; what cannot be read as such is missing.

    Args:
        model: whose they are, where no column `model_id` says it.

    Returns:
        A frame of them and `row`, counted from 1.
    """
    found: dict[str, object] = {"row": np.arange(1, table.num_rows + 1)}
    for name in _DATES:
        found[name] = _by_value(table[name], _to_dates)
    for name in ("target", "location"):
        found[name] = _by_value(table[name], lambda values: values.astype("str"))
    for name in _NUMBERS:
        found[name] = pd.to_numeric(table[name].to_pandas(), errors="coerce").astype("float64").to_numpy()
    if model is None:
        found["model_id"] = _by_value(table["model_id"], lambda values: values.astype("str"))
    else:
        found["model_id"] = model
    if "output_type" in table.column_names:
        found["output_type"] = _by_value(table["output_type"], lambda values: values.astype("str"))
    return pd.DataFrame(found)


def _by_value(column: pa.ChunkedArray, convert: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Convert each distinct value once: a column of millions has few."""
    combined = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(combined, pa.ChunkedArray):
        combined = pa.concat_arrays(combined.chunks)
    encoded = combined if pa.types.is_dictionary(combined.type) else combined.dictionary_encode()
    values = convert(encoded.dictionary.to_pandas())
    codes = encoded.indices.to_pandas().fillna(-1).to_numpy(dtype=np.int64)
    return values.reset_index(drop=True).reindex(codes).reset_index(drop=True)


def _to_dates(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        local = pd.DatetimeIndex(values).tz_localize(None)
        return pd.Series(local.where(local == local.normalize())).astype("datetime64[s]")
    # Exactly YYYY-MM-DD: pandas would guess at others.
    text = values.astype("str").where(values.astype("str").str.fullmatch(r"\d{4}-\d{2}-\d{2}"))
    return pd.to_datetime(text, format="%Y-%m-%d", errors="coerce").astype("datetime64[s]")
