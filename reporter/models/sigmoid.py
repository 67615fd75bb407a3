"""Our sigmoid: a logistic curve through the current wave, continued from the level the data is at."""

from dataclasses import dataclass

import numpy as np

from reporter.dates import Cadence
from reporter.models import base, spread
from reporter.models.curves import Curve, Curves, fit_curve, fit_curves
from reporter.models.leastsquares import Bools
from reporter.models.series import Ints, drawn_out, outcomes, steps, steps_since, to_horizons
from reporter.models.windows import rhythm, windows_at
from reporter.schema import LEVELS, Floats

__all__ = ["Curve", "Curves", "Sigmoid", "fit_curve", "fit_curves"]


@dataclass(frozen=True)
class Habits:
    """What differs between daily and weekly counts, in periods.

    Attributes:
        window: how far back a wave may have begun.
        shortest: the least that is fitted as a wave.
        floor: share of the least count since the wave began that is taken to be no part of it.
        level: the newest counts whose mean is where the forecast starts from.
        season: 7 for a weekly rhythm, 1 for none.
        steepest: bound of the log change a period.
        needs: counts without which a series is refused.
    """

    window: int
    shortest: int
    floor: float
    level: int
    season: int
    steepest: float
    needs: int


HABITS = {
    Cadence.DAY: Habits(window=70, shortest=21, floor=0.95, level=7, season=7, steepest=0.3, needs=14),
    Cadence.WEEK: Habits(window=26, shortest=4, floor=0.95, level=1, season=1, steepest=0.7, needs=8),
}

TRUSTS = np.linspace(0.0, 1.0, 6)
"""Shares of the curve's change that a forecast may follow: 0 stays at the level, 1 follows the curve."""

ORIGINS = (60, 120)
"""Fewest and most past origins that errors are taken from; between them, enough for `ERRORS` of all series together."""

ERRORS = 900

HUGE = 50.0
"""No log count is above this, so that nothing overflows before the population caps it."""

UNLIKE = np.log(10.0)
"""Errors made when a series stood this far below its present level, on the log scale, say little about the present."""


