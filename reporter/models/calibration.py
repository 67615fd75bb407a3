"""Ranges held to what they promise: the distance of each quantile from the median, scaled as past ranges held."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from reporter.dates import Cadence
from reporter.models.base import History
from reporter.schema import INTERVALS, LEVELS, MEDIAN, Floats

NOMINAL = (50, 80, 95)
"""The central ranges, in percent, that are held to their promise; levels between take what lies between."""

PRIOR = 24.0
"""Reference dates of perfect ranges that are added to those on record."""

SHRINK = 96.0
"""Reference dates of the wider pool (all targets, then all horizons of a target) added to those of a narrower one."""

MOST = 1.25
"""The most that a range is widened, and one over the most that it is narrowed."""

HALF_LIFE = {Cadence.DAY: 60.0, Cadence.WEEK: 26.0}
"""Periods after which a date counts half: how wide ranges must be changes slower than who is the best."""

_Z = np.abs(special.ndtri(np.array(LEVELS)))
_KNOTS = -special.ndtri((1 - np.array(NOMINAL) / 100) / 2)


@dataclass(frozen=True)
class Factors:
    """How much wider the ranges of G targets at H horizons are to be, as logarithms.

    Attributes:
        targets: (G,) the targets that were learnt from.
        values: (G, H, K) of each range of `NOMINAL`.
        pooled: (K,) of all targets and horizons together, for a target that was not learnt from.
    """

    targets: tuple[str, ...]
    values: Floats
    pooled: Floats

    def of(self, targets: Sequence[str], horizons: int) -> Floats:
        """(S, H', 23) factors of the distance from the median, for other series."""
        known = self.values[:, np.minimum(np.arange(horizons), self.values.shape[1] - 1)]
        rows = [known[self.targets.index(one)] if one in self.targets else self.pooled for one in targets]
        logs = np.array([np.broadcast_to(row, (horizons, len(NOMINAL))) for row in rows])
        return np.exp(_between(logs.reshape(len(targets), horizons, len(NOMINAL))))


def learn(history: History, references: npt.NDArray[np.datetime64], said: Floats, truth: Floats) -> Factors:
    """The factors with which past ranges would have held as often as they should.

    For each past forecast the factor is found at which its range just holds the count: the conformity score of
    conformalized quantile regression (Romano et al. 2019, NeurIPS), relative to the width and on the log1p scale. The
    quantile of these at the nominal share is the factor at which that share would have held. Older dates count less, so
    that it follows when errors change (as adaptive conformal inference does; Gibbs & Candès 2021, NeurIPS). The
    logarithm of a factor is shrunk: over all targets and horizons towards 0, then by target, then by target and
    horizon towards the one before.

    Args:
        history: the counts as known now.
        references: (R,) datetime64[D].
        said: (R, S, H, 23) past forecasts; NaN where there is none.
        truth: (R, S, H) what came; NaN where it is not known.
    """
    targets = tuple(dict.fromkeys(history.targets))
    horizons = truth.shape[2]
    age = (history.dates[-1] - references) / np.timedelta64(history.cadence.days, "D")
    fade = 0.5 ** (age.astype(np.float64) / HALF_LIFE[history.cadence])
    values = np.zeros((len(targets), horizons, len(NOMINAL)))
    pooled = np.zeros(len(NOMINAL))
    for place, nominal in enumerate(NOMINAL):
        needed = just_held(said, truth, nominal)
        pooled[place] = _shrunk(needed, fade, nominal, PRIOR, 0.0)
        for group, target in enumerate(targets):
            mine = needed[:, [one == target for one in history.targets]]
            wider = _shrunk(mine, fade, nominal, SHRINK, pooled[place])
            for ahead in range(horizons):
                values[group, ahead, place] = _shrunk(mine[:, :, ahead], fade, nominal, SHRINK, wider)
    return Factors(targets, values, pooled)


def just_held(said: Floats, truth: Floats, nominal: int) -> Floats:
    """The factor at which each central range just holds what came.

    Args:
        said: (..., 23) counts.
        truth: (...).
        nominal: the range, in percent.

    Returns:
        (...) at least 0; NaN where nothing was said or has come, or the range has no width on the side of the count:
        no factor would make it hold.

    >>> line = np.linspace(0, 22, 23)
    >>> just_held(np.expm1(line / 10), np.expm1(np.array([1.1, 2.1])), 50).round(1).tolist()
    [0.0, 2.0]
    """
    lower, upper = INTERVALS[nominal]
    known = np.isfinite(said).all(axis=-1) & np.isfinite(truth)
    low, middle, high = (np.log1p(np.maximum(said[..., level], 0.0)) for level in (lower, MEDIAN, upper))
    off = np.log1p(np.maximum(truth, 0.0)) - middle
    width = np.where(off > 0, high - middle, middle - low)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known & (width > 0), np.abs(off) / width, np.nan)


def stretched(values: Floats, factors: Floats) -> Floats:
    """Scale the distance of each quantile from the median on the log1p scale.

    Args:
        values: (S, H, 23) counts, non-decreasing; NaN stays.
        factors: (S, H, 23) above 0.

    Returns:
        (S, H, 23) counts, non-decreasing, with the same medians.
    """
    logs = np.log1p(np.maximum(values, 0.0))
    middle = logs[..., MEDIAN, None]
    away = (logs - middle) * factors
    # Where a narrow range is widened more than a wide one, the wide one gives way: none is ever within another.
    above = np.maximum.accumulate(away[..., MEDIAN:], axis=-1)
    below = np.minimum.accumulate(away[..., MEDIAN::-1], axis=-1)[..., :0:-1]
    counts = np.expm1(middle + np.concatenate([below, above], axis=-1))
    # To a logarithm and back is not exact, and the median is to stay to the last bit.
    median = np.maximum(values[..., MEDIAN, None], 0.0)
    counts[..., : MEDIAN + 1] = np.minimum(counts[..., : MEDIAN + 1], median)
    counts[..., MEDIAN:] = np.maximum(counts[..., MEDIAN:], median)
    counts[..., MEDIAN] = median[..., 0]
    return np.asarray(np.maximum(counts, 0.0))


def _shrunk(needed: Floats, fade: Floats, nominal: int, prior: float, wider: float) -> float:
    """The logarithm of the factor of one range, shrunk towards that of a wider pool."""
    known = np.isfinite(needed)
    dates = float((known.any(axis=tuple(range(1, known.ndim))) * fade).sum())
    if not dates:
        return wider
    weights = np.broadcast_to(fade.reshape(-1, *[1] * (needed.ndim - 1)), needed.shape)[known]
    found = np.clip(_weighted_quantile(needed[known], weights, nominal / 100), 1 / MOST, MOST)
    return float((dates * np.log(found) + prior * wider) / (dates + prior))


def _weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """The least value that this share of the weight is at or below."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12)))
    return float(values[order][place])


def _between(knots: Floats) -> Floats:
    """(..., K) at the ranges of `NOMINAL` to (..., 23) at the levels: straight between, level beyond."""
    place = np.clip(np.searchsorted(_KNOTS, _Z, side="right") - 1, 0, len(_KNOTS) - 2)
    share = np.clip((_Z - _KNOTS[place]) / (_KNOTS[place + 1] - _KNOTS[place]), 0.0, 1.0)
    return np.asarray(knots[..., place] * (1 - share) + knots[..., place + 1] * share)
