"""Time the weekly refit of all models, beside statsforecast on the same series in the same run.

    python -m venv rival && rival/bin/pip install statsforecast pyarrow
    python benchmarks/refit.py --rival rival/bin/python

statsforecast is no part of reporter, and has an environment of its own: it gets the series in a file and gives back
seconds. What is timed of reporter is the production path: the reference dates before the newest are put on record once;
then in each round the newest is forecast from the newest vintage by `reporter.job`, in a copy of that record, all
models one after another as a worker does it, in one process and by two workers. In turns with it statsforecast's
AutoARIMA, AutoETS and AutoTheta fit the same series (holes filled in by straight lines) and forecast as far ahead, with
ranges, on one process and on two. Both are warm: everything is loaded, and a first call was made.

`wall` is what a clock says, which other work on the machine distorts; `processor` seconds are distorted less (those of
workers are not seen). Medians of the rounds; a ratio is the median of the rounds' ratios. A season of 52 takes
AutoARIMA so long that it is timed on `--seasonal` series only, on log(1 + count).
"""

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
from newest import NOW, newest

from reporter import backtest, config, hub, job, models, parallel
from reporter.config import Settings
from reporter.feeds import Feed
from reporter.models.base import History

RIVAL = Path(__file__).with_name("refit_rival.py")
Seconds = dict[str, float]


def long_series(history: History) -> pd.DataFrame:
    """Each series from its first count to its last, as statsforecast takes them: `unique_id`, `ds`, `y`."""
    parts = []
    for target, location, counts in zip(history.targets, history.locations, history.as_published, strict=True):
        known = pd.Series(counts, index=pd.DatetimeIndex(history.dates)).interpolate(limit_area="inside").dropna()
        parts.append(pd.DataFrame({"unique_id": f"{target} {location}", "ds": known.index, "y": known.to_numpy()}))
    return pd.concat(parts, ignore_index=True)


