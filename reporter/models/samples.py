"""What a recurrent network learns from: windows of the past, and what came after them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reporter.dates import Cadence
from reporter.models.base import History
from reporter.models.series import Ints, Steps, outcomes
from reporter.models.windows import SEASONS, rhythm, windows_at
from reporter.schema import LEVELS, Floats

LENGTH = {Cadence.DAY: 21, Cadence.WEEK: 12}
"""Periods a network reads."""

LEVEL = {Cadence.DAY: 7, Cadence.WEEK: 1}
"""The newest periods, whose mean is the level that everything is relative to."""

SEASON = {Cadence.DAY: 7, Cadence.WEEK: 1}

MOST = 60_000
"""Windows kept, of all series together; the newest."""

FADING = 8
"""A window from this part (an eighth) of the history ago is drawn half as often as the newest."""

NOISE = 0.03
"""Relative variance of a change that is not due to small numbers."""

YEAR = 365.25


@dataclass(frozen=True)
class Layout:
    """Which features a network reads: those of the history it learnt from.

    Attributes:
        targets: every target, in order.
        totals: whether the total of a target's places is read beside each.
        year: whether the time of the year is.
    """

    targets: tuple[str, ...]
    totals: bool
    year: bool


@dataclass(frozen=True)
class Looks:
    """What is seen at R origins of S series, each relative to its own level.

    Attributes:
        inputs: (R, S, W, F) what the network reads.
        level: (R, S) mean of the newest counts.
        start: (R, S, H) log1p forecast that stays at the level.
        scale: (R, S) how large changes are apt to be at that level.
    """

    inputs: Floats
    level: Floats
    start: Floats
    scale: Floats


@dataclass(frozen=True)
class Samples:
    """N windows, each an origin of a usable series, and S forecasts to make.

    Changes are those of the log1p of `series.outcomes` against a forecast that stays at the level.

    Attributes:
        inputs: (N, W, F) float32 what the network reads.
        changes: (N, H) what came, in units of `scale`; NaN where not yet known.
        scale: (N,) how large changes are apt to be at the window's level.
        past: (P,) numbers of the windows with a known outcome.
        weight: (P,) chance of each to be drawn; sums to 1.
        start: (S, H) log1p forecast that stays at the level.
        usual: (H, 23) quantiles of all known changes, in units of `scale`.
        least: (H,) smallest change known.
        most: (H,) greatest change known.
        layout: the features of `inputs`.
    """

    inputs: npt.NDArray[np.float32]
    changes: Floats
    scale: Floats
    past: Ints
    weight: Floats
    start: Floats
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
    changes = np.log1p(np.moveaxis(outcomes(values, horizons, cumulative)[:, origins], 1, 0)) - looks.start
    changes[np.isnan(values[:, origins].T)] = np.nan
    return _samples(looks, changes, origins, layout)


def layout_of(given: Steps, history: History) -> Layout:
    """The features that a history calls for."""
    targets = [history.targets[i] for i in given.usable]
    names = tuple(dict.fromkeys(targets))
    # The time of the year tells something where two years have been seen.
    year = len(history.dates) * history.cadence.days >= 2 * YEAR
    return Layout(names, len(targets) > len(names), year)


def look(given: Steps, history: History, horizons: int, layout: Layout, origins: Ints) -> Looks:
    """Look at the usable series of a history from some of its columns.

    Args:
        given: the history's counts per period.
        history: where they came from.
        horizons: H, counted from each series' own last count.
        layout: features to read.
        origins: (R,) columns.
    """
    values, cadence = given.values[given.usable], history.cadence
    cumulative, season = given.cumulative[given.usable], SEASON[cadence]
    windows = windows_at(values, origins, max(LENGTH[cadence], season * (SEASONS + 1)))
    level = np.nan_to_num(windows[:, :, -LEVEL[cadence] :].mean(axis=2))
    factors = rhythm(windows, max(horizons, season), season)
    counts = level[:, :, None] * np.exp(factors[:, :, :horizons])
    start = np.log1p(np.where(cumulative[:, None], np.cumsum(counts, axis=2), counts))
    targets = np.array(history.targets)[given.usable]
    angles = _angles(history, origins) if layout.year else []
    inputs = _inputs(windows, level, factors, targets, cadence, layout, angles)
    return Looks(inputs, level, start, np.sqrt(NOISE + 1 / (1 + level)))


def _samples(looks: Looks, changes: Floats, origins: Ints, layout: Layout) -> Samples:
    """Lay (R, S, …) arrays out as N = R S windows, and weigh them."""
    r, s, horizons = changes.shape
    inputs, changes, scale = looks.inputs, changes.reshape(r * s, horizons), looks.scale.ravel()
    past = np.flatnonzero(np.isfinite(changes[:, 0]))
    ago = np.repeat(origins[0] - origins, s)
    weight = 0.5 ** (ago / max(origins[0] / FADING, 1.0))
    usual, least, most = np.zeros((horizons, len(LEVELS))), np.zeros(horizons), np.zeros(horizons)
    for h in range(horizons):
        known = np.isfinite(changes[:, h])
        if known.any():
            change = changes[known, h]
            least[h], most[h] = min(change.min(), 0.0), max(change.max(), 0.0)
            usual[h] = np.quantile(change / scale[known], LEVELS, weights=weight[known], method="inverted_cdf")
        elif h:
            usual[h], least[h], most[h] = usual[h - 1], least[h - 1], most[h - 1]
    return Samples(
        inputs=inputs.reshape(r * s, *inputs.shape[2:]).astype(np.float32),
        changes=changes / scale[:, None],
        scale=scale,
        past=past,
        weight=weight[past] / weight[past].sum(),
        start=looks.start[0],
        usual=usual,
        least=least,
        most=most,
        layout=layout,
    )


def _inputs(
    windows: Floats,
    level: Floats,
    factors: Floats,
    targets: npt.NDArray[np.str_],
    cadence: Cadence,
    layout: Layout,
    angles: list[Floats],
) -> Floats:
    """(R, S, W, F) features: each series and its target's total, relative to their level; size, target and date."""
    length, season = LENGTH[cadence], SEASON[cadence]
    phase = np.arange(-length, 0) % season
    past = _relative(windows[:, :, -length:], level) - factors[:, :, phase]
    features = [past, np.broadcast_to(np.log1p(level)[:, :, None] / 10, past.shape)]
    totals = np.empty_like(past)
    for name in layout.targets:
        total = np.nan_to_num(windows[:, targets == name]).sum(axis=1)
        mean = total[:, -LEVEL[cadence] :].mean(axis=1)
        totals[:, targets == name] = _relative(total[:, None, -length:], mean[:, None])
        if len(layout.targets) > 1:
            features.append(np.broadcast_to((targets == name).astype(np.float64)[None, :, None], past.shape))
    if layout.totals:
        features.append(totals)
    features += [np.broadcast_to(angle[:, None, None], past.shape) for angle in angles]
    return np.stack(features, axis=3)


def _relative(counts: Floats, level: Floats) -> Floats:
    """log1p of counts, 0 before a series begins, less that of the level."""
    return np.log1p(np.nan_to_num(counts)) - np.log1p(level)[:, :, None]


def _angles(history: History, origins: Ints) -> list[Floats]:
    """(R,) sine and cosine of the time of the year at each origin."""
    days = history.dates[origins].astype(np.int64).astype(np.float64)
    turn = 2 * np.pi * days / YEAR
    return [np.sin(turn), np.cos(turn)]
