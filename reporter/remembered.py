"""The newest forecasts of each model as arrays, kept for those that combine them."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter.dates import Cadence
from reporter.errors import ContractError
from reporter.models.base import History
from reporter.models.past import NEWEST, Past
from reporter.schema import LEVELS, Floats

COLUMNS = ["target", "location", "horizon", "output_type_id", "value"]
"""Of hub rows, what is looked at."""

Series = tuple[str, str]
"""(target, location)."""


@dataclass(frozen=True)
class Sheet:
    """What one model said at one reference date.

    Attributes:
        series: (target, location) → its row of `values`.
        values: (S, H, 23) of either precision; NaN where it said nothing.
    """

    series: Mapping[Series, int]
    values: npt.NDArray[np.floating]

    def on(self, series: Sequence[Series], horizons: int) -> npt.NDArray[np.floating]:
        """(S', H', 23), the same on other series and horizons; NaN where it has none."""
        rows = np.array([self.series.get(one, -1) for one in series], dtype=np.int64)
        laid = np.full((len(series), horizons, len(LEVELS)), np.nan, dtype=self.values.dtype)
        found, common = np.flatnonzero(rows >= 0), min(horizons, self.values.shape[1])
        laid[found, :common] = self.values[rows[found], :common]
        return laid


class Remembered:
    """The sheets of the newest reference dates on record: as many as a forecast looks back on, and one more.

    The one more is for going back to the newest date on record, which is not to see itself.

    Args:
        cadence: how often it is counted.
        models: the models of the feed.
        members: those of them that are combined.
    """

    def __init__(self, cadence: Cadence, models: Sequence[str], members: Sequence[str]) -> None:
        self._newest = NEWEST[cadence]
        self._models = tuple(models)
        self._members = tuple(members)
        self._kept: deque[tuple[np.datetime64, dict[str, Sheet]]] = deque(maxlen=self.size(cadence))

    @staticmethod
    def size(cadence: Cadence) -> int:
        """How many reference dates are kept."""
        return NEWEST[cadence] + 1

    def add(self, reference: date, told: Mapping[str, pd.DataFrame]) -> None:
        """Remember a reference date later than all that are.

        Args:
            reference: the date.
            told: model_id → hub rows of that date, of which `COLUMNS` are enough; other models than the feed's are left
                out.
        """
        sheets = {model: _sheet(rows) for model, rows in told.items() if model in self._models}
        # Half the precision is plenty for a score, and counties by the thousand fill the memory.
        small = {model: Sheet(one.series, one.values.astype(np.float32)) for model, one in sheets.items()}
        self._kept.append((np.datetime64(reference, "D"), small))

    def past(self, history: History, horizons: int) -> Past:
        """What was said before the last date of a history, on its series."""
        before = [one for one in self._kept if one[0] < history.dates[-1]][-self._newest :]
        series = list(zip(history.targets, history.locations, strict=True))
        told = {
            model: np.full((len(before), len(series), horizons, len(LEVELS)), np.nan, dtype=np.float32)
            for model in self._models
        }
        for number, (_, sheets) in enumerate(before):
            for model, one in sheets.items():
                told[model][number] = one.on(series, horizons)
        references = np.array([reference for reference, _ in before], dtype="datetime64[D]")
        return Past(references, told, self._members)


def quantiles(rows: pd.DataFrame, history: History, horizons: int) -> Floats:
    """What a model's hub rows say of a history.

    Args:
        rows: of one reference date, every task with all its levels, one after the other.
        history: the series wanted.
        horizons: H.

    Returns:
        (S, H, 23); NaN where they say nothing.
    """
    series = list(zip(history.targets, history.locations, strict=True))
    return np.asarray(_sheet(rows).on(series, horizons), dtype=np.float64)


def _sheet(rows: pd.DataFrame) -> Sheet:
    """Lay out hub rows of one model and reference date.

    Raises:
        ContractError: a task lacks a level.
    """
    tasks = rows.iloc[:: len(LEVELS)]
    if len(rows) % len(LEVELS) or (rows["output_type_id"].to_numpy().reshape(-1, len(LEVELS)) != LEVELS).any():
        raise ContractError("forecasts that do not have all levels one after the other")
    series: dict[Series, int] = {}
    pairs = zip(tasks["target"].tolist(), tasks["location"].tolist(), strict=True)
    number = np.array([series.setdefault(pair, len(series)) for pair in pairs], dtype=np.int64)
    horizon = tasks["horizon"].to_numpy(dtype=np.int64)
    values = np.full((len(series), int(horizon.max(initial=0)), len(LEVELS)), np.nan)
    values[number, horizon - 1] = rows["value"].to_numpy(dtype=np.float64).reshape(-1, len(LEVELS))
    return Sheet(series, values)
