"""Whether a hub would take a submission: every row held against its `tasks.json`.

Source: https://docs.hubverse.io/ (model output), and what the hubs' own validations refuse.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter.asked import Json, allowed, quantile_tasks, round_of, some, values
from reporter.errors import ContractError
from reporter.schema import FORECASTS, columns, require

_Mask = npt.NDArray[np.bool_]

_DAYS = {"day": 1, "week": 7}
_TASK = ["reference_date", "target", "horizon", "location", "target_end_date"]
_LEVELS = "output_type_id"


def check(frame: pd.DataFrame, tasks: Json) -> None:
    """Hold a submission (`schema.FORECASTS`, in the hub's terms) against the hub's `tasks.json`.

    Raises:
        ContractError: with the first row that is not right, and why; rows count from 1.
    """
    require(frame, columns(FORECASTS))
    if frame.empty:
        raise ContractError("a submission without forecasts")
    frame = frame.reset_index(drop=True)
    rows = _Rows(frame)
    for name in columns(FORECASTS):
        rows.refuse(frame[name].isna(), f"{name} is missing")
    first = rows.texts["reference_date"].iloc[0]
    rows.refuse(
        rows.texts["reference_date"] != first,
        "reference_date {reference_date}, but row 1 is of {first}; a file is of one",
        first=first,
    )
    rows.refuse(frame["output_type"] != "quantile", "output_type {output_type!r}; allowed here: 'quantile'")
    wanted = quantile_tasks(round_of(tasks, first))
    home = _home(rows, wanted)
    rows.refuse(frame.duplicated([*_TASK, _LEVELS]), "the same quantile twice")
    for number, task in enumerate(wanted):
        mine = home == number
        if mine.any():
            quantile = task["output_type"]["quantile"]
            _check_steps(rows, mine, task)
            _check_levels(rows, mine, quantile["output_type_id"])
            _check_values(rows, mine, quantile["value"])
            _check_required(rows, mine, task)
    below = frame.sort_values([*_TASK, _LEVELS]).groupby(_TASK)["value"].diff() < 0
    rows.refuse(below.sort_index(), "value {value} is below that of the next lower level")


class _Rows:
    """A submission's rows, which refusals name.

    Attributes:
        frame: the submission, its index 0, 1, 2 …
        texts: the same with dates as `tasks.json` writes them.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        days = {name: frame[name].dt.strftime("%Y-%m-%d") for name in ("reference_date", "target_end_date")}
        self.texts = frame.assign(**days)

    def refuse(self, wrong: "pd.Series[bool] | _Mask", reason: str, **known: object) -> None:
        """Refuse the first row that is wrong, if one is; `reason` is formatted with its columns and what is known."""
        mask = np.asarray(wrong)
        if mask.any():
            position = int(mask.argmax())
            row = {str(name): value for name, value in self.texts.iloc[position].items()}
            named = f"{row['target']}, {row['location']}, horizon {row['horizon']}, level {row[_LEVELS]}"
            raise ContractError(f"row {position + 1} ({named}): {reason.format(**row, **known)}")


def _home(rows: _Rows, wanted: list[Json]) -> npt.NDArray[np.int_]:
    """Which of the model tasks each row belongs to; a row of none is refused."""
    home = np.full(len(rows.frame), -1)
    for number, task in enumerate(wanted):
        fits = np.logical_and.reduce([rows.texts[name].isin(allowed(task, name)) for name in task["task_ids"]])
        home[(home < 0) & fits] = number
    for name in _TASK:
        if any(name in task["task_ids"] for task in wanted):
            here = list(dict.fromkeys(value for task in wanted for value in allowed(task, name)))
            foreign = (home < 0) & ~rows.texts[name].isin(here)
            rows.refuse(foreign, f"{name} {{{name}}}; allowed: {{here}}", here=some(here))
    rows.refuse(home < 0, "the hub asks for each of its values, but not for all of them together")
    return home


def _check_steps(rows: _Rows, mine: _Mask, task: Json) -> None:
    """A horizon is the steps from reference_date to target_end_date."""
    for about in task["target_metadata"]:
        if not about["is_step_ahead"]:
            continue
        days = _DAYS.get(about["time_unit"])
        if days is None:
            raise ContractError(f"steps of a {about['time_unit']}; known here: {', '.join(_DAYS)}")
        keys = (about["target_keys"] or {}).get("target", allowed(task, "target"))
        of = rows.frame["target"].isin([keys] if isinstance(keys, str) else keys)
        ends = rows.frame["reference_date"] + pd.to_timedelta(rows.frame["horizon"] * days, unit="D")
        rows.refuse(
            mine & of & (ends != rows.frame["target_end_date"]),
            "target_end_date {target_end_date} is not {horizon} steps of {days} days after {reference_date}",
            days=days,
        )


def _check_levels(rows: _Rows, mine: _Mask, ids: Json) -> None:
    """Every task has all the required levels, and no other than those allowed."""
    levels = rows.frame[_LEVELS]
    here, required = values(ids), ids.get("required") or []
    rows.refuse(mine & ~levels.isin(here), "no such level; allowed: {here}", here=some(here))
    counted = levels.isin(required).groupby([rows.frame[name] for name in _TASK]).transform("sum")
    short = np.asarray(mine & (counted != len(required)))
    if short.any():
        its = rows.frame[_TASK].eq(rows.frame[_TASK].iloc[int(short.argmax())]).all(axis="columns")
        there = set(rows.frame.loc[its, _LEVELS])
        missing = some([level for level in required if level not in there])
        rows.refuse(short, "its task lacks levels: {missing}", missing=missing)


def _check_values(rows: _Rows, mine: _Mask, limits: Json) -> None:
    """Values are finite and within the hub's limits."""
    found = rows.frame["value"].to_numpy()
    low, high = limits.get("minimum", -np.inf), limits.get("maximum", np.inf)
    rows.refuse(mine & ~np.isfinite(found), "value {value} is not finite")
    rows.refuse(mine & (found < low), "value {value} is below {low}", low=low)
    rows.refuse(mine & (found > high), "value {value} is above {high}", high=high)
    if limits["type"] == "integer":
        rows.refuse(mine & (found % 1 != 0), "value {value} is not whole")


def _check_required(rows: _Rows, mine: _Mask, task: Json) -> None:
    """Every required value of a task id is there; what it is combined with is the team's affair."""
    for name, ids in task["task_ids"].items():
        there = set(rows.texts.loc[mine, name])
        missing = [value for value in ids.get("required") or [] if value not in there]
        if missing:
            raise ContractError(f"the hub requires {name} {some(missing)}, which no row has")
