"""Our sigmoid: a logistic curve through the current wave, continued from the level the data is at."""

from dataclasses import dataclass

import numpy as np

from reporter.dates import Cadence
from reporter.models import base, levels, mixture, spread
from reporter.models.curves import Curve, Curves, fit_curve, fit_curves
from reporter.models.logistic import Bools
from reporter.models.series import Ints, as_published, drawn_out, outcomes, steps, steps_since, to_horizons
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
        level: the newest counts whose mean smooths a wave.
        starts: numbers of newest counts whose mean a forecast may start from.
        season: 7 for a weekly rhythm, 1 for none.
        fadings: of the damped trends that a forecast may follow.
        steepest: bound of the log change a period.
        needs: counts without which a series is refused.
    """

    window: int
    shortest: int
    floor: float
    level: int
    starts: tuple[int, ...]
    season: int
    fadings: tuple[float, ...]
    steepest: float
    needs: int


HABITS = {
    Cadence.DAY: Habits(70, 21, 0.95, level=7, starts=(4, 7, 14), season=7, fadings=(0.9,), steepest=0.3, needs=14),
    Cadence.WEEK: Habits(26, 4, 0.95, level=1, starts=(1,), season=1, fadings=(0.3, 0.6), steepest=0.7, needs=8),
}

TRUSTS = (0.0, 0.5, 1.0)
"""Shares of the curve's change that a forecast may follow: 0 stays at the level, 1 follows the curve."""

ORIGINS = (60, 120)
"""Fewest and most past origins that errors are taken from; between them, enough for `ERRORS` of all series together."""

ERRORS = 900

PRIOR = 40.0
"""Past errors of its own that outweigh the size of those of all places of a target."""

HUGE = 50.0
"""No log count is above this, so that nothing overflows before the population caps it."""

UNLIKE = np.log(10.0)
"""Errors made when a series stood this far below its present level, on the log scale, say little about the present."""


class Sigmoid(base.Learner):
    """A logistic curve through the current wave.

    The counts since the last trough are cumulated and a logistic curve is fitted to the sum. The curve gives the shape
    of what follows; the mean of the newest counts, with the rhythm of the week, gives the level it starts from. How
    many counts that mean is of, what share of the curve's change to follow, or whether to follow the newest growth
    instead, damped, is mixed by how each of these ways did at past origins (`mixture.mix`), for rises and for falls of
    the curve apart. The errors of that mixture, against the counts as published, say how wide to make the quantiles
    (`spread.offsets`). Errors and quantiles are on the log1p scale.

    The curve, the weights and the errors are what it learns; level, growth and rhythm are where a forecast starts.
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
            published = as_published(history, past)[usable]
            learnt = _learn(past.values[usable], published, past.cumulative[usable], targets, reach, habits)

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
        weights: (2, K, S) of the ways to go on, where the curve falls and where it rises.
        noise: (S,) counting noise over proportional noise, as `spread.counting`.
        offsets: (S, H, 23) as `spread.offsets`.
        cumulative: (S,) whether a series counts everything so far.
    """

    curves: Curves
    floor: Floats
    weights: Floats
    noise: Floats
    offsets: Floats
    cumulative: Bools

    def of(self, places: Ints) -> "_Learnt":
        """The series at these places."""
        return _Learnt(
            self.curves.of(places), self.floor[places], self.weights[:, :, places],
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
    logs, rising = _ways(windows, learnt.curves, learnt.floor, horizons, habits, shift)
    weights = np.where(rising[0], learnt.weights[1], learnt.weights[0])
    cumulative = learnt.cumulative[:, None]
    trials = np.where(cumulative, _forecast(logs, cumulative=True), _forecast(logs, cumulative=False))[:, 0]
    point = mixture.blend(trials, weights)
    sizes = spread.sizes(learnt.noise[:, None], point)
    offsets = drawn_out(learnt.offsets, horizons) * sizes[:, :, None]
    return np.asarray(np.expm1(np.minimum(point[:, :, None] + offsets, HUGE)))


def _learn(
    values: Floats, published: Floats, cumulative: Bools, targets: list[str], horizons: int, habits: Habits
) -> _Learnt:
    """What (S, T) counts per period, treated and as published, teach about forecasts up to `horizons` ahead."""
    s, t = values.shape
    count = int(np.clip(ERRORS // s, *ORIGINS))
    earliest = max(t - 1 - count, min(habits.shortest, t) - 1)
    origins = np.arange(t - 1, earliest - 1, -1)
    windows = windows_at(values, origins, habits.window)
    total, floor = _waves(windows.reshape(-1, habits.window), habits)
    curves = fit_curves(total)
    logs, rising = _ways(windows, curves, floor, horizons, habits)
    actual = np.moveaxis(outcomes(published, horizons, cumulative)[:, origins], 1, 0)
    actual = np.log1p(np.maximum(actual, 0.0))
    level = np.log(np.maximum(windows[:, :, -habits.level :].mean(axis=2), 1e-9))
    actual[level < level[0] - UNLIKE] = np.nan
    weights = np.empty((2, len(logs), s))
    offsets, noise = np.empty((s, horizons, len(LEVELS))), np.empty(s)
    for target in dict.fromkeys(targets):
        chosen = np.array([other == target for other in targets])
        trials = _forecast(logs[:, :, chosen], cumulative=bool(cumulative[chosen][0]))
        mixed = mixture.mix(trials, actual[:, chosen], rising[:, chosen])
        weights[:, :, chosen] = mixed.weights
        errors, past = (actual[:, chosen] - mixed.points)[1:], mixed.points[1:]
        noise[chosen] = ratio = spread.counting(errors, past)
        groups = [target] * int(chosen.sum())
        offsets[chosen] = spread.offsets(errors / spread.sizes(ratio, past), groups, PRIOR)
    return _Learnt(curves.of(np.arange(s)), floor[:s], weights, noise, offsets, cumulative)


def _ways(
    windows: Floats, curves: Curves, floor: Floats, horizons: int, habits: Habits, shift: Floats | float = 0.0
) -> tuple[Floats, Bools]:
    """(K, R, S, H) log new counts by each way to go on, and (R, S) whether the curve rises.

    Args:
        windows: (R, S, W) counts per period.
        curves: R times S of them, fitted to windows.
        floor: one for each curve, counts a period.
        horizons: H.
        habits: of the cadence.
        shift: as of `_change`.
    """
    factors = rhythm(windows, habits.season, habits.season)
    week = factors[:, :, np.arange(horizons) % habits.season]
    rate = levels.growth(windows, max(habits.season, 2), habits.steepest)
    ways, shape = [], (*windows.shape[:2], horizons)
    for width in habits.starts:
        robust = width < habits.season
        start = levels.level(windows, factors, width, robust=robust)[:, :, None] + week
        change = _change(curves, floor, horizons, habits, width, shift).reshape(shape)
        ways += [start + trust * change for trust in TRUSTS]
        ways += [start + levels.damped(rate, horizons, width, fading) for fading in habits.fadings]
        if width == habits.level:
            rising = change[:, :, 0] > 0
    return np.minimum(np.stack(ways), HUGE), rising


def _forecast(logs: Floats, *, cumulative: bool) -> Floats:
    """log1p of the counts whose logs are given, or of their running total."""
    counts = np.exp(logs)
    return np.asarray(np.log1p(np.cumsum(counts, axis=-1) if cumulative else counts))


def _change(
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
