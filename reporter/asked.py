"""What a hub asks for: reading its `tasks.json`.

Source: https://docs.hubverse.io/ (`tasks.json`), of any version of its schema from 2.0.0 on.
"""

from datetime import date, timedelta
from typing import Any, NamedTuple

from reporter.errors import ContractError

Json = dict[str, Any]


class Window(NamedTuple):
    """The days on which a round takes submissions, both included."""

    first: date
    last: date


def round_of(tasks: Json, reference_date: str) -> Json:
    """The round of a reference date (`YYYY-MM-DD`).

    Raises:
        ContractError: the hub has none.
    """
    known: list[str] = []
    for one in tasks["rounds"]:
        ids = [one["round_id"]]
        if one["round_id_from_variable"]:
            ids = [value for task in one["model_tasks"] for value in allowed(task, one["round_id"])]
        if reference_date in ids:
            found: Json = one
            return found
        known += ids
    raise ContractError(f"the hub's tasks.json knows no round {reference_date}; it has {some(sorted(set(known)))}")


def quantile_tasks(one: Json) -> list[Json]:
    """The model tasks of a round that take quantiles."""
    return [task for task in one["model_tasks"] if "quantile" in task["output_type"]]


def allowed(task: Json, name: str) -> list[Any]:
    """The values a model task takes of a task id, required ones first."""
    return values(task["task_ids"].get(name, {}))


def values(ids: Json) -> list[Any]:
    """The required and the optional ones."""
    return [*(ids.get("required") or []), *(ids.get("optional") or [])]


def targets(tasks: Json) -> set[str]:
    """The targets a hub takes quantiles of."""
    return {target for one in tasks["rounds"] for task in quantile_tasks(one) for target in allowed(task, "target")}


def horizons(tasks: Json) -> set[int]:
    """The horizons a hub takes quantiles of."""
    return {steps for one in tasks["rounds"] for task in quantile_tasks(one) for steps in allowed(task, "horizon")}


def window(tasks: Json, reference_date: date) -> Window:
    """When the round of a reference date takes submissions.

    Raises:
        ContractError: the hub knows no such round.
    """
    due = round_of(tasks, str(reference_date))["submissions_due"]
    if "relative_to" in due:
        return Window(reference_date + timedelta(days=due["start"]), reference_date + timedelta(days=due["end"]))
    return Window(date.fromisoformat(due["start"]), date.fromisoformat(due["end"]))


def levels_are_text(tasks: Json) -> bool:
    """Whether `output_type_id` is text in a hub's files: one type holds the ids of all its output types."""
    chosen = tasks.get("output_type_id_datatype", "auto")
    if chosen != "auto":
        return bool(chosen == "character")
    model_tasks = [task for one in tasks["rounds"] for task in one["model_tasks"]]
    outputs = [output for task in model_tasks for output in task["output_type"].values()]
    ids = [one for output in outputs for one in values(output.get("output_type_id") or {})]
    kinds = [output.get("output_type_id_params", {}).get("type") for output in outputs]
    return "character" in kinds or any(isinstance(one, str) for one in ids)


def for_target(tasks: Json, target: str) -> Json:
    """A `tasks.json` that asks for another target in place of those it has, all else the same."""
    rounds = []
    for one in tasks["rounds"]:
        model_tasks = [
            {
                **task,
                "task_ids": {**task["task_ids"], "target": {"required": None, "optional": [target]}},
                "target_metadata": [
                    {**task["target_metadata"][0], "target_id": target, "target_keys": {"target": target}}
                ],
            }
            for task in one["model_tasks"]
        ]
        rounds.append({**one, "model_tasks": model_tasks})
    return {**tasks, "rounds": rounds}


def some(found: list[Any], most: int = 6) -> str:
    """The values if they are few, else where they begin and end.

    >>> some([0, 1, 2, 3])
    '0, 1, 2, 3'
    >>> some(list(range(53)))
    '0, 1 … 52 (53 in all)'
    """
    if len(found) <= most:
        return ", ".join(map(str, found))
    return f"{found[0]}, {found[1]} … {found[-1]} ({len(found)} in all)"
