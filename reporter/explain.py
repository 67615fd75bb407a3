"""Why a forecast moved: from the one before to today's, one thing changed at a time.

| stage | code | parameters learnt from | forecast starts from |
|---|---|---|---|
| before | then | old history | old history |
| recoded | today's | old history | old history |
| revised | today's | old history | today's history, cut at the reference date before |
| extended | today's | old history | today's history |
| after | today's | today's history | today's history |

The old history is what the forecast before saw: the counts as known at its vintage through its reference date. Each
part of the change is one stage less the stage above; medians are whole numbers, so the parts add up exactly.

A combiner goes the same way: at each stage it combines what its members say there, with the weights that it learns from
the old history and what was on record then.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce

import numpy as np
import pandas as pd

from reporter import models
from reporter.forecast import ModelRun, run_from
from reporter.models.base import History
from reporter.schema import KEY, LEVELS, MEDIAN, PARTS, SPLITS, columns

TASK = ["model_id", *KEY]
"""What one change is of."""


@dataclass(frozen=True)
class Retrace:
    """What a worker needs to go from the forecast before to today's.

    Attributes:
        learn_from: what the forecast before saw.
        starts: where the stages recoded, revised and extended start.
        horizons: how many periods ahead.
        models: the plain ones that said something then.
        seed: of the forecast before.
        combiners: the others that did; they are not the worker's, for they need the record.
    """

    learn_from: History
    starts: tuple[History, History, History]
    horizons: int
    models: tuple[str, ...]
    seed: int
    combiners: tuple[str, ...] = ()


Steps = dict[str, list[ModelRun]]
"""What each model says at the stages recoded, revised and extended."""


def retrace(task: Retrace) -> tuple[Steps, float]:
    """Ask every plain model at every stage between; with that the seconds it took. Each model learns once."""
    began = time.perf_counter()
    steps = {
        name: run_from(partial(models.load, name), task.learn_from, task.starts, task.horizons, task.seed)
        for name in task.models
    }
    return steps, time.perf_counter() - began


def failures(steps: Steps) -> dict[str, str]:
    """Why models could not be retraced."""
    return {name: run.error for name, runs in steps.items() for run in runs if run.error}


def split(reference: date, before: pd.DataFrame, steps: Steps, after: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Split the change of every median that was said before and is said again.

    Args:
        reference: today's reference date.
        before: the ledger's rows of the reference date before, with `model_id`.
        steps: what was said at the stages between.
        after: model_id → today's rows.

    Returns:
        A frame of `schema.SPLITS`, in the order of model, target, location and period end. What was not said at every
        stage (a place that joined, a model that failed) is not in it.
    """
    between = [_told((name, runs[number].rows) for name, runs in steps.items()) for number in range(3)]
    stages = [before, *between, _told(after.items())]
    named = [_medians(rows).rename(str(number)) for number, rows in enumerate(stages)]
    common = reduce(lambda left, right: left.join(right, how="inner"), named[1:], named[0].to_frame()).sort_index()
    values = common.to_numpy(dtype=np.float64).reshape(-1, len(stages))
    parts = pd.DataFrame(np.diff(values, axis=1), columns=list(PARTS), index=common.index)
    day = pd.Timestamp(reference).as_unit("s")
    frame = parts.assign(before=values[:, 0], after=values[:, -1], reference_date=day).reset_index()
    return frame[columns(SPLITS)]


def _told(rows: Iterable[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """Models' rows in one frame."""
    frames = [frame.assign(model_id=model) for model, frame in rows if not frame.empty]
    return pd.concat(frames) if frames else pd.DataFrame(columns=[*TASK, "output_type_id", "value"])


def _medians(rows: pd.DataFrame) -> "pd.Series[float]":
    """Medians by task."""
    middle = rows[rows["output_type_id"] == LEVELS[MEDIAN]]
    return middle.set_index(TASK)["value"].astype(np.float64)
