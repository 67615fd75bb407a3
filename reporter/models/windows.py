"""Stretches of the past, as models that learn over many series and dates look at them."""

import numpy as np

from reporter.models.series import Ints
from reporter.schema import Floats

SEASONS = 8
"""Seasons (weeks, of daily counts) that a rhythm is learnt from, at most."""

UNRHYTHMIC = 0.3
"""Seasons without a rhythm that are added to those seen, so that a few odd days do not make one."""

FAINTEST = 0.02
"""A phase is not expected below this share of the mean, so that a later count on it is no surprise beyond measure."""

ODD = 2.0
"""Log ratios further from their median than this many median deviations are cut to it: a holiday is no rhythm."""

FADING = 0.1
"""A season at this share of the newest season's level weighs half."""


def windows_at(values: Floats, origins: Ints, length: int) -> Floats:
    """The newest counts up to each origin.

    Args:
        values: (S, T) counts per period, NaN before a series begins.
        origins: (R,) columns.
        length: W.

    Returns:
        (R, S, W); NaN before a series begins.
    """
    padded = np.concatenate([np.full((len(values), length), np.nan), values], axis=1)
    return np.stack([padded[:, origin + 1 : origin + 1 + length] for origin in origins])


def rhythm(windows: Floats, horizons: int, season: int) -> Floats:
    """The rhythm of the season, as each window shows it: counts over the moving mean around them.

    A phase's factor is the winsorised mean of its log ratios (Huber 1964, Ann. Math. Stat. 35, with a scale of its
    own for each phase): of the seasons seen, one holiday among them must not move all Thursdays to come.

    Args:
        windows: (R, S, W) counts per period up to an origin, NaN before a series begins.
        horizons: H.
        season: odd number of periods after which the rhythm repeats; 1 is none.

    Returns:
        (R, S, H) log factor of each horizon; the factors of a season have mean 1.
    """
    recent = windows[:, :, -season * (SEASONS + 1) :]
    if season == 1 or recent.shape[2] < season:
        return np.zeros((*windows.shape[:2], horizons))
    around = np.lib.stride_tricks.sliding_window_view(recent, season, axis=2).mean(axis=3)
    centre = season // 2 + np.arange(around.shape[2])
    ratio = recent[:, :, centre] / np.where(around > 0, around, np.nan)
    # Ratios of a few counts are chance: what was counted far below the present level hardly weighs.
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.nan_to_num(around / (around + FADING * around[:, :, -1:]) * np.isfinite(ratio))
    known = weight > 0
    logs = np.log(np.maximum(np.where(known, ratio, 1.0), FAINTEST))
    factors = np.empty((*windows.shape[:2], season))
    for phase in range(season):
        alike = (centre - recent.shape[2]) % season == phase
        mine = weight[:, :, alike]
        total = (mine * winsorised(logs[:, :, alike], mine, ODD)).sum(axis=2)
        factors[:, :, phase] = np.exp(total / (mine.sum(axis=2) + UNRHYTHMIC))
    factors /= factors.mean(axis=2, keepdims=True)
    return np.log(factors)[:, :, np.arange(horizons) % season]


def winsorised(values: Floats, weight: Floats, most: float, least: float = 0.0) -> Floats:
    """Cut what is far from the weighted median of the last axis to the bound.

    Args:
        values: (..., N).
        weight: (..., N), not all 0 where it matters.
        most: median absolute deviations that a value may be away from the median.
        least: what it may be away in any case.
    """
    middle = _median(values, weight)
    reach = most * _median(np.abs(values - middle), weight) + least
    return np.clip(values, middle - reach, middle + reach)


def _median(values: Floats, weight: Floats) -> Floats:
    """(..., 1) weighted median: half the weight lies on either side, or the middle of the two values between."""
    order = np.argsort(values, axis=-1, kind="stable")
    ranked, below = (np.take_along_axis(array, order, axis=-1) for array in (values, weight))
    below = np.cumsum(below, axis=-1)
    half = 0.5 * below[..., -1:]
    last = values.shape[-1] - 1
    lower, upper = (
        np.take_along_axis(ranked, np.minimum(place.sum(axis=-1, keepdims=True), last), axis=-1)
        for place in (below < half, below <= half)
    )
    return np.asarray((lower + upper) / 2)
