"""What models do to published counts before they learn from them, and to numbers before they leave."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from reporter.dates import Cadence
from reporter.models.base import History, numbers
from reporter.schema import Floats

Ints = npt.NDArray[np.int64]

OLDEST = {Cadence.DAY: 14, Cadence.WEEK: 5}
"""A series whose last count is more periods old than this is not forecast from its shape."""


def too_few(counts: int, least: int) -> str:
    """Why a series is refused that has hardly begun."""
    return f"only {counts} count{'' if counts == 1 else 's'} so far; needs {least}"


NOT_LEARNT = "was not there when the parameters were learnt"
"""Why a series is refused that the history learnt from does not hold."""


@dataclass(frozen=True)
class Steps:
    """Counts per period, each series moved so that its last reported period is in the last column.

    Attributes:
        values: (S, T) at least 0; holes filled, NaN before the first count (and throughout a refused series).
        last: (S,) the last reported value of a cumulative series; 0 for an incident one.
        age: (S,) periods from the series' last count to the reference date.
        cumulative: (S,) whether the series counts everything so far.
        end: (S,) datetime64[D] of that last period.
        refused: series number → why, in plain words.
    """

    values: Floats
    last: Floats
    age: Ints
    cumulative: npt.NDArray[np.bool_]
    end: npt.NDArray[np.datetime64]
    refused: dict[int, str]

    @property
    def usable(self) -> Ints:
        """Numbers of the series that are not refused."""
        return np.array([i for i in range(len(self.last)) if i not in self.refused], dtype=np.int64)


def steps(history: History, least: int) -> Steps:
    """Take a history apart into counts per period.

    Cumulative counts are differenced; a fall, which is a correction, counts as 0. Holes are filled by a straight line
    through the cumulative counts, or through the log of incident ones.

    Args:
        history: as published.
        least: counts a series needs, else it is refused.
    """
    s, t = history.counts.shape
    values = np.full((s, t), np.nan)
    last = np.zeros(s)
    age = np.zeros(s, dtype=np.int64)
    refused: dict[int, str] = {}
    cumulative = history.cumulative
    for i, row in enumerate(history.counts):
        where = np.flatnonzero(np.isfinite(row))
        if len(where) < least:
            refused[i] = too_few(len(where), least)
            continue
        age[i] = t - 1 - where[-1]
        if age[i] > OLDEST[history.cadence]:
            refused[i] = f"its last count is {age[i]} {history.cadence.value}s old"
            continue
        filled = _per_period(row[where[0] : where[-1] + 1], cumulative=bool(cumulative[i]))
        values[i, t - len(filled) :] = filled
        last[i] = max(row[where[-1]], 0.0) if cumulative[i] else 0.0
    end = history.dates[-1] - age * np.timedelta64(history.cadence.days, "D")
    return Steps(values, last, age, cumulative, end, refused)


def as_published(history: History, past: Steps) -> Floats:
    """(S, T) counts per period with nothing treated, where `past.values` are: what forecasts are held against.

    A fall of a running total is negative here, a hole of an incident series NaN; a total's holes are filled by a
    straight line.

    Args:
        history: as published.
        past: the same, treated and taken apart.
    """
    values = np.full_like(past.values, np.nan)
    for i in past.usable:
        row = history.as_published[i, : history.counts.shape[1] - past.age[i]]
        if past.cumulative[i]:
            position, known = np.arange(len(row)), np.flatnonzero(np.isfinite(row))
            row = np.diff(np.interp(position, known, row[known], left=np.nan), prepend=np.nan)
        values[i, past.age[i] :] = row
    return np.where(np.isfinite(past.values), values, np.nan)


def steps_since(history: History, least: int, learnt: History, past: Steps) -> tuple[Steps, Ints]:
    """Take apart a history to forecast from with parameters learnt from another.

    Args:
        history: where the forecast starts.
        least: counts a series needs, else it is refused.
        learnt: the history the parameters were learnt from.
        past: `learnt` taken apart.

    Returns:
        The history's counts per period, in which a series is also refused that was not learnt from, and for each
        usable series its place among the usable ones of `past`.
    """
    given = steps(history, least)
    known = numbers(learnt)
    order = {int(number): place for place, number in enumerate(past.usable)}
    refused, places = dict(given.refused), []
    for i, series in enumerate(zip(history.targets, history.locations, strict=True)):
        number = known.get(series)
        if number is None or number in past.refused:
            refused.setdefault(i, NOT_LEARNT if number is None else past.refused[number])
        elif i not in refused:
            places.append(order[number])
    return replace(given, refused=refused), np.array(places, dtype=np.int64)


def drawn_out(values: Floats, horizons: int) -> Floats:
    """The first `horizons` along the second axis; the last one goes on beyond those that were learnt."""
    return values[:, np.minimum(np.arange(horizons), values.shape[1] - 1)]


def _per_period(row: Floats, *, cumulative: bool) -> Floats:
    """Counts per period of one series without NaN at its ends; one shorter if it was cumulative."""
    reported = np.isfinite(row)
    position = np.arange(len(row))
    if cumulative:
        return np.maximum(np.diff(np.interp(position, position[reported], row[reported])), 0.0)
    logs = np.interp(position, position[reported], np.log1p(np.maximum(row[reported], 0.0)))
    return np.where(reported, np.maximum(row, 0.0), np.expm1(logs))


def outcomes(values: Floats, horizons: int, cumulative: npt.NDArray[np.bool_]) -> Floats:
    """What came h periods after each column: its count, or for a cumulative series all counts until then.

    Args:
        values: (S, T) counts per period.
        horizons: H.
        cumulative: (S,).

    Returns:
        (S, T, H); NaN beyond the end.
    """
    s, t = values.shape
    result = np.full((s, t, horizons), np.nan)
    for h in range(1, min(horizons, t - 1) + 1):
        result[:, : t - h, h - 1] = values[:, h:]
    result[cumulative] = np.cumsum(result[cumulative], axis=2)
    return result


def to_horizons(ahead: Floats, given: Steps, history: History, horizons: int) -> Floats:
    """Turn quantiles counted from each series' own last count into the forecast of a history.

    Args:
        ahead: (S, H', 23) quantiles of what `outcomes` means, H' at least `horizons` plus the greatest age.
        given: where `ahead` came from.
        history: the same.
        horizons: H.

    Returns:
        (S, H, 23) within the bounds of `bounded`; refused series are NaN.
    """
    index = given.age[:, None] + np.arange(horizons)
    values = np.take_along_axis(ahead, index[:, :, None], axis=1) + given.last[:, None, None]
    # What has been counted stays counted: no quantile of a total falls from one horizon to the next.
    values[given.cumulative] = np.maximum.accumulate(values[given.cumulative], axis=1)
    return bounded(values, history)


def bounded(values: Floats, history: History) -> Floats:
    """Order the quantiles and keep them between 0 and the population, where it is known."""
    most = np.where(np.isfinite(history.population), history.population, np.inf)
    return np.clip(np.sort(values, axis=2), 0.0, most[:, None, None])
