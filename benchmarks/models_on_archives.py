"""Score the models on the archived vintages, each forecast made from what was known on its date.

    python benchmarks/models_on_archives.py --data reporter/data --window final

`final` is the default feeds' own window and is for reporting; `dev` is the earlier stretch that models may be tuned on.
Truth is the newest vintage's value. Ratios are to the baseline on the tasks that both forecast, so 1 is no better.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reporter.dates import Cadence
from reporter.errors import ModelError
from reporter.models import REGISTRY, load, plain
from reporter.models.base import History, Quantiles
from reporter.schema import INTERVALS, KEY, LEVELS, MEDIAN, SERIES, Floats
from reporter.sources import rki

Series = list[tuple[str, str]]


@dataclass(frozen=True)
class Feed:
    """One archive, and the vintages (from, to, every n-th) of each window."""

    file: str
    targets: tuple[str, ...]
    cadence: Cadence
    horizons: int
    settle: int
    windows: dict[str, tuple[tuple[str, str, int], ...]]
    newest: int | None = None


FEEDS = {
    "us-2020": Feed(
        "jhu-vintages.parquet", ("cum confirmed cases",), Cadence.DAY, 7, 0,
        {"dev": (("2020-03-13", "2020-03-26", 2), ("2020-05-01", "2020-05-31", 3)),
         "final": (("2020-03-27", "2020-04-13", 1),)},
    ),
    "germany-cases": Feed(
        "rki-vintages.parquet", ("inc covid cases",), Cadence.DAY, 7, 2,
        {"dev": (("2022-09-30", "2023-12-31", 9),), "final": (("2025-05-01", "2025-06-30", 1),)}, newest=14,
    ),
    "us-admissions": Feed(
        "nhsn-vintages.parquet", ("wk inc covid hosp", "wk inc flu hosp", "wk inc rsv hosp"), Cadence.WEEK, 4, 0,
        {"dev": (("2023-10-01", "2024-05-01", 5), ("2024-11-22", "2025-03-31", 2)),
         "final": (("2025-04-01", "2025-06-30", 1),)}, newest=8,
    ),
}  # fmt: skip


def as_of(log: pd.DataFrame, day: str) -> pd.DataFrame:
    """The counts as they were known on a day."""
    return log[log["as_of"] <= day].drop_duplicates(KEY, keep="last").dropna(subset=["observation"])


def matrix(counts: pd.DataFrame, feed: Feed, keep: Series | None) -> pd.DataFrame:
    """Series by dates; the newest `settle` dates dropped, the axis without holes."""
    wide = counts.pivot(index=SERIES, columns="target_end_date", values="observation")
    if keep is not None:
        wide = wide.reindex(pd.MultiIndex.from_tuples(keep, names=SERIES))
    wide.columns = pd.to_datetime(wide.columns)
    axis = pd.date_range(wide.columns.min(), wide.columns.max(), freq=f"{feed.cadence.days}D")
    return wide.reindex(columns=axis[: len(axis) - feed.settle])


def populations(data: Path) -> dict[str, float]:
    """Persons by location code, of every feed."""
    jhu = pd.read_csv(data / "jhu-places.csv")
    states = pd.read_csv(data / "us-locations.csv", dtype={"location": str})
    both = pd.concat([jhu, states]).drop_duplicates("location", keep="last")
    return {**dict(zip(both["location"], both["population"], strict=True)), "DE": rki.POPULATION}


def places(log: pd.DataFrame, feed: Feed) -> Series | None:
    """The 30 places with most cases on 10 April 2020, for JHU; else all."""
    if not feed.file.startswith("jhu"):
        return None
    known = as_of(log, "2020-04-11").query("target_end_date == '2020-04-10'")
    return [(feed.targets[0], place) for place in known.nlargest(30, "observation")["location"]]


def histories(log: pd.DataFrame, feed: Feed, window: str, people: dict[str, float]) -> Iterator[History]:
    """One history a reference date, from the first vintage that holds it, oldest first."""
    keep = places(log, feed)
    chosen: dict[str, pd.DataFrame] = {}
    for start, end, every in feed.windows[window]:
        days = sorted(day for day in log["as_of"].unique() if start <= day <= end)
        for day in days[::every]:
            wide = matrix(as_of(log, day), feed, keep)
            chosen.setdefault(f"{wide.columns[-1]:%Y-%m-%d}", wide)
    for reference in sorted(chosen)[-feed.newest if window == "final" and feed.newest else 0 :]:
        wide = chosen[reference]
        counts = wide.to_numpy(dtype=np.float64, copy=True)
        counts.flags.writeable = False
        targets, locations = zip(*wide.index, strict=True)
        people_here = np.array([people.get(place, np.nan) for place in locations])
        dates = wide.columns.to_numpy().astype("datetime64[D]")
        yield History(feed.cadence, dates, targets, locations, counts, people_here)


def truth(final: pd.DataFrame, history: History, horizons: int) -> Floats:
    """(S, H) what came true."""
    reference = pd.Timestamp(history.dates[-1])
    ends = [reference + pd.Timedelta(days=(h + 1) * history.cadence.days) for h in range(horizons)]
    index = pd.MultiIndex.from_arrays([history.targets, history.locations], names=SERIES)
    return final.reindex(index=index, columns=pd.DatetimeIndex(ends)).to_numpy(dtype=np.float64)


def wis(quantiles: Floats, observed: Floats) -> Floats:
    """Weighted interval score as twice the mean pinball loss (Bracher et al. 2021, eq. 5)."""
    error = observed[..., None] - quantiles
    levels = np.array(LEVELS)
    return np.asarray(2 * np.mean(np.maximum(levels * error, (levels - 1) * error), axis=-1))


def tasks(model: str, answer: Quantiles, observed: Floats, history: History) -> pd.DataFrame:
    """One row a place, target and horizon that came true."""
    values = answer.values
    series, horizon = np.indices(observed.shape)
    row = {
        "model": model,
        "reference": history.dates[-1],
        "target": np.array(history.targets)[series].ravel(),
        "location": np.array(history.locations)[series].ravel(),
        "horizon": horizon.ravel() + 1,
        "wis": wis(values, observed).ravel(),
        "log": wis(np.log1p(values), np.log1p(np.maximum(observed, 0))).ravel(),
        "error": np.abs(values[..., MEDIAN] - observed).ravel(),
    }
    for percent, (low, high) in INTERVALS.items():
        row[f"in{percent}"] = ((observed >= values[..., low]) & (observed <= values[..., high])).ravel()
    return pd.DataFrame(row).dropna(subset=["wis"])


def run(data: Path, name: str, models: list[str], window: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Forecast and score one feed: its tasks, and the seconds of each call."""
    feed = FEEDS[name]
    log = pd.read_parquet(data / feed.file)
    log = log[log["target"].isin(feed.targets)]
    final = matrix(as_of(log, log["as_of"].max()), feed, None)
    rows, calls = [], []
    for history in histories(log, feed, window, populations(data)):
        observed = truth(final, history, feed.horizons)
        for model in models:
            began = time.perf_counter()
            try:
                answer = load(model).forecast(history, feed.horizons, seed=1)
            except ModelError as error:
                print(f"{name} {history.dates[-1]} {model}: {error}", file=sys.stderr)
                continue
            calls.append({"model": model, "seconds": time.perf_counter() - began, "refused": len(answer.refused)})
            rows.append(tasks(model, answer, observed, history))
    return pd.concat(rows, ignore_index=True), pd.DataFrame(calls)


