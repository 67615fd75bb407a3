"""The contract every model keeps, and what a model may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from reporter.dates import Cadence
from reporter.schema import LEVELS, Floats, is_cumulative


@dataclass(frozen=True)
class History:
    """Counts of S series on one time axis of T periods, as they were known at one date.

    Attributes:
        cadence: a period is a day, or a week ending on Saturday.
        dates: (T,) datetime64[D], evenly spaced period ends; the last is the reference date.
        targets: (S,) target of each series, in hub words.
        locations: (S,) location code of each series.
        counts: (S, T) float64, read-only; NaN where nothing was reported, which is not zero.
            Values are as published: negative, falling or repeated ones are the model's to bear.
        population: (S,) persons living there; NaN where unknown.
    """

    cadence: Cadence
    dates: npt.NDArray[np.datetime64]
    targets: tuple[str, ...]
    locations: tuple[str, ...]
    counts: Floats
    population: Floats

    @property
    def cumulative(self) -> npt.NDArray[np.bool_]:
        """(S,) whether a series counts everything so far."""
        return np.array([is_cumulative(target) for target in self.targets])


@dataclass(frozen=True)
class Quantiles:
    """What a model says: quantiles for each series and horizon.

    Attributes:
        values: (S, H, 23) float64 in the levels of `schema.LEVELS`, counts in the unit of the
            history; horizon h is h periods after the reference date, however old the series'
            own last count is. A refused series is all NaN, any other is all finite.
        refused: series number → why the model says nothing about it, in plain words.
    """

    values: Floats
    refused: Mapping[int, str] = field(default_factory=dict)


class Model(Protocol):
    """A forecaster. Stateless: the same history, horizons and seed give the same bytes."""

    def forecast(self, history: History, horizons: int, seed: int) -> Quantiles:
        """Forecast `horizons` periods after the last date of `history`.

        Raises:
            ModelError: nothing at all can be said; the message says why.
        """
        ...


def empty(history: History, horizons: int) -> Floats:
    """(S, H, 23) of NaN, to be filled."""
    return np.full((len(history.targets), horizons, len(LEVELS)), np.nan)
