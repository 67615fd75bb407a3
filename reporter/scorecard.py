"""Scores of any hub's forecasts against a change log of counts: figures that anyone can make again."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from reporter import evaluate, fetch, files, hubfiles
from reporter.admission import Refusal, Terms, is_baseline
from reporter.dates import Cadence
from reporter.errors import SettingsError, SourceError
from reporter.feeds import some
from reporter.schema import to_table
from reporter.sources import REGISTRY, file
from reporter.vintages import View


@dataclass(frozen=True)
class Scorecard:
    """What came of scoring.

    Attributes:
        scores: frame of `evaluate.SCORES`, against first and latest values.
        refused: submissions that broke a rule.
    """

    scores: pd.DataFrame
    refused: list[Refusal]


def score_hub(
    forecasts: Path,
    truth: Path,
    *,
    cadence: Cadence,
    targets: Collection[str] = (),
    models: Collection[str] = (),
    baselines: Collection[str] = (),
    first: date | None = None,
    last: date | None = None,
) -> Scorecard:
    """Score a hub's folder, or one file of forecasts, against a change log.

    Args:
        truth: the change log, parquet or CSV.
        targets, models: the only ones scored; all if empty.
        baselines: scored besides `models`; those named `…baseline` if empty.
        first, last: the first and last reference date scored, as the hub has them.

    Raises:
        SourceError: a file cannot be read.
    """
    changes = file.changes(fetch.read_file(REGISTRY["file"], truth))
    if changes is None:
        raise SourceError(f"file: {truth}: missing columns 'as_of': no change log, but a table without vintages")
    counted, places = sorted(changes["target"].unique()), sorted(changes["location"].unique())
    wanted = [*models, *baselines] if models else None
    terms = Terms(targets or counted, None, places, cadence, ahead=0, nearest=0, models=wanted, baselines=not baselines)
    rows, refused = hubfiles.read_hub(forecasts, terms)
    asked = pd.Series(data=True, index=rows.index)
    if first is not None:
        asked &= rows["reference_date"] >= pd.Timestamp(first)
    if last is not None:
        asked &= rows["reference_date"] <= pd.Timestamp(last)
    rows = rows[asked]
    view = View(changes, counted, places, cadence, settle=0)
    live = dict.fromkeys(rows["reference_date"].unique(), True)
    return Scorecard(evaluate.score_table(rows, view.first, view.latest, live), refused)


def baseline_of(scores: pd.DataFrame, baselines: Sequence[str] = ()) -> str:
    """Whose score is 1 on one target: the first of `baselines` that forecast it, else the one model named `…baseline`.

    Raises:
        SettingsError: none of them forecast it, or none or several could be meant.
    """
    there = sorted(scores["model_id"].unique())
    meant = [model for model in baselines if model in there][:1] if baselines else list(filter(is_baseline, there))
    if len(meant) != 1:
        target = scores["target"].iloc[0]
        found = ", ".join(baselines or meant) or None
        raise SettingsError("--baseline", found, f"one that forecast {target}: {some(there)}")
    return meant[0]


def table(scores: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """How each model did on one target, against one of first and latest values.

    Args:
        baseline: whose score is 1.

    Returns:
        A frame by model_id, best first: `tasks`, `wis`, `skill` with `low` and `high`, `relative_skill`, `log_skill`,
        `covered_50`, `covered_80`, `covered_95`. Means, skill and coverage are over the tasks the baseline forecast.
    """
    skill = evaluate.skill(scores, baseline)
    task = ["target", "location", "reference_date", "horizon", "target_end_date"]
    common = scores.merge(scores.loc[scores["model_id"] == baseline, task], on=task)
    held = evaluate.coverage(common)["share"].unstack("nominal").add_prefix("covered_")
    return skill[["tasks", "wis", "skill", "low", "high"]].join(
        [
            evaluate.pairwise_skill(scores, baseline)["relative_skill"],
            evaluate.skill(scores, baseline, "log_wis")["skill"].rename("log_skill"),
            held,
        ]
    )


def lines(scores: pd.DataFrame, against: str, baselines: Sequence[str] = ()) -> Iterator[str]:
    """The tables of all targets as text.

    Args:
        baselines: see `baseline_of`.

    Raises:
        SettingsError: as `baseline_of`, before the first line.
        SourceError: there is nothing to score.
    """
    chosen = scores[scores["against"] == against]
    if chosen.empty:
        raise SourceError("no forecast that was asked for has been counted yet")
    parts = [(target, rows, baseline_of(rows, baselines)) for target, rows in chosen.groupby("target")]
    for target, rows, baseline in parts:
        dates = rows["reference_date"]
        span = f"{dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}"
        yield f"{target}, {dates.nunique()} reference dates, {span}, against {against} values"
        found = table(rows, baseline).reset_index()
        interval = [f"{low:.2f}-{high:.2f}" for low, high in zip(found["low"], found["high"], strict=True)]
        shown = {
            "model": found["model_id"],
            "tasks": found["tasks"].map("{:,}".format),
            "WIS": found["wis"].map("{:.4g}".format),
            "relative WIS": found["skill"].map("{:.3f}".format),
            "90 %": pd.Series(interval),
            "pairwise": found["relative_skill"].map("{:.3f}".format),
            "log WIS": found["log_skill"].map("{:.3f}".format),
            **{f"in {nominal} %": found[f"covered_{nominal}"].map("{:.1%}".format) for nominal in (50, 80, 95)},
        }
        yield pd.DataFrame(shown).to_string(index=False)


def write(card: Scorecard, path: Path | None) -> None:
    """Write every score to a parquet file, if one is wanted."""
    if path is not None:
        files.write(path, files.parquet_bytes(to_table(card.scores, evaluate.SCORES)))
