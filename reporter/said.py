"""What the leading model said at every date, in five quantiles: what the pages of places look back at.

A file for each month of reference dates, so that a daily run reads the forecasts of one month again and not of years.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

import pandas as pd
import pyarrow as pa

from reporter import files, tasks
from reporter.dates import month_of, parse_date
from reporter.errors import RecordError
from reporter.evaluate import BASELINE
from reporter.ledger import LEDGER, Ledger, Receipt
from reporter.posts.record import SAID, SAID_LEVELS
from reporter.schema import to_frame, to_table

NAME = "said.parquet"
"""The folder of the table; readers of parquet take it for one table."""

MOST = 400
"""How many of the newest reference dates a place's page looks back at."""


def refresh(folder: Path, ledger: Ledger, models: Sequence[str], lead: str) -> None:
    """Bring the table in `folder` up to date with the ledger.

    Args:
        folder: of the table.
        ledger: the feed's.
        models: the settings' models in their order: of a series that the lead says nothing of, the first of them that
            does leads, the baseline last.
        lead: the model whose forecast leads.

    Raises:
        RecordError: a forecast on record was altered or is gone.
    """
    hashes, order = ledger.hashes(), {model: place for place, model in enumerate(models)}
    wanted = set()
    for month, of_month in groupby(ledger.receipts()[-MOST:], lambda receipt: month_of(_day(receipt))):
        receipts = list(of_month)
        path = folder / f"{month}.parquet"
        wanted.add(path)
        parts = [str(SAID), list(models), lead, [hashes[receipt["reference_date"]] for receipt in receipts]]
        made_from = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        if files.is_whole(path) and files.read_notes(path).get("made_from") == made_from:
            continue
        rows = pd.concat([_leading(ledger, receipt, order, lead) for receipt in receipts], ignore_index=True)
        files.write(path, files.parquet_bytes(to_table(rows, SAID), {"made_from": made_from}, derived=True))
    for path in folder.glob("*.parquet"):
        if path not in wanted:
            path.unlink()


def read(folder: Path) -> pd.DataFrame:
    """The whole table, by rising reference date.

    Raises:
        RecordError: a file of it was altered; without it the next build makes it again.
    """
    tables = [files.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    return to_frame(pa.concat_tables(tables) if tables else SAID.empty_table(), SAID)


def _day(receipt: Receipt) -> date:
    return parse_date(receipt["reference_date"])


def _leading(ledger: Ledger, receipt: Receipt, order: dict[str, int], lead: str) -> pd.DataFrame:
    """The rows of one date: of each series those of the model that leads there."""
    entry = receipt["models"].get(lead, {})
    alone = "sha256" in entry and not entry.get("refused")
    tables = [
        table.append_column("model_id", pa.repeat(pa.scalar(model), len(table)))
        for model, table in ledger.of(receipt, only=[lead] if alone else None)
    ]
    if not tables:
        raise RecordError(f"the receipt of {receipt['reference_date']} names no forecast")
    wide = tasks.wide(to_frame(pa.concat_tables(tables), LEDGER))
    if not alone:
        rank = {model: (model != lead, model == BASELINE, order.get(model, len(order)), model) for model in _all(wide)}
        first = wide.groupby(["target", "location"])["model_id"].transform(lambda of: min(of, key=rank.__getitem__))
        wide = wide[wide["model_id"] == first]
    named: pd.DataFrame = wide.rename(columns=SAID_LEVELS)[SAID.names]
    return named


def _all(wide: pd.DataFrame) -> Iterable[str]:
    return [str(model) for model in wide["model_id"].unique()]
