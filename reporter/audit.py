"""Holding a feed's record against itself: `reporter check`."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from reporter import files, seal
from reporter.dated import DatedTables, split
from reporter.dates import month_of, parse_date
from reporter.errors import RecordError
from reporter.ledger import BESIDE, Ledger
from reporter.receipts import Receipt
from reporter.vintages import Vintages

DERIVED = (
    "scores.parquet/*.parquet",
    "said.parquet/*.parquet",
    "peer-scores.parquet",
    "series.json",
    "target-data/*.parquet",
)
"""What can be made again from the record, and carries a seal."""

_OTHERS = (
    "runs.jsonl",
    "series.json",
    "sources.json",
    "backtest.json",
    "peer-scores.parquet",
    "revisions.csv",
    "target-data/time-series.parquet",
    "target-data/oracle-output.parquet",
)
_FOLDERS = ("model-output", *BESIDE, "receipts", "vintages", "scores.parquet", "said.parquet", "target-data")
_DATA = {".parquet", ".csv", ".json", ".jsonl", ".arrow"}


def check_record(folder: Path) -> str:
    """Hold every receipt of a feed against its files, the vintages and the receipt before.

    Returns:
        What is on record, in a line.

    Raises:
        RecordError: naming the first file, by reference date, that was altered, is gone or is not on record.
    """
    ledger, vintages = Ledger(folder), Vintages(folder / "vintages")
    known = _Known(vintages)
    held: Counter[Path] = Counter()
    dates = quantiles = 0
    for receipt in ledger.walk():
        known.hold(receipt)
        for model, table in ledger.of(receipt):
            held[ledger.path(model, parse_date(receipt["reference_date"]))] += 1
            quantiles += len(table)
        for name in BESIDE:
            if ledger.beside(name, receipt) is not None:
                held[ledger.beside_path(name, parse_date(receipt["reference_date"]))] += 1
        dates += 1
    known.read_on()
    _check_leftovers(ledger, vintages)
    _check_nothing_else(folder, ledger, vintages, held)
    for path in (path for pattern in DERIVED for path in sorted(folder.glob(pattern))):
        if not seal.is_whole(path.read_bytes()):
            raise RecordError(f"{path} was altered; without it the next build makes it again")
    if not dates:
        return f"nothing on record in {folder}"
    return f"{dates} forecast dates, {quantiles} quantiles, all as they were written"


class _Known:
    """The vintages, read as far as the receipts have come."""

    def __init__(self, vintages: Vintages) -> None:
        self._vintages = vintages
        self._walk = vintages.walk()
        self._newest: date | None = None
        self._hash = ""

    def hold(self, receipt: Receipt) -> None:
        """Hold the vintages up to a receipt's against its hash."""
        as_of, before = parse_date(receipt["vintage"]["as_of"]), self._newest
        new = list(self._until(as_of))
        path = self._vintages.path(as_of)
        if self._newest != as_of:
            raise RecordError(f"{path} is on record but gone")
        if self._hash != receipt["vintage"]["sha256"]:
            first = self._vintages.path(new[0])
            span = f"{first}" if len(new) == 1 else f"a vintage from {first} to {path}"
            since = f" after the vintage of {before}" if before else ""
            reference = receipt["reference_date"]
            raise RecordError(f"{span} was altered, added or removed{since}: {reference} was forecast from others")

    def read_on(self) -> None:
        """Read the vintages that no receipt is for yet."""
        for _ in self._walk:
            pass

    def _until(self, as_of: date) -> Iterator[date]:
        while self._newest is None or self._newest < as_of:
            step = next(self._walk, None)
            if step is None:
                return
            self._newest, self._hash = step
            yield self._newest


def _check_leftovers(ledger: Ledger, vintages: Vintages) -> None:
    """Hold what a killed merging left beside a month's file against it."""
    for store in ledger.stores():
        store.leftovers()
    vintages.leftovers()


def _check_nothing_else(folder: Path, ledger: Ledger, vintages: Vintages, held: Counter[Path]) -> None:
    """Refuse data that no receipt is for: other tools would read it."""
    expected = {*held, *vintages.paths}
    for store in ledger.stores():
        if isinstance(store, DatedTables):
            expected |= {store.path(str(day)) for day in store.leftovers()}
            _check_months(store, held)
        else:
            expected |= set(store.paths)
    months = {month_of(day) for day in ledger.reference_dates}
    expected |= {folder / name / f"{month}.parquet" for month in months for name in ("scores.parquet", "said.parquet")}
    expected |= {folder / name for name in _OTHERS}
    for path in _data_files(folder):
        if path not in expected:
            raise RecordError(f"{path} is not on record: no receipt names it, and nothing else of reporter's")


def _check_months(tables: DatedTables, held: Counter[Path]) -> None:
    """Refuse a month's file with a date that no receipt is for."""
    for path in (tables.path(month) for month in tables.months):
        if path in held:
            found = len(split(files.read_parquet(path, [tables.column]), tables.column))
            if found != held[path]:
                raise RecordError(f"{path} was altered: of its {found} dates {held[path]} are on record")


def _data_files(folder: Path) -> Iterator[Path]:
    """What readers of a hub might take for data, in the record's folders; hidden files are nobody's."""
    inside = [path for name in _FOLDERS for path in sorted((folder / name).rglob("*"))]
    for path in [*inside, *sorted(folder.glob("*"))]:
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        data = {suffix.lower() for suffix in path.suffixes} & _DATA
        if data and not hidden and not path.is_dir() and not files.is_temporary(path):
            yield path
