"""Our sigmoid: curves through the current wave, continued from the level the data is at."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from reporter.dates import Cadence
from reporter.models import base, mixture, spread, wave
from reporter.models.curves import Curve, Curves, fit_curve, fit_curves
from reporter.models.habits import HABITS, Habits
from reporter.models.leastsquares import Bools
from reporter.models.series import Ints, Steps, as_published, drawn_out, outcomes, steps, steps_since, to_horizons
from reporter.models.trough import since_trough
from reporter.models.ways import HUGE, Ways, ways
from reporter.models.windows import windows_at
from reporter.schema import LEVELS, QUANTITIES, Floats

__all__ = ["Curve", "Curves", "Sigmoid", "fit_curve", "fit_curves"]

FAMILIES = ("logistic", "gompertz")
"""Of the curves. Richards' curve is left out: on the dates that may decide it made forecasts no better, in four times
the time (docs/models.md)."""

ORIGINS = (60, 120)
"""Fewest and most past origins that errors are taken from; between them, enough for `ERRORS` of all series together."""

ERRORS = 900

PRIOR = 40.0
"""Past errors of its own that outweigh the size of those of all places of a target."""

MIRRORED = 0.3
"""Weight of errors below in ranges above, and the other way round: a holiday's are below only."""

TAIL = 1.15
"""How much wider than past errors the widest ranges are. Past errors are against the counts of one vintage; what a
forecast is held against will have been corrected since, at times a whole history of it."""

UNTOLD = 0.2
"""Standard deviation of an error one period ahead, on the log scale, where no past forecast tells: after a jump, or of
a history that has hardly begun. It grows as a random walk's does."""

SOME = 0.5
"""Counts that are added before the growth of few is taken."""

UNLIKE = np.log(10.0)
"""Errors made when a series stood this far below its present level, on the log scale, say little about the present."""


