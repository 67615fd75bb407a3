"""The score table on disk, a file for each month of reference dates: months whose scores stand are left alone."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from reporter import evaluate, files, fingerprint
from reporter.dates import month_of, parse_date
from reporter.ledger import Ledger
from reporter.schema import to_table

NAME = "scores.parquet"
"""The folder of the table; readers of parquet take it for one table."""


class Truth:
    """First and latest values, hashed by the day they are of.

    Args:
        first, latest: in the columns of a change log.
    """

    def __init__(self, first: pd.DataFrame, latest: pd.DataFrame) -> None:
        self.first = first
        self.latest = latest
        self._ends = [frame["target_end_date"].to_numpy() for frame in (first, latest)]
        self._hashes = [pd.util.hash_pandas_object(frame, index=False).to_numpy() for frame in (first, latest)]

    def digest(self, after: date, through: date) -> str:
        """Hash over the values of periods that end after one day, and not after another."""
        running = hashlib.sha256()
        start, end = np.datetime64(after, "s"), np.datetime64(through, "s")
        for ends, hashes in zip(self._ends, self._hashes, strict=True):
            running.update(hashes[(ends > start) & (ends <= end)].tobytes())
            running.update(b"|")
        return running.hexdigest()


def refresh(folder: Path, ledger: Ledger, truth: Truth) -> None:
    """Bring the score table in `folder` up to date with the ledger and what has been counted.

    A month is scored again if one of its receipts, a value of a period it forecast, or the code changed.

    Raises:
        RecordError: a forecast on record was altered or is gone.
    """
    receipts = ledger.receipts()
    live = {pd.Timestamp(receipt["reference_date"]): bool(receipt["live"]) for receipt in receipts}
    hashes = ledger.hashes()
    dates = [parse_date(receipt["reference_date"]) for receipt in receipts]
    wanted = set()
    for month, of_month in groupby(dates, month_of):
        days = list(of_month)
        path = folder / f"{month}.parquet"
        wanted.add(path)
        notes = files.read_notes(path) if files.is_whole(path) else {}
        if "through" in notes and notes.get("made_from") == _digest(days, hashes, truth, parse_date(notes["through"])):
            continue
        forecasts = ledger.forecasts(days[0], days[-1])
        scores = evaluate.score_table(forecasts, truth.first, truth.latest, live)
        through = forecasts["target_end_date"].max().date()
        made = {"through": str(through), "made_from": _digest(days, hashes, truth, through)}
        files.write(path, files.parquet_bytes(to_table(scores, evaluate.SCORES), made, derived=True))
    for path in folder.glob("*.parquet"):
        if path not in wanted:
            path.unlink()


def read(folder: Path) -> pd.DataFrame:
    """The whole score table, its texts as categories: they group and join many times quicker.

    Raises:
        RecordError: a file of it was altered; without it the next build makes it again.
    """
    tables = [files.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    table = pa.concat_tables(tables) if tables else evaluate.SCORES.empty_table()
    for number, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(number, field.name, table[number].dictionary_encode())
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas(date_as_object=False)
    dates = [field.name for field in evaluate.SCORES if pa.types.is_date(field.type)]
    return frame.astype(dict.fromkeys(dates, "datetime64[s]"))


def _digest(days: Iterable[date], hashes: Mapping[str, str], truth: Truth, through: date) -> str:
    """Hash over all that the scores of these reference dates depend on."""
    first = min(days)
    parts = [fingerprint.code_sha256(), *(hashes[str(day)] for day in days), truth.digest(first, through)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
