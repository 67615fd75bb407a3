"""How right each model was on one target: numbers alone, of live or backfilled forecasts."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from reporter import evaluate
from reporter.evaluate import BASELINE
from reporter.schema import Floats

NAN = float("nan")

_PARTS = ["dispersion", "overprediction", "underprediction"]
_UNUSED = [*(f"log_{part}" for part in _PARTS), "log_absolute_error"]
TEXTS = ["model_id", "target", "location", "against"]


@dataclass(frozen=True)
class Held:
    """How often a range held: `held` of `tasks`; `low` to `high` is the share by chance (95 % of a binomial)."""

    held: int
    tasks: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share that held."""
        return self.held / self.tasks


@dataclass(frozen=True)
class Skill:
    """WIS over the baseline's on common tasks, with its 90 % interval over reference dates; NaN where there is none."""

    skill: float
    low: float
    high: float
    tasks: int


@dataclass(frozen=True)
class Measure:
    """One model's record.

    Attributes:
        tasks: how many it has in common with the baseline; all of its own where there is no baseline.
        wis: the mean over these tasks.
        skill, low, high: WIS over the baseline's, and the 90 % interval over reference dates; NaN where there is none.
        relative: pairwise relative skill.
        log_skill: skill on the log scale.
        latest_skill, latest_tasks: skill against latest values.
        parts: mean dispersion, overprediction and underprediction over its own tasks.
        error: mean absolute error of the median over its own tasks.
        held: nominal percent → how often that range held; empty for a model without ranges.
        own: tasks of its own, the baseline's or not.
    """

    model: str
    tasks: int
    wis: float
    skill: float
    low: float
    high: float
    relative: float
    log_skill: float
    latest_skill: float
    latest_tasks: int
    parts: tuple[float, float, float]
    error: float
    held: dict[int, Held]
    own: int

    @property
    def pointlike(self) -> bool:
        """Whether it gives one number and no range."""
        return not self.held


@dataclass(frozen=True)
class Measures:
    """Every model's record on one target, best first.

    Attributes:
        rows: models by skill.
        totals: of `evaluate.common_totals`, by model, horizon and reference date.
        dates: the reference dates they rest on, oldest first.
    """

    rows: list[Measure]
    totals: pd.DataFrame
    dates: list[date]

    def of(self, model: str) -> Measure | None:
        """One model's."""
        return next((row for row in self.rows if row.model == model), None)


def compact(scores: pd.DataFrame) -> pd.DataFrame:
    """What is measured of the scores, texts as categories: they group and join many times quicker."""
    return scores.drop(columns=_UNUSED, errors="ignore").assign(
        **{name: scores[name].astype("category") for name in TEXTS}
    )


def measure(first: pd.DataFrame, latest: pd.DataFrame, baseline: str = BASELINE) -> Measures:
    """Measure every model.

    Args:
        first: scores of one target against first values, of live or backfilled forecasts only.
        latest: likewise, against latest values.
        baseline: the model_id that is 1.
    """
    skills = _records(evaluate.skill(first, baseline))
    relative = evaluate.pairwise_skill(first, baseline)["relative_skill"].to_dict()
    totals = evaluate.common_totals(first, baseline)
    logs = _overall(evaluate.common_totals(first, baseline, "log_wis"))
    late = _overall(evaluate.common_totals(latest, baseline))
    means = _records(first.groupby("model_id", observed=True)[[*_PARTS, "wis", "absolute_error"]].mean())
    own = first.groupby("model_id", observed=True)["dispersion"].agg(["size", "max"]).astype({"size": int})
    sizes, widest = own["size"].to_dict(), own["max"].to_dict()
    held = _held(evaluate.coverage(first))
    rows = []
    for model, mean in means.items():
        none = {"tasks": sizes[model], "wis": mean["wis"], "skill": NAN, "low": NAN, "high": NAN}
        mine = skills.get(model, none)
        rows.append(
            Measure(
                model=model,
                tasks=int(mine["tasks"]),
                wis=mine["wis"],
                skill=mine["skill"],
                low=mine["low"],
                high=mine["high"],
                relative=relative[model],
                log_skill=logs.get(model, (NAN, 0))[0],
                latest_skill=late.get(model, (NAN, 0))[0],
                latest_tasks=late.get(model, (NAN, 0))[1],
                parts=(mean["dispersion"], mean["overprediction"], mean["underprediction"]),
                error=mean["absolute_error"],
                held=held.get(model, {}) if widest[model] > 0 else {},
                own=sizes[model],
            )
        )
    # A model that shares no task with the baseline has no skill and comes last.
    rows.sort(key=lambda row: (np.isnan(row.skill), row.skill, row.wis, row.model))
    return Measures(rows, totals, [stamp.date() for stamp in sorted(first["reference_date"].unique())])


def _overall(totals: pd.DataFrame) -> dict[str, tuple[float, int]]:
    """Skill and tasks by model."""
    sums = totals.groupby("model_id")[["tasks", "total", "total_baseline"]].sum()
    return {
        str(model): (ratio(total, total_baseline), int(tasks))
        for model, tasks, total, total_baseline in sums.itertuples()
    }


def ratio(total: float, total_baseline: float) -> float:
    """Skill out of sums; NaN where the baseline was exactly right."""
    return float(total / total_baseline) if total_baseline > 0 else NAN


def _held(table: pd.DataFrame) -> dict[str, dict[int, Held]]:
    found: dict[str, dict[int, Held]] = {}
    models, nominals = (table.index.get_level_values(name).tolist() for name in ("model_id", "nominal"))
    columns = (table[name].tolist() for name in ("held", "tasks", "low", "high"))
    for model, nominal, *numbers in zip(models, nominals, *columns, strict=True):
        found.setdefault(str(model), {})[int(nominal)] = Held(*numbers)
    return found


def _records(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Numbers by model and column."""
    return {
        str(model): {str(name): value for name, value in row.items()} for model, row in table.to_dict("index").items()
    }


def histograms(first: pd.DataFrame, models: list[str]) -> dict[str, tuple[Floats, int]]:
    """The PIT histogram of each model, and the tasks behind it."""
    return {model: evaluate.pit_histogram(first[first["model_id"] == model]) for model in models}


def skills(first: pd.DataFrame, baseline: str) -> dict[str, Skill]:
    """Each model's skill beside another's."""
    table = _records(evaluate.skill(first, baseline))
    return {model: Skill(row["skill"], row["low"], row["high"], int(row["tasks"])) for model, row in table.items()}


def head_to_head(first: pd.DataFrame, best: str, second: str) -> Skill | None:
    """Skill of `best` beside `second` on their common tasks; None without any."""
    return skills(first[first["model_id"].isin([best, second])], second).get(best)
