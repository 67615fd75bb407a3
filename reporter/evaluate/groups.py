"""Scores beside the baseline's in groups: by horizon and by reference date."""

import numpy as np
import pandas as pd

from reporter.evaluate.skill import BASELINE, by_model

TOTALS = ["tasks", "total", "total_baseline"]


def common_totals(scores: pd.DataFrame, baseline: str = BASELINE, value: str = "wis") -> pd.DataFrame:
    """Sum a score over the tasks that each model shares with the baseline, by horizon and reference date.

    Totals of several groups add up, and the skill of any union of them is `total / total_baseline`.

    Args:
        scores: rows of one target and one `against`, of live or backfilled forecasts only.
        baseline: the model_id that skill is measured against.
        value: the score, a column such as `wis` or `log_wis`.

    Returns:
        A frame with model_id, horizon, reference_date, `tasks`, `total` and `total_baseline` (the baseline's score
        on the same tasks); a row for each group with a task.
    """
    wide = by_model(scores, value)
    if baseline not in wide:
        return pd.DataFrame(columns=["model_id", "horizon", "reference_date", *TOTALS])
    horizons, horizon_names = pd.factorize(wide.index.get_level_values("horizon"), sort=True)
    dates, date_names = pd.factorize(wide.index.get_level_values("reference_date"), sort=True)
    cells = horizons * len(date_names) + dates
    theirs = wide[baseline].to_numpy()
    parts = []
    for model in wide.columns:
        mine = wide[model].to_numpy()
        common = ~np.isnan(mine) & ~np.isnan(theirs)
        where, size = cells[common], len(horizon_names) * len(date_names)
        sums = [np.bincount(where, weights, minlength=size) for weights in (None, mine[common], theirs[common])]
        seen = np.flatnonzero(sums[0])
        part = pd.DataFrame(dict(zip(TOTALS, (one[seen] for one in sums), strict=True)))
        part.insert(0, "reference_date", date_names[seen % len(date_names)])
        part.insert(0, "horizon", horizon_names[seen // len(date_names)])
        part.insert(0, "model_id", str(model))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
