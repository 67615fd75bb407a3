"""Simulate years of daily runs: how much is stored, and how long a day's build takes.

    python benchmarks/growth.py growth-site --years 5 --builds 3

Three feeds: one place every day, ten places every day, 53 places with three targets every week, each with
the forecasts of three models. The days that are not measured are put on record directly; on the measured ones
(`--builds` at the start, and at the end of each year) `reporter build` runs as every day, in a process of its own
and with the real models. The first build of each group catches up with the pages and is not counted.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from scipy.special import ndtri

from reporter.dates import Cadence
from reporter.ledger import Ledger
from reporter.schema import KEY, LEVELS, MEDIAN, QUANTITIES
from reporter.vintages import Vintages

FIRST = date(2027, 1, 2)  # a Saturday
WARM = 63
MODELS = ("baseline", "sigmoid", "rnn")


@dataclass(frozen=True)
class Shape:
    """What one feed counts."""

    name: str
    cadence: Cadence
    targets: tuple[str, ...]
    places: int
    horizons: int

    @property
    def locations(self) -> list[str]:
        """Codes of its places."""
        return [f"{number:02}" for number in range(1, self.places + 1)]


SHAPES = (
    Shape("one-a-day", Cadence.DAY, ("inc covid cases",), 1, 7),
    Shape("ten-a-day", Cadence.DAY, ("inc covid cases",), 10, 7),
    Shape("fifty-a-week", Cadence.WEEK, ("wk inc covid hosp", "wk inc flu hosp", "wk inc rsv hosp"), 53, 4),
)


class Feed:
    """One synthetic feed: counts with a yearly wave, a weekly rhythm, noise, and revisions of the newest two."""

    def __init__(self, shape: Shape, site: Path, years: int) -> None:
        self.shape = shape
        self.folder = site / "data" / shape.name
        self.file = site.parent / f"{shape.name}.parquet"
        self.step = shape.cadence.step
        back = 120 if shape.cadence is Cadence.DAY else 104
        self.first = FIRST - back * self.step
        steps = back + years * 366 // shape.cadence.days + 2
        rng = np.random.default_rng(len(shape.name))
        series = len(shape.targets) * shape.places
        day = np.arange(steps) * shape.cadence.days
        wave = np.exp(1.5 * np.sin(day / 365.25 * 2 * np.pi)[:, None] + rng.normal(5, 1.2, series))
        rhythm = 1 + 0.25 * np.sin(day / 7 * 2 * np.pi)[:, None]
        self.counts = np.round(wave * rhythm * rng.lognormal(0, 0.08, (steps, series)))
        self.ends = [self.first + n * self.step for n in range(steps)]
        pairs = [(target, place) for target in shape.targets for place in shape.locations]
        self.keys = pd.DataFrame(pairs, columns=["target", "location"])
        self.open()

    def open(self) -> None:
        """Read the record anew."""
        self.ledger, self.vintages = Ledger(self.folder), Vintages(self.folder / "vintages")

    def newest(self, today: date) -> int | None:
        """The number of the period that is first counted today, if there is one."""
        lag = timedelta(days=1 if self.shape.cadence is Cadence.DAY else 4)
        number, rest = divmod((today - lag - self.first).days, self.step.days)
        return number if rest == 0 else None

    def rows(self, periods: range, newest: int) -> pd.DataFrame:
        """Counts of some periods as known when `newest` is the newest."""
        frames = []
        for number in periods:
            share = {0: 0.88, 1: 0.97}.get(newest - number, 1.0)
            end = pd.Timestamp(self.ends[number]).as_unit("s")
            frames.append(self.keys.assign(target_end_date=end, observation=np.round(self.counts[number] * share)))
        return pd.concat(frames, ignore_index=True)

    def known(self, newest: int) -> pd.DataFrame:
        """All counts as known when `newest` is the newest: what upstream has for download."""
        return self.rows(range(newest + 1), newest)

    def put(self, today: date) -> None:
        """Put a day on record without the daily job."""
        newest = self.newest(today)
        if newest is None:
            return
        start = 0 if not self.vintages.as_ofs else max(newest - 2, 0)
        self.vintages.add(today, self.rows(range(start, newest + 1), newest))
        reference = self.ends[newest]
        frames = {model: self.forecast(newest, number) for number, model in enumerate(MODELS)}
        receipt = {
            "feed": self.shape.name,
            "headline": "01",
            "reference_date": str(reference),
            "vintage": {"as_of": str(today), "sha256": self.vintages.hashes[today]},
            "made_at": f"{today}T06:00:00+00:00",
            "live": True,
            "version": "0.1.0",
            "settings_sha256": "0" * 64,
            "seed": int.from_bytes(str(reference).encode()[-4:], "big"),
            "models": {model: {"status": "ok"} for model in MODELS},
        }
        split = None if newest == 0 else self.split(newest)
        since = None if split is None else {"since": str(self.ends[newest - 1])}
        beside = {"changes": split, "estimates": self.estimates(newest)}
        self.ledger.append(reference, frames, receipt | {"changes": since}, beside)

    def split(self, newest: int) -> pd.DataFrame:
        """A stand-in split of the medians' change since the period before."""
        task = ["model_id", *KEY]
        told = []
        for at in (newest - 1, newest):
            frames = [self.forecast(at, number).assign(model_id=model) for number, model in enumerate(MODELS)]
            rows = pd.concat(frames)
            told.append(rows[rows["output_type_id"] == LEVELS[MEDIAN]].set_index(task)["value"])
        both = pd.concat(told, axis=1, keys=["before", "after"], join="inner").sort_index().reset_index()
        change = both["after"] - both["before"]
        rng = np.random.default_rng([newest, len(MODELS)])
        revised, refit = (np.round(change * share) for share in rng.normal(0.1, 0.1, (2, len(both))))
        parts = {"code": 0.0, "revised_history": revised, "refit": refit, "new_data": change - revised - refit}
        return both.assign(reference_date=pd.Timestamp(self.ends[newest]).as_unit("s"), **parts)

    def estimates(self, newest: int) -> pd.DataFrame:
        """Stand-in estimates of one model of curves for every series, in single precision."""
        rng = np.random.default_rng([newest, len(LEVELS)])
        rows = self.keys.loc[self.keys.index.repeat(len(QUANTITIES))].reset_index(drop=True)
        ends = np.sort(rng.lognormal(3, 1, (len(rows), 5)), axis=1).astype(np.float32)
        said = dict(zip(("q025", "q25", "estimate", "q75", "q975"), ends.T, strict=True))
        quantity = [*QUANTITIES] * len(self.keys)
        reference = pd.Timestamp(self.ends[newest]).as_unit("s")
        return rows.assign(reference_date=reference, model_id=MODELS[-1], family="logistic", quantity=quantity, **said)

    def forecast(self, newest: int, seed: int) -> pd.DataFrame:
        """A stand-in forecast: the newest count with a spread that grows."""
        rng = np.random.default_rng([newest, seed])
        horizons, series = self.shape.horizons, len(self.keys)
        level = self.counts[newest] * rng.lognormal(0, 0.1, series)
        spread = 0.15 * np.sqrt(np.arange(1, horizons + 1)) * rng.lognormal(0, 0.2, (series, 1))
        values = level[:, None, None] * np.exp(spread[:, :, None] * ndtri(np.array(LEVELS)))
        tasks = self.keys.loc[self.keys.index.repeat(horizons * len(LEVELS))].reset_index(drop=True)
        horizon = np.tile(np.repeat(np.arange(1, horizons + 1, dtype=np.int32), len(LEVELS)), series)
        reference = pd.Timestamp(self.ends[newest]).as_unit("s")
        return tasks.assign(
            reference_date=reference,
            horizon=horizon,
            target_end_date=reference + pd.to_timedelta(horizon * self.shape.cadence.days, unit="D").as_unit("s"),
            output_type="quantile",
            output_type_id=np.tile(LEVELS, horizons * series),
            value=np.round(values).ravel(),
        )

    def settings(self) -> list[str]:
        """Its table of the settings."""
        shape = self.shape
        values = {
            "name": shape.name,
            "source": "file",
            "path": self.file.name,
            "target": list(shape.targets),
            "cadence": shape.cadence.value,
            "settle": 0,
            "horizons": shape.horizons,
            "headline": "01",
            "models": list(MODELS),
        }
        return ["[[feeds]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]


def build(site: Path, feeds: list[Feed], today: date) -> dict[str, float]:
    """Run the daily job; seconds of the whole and of each stage."""
    for feed in feeds:
        due = (today - timedelta(days=back) for back in range(7))
        newest = next(number for day in due if (number := feed.newest(day)) is not None)
        feed.known(newest).to_parquet(feed.file)
    settings = site.parent / "reporter.toml"
    settings.write_text("\n".join(line for feed in feeds for line in feed.settings()), encoding="utf-8")
    command = [sys.executable, "-m", "reporter", "build", "--offline", "--config", settings, "--out", site]
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own command
        [*map(str, command), "--now", f"{today}T06:00:00Z"], capture_output=True, text=True, check=False
    )
    seconds = {"all": time.perf_counter() - began}
    if done.returncode:
        raise SystemExit(done.stderr)
    stages: dict[str, float] = defaultdict(float)
    for feed in feeds:
        line = json.loads((feed.folder / "runs.jsonl").read_text().splitlines()[-1])
        for stage, spent in line["seconds"].items():
            if stage not in (*MODELS, "explain"):  # parts of "forecast"
                stages[stage] += spent
        feed.open()
    stages["start, gather and pages"] = seconds["all"] - sum(stages.values())
    return seconds | stages


