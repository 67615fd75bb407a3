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
        total = (weight * logs)[:, :, alike].sum(axis=2)
        factors[:, :, phase] = np.exp(total / (weight[:, :, alike].sum(axis=2) + UNRHYTHMIC))
    factors /= factors.mean(axis=2, keepdims=True)
    return np.log(factors)[:, :, np.arange(horizons) % season]
