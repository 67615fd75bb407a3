"""What worker processes do: forecast one reference date, or go from one forecast to the next a step at a time."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from reporter import models
from reporter.explain import Retrace, retrace
from reporter.forecast import ModelRun, run_model
from reporter.models.base import History


@dataclass(frozen=True)
class Task:
    """What a worker needs to forecast one reference date."""

    history: History
    horizons: int
    models: tuple[str, ...]
    seed: int


def forecast(task: Task) -> dict[str, tuple[ModelRun, float]]:
    """Ask every model; with each run the seconds it took."""
    runs = {}
    for name in task.models:
        began = time.perf_counter()
        run = run_model(partial(models.load, name), task.history, task.horizons, task.seed)
        runs[name] = (run, time.perf_counter() - began)
    return runs


def work(task: Task | Retrace) -> Any:
    """Forecast or retrace, whichever is the task: workers do both side by side."""
    return retrace(task) if isinstance(task, Retrace) else forecast(task)
