"""Calibration: whether ranges hold as often as they say."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from reporter.schema import INTERVALS, Floats

_BAND = 0.95


def coverage(scores: pd.DataFrame) -> pd.DataFrame:
    """How often each central range held, beside how often it could by chance.

    Args:
        scores: rows of one `against` and of live or backfilled forecasts only.

    Returns:
        A frame by model_id and nominal coverage in percent: `held`, `tasks`, `share`, and `low` and `high`: the
        central 95 % of shares if each range held with its nominal chance, independently (a binomial). Tasks of
        neighbouring places and periods go wrong together: a share outside the band by little is no proof.
    """
    parts = []
    for nominal in INTERVALS:
        held = scores.groupby("model_id")[f"covered_{nominal}"].agg(held="sum", tasks="count")
        parts.append(held.assign(nominal=nominal).set_index("nominal", append=True))
    table: pd.DataFrame = pd.concat(parts).sort_index()
    table = table[table["tasks"] > 0].astype({"held": int})
    tasks, chance = table["tasks"].to_numpy(), table.index.get_level_values("nominal").to_numpy() / 100
    low, high = _binomial(tasks, chance)
    return table.assign(share=table["held"] / tasks, low=low / tasks, high=high / tasks)


def pit_histogram(scores: pd.DataFrame, bins: int = 10) -> tuple[Floats, int]:
    """Where in their forecasts the observations fell: a flat histogram is well calibrated.

    A hump in the middle says that ranges are too wide, a U that they are too narrow, a slope that forecasts are too
    high (falling) or too low (rising). Each task spreads its mass evenly from `pit_low` to `pit_high` (`score.pit`).

    Args:
        scores: rows of one model, of one `against`, live or backfilled.

    Returns:
        (bins,) shares that add up to 1, or NaN without a task; and the number of tasks.
    """
    low, high = scores["pit_low"].to_numpy(), scores["pit_high"].to_numpy()
    seen = ~np.isnan(low)
    low, high = low[seen], high[seen]
    if not len(low):
        return np.full(bins, np.nan), 0
    edges = np.linspace(0, 1, bins + 1)
    inside = np.clip(np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1]), 0, None)
    return (inside / (high - low)[:, None]).mean(axis=0), len(low)


def pit_band(tasks: int, bins: int = 10) -> tuple[float, float]:
    """The central 95 % of a histogram bar's share over `tasks` independent, perfectly calibrated forecasts."""
    low, high = _binomial(np.array([tasks]), np.array([1 / bins]))
    return float(low[0]) / tasks, float(high[0]) / tasks


def _binomial(tasks: npt.NDArray[np.int64], chance: Floats) -> tuple[Floats, Floats]:
    """The central range of a binomial's counts that holds `_BAND` of it; `scipy.stats` would take a second to load."""
    ends = []
    for level in ((1 - _BAND) / 2, (1 + _BAND) / 2):
        found = np.ceil(special.bdtrik(level, tasks, chance))
        less = np.maximum(found - 1, 0)
        ends.append(np.where(special.bdtr(less, tasks, chance) >= level, less, found))
    return ends[0], ends[1]