class Sigmoid(base.Learner):
    """A logistic curve through the current wave.

    The counts since the last trough are cumulated and a logistic curve is fitted to the sum. The curve gives the shape
    of what follows; the mean of the newest counts, with the rhythm of the week, gives the level it starts from. The
    same is done at past origins with what came before each. Their errors say what share of the curve's change to
    follow (the share with the least absolute error over all places of a target), and how wide to make the quantiles
    (`spread.offsets`). Errors and quantiles are on the log1p scale.

    The curve, the shares to follow and the errors are what it learns; level and rhythm are where a forecast starts.
    """

    def learn(self, history: base.History, horizons: int, seed: int) -> base.Learnt:  # noqa: ARG002 - the contract's
        """See `base.Model.learn`. `seed` changes nothing."""
        habits = HABITS[history.cadence]
        past = steps(history, habits.needs)
        usable = past.usable
        learnt = None
        if len(usable):
            targets = [history.targets[i] for i in usable]
            reach = horizons + int(past.age.max(initial=0))
            learnt = _learn(past.values[usable], past.cumulative[usable], targets, reach, habits)

        def tell(start: base.History) -> base.Quantiles:
            given, places = steps_since(start, habits.needs, history, past)
            values = base.empty(start, horizons + int(given.age.max(initial=0)))
            if learnt is not None and len(places):
                mine = given.usable
                moved = given.end[mine] - past.end[usable[places]]
                shift = (moved // np.timedelta64(history.cadence.days, "D")).astype(np.float64)
                values[mine] = _ahead(learnt.of(places), given.values[mine], shift, values.shape[1], habits)
            return base.Quantiles(to_horizons(values, given, start, horizons), given.refused)

        return tell


@dataclass(frozen=True)
class _Learnt:
    """What is learnt of S series.

    Attributes:
        curves: the curve through each one's current wave, in periods since the window's first.
        floor: (S,) counts a period that are no part of the wave.
        rise: (S,) share of the curve's change that is followed where it rises.
        fall: (S,) where it falls.
        noise: (S,) counting noise over proportional noise, as `spread.counting`.
        offsets: (S, H, 23) as `spread.offsets`.
        cumulative: (S,) whether a series counts everything so far.
    """

    curves: Curves
    floor: Floats
    rise: Floats
    fall: Floats
    noise: Floats
    offsets: Floats
    cumulative: Bools

    def of(self, places: Ints) -> "_Learnt":
        """The series at these places."""
        return _Learnt(
            self.curves.of(places), self.floor[places], self.rise[places], self.fall[places],
            self.noise[places], self.offsets[places], self.cumulative[places],
        )  # fmt: skip


def _ahead(learnt: _Learnt, values: Floats, shift: Floats, horizons: int, habits: Habits) -> Floats:
    """(S, H, 23) quantiles of `outcomes` after the last column of (S, T) counts per period.

    Args:
        learnt: of the same series.
        values: where the forecast starts.
        shift: (S,) periods from the last column that was learnt from to that of `values`.
        horizons: H.
        habits: of the cadence.
    """
    windows = windows_at(values, np.array([values.shape[1] - 1]), habits.window)
    _, start = _start(windows, horizons, habits)
    change = _change(learnt.curves, learnt.floor, horizons, habits, shift)
    rising = change[:, :1] > 0
    share = np.where(rising, learnt.rise[:, None], learnt.fall[:, None])
    logs = start[0] + share * change
    point = np.where(learnt.cumulative[:, None], _forecast(logs, cumulative=True), _forecast(logs, cumulative=False))
    sizes = spread.sizes(learnt.noise[:, None], point)
    offsets = drawn_out(learnt.offsets, horizons) * sizes[:, :, None]
    return np.asarray(np.expm1(np.minimum(point[:, :, None] + offsets, HUGE)))


def _learn(values: Floats, cumulative: Bools, targets: list[str], horizons: int, habits: Habits) -> _Learnt:
    """What (S, T) counts per period teach about forecasts up to `horizons` ahead."""
    s, t = values.shape
    count = int(np.clip(ERRORS // s, *ORIGINS))
    earliest = max(t - 1 - count, min(habits.shortest, t) - 1)
    origins = np.arange(t - 1, earliest - 1, -1)
    windows = windows_at(values, origins, habits.window)
    level, start = _start(windows, horizons, habits)
    total, floor = _waves(windows.reshape(-1, habits.window), habits)
    curves = fit_curves(total)
    change = _change(curves, floor, horizons, habits).reshape(len(origins), s, horizons)
    actual = np.log1p(np.moveaxis(outcomes(values, horizons, cumulative)[:, origins], 1, 0))
    actual[level < level[0] - UNLIKE] = np.nan
    offsets, (rise, fall, noise) = np.empty((s, horizons, len(LEVELS))), np.empty((3, s))
    for target in dict.fromkeys(targets):
        chosen = np.array([other == target for other in targets])
        running = bool(cumulative[chosen][0])
        point, rise[chosen], fall[chosen] = _trusted(
            start[:, chosen], change[:, chosen], actual[:, chosen], cumulative=running
        )
        errors, past = (actual[:, chosen] - point)[1:], point[1:]
        noise[chosen] = ratio = spread.counting(errors, past)
        offsets[chosen] = spread.offsets(errors / spread.sizes(ratio, past), [target] * int(chosen.sum()))
    return _Learnt(curves.of(np.arange(s)), floor[:s], rise, fall, noise, offsets, cumulative)


def _start(windows: Floats, horizons: int, habits: Habits) -> tuple[Floats, Floats]:
    """(R, S) log of the level at the end of each window, and (R, S, H) that of counts that stay at it."""
    level = np.log(np.maximum(windows[:, :, -habits.level :].mean(axis=2), 1e-9))
    return level, level[:, :, None] + rhythm(windows, horizons, habits.season)


def _trusted(start: Floats, change: Floats, actual: Floats, *, cumulative: bool) -> tuple[Floats, float, float]:
    """(R, S, H) log1p forecasts that follow the share of the curve's change that did best so far, and the two shares.

    Rises and falls each have their own share: the logistic curve is symmetric, and waves are not.
    """
    trials = np.stack([_forecast(start + trust * change, cumulative=cumulative) for trust in TRUSTS])
    loss = np.nan_to_num(np.abs(actual - trials))
    rising = np.broadcast_to(change[:, :, :1] > 0, change.shape)
    best = [loss[:, regime].sum(axis=1).argmin() for regime in (rising, ~rising)]
    rise, fall = (float(TRUSTS[number]) for number in best)
    return np.where(rising, trials[best[0]], trials[best[1]]), rise, fall


def _forecast(logs: Floats, *, cumulative: bool) -> Floats:
    """log1p of the counts whose logs are given, or of their running total."""
    counts = np.exp(logs)
    return np.asarray(np.log1p(np.cumsum(counts, axis=-1) if cumulative else counts))


def _change(curves: Curves, floor: Floats, horizons: int, habits: Habits, shift: Floats | float = 0.0) -> Floats:
    """(N, H) log of the curve's new counts at each horizon over its mean in the periods of the level.

    Args:
        curves: N of them, fitted to windows.
        floor: (N,) counts a period to add.
        horizons: H.
        habits: of the cadence.
        shift: (N,) periods from the window's end to where the forecast starts.
    """
    end = habits.window
    t = np.arange(end - 1 - habits.level, end + horizons, dtype=np.float64)
    new = np.diff(curves.at(t + np.reshape(shift, (-1, 1))), axis=1)
    new = np.nan_to_num(new) + floor[:, None]
    new = np.maximum(new, 1e-12 * new.max(axis=1, initial=1e-288, keepdims=True))
    log = np.log(new[:, habits.level :]) - np.log(new[:, : habits.level].mean(axis=1, keepdims=True))
    reach = habits.steepest * (np.arange(1, horizons + 1) + habits.level / 2)
    return np.asarray(np.clip(log, -reach, reach))


def _waves(rows: Floats, habits: Habits) -> tuple[Floats, Floats]:
    """Cumulated counts of each row since its last trough, and what was taken off each count before.

    Without taking off what was there all along, a flat series has a straight sum, the nearest logistic curve to which
    is past its midpoint: it would be forecast to fall.

    Args:
        rows: (N, W) counts per period, NaN before a series begins.
        habits: where a wave may begin, and how much is taken off.

    Returns:
        (N, W) sums, NaN before the trough, and (N,) counts taken off.
    """
    smooth = np.lib.stride_tricks.sliding_window_view(rows, habits.level, axis=1).mean(axis=2)
    smooth = np.where(np.isfinite(smooth), smooth, np.inf)
    candidates = smooth[:, : rows.shape[1] - habits.shortest + 1]
    # Of equal troughs the last one: a wave begins after the zeros before it.
    trough = candidates.shape[1] - 1 - candidates[:, ::-1].argmin(axis=1)
    lowest = np.where(np.arange(smooth.shape[1]) >= trough[:, None], smooth, np.inf).min(axis=1)
    floor = habits.floor * np.where(np.isfinite(lowest), lowest, 0.0)
    inside = (np.arange(rows.shape[1]) >= trough[:, None]) & np.isfinite(rows)
    total = np.cumsum(np.where(inside, rows - floor[:, None], 0.0), axis=1)
    return np.where(inside, total, np.nan), floor
