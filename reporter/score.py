"""Scores of arrays of quantile forecasts. Pure functions, no frames."""

import numpy as np
import numpy.typing as npt

from reporter.schema import LEVELS, Floats


def wis(quantiles: Floats, observed: Floats, levels: tuple[float, ...] = LEVELS) -> Floats:
    r"""Weighted interval score: twice the pinball loss, averaged over the levels.

    .. math:: \mathrm{WIS} = \frac{1}{Q} \sum_q 2\,(1\{y \le z_q\} - q)(z_q - y)

    which for levels symmetric about the median equals the weighted sum of interval scores
    (Bracher et al. 2021, PLOS Comput Biol 17(2) e1008618, eq. 2 and section 2.2).

    Args:
        quantiles: (N, Q), non-decreasing in the last axis, in the unit of the counts.
        observed: (N,); NaN gives NaN.
        levels: (Q,) in (0, 1).

    Returns:
        (N,) scores in the unit of the counts; 0 is best.

    >>> wis(np.array([[8.0, 10.0, 12.0]]), np.array([13.0]), (0.25, 0.5, 0.75))
    array([2.33333333])
    """
    q = np.asarray(levels)
    error = quantiles - observed[:, None]
    return np.asarray(2 * np.where(error >= 0, (1 - q) * error, -q * error).mean(axis=1))


def absolute_error(median: Floats, observed: Floats) -> Floats:
    """(N,) distance of the forecast median from what was counted, in its unit; NaN stays NaN."""
    return np.abs(median - observed)


def covered(lower: Floats, upper: Floats, observed: Floats) -> npt.NDArray[np.float64]:
    """(N,) 1.0 where lower ≤ observed ≤ upper, 0.0 where not, NaN where nothing was observed."""
    inside = (lower <= observed) & (observed <= upper)
    return np.where(np.isnan(observed), np.nan, inside.astype(np.float64))
