"""What a recurrent network learns from: windows of the past, and what came after them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reporter.dates import Cadence
from reporter.models import calendar
from reporter.models.base import History
from reporter.models.revised import beside
from reporter.models.series import Ints, Steps, outcomes
from reporter.models.windows import SEASONS, rhythm, windows_at
from reporter.schema import LEVELS, Floats

LENGTH = {Cadence.DAY: 21, Cadence.WEEK: 12}
"""Periods a network reads."""

LEVEL = {Cadence.DAY: 7, Cadence.WEEK: 1}
"""The newest periods, whose mean is the level that everything is relative to."""

SEASON = {Cadence.DAY: 7, Cadence.WEEK: 1}

TOP = {Cadence.DAY: 730, Cadence.WEEK: 104}
"""Periods whose highest count the level is held against: how far a wave may still rise."""

MOST = 60_000
"""Windows kept, of all series together; the newest."""

FADING = {Cadence.DAY: 180.0, Cadence.WEEK: 104.0}
"""A window from so many periods ago is drawn half as often as the newest."""

SHORT = 8
"""In a short history one from this part (an eighth) of it ago is."""

NOISE = 0.03
"""Relative variance of a change that is not due to small numbers."""

STEEPEST = 1.0
"""A change of other targets beyond this, in logarithms, is cut to it."""


@dataclass(frozen=True)
class Layout:
    """Which features a network reads: those of the history it learnt from.

    Attributes:
        targets: every target, in order.
        totals: whether the total of a target's places is read beside each.
        others: whether the other targets of a place are.
        year: whether the time of the year is.
    """

    targets: tuple[str, ...]
    totals: bool
    others: bool
    year: bool


@dataclass(frozen=True)
class Looks:
    """What is seen at R origins of S series: N = R S windows, all series of one origin after those of another.

    Attributes:
        logs: (N, W) log1p of the newest counts; 0 before a series begins.
        seen: (N, W) 1 from where it begins, else 0.
        rhythm: (N, W) log factor of each period's place in the week.
        totals: (N, W) log1p of the total of the target's places.
        others: (N, W) change of the logarithm of the place's other targets.
        angle: (N,) time of the year in radians.
        christmas: (N, 5) see `calendar.christmas`.
        kind: (N, G) 1 for the series' target, else 0.
        persons: (N,) log of 100,000 persons' worth of places living there; 0 where unknown.
        top: (N,) log1p of the highest count so far, of those in `TOP`.
        level: (N,) log1p of the mean of the newest counts.
        start: (N, H) log1p forecast that stays at the level.
        scale: (N,) how large changes are apt to be at that level.
    """

    logs: Floats
    seen: Floats
    rhythm: Floats
    totals: Floats
    others: Floats
    angle: Floats
    christmas: Floats
    kind: Floats
    persons: Floats
    top: Floats
    level: Floats
    start: Floats
    scale: Floats


@dataclass(frozen=True)
class Samples:
    """N windows of S series at R origins, and what came after each.

    Changes are those of the log1p of `series.outcomes` against a forecast that stays at the level.

    Attributes:
        looks: the windows.
        changes: (N, H) what came; NaN where not yet known.
        series, column: (N,) place of the window's series among the usable ones, and its origin's column; -1 of a
            simulated one.
        past: (P,) numbers of the windows with a known outcome.
        weight: (P,) chance of each to be drawn; sums to 1.
        usual: (H, 23) quantiles of all known changes, in units of `Looks.scale`.
        least: (H,) smallest change known.
        most: (H,) greatest change known.
        layout: the features to be read.
    """

    looks: Looks
    changes: Floats
    series: Ints
    column: Ints
    past: Ints
    weight: Floats
    usual: Floats
    least: Floats
    most: Floats
    layout: Layout


def gather(given: Steps, history: History, horizons: int) -> Samples:
    """Cut the usable series of a history into windows.

    Args:
        given: the history's counts per period; at least one series is usable.
        history: where they came from.
        horizons: H, counted from each series' own last count.
    """
    values = given.values[given.usable]
    s, t = values.shape
    cadence, cumulative = history.cadence, given.cumulative[given.usable]
    origins = np.arange(t - 1, max(t - 1 - MOST // s, LEVEL[cadence]) - 1, -1)
    layout = layout_of(given, history)
    looks = look(given, history, horizons, layout, origins)
    came = np.moveaxis(outcomes(values, horizons, cumulative)[:, origins], 1, 0).reshape(-1, horizons)
    changes = np.log1p(came) - looks.start
    changes[np.isnan(values[:, origins].T.ravel())] = np.nan
    past = np.flatnonzero(np.isfinite(changes[:, 0]))
    ago = np.repeat(origins[0] - origins, s)[past]
    half = max(min(FADING[cadence], origins[0] / SHORT if cadence is Cadence.DAY else np.inf), 1.0)
    weight = 0.5 ** (ago / half)
    usual, least, most = _usual(changes[past], looks.scale[past], weight)
    return Samples(
        looks=looks,
        changes=changes,
        series=np.tile(np.arange(s), len(origins)),
        column=np.repeat(origins, s),
        past=past,
        weight=weight / weight.sum() if len(past) else weight,
        usual=usual,
        least=least,
        most=most,
        layout=layout,
    )


def _usual(changes: Floats, scale: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Quantiles of (P, H) changes in units of (P,) scale, and their range; what is not known is as the step before."""
    horizons = changes.shape[1]
    usual, least, most = np.zeros((horizons, len(LEVELS))), np.zeros(horizons), np.zeros(horizons)
    for h in range(horizons):
        known = np.isfinite(changes[:, h])
        if known.any():
            change = changes[known, h]
            least[h], most[h] = min(change.min(), 0.0), max(change.max(), 0.0)
            usual[h] = np.quantile(change / scale[known], LEVELS, weights=weight[known], method="inverted_cdf")
        elif h:
            usual[h], least[h], most[h] = usual[h - 1], least[h - 1], most[h - 1]
    return usual, least, most