def group(site: Path, feeds: list[Feed], days: list[date]) -> dict[str, float]:
    """Build on some days; the median seconds of all but the first, which catches up."""
    results = [build(site, feeds, day) for day in days]
    counted = results[1:] or results
    return {stage: median(result.get(stage, 0.0) for result in counted) for stage in results[-1]}


def sizes(site: Path) -> dict[str, tuple[int, int]]:
    """Files and bytes by kind."""
    found: dict[str, tuple[int, int]] = {}
    for path in site.rglob("*"):
        if path.is_file():
            parts = path.relative_to(site).parts
            inside = parts[2] if parts[0] == "data" else ""
            kind = f"data: {inside}" if inside else parts[0] if parts[0] == "assets" else "pages"
            files, total = found.get(kind, (0, 0))
            found[kind] = (files + 1, total + path.stat().st_size)
    return found


def report(what: str, seconds: dict[str, float], site: Path) -> None:
    """Print one measurement."""
    print(f"\n{what}: {seconds['all']:.1f} s a build")
    print("  " + ", ".join(f"{stage} {spent:.1f}" for stage, spent in seconds.items() if stage != "all"))
    found = sizes(site)
    for kind, (files, total) in sorted(found.items()):
        print(f"  {kind:<32} {files:>7,} files {total / 1e6:>9.1f} MB")
    data = sum(total for kind, (_, total) in found.items() if kind.startswith("data"))
    print(f"  {'record and what follows from it':<32} {'':>13} {data / 1e6:>9.1f} MB", flush=True)


