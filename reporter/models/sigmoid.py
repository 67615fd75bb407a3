"""Our sigmoid: a logistic curve through the current wave, continued from the level the data is at."""

from dataclasses import dataclass

import numpy as np

from reporter.dates import Cadence
from reporter.models import base, spread
from reporter.models.curves import Curve, Curves, fit_curve, fit_curves
from reporter.models.series import Ints, outcomes, steps, to_horizons
from reporter.schema import LEVELS, Floats

__all__ = ["Curve", "Curves", "Sigmoid", "fit_curve", "fit_curves"]


@dataclass(frozen=True)
class Habits:
    """What differs between daily and weekly counts, in periods.

    Attributes:
        window: how far back a wave may have begun.
        shortest: the least that is fitted as a wave.
        level: the newest counts whose mean is where the forecast starts from.
        season: 7 for a weekly rhythm, 1 for none.
        weeks: seasons that the rhythm is learnt from.
        steepest: bound of the log change a period.
        needs: counts without which a series is refused.
    """

    window: int
    shortest: int
    level: int
    season: int
    weeks: int
    shrink: float
    steepest: float
    needs: int


HABITS = {
    Cadence.DAY: Habits(window=70, shortest=14, level=7, season=7, weeks=6, shrink=1.0, steepest=0.3, needs=14),
    Cadence.WEEK: Habits(window=26, shortest=6, level=2, season=1, weeks=1, shrink=1.0, steepest=0.7, needs=8),
}

TRUSTS = np.linspace(0.0, 1.0, 6)
"""Shares of the curve's change that a forecast may follow: 0 stays at the level, 1 follows the curve."""

ORIGINS = (24, 120)
"""Fewest and most past origins that errors are taken from; between them, enough for `ERRORS` of all series together."""

ERRORS = 900


class Sigmoid:
    """A logistic curve through the current wave.

    The counts since the last trough are cumulated and a logistic curve is fitted to the sum. The curve gives the shape
    of what follows; the mean of the newest counts, with the rhythm of the week, gives the level that it starts from. The
    same is done at past origins with what came before each. Their errors say what share of the curve's change to
    follow (the share with the least absolute error over all places of a target), and how wide to make the quantiles
    (`spread.offsets`). Errors and quantiles are on the log1p scale.
    """

    name = "sigmoid"
    title = "Sigmoid"

    def forecast(self, history: base.History, horizons: int, seed: int) -> base.Quantiles:
        """See `base.Model.forecast`. `seed` changes nothing."""
        habits = HABITS[history.cadence]
        given = steps(history, habits.needs)
        usable = given.usable
        values = base.empty(history, horizons + int(given.age.max(initial=0)))
        if len(usable):
            targets = [history.targets[i] for i in usable]
            values[usable] = _ahead(given.values[usable], given.cumulative[usable], targets, values.shape[1], habits)
        return base.Quantiles(to_horizons(values, given, history, horizons), given.refused)


def _ahead(values: Floats, cumulative: np.ndarray, targets: list[str], horizons: int, habits: Habits) -> Floats:
    """(S, H, 23) quantiles of `outcomes` after the last column of (S, T) counts per period."""
    s, t = values.shape
    count = int(np.clip(ERRORS // s, *ORIGINS))
    origins = np.arange(t - 1, max(t - 2 - count, habits.shortest - 2), -1)
    windows = _windows(values, origins, habits.window)
    level = np.log(np.maximum(windows[:, :, -habits.level :].mean(axis=2), 1e-9))
    start = level[:, :, None] + _rhythm(windows, horizons, habits)
    change = _change(windows, horizons, habits)
    actual = np.log1p(np.moveaxis(outcomes(values, horizons, cumulative)[:, origins], 1, 0))
    result = np.empty((s, horizons, len(LEVELS)))
    for target in dict.fromkeys(targets):
        chosen = np.array([other == target for other in targets])
        total = bool(cumulative[chosen][0])
        trials = np.stack([_forecast(start[:, chosen] + trust * change[:, chosen], total) for trust in TRUSTS])
        errors = actual[:, chosen] - trials
        known = np.isfinite(errors)
        loss = np.where(known, np.abs(errors), 0.0).sum(axis=(1, 2, 3))
        best = int(loss.argmin()) if known.any() else 0
        offsets = spread.offsets(errors[best][1:], [target] * int(chosen.sum()))
        result[chosen] = np.expm1(np.minimum(trials[best][0][:, :, None] + offsets, 50.0))
    return result


def _forecast(logs: Floats, cumulative: bool) -> Floats:
    """log1p of the counts whose logs are given, or of their running total."""
    counts = np.exp(logs)
    return np.log1p(np.cumsum(counts, axis=2) if cumulative else counts)


def _windows(values: Floats, origins: Ints, length: int) -> Floats:
    """(R, S, length) newest counts up to each origin; NaN before a series begins."""
    padded = np.concatenate([np.full((len(values), length), np.nan), values], axis=1)
    return np.stack([padded[:, origin + 1 : origin + 1 + length] for origin in origins])


def _rhythm(windows: Floats, horizons: int, habits: Habits) -> Floats:
    """(R, S, H) log factors of the phases of the season, about 0 on average."""
    season = habits.season
    if season == 1:
        return np.zeros((*windows.shape[:2], horizons))
    recent = windows[:, :, -season * (habits.weeks + 1) :]
    around = np.lib.stride_tricks.sliding_window_view(recent, season, axis=2).mean(axis=3)
    ratio = recent[:, :, season // 2 : season // 2 + around.shape[2]] / np.where(around > 0, around, np.nan)
    phase = (np.arange(ratio.shape[2]) + season // 2 - recent.shape[2]) % season
    factors = np.ones((*windows.shape[:2], season))
    for day in range(season):
        alike = ratio[:, :, phase == day]
        known = np.isfinite(alike)
        # Weeks without a rhythm are added to the sample, so that a few odd days do not make one.
        logs = np.log(np.maximum(np.where(known, alike, 1.0), 0.02))
        factors[:, :, day] = np.exp(logs.sum(axis=2) / (known.sum(axis=2) + habits.shrink))
    factors /= factors.mean(axis=2, keepdims=True)
    return np.log(factors)[:, :, np.arange(horizons) % season]


def _change(windows: Floats, horizons: int, habits: Habits) -> Floats:
    """(R, S, H) log of the curve's new counts at each horizon over its mean in the periods of the level."""
    r, s, w = windows.shape
    rows = windows.reshape(r * s, w)
    smooth = np.lib.stride_tricks.sliding_window_view(rows, habits.level, axis=1).mean(axis=2)
    candidates = np.where(np.isfinite(smooth), smooth, np.inf)[:, : w - habits.shortest + 1]
    # Of equal troughs the last one: a wave begins after the zeros before it.
    trough = candidates.shape[1] - 1 - candidates[:, ::-1].argmin(axis=1)
    inside = (np.arange(w) >= trough[:, None]) & np.isfinite(rows)
    total = np.where(inside, np.cumsum(np.where(inside, rows, 0.0), axis=1), np.nan)
    curves = fit_curves(total)
    new = np.diff(curves.at(np.arange(w - 1 - habits.level, w + horizons, dtype=np.float64)), axis=1)
    new = np.maximum(new, 1e-12 * np.nanmax(new, axis=1, initial=1e-300, keepdims=True))
    log = np.log(new[:, habits.level :]) - np.log(new[:, : habits.level].mean(axis=1, keepdims=True))
    reach = habits.steepest * (np.arange(1, horizons + 1) + habits.level / 2)
    return np.nan_to_num(np.clip(log, -reach, reach)).reshape(r, s, horizons)
