"""Forecasts that others made, held to the hub's rules before they are scored.

A submission is what one model said at one reference date. One that breaks a rule is refused whole, with the row that
broke it; the others are kept. It may lie in several files, so a file says besides which submissions it refused.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from reporter import cells
from reporter.dates import Cadence
from reporter.schema import LEVELS
from reporter.tasks import TASK, in_blocks

COLUMNS = ["reference_date", "target", "horizon", "location", "target_end_date", "output_type_id", "value"]
"""What a hub's file must have; `output_type` and `model_id` may be there besides."""

_CODES = {round(level * 1000): number for number, level in enumerate(LEVELS)}
_DAY = np.timedelta64(1, "D")
_FARTHEST = 1_000  # periods
_LARGEST = 1e12  # more than a hundred times mankind; far larger ones overflow in the scores


@dataclass(frozen=True)
class Terms:
    """What is asked of a hub's file.

    Attributes:
        targets: those compared; rows of others are left out. None compares all.
        locations: the places compared; rows of other known ones are left out. None compares all.
        known: every place there is; a row of any other is refused. None knows any.
        cadence: a step of the horizon.
        ahead: periods from our reference date to the hub's: 1 for the CDC's, whose reference date is the Saturday after
            the newest counted week and whose horizon 0 is our 1.
        nearest: the smallest of our horizons that is compared.
        models: the only ones compared; None compares all.
        baselines: whether those named `…baseline` are compared besides `models`.
        ours: names of our own models, which no other may have.
    """

    targets: Collection[str] | None
    locations: Collection[str] | None
    known: Collection[str] | None
    cadence: Cadence
    ahead: int = 1
    nearest: int = 1
    models: Collection[str] | None = None
    baselines: bool = False
    ours: Collection[str] = ()


@dataclass(frozen=True)
class Refusal:
    """Why a file, or a submission in it, is not scored.

    Attributes:
        row: the row at fault, counted from 1, the header aside; None where all are.
    """

    file: str
    row: int | None
    reason: str

    def __str__(self) -> str:
        where = self.file if self.row is None else f"{self.file}, row {self.row}"
        return f"{where}: {self.reason}"


Submission = tuple[str, pd.Timestamp]
"""A model, and a reference date as we have it."""


@dataclass(frozen=True)
class Taken:
    """What one file gave.

    Attributes:
        file: its name, for messages.
        rows: what was kept: hub columns, `model_id` and `row`, in our reference dates and horizons, one task's levels
            after the other.
        refusals: why the others were refused.
        broken: the submissions that were refused.
    """

    file: str
    rows: pd.DataFrame
    refusals: list[Refusal]
    broken: frozenset[Submission] = frozenset()


def read(file: str, table: pa.Table, model: str | None, terms: Terms) -> Taken:
    """Take what can be scored from one file of a hub.

    Args:
        file: its name, for messages.
        table: its rows as they were read, dates and numbers perhaps as text.
        model: whose they are, where no column `model_id` says it.
    """
    missing = [name for name in COLUMNS if name not in table.column_names]
    if model is None and "model_id" not in table.column_names:
        missing.append("model_id")
    if missing:
        return refused_whole(file, f"missing columns {missing}; available {table.column_names}", terms)
    if odd := cells.unlike(table):
        return refused_whole(file, odd, terms)
    rows = cells.parsed(table, model)
    rows = rows[_asked(rows, terms)]
    refuse = _Refuser(file)
    for check in (_unreadable, _foreign, _incomplete, _crossing):
        rows = check(rows, terms, refuse)
    broken = frozenset((name, ours(day, terms)) for name, day in refuse.broken)
    return Taken(file, _kept(rows, terms), refuse.refusals, broken)


def refused_whole(file: str, reason: str, terms: Terms) -> Taken:
    """What comes of a file of which nothing can be read."""
    return Taken(file, _kept(None, terms), [Refusal(file, None, reason)])


def ours(day: pd.Timestamp, terms: Terms) -> pd.Timestamp:
    """Our reference date for a hub's."""
    return day - pd.Timedelta(days=terms.ahead * terms.cadence.days)


