"""The store of vintages: counts as they were known at each date, as a change log on disk.

One file a vintage, `<as_of>.parquet`, holds the rows that were new or had changed since the
vintage before. No number is ever rewritten; the vintages of a month that is over share a file.
"""

import hashlib
import itertools
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from reporter import keys
from reporter.contents import content_sha256
from reporter.dated import DatedTables, split
from reporter.dates import Cadence, is_over, month_of
from reporter.errors import ContractError, RecordError
from reporter.known import Known
from reporter.schema import CHANGES, COUNTS, KEY, checked_runs, columns, to_frame, to_table


class Vintages:
    """The vintages in one folder."""

    def __init__(self, folder: Path) -> None:
        self._store = DatedTables(folder, ".parquet", "as_of")

    @property
    def as_ofs(self) -> list[date]:
        """The dates of all vintages, oldest first; files of other names are none.

        Raises:
            RecordError: as `changes`.
        """
        return list(self._tables)

    def seed(self, changes: pd.DataFrame) -> int:
        """Create every vintage of a change log that is not in the store yet.

        Months that are over go straight into one file each.

        Returns:
            How many were created. A killed seeding is completed by the next one.

        Raises:
            ContractError: a period ends after the vintage that counts it; nothing was created.
        """
        _check_past(changes)
        there = set(self.as_ofs)
        log = split(to_table(changes.sort_values(["as_of", *KEY]), CHANGES), "as_of")
        new = {as_of: rows for as_of, rows in log.items() if as_of not in there}
        newest = max([*there, *new], default=date.min)
        for month, dated in itertools.groupby(new, month_of):
            parts = {as_of: new[as_of] for as_of in dated}
            if is_over(month, newest):
                self._store.merge(month, parts)
            else:
                for as_of, rows in parts.items():
                    self._store.create(as_of, rows)
        if new:
            self._forget()
        return len(new)

    def add(self, as_of: date, counts: pd.DataFrame, *, whole: bool = False) -> bool:
        """Record `counts` as known at `as_of`, if they differ from the vintage before.

        A blank takes back a known value, and is nothing where none was known.

        Args:
            counts: a counts frame.
            whole: they are all that upstream has of their targets. A known value that they lack is taken back if its
                period ends on the first day they list of its series or later (of its target, if they list nothing of
                the series); what ends before that is only no longer listed, and stays as it was. If they are not
                whole, all that they lack stays.

        Returns:
            Whether a vintage was created.

        Raises:
            ContractError: a count twice, or of a period that ends after the vintage.
            RecordError: the store holds a vintage of that date, or a later one, already.
        """
        found = checked_runs(counts)
        if counts["target_end_date"].max() > pd.Timestamp(as_of):
            _check_past(counts.assign(as_of=pd.Timestamp(as_of)))
        if self.as_ofs and as_of <= self.as_ofs[-1]:
            raise RecordError(f"a vintage of {self.as_ofs[-1]} is on record; {as_of} is not after it")
        newest = self._newest
        news = newest.news(counts, found, whole=whole)
        if not len(news.keys):
            return False
        since = pa.repeat(pa.scalar(as_of, pa.date32()), len(news.keys))
        rows = newest.table(news).add_column(0, "as_of", since)
        self._store.create(as_of, rows)
        tables, hashes = self._tables, self.__dict__.get("hashes")
        self._forget()
        # What was read stays read: a replay adds thousands.
        newest.learn(news)
        self._tables, self._newest = {**tables, as_of: rows}, newest
        if hashes is not None:
            self.hashes = {**hashes, as_of: _roll(next(reversed(hashes.values()), ""), as_of, rows)}
        return True

    def holds(self, counts: pd.DataFrame, *, whole: bool = False) -> bool:
        """Whether counts say nothing but what the newest vintage says; arguments and errors are those of `add`."""
        return not len(self._newest.news(counts, checked_runs(counts), whole=whole).keys)

    def copy(self, folder: Path, until: date) -> None:
        """Put every vintage up to a day into another folder."""
        Vintages(folder).seed(self.changes[self.changes["as_of"] <= pd.Timestamp(until)])

    def compact(self) -> None:
        """Merge the files of months that are long over; no number changes.

        Raises:
            RecordError: a file was altered; it stays as it is.
        """
        if self.as_ofs:
            self._store.compact(self.as_ofs[-1])

    def path(self, as_of: date) -> Path:
        """The file that a vintage is in, or would be."""
        return self._store.where(as_of)

    @property
    def paths(self) -> list[Path]:
        """Every file of the store."""
        return self._store.paths

    def leftovers(self) -> None:
        """Hold what a killed merging left against what it had merged.

        Raises:
            RecordError: the two differ.
        """
        self._store.leftovers()

    def _forget(self) -> None:
        """Drop what was read: vintages have come."""
        for name in ("_tables", "_newest", "known", "changes", "hashes"):
            self.__dict__.pop(name, None)

    @cached_property
    def _tables(self) -> dict[date, pa.Table]:
        return dict(self._store.items())

    @cached_property
    def known(self) -> pd.DataFrame:
        """The counts as the newest vintage has them, withdrawn ones as NaN, sorted by `KEY`."""
        return to_frame(self._newest.table(), COUNTS)

    @cached_property
    def _newest(self) -> Known:
        return Known(_plain(table) for table in self._tables.values())

    @cached_property
    def changes(self) -> pd.DataFrame:
        """The whole change log, oldest vintage first.

        Raises:
            RecordError: a vintage cannot be read.
        """
        tables = [_plain(table) for table in self._tables.values()]
        return to_frame(pa.concat_tables(tables) if tables else CHANGES.empty_table(), CHANGES)

    @cached_property
    def hashes(self) -> dict[date, str]:
        """For each vintage a hash over what it and all before it say: what a forecast could have seen."""
        return dict(self.walk())

    @property
    def digest(self) -> str:
        """A hash over all that is on record; empty if nothing is."""
        return next(reversed(self.hashes.values()), "")

    def walk(self) -> Iterator[tuple[date, str]]:
        """The dates and `hashes` of all vintages, oldest first, read one by one.

        Raises:
            RecordError: a file was altered; the vintages before it were given.
        """
        running = ""
        tables = self.__dict__.get("_tables")
        for as_of, table in tables.items() if tables is not None else self._store.items():
            running = _roll(running, as_of, table)
            yield as_of, running


