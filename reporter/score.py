"""Scores of arrays of quantile forecasts. Pure functions, no frames."""

from typing import NamedTuple

import numpy as np

from reporter.schema import LEVELS, Floats


class Wis(NamedTuple):
    """The weighted interval score and the three parts that add up to it; each (N,), in the unit of the counts.

    Attributes:
        total: 0 is best.
        dispersion: how wide the ranges were.
        overprediction: the penalty for what was forecast too high.
        underprediction: the penalty for what was forecast too low.
    """

    total: Floats
    dispersion: Floats
    overprediction: Floats
    underprediction: Floats


def weighted_interval_score(quantiles: Floats, observed: Floats, levels: tuple[float, ...] = LEVELS) -> Wis:
    r"""Weighted interval score with its parts.

    With K central ranges [l_k, u_k] of nominal coverage 1 - a_k and the median m,

    .. math:: \mathrm{WIS} = \frac{1}{K + 1/2} \Big( \tfrac12 |y - m| + \sum_k
        \tfrac{a_k}{2} (u_k - l_k) + (l_k - y)_+ + (y - u_k)_+ \Big)

    (Bracher et al. 2021, PLOS Comput Biol 17(2) e1008618, eq. 2 with weights a_k / 2). The terms in u_k - l_k are the
    dispersion; those above the observation, the median's half included, the overprediction; those below it the
    underprediction. It equals twice the pinball loss, averaged over the levels (ibid., section 2.2).

    Args:
        quantiles: (N, Q), non-decreasing in the last axis, in the unit of the counts.
        observed: (N,); NaN gives NaN.
        levels: (Q,) in (0, 1), symmetric about a median.

    Raises:
        ValueError: the levels are not symmetric about 0.5, or it is not among them.

    >>> parts = weighted_interval_score(np.array([[8.0, 10.0, 12.0]]), np.array([13.0]), (0.25, 0.5, 0.75))
    >>> [float(part[0].round(3)) for part in parts]
    [2.333, 0.667, 0.0, 1.667]
    """
    q = np.asarray(levels)
    middle = len(q) // 2
    if len(q) % 2 == 0 or not np.allclose(q + q[::-1], 1) or (np.diff(q) <= 0).any():
        raise ValueError(f"levels must rise and be symmetric about 0.5: {levels}")
    whole = middle + 0.5
    seen = np.where(np.isnan(observed), np.nan, 0.0)
    dispersion = (quantiles[:, :middle:-1] - quantiles[:, :middle]) @ q[:middle] / whole + seen
    above = quantiles[:, : middle + 1] - observed[:, None]
    below = observed[:, None] - quantiles[:, middle:]
    over, under = np.maximum(above, 0, out=above), np.maximum(below, 0, out=below)
    weights = np.ones(middle + 1)
    weights[-1] = 0.5
    overprediction, underprediction = over @ weights / whole, under @ weights[::-1] / whole
    return Wis(dispersion + overprediction + underprediction, dispersion, overprediction, underprediction)


def absolute_error(median: Floats, observed: Floats) -> Floats:
    """(N,) distance of the forecast median from what was counted, in its unit; NaN stays NaN."""
    return np.abs(median - observed)


def covered(lower: Floats, upper: Floats, observed: Floats) -> Floats:
    """(N,) 1.0 where lower ≤ observed ≤ upper, 0.0 where not, NaN where nothing was observed."""
    inside = (lower <= observed) & (observed <= upper)
    return np.where(np.isnan(observed), np.nan, inside.astype(np.float64))


def log_scale(counts: Floats) -> Floats:
    """log(1 + count), any shape: the scale on which scores measure relative errors.

    Negative counts, which corrections leave, are taken as 0 (Bosse et al. 2023, PLOS Comput Biol 19(8) e1011393).
    """
    return np.log1p(np.maximum(counts, 0))


def pit(quantiles: Floats, observed: Floats, levels: tuple[float, ...] = LEVELS) -> tuple[Floats, Floats]:
    """Between which levels the observation fell in its forecast: the probability integral transform, as a range.

    A count between two quantiles lies between their levels. A count that equals quantiles covers their levels and half
    the gap to the next on each side, as the jump of a distribution of whole numbers does on average (the non-randomised
    PIT of Czado, Gneiting & Held 2009, Biometrics 65, eq. 2, spreads its mass evenly over that range).

    Args:
        quantiles: (N, Q), non-decreasing in the last axis.
        observed: (N,); NaN gives NaN.
        levels: (Q,) in (0, 1), rising.

    Returns:
        Two (N,) arrays, where the range begins and ends, in [0, 1].

    >>> pit(np.array([[8.0, 10.0, 12.0]] * 2), np.array([11.0, 10.0]), (0.25, 0.5, 0.75))
    (array([0.5  , 0.375]), array([0.75 , 0.625]))
    """
    edges = np.concatenate([[0.0], levels, [1.0]])
    below = (quantiles < observed[:, None]).sum(axis=1)
    through = (quantiles <= observed[:, None]).sum(axis=1)
    middles = (edges[:-1] + edges[1:]) / 2
    met = through > below
    low = np.where(met, middles[below], edges[below])
    high = np.where(met, middles[through], edges[below + 1])
    seen = np.where(np.isnan(observed), np.nan, 0.0)
    return low + seen, high + seen
