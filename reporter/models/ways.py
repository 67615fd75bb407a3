"""Ways to go on from the newest counts: at their level, along a curve, or as fast as they grew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reporter.models import levels
from reporter.models.curves import Curves
from reporter.models.habits import Habits
from reporter.models.leastsquares import Bools
from reporter.models.series import Ints
from reporter.models.windows import rhythm
from reporter.schema import Floats

TRUSTS = (0.5, 1.0)
"""Shares of a curve's change that a forecast may follow; following none is a way of its own."""

HUGE = 50.0
"""No log count is above this, so that nothing overflows before the population caps it."""


@dataclass(frozen=True)
class Ways:
    """Where counts may go from R origins of S series.

    Attributes:
        logs: (K, R, S, H) log new counts by each of K ways.
        rising: (R, S) whether the curves say that counts rise, on the whole.
        families: (K,) number of the family whose curve a way follows; -1 if it follows none.
    """

    logs: Floats
    rising: Bools
    families: Ints


def ways(
    windows: Floats,
    curves: Sequence[Curves],
    floor: Floats,
    horizons: int,
    habits: Habits,
    shift: Floats | float = 0.0,
) -> Ways:
    """All ways to go on.

    Args:
        windows: (R, S, W) counts per period.
        curves: for each family R times S of them, fitted to windows.
        floor: (R S,) counts a period that are no part of the curve.
        horizons: H.
        habits: of the cadence.
        shift: as of `_change_of`.
    """
    factors = rhythm(windows, habits.season, habits.season)
    week = factors[:, :, np.arange(horizons) % habits.season]
    rate = levels.growth(windows, max(habits.season, 2), habits.steepest)
    shape = (*windows.shape[:2], horizons)
    logs: list[Floats] = []
    followed: list[int] = []
    rising = np.zeros(windows.shape[:2])
    for width in habits.starts:
        start = levels.level(windows, factors, width, robust=width < habits.season)[:, :, None] + week
        logs += [start, *(start + levels.damped(rate, horizons, width, fading) for fading in habits.fadings)]
        followed += [-1] * (1 + len(habits.fadings))
        for number, fitted in enumerate(curves):
            change = _change_of(fitted, floor, horizons, habits, width, shift).reshape(shape)
            logs += [start + trust * change for trust in TRUSTS]
            followed += [number] * len(TRUSTS)
            if width == habits.level:
                rising += change[:, :, 0]
    return Ways(np.minimum(np.stack(logs), HUGE), rising > 0, np.array(followed))


def _change_of(
    curves: Curves, floor: Floats, horizons: int, habits: Habits, width: int, shift: Floats | float = 0.0
) -> Floats:
    """(N, H) log of the curve's new counts at each horizon over its mean in the periods of the level.

    Args:
        curves: N of them, fitted to windows.
        floor: (N,) counts a period to add.
        horizons: H.
        habits: of the cadence.
        width: periods of the level.
        shift: (N,) periods from the window's end to where the forecast starts.
    """
    end = habits.window
    t = np.arange(end - 1 - width, end + horizons, dtype=np.float64)
    new = np.diff(curves.at(t + np.reshape(shift, (-1, 1))), axis=1)
    new = np.nan_to_num(new) + floor[:, None]
    new = np.maximum(new, 1e-12 * new.max(axis=1, initial=1e-288, keepdims=True))
    log = np.log(new[:, width:]) - np.log(new[:, :width].mean(axis=1, keepdims=True))
    reach = habits.steepest * (np.arange(1, horizons + 1) + width / 2)
    return np.asarray(np.clip(log, -reach, reach))
