"""Print the bytes a date takes in the record of a built site: the table of docs/record.md.

    python benchmarks/bytes_of_record.py site

Each date is counted in a file of its own, and in the file of its month, as if every month were over.
"""

import argparse
from collections.abc import Callable, Mapping
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from reporter.dated import Dated, DatedTables
from reporter.dates import month_of
from reporter.ledger import Ledger
from reporter.receipts import Receipts
from reporter.schema import TOLD


def measured(store: Dated[Any]) -> tuple[int, int, int]:
    """Dates, and their bytes one by one and by month."""
    parts = dict(store.items())
    encode: Callable[[Mapping[date, Any]], bytes] = store.encode
    single = sum(len(encode({day: part})) for day, part in parts.items())
    months = sum(len(encode({day: parts[day] for day in days})) for _, days in groupby(parts, month_of))
    return len(parts), single, months


def main() -> None:
    """Measure every feed of a site."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    options = parser.parse_args()
    print("| feed | what | dates | bytes a date, by day | by month |\n|---|---|---|---|---|")
    for folder in sorted(path for path in (options.site / "data").iterdir() if path.is_dir()):
        kinds: dict[str, list[Dated[Any]]] = {
            "forecasts": list(Ledger(folder).tables("model-output/*")),
            **{name: list(Ledger(folder).tables(name)) for name in TOLD},
            "receipts": [Receipts(folder / "receipts")],
            "vintages": [DatedTables(folder / "vintages", ".parquet", "as_of")],
        }
        for kind, stores in kinds.items():
            results = [measured(store) for store in stores]
            dates = max((result[0] for result in results), default=0)
            if not dates:
                continue
            single, months = (sum(result[n] for result in results) / dates for n in (1, 2))
            print(f"| `{folder.name}` | {kind} | {dates} | {single:,.0f} | {months:,.0f} |")


if __name__ == "__main__":
    main()
