"""Column names, quantile levels and frame contracts: the vocabulary of every part.

Frames inside the program hold dates as ``datetime64[s]``; files hold them as ``date32``.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from reporter import keys
from reporter.errors import ContractError

Floats = npt.NDArray[np.float64]

LEVELS: tuple[float, ...] = (
    0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5,
    0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99,
)  # fmt: skip
"""The hub's 23 quantile levels."""

MEDIAN = LEVELS.index(0.5)

INTERVALS: dict[int, tuple[int, int]] = {
    50: (LEVELS.index(0.25), LEVELS.index(0.75)),
    80: (LEVELS.index(0.1), LEVELS.index(0.9)),
    95: (LEVELS.index(0.025), LEVELS.index(0.975)),
}
"""Central prediction intervals by nominal coverage in percent: positions in `LEVELS`."""


COUNTS = pa.schema(
    {
        "target": pa.string(),
        "location": pa.string(),
        "target_end_date": pa.date32(),
        "observation": pa.float64(),
    }
)
"""What a source parses to: one row a (target, location, target_end_date)."""

CHANGES = pa.schema([pa.field("as_of", pa.date32()), *COUNTS])
"""A change log: from `as_of` on the value is `observation`; null is withdrawn."""

FORECASTS = pa.schema(
    {
        "reference_date": pa.date32(),
        "target": pa.string(),
        "horizon": pa.int32(),
        "location": pa.string(),
        "target_end_date": pa.date32(),
        "output_type": pa.string(),
        "output_type_id": pa.float64(),
        "value": pa.float64(),
    }
)
"""The ledger's hub columns. `model_id` is the folder's name."""

PARTS = ("code", "revised_history", "new_data", "refit")
"""What a change between two forecasts of the same period is split into, in the order in which things are changed."""

SPLITS = pa.schema(
    {
        "reference_date": pa.date32(),
        "model_id": pa.string(),
        "target": pa.string(),
        "location": pa.string(),
        "target_end_date": pa.date32(),
        "before": pa.float64(),
        "after": pa.float64(),
        **dict.fromkeys(PARTS, pa.float64()),
    }
)
"""Why medians moved since the reference date before: `before` and the parts add up to `after`."""

QUANTITIES = ("began", "turn", "growth_rate", "final_size")
"""What a model of curves says of a wave; `models.base.Estimates` says what each is."""

ESTIMATES = pa.schema(
    {
        "reference_date": pa.date32(),
        "model_id": pa.string(),
        "target": pa.string(),
        "location": pa.string(),
        "family": pa.string(),
        "quantity": pa.string(),
        **dict.fromkeys(("estimate", "q025", "q25", "q75", "q975"), pa.float64()),
    }
)
"""What models of curves said of the wave under way: null where it could not be told."""

LESSONS = pa.schema(
    {
        "reference_date": pa.date32(),
        "model_id": pa.string(),
        "kind": pa.string(),
        "input": pa.string(),
        "round": pa.int32(),
        **dict.fromkeys(("trained", "held_out", "leaned"), pa.float64()),
    }
)
"""How networks learnt: rows of `kind` "loss", by `round`, and "input", by `input`; `models.lesson` says what each is.

What a kind has none of is null, or 0 and empty where null has no hash.
"""

TOLD = {"estimates": ESTIMATES, "lessons": LESSONS}
"""What a model may say besides its quantiles: the field's name in the plural, and its rows on record."""

REVISIONS = pa.schema(
    {
        "target": pa.string(),
        "location": pa.string(),
        "known": pa.string(),
        "lag": pa.int32(),
        "counts": pa.int32(),
        "periods": pa.int32(),
        "since": pa.date32(),
        "through": pa.date32(),
        **dict.fromkeys(("revised", "raised", "lowered", "close"), pa.float64()),
        **dict.fromkeys(("mean", "q025", "q05", "q25", "q50", "q75", "q95", "q975"), pa.float64()),
        **dict.fromkeys(("mean_difference", "median_difference"), pa.float64()),
    }
)
"""How counts were revised after they were `known` (`first` value, or at a `lag`); `location` is null for all places."""

KEY = ["target", "location", "target_end_date"]
"""What one count is of."""

SERIES = ["target", "location"]
"""What one series is of."""


def is_cumulative(target: str) -> bool:
    """Whether a target counts everything so far (`cum …`) or one period (`inc …`)."""
    return target.startswith("cum ")


def columns(schema: pa.Schema) -> list[str]:
    """The names of a contract's columns."""
    return list(schema.names)


def is_proportion(target: str) -> bool:
    """Whether a target is a share of things and not a count of them, in hub words (`… prop …`)."""
    return "prop" in target.split()


def to_table(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Lay a frame out as a file's table: these columns, in this order and of these types.

    Raises:
        ContractError: a column is missing; the message lists missing and available ones.
    """
    require(frame, columns(schema))
    return pa.Table.from_pandas(frame[columns(schema)], schema=schema, preserve_index=False).replace_schema_metadata()


def to_frame(table: pa.Table, schema: pa.Schema) -> pd.DataFrame:
    """Read a file's table as a frame, texts as dates where the contract says date.

    Raises:
        ContractError: a column is missing or cannot be read as its type.
    """
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise ContractError(f"missing columns {missing}; available {table.column_names}")
    try:
        frame: pd.DataFrame = table.select(schema.names).cast(schema).to_pandas(date_as_object=False)
    except pa.ArrowInvalid as error:
        raise ContractError(f"a column is not of its type: {error}") from error
    dates = {field.name: "datetime64[s]" for field in schema if field.type == pa.date32()}
    return frame.astype(dates)


def require(frame: pd.DataFrame, columns: list[str]) -> None:
    """Demand columns of a frame.

    Raises:
        ContractError: one is missing; the message lists missing and available ones.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ContractError(f"missing columns {missing}; available {list(frame.columns)}")


def check_counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Check what a source parsed: columns, no key twice, no infinite count.

    Raises:
        ContractError: with the first offending key.
    """
    checked_runs(frame)
    return frame[columns(COUNTS)]


def counts_in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Check what a source parsed, give it the types of a counts frame and sort it by `KEY`.

    Raises:
        ContractError: as `check_counts`.
    """
    ordered = keys.ascend(checked_runs(frame), frame["target_end_date"].to_numpy())
    types = {"target": "str", "location": "str", "target_end_date": "datetime64[s]", "observation": "float64"}
    counts = frame[columns(COUNTS)].astype(types)
    return counts.reset_index(drop=True) if ordered else counts.sort_values(KEY, ignore_index=True)


def checked_runs(frame: pd.DataFrame) -> keys.Runs:
    """Check what a source parsed, and find where in it each series is.

    Raises:
        ContractError: as `check_counts`.
    """
    require(frame, columns(COUNTS))
    if frame.empty:
        raise ContractError("no counts")
    if any(frame[name].hasnans for name in KEY):
        raise ContractError("a count without target, location or date")
    found = keys.runs(frame["target"], frame["location"])
    if not keys.ascend(found, frame["target_end_date"].to_numpy()):
        twice = frame.duplicated(KEY)
        if twice.any():
            raise ContractError(f"the same count twice: {_first_key(frame[twice])}")
    infinite = np.isinf(frame["observation"])
    if infinite.any():
        raise ContractError(f"an infinite count: {_first_key(frame[infinite])}")
    return found


def _first_key(frame: pd.DataFrame) -> str:
    row = frame.iloc[0]
    return f"{row['target']}, {row['location']}, {row['target_end_date']:%Y-%m-%d}"
