"""How the newest counts were revised after a forecaster saw them: what training is to look like."""

from dataclasses import dataclass

import numpy as np

from reporter.dates import Cadence
from reporter.models.base import History
from reporter.models.series import Ints, Steps
from reporter.schema import Floats

NEWEST = {Cadence.DAY: 7, Cadence.WEEK: 4}
"""Newest periods whose revisions are looked at."""

SETTLED = {Cadence.DAY: 14, Cadence.WEEK: 3}
"""Periods after which a count is held to be what it will stay; what it was at first is then known."""

LEAST = 10.0
"""A smaller count's revision says nothing of others: its logarithm jumps."""

MOST = 1.5
"""Log ratios beyond this are cut to it: a place that had not reported at all is no revision."""

ENOUGH = 30
"""Past looks from which something can be learnt, at the least."""


@dataclass(frozen=True)
class Revisions:
    """How counts as first seen differed from what they became, at P past origins.

    At each, the newest K periods were as old as they are at the end of the history.

    Attributes:
        where: (S, T) number of the look at each origin of the usable series; -1 where there is none.
        own: (P, K) log1p of a count as seen less that of what it became; the newest last.
        total: (P, K) the same of the total of all places of the target.
        others: (P,) by how much the newest change of the place's other targets was seen too great.
    """

    where: Ints
    own: Floats
    total: Floats
    others: Floats


def revisions(given: Steps, history: History) -> Revisions | None:
    """What a history's triangle tells of how its newest counts will be revised.

    Args:
        given: the history's counts per period.
        history: where they came from.

    Returns:
        None where there is no triangle, or it tells of fewer than `ENOUGH` origins; cumulative series tell nothing.
    """
    newest, step = NEWEST[history.cadence], history.cadence.days
    triangle, mine = history.triangle, given.usable
    if triangle is None or not len(mine):
        return None
    age = int((triangle.as_of - history.dates[-1]) / np.timedelta64(1, "D"))
    if not 0 <= age + (newest - 1) * step < (triangle.lags + 1) * step:
        return None
    became = given.values[mine]
    s, t = became.shape
    seen = np.full((s, t, newest), np.nan)
    for back in range(newest):
        known = _moved(triangle.after(age + back * step), given)[mine]
        # At an origin, the period `back` before it was as old as that.
        seen[:, back:, newest - 1 - back] = known[:, : t - back]
    finally_ = np.full_like(seen, np.nan)
    for back in range(newest):
        finally_[:, back:, newest - 1 - back] = became[:, : t - back]
    # A running total is no count per period, so the two cannot be held against each other.
    seen[given.cumulative[mine]] = np.nan
    own = _off(seen, finally_)
    usable = np.isfinite(own).all(axis=2) & (became >= LEAST)
    usable[:, max(t - SETTLED[history.cadence], 0) :] = False
    if usable.sum() < ENOUGH:
        return None
    where = np.full((s, t), -1)
    where[usable] = np.arange(usable.sum())
    targets = np.array(history.targets)[mine]
    total = np.zeros_like(own)
    for name in dict.fromkeys(history.targets):
        of = targets == name
        both = np.isfinite(seen[of]) & np.isfinite(finally_[of])
        total[of] = np.nan_to_num(
            _off(np.where(both, seen[of], 0).sum(axis=0), np.where(both, finally_[of], 0).sum(axis=0))
        )
    change = own[:, :, -1] - own[:, :, -2]
    weight = np.where(given.cumulative[mine, None], 0.0, np.sqrt(np.nan_to_num(became)))
    others = beside(np.nan_to_num(change), weight, history, mine)
    return Revisions(where, own[usable], total[usable], others[usable])


def beside(values: Floats, weight: Floats, history: History, mine: Ints) -> Floats:
    """(S, T) the weighted mean of what the other targets of the same place show; 0 where there is none.

    Args:
        values: (S, T) of the usable series.
        weight: (S, T) at least 0.
        history: where they come from.
        mine: (S,) their numbers in it.
    """
    _, places = np.unique(np.array(history.locations)[mine], return_inverse=True)
    sums, weights = (np.zeros((places.max(initial=-1) + 1, values.shape[1])) for _ in range(2))
    np.add.at(sums, places, values * weight)
    np.add.at(weights, places, weight)
    others = weights[places] - weight
    return np.asarray(np.where(others > 0, (sums[places] - values * weight) / np.where(others > 0, others, 1.0), 0.0))


def _off(seen: Floats, became: Floats) -> Floats:
    return np.asarray(np.clip(np.log1p(np.maximum(seen, 0.0)) - np.log1p(became), -MOST, MOST))


def _moved(counts: Floats, given: Steps) -> Floats:
    """(S, T) counts by date, each series moved as `Steps` has it; one whose newest count is late was not seen so."""
    moved = np.where((given.age == 0)[:, None], counts, np.nan)
    return np.asarray(moved[:, -given.values.shape[1] :])
