"""Score the sigmoid's forecasts by horizon and by month, beside the baseline's and the first author's.

    python benchmarks/sigmoid_forecasts.py --data reporter/data --window dev --every 3
    python benchmarks/sigmoid_forecasts.py --data reporter/data --window judged --workers 2

Each reference date is forecast from the first vintage that holds it, by the daily job's own functions, over the places
of the default feeds. Only the `dev` dates may decide what the model does; `judged` are those that it is held to, and
`untouched` are those of them that decided nothing. Ratios are to a rival on the tasks that both forecast: of `wis` and
`mean` the ratio of sums, of `median` that of the medians of absolute errors. `in50`, `in80` and `in95` are the shares
of tasks inside these ranges. Truth is the newest vintage's value; `--against first` takes the first one published.
"""

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from reporter import config
from reporter.evaluate import score_table
from reporter.feeds import Feed
from reporter.forecast import ModelRun, build_history
from reporter.models import REGISTRY
from reporter.schema import CHANGES, KEY, to_frame
from reporter.sources import REGISTRY as SOURCES
from reporter.vintages import View
from reporter.work import Task, forecast

WINDOWS: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "us-2020": {
        "dev": (("2020-03-13", "2020-03-31"), ("2020-05-01", "2020-05-31")),
        "judged": (("2020-04-01", "2020-08-15"),),
        "untouched": (("2020-04-01", "2020-04-30"), ("2020-06-01", "2020-08-15")),
    },
    "germany-cases": {
        "dev": (("2022-09-30", "2023-12-31"),),
        "judged": (("2023-01-01", "2025-06-30"),),
        "untouched": (("2024-01-01", "2025-06-30"),),
    },
    "us-admissions": {
        "dev": (("2023-10-01", "2024-05-01"), ("2024-11-22", "2025-03-31")),
        "judged": (("2025-04-01", "2025-06-30"),),
        "untouched": (("2025-04-01", "2025-06-30"),),
    },
}
"""First and last `as_of` of each stretch."""

TASK = ["target", "location", "reference_date", "horizon"]
RIVALS = ("baseline", "classic")
HELD = {50: (0.42, 0.58), 95: (0.90, 0.98)}
"""What share of tasks a range must hold."""

CLASSIC = 0.4
"""What the median error one period ahead may be at most, of `classic`'s."""


def tasks(
    data: Path, feed: Feed, window: str, models: tuple[str, ...], every: int
) -> tuple[View, dict[date, date], list[Task]]:
    """The counts, the reference dates with the vintage of each, and what is to be forecast from them."""
    source = SOURCES[feed.source[0]]
    log = to_frame(pq.read_table(data / str(source.archive)), CHANGES).sort_values(["as_of", *KEY], ignore_index=True)
    places = source.places().set_index("location")["population"]
    population = {str(location): float(persons) for location, persons in places.items()}
    view = View(
        log,
        list(feed.target),
        list(feed.locations or log["location"].unique()),
        feed.period,
        source.settle if feed.settle is None else feed.settle,
    )
    dates, due = {}, []
    for start, end in WINDOWS[feed.name][window]:
        chosen = [(day, as_of) for day, as_of in view.reference_dates.items() if start <= str(as_of) <= end]
        for reference, as_of in chosen[::every]:
            known = view.as_of(as_of)
            locations = list(feed.locations or sorted(known["location"].unique()))
            series = [(target, location) for target in feed.target for location in locations]
            history = build_history(known, series, reference, feed.period, population)
            dates[reference] = as_of
            due.append(Task(history, feed.horizons, models, seed=1))
    return view, dates, due


