"""Skill: how a model's scores compare with another's, on the tasks both forecast."""

import numpy as np
import pandas as pd
from scipy import special

from reporter.errors import ContractError
from reporter.schema import Floats
from reporter.tasks import TASK

BASELINE = "baseline"

_RESAMPLES = 1000
_FEWEST_BLOCKS = 5
_SEED = 20200411  # any; a figure must not change from one build to the next


def skill(scores: pd.DataFrame, baseline: str = BASELINE, value: str = "wis") -> pd.DataFrame:
    """Sum of a score of each model over that of the baseline, on the tasks both forecast.

    Args:
        scores: rows of one `against` and of live or backfilled forecasts only.
        baseline: the model_id that is 1.
        value: the score, a column such as `wis` or `log_wis`.

    Returns:
        A frame by model_id, best first: `skill` (below 1 is better; NaN where the baseline's sum is 0), `low` and
        `high` (its 90 % interval over reference dates, see `_interval`; NaN over fewer than five times as many as there
        are horizons), `tasks` (how many
        are common), `wis` and `wis_baseline` (means of `value` over those tasks). A model without a common task has no
        row.
    """
    wide = by_model(scores, value)
    if baseline not in wide:
        return pd.DataFrame(columns=["skill", "low", "high", "tasks", "wis", "wis_baseline"], dtype=float)
    horizons = scores["horizon"].nunique()
    rows = {}
    for model in wide.columns:
        both = (
            wide[[model, baseline]].to_numpy() if model != baseline else np.repeat(wide[[model]].to_numpy(), 2, axis=1)
        )
        common = ~np.isnan(both).any(axis=1)
        if common.any():
            mine, theirs = both[common].T
            dates = wide.index.get_level_values("reference_date")[common]
            low, high = _interval(mine, theirs, dates, horizons)
            rows[model] = {
                "skill": _ratio(mine.sum(), theirs.sum()),
                "low": low,
                "high": high,
                "tasks": len(mine),
                "wis": mine.mean(),
                "wis_baseline": theirs.mean(),
            }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("model_id").astype({"tasks": int})
    return table.sort_values(["skill", "tasks"], kind="stable")


def pairwise_skill(scores: pd.DataFrame, baseline: str | None = None, value: str = "wis") -> pd.DataFrame:
    """Relative skill of models that missed different tasks: the geometric mean of their ratios to each other.

    For models i and j the ratio θ_ij is the sum of i's score over that of j, on the tasks both forecast; a model's
    relative skill is the geometric mean of θ_ij over all j, itself (θ_ii = 1) included (Cramer et al. 2022, PNAS
    119(15) e2113561119, "Forecast evaluation"). Divided by the baseline's it is 1 for the baseline. A pair without a
    common task, or with a sum of 0, is left out of the mean.

    Args:
        scores: rows of one target and one `against`, of live or backfilled forecasts only.
        baseline: the model_id that is to be 1; None leaves the geometric means as they are.
        value: the score, a column such as `wis` or `log_wis`.

    Returns:
        A frame by model_id, best first: `relative_skill`, `pairs` (models it was compared with), `tasks`.
    """
    wide = by_model(scores, value)
    values = wide.to_numpy()
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)
    # sums[i, j]: what i scored on the tasks it has in common with j
    sums = filled.T @ there
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(sums) - np.log(sums.T)
    logs[~np.isfinite(logs)] = np.nan
    compared = ~np.isnan(logs)
    means = np.full(len(logs), np.nan)
    some = compared.any(axis=1)
    means[some] = np.nansum(logs[some], axis=1) / compared[some].sum(axis=1)
    if baseline is not None:
        means = means - (means[wide.columns.get_loc(baseline)] if baseline in wide else np.nan)
    np.fill_diagonal(compared, val=False)
    table = pd.DataFrame(
        {"relative_skill": np.exp(means), "pairs": compared.sum(axis=1), "tasks": there.sum(axis=0)}, index=wide.columns
    )
    return table.sort_values(["relative_skill", "tasks"], kind="stable")


def by_model(scores: pd.DataFrame, value: str) -> pd.DataFrame:
    """A score by task (rows, sorted) and model (columns), NaN where a model did not forecast a task.

    Raises:
        ContractError: a model has two scores for one task.
    """
    # Whole numbers sort and meet several times quicker than the index that `unstack` would build of a million rows.
    found = [pd.factorize(scores[name], sort=True) for name in TASK[1:]]
    sizes = [len(level) for _, level in found]
    key = np.ravel_multi_index([codes for codes, _ in found], sizes) if len(scores) else np.empty(0, np.int64)
    rows, keys = pd.factorize(key, sort=True)
    models, names = pd.factorize(scores["model_id"], sort=True)
    table = np.full((len(keys), len(names)), np.nan)
    table[rows, models] = scores[value].to_numpy()
    cells = np.zeros(table.shape, dtype=bool)
    cells[rows, models] = True
    if cells.sum() != len(scores):
        raise ContractError("two scores of one model for one task")
    places = np.unravel_index(keys, sizes) if len(scores) else [np.empty(0, np.int64) for _ in sizes]
    levels = [level.take(place) for (_, level), place in zip(found, places, strict=True)]
    tasks = pd.MultiIndex.from_arrays(levels, names=TASK[1:])
    return pd.DataFrame(table, index=tasks, columns=pd.Index(names, name="model_id"))


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator > 0 else float("nan")


def _interval(mine: Floats, theirs: Floats, dates: pd.Index, horizons: int) -> tuple[float, float]:
    """The 90 % interval of sum(mine) / sum(theirs) over resampled reference dates; NaN over too few.

    A circular block bootstrap (Politis & Romano 1992): the forecasts of neighbouring dates share periods, as many as
    there are horizons, and are drawn together in blocks of two times that length, or less where dates are few. Places
    of a date always stay together. Few blocks tell little of their own spread: the interval of the logarithm is widened
    as Student's is beside the normal's, and by sqrt(n / (n - 1)) over n blocks.
    """
    codes, uniques = pd.factorize(dates, sort=True)
    count = len(uniques)
    block = min(2 * horizons, count // _FEWEST_BLOCKS)
    blocks = count / max(block, 1)
    if block < horizons:
        return float("nan"), float("nan")
    sums = np.stack([np.bincount(codes, weights=one, minlength=count) for one in (mine, theirs)])
    if not (sums.sum(axis=1) > 0).all():
        return float("nan"), float("nan")
    generator = np.random.default_rng(_SEED)
    starts = generator.integers(count, size=(_RESAMPLES, -(-count // block)))
    drawn = ((starts[:, :, None] + np.arange(block)) % count).reshape(_RESAMPLES, -1)[:, :count]
    resampled = sums[:, drawn].sum(axis=2)
    kept = (resampled > 0).all(axis=0)
    logs = np.log(resampled[0][kept]) - np.log(resampled[1][kept])
    middle = np.log(sums[0].sum() / sums[1].sum())
    wider = special.stdtrit(blocks - 1, 0.95) / special.ndtri(0.95) * np.sqrt(blocks / (blocks - 1))
    low, high = np.exp(middle + (np.quantile(logs, [0.05, 0.95]) - middle) * wider)
    return float(low), float(high)
