"""Score the models with and without the treatment of odd counts, on the dates that models may be tuned on.

    python benchmarks/treatment.py --data reporter/data --feed us-2020 --every 2

Truth is the newest vintage's value, as published. Ratios are of the treated to the untreated, so below 1 the treatment
helps. `touched` are the series whose counts it changed, `recent` those it changed within the newest 14 periods.
`--increments` forecasts new cases a day, made from the totals; `--kind` treats marks of that kind only.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import models_on_archives as archives
import numpy as np
import pandas as pd

from reporter.marks import KINDS, NONE, find
from reporter.marks.treatment import apply
from reporter.models import load
from reporter.models.base import History
from reporter.schema import Floats

KEY = ["model", "reference", "target", "location", "horizon", "seed"]
RECENT = 14


def treated(history: History, kinds: list[str]) -> Floats:
    """(S, T) counts of a history with the marks of these kinds treated."""
    marks = find(history.counts, history.cumulative, history.cadence)
    kept = np.isin(marks.kind, [number for number, kind in enumerate(KINDS) if kind in kinds])
    marks = replace(marks, kind=np.where(kept, marks.kind, NONE).astype(np.int8))
    return apply(history.counts, history.cumulative, history.cadence, marks)


def increments(history: History) -> History:
    """New cases a day, as if they were what is published."""
    targets = tuple(target.replace("cum confirmed", "inc covid") for target in history.targets)
    return replace(history, targets=targets, counts=np.diff(history.counts, axis=1, prepend=np.nan))


def largest(log: pd.DataFrame, feed: archives.Feed, most: int) -> list[tuple[str, str]]:
    """The places with most cases on 30 May 2020."""
    known = archives.as_of(log, "2020-05-31").query("target_end_date == '2020-05-30'")
    return [(feed.targets[0], place) for place in known.nlargest(most, "observation")["location"]]


def histories(options: argparse.Namespace) -> Iterator[tuple[History, Floats]]:
    """Each history as published, and what came true."""
    feed = archives.FEEDS[options.feed]
    log = pd.read_parquet(options.data / feed.file)
    log = log[log["target"].isin(feed.targets)]
    final = archives.matrix(archives.as_of(log, log["as_of"].max()), feed, None)
    if feed.file.startswith("jhu"):
        archives.places = lambda log, feed: largest(log, feed, options.places)
    people = archives.populations(options.data)
    for number, history in enumerate(archives.histories(log, feed, "dev", people)):
        if number % options.every == 0:
            if options.increments:
                truth = archives.truth(final.diff(axis=1), history, feed.horizons)
                yield increments(history), np.maximum(truth, 0)
            else:
                yield history, archives.truth(final, history, feed.horizons)


def scores(options: argparse.Namespace) -> pd.DataFrame:
    """A row a task, with both scores."""
    rows = []
    horizons = archives.FEEDS[options.feed].horizons
    for history, observed in histories(options):
        counts = treated(history, options.kind or list(KINDS))
        changed = ~((counts == history.counts) | (np.isnan(counts) & np.isnan(history.counts)))
        for name in options.model or ["baseline", "sigmoid", "rnn"]:
            for seed in range(options.seeds):
                both = []
                for given in (history, replace(history, counts=counts)):
                    answer = load(name).forecast(given, horizons, seed)
                    both.append(archives.tasks(name, answer, observed, history).assign(seed=seed).set_index(KEY))
                joined = both[0].join(both[1].add_suffix("_treated"), how="inner").reset_index()
                for column, part in (("touched", changed), ("recent", changed[:, -RECENT:])):
                    pairs = zip(history.targets, history.locations, part.any(axis=1), strict=True)
                    found = {(target, place) for target, place, any_ in pairs if any_}
                    named = zip(joined["target"], joined["location"], strict=True)
                    joined[column] = [series in found for series in named]
                rows.append(joined)
    return pd.concat(rows, ignore_index=True)


def main() -> None:
    """Print one line a model and part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the *-vintages.parquet archives")
    parser.add_argument("--feed", choices=list(archives.FEEDS), required=True)
    parser.add_argument("--model", action="append", help="default: baseline, sigmoid, rnn")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default: all")
    parser.add_argument("--every", type=int, default=1, help="every n-th date")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--places", type=int, default=150, help="of JHU")
    parser.add_argument("--increments", action="store_true")
    options = parser.parse_args()
    found = scores(options)
    lines = []
    for model, group in found.groupby("model"):
        parts = {"all": group, "touched": group[group["touched"]], "recent": group[group["recent"]]}
        for part, these in parts.items():
            if these.empty:
                continue
            ratios = {name: these[f"{name}_treated"].sum() / these[name].sum() for name in ("wis", "log", "error")}
            held = {
                f"{name}{end}": these[f"{name}{end}"].mean() for name in ("in50", "in95") for end in ("", "_treated")
            }
            lines.append({"model": model, "part": part, "tasks": len(these), **ratios, **held})
    dates = pd.to_datetime(found["reference"])
    print(f"\n{options.feed}, {dates.nunique()} dates {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}, "
          f"{'increments, ' if options.increments else ''}treating {', '.join(options.kind or ['all'])}")  # fmt: skip
    print(pd.DataFrame(lines).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
