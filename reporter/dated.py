"""Files that each belong to one day, and become one file a month once the month is over.

A day's file is `<YYYY-MM-DD><ending>`, a month's `<YYYY-MM><ending>`. The month's file is on
stable storage and was read back before a day's file goes; where a kill left both, the month's
counts and the next merging removes the other. What is merged depends on the record alone.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Container, Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa

from reporter import files
from reporter.contents import content_sha256
from reporter.dates import is_over, month_of, parse_date
from reporter.errors import RecordError

T = TypeVar("T")
_MONTH = 7
_DAY = 10
_NAME = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")
_EPOCH = date(1970, 1, 1)


class Dated(ABC, Generic[T]):
    """The files of one kind in one folder, listed once.

    Args:
        day_ending: how the name of a day's file ends.
        month_ending: how the name of a month's file ends.
    """

    def __init__(self, folder: Path, day_ending: str, month_ending: str) -> None:
        self.folder = folder
        self._endings = {_DAY: day_ending, _MONTH: month_ending}
        self._read: tuple[str, dict[date, T]] = ("", {})

    @abstractmethod
    def decode(self, path: Path) -> dict[date, T]:
        """Read what a file holds, by day, oldest first.

        Raises:
            RecordError: the file is gone or was altered.
        """

    @abstractmethod
    def encode(self, parts: Mapping[date, T]) -> bytes:
        """Make the bytes of one file from what it shall hold, by day, oldest first."""

    @abstractmethod
    def same(self, one: T, other: T) -> bool:
        """Whether two hold the same."""

    @cached_property
    def _names(self) -> set[str]:
        """What the files of the folder go by: days and months; files of other names are none."""
        try:
            listed = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return set()
        names = set()
        for length, ending in self._endings.items():
            stems = (name[:length] for name in listed if name[length:] == ending)
            names |= {stem for stem in stems if _NAME.fullmatch(stem) and _is_calendar(stem)}
        return names

    def path(self, name: str) -> Path:
        """The file that goes by a day or a month."""
        return self.folder / f"{name}{self._endings[len(name)]}"

    @property
    def loose(self) -> list[date]:
        """The days that have a file of their own, oldest first."""
        return [parse_date(name) for name in sorted(self._names) if len(name) == _DAY]

    @property
    def months(self) -> list[str]:
        """The months that have a file, oldest first."""
        return sorted(name for name in self._names if len(name) == _MONTH)

    @property
    def paths(self) -> list[Path]:
        """Every file that goes by a day or a month."""
        return [self.path(name) for name in sorted(self._names)]

    def where(self, day: date) -> Path:
        """The file that a day is in, or would be if it were there."""
        month = month_of(day)
        merged = month in self._names and (str(day) not in self._names or day in self._month(month))
        return self.path(month if merged else str(day))

    def get(self, day: date) -> T:
        """What a day has.

        Raises:
            RecordError: it is gone or was altered.
        """
        month = month_of(day)
        if month in self._names:
            parts = self._month(month)
            if day in parts:
                return parts[day]
            if str(day) not in self._names:
                raise RecordError(f"{self.path(month)} was altered: {day} is on record but gone from it")
        return self._day(day)

    def items(self) -> Iterator[tuple[date, T]]:
        """Every day and what it has, oldest first, read month by month.

        Raises:
            RecordError: a file was altered; days before it were given.
        """
        for month in sorted({name[:_MONTH] for name in self._names}):
            parts = self._month(month) if month in self._names else {}
            loose = [day for day in self._loose_of(month) if day not in parts]
            for day in sorted([*parts, *loose]):
                yield day, parts[day] if day in parts else self._day(day)

    def create(self, day: date, part: T) -> bool:
        """Put a day on record, once and for all; see `files.create`."""
        created = files.create(self.path(str(day)), self.encode({day: part}))
        self._names.add(str(day))
        return created

    def write(self, day: date, part: T) -> None:
        """Write a day's file, whatever stood there: it is on record only once something names it."""
        files.write(self.path(str(day)), self.encode({day: part}), durable=True)
        self._names.add(str(day))

    def drop(self, day: date) -> None:
        """Remove a day's own file, if there is one."""
        if str(day) in self._names:
            self.path(str(day)).unlink(missing_ok=True)
            self._names.discard(str(day))

    def merge(self, month: str, parts: Mapping[date, T]) -> None:
        """Put days into the file of their month, which is read back; what it holds stays as it is.

        Raises:
            RecordError: the month's file has one of the days with other contents, or cannot be read
                back; nothing was lost.
        """
        there = self._month(month) if month in self._names else {}
        for day in sorted(there.keys() & parts.keys()):
            if not self.same(there[day], parts[day]):
                raise RecordError(f"{self.path(month)} and {self.path(str(day))} differ: one was altered")
        together = dict(sorted({**parts, **there}.items()))
        if len(together) > len(there):
            files.write(self.path(month), self.encode(together), durable=True)
            self._names.add(month)
            self._read = ("", {})
            written = self._month(month)
            if list(written) != list(together) or not all(self.same(written[day], together[day]) for day in together):
                raise RecordError(f"{self.path(month)} does not read back as what was merged into it")

    def compact(self, newest: date, on_record: Container[date] | None = None) -> None:
        """Merge every month that is over, and remove the files of its days.

        Args:
            newest: the newest day on record, by which a month is over or not.
            on_record: merge these days only; any if left out.

        Raises:
            RecordError: a file was altered; it and later months stay as they are.
        """
        loose = [day for day in self.loose if on_record is None or day in on_record]
        for month in sorted({month_of(day) for day in loose}):
            if is_over(month, newest):
                days = [day for day in loose if month_of(day) == month]
                self.merge(month, {day: self._day(day) for day in days})
                for day in days:
                    self.drop(day)

    def leftovers(self) -> list[date]:
        """The days in a month's file that have a file of their own besides, as a killed merging leaves.

        Raises:
            RecordError: one was altered, or the two differ.
        """
        found = [day for day in self.loose if month_of(day) in self._names and day in self._month(month_of(day))]
        for day in found:
            if not self.same(self._day(day), self.get(day)):
                raise RecordError(f"{self.path(str(day))} was altered: {self.where(day)} has it otherwise")
        return found

    def _loose_of(self, month: str) -> list[date]:
        return [day for day in self.loose if month_of(day) == month]

    def _day(self, day: date) -> T:
        path = self.path(str(day))
        parts = self.decode(path)
        if list(parts) != [day]:
            held = ", ".join(map(str, parts)) or "nothing"
            raise RecordError(f"{path} was altered: it holds {held}")
        return parts[day]

    def _month(self, month: str) -> dict[date, T]:
        if self._read[0] != month:
            path = self.path(month)
            parts = self.decode(path)
            odd = [day for day in parts if month_of(day) != month]
            if odd or not parts:
                raise RecordError(f"{path} was altered: it holds {odd[0] if odd else 'nothing'}")
            self._read = (month, parts)
        return self._read[1]


