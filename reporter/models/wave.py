"""What fitted curves say of the wave under way: when it turns, how fast it grows, how big it gets, how sure that is.

The intervals of turn and final size are made of how far earlier estimates were from later ones of the same wave,
relative to how much of it was still to come; those of growth of how far it was from what was counted then. So they are
empirical, in the manner of split conformal prediction, but estimates of neighbouring days are far from exchangeable,
and none of its guarantees holds. The standard errors of the fits are no measure of either, since a wave is not a curve
with noise on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from reporter.dates import Cadence
from reporter.models.curves import RUNAWAY, Curves
from reporter.models.habits import HABITS
from reporter.models.leastsquares import Bools
from reporter.models.series import Ints
from reporter.models.trough import smoothed
from reporter.schema import QUANTITIES, Floats

LEVELS = np.array([0.025, 0.25, 0.75, 0.975])
"""Of the intervals."""

LIKELY_UPPER = 3
"""Where level 0.75 stands behind the estimate. A size whose likely range is open is not told at all."""


@dataclass(frozen=True)
class Pace:
    """What differs between daily and weekly counts, in periods.

    Attributes:
        later: an estimate is held against the one so many periods later.
        same: curves that begin within so many periods of each other are of the same wave.
        turn: standard deviation of a turn, for a wave of which e - 1 times the counts so far are to come, before
            anything is known of earlier estimates.
        growth: the same of a growth rate, per period.
        recent: newest origins whose estimates are looked at: a wave's first days say little about its end.
    """

    later: int
    same: int
    turn: float
    growth: float
    recent: int


PACES = {
    Cadence.DAY: Pace(later=21, same=7, turn=7.0, growth=0.03, recent=42),
    Cadence.WEEK: Pace(later=4, same=2, turn=2.0, growth=0.15, recent=26),
}

SIZE = 1.0
"""As `Pace.turn`, of the log of a final size."""

FAINT = 0.3
"""A curve whose peak is below this share of the counts that are no part of it is no wave."""

RISEN = 0.7
"""Nor is one that begins at more than this share of its peak: it is what is left of an earlier one."""

STAYED = 0.85
"""Nor one that has come down to less than that share of its peak, where counts are above this share of theirs."""

EXPLAINED = 0.6
"""Nor one that explains a smaller share of how counts have varied since it began, season by season."""

BY_CHANCE = 20.0
"""Nor one that lowers chi-square, of counts drawn one by one about a level that stays, by less than this."""

DONE = 0.01
"""Log of final size over counts so far below which a wave is over."""

KNOWN = 40
"""Earlier estimates that outweigh what is taken for granted without any."""

OWN = 20
"""Earlier estimates of a series itself that weigh as much as the mean size of those of its group."""


@dataclass(frozen=True)
class Fits:
    """Curves through the counts of S series up to R origins, the newest first, in rows r S + s.

    Attributes:
        curves: R S of them, in columns of a window of W periods that ends at the origin.
        counts: (R S, W) per period, that they are fitted to.
        floor: (R S,) counts a period that are no part of the wave.
        began: (R S,) column that each wave begins at.
        alike: (R, S) whether the counts of then say something about those of today.
        window: W.
        groups: (S,) series whose errors are alike.
        cadence: of the counts.
    """

    curves: Curves
    counts: Floats
    floor: Floats
    began: Ints
    alike: Bools
    window: int
    groups: tuple[str, ...]
    cadence: Cadence


@dataclass(frozen=True)
class Wave:
    """What is said of S series at their last counts.

    Attributes:
        values: quantity → (S, 5) as in `base.Estimates`, but times in periods after the last count, and the final size
            that of the wave alone.
    """

    values: dict[str, Floats]

    def of(self, places: Ints) -> "Wave":
        """The series at these places."""
        return Wave({quantity: said[places] for quantity, said in self.values.items()})


def chosen(waves: Sequence[Wave], numbers: Ints) -> Wave:
    """Of each series what the wave of its number says."""
    series = np.arange(len(numbers))
    together = {quantity: np.stack([wave.values[quantity] for wave in waves]) for quantity in QUANTITIES}
    return Wave({quantity: said[numbers, series] for quantity, said in together.items()})


def estimate(fits: Fits, growth: Floats, missed: Floats) -> Wave:
    """What is said at the newest origin, with intervals from what was said at the others.

    Args:
        fits: the curves.
        growth: (S,) growth rate that is forecast from the newest origin on, a period.
        missed: (R, S) how much greater growth turned out to be than it was forecast; NaN where not known.
    """
    shape, end, pace = fits.alike.shape, fits.window - 1.0, PACES[fits.cadence]
    back = np.arange(shape[0])[:, None]
    recent = back <= pace.recent + pace.later
    is_wave = _is_wave(fits).reshape(shape)
    sure = is_wave & fits.alike & recent
    began = fits.began.reshape(shape) - end - back
    # New counts of a period come after the end of the one before it.
    turn = (fits.curves.midpoint - end + 0.5).reshape(shape) - back
    size = np.log(np.maximum(fits.curves.final_size, 1e-9)).reshape(shape)
    so_far = fits.curves.at(np.array([end]))[:, 0].reshape(shape)
    to_come = np.maximum(size - np.log(np.maximum(so_far, 1e-9)), 0.0) + DONE
    then, now = _pairs(shape[0], pace.later)
    # A wave that began before the window began is the same one as long as it lasts.
    same = (np.abs(began[now] - began[then]) <= pace.same) | (fits.began.reshape(shape)[now] == 0)
    valid = same & sure[then] & sure[now]

    def interval(at: Floats, scale: Floats, doubt: float) -> Floats:
        moved = np.where(valid, (at[now] - at[then]) / scale[then], np.nan)
        around = at[0][:, None] + _steps(moved, fits.groups, doubt) * scale[0][:, None]
        return np.concatenate([at[0][:, None], around], axis=1)

    sizes = np.maximum(interval(size, to_come, SIZE), np.log(np.maximum(so_far[0], 1e-9))[:, None])
    # As of a final size itself: beyond so many times what was counted a limit says that there is none in sight.
    sizes[sizes > np.log(RUNAWAY * np.maximum(so_far[0], 1e-9))[:, None]] = np.nan
    sizes[np.isnan(sizes[:, LIKELY_UPPER])] = np.nan
    slower = _steps(np.where(fits.alike & recent, missed, np.nan), fits.groups, pace.growth)
    values = {
        "began": np.full((shape[1], 5), np.nan),
        "turn": interval(turn, np.sqrt(to_come), pace.turn),
        "growth_rate": np.concatenate([growth[:, None], growth[:, None] + slower], axis=1),
        "final_size": np.exp(sizes),
    }
    values["began"][:, 0] = began[0]
    for quantity in ("began", "turn", "final_size"):
        values[quantity][~is_wave[0]] = np.nan
    return Wave({quantity: values[quantity] for quantity in QUANTITIES})


def _pairs(origins: int, lag: int) -> tuple[slice, slice]:
    """Origins, and those `lag` periods later."""
    lag = min(lag, origins)
    return slice(lag, None), slice(0, origins - lag)


def _is_wave(fits: Fits) -> Bools:
    """(R S,) whether a curve can be told, and is one of a wave: it stands out from what is no part of it, and rose."""
    new = np.diff(fits.curves.at(np.arange(-1.0, fits.window)), axis=1)
    since = np.where(np.arange(fits.window) >= fits.began[:, None], new, 0.0)
    peak, first = since.max(axis=1), new[np.arange(len(new)), fits.began]
    risen = first + fits.floor <= RISEN * (peak + fits.floor)
    return np.asarray(fits.curves.identified & (peak >= FAINT * fits.floor) & risen & _explains(fits, new))


def _explains(fits: Fits, new: Floats) -> Bools:
    """(R S,) whether counts since a wave began follow the (R S, W) new counts of its curve.

    Through noise about a level that stays there is a curve too, the more so as a trough is where it is lowest. And a
    curve may rise at first where counts fall to this day, or come down where they stay as high as they have got.
    """
    season = HABITS[fits.cadence].season
    top = np.maximum(np.nanmax(fits.counts, axis=1, initial=0.0), 1e-300)[:, None]
    seen, meant = smoothed(fits.counts / top, season), smoothed((new + fits.floor[:, None]) / top, season)
    inside = (np.arange(seen.shape[1]) >= fits.began[:, None]) & np.isfinite(seen)
    level = np.where(inside, seen, 0.0).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    most = np.where(inside, seen, 0.0).max(axis=1)
    rose = seen[np.arange(len(seen)), np.minimum(fits.began, seen.shape[1] - 1)] <= RISEN * most
    fell = (meant[:, -1] > RISEN * np.where(inside, meant, 0.0).max(axis=1)) | (seen[:, -1] <= STAYED * most)
    varied = np.where(inside, seen - level[:, None], 0.0)
    missed = np.where(inside, seen - meant, 0.0)
    varied, missed = np.vecdot(varied, varied), np.vecdot(missed, missed)
    # Counts that are drawn one by one have their mean as variance; squares of a moving mean are a season's to each.
    chance = BY_CHANCE * level / top[:, 0]
    return np.asarray(rose & fell & (missed <= (1 - EXPLAINED) * varied) & (varied - missed >= chance))


def _steps(moved: Floats, groups: tuple[str, ...], doubt: float) -> Floats:
    """(S, 4) how far a later estimate may be from today's, at `LEVELS`, from (R, S) how far they have been.

    As in `spread.offsets` they are pooled over a group relative to each series' mean size, which leans on the group's.
    Little is known of few: `KNOWN` draws of a normal distribution of standard deviation `doubt` are added. An interval
    holds the estimate itself, which is what the counts say.
    """
    prior = doubt * ndtri((np.arange(KNOWN) + 0.5) / KNOWN)
    steps = np.empty((len(groups), len(LEVELS)))
    for group in dict.fromkeys(groups):
        members = np.array([other == group for other in groups])
        mine = moved[:, members]
        known = np.isfinite(mine)
        size = np.abs(np.where(known, mine, 0.0))
        mean = (size.sum() + np.abs(prior).sum()) / (known.sum() + KNOWN)
        scale = (size.sum(axis=0) + OWN * mean) / (known.sum(axis=0) + OWN)
        drawn = np.quantile(np.concatenate([prior / mean, (mine / scale)[known]]), LEVELS)
        steps[members] = np.where(LEVELS < 0.5, np.minimum(drawn, 0), np.maximum(drawn, 0)) * scale[:, None]  # noqa: PLR2004
    return steps
