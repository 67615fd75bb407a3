"""Where a forecast starts: the level of the newest counts, and how fast it has been changing."""

import numpy as np

from reporter.models.windows import winsorised
from reporter.schema import Floats

FEWEST = 0.5
"""Counts that are added before logs of single counts are compared."""

NEAR = 0.05
"""Within this of their median, on the log scale, no count is odd."""

ODD = 2.0
"""Beyond that, this many median absolute deviations."""

LEAST = 1e-9
"""No level is below this, so that it has a log."""


def level(windows: Floats, factors: Floats, width: int, *, robust: bool) -> Floats:
    """Log of the mean of the newest counts, each taken as its share of the rhythm.

    Args:
        windows: (R, S, W) counts per period up to an origin, NaN before a series begins.
        factors: (R, S, season) log factor of each phase, that of the next period first.
        width: newest counts that it is the mean of.
        robust: whether counts that are odd beside the others are drawn in first: of three or four, one weighs much.

    Returns:
        (R, S).
    """
    width = min(width, windows.shape[2])
    season = factors.shape[2]
    phases = np.exp(factors[:, :, np.arange(-width, 0) % season])
    newest = windows[:, :, -width:]
    known = np.isfinite(newest)
    counts = np.where(known, newest, 0.0)
    if robust:
        logs = winsorised(np.log((counts + FEWEST) / phases), known.astype(np.float64), ODD, NEAR)
        counts = np.where(known, np.maximum(np.exp(logs) * phases - FEWEST, 0.0), 0.0)
    total = counts.sum(axis=2) / np.maximum((known * phases).sum(axis=2), LEAST)
    return np.asarray(np.log(np.maximum(total, LEAST)))


def growth(windows: Floats, span: int, steepest: float) -> Floats:
    """(R, S) log growth a period, from one `span` of periods to the next.

    Nothing spreads faster than `steepest`: beyond it reporting has changed, which says nothing of what follows, and the
    growth is taken to be 0.

    Args:
        windows: (R, S, W) as of `level`.
        span: a whole season, so that the rhythm falls out.
        steepest: bound of the growth.
    """
    if windows.shape[2] < 2 * span:
        return np.zeros(windows.shape[:2])
    newest, before = windows[:, :, -span:].mean(axis=2), windows[:, :, -2 * span : -span].mean(axis=2)
    rate = np.log((newest + FEWEST) / (before + FEWEST)) / span
    return np.where(np.abs(rate) <= steepest, rate, 0.0)


def damped(rate: Floats, horizons: int, width: int, fading: float) -> Floats:
    """(..., H) log change from the middle of the newest `width` counts on, at a rate that fades from period to period.

    A damped trend (Gardner & McKenzie 1985, Manag. Sci. 31:1237) on the log scale: the h-th period adds
    fading^(h - 1) of the rate. In theirs the first one fades already.

    Args:
        rate: (...) log growth a period.
        horizons: H.
        width: of the level that the change is added to.
        fading: 1 goes on for ever.
    """
    return np.asarray(rate[..., None] * ((width - 1) / 2 + np.cumsum(fading ** np.arange(horizons))))
