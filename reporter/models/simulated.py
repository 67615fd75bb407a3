"""Seasons that never were: what is known of epidemic waves before the first count, as windows to learn from.

A feed holds two or three seasons, whose places rose and fell together: too few to learn how waves turn. So networks of
weekly counts also learn from simulated seasons. Nothing in them is computed from counts; their ranges are what is known
of seasonal respiratory infections in the temperate north: a wave a year, which peaks around the turn of the year within
some weeks (of 40 US influenza seasons most peaked from December to March; CDC, "Flu season"), grows by a fifth to a
half a week before, falls as fast or a little slower after, and is in a third of all years followed by a second.
"""

from dataclasses import fields, replace
from functools import lru_cache

import numpy as np

from reporter.dates import Cadence
from reporter.models import calendar
from reporter.models.base import History
from reporter.models.samples import Looks, Samples, look
from reporter.models.series import outcomes, steps
from reporter.schema import Floats

SHARE = 0.5
"""Share of simulated windows among those drawn."""

PLACES, SEASONS = 14, 24

PEAK, SPREAD = 27.0, 4.0
"""Weeks from early July to the mean peak, in early January, and standard deviation of a season's peak."""

RISE, FALL = (0.2, 0.5), (0.15, 0.45)
"""Growth rates a week before and after a peak: least and greatest of a season."""

AGAIN = 0.35
"""Share of seasons with a second wave."""

LEAST = 8
"""Weeks without which a series is not looked at, as of a place that is forecast."""

_SEED = 7
_START = np.datetime64("2010-07-03")
_YEAR = calendar.YEAR / 7


def joined(samples: Samples, history: History, horizons: int) -> Samples:
    """The windows of a history with simulated ones beside them, if it is of weekly counts.

    They have column and series -1, no target of their own (each is given one of the feed's by chance), and come last.

    Args:
        samples: of the history.
        history: where they came from. Where it is not of the United States the seasons peak at any time of the year.
        horizons: H.
    """
    if history.cadence is not Cadence.WEEK or not samples.layout.year:
        return samples
    looks, changes = _windows(samples, horizons, northern=_is_us(history))
    first, n = len(samples.looks.level), len(changes)
    arrays = {
        one.name: np.concatenate([getattr(samples.looks, one.name), getattr(looks, one.name)]) for one in fields(Looks)
    }
    return replace(
        samples,
        looks=Looks(**arrays),
        changes=np.concatenate([samples.changes, changes]),
        series=np.concatenate([samples.series, np.full(n, -1)]),
        column=np.concatenate([samples.column, np.full(n, -1)]),
        past=np.concatenate([samples.past, first + np.arange(n)]),
        weight=np.concatenate([samples.weight * (1 - SHARE), np.full(n, SHARE / n)]),
    )


def _windows(samples: Samples, horizons: int, *, northern: bool) -> tuple[Looks, Floats]:
    """What is seen at each week of the simulated seasons, and what came after it."""
    history = seasons(northern=northern)
    given = steps(history, LEAST)
    origins = np.arange(history.counts.shape[1] - 1 - horizons, LEAST, -1)
    looks = look(given, history, horizons, samples.layout, origins)
    kinds = np.random.default_rng(_SEED).integers(0, len(samples.layout.targets), len(looks.level))
    came = np.moveaxis(outcomes(given.values, horizons, given.cumulative)[:, origins], 1, 0).reshape(-1, horizons)
    kind = np.eye(len(samples.layout.targets))[kinds]
    return replace(looks, kind=kind), np.log1p(came) - looks.start


@lru_cache(maxsize=2)
def seasons(*, northern: bool) -> History:
    """Weekly counts of simulated places and of all together, the same at every call.

    Each season is a wave of all places, at a time and with growth rates of its own around theirs: twice its size over
    exp(-rise t) + exp(fall t), which turns from one exponential to the other at t = 0.

    Args:
        northern: whether waves peak around the turn of the year; else at any time.
    """
    draws = np.random.default_rng(_SEED)
    weeks = np.arange(SEASONS * 52 + 20)
    dates = _START + 7 * weeks
    population = np.exp(draws.uniform(np.log(6e5), np.log(3e7), PLACES))
    rate = np.repeat(np.exp(draws.normal(np.log(0.15), 0.5, (PLACES, 1))), len(weeks), axis=1)
    for season in range(SEASONS):
        middle = PEAK + draws.normal(0, SPREAD) if northern else draws.uniform(0, _YEAR)
        centre = _YEAR * season + middle + draws.normal(0, 1.5, PLACES)
        rise, fall = (draws.uniform(*bounds) * np.exp(draws.normal(0, 0.15, PLACES)) for bounds in (RISE, FALL))
        size = np.exp(draws.normal(np.log(4.0), 0.6) + draws.normal(0, 0.35, PLACES))
        rate += _wave(weeks, centre, size, rise, fall)
        if draws.random() < AGAIN:
            later = centre + draws.uniform(4, 10) + draws.normal(0, 1, PLACES)
            again = size * draws.uniform(0.2, 0.8) * np.exp(draws.normal(0, 0.3, PLACES))
            rate += _wave(weeks, later, again, 0.8 * rise, fall)
    # More are admitted in the week before and of Christmas, and reporting is a little uneven from week to week.
    bumps = calendar.christmas(dates)
    uneven = np.zeros_like(rate)
    shocks = draws.normal(0, 0.06, rate.shape)
    for week in weeks[1:]:
        uneven[:, week] = 0.3 * uneven[:, week - 1] + shocks[:, week]
    expected = rate * np.exp(uneven + 0.06 * bumps[:, 0] + 0.1 * bumps[:, 1]) * population[:, None] / 1e5
    counts = draws.poisson(expected).astype(np.float64)
    counts = np.vstack([counts.sum(axis=0), counts])
    counts.flags.writeable = False
    names = ("all", *(f"place {number}" for number in range(PLACES)))
    everybody = np.concatenate([[population.sum()], population])
    return History(Cadence.WEEK, dates, ("simulated",) * len(names), names, counts, everybody)


def _wave(weeks: np.ndarray, centre: Floats, size: Floats, rise: Floats, fall: Floats) -> Floats:
    """(S, T) cases per 100,000 in each week of one wave of S places."""
    since = weeks - centre[:, None]
    return np.asarray(2 * size[:, None] / (np.exp(-rise[:, None] * since) + np.exp(fall[:, None] * since)))


def _is_us(history: History) -> bool:
    """Whether all places are the United States or a state, by their FIPS codes."""
    return all(code == "US" or (len(code) == 2 and code.isdigit()) for code in history.locations)  # noqa: PLR2004
