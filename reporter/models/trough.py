"""The wave under way: what was counted since the last trough."""

import numpy as np

from reporter.models.habits import Habits
from reporter.models.series import Ints
from reporter.schema import Floats


def smoothed(rows: Floats, periods: int) -> Floats:
    """(N, W - periods + 1) means of so many periods of (N, W), each in the column of its first; NaN where one is."""
    return np.asarray(np.lib.stride_tricks.sliding_window_view(rows, periods, axis=1).mean(axis=2))


def since_trough(rows: Floats, habits: Habits) -> tuple[Floats, Floats, Ints]:
    """Cumulated counts of each row since its last trough, and what was taken off each count before.

    Without taking off what was there all along, a flat series has a straight sum, the nearest logistic curve to which
    is past its midpoint: it would be forecast to fall.

    Args:
        rows: (N, W) counts per period, NaN before a series begins.
        habits: where a wave may begin, and how much is taken off.

    Returns:
        (N, W) sums, NaN before the trough, (N,) counts taken off, and (N,) the column that the wave begins at.
    """
    smooth = smoothed(rows, habits.level)
    smooth = np.where(np.isfinite(smooth), smooth, np.inf)
    candidates = smooth[:, : rows.shape[1] - habits.shortest + 1]
    # Of equal troughs the last one: a wave begins after the zeros before it.
    trough = candidates.shape[1] - 1 - candidates[:, ::-1].argmin(axis=1)
    lowest = np.where(np.arange(smooth.shape[1]) >= trough[:, None], smooth, np.inf).min(axis=1)
    floor = habits.floor * np.where(np.isfinite(lowest), lowest, 0.0)
    inside = (np.arange(rows.shape[1]) >= trough[:, None]) & np.isfinite(rows)
    total = np.cumsum(np.where(inside, rows - floor[:, None], 0.0), axis=1)
    return np.where(inside, total, np.nan), floor, inside.argmax(axis=1)
