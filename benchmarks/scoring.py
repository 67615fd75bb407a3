"""Score the hubs' models, and measure what scoring a million quantile rows costs beside reading them.

    python benchmarks/scoring.py FOLDER

The folder holds `hub-peers.parquet` (hub columns and model_id) and `nhsn-vintages.parquet` (a change log).
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from seasons import SEASONS

from reporter import evaluate, files, hubfiles, scorecard
from reporter.admission import Terms
from reporter.dates import Cadence
from reporter.ledger import LEDGER
from reporter.schema import LEVELS, to_frame, to_table
from reporter.sources import file
from reporter.vintages import View


def hubs(folder: Path) -> None:
    """Print relative WIS and tasks of every model of the hubs, season by season."""
    print("| season | model | relative WIS | 90 % | pairwise | log WIS | tasks |\n|---|---|---|---|---|---|---|")
    for season in SEASONS.values():
        if season.ensemble is None:
            continue
        card = scorecard.score_hub(
            folder / "hub-peers.parquet",
            folder / "nhsn-vintages.parquet",
            cadence=Cadence.WEEK,
            targets=[season.target],
            first=season.first,
            last=season.last,
        )
        found = scorecard.table(card.scores[card.scores["against"] == "latest"], season.baseline)
        for row in found.reset_index().itertuples():
            print(
                f"| {season.title} | {row.model_id} | {row.skill:.3f} | {row.low:.2f} to {row.high:.2f} "
                f"| {row.relative_skill:.3f} | {row.log_skill:.3f} | {row.tasks:,} |"
            )


def best(work: Callable[[], object], times: int = 7) -> float:
    """Seconds of the quickest of several runs."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def cost(folder: Path) -> None:
    """Print the time of scoring a million quantile rows over that of reading them from parquet."""
    terms = Terms(None, None, None, Cadence.WEEK, ahead=0, nearest=0)
    rows, _ = hubfiles.read_hub(folder / "hub-peers.parquet", terms)
    rows = rows.iloc[: -(-1_000_000 // len(LEVELS)) * len(LEVELS)]
    changes = file.changes((folder / "nhsn-vintages.parquet").read_bytes())
    if changes is None:
        raise SystemExit("nhsn-vintages.parquet is no change log")
    targets, places = list(changes["target"].unique()), list(changes["location"].unique())
    view = View(changes, targets, places, Cadence.WEEK, settle=0)
    first, latest = view.first, view.latest
    live = dict.fromkeys(rows["reference_date"].unique(), True)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "rows.parquet"
        path.write_bytes(files.parquet_bytes(to_table(rows, LEDGER)))
        frame = to_frame(pq.read_table(path), LEDGER)
        as_frame = best(lambda: to_frame(pq.read_table(path), LEDGER))
        plain = best(lambda: pd.read_parquet(path))
    both = best(lambda: evaluate.score_table(frame, first, latest, live))
    one = best(lambda: evaluate.score_table(frame, first.iloc[:0], latest, live))
    print(f"\n{len(rows):,} quantile rows; all scores on both scales, best of 7 runs each:")
    print(f"read as the ledger does {as_frame * 1000:.0f} ms, by pandas {plain * 1000:.0f} ms")
    print(f"scored against first and latest {both * 1000:.0f} ms: {both / as_frame:.2f} x, {both / plain:.2f} x")
    print(f"scored against latest alone {one * 1000:.0f} ms: {one / as_frame:.2f} x, {one / plain:.2f} x")


def main() -> None:
    """Read where the data is and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    hubs(folder)
    cost(folder)


if __name__ == "__main__":
    main()