class DatedTables(Dated[pa.Table]):
    """Parquet files by a date column, which is constant in a day's file and ascends in a month's."""

    def __init__(self, folder: Path, ending: str, column: str) -> None:
        super().__init__(folder, ending, ending)
        self.ending = ending
        self.column = column

    def decode(self, path: Path) -> dict[date, pa.Table]:
        """Read a file's rows, by day."""
        try:
            return split(files.read_parquet(path).combine_chunks(), self.column)
        except (KeyError, pa.ArrowException) as error:
            raise RecordError(f"{path} was altered: it is no such table") from error

    def encode(self, parts: Mapping[date, pa.Table]) -> bytes:
        """Lay the rows of several days out in one file."""
        return files.parquet_bytes(pa.concat_tables(parts.values()).combine_chunks())

    def columns(self, names: list[str], days: Container[date]) -> Iterator[pa.Table]:
        """Some columns of every month's file, and of the files of these days.

        Raises:
            RecordError: a file was altered.
        """
        for name in sorted(self._names):
            if len(name) == _MONTH or parse_date(name) in days:
                yield files.read_parquet(self.path(name), names)

    def same(self, one: pa.Table, other: pa.Table) -> bool:
        """Whether two tables say the same, whatever their bytes."""
        return content_sha256(one) == content_sha256(other)


def split(table: pa.Table, column: str) -> dict[date, pa.Table]:
    """Cut a table, without copying, into those of its days.

    Raises:
        ArrowInvalid: the column is not sorted or lacks a date.
    """
    days = table[column].cast(pa.int32()).to_numpy()
    starts = np.flatnonzero(np.diff(days, prepend=days[:1] - 1))
    if table[column].null_count or (np.diff(days) < 0).any():
        raise pa.ArrowInvalid(f"{column} is not sorted")
    ends = [*starts[1:], len(days)][: len(starts)]
    return {
        _EPOCH + timedelta(days=int(days[start])): table.slice(start, end - start)
        for start, end in zip(starts, ends, strict=True)
    }


def _is_calendar(stem: str) -> bool:
    try:
        parse_date(stem if len(stem) == _DAY else f"{stem}-01")
    except ValueError:
        return False
    return True