class _Refuser:
    """Drops the submissions that have a row at fault, and says which and why."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.refusals: list[Refusal] = []
        self.broken: set[Submission] = set()  # in the hub's own dates

    def __call__(
        self,
        rows: pd.DataFrame,
        faults: npt.NDArray[np.bool_],
        reason: Callable[[pd.Series], str],
        unit: Sequence[str] = ("model_id", "reference_date"),
    ) -> pd.DataFrame:
        if not faults.any():
            return rows
        codes = rows.groupby(list(unit), sort=False, dropna=False).ngroup().to_numpy()
        faulty = np.flatnonzero(faults)
        for code in np.unique(codes[faulty]):
            of_it = faulty[codes[faulty] == code]
            first = rows.iloc[of_it[np.argmin(rows["row"].to_numpy()[of_it])]]
            self.refusals.append(Refusal(self._file, int(first["row"]), reason(first)))
        fallen = np.isin(codes, codes[faulty])
        self.broken |= submissions(rows[fallen].dropna(subset=["reference_date"]))
        return rows[~fallen]


def submissions(rows: pd.DataFrame) -> set[Submission]:
    """The submissions that rows are of."""
    found = rows[["model_id", "reference_date"]].drop_duplicates()
    return set(found.itertuples(index=False, name=None))


def _asked(rows: pd.DataFrame, terms: Terms) -> npt.NDArray[np.bool_]:
    """Which rows are of what is compared; an unknown place is, so that it can be refused."""
    asked: pd.Series[bool] = (rows["horizon"] + terms.ahead >= terms.nearest) | ~np.isfinite(rows["horizon"].to_numpy())
    if terms.targets is not None:
        asked &= rows["target"].isin(list(terms.targets))
    if "output_type" in rows:
        asked &= rows["output_type"] == "quantile"
    if terms.models is not None:
        besides = filter(is_baseline, rows["model_id"].unique()) if terms.baselines else ()
        asked &= rows["model_id"].isin([*terms.models, *besides])
    if terms.locations is not None:
        elsewhere = ~rows["location"].isin(list(terms.locations))
        asked &= ~elsewhere if terms.known is None else ~(elsewhere & rows["location"].isin(list(terms.known)))
    return asked.to_numpy()


def _unreadable(rows: pd.DataFrame, _terms: Terms, refuse: _Refuser) -> pd.DataFrame:
    no_day = "is no day as YYYY-MM-DD"
    unnamed = (rows["model_id"].isna() | (rows["model_id"] == "")).to_numpy()
    rows = refuse(rows, unnamed, _always("model_id is blank"), ["model_id"])
    # Without its date a row could be of any submission of its model.
    rows = refuse(rows, rows["reference_date"].isna().to_numpy(), _always(f"reference_date {no_day}"), ["model_id"])
    rows = refuse(rows, rows["target_end_date"].isna().to_numpy(), _always(f"target_end_date {no_day}"))
    whole = np.isfinite(rows["horizon"]) & (rows["horizon"] == np.round(rows["horizon"]))
    rows = refuse(rows, ~whole.to_numpy(), _always("horizon is no whole number"))
    far = (rows["horizon"] > _FARTHEST).to_numpy()
    rows = refuse(rows, far, lambda row: f"horizon {row['horizon']:g} is more than {_FARTHEST:,}")
    known = np.isin(_thousandths(rows), list(_CODES))
    rows = refuse(rows, ~known, lambda row: f"{row['output_type_id']:g} is none of the 23 quantile levels")
    value = rows["value"].to_numpy()
    fine = np.isfinite(value) & (value >= 0)
    rows = refuse(rows, ~fine, lambda row: f"value {row['value']:g} is no count")
    large = (rows["value"] > _LARGEST).to_numpy()
    return refuse(rows, large, lambda row: f"value {row['value']:g} is more than {_LARGEST:g}")


def _always(reason: str) -> Callable[[pd.Series], str]:
    return lambda _row: reason


def _foreign(rows: pd.DataFrame, terms: Terms, refuse: _Refuser) -> pd.DataFrame:
    """Refuse names that are ours, places that are nowhere, and periods that the horizon does not reach."""
    rows = refuse(
        rows, rows["model_id"].isin(list(terms.ours)).to_numpy(), lambda row: f"{row['model_id']} is a model of ours"
    )
    if terms.known is not None:
        nowhere = ~rows["location"].isin(list(terms.known)).to_numpy()
        rows = refuse(rows, nowhere, lambda row: f"unknown place {row['location']!r}")
    steps = (rows["horizon"].to_numpy() * terms.cadence.days).astype(np.int64) * _DAY
    wrong = rows["reference_date"].to_numpy() + steps != rows["target_end_date"].to_numpy()
    return refuse(
        rows, wrong, lambda row: f"horizon {row['horizon']:.0f} does not end on {row['target_end_date']:%Y-%m-%d}"
    )


def _incomplete(rows: pd.DataFrame, _terms: Terms, refuse: _Refuser) -> pd.DataFrame:
    """Put the levels in order; refuse a level twice, or a task without all 23."""
    level = [_CODES[thousandths] for thousandths in _thousandths(rows).tolist()]
    rows = rows.assign(output_type_id=np.array(LEVELS)[level])
    if _whole(rows):
        return rows
    rows = rows.sort_values([*TASK, "output_type_id", "row"])
    twice = rows.duplicated([*TASK, "output_type_id"]).to_numpy()
    rows = refuse(rows, twice, lambda row: f"the same quantile twice: {task_words(row)}, {row['output_type_id']:g}")
    counts = rows.groupby(TASK)["row"].transform("size").to_numpy()
    return refuse(
        rows, counts != len(LEVELS), lambda row: f"not all of the 23 quantile levels are there: {task_words(row)}"
    )


def _whole(rows: pd.DataFrame) -> bool:
    """Whether the rows are tasks with all their levels, rising, each task once."""
    return in_blocks(rows) and not rows.iloc[:: len(LEVELS)].duplicated(TASK).any()


def _thousandths(rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Levels in whole thousandths: 0.1 + 0.2 is the level 0.3."""
    return np.round(rows["output_type_id"].to_numpy() * 1000)