class Sigmoid(base.Learner):
    """Sigmoid curves through the current wave.

    The counts since the last trough are cumulated and curves of each family are fitted to the sum. A curve gives the
    shape of what follows; the mean of the newest counts, with the rhythm of the week, gives the level it starts from.
    Which family to follow, what share of its change, from the mean of how many counts, or whether to follow the newest
    growth instead, damped, is mixed by how each of these ways did at past origins (`mixture.mix`), at a place and over
    all, for rises and for falls of the curves apart. The errors of that mixture, against the counts as published, say
    how wide to make the quantiles (`spread.offsets`). Errors and quantiles are on the log1p scale.

    The curves, the weights and the errors are what it learns; level, growth and rhythm are where a forecast starts.
    What it says of a wave are the parameters of the family that weighs most at a place (`wave.estimate`).
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
            learnt = _learn(past.values[usable], published, past.cumulative[usable], targets, reach, history.cadence)

        def tell(start: base.History) -> base.Quantiles:
            given, places = steps_since(start, habits.needs, history, past)
            values = base.empty(start, horizons + int(given.age.max(initial=0)))
            if learnt is None or not len(places):
                return base.Quantiles(values[:, :horizons], given.refused)
            mine, here = given.usable, learnt.of(places)
            moved = given.end[mine] - past.end[usable[places]]
            shift = (moved // np.timedelta64(history.cadence.days, "D")).astype(np.float64)
            values[mine] = _ahead(here, given.values[mine], shift, values.shape[1], habits)
            estimates = _estimates(here, given, shift, habits)
            return base.Quantiles(to_horizons(values, given, start, horizons), given.refused, estimates)

        return tell


@dataclass(frozen=True)
class _Learnt:
    """What is learnt of S series.

    Attributes:
        curves: of each family the one through each series' current wave, in periods since the window's first.
        floor: (S,) counts a period that are no part of the wave.
        weights: (2, K, S) of the ways to go on, where the curves fall and where they rise.
        noise: (S,) counting noise over proportional noise, as `spread.counting`.
        offsets: (S, H, 23) as `spread.offsets`.
        cumulative: (S,) whether a series counts everything so far.
        leads: (S,) number of the family that weighs most.
        waves: what its curve says of the wave.
    """

    curves: tuple[Curves, ...]
    floor: Floats
    weights: Floats
    noise: Floats
    offsets: Floats
    cumulative: Bools
    leads: Ints
    waves: wave.Wave

    def of(self, places: Ints) -> "_Learnt":
        """The series at these places."""
        return _Learnt(
            tuple(curves.of(places) for curves in self.curves), self.floor[places], self.weights[:, :, places],
            self.noise[places], self.offsets[places], self.cumulative[places], self.leads[places],
            self.waves.of(places),
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
    onward = ways(windows, learnt.curves, learnt.floor, horizons, habits, shift)
    weights = np.where(onward.rising[0], learnt.weights[1], learnt.weights[0])
    cumulative = learnt.cumulative[:, None]
    trials = np.where(cumulative, _forecast(onward.logs, cumulative=True), _forecast(onward.logs, cumulative=False))
    point = mixture.blend(trials[:, 0], weights)
    sizes = spread.sizes(learnt.noise[:, None], point)
    offsets = drawn_out(learnt.offsets, horizons) * sizes[:, :, None]
    return np.asarray(np.expm1(np.minimum(point[:, :, None] + offsets, HUGE)))


def _estimates(learnt: _Learnt, given: Steps, shift: Floats, habits: Habits) -> base.Estimates:
    """What is said of the waves of all series, in the words of a forecast.

    Args:
        learnt: of the U usable series.
        given: where the forecast starts.
        shift: (U,) periods from the last count that was learnt from to the last one of each.
        habits: of the cadence.
    """
    mine = given.usable
    families = [""] * len(given.last)
    values = {quantity: np.full((len(families), 5), np.nan) for quantity in QUANTITIES}
    later = shift[:, None] + given.age[mine, None]
    for quantity, said in learnt.waves.values.items():
        values[quantity][mine] = said - later if quantity in ("turn", "began") else said
    at = (habits.window - 1 + shift)[:, None]
    so_far = np.stack([curves.at(at)[:, 0] for curves in learnt.curves])[learnt.leads, np.arange(len(mine))]
    still = np.maximum(learnt.waves.values["final_size"] - so_far[:, None], 0.0)
    counted = np.where(learnt.cumulative, given.last[mine], so_far)
    values["final_size"][mine] = counted[:, None] + still
    # Where an incident wave fills the window, what it began with is not known.
    filling = (learnt.waves.values["began"][:, 0] <= 1 - habits.window) & ~learnt.cumulative
    values["final_size"][mine[filling]] = np.nan
    for number, lead in zip(mine, learnt.leads, strict=True):
        families[number] = FAMILIES[lead]
    return base.Estimates(tuple(families), values)


def _learn(
    values: Floats, published: Floats, cumulative: Bools, targets: list[str], horizons: int, cadence: Cadence
) -> _Learnt:
    """What (S, T) counts per period, treated and as published, teach about forecasts up to `horizons` ahead."""
    habits = HABITS[cadence]
    s, t = values.shape
    count = int(np.clip(ERRORS // s, *ORIGINS))
    earliest = max(t - 1 - count, min(habits.shortest, t) - 1)
    origins = np.arange(t - 1, earliest - 1, -1)
    windows = windows_at(values, origins, habits.window)
    rows = windows.reshape(-1, habits.window)
    total, floor, began = since_trough(rows, habits)
    curves = [fit_curves(total, family) for family in FAMILIES]
    onward = ways(windows, curves, floor, max(horizons, habits.season), habits)
    level = np.log(np.maximum(windows[:, :, -habits.level :].mean(axis=2), 1e-9))
    alike = level >= level[0] - UNLIKE
    actual = np.moveaxis(outcomes(published, horizons, cumulative)[:, origins], 1, 0)
    actual = np.where(alike[:, :, None], np.log1p(np.maximum(actual, 0.0)), np.nan)
    weights = np.empty((2, len(onward.families), s))
    then = np.empty((len(onward.families), len(origins), s))
    offsets, noise = np.empty((s, horizons, len(LEVELS))), np.empty(s)
    for target in dict.fromkeys(targets):
        chosen = np.array([other == target for other in targets])
        logs = onward.logs[:, :, chosen, :horizons]
        trials = _forecast(logs, cumulative=bool(cumulative[chosen][0]))
        mixed = mixture.mix(trials, actual[:, chosen], onward.rising[:, chosen])
        weights[:, :, chosen], then[:, :, chosen] = mixed.weights, mixed.then
        errors, past = (actual[:, chosen] - mixed.points)[1:], mixed.points[1:]
        if len(errors) > 2 * mixture.UNSURE:
            errors[-mixture.UNSURE :] = np.nan  # mixed with hindsight
        noise[chosen], offsets[chosen] = _width(errors, past)
    leads = _leading(onward, then)
    growth, missed = _growth(mixture.blend(onward.logs, then), windows, habits.season)
    fits = [wave.Fits(fitted, rows, floor, began, alike, habits.window, tuple(targets), cadence) for fitted in curves]
    waves = wave.chosen([wave.estimate(one, growth, missed) for one in fits], leads)
    newest = np.arange(s)
    return _Learnt(
        tuple(fitted.of(newest) for fitted in curves), floor[:s], weights, noise, offsets, cumulative, leads, waves
    )


def _width(errors: Floats, past: Floats) -> tuple[float, Floats]:
    """How wide to make the quantiles of the series of one target.

    Args:
        errors: (R, S, H) of past forecasts, NaN where not known.
        past: (R, S, H) these forecasts.

    Returns:
        Counting noise over proportional noise, and (S, H, 23) offsets.
    """
    if np.isfinite(errors).sum(axis=(0, 1)).max(initial=0) < spread.ENOUGH:
        walk = UNTOLD * np.sqrt(np.arange(1, errors.shape[2] + 1))[:, None] * ndtri(LEVELS)
        # With the noise of counts that are drawn one by one, which have a variance of 1 / count on the log scale.
        return UNTOLD**-2, np.broadcast_to(walk, (errors.shape[1], *walk.shape))
    ratio = spread.counting(errors, past)
    groups = [""] * errors.shape[1]
    around = spread.offsets(errors / spread.sizes(ratio, past), groups, PRIOR, MIRRORED)
    return ratio, spread.widened(around, TAIL)


def _leading(onward: Ways, then: Floats) -> Ints:
    """(S,) number of the family whose ways weigh most at the newest origin."""
    shares = [then[onward.families == number, 0].sum(axis=0) for number in range(len(FAMILIES))]
    return np.asarray(np.stack(shares).argmax(axis=0))


def _growth(logs: Floats, windows: Floats, season: int) -> tuple[Floats, Floats]:
    """Log growth a period from the newest season of counts to the next: as forecast, and by how much that fell short.

    Args:
        logs: (R, S, H) log new counts forecast from R origins, newest first.
        windows: (R, S, W) counts up to each origin.
        season: periods.

    Returns:
        (S,) at the newest origin, and (R, S), NaN where not known.
    """
    newest = windows[:, :, -season:].sum(axis=2) + SOME
    told = np.log((np.exp(logs[:, :, :season]).sum(axis=2) + SOME) / newest) / season
    missed = np.full(told.shape, np.nan)
    missed[season:] = np.log(newest[:-season] / newest[season:]) / season - told[season:]
    return told[0], missed


def _forecast(logs: Floats, *, cumulative: bool) -> Floats:
    """log1p of the counts whose logs are given, or of their running total."""
    counts = np.exp(logs)
    return np.asarray(np.log1p(np.cumsum(counts, axis=-1) if cumulative else counts))
