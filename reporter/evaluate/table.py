"""The score table: one row a model, place, reference date and horizon, against first and against latest value."""

import numpy as np
import pandas as pd
import pyarrow as pa

from reporter import score
from reporter.schema import INTERVALS, KEY, LEVELS, MEDIAN, Floats, columns, to_frame
from reporter.tasks import TASK, wide

_PARTS = ["wis", "dispersion", "overprediction", "underprediction", "absolute_error"]

SCORES = pa.schema(
    {
        "model_id": pa.string(),
        "target": pa.string(),
        "location": pa.string(),
        "reference_date": pa.date32(),
        "horizon": pa.int32(),
        "target_end_date": pa.date32(),
        "against": pa.string(),
        "live": pa.bool_(),
        "median": pa.float64(),
        "observation": pa.float64(),
        "as_of": pa.date32(),
        **dict.fromkeys(_PARTS, pa.float64()),
        **dict.fromkeys([f"log_{part}" for part in _PARTS], pa.float64()),
        **dict.fromkeys([f"covered_{nominal}" for nominal in INTERVALS], pa.float64()),
        "pit_low": pa.float64(),
        "pit_high": pa.float64(),
    }
)
"""The columns of the score table. `against` is `first` or `latest`; `as_of` is the vintage the observation is from."""

_AGAINST = pd.CategoricalDtype(["first", "latest"], ordered=True)


def score_table(
    forecasts: pd.DataFrame, first: pd.DataFrame, latest: pd.DataFrame, live: dict[pd.Timestamp, bool]
) -> pd.DataFrame:
    """Score every forecast whose period has been counted.

    Args:
        forecasts: the ledger with `model_id`.
        first: first values, in the columns of a change log.
        latest: latest values, likewise.
        live: reference date → made before the next vintage was out.

    Returns:
        A frame of `SCORES`, a task's first and latest value one after the other.
    """
    if forecasts.empty:
        return to_frame(SCORES.empty_table(), SCORES)
    tasks = wide(forecasts)
    both = [_joined(tasks[TASK], truth) for truth in (first, latest)]
    of_task = np.concatenate([found["task"].to_numpy() for found in both])
    against = np.repeat([0, 1], [len(found) for found in both])
    order = np.lexsort([against, of_task])
    rows = pd.concat(both, ignore_index=True).iloc[order].reset_index(drop=True)
    table = rows.assign(
        against=pd.Categorical.from_codes(against[order], dtype=_AGAINST).astype(str),
        live=rows["reference_date"].map(live).astype(bool),
        **_scores(tasks[list(LEVELS)].to_numpy(), rows["task"].to_numpy(), rows["observation"].to_numpy()),
    )
    return table[columns(SCORES)]


def _joined(tasks: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """The tasks whose period has been counted, with `observation`, `as_of` and their row number as `task`."""
    numbered = tasks.assign(task=np.arange(len(tasks)))
    return numbered.merge(truth[[*KEY, "observation", "as_of"]], on=KEY, how="inner")


def _scores(quantiles: Floats, task: np.ndarray, observed: Floats) -> dict[str, Floats]:
    """Every score of each observation against the quantiles (row `task`) of its forecast."""
    found: dict[str, Floats] = {}
    forecast = quantiles[task]
    for prefix, scale in (("", lambda counts: counts), ("log_", score.log_scale)):
        scaled, truth = scale(forecast), scale(observed)
        wis = score.weighted_interval_score(scaled, truth)
        error = score.absolute_error(scaled[:, MEDIAN], truth)
        found |= {f"{prefix}{name}": part for name, part in zip(_PARTS, [*wis, error], strict=True)}
    for nominal, (lower, upper) in INTERVALS.items():
        found[f"covered_{nominal}"] = score.covered(forecast[:, lower], forecast[:, upper], observed)
    found["pit_low"], found["pit_high"] = score.pit(forecast, observed)
    return found | {"median": forecast[:, MEDIAN]}