def table(scores: pd.DataFrame, calls: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Relative scores and coverage of each model, overall or by a column."""
    key = ["reference", "target", "location", "horizon"]
    base = scores[scores["model"] == "baseline"][[*key, "wis", "log", "error"]]
    both = scores.merge(base, on=key, suffixes=("", "_base"))
    lines = []
    for names, group in both.groupby(["model", *by]):
        seconds = calls[calls["model"] == names[0]]["seconds"]
        lines.append({
            **dict(zip(["model", *by], names, strict=True)),
            "tasks": len(group),
            "wis_ratio": group["wis"].sum() / group["wis_base"].sum(),
            "log_mean_ratio": group["log"].sum() / group["log_base"].sum(),
            "log_median_ratio": group["log"].median() / group["log_base"].median(),
            "error_ratio": group["error"].sum() / group["error_base"].sum(),
            "in50": group["in50"].mean(),
            "in80": group["in80"].mean(),
            "in95": group["in95"].mean(),
            "s_median": seconds.median(),
            "s_max": seconds.max(),
        })  # fmt: skip
    return pd.DataFrame(lines).set_index(["model", *by])


def main() -> None:
    """Print one table a feed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the *-vintages.parquet archives")
    parser.add_argument("--window", choices=["dev", "final"], default="final")
    parser.add_argument("--feed", choices=list(FEEDS), action="append", help="default: all")
    parser.add_argument(
        "--model", choices=plain(REGISTRY), action="append", help="baseline is always run; default: all"
    )
    parser.add_argument("--by", choices=["horizon", "target", "reference"], action="append", default=[])
    options = parser.parse_args()
    models = list(dict.fromkeys(["baseline", *(options.model or plain(REGISTRY))]))
    for name in options.feed or FEEDS:
        scores, calls = run(options.data, name, models, options.window)
        print(f"\n{name} ({options.window}), {scores['reference'].nunique()} reference dates "
              f"{scores['reference'].min():%Y-%m-%d} to {scores['reference'].max():%Y-%m-%d}")  # fmt: skip
        print(table(scores, calls, options.by).round(3).to_string())


if __name__ == "__main__":
    main()