def _crossing(rows: pd.DataFrame, _terms: Terms, refuse: _Refuser) -> pd.DataFrame:
    values = rows["value"].to_numpy().reshape(-1, len(LEVELS))
    falls = np.concatenate([np.zeros((len(values), 1), dtype=bool), np.diff(values, axis=1) < 0], axis=1).reshape(-1)
    return refuse(rows, falls, lambda row: f"quantiles cross at {row['output_type_id']:g}: {task_words(row)}")


def is_baseline(model: str) -> bool:
    """Whether a model's name says that it is a baseline, as the hubs' do."""
    return str(model).lower().endswith("baseline")


def task_words(row: pd.Series) -> str:
    """What a forecast is of, for a message."""
    return f"{row['target']}, {row['location']}, {row['target_end_date']:%Y-%m-%d}"


def _kept(rows: pd.DataFrame | None, terms: Terms) -> pd.DataFrame:
    """The rows in our own reference dates and horizons, in the ledger's columns, `model_id` and `row`."""
    if rows is None or rows.empty:
        dates, none = np.empty(0, "datetime64[s]"), np.empty(0)
        empty = {"reference_date": dates, "target": [], "horizon": none, "location": [], "target_end_date": dates}
        rows = pd.DataFrame(empty | {"output_type_id": none, "value": none, "model_id": [], "row": none})
    back = np.timedelta64(terms.ahead * terms.cadence.days, "D").astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "reference_date": rows["reference_date"] - back,
            "target": rows["target"].astype("str"),
            "horizon": (rows["horizon"] + terms.ahead).astype("int32"),
            "location": rows["location"].astype("str"),
            "target_end_date": rows["target_end_date"],
            "output_type": "quantile",
            "output_type_id": rows["output_type_id"],
            "value": rows["value"],
            "model_id": rows["model_id"].astype("str"),
            "row": rows["row"].astype("int64"),
        }
    ).reset_index(drop=True)
