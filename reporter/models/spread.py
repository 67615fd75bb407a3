"""From a method's own past errors to the width of its next forecast."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from reporter.schema import LEVELS, Floats

OUTLYING = 0.98
"""Squared errors beyond this quantile are cut to it when the noise is fitted: one dump must not set it."""

STEEPEST = 1e4
"""Bound of counting noise over proportional noise."""

ENOUGH = 4
"""Fewer past errors than this say nothing about a horizon; it borrows from a shorter one."""


def offsets(errors: Floats, groups: Sequence[object], prior: float = 8.0, mirrored: float = 1.0) -> Floats:
    """Turn past errors into quantiles of the next one, around 0.

    Errors are first divided by their series' mean size, itself shrunk towards that of its group, then pooled over the
    group; quantiles of the pool, times the series' size, are the offsets. Past bias is not forecast to go on: the
    median is exactly 0. How far the next error may be above it is taken from the errors above 0, and from those below
    0 with the weight `mirrored`; and the other way round. At 1 offsets of levels p and 1 - p differ in sign only. A
    quantile beyond the sample is the largest error seen: ranks are those of split conformal prediction, (n + 1) p
    (Vovk et al. 2005; Lei et al. 2018, eq. 2).

    A horizon with under `ENOUGH` errors takes those of the nearest shorter one, widened by the square root of the
    ratio of the two, as of a random walk. Where there are none at all, offsets are 0.

    Args:
        errors: (R, S, H) actual less forecast at R past origins, on a scale on which errors are comparable (log1p);
            NaN where not known.
        groups: (S,) the pool each series belongs to.
        prior: how many errors of its own outweigh the group's mean size.
        mirrored: weight of the errors of the other side, 0 to 1.

    Returns:
        (S, H, 23) offsets on the scale of `errors`, non-decreasing in level.
    """
    result = np.zeros((*errors.shape[1:], len(LEVELS)))
    for group in dict.fromkeys(groups):
        members = np.array([other == group for other in groups])
        result[members] = _pooled(errors[:, members], prior, mirrored)
    return result


def widened(offsets: Floats, tail: float) -> Floats:
    """(..., 23) offsets up to `tail` times as far out: none of it for ranges up to 70 %, all of it from 95 % on."""
    covered = np.abs(2 * np.array(LEVELS) - 1)
    return np.asarray(offsets * (1 + (tail - 1) * np.clip((covered - 0.7) / 0.25, 0.0, 1.0)))


def counting(errors: Floats, points: Floats) -> float:
    """How much counting noise there is for each part of proportional noise.

    Few counts err more than many: the variance of log1p(y) about its forecast is taken to be a + b / (1 + forecast),
    a for errors in proportion and b for counting noise (b = 1 for Poisson counts). Both are fitted by least squares,
    neither below 0, to the squared errors of all series together. Returns b / a.

    Args:
        errors: (R, S, H) actual less forecast at past origins, log1p scale; NaN where not known.
        points: (R, S, H) the forecasts that erred, on that scale.
    """
    known = np.isfinite(errors)
    if not known.any():
        return 0.0
    squares = errors[known] ** 2
    squares = np.minimum(squares, np.quantile(squares, OUTLYING))
    terms = np.stack([np.ones(len(squares)), np.exp(-points)[known]], axis=1)
    (a, b), _ = nnls(terms, squares)
    return float(min(b / max(a, 1e-9), STEEPEST))


def sizes(ratio: float | Floats, points: Floats) -> Floats:
    """Relative sizes of errors about forecasts on the log1p scale, from b / a of `counting`: 1 for endless counts."""
    return np.asarray(np.sqrt(1 + ratio * np.exp(-points)))


def _pooled(errors: Floats, prior: float, mirrored: float) -> Floats:
    """(S, H, 23) offsets of one group from (R, S, H) errors."""
    result = np.zeros((*errors.shape[1:], len(LEVELS)))
    source = -1
    for h in range(errors.shape[2]):
        known = np.isfinite(errors[:, :, h])
        if known.sum() >= ENOUGH:
            source = h
            result[:, h] = _one_horizon(np.where(known, errors[:, :, h], 0.0), known, prior, mirrored)
        elif source >= 0:
            result[:, h] = result[:, source] * np.sqrt((h + 1) / (source + 1))
    return result


def _one_horizon(errors: Floats, known: npt.NDArray[np.bool_], prior: float, mirrored: float) -> Floats:
    """(S, 23) offsets at one horizon from (R, S) errors, 0 where not known."""
    levels, count, size = np.array(LEVELS), known.sum(axis=0), np.abs(errors)
    scale = (size.sum(axis=0) + prior * size.sum() / known.sum()) / (count + prior)
    relative = (errors / np.where(scale > 0, scale, 1.0))[known]
    relative = relative[np.argsort(np.abs(relative), kind="stable")]
    # Rounded, so that levels p and 1 - p have the very same rank.
    share = np.abs(2 * levels - 1).round(9)
    rank = np.minimum(share * (1 + 1 / len(relative)), 1.0)
    result = np.zeros(len(levels))
    for sign in (-1.0, 1.0):
        weight = np.where(relative * sign < 0, mirrored, 1.0)
        below = np.cumsum(weight) - weight
        side = np.sign(levels - 0.5) == sign
        if below[-1] > 0:
            result[side] = sign * np.interp(rank[side], below / below[-1], np.abs(relative))
    return np.asarray(result * scale[:, None])
