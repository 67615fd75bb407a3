"""The ledger against the truth: one row a model, place, reference date and horizon."""

import numpy as np
import pandas as pd
import pyarrow as pa

from reporter import score
from reporter.schema import INTERVALS, KEY, LEVELS, MEDIAN, columns, to_frame

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
        "wis": pa.float64(),
        "absolute_error": pa.float64(),
        "covered_50": pa.float64(),
        "covered_80": pa.float64(),
        "covered_95": pa.float64(),
    }
)
"""The columns of `scores.parquet`. `against` is `first` or `latest`; `as_of` is the vintage the observation is from."""

TASK = ["model_id", "target", "location", "reference_date", "horizon", "target_end_date"]


def wide(forecasts: pd.DataFrame) -> pd.DataFrame:
    """One row a task and 23 columns, the levels, from the ledger's long rows.

    Every task has all its levels, so its sorted rows reshape.
    """
    ordered = forecasts.sort_values([*TASK, "output_type_id"], ignore_index=True)
    values = ordered["value"].to_numpy().reshape(-1, len(LEVELS))
    tasks = ordered.iloc[:: len(LEVELS)][TASK].reset_index(drop=True)
    return pd.concat([tasks, pd.DataFrame(values, columns=list(LEVELS))], axis=1)


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
        A frame of `SCORES`, for first and latest values each.
    """
    if forecasts.empty:
        return to_frame(SCORES.empty_table(), SCORES)
    tasks = wide(forecasts)
    tables = [_scored(tasks, truth, against) for against, truth in (("first", first), ("latest", latest))]
    table = pd.concat(tables, ignore_index=True)
    table["live"] = table["reference_date"].map(live).astype(bool)
    return table[columns(SCORES)]


def _scored(tasks: pd.DataFrame, truth: pd.DataFrame, against: str) -> pd.DataFrame:
    joined = tasks.merge(truth, on=KEY, how="inner")
    quantiles = joined[list(LEVELS)].to_numpy()
    observed = joined["observation"].to_numpy()
    table = joined[[*TASK, "observation", "as_of"]].assign(
        against=against,
        median=quantiles[:, MEDIAN],
        wis=score.wis(quantiles, observed),
        absolute_error=score.absolute_error(quantiles[:, MEDIAN], observed),
    )
    for nominal, (lower, upper) in INTERVALS.items():
        table[f"covered_{nominal}"] = score.covered(quantiles[:, lower], quantiles[:, upper], observed)
    return table


def skill(scores: pd.DataFrame, baseline: str = "baseline") -> pd.DataFrame:
    """Mean WIS of each model over that of the baseline, on the tasks both forecast.

    Args:
        scores: rows of one `against` and of live or backfilled forecasts only.

    Returns:
        A frame indexed by model_id: `skill` (below 1 is better; NaN where the baseline's
        mean WIS is 0 or nothing is common), `tasks` (how many are common), `covered_50`,
        `covered_95` (shares over those tasks).
    """
    task = TASK[1:]
    base = scores.loc[scores["model_id"] == baseline, [*task, "wis"]]
    common = scores.merge(base, on=task, suffixes=("", "_baseline"))
    groups = common.groupby("model_id")
    table = groups.agg(
        wis=("wis", "mean"),
        wis_baseline=("wis_baseline", "mean"),
        tasks=("wis", "size"),
        covered_50=("covered_50", "mean"),
        covered_95=("covered_95", "mean"),
    )
    positive = table["wis_baseline"].where(table["wis_baseline"] > 0, np.nan)
    return table.assign(skill=table["wis"] / positive)[["skill", "tasks", "covered_50", "covered_95"]]