class View:
    """What one feed may know: the change log, cut to its targets and places.

    Args:
        dropped: series that are no longer followed, but have forecasts on record: their counts are
            shown and scored, and decide nothing.
    """

    def __init__(
        self,
        changes: pd.DataFrame,
        targets: list[str],
        locations: list[str],
        cadence: Cadence,
        settle: int,
        dropped: Collection[tuple[str, str]] = (),
    ) -> None:
        followed = changes["target"].isin(targets) & changes["location"].isin(locations)
        shown = followed
        for target, location in dropped:
            shown = shown | ((changes["target"] == target) & (changes["location"] == location))
        log = changes.loc[shown, columns(CHANGES)].astype({"target": "str", "location": "str"})
        order = keys.order(log["target"], log["location"], log["target_end_date"], log["as_of"])
        self._changes = log.iloc[order].reset_index(drop=True)
        self._followed = changes[followed]
        self._settle = np.timedelta64(settle * cadence.days, "D")

    @property
    def log(self) -> pd.DataFrame:
        """The change log behind it, sorted by `schema.KEY` and then by vintage; nothing to write to."""
        return self._changes

    def as_of(self, day: date) -> pd.DataFrame:
        """The counts as known at `day`: a counts frame, withdrawn ones left out."""
        return self._last((self._changes["as_of"] <= pd.Timestamp(day)).to_numpy())[columns(COUNTS)]

    def at(self, as_ofs: Mapping[date, date]) -> pd.DataFrame:
        """The count of each of some periods as known at a date of its own: a counts frame.

        Args:
            as_ofs: period end → the date at which its count is wanted.
        """
        if not as_ofs or self._changes.empty:
            return self._changes.iloc[:0][columns(COUNTS)]
        wanted = pd.Series(as_ofs, dtype="object")
        moments = pd.Series(pd.to_datetime(wanted.to_numpy()), index=pd.to_datetime(wanted.index))
        known = self._changes["as_of"] <= self._changes["target_end_date"].map(moments)
        return self._last(known.to_numpy())[columns(COUNTS)]

    @cached_property
    def latest(self) -> pd.DataFrame:
        """The counts as the newest vintage has them, with the `as_of` since when."""
        return self._last(np.ones(len(self._changes), bool))

    def since(self, day: date) -> pd.DataFrame:
        """The change log of the periods that end on a day or later, a count's oldest vintage first."""
        return self._changes[self._changes["target_end_date"] >= pd.Timestamp(day)].reset_index(drop=True)

    def _last(self, known: npt.NDArray[np.bool_]) -> pd.DataFrame:
        return self._changes[self._last_rows(known)].reset_index(drop=True)

    def _last_rows(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which row is the last known one of its count, unless it withdrew it.

        Args:
            known: which rows of the change log may be looked at: of each count the first so and so many.
        """
        last = known.copy()
        last[:-1] &= ~known[1:] | self._begins[1:]
        return last & self._counted

    @cached_property
    def _begins(self) -> npt.NDArray[np.bool_]:
        """Which rows of the change log are the first of a count."""
        found = keys.runs(self._changes["target"], self._changes["location"])
        days = self._changes["target_end_date"].to_numpy()
        begins = np.append(True, days[1:] != days[:-1])[: len(days)]
        begins[found.starts] = True
        return begins

    @cached_property
    def _counted(self) -> npt.NDArray[np.bool_]:
        return self._changes["observation"].notna().to_numpy()

    @cached_property
    def reference_dates(self) -> dict[date, date]:
        """Every reference date, oldest first, and the as_of date of the first vintage that holds it.

        A vintage whose newest settled period was held by an earlier one already adds none.
        """
        newest = self._followed.dropna(subset="observation").groupby("as_of")["target_end_date"].max()
        settled = newest.cummax() - self._settle
        first = settled[~settled.duplicated()]
        return dict(zip(first.dt.date, pd.DatetimeIndex(first.index).date, strict=True))

    @cached_property
    def first(self) -> pd.DataFrame:
        """First values: each count as the first vintage said in which its period was settled, with its `as_of`.

        A count that was reported only later has the value of the first vintage that held it.
        """
        if not self.reference_dates:
            return self._changes.iloc[:0]
        holders = pd.Series(self.reference_dates)
        references = pd.to_datetime(holders.index).to_numpy()
        settling = np.searchsorted(references, self._changes["target_end_date"].to_numpy())
        as_ofs = np.append(pd.to_datetime(holders.to_numpy()).to_numpy(), np.datetime64("NaT", "s"))
        known = self._changes["as_of"].to_numpy() <= as_ofs[settling]
        chosen = self._last_rows(known)
        # Of a period that no vintage has settled yet nothing is a first value, however late it is.
        late = np.flatnonzero(~known & ~np.isnat(as_ofs[settling]) & self._counted)
        count = np.cumsum(self._begins) - 1
        missed = late[~np.isin(count[late], count[chosen])]
        chosen[missed[np.diff(count[missed], prepend=-1) > 0]] = True
        return self._changes[chosen].reset_index(drop=True)


def _plain(table: pa.Table) -> pa.Table:
    """A vintage that was just added holds each text once."""
    return table if table.schema.equals(CHANGES) else table.cast(CHANGES)


def _roll(before: str, as_of: date, rows: pa.Table) -> str:
    return hashlib.sha256(f"{before}{as_of} {content_sha256(rows)}\n".encode()).hexdigest()


def _check_past(changes: pd.DataFrame) -> None:
    """Refuse the future: a reference date once on record could not be taken back."""
    future = changes[changes["target_end_date"] > changes["as_of"]]
    if not future.empty:
        row = future.iloc[0]
        raise ContractError(
            f"a count for {row['target_end_date']:%Y-%m-%d}, which is after its vintage of {row['as_of']:%Y-%m-%d}: "
            f"{row['target']}, {row['location']}"
        )
