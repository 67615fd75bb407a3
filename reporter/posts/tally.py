"""Scores laid out by column, so that any choice of tasks is counted by model in one go."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter.evaluate import BASELINE

COLUMNS = (
    "model_id", "target", "location", "reference_date", "horizon", "target_end_date", "against", "live", "as_of", "wis",
    "dispersion", "covered_50", "covered_95",
)  # fmt: skip
"""What it needs of a score table."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Total:
    """One model on the tasks that the baseline forecast too.

    Attributes:
        wis, wis_baseline: means; None for the baseline's where it forecast none of the tasks.
        held_50, held_95: how often each range held.
        pointlike: every forecast was one number and no range.
    """

    tasks: int
    wis: float
    wis_baseline: float | None
    held_50: int
    held_95: int
    pointlike: bool


class Tally:
    """The scores of a feed.

    Args:
        scores: `COLUMNS` of `evaluate.SCORES`, against one of first and latest values.
    """

    def __init__(self, scores: pd.DataFrame) -> None:
        self._model, models = pd.factorize(scores["model_id"])
        self._target, targets = pd.factorize(scores["target"])
        self._place, places = pd.factorize(scores["location"])
        self._models, self._targets, self._places = (
            [str(name) for name in names] for names in (models, targets, places)
        )
        self._horizon = scores["horizon"].to_numpy(dtype=np.int64)
        self._live = scores["live"].to_numpy(dtype=bool)
        self._end = scores["target_end_date"].to_numpy()
        self._as_of = scores["as_of"].to_numpy()
        self._wis = scores["wis"].to_numpy()
        self._width = scores["dispersion"].to_numpy()
        self._held = [scores[f"covered_{nominal}"].to_numpy() for nominal in (50, 95)]
        self._baseline = self._beside(scores)

    def _beside(self, scores: pd.DataFrame) -> npt.NDArray[np.float64]:
        """The baseline's WIS on each row's task; NaN if it has none."""
        if not len(scores) or BASELINE not in self._models:
            return np.full(len(scores), np.nan)
        dates, _ = pd.factorize(scores["reference_date"])
        horizons = scores["horizon"].to_numpy(dtype=np.int64)
        sizes = (len(self._targets), len(self._places), int(dates.max()) + 1, int(horizons.max()) + 1)
        task = np.ravel_multi_index((self._target, self._place, dates, horizons), sizes)
        mine = np.flatnonzero(self._model == self._models.index(BASELINE))
        mine = mine[np.argsort(task[mine], kind="stable")]
        at = np.minimum(np.searchsorted(task[mine], task), len(mine) - 1)
        return np.where(task[mine[at]] == task, self._wis[mine[at]], np.nan)

    @cached_property
    def _by_series(self) -> dict[tuple[int, int], Rows]:
        series = self._target * len(self._places) + self._place
        order = np.argsort(series, kind="stable")
        ordered = series[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        keys = (divmod(int(one), len(self._places)) for one in ordered[starts])
        return dict(zip(keys, np.split(order, starts[1:]), strict=True)) if len(order) else {}

    def of_series(self, target: str, location: str, *, live: bool, horizon: int | None = None) -> dict[str, Total]:
        """How each model did on one series, at one horizon or at all, in the order of the table."""
        if target not in self._targets or location not in self._places:
            return {}
        key = self._targets.index(target), self._places.index(location)
        rows = self._by_series.get(key, np.empty(0, np.int64))
        mine = self._live[rows] == live
        if horizon is not None:
            mine &= self._horizon[rows] == horizon
        return self._totals(rows[mine])

    def known_by(self, target: str, day: date, as_of: date, *, live: bool) -> dict[str, Total]:
        """How each model did on a target, on tasks that ended by a day and were counted as of another."""
        if target not in self._targets:
            return {}
        mine = (self._target == self._targets.index(target)) & (self._live == live)
        mine &= (self._end <= np.datetime64(day, "s")) & (self._as_of <= np.datetime64(as_of, "s"))
        return self._totals(np.flatnonzero(mine))

    def _totals(self, rows: Rows) -> dict[str, Total]:
        common = rows[~np.isnan(self._baseline[rows])]
        rows, has_baseline = (common, True) if len(common) else (rows, False)
        models, size = self._model[rows], len(self._models)
        tasks = np.bincount(models, minlength=size)
        columns = (self._wis, self._baseline, self._width, *self._held)
        wis, base, width, *held = (np.bincount(models, values[rows], minlength=size) for values in columns)
        order = models[np.sort(np.unique(models, return_index=True)[1])].tolist()
        return {
            self._models[one]: Total(
                tasks=int(tasks[one]),
                wis=float(wis[one] / tasks[one]),
                wis_baseline=float(base[one] / tasks[one]) if has_baseline else None,
                held_50=int(held[0][one]),
                held_95=int(held[1][one]),
                pointlike=not width[one] > 0,
            )
            for one in order
        }


def _coded(texts: pd.Series) -> tuple[Rows, list[str]]:
    """Each text as a number, and what the numbers stand for, in the order they come."""
    codes, names = pd.factorize(texts)
    return codes.astype(np.int64), [str(name) for name in names]
