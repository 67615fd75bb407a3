"""Receipts: for each reference date one line of JSON, sealed and chained to the one before."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reporter import files, seal
from reporter.dated import Dated
from reporter.dates import parse_date
from reporter.errors import RecordError

Receipt = dict[str, Any]


class Receipts(Dated[bytes]):
    """The receipts of one feed. A month's file is theirs, byte for byte, one line each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, ".json", ".jsonl")
        self._known: list[Receipt] | None = None
        self._hashes: dict[str, str] = {}

    def decode(self, path: Path) -> dict[date, bytes]:
        """Read a file's lines, by day; each must be whole."""
        lines = files.read_record(path).splitlines(keepends=True)
        days = {}
        for line in lines:
            try:
                day = parse_date(json.loads(line)["reference_date"])
            except (ValueError, KeyError, TypeError) as error:
                raise RecordError(f"{path} was altered: it is no receipt") from error
            if not seal.is_whole(line):
                raise RecordError(f"{path} was altered: the seal of {day} is broken")
            days[day] = line
        if not lines:
            raise RecordError(f"{path} was altered: it is no receipt")
        if list(days) != sorted(days) or len(days) < len(lines):
            raise RecordError(f"{path} was altered: its receipts are not in order")
        return days

    def encode(self, parts: Mapping[date, bytes]) -> bytes:
        """Put lines one after the other."""
        return b"".join(parts.values())

    def same(self, one: bytes, other: bytes) -> bool:
        """Whether two lines are the same bytes."""
        return one == other

    def walk(self) -> Iterator[Receipt]:
        """Every receipt, oldest reference date first, each held against the one before.

        Raises:
            RecordError: a receipt was altered, or the chain is broken; those before it were given.
        """
        previous = None
        for day, line in self.items():
            receipt: Receipt = json.loads(line)
            if receipt.get("previous_sha256") != previous:
                raise RecordError(
                    f"{self.where(day)} or the receipt before it was altered or is gone: their hashes form no chain"
                )
            yield receipt
            previous = self._hashes[str(day)] = hashlib.sha256(line).hexdigest()

    def all(self) -> list[Receipt]:
        """As `walk`, read once."""
        if self._known is None:
            self._known = list(self.walk())
        return self._known

    def hashes(self) -> dict[str, str]:
        """Reference date, as text → the hash of its receipt, oldest first."""
        self.all()
        return self._hashes

    def append(self, reference_date: date, receipt: Receipt) -> None:
        """Seal a receipt, chain it to the last and put it on record."""
        known = self.all()
        previous = self._hashes[known[-1]["reference_date"]] if known else None
        complete = receipt | {"previous_sha256": previous, "seal": seal.BLANK}
        line = seal.sealed(json.dumps(complete, sort_keys=True, ensure_ascii=False).encode() + b"\n")
        self.create(reference_date, line)
        known.append(json.loads(line))
        self._hashes[str(reference_date)] = hashlib.sha256(line).hexdigest()
