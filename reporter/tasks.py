"""Quantile forecasts as long rows, one a level, and as tasks, one row with a column for each level."""

import numpy as np
import pandas as pd

from reporter.schema import LEVELS

TASK = ["model_id", "target", "location", "reference_date", "horizon", "target_end_date"]
"""What one forecast is of, and whose."""


def wide(forecasts: pd.DataFrame) -> pd.DataFrame:
    """One row a task and 23 columns, the levels, from long rows.

    Args:
        forecasts: hub columns and `model_id`; every task has all its levels. As they lie in the ledger's files, one
            after another, they reshape without sorting.
    """
    if not in_blocks(forecasts):
        forecasts = forecasts.sort_values([*TASK, "output_type_id"])
    values = forecasts["value"].to_numpy().reshape(-1, len(LEVELS))
    tasks = forecasts[TASK].iloc[:: len(LEVELS)].reset_index(drop=True)
    return pd.concat([tasks, pd.DataFrame(values, columns=list(LEVELS))], axis=1)


def in_blocks(forecasts: pd.DataFrame) -> bool:
    """Whether each task's levels lie together, rising, and none is missing."""
    if len(forecasts) % len(LEVELS):
        return False
    if (forecasts["output_type_id"].to_numpy().reshape(-1, len(LEVELS)) != np.array(LEVELS)).any():
        return False
    for name in TASK:
        column = forecasts[name].array
        changes = np.flatnonzero(column[1:] != column[:-1]) + 1
        if (changes % len(LEVELS)).any():
            return False
    return True
