"""Time JHU's file of US counties, from bytes to a vintage on record, in times of reading it with pandas.

    python benchmarks/counties.py time_series_covid19_confirmed_US.csv

Each round does, one after the other: `pandas.read_csv` of the file; bytes to counts (`parse`); counts to the first
vintage of an empty store (`add`, which checks them, on stable storage); and the day after, with 1 % of the
counts changed, to the second vintage of a store opened anew (`day 2`: the whole first vintage is read back).
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from reporter.sources import REGISTRY
from reporter.vintages import Vintages

_PARTS = ("read_csv", "parse", "add", "day 2: parse", "day 2: add")


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measured(path: Path, folder: Path, seed: int) -> list[float]:
    """Seconds of each part of one round."""
    parse = REGISTRY["jhu-counties"].parse
    raw = path.read_bytes()
    took = [seconds(lambda: pd.read_csv(path)), seconds(lambda: parse(raw))]
    counts = parse(raw)
    took.append(seconds(lambda: Vintages(folder).add(date(2021, 1, 1), counts)))
    later = counts.copy()
    changed = np.random.default_rng(seed).random(len(later)) < 0.01  # noqa: PLR2004 - a share
    later.loc[changed, "observation"] += 1
    took.append(seconds(lambda: parse(raw)))
    took.append(seconds(lambda: Vintages(folder).add(date(2021, 1, 2), later, whole=True)))
    return took


def main() -> None:
    """Print medians in milliseconds and in times of `read_csv`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    rounds = []
    for seed in range(-1, options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            took = measured(options.path, Path(folder), seed + 1)
        rounds += [took] if seed >= 0 else []  # the first only warms up
    print("| part | median ms | least ms |\n|---|---|---|")
    for number, part in enumerate(_PARTS):
        each = [took[number] for took in rounds]
        print(f"| {part} | {1000 * statistics.median(each):.0f} | {1000 * min(each):.0f} |")
    for name, parts in (("day 1", slice(1, 3)), ("day 2", slice(3, 5))):
        ratios = [sum(took[parts]) / took[0] for took in rounds]
        print(f"{name}: {statistics.median(ratios):.2f} times read_csv (median of the ratios of {len(rounds)} rounds)")


if __name__ == "__main__":
    main()
