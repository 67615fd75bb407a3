"""Time what is known of Germany's cases as of a date, and how that grows with the vintages.

    python benchmarks/views.py

The bundled archive has 944 vintages of a day. It is read from one file a vintage, and from one a month; then
views of it are asked for. The second table asks for the newest view of that archive for 1, 2, 4 … places of a store.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd

from reporter.dated import split
from reporter.dates import Cadence
from reporter.schema import CHANGES, KEY, to_table
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes
from reporter.vintages import View, Vintages

TARGET = "inc covid cases"


def milliseconds(work: Callable[[], object], times: int = 9) -> float:
    """How long some work takes, at the median."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return 1000 * statistics.median(took)


def view(changes: pd.DataFrame) -> View:
    """All places of a change log."""
    return View(changes, [TARGET], sorted(changes["location"].unique()), Cadence.DAY, 2)


def first_view(folder: Path, day: date) -> pd.DataFrame:
    """Read a store and look at it as of a day."""
    return view(Vintages(folder).changes).as_of(day)


def store_by_day(log: pd.DataFrame, folder: Path) -> None:
    """Put a change log on record in one file a vintage."""
    for as_of, rows in split(to_table(log, CHANGES), "as_of").items():
        Vintages(folder)._store.create(as_of, rows)  # noqa: SLF001 - as a daily run would have left them


def main() -> None:
    """Print both tables."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    log = archive_changes(REGISTRY["rki"])
    newest = date(2025, 6, 30)
    with tempfile.TemporaryDirectory() as folder:
        store_by_day(log, Path(folder) / "day")
        Vintages(Path(folder) / "month").seed(log)
        print("| what | ms |\n|---|---|")
        for name in ("day", "month"):
            first = milliseconds(partial(first_view, Path(folder) / name, newest), 3)
            print(f"| first view, one file a {name} | {first:.0f} |")
    known = view(log)
    print(f"| a view after the first | {milliseconds(lambda: known.as_of(newest)):.1f} |")
    print(f"| a view of the middle | {milliseconds(lambda: known.as_of(date(2024, 1, 15))):.1f} |")
    print("\n| changes in the store | first view ms | further view ms | µs a change, first |\n|---|---|---|---|")
    for places in (1, 2, 4, 8, 16):
        many = pd.concat([log.assign(location=f"{place:02}") for place in range(places)]).sort_values(["as_of", *KEY])
        held = view(many)
        first = milliseconds(partial(View.as_of, held, newest), 1) + milliseconds(partial(view, many), 3)
        further = milliseconds(partial(held.as_of, newest))
        print(f"| {len(many):,} | {first:.0f} | {further:.1f} | {1000 * first / len(many):.2f} |")


if __name__ == "__main__":
    main()