def main() -> None:
    """Run the years and print a table at the end of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a new folder for the simulated site")
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--builds", type=int, default=3, help="measured builds at the start and each year's end")
    parser.add_argument("--last-only", action="store_true", help="of the years' ends, measure the last only")
    options = parser.parse_args()
    site = options.folder / "site"
    site.mkdir(parents=True)
    feeds = [Feed(shape, site, options.years) for shape in SHAPES]
    ends = [options.years * 365] if options.last_only else [year * 365 for year in range(1, options.years + 1)]
    groups = {end - options.builds: f"year {end / 365:.0f}" for end in ends} | {WARM: "start"}
    started: dict[str, float] = {}
    number = 1
    while number < ends[-1]:
        today = FIRST + timedelta(days=number)
        if number in groups:
            for feed in feeds:
                feed.ledger.compact()
                feed.vintages.compact()
            days = [today + timedelta(days=n) for n in range(options.builds)]
            seconds = group(site, feeds, days)
            report(groups[number], seconds, site)
            started = started or seconds
            ratio = partial(_ratio, seconds, started)
            print("  against the start: " + ", ".join(f"{stage} {ratio(stage)}" for stage in seconds), flush=True)
            number += options.builds
            continue
        for feed in feeds:
            feed.put(today)
            if today.day == 1:
                feed.ledger.compact()
                feed.vintages.compact()
        number += 1


def _ratio(now: dict[str, float], start: dict[str, float], stage: str) -> str:
    return f"{now[stage] / start[stage]:.1f}x" if start.get(stage) else "-"


if __name__ == "__main__":
    main()