def refit(feed: Feed, number: int, record: Path, engine: parallel.OrderedMap) -> Seconds:
    """Seconds of each model for the one date that a copy of the record lacks, and of all from counts to ledger."""
    clocks = []

    def progress(_what: str, _done: int, _total: int) -> None:
        clocks.append((time.perf_counter(), time.process_time()))

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "record"
        shutil.copytree(record, copy)
        work = job.Job(feed, number, copy, NOW, None, hub.Publisher(), explains=False)
        work.replay(engine, progress)
        line = json.loads((copy / "runs.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    if len(line["new"]) != 1:
        raise SystemExit(f"forecast {line['new']}, not the newest date alone: {line['failed']}")
    seconds: Seconds = {name: line["seconds"][name] for name in feed.models if name in line["seconds"]}
    wall, processor = (clocks[-1][n] - clocks[0][n] for n in (0, 1))
    return seconds | {"fits": sum(seconds.values()), "wall": wall, "processor": processor}


def rival(python: str, series: Path, season: int, jobs: int, *, log: bool, ahead: int) -> Seconds:
    """Seconds of each of statsforecast's models over all series of a file."""
    command = [python, str(RIVAL), str(series), str(season), str(jobs), str(int(log)), str(ahead)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own script
    found: Seconds = json.loads(done.stdout.splitlines()[-1])
    return found


def prepared(settings: Settings, name: str, dates: int, folder: Path) -> tuple[Feed, int, History]:
    """Put the reference dates before the newest on record in a folder; gives the feed that forecasts the newest."""
    number = [feed.name for feed in settings.feeds].index(name)
    feed = settings.feeds[number]
    as_ofs, history = newest(feed, number, folder.with_name("vintages"), dates + 1)
    with parallel.ordered_map(1) as engine:
        question = backtest.Asked(name, as_ofs[0], as_ofs[-2], feed.models)
        backtest.run(settings, question, folder, NOW, nullcontext(engine), site=folder.with_name("none"))
    changed = {"start": as_ofs[0], "end": None, "backfill": None, "archive": True, "peers": ()}
    return feed.model_copy(update=changed), number, history


def shown(title: str, rounds: list[Seconds], parts: list[str]) -> str:
    """A row of the table: medians of the rounds, one for each part."""
    cells = [f"{statistics.median(one[part] for one in rounds):.1f}" if part in rounds[0] else "" for part in parts]
    return f"| {title} | {' | '.join(cells)} |"


def main() -> None:
    """Run the rounds and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=config.bundled())
    parser.add_argument("--feed", default="us-admissions")
    parser.add_argument(
        "--models", type=lambda text: tuple(text.split(",")), help="with commas; the feed's if left out"
    )
    parser.add_argument("--rival", help="a Python that has statsforecast; without it only reporter is timed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", type=int, default=4, help="reference dates on record before the newest")
    parser.add_argument("--log", action="store_true", help="give statsforecast log(1 + count), where it is quicker")
    parser.add_argument("--seasonal", type=int, default=3, help="series for a season of 52; 0 leaves it out")
    options = parser.parse_args()
    settings = config.load(options.config)
    if options.models:
        feeds = [one.model_copy(update={"models": options.models, "lead": None}) for one in settings.feeds]
        settings = settings.model_copy(update={"feeds": tuple(feeds)})
    ours: dict[int, list[Seconds]] = {1: [], 2: []}
    theirs: dict[int, list[Seconds]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        feed, number, history = prepared(settings, options.feed, options.record, Path(folder) / "record")
        modules = ["reporter.work", *models.modules(feed.models)]
        engines = {workers: stack.enter_context(parallel.ordered_map(workers, modules)) for workers in ours}
        series = Path(folder) / "series.parquet"
        rows = long_series(history)
        rows.to_parquet(series)
        print(f"{len(history.targets)} series, {len(history.dates)} periods, {', '.join(feed.models)}", flush=True)
        for number_of_round in range(-1, options.rounds):
            for workers, engine in engines.items():
                found = refit(feed, number, Path(folder) / "record", engine)
                if number_of_round >= 0:  # the one before only warms up
                    ours[workers].append(found)
            if options.rival and number_of_round >= 0:
                for jobs, rounds in theirs.items():
                    rounds.append(rival(options.rival, series, 1, jobs, log=options.log, ahead=feed.horizons))
        report(feed, ours, theirs)
        if options.rival and options.seasonal:
            few = np.random.default_rng(0).permutation(rows["unique_id"].unique())[: options.seasonal]
            rows[rows["unique_id"].isin(few)].to_parquet(series)
            found = rival(options.rival, series, 52, 1, log=True, ahead=feed.horizons)
            each = {name: 1000 * seconds / len(few) for name, seconds in found.items()}
            print(f"\nA season of 52, {len(few)} series, ms a series:", {name: round(ms) for name, ms in each.items()})


def report(feed: Feed, ours: dict[int, list[Seconds]], theirs: dict[int, list[Seconds]]) -> None:
    """Print the seconds of each part, and the ratios."""
    parts = [name for name in feed.models if name in ours[1][0]]
    print(f"\n| reporter | {' | '.join(parts)} | all models | wall | processor |")
    print("|---" * (len(parts) + 4) + "|")
    for workers, rounds in ours.items():
        title = f"{workers} worker{'s' * (workers > 1)}"
        hidden = [one if workers == 1 else {part: one[part] for part in one if part != "processor"} for one in rounds]
        print(shown(title, hidden, [*parts, "fits", "wall", "processor"]))
    if not theirs[1]:
        return
    names = ["AutoARIMA", "AutoETS", "AutoTheta", "wall", "processor"]
    print(f"\n| statsforecast, season 1 | {' | '.join(names)} |\n|---|---|---|---|---|---|")
    for jobs, rounds in theirs.items():
        print(shown(f"n_jobs={jobs}", rounds, names))
    print("\n| reporter over statsforecast | wall | processor |\n|---|---|---|")
    for jobs, rounds in theirs.items():
        wall = [mine["wall"] / one["wall"] for mine, one in zip(ours[jobs], rounds, strict=True)]
        processor = [mine["processor"] / one["processor"] for mine, one in zip(ours[1], rounds, strict=True)]
        cells = f"{statistics.median(wall):.2f} | {statistics.median(processor):.2f}"
        print(f"| {jobs} process{'es' * (jobs > 1)} | {cells} |")


if __name__ == "__main__":
    main()
