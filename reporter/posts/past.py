"""Every past forecast of the leading model, and every count that was ever known, by series."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter.posts.record import SAID_LEVELS, FeedRecord
from reporter.schema import Floats

Series = tuple[str, str]
"""(target, location)."""

Ints = npt.NDArray[np.int64]

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Said:
    """What was said of one series, a row a forecast period, by rising reference date and horizon.

    Attributes:
        models: (N,) the model of each row.
        references, ends: (N,) days since 1970-01-01.
        horizons: (N,) steps after the reference date.
        values: (N, 5) quantiles in the order of `SAID_LEVELS`.
    """

    models: list[str]
    references: Ints
    ends: Ints
    horizons: Ints
    values: Floats


@dataclass(frozen=True)
class Log:
    """The change log of one series, by rising period end and, of each, vintage.

    Attributes:
        ends, as_ofs: (N,) days since 1970-01-01.
        values: (N,) the count from that vintage on; NaN is withdrawn.
    """

    ends: Ints
    as_ofs: Ints
    values: Floats


class Past:
    """A feed's past forecasts and counts, each series found without searching."""

    def __init__(self, record: FeedRecord) -> None:
        self._said = record.said
        self._log = record.history

    @cached_property
    def dates(self) -> list[date]:
        """The reference dates that can be looked back at, oldest first."""
        return [day_of(day) for day in np.unique(_days(self._said["reference_date"])).tolist()]

    def said(self, series: Series) -> Said:
        """What was said of a series; nothing of one that was never forecast."""
        models, references, ends, horizons, values = self._columns
        rows = self._rows.get(series, np.zeros(0, np.int64))
        names = [models[row] for row in rows.tolist()]
        return Said(names, references[rows], ends[rows], horizons[rows], values[rows])

    def log(self, series: Series) -> Log:
        """Every count of a series that was ever known."""
        found = self._log_rows.get(series, slice(0, 0))
        ends, as_ofs, values = self._log_columns
        return Log(ends[found], as_ofs[found], values[found])

    @cached_property
    def _rows(self) -> dict[Series, Ints]:
        found = self._said.groupby(["target", "location"]).indices
        return {_series(key): np.asarray(rows, np.int64) for key, rows in found.items()}

    @cached_property
    def _columns(self) -> tuple[list[str], Ints, Ints, Ints, Floats]:
        frame = self._said
        references, ends = _days(frame["reference_date"]), _days(frame["target_end_date"])
        values = frame[list(SAID_LEVELS.values())].to_numpy(np.float64)
        return frame["model_id"].tolist(), references, ends, frame["horizon"].to_numpy(np.int64), values

    @cached_property
    def _log_rows(self) -> dict[Series, slice]:
        # A series' rows lie together.
        found = self._log.groupby(["target", "location"]).indices
        return {_series(key): slice(int(rows[0]), int(rows[-1]) + 1) for key, rows in found.items()}

    @cached_property
    def _log_columns(self) -> tuple[Ints, Ints, Floats]:
        frame = self._log
        return _days(frame["target_end_date"]), _days(frame["as_of"]), frame["observation"].to_numpy(np.float64)


def day_of(number: int) -> date:
    """A day by its number since 1970-01-01."""
    return _EPOCH + timedelta(days=number)


def number_of(day: date) -> int:
    """The number of a day since 1970-01-01."""
    return (day - _EPOCH).days


def _series(key: object) -> Series:
    target, location = key if isinstance(key, tuple) else (key, key)
    return str(target), str(location)


def _days(column: "pd.Series[pd.Timestamp]") -> Ints:
    return column.to_numpy().astype("datetime64[D]").astype(np.int64)