def layout_of(given: Steps, history: History) -> Layout:
    """The features that a history calls for."""
    targets = [history.targets[i] for i in given.usable]
    places = {history.locations[i] for i in given.usable}
    names = tuple(dict.fromkeys(targets))
    # The time of the year tells something where a good part of a second year has been seen.
    year = len(history.dates) * history.cadence.days >= 1.5 * calendar.YEAR
    return Layout(names, totals=len(targets) > len(names), others=len(targets) > len(places), year=year)


def look(given: Steps, history: History, horizons: int, layout: Layout, origins: Ints) -> Looks:
    """Look at the usable series of a history from some of its columns.

    Args:
        given: the history's counts per period.
        history: where they came from.
        horizons: H, counted from each series' own last count.
        layout: features to read.
        origins: (R,) columns.
    """
    mine, cadence = given.usable, history.cadence
    values, cumulative = given.values[mine], given.cumulative[mine]
    length, season = LENGTH[cadence], SEASON[cadence]
    windows = windows_at(values, origins, max(length, season * (SEASONS + 1)))
    mean = np.nan_to_num(windows[:, :, -LEVEL[cadence] :].mean(axis=2))
    factors = rhythm(windows, max(horizons, season), season)
    counts = mean[:, :, None] * np.exp(factors[:, :, :horizons])
    start = np.log1p(np.where(cumulative[:, None], np.cumsum(counts, axis=2), counts))
    targets = np.array(history.targets)[mine]
    shape = (len(origins), len(mine))
    persons = np.log(1e5) - np.log(np.maximum(history.population[mine], 1.0))
    dates = np.repeat(history.dates[origins], len(mine))
    recent = windows[:, :, -length:]
    return Looks(
        logs=_rows(np.log1p(np.nan_to_num(recent))),
        seen=_rows(np.isfinite(recent).astype(np.float64)),
        rhythm=_rows(factors[:, :, np.arange(-length, 0) % season]),
        totals=_rows(windows_at(_totals(values, targets), origins, length)),
        others=_rows(windows_at(_others(values, history, mine), origins, length)),
        angle=calendar.angle(dates),
        christmas=calendar.christmas(dates),
        kind=_rows(np.broadcast_to(targets[:, None] == np.array(layout.targets), (*shape, len(layout.targets)))),
        persons=np.tile(np.where(np.isfinite(persons), persons, 0.0), len(origins)),
        top=_tops(values, origins, TOP[cadence]).ravel(),
        level=np.log1p(mean).ravel(),
        start=_rows(start),
        scale=np.sqrt(NOISE + 1 / (1 + mean)).ravel(),
    )


def _rows(values: npt.NDArray[np.generic]) -> Floats:
    """(R, S, ...) to (R S, ...), without holes."""
    return np.nan_to_num(np.asarray(values, dtype=np.float64)).reshape(-1, *values.shape[2:])


def _totals(values: Floats, targets: npt.NDArray[np.str_]) -> Floats:
    """(S, T) log1p of the total of all places of each series' target."""
    totals = np.empty_like(values)
    for name in np.unique(targets):
        totals[targets == name] = np.log1p(np.nan_to_num(values[targets == name]).sum(axis=0))
    return totals


def _others(values: Floats, history: History, mine: Ints) -> Floats:
    """(S, T) how the logarithm of the same place's other targets changed, those of higher counts before others."""
    known = np.isfinite(values)
    logs = np.log1p(np.where(known, values, 0.0))
    change = np.diff(logs, axis=1, prepend=0.0)
    both = known & np.concatenate([np.zeros((len(values), 1), dtype=bool), known[:, :-1]], axis=1)
    found = beside(np.where(both, change, 0.0), np.where(both, np.exp(logs / 2), 0.0), history, mine)
    return np.asarray(np.clip(found, -STEEPEST, STEEPEST))


def _tops(values: Floats, origins: Ints, length: int) -> Floats:
    """(R, S) log1p of the highest count of the newest `length` up to each origin."""
    counts = np.nan_to_num(values)
    highest = [counts[:, max(origin + 1 - length, 0) : origin + 1].max(axis=1) for origin in origins]
    return np.asarray(np.log1p(np.stack(highest)))