def run(feed: Feed, options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Forecast and score one feed: a row a task of `evaluate.SCORES` with the `month` of `as_of`; seconds a call."""
    models = tuple(dict.fromkeys(["baseline", *(options.models or ["classic", "sigmoid"])]))
    if feed.name != "us-2020":
        models = tuple(name for name in models if name != "classic")  # it is for cumulative counts
    view, dates, due = tasks(options.data, feed, options.window, models, options.every)
    rows, calls = [], []
    for answers in answered(due, options.workers):
        for name, (answer, seconds) in answers.items():
            rows.append(answer.rows.assign(model_id=name))
            calls.append({"model_id": name, "seconds": seconds, "failed": answer.error, "refused": len(answer.refused)})
    live = {pd.Timestamp(day): False for day in dates}
    scores = score_table(pd.concat(rows, ignore_index=True), view.first, view.latest, live)
    scores = scores[scores["against"] == options.against]
    months = {pd.Timestamp(day): f"{as_of:%Y-%m}" for day, as_of in dates.items()}
    return scores.assign(month=scores["reference_date"].map(months)), pd.DataFrame(calls)


def answered(due: list[Task], workers: int) -> Iterator[dict[str, tuple[ModelRun, float]]]:
    """What each model says to each task, in order, and its seconds; on this many processes."""
    if workers == 1:
        yield from map(forecast, due)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(forecast, due, chunksize=4)


def table(scores: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Errors, relative scores and coverage of each group of one model's tasks beside its rivals' on the same tasks."""
    mine = scores.drop(columns=["live", "against", "as_of"])
    for rival in RIVALS:
        theirs = scores[scores["model_id"] == rival][[*TASK, "wis", "absolute_error"]]
        mine = mine.merge(theirs, on=TASK, how="left", suffixes=("", f"_{rival}"))
    lines: dict[Any, dict[str, Any]] = {}
    for names, group in mine.groupby(["model_id", *by]):
        line: dict[str, Any] = {
            "tasks": len(group),
            "wis": group["wis"].sum() / group["wis_baseline"].sum(),
            "mean": group["absolute_error"].mean(),
            "median": group["absolute_error"].median(),
        }
        for rival in RIVALS:
            both = group[group[f"wis_{rival}"].notna()]
            ours, its = (both[name] for name in ("absolute_error", f"absolute_error_{rival}"))
            line[f"mean/{rival}"] = ours.sum() / its.sum() if len(both) else np.nan
            line[f"median/{rival}"] = ours.median() / its.median() if len(both) else np.nan
        lines[names] = line | {f"in{nominal}": group[f"covered_{nominal}"].mean() for nominal in (50, 80, 95)}
    found = pd.DataFrame.from_dict(lines, orient="index").rename_axis(["model_id", *by])
    return found.dropna(axis=1, how="all")


def verdicts(scores: pd.DataFrame, model: str) -> list[str]:
    """What is asked of a model, and whether it keeps it."""
    found = table(scores, ["horizon"]).loc[model]
    first, last = found.index.min(), found.index.max()
    lines = []
    for horizon in (first, last):
        for nominal, (low, high) in HELD.items():
            share = found.loc[horizon, f"in{nominal}"]
            kept = low <= share <= high
            lines.append(
                f"{share:.3f} of the {nominal} % ranges held at horizon {horizon}, {low} to {high}: {_word(kept)}"
            )
    for rival, most in (("baseline", 1.0), ("classic", CLASSIC)):
        if f"median/{rival}" in found:
            share = found.loc[first, f"median/{rival}"]
            lines.append(
                f"median error {share:.3f} of {rival}'s at horizon {first}, below {most}: {_word(share < most)}"
            )
    lines.append(
        f"WIS at most {found['wis'].max():.3f} of the baseline's at any horizon: {_word(found['wis'].max() < 1)}"
    )
    return lines


def _word(kept: bool) -> str:  # noqa: FBT001 - its only argument
    return "kept" if kept else "MISSED"


def main() -> None:
    """Print the tables of each feed."""
    feeds = {feed.name: feed for feed in config.load(config.bundled()).feeds}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the *-vintages.parquet archives")
    parser.add_argument("--window", choices=["dev", "judged", "untouched"], default="dev")
    parser.add_argument("--feed", choices=list(WINDOWS), action="append", help="default: us-2020 and germany-cases")
    parser.add_argument("--models", type=lambda text: text.split(","), help=f"with commas, of {', '.join(REGISTRY)}")
    parser.add_argument("--every", type=int, default=1, help="every n-th reference date")
    parser.add_argument("--against", choices=["latest", "first"], default="latest")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    for name in options.feed or ["us-2020", "germany-cases"]:
        began = time.perf_counter()
        scores, calls = run(feeds[name], options)
        dates = scores["reference_date"]
        print(f"\n{name}, {options.window}, against {options.against} values: {dates.nunique()} reference dates, "
              f"{dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}, {time.perf_counter() - began:.0f} s")  # fmt: skip
        print(calls.groupby("model_id")[["seconds", "failed", "refused"]].agg(
            {"seconds": ["median", "max"], "failed": "count", "refused": "sum"}).round(3).to_string())  # fmt: skip
        for by in ("horizon", "month"):
            found = table(scores, [by])
            print(f"\n{found.drop(index='baseline', errors='ignore').round(3).to_string()}")
        for model in calls["model_id"].unique():
            if model not in RIVALS:
                print(f"\n{name}, {model}:", *verdicts(scores, model), sep="\n  ")


if __name__ == "__main__":
    main()
