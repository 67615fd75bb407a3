"""Holding a feed's record against itself: `reporter check`."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from reporter import files, seal
from reporter.dated import split
from reporter.dates import parse_date
from reporter.errors import RecordError
from reporter.ledger import Ledger
from reporter.receipts import Receipt
from reporter.vintages import Vintages

DERIVED = ("scores.parquet/*.parquet", "peer-scores.parquet", "series.json", "target-data/*.parquet")
"""What can be made again from the record, and carries a seal."""


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
        dates += 1
    known.read_on()
    _check_leftovers(ledger, vintages)
    _check_nothing_else(ledger, held)
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


def _check_nothing_else(ledger: Ledger, held: Counter[Path]) -> None:
    """Refuse forecasts that no receipt is for: other tools would read them."""
    for tables in ledger.tables():
        left = {tables.path(str(day)) for day in tables.leftovers()}
        for path in sorted(tables.folder.iterdir()):
            if path in held and held[path] > 1:
                found = len(split(files.read_parquet(path, [tables.column]), tables.column))
                if found != held[path]:
                    raise RecordError(f"{path} was altered: of its {found} dates {held[path]} are on record")
            elif path not in held and path not in left and not files.is_temporary(path):
                raise RecordError(f"{path} is not on record: no receipt names it; a killed build's next completes it")
