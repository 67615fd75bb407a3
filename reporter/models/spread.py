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


def offsets(errors: Floats, groups: Sequence[object], prior: float = 8.0) -> Floats:
    """Turn past errors into quantiles of the next one, around 0.

    Errors are first divided by their series' mean size, itself shrunk towards that of its group, then pooled over the
    group; quantiles of the pool, times the series' size, are the offsets. The pool is mirrored, so that past bias
    is not forecast to go on: the median is exactly 0 and offsets of levels p and 1 - p differ in sign only. A quantile
    beyond the sample is the largest error seen: ranks are those of split conformal prediction, (n + 1) p
    (Vovk et al. 2005; Lei et al. 2018, eq. 2).

    A horizon with under `ENOUGH` errors takes those of the nearest shorter one, widened by the square root of the
    ratio of the two, as of a random walk. Where there are none at all, offsets are 0.

    Args:
        errors: (R, S, H) actual less forecast at R past origins, on a scale on which errors are comparable (log1p);
            NaN where not known.
        groups: (S,) the pool each series belongs to.
        prior: how many errors of its own outweigh the group's mean size.

    Returns:
        (S, H, 23) offsets on the scale of `errors`, non-decreasing in level.
    """
    size = np.abs(errors)
    result = np.zeros((*size.shape[1:], len(LEVELS)))
    for group in dict.fromkeys(groups):
        members = np.array([other == group for other in groups])
        result[members] = _pooled(size[:, members], prior)
    return result


def widened(offsets: Floats, tail: float) -> Floats:
    """(..., 23) offsets up to `tail` times as far out: none of it for ranges up to 70 %, all of it from 95 % on."""
    covered = np.abs(2 * np.array(LEVELS) - 1)
    return np.asarray(offsets * (1 + (tail - 1) * np.clip((covered - 0.7) / 0.25, 0.0, 1.0)))


def noise(errors: Floats, points: Floats) -> Floats:
    """How the size of errors on the log1p scale goes with the count that was forecast, up to a factor.

    Few counts err more than many: the variance of log1p(y) about its forecast is taken to be a + b / (1 + forecast),
    a for errors in proportion and b for counting noise (b = 1 for Poisson counts). Both are fitted by least squares,
    neither below 0, to the squared errors of all series together.

    Args:
        errors: (R, S, H) actual less forecast at past origins, log1p scale; NaN where not known.
        points: (R', S, H) forecasts on that scale; the last R are those that erred.

    Returns:
        (R', S, H) relative sizes, 1 for a count without end.
    """
    return sizes(counting(errors, points[-len(errors) :]), points)


def counting(errors: Floats, points: Floats) -> float:
    """B / a of `noise`: how much counting noise there is for each part of proportional noise.

    Args:
        errors: (R, S, H) as of `noise`.
        points: (R, S, H) the forecasts that erred.
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
    """Relative sizes of errors about forecasts on the log1p scale, from b / a; see `noise`."""
    return np.asarray(np.sqrt(1 + ratio * np.exp(-points)))


def _pooled(size: Floats, prior: float) -> Floats:
    """(S, H, 23) offsets of one group from (R, S, H) sizes of its errors."""
    levels = np.array(LEVELS)
    result = np.zeros((*size.shape[1:], len(levels)))
    source = -1
    for h in range(size.shape[2]):
        known = np.isfinite(size[:, :, h])
        if known.sum() >= ENOUGH:
            source = h
            result[:, h] = _one_horizon(np.where(known, size[:, :, h], 0.0), known, levels, prior)
        elif source >= 0:
            result[:, h] = result[:, source] * np.sqrt((h + 1) / (source + 1))
    return result


def _one_horizon(size: Floats, known: npt.NDArray[np.bool_], levels: Floats, prior: float) -> Floats:
    """(S, 23) offsets at one horizon from (R, S) sizes, 0 where not known."""
    count = known.sum(axis=0)
    scale = (size.sum(axis=0) + prior * size.sum() / known.sum()) / (count + prior)
    relative = (size / np.where(scale > 0, scale, 1.0))[known]
    # Rounded, so that levels p and 1 - p have the very same rank.
    share = np.abs(2 * levels - 1).round(9)
    rank = np.minimum(share * (1 + 1 / len(relative)), 1.0)
    return np.asarray(np.sign(levels - 0.5) * np.quantile(relative, rank) * scale[:, None])
