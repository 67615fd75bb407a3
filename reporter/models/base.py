"""The contract every model keeps, and what a model may see."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from reporter.dates import Cadence
from reporter.models.lesson import Lesson
from reporter.schema import LEVELS, Floats, is_cumulative
from reporter.triangle import Triangle


@dataclass(frozen=True)
class History:
    """Counts of S series on one time axis of T periods, as they were known at one date.

    Attributes:
        cadence: a period is a day, or a week, which ends on the same weekday throughout.
        dates: (T,) datetime64[D], evenly spaced period ends; the last is the reference date.
        targets: (S,) target of each series, in hub words.
        locations: (S,) location code of each series.
        counts: (S, T) float64, read-only; NaN where nothing was reported, which is not zero.
            Odd counts are treated as `reporter.marks` says; what is left of negative, falling or
            repeated ones is the model's to bear.
        population: (S,) persons living there; NaN where unknown.
        published: (S, T) the counts as published, read-only; None where `counts` are those.
        triangle: what each count was known to be at each lag, by the vintages that `counts` is the newest of, on the
            same series and periods: what a model can learn from of how counts are revised. None unless a model of the
            feed asks for it (`Entry.revisions` in the registry): it is sent to the worker with the counts.
    """

    cadence: Cadence
    dates: npt.NDArray[np.datetime64]
    targets: tuple[str, ...]
    locations: tuple[str, ...]
    counts: Floats
    population: Floats
    published: Floats | None = None
    triangle: Triangle | None = None

    @property
    def as_published(self) -> Floats:
        """(S, T) the counts with nothing treated."""
        return self.counts if self.published is None else self.published

    @property
    def cumulative(self) -> npt.NDArray[np.bool_]:
        """(S,) whether a series counts everything so far."""
        return np.array([is_cumulative(target) for target in self.targets])


@dataclass(frozen=True)
class Estimates:
    """What a model says of the wave that each of S series is in, besides its forecast.

    Attributes:
        families: (S,) the curve that the numbers are of, such as "logistic"; "" where there is none.
        values: quantity → (S, 5) its estimate, then its levels 0.025, 0.25, 0.75 and 0.975. NaN where it cannot be told
            from the counts; a level may be NaN where its estimate is not. The quantities:
            `began`: first period of the wave, in periods after the reference date (so at most 0).
            `turn`: when new counts are at their peak, in periods after the reference date; negative is past.
            `growth_rate`: of new counts at the reference date, per period: ln 2 over it is the doubling time.
            `final_size`: counts that the wave ends with; of a cumulative series all counts until then, of an incident
            one those since `began` that are more than the level it rose from.
    """

    families: tuple[str, ...]
    values: Mapping[str, Floats]


@dataclass(frozen=True)
class Quantiles:
    """What a model says: quantiles for each series and horizon.

    Attributes:
        values: (S, H, 23) float64 in the levels of `schema.LEVELS`, counts in the unit of the
            history; horizon h is h periods after the reference date, however old the series'
            own last count is. A refused series is all NaN, any other is all finite.
        refused: series number → why the model says nothing about it, in plain words.
        estimates: what it says of the waves, if it is a model of curves.
        lesson: how it learnt, if it is a network.
    """

    values: Floats
    refused: Mapping[int, str] = field(default_factory=dict)
    estimates: Estimates | None = None
    lesson: Lesson | None = None


Learnt = Callable[[History], Quantiles]
"""What a model has learnt from one history, ready to forecast from any: the forecast starts where the history given
ends. A series that was not learnt from is refused."""


class Model(Protocol):
    """A forecaster. Stateless: the same histories, horizons and seed give the same bytes."""

    def forecast(self, history: History, horizons: int, seed: int, learn_from: History | None = None) -> Quantiles:
        """Forecast `horizons` periods after the last date of `history`.

        Args:
            history: the counts the forecast starts from.
            horizons: H.
            seed: of all that is drawn.
            learn_from: the counts that the parameters are learnt from, an earlier or less revised history of the
                same series; `history` itself if left out.

        Raises:
            ModelError: nothing at all can be said; the message says why.
        """
        ...

    def learn(self, history: History, horizons: int, seed: int) -> Learnt:
        """Learn the parameters once, to forecast from several histories.

        Raises:
            ModelError: nothing at all can be learnt; the message says why.
        """
        ...


class Learner(ABC):
    """A model that first learns its parameters from a history, then forecasts from the same or another one."""

    @abstractmethod
    def learn(self, history: History, horizons: int, seed: int) -> Learnt:
        """See `Model.learn`."""

    def forecast(self, history: History, horizons: int, seed: int, learn_from: History | None = None) -> Quantiles:
        """See `Model.forecast`."""
        return self.learn(history if learn_from is None else learn_from, horizons, seed)(history)


def numbers(history: History) -> dict[tuple[str, str], int]:
    """(target, location) → number of the series in a history."""
    return {series: i for i, series in enumerate(zip(history.targets, history.locations, strict=True))}


def empty(history: History, horizons: int) -> Floats:
    """(S, H, 23) of NaN, to be filled."""
    return np.full((len(history.targets), horizons, len(LEVELS)), np.nan)
