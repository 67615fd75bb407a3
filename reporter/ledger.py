"""The ledger: the append-only record of every forecast ever published, with receipts.

A reference date is on record once its receipt is there; the receipt is written last, so that
forecast files without one are what a killed run left, and the next run completes them.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reporter import files
from reporter.dates import parse_date
from reporter.errors import RecordError
from reporter.schema import FORECASTS, SERIES, SPLITS, to_frame, to_table

Receipt = dict[str, Any]

LEDGER = FORECASTS.append(pa.field("model_id", pa.string()))
"""The ledger as it is read: the columns of its files and the name of their folder."""


class Ledger:
    """The ledger of one feed, in the feed's folder."""

    def __init__(self, folder: Path) -> None:
        self._receipts = folder / "receipts"
        self._model_output = folder / "model-output"
        self._changes = folder / "changes"
        self._read_already: pd.DataFrame | None = None

    @property
    def reference_dates(self) -> list[date]:
        """Every reference date on record, oldest first; files of other names are no receipts."""
        return [parse_date(text) for text in files.dated(self._receipts, ".json")]

    def receipts(self) -> list[Receipt]:
        """Every receipt, oldest reference date first.

        Raises:
            RecordError: a receipt cannot be read, or the chain of their hashes is broken.
        """
        receipts, previous = [], None
        for day in self.reference_dates:
            path = self._receipt(day)
            data = path.read_bytes()
            try:
                receipt = json.loads(data)
                linked = receipt["previous_sha256"] == previous and receipt["reference_date"] == str(day)
            except (ValueError, KeyError, TypeError) as error:
                raise RecordError(f"{path} was altered: it is no receipt") from error
            if not linked:
                raise RecordError(f"{path} or the receipt before it was altered: their hashes form no chain")
            receipts.append(receipt)
            previous = hashlib.sha256(data).hexdigest()
        return receipts

    def append(
        self,
        reference_date: date,
        forecasts: Mapping[str, pd.DataFrame],
        receipt: Receipt,
        changes: pd.DataFrame | None = None,
    ) -> None:
        """Put a date's forecasts on record, one file a model, then its receipt.

        The receipt is completed with each file's hash and the hash of the receipt before.

        Args:
            reference_date: the forecasts'.
            forecasts: model_id → hub rows.
            receipt: what else is said of them.
            changes: why medians moved since the date before (`schema.SPLITS`), where the receipt has `changes`.

        Raises:
            RecordError: the date, or a later one, is on record already; nothing was written.
        """
        dates = self.reference_dates
        if dates and reference_date <= dates[-1]:
            raise RecordError(f"the ledger holds {dates[-1]}; {reference_date} is not after it")
        encoded = {model: files.parquet_bytes(to_table(frame, FORECASTS)) for model, frame in sorted(forecasts.items())}
        models = {model: dict(entry) for model, entry in receipt["models"].items()}
        for model, data in encoded.items():
            path = self._forecast(model, reference_date)
            # Without a receipt the file is no record yet: a killed run left it.
            files.write(path, data, durable=True)
            models[model]["sha256"] = files.sha256(path)
        if changes is not None:
            path = self._change(reference_date)
            files.write(path, files.parquet_bytes(to_table(changes, SPLITS)), durable=True)
            receipt = receipt | {"changes": receipt["changes"] | {"sha256": files.sha256(path)}}
        self._read_already = None
        previous = files.sha256(self._receipt(dates[-1])) if dates else None
        complete = receipt | {"models": models, "previous_sha256": previous}
        text = json.dumps(complete, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        files.create(self._receipt(reference_date), text.encode())

    def forecasts(self) -> pd.DataFrame:
        """Every forecast on record: the hub's columns and `model_id`.

        Raises:
            RecordError: a file is gone, or is not the one its receipt names.
        """
        if self._read_already is not None:
            return self._read_already
        tables = []
        for receipt in self.receipts():
            day = parse_date(receipt["reference_date"])
            for model, entry in receipt["models"].items():
                if "sha256" in entry:
                    table = self._read(self._forecast(model, day), entry["sha256"])
                    tables.append(table.append_column("model_id", pa.array([model] * len(table), pa.string())))
        self._read_already = to_frame(pa.concat_tables(tables) if tables else LEDGER.empty_table(), LEDGER)
        return self._read_already

    def changes(self, reference_date: date) -> pd.DataFrame | None:
        """Why medians moved since the date before: a frame of `schema.SPLITS`; None if that is not on record.

        Raises:
            RecordError: the file is gone, or is not the one its receipt names.
        """
        path = self._receipt(reference_date)
        entry = json.loads(path.read_bytes()).get("changes") if path.exists() else None
        return None if entry is None else to_frame(self._read(self._change(reference_date), entry["sha256"]), SPLITS)

    def series(self) -> list[tuple[str, str]]:
        """The (target, location) of every forecast on record.

        Raises:
            RecordError: as `forecasts`.
        """
        return list(self.forecasts()[SERIES].drop_duplicates().itertuples(index=False, name=None))

    def _read(self, path: Path, sha256: str) -> pa.Table:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise RecordError(f"{path} is on record but gone") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise RecordError(f"{path} was altered: it is not the file its receipt names")
        return pq.read_table(pa.BufferReader(data))

    def _receipt(self, reference_date: date) -> Path:
        return self._receipts / f"{reference_date}.json"

    def _change(self, reference_date: date) -> Path:
        return self._changes / f"{reference_date}.parquet"

    def _forecast(self, model: str, reference_date: date) -> Path:
        return self._model_output / model / f"{reference_date}-{model}.parquet"
