"""The ledger: the append-only record of every forecast ever published, with receipts.

A reference date is on record once its receipt is there; the receipt is written last, so that
forecast files without one are what a killed run left, and the next run removes or completes them.
"""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from reporter import files
from reporter.contents import content_sha256
from reporter.dated import Dated, DatedTables
from reporter.dates import parse_date
from reporter.errors import RecordError
from reporter.receipts import Receipt, Receipts
from reporter.schema import FORECASTS, SPLITS, TOLD, to_frame, to_table

__all__ = ["BESIDE", "KINDS", "LEDGER", "Ledger", "Receipt"]

LEDGER = FORECASTS.append(pa.field("model_id", pa.string()))
"""The ledger as it is read: the columns of its files and the name of their folder."""

BESIDE = {"changes": SPLITS, **TOLD}
"""What else is on record of some reference dates, of all models together: the folder, and the key in the receipt."""

KINDS = {"model-output/*": "-{}.parquet", **dict.fromkeys(BESIDE, ".parquet")}
"""The folders with a table for each reference date, and how their files end; {} is the folder's name."""


class Ledger:
    """The ledger of one feed, in the feed's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._receipts = Receipts(folder / "receipts")
        self._models: dict[str, DatedTables] = {}
        self._beside: dict[str, DatedTables] = {}

    @property
    def reference_dates(self) -> list[date]:
        """Every reference date on record, oldest first; files of other names are no receipts.

        Raises:
            RecordError: as `receipts`.
        """
        return [parse_date(receipt["reference_date"]) for receipt in self._receipts.all()]

    def receipts(self) -> list[Receipt]:
        """Every receipt, oldest reference date first.

        Raises:
            RecordError: a receipt cannot be read, or the chain of their hashes is broken.
        """
        return list(self._receipts.all())

    def walk(self) -> Iterator[Receipt]:
        """As `receipts`, one by one: those before an altered one are given."""
        return self._receipts.walk()

    def append(
        self,
        reference_date: date,
        forecasts: Mapping[str, pd.DataFrame],
        receipt: Receipt,
        beside: Mapping[str, pd.DataFrame | None] | None = None,
    ) -> None:
        """Put a date's forecasts on record, one file a model, then its receipt.

        The receipt is completed with the hash of what each file says, and of the receipt before.

        Args:
            reference_date: the forecasts'.
            forecasts: model_id → hub rows.
            receipt: what else is said of them.
            beside: rows of what else there is of `BESIDE`; the hash of each completes its entry in the receipt.

        Raises:
            RecordError: the date, or a later one, is on record already; nothing was written.
        """
        known = self._receipts.all()
        if known and str(reference_date) <= known[-1]["reference_date"]:
            raise RecordError(f"the ledger holds {known[-1]['reference_date']}; {reference_date} is not after it")
        tables = {model: to_table(frame, FORECASTS) for model, frame in sorted(forecasts.items())}
        models = {model: dict(entry) for model, entry in receipt["models"].items()}
        for model, table in tables.items():
            # Without a receipt the file is no record yet: a killed run left it.
            self._model(model).write(reference_date, table)
            models[model]["sha256"] = content_sha256(table)
        for model in self._others(tables):
            self._model(model).drop(reference_date)
        said = {name: self._put(name, reference_date, (beside or {}).get(name)) for name in BESIDE}
        entries = {name: {**(receipt.get(name) or {}), "sha256": sha256} for name, sha256 in said.items() if sha256}
        self._receipts.append(reference_date, receipt | entries | {"models": models})

    def _put(self, name: str, reference_date: date, rows: pd.DataFrame | None) -> str | None:
        """Write what there is of a kind of `BESIDE`, or remove what a killed run left of it; its hash."""
        if rows is None:
            self._besides(name).drop(reference_date)
            return None
        table = to_table(rows, BESIDE[name])
        self._besides(name).write(reference_date, table)
        return content_sha256(table)

    def clear(self) -> None:
        """Drop what a killed run left: files of dates later than the newest receipt, or of any where there is none.

        Only its own reference date would be completed, and by the next run another may be due.

        Raises:
            RecordError: as `receipts`.
        """
        dates = self.reference_dates
        for tables in self.tables():
            for day in tables.loose:
                if not dates or day > dates[-1]:
                    tables.drop(day)
        self._reread()

    def hashes(self) -> dict[str, str]:
        """Reference date, as text → the hash of its receipt, which names all that was forecast from and said.

        Raises:
            RecordError: as `receipts`.
        """
        return self._receipts.hashes()

    def forecasts(self, since: date | None = None, until: date | None = None) -> pd.DataFrame:
        """Every forecast on record: the hub's columns and `model_id`.

        Args:
            since, until: the first and last reference date wanted; files of months beyond them are not read.

        Raises:
            RecordError: a file is gone, or does not say what its receipt is for.
        """
        tables = []
        for receipt in self._between(since, until):
            for model, table in self.of(receipt):
                tables.append(table.append_column("model_id", pa.repeat(pa.scalar(model), len(table))))
        return to_frame(pa.concat_tables(tables) if tables else LEDGER.empty_table(), LEDGER)

    def of(self, receipt: Receipt, only: Container[str] | None = None) -> Iterator[tuple[str, pa.Table]]:
        """Each model, or each of `only` these, and its forecasts of one receipt's date, held against the receipt.

        Raises:
            RecordError: as `forecasts`.
        """
        day = parse_date(receipt["reference_date"])
        for model, entry in receipt["models"].items():
            if "sha256" in entry and (only is None or model in only):
                table = self._model(model).get(day)
                if content_sha256(table) != entry["sha256"]:
                    raise RecordError(
                        f"{self.path(model, day)} was altered: the receipt of {day} is for other contents"
                    )
                yield model, table

    def beside(self, name: str, receipt: Receipt) -> pa.Table | None:
        """The rows of a kind of `BESIDE`, as a receipt names them.

        Returns:
            None where the receipt names none, as older ones do.

        Raises:
            RecordError: the file is gone, or does not say what the receipt is for.
        """
        entry, day = receipt.get(name), parse_date(receipt["reference_date"])
        if entry is None:
            return None
        table = self._besides(name).get(day)
        if content_sha256(table) != entry["sha256"]:
            raise RecordError(f"{self.beside_path(name, day)} was altered: the receipt of {day} is for other contents")
        return table

    def changes(self, receipt: Receipt) -> pd.DataFrame | None:
        """Why medians moved since the date before (`schema.SPLITS`), where its receipt names that.

        Raises:
            RecordError: as `beside`.
        """
        table = self.beside("changes", receipt)
        return None if table is None else to_frame(table, SPLITS)

    def told(self, name: str, since: date | None = None, until: date | None = None) -> pd.DataFrame:
        """What models said besides their quantiles, oldest reference date first.

        Args:
            name: of `schema.TOLD`, whose columns the rows have.
            since, until: as `forecasts`.

        Raises:
            RecordError: as `beside`.
        """
        found = (self.beside(name, receipt) for receipt in self._between(since, until))
        tables = [table for table in found if table is not None]
        return to_frame(pa.concat_tables(tables) if tables else TOLD[name].empty_table(), TOLD[name])

    def digest(self, receipts: Iterable[Receipt]) -> str:
        """A hash over the bytes of every file that holds what was forecast or told at some dates."""
        days = {receipt["reference_date"] for receipt in receipts}
        stems = days | {day[:7] for day in days}
        running = hashlib.sha256()
        for tables in self.tables():
            for path in tables.paths:
                if path.name.removesuffix(tables.ending) in stems:
                    running.update(f"{path.relative_to(self._folder)} {files.hash_of(path)}\n".encode())
        return running.hexdigest()

    def beside_path(self, name: str, reference_date: date) -> Path:
        """The file that the rows of a kind of `BESIDE` are in."""
        return self._besides(name).where(reference_date)

    def path(self, model: str, reference_date: date) -> Path:
        """The file that a model's forecasts of a date are in."""
        return self._model(model).where(reference_date)

    def compact(self) -> None:
        """Merge the files of months that are long over, of every kind; no number changes.

        Raises:
            RecordError: a file was altered; it stays as it is.
        """
        dates = self.reference_dates
        if dates:
            on_record = set(dates)
            for store in self.stores():
                store.compact(dates[-1], on_record)
        self._reread()

    def tables(self, *kinds: str) -> Iterator[DatedTables]:
        """The tables of these kinds, or of every one, that have one for each date."""
        for pattern in kinds or KINDS:
            for folder in sorted(self._folder.glob(pattern)):
                if folder.is_dir():
                    yield DatedTables(folder, KINDS[pattern].format(folder.name), "reference_date")

    def stores(self) -> Iterator[Dated[Any]]:
        """The files of every kind, tables and receipts."""
        yield from self.tables()
        yield self._receipts

    def _between(self, since: date | None, until: date | None) -> list[Receipt]:
        """The receipts of the reference dates from one to another, both included."""
        return [
            receipt
            for receipt in self._receipts.all()
            if (since is None or receipt["reference_date"] >= str(since))
            and (until is None or receipt["reference_date"] <= str(until))
        ]

    def _reread(self) -> None:
        """List the folders again when next asked."""
        self._models.clear()
        self._beside.clear()

    def _others(self, models: Container[str]) -> list[str]:
        """The models that have files, but are none of these: a killed run with other settings may have left one."""
        folder = self._folder / "model-output"
        return [one.name for one in folder.iterdir() if one.is_dir() and one.name not in models]

    def _model(self, model: str) -> DatedTables:
        if model not in self._models:
            ending = KINDS["model-output/*"].format(model)
            self._models[model] = DatedTables(self._folder / "model-output" / model, ending, "reference_date")
        return self._models[model]

    def _besides(self, name: str) -> DatedTables:
        if name not in self._beside:
            self._beside[name] = DatedTables(self._folder / name, KINDS[name], "reference_date")
        return self._beside[name]
