"""The store of vintages: counts as they were known at each date, as a change log on disk.

One file a vintage, `<as_of>.parquet`, holds the rows that were new or had changed since the
vintage before. Files are created once and never rewritten.
"""

import hashlib
from collections.abc import Collection
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reporter import files
from reporter.dates import Cadence, parse_date
from reporter.errors import ContractError, RecordError
from reporter.schema import CHANGES, COUNTS, KEY, check_counts, columns, to_frame, to_table


class Vintages:
    """The vintages in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def as_ofs(self) -> list[date]:
        """The dates of all vintages, oldest first; files of other names are none."""
        return [parse_date(text) for text in files.dated(self._folder, ".parquet")]

    def seed(self, changes: pd.DataFrame) -> int:
        """Create every vintage of a change log that is not in the store yet.

        Returns:
            How many were created. A killed seeding is completed by the next one.

        Raises:
            ContractError: a period ends after the vintage that counts it; nothing was created.
        """
        _check_past(changes)
        there = set(self.as_ofs)
        created = 0
        for moment, rows in changes.groupby("as_of", sort=True):
            as_of = pd.Timestamp(moment).date()  # type: ignore[arg-type]  # the stubs' group key is any scalar
            if as_of not in there:
                created += self._create(as_of, rows)
        return created

    def add(self, as_of: date, counts: pd.DataFrame) -> bool:
        """Record `counts` as known at `as_of`, if they differ from the vintage before.

        A count that the new vintage lacks stays as it was. Returns whether a vintage was created.

        Raises:
            ContractError: a count twice, or of a period that ends after the vintage.
            RecordError: the store holds a vintage of that date, or a later one, already.
        """
        counts = check_counts(counts)
        _check_past(counts.assign(as_of=pd.Timestamp(as_of)))
        if self.as_ofs and as_of <= self.as_ofs[-1]:
            raise RecordError(f"a vintage of {self.as_ofs[-1]} is on record; {as_of} is not after it")
        known = self.changes.drop_duplicates(KEY, keep="last")[columns(COUNTS)]
        both = counts.merge(known, on=KEY, how="left", suffixes=("", "_known"), indicator=True)
        same = (both["_merge"] == "both") & (
            (both["observation"] == both["observation_known"])
            | (both["observation"].isna() & both["observation_known"].isna())
        )
        changed = both.loc[~same, columns(COUNTS)].assign(as_of=pd.Timestamp(as_of).as_unit("s"))
        return not changed.empty and self._create(as_of, changed)

    def copy(self, folder: Path, until: date) -> None:
        """Put every vintage up to a day into another folder, byte for byte."""
        for as_of in self.as_ofs:
            if as_of <= until:
                name = f"{as_of}.parquet"
                files.create(folder / name, (self._folder / name).read_bytes())

    def _forget(self) -> None:
        """Drop what was read: a vintage has come."""
        for name in ("changes", "hashes"):
            self.__dict__.pop(name, None)

    def _create(self, as_of: date, changes: pd.DataFrame) -> bool:
        self._forget()
        table = to_table(changes.sort_values(KEY), CHANGES)
        return files.create(self._folder / f"{as_of}.parquet", files.parquet_bytes(table))

    @cached_property
    def changes(self) -> pd.DataFrame:
        """The whole change log, oldest vintage first.

        Raises:
            RecordError: a vintage cannot be read.
        """
        tables = [self._read(as_of) for as_of in self.as_ofs]
        return to_frame(pa.concat_tables(tables) if tables else CHANGES.empty_table(), CHANGES)

    def _read(self, as_of: date) -> pa.Table:
        path = self._folder / f"{as_of}.parquet"
        try:
            return pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise RecordError(f"{path} was altered: it is no vintage") from error

    @cached_property
    def hashes(self) -> dict[date, str]:
        """For each vintage a hash over it and all before it: what a forecast could have seen."""
        hashes, running = {}, ""
        for as_of in self.as_ofs:
            own = files.sha256(self._folder / f"{as_of}.parquet")
            running = hashlib.sha256(f"{running}{as_of} {own}\n".encode()).hexdigest()
            hashes[as_of] = running
        return hashes


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
        self._changes = changes[shown]
        self._followed = changes[followed]
        self._settle = np.timedelta64(settle * cadence.days, "D")

    def as_of(self, day: date) -> pd.DataFrame:
        """The counts as known at `day`: a counts frame, withdrawn ones left out."""
        return _last(self._changes[self._changes["as_of"] <= pd.Timestamp(day)])[columns(COUNTS)]

    def latest(self) -> pd.DataFrame:
        """The counts as the newest vintage has them, with the `as_of` since when."""
        return _last(self._changes)

    @cached_property
    def reference_dates(self) -> dict[date, date]:
        """Every reference date, oldest first, and the as_of date of the first vintage that holds it.

        A vintage whose newest settled period was held by an earlier one already adds none.
        """
        newest = self._followed.dropna(subset="observation").groupby("as_of")["target_end_date"].max()
        settled = newest.cummax() - self._settle
        first = settled[~settled.duplicated()]
        return dict(zip(first.dt.date, pd.DatetimeIndex(first.index).date, strict=True))

    def first(self) -> pd.DataFrame:
        """First values: each count as the first vintage said in which its period was settled, with its `as_of`.

        A count that was reported only later has the value of the first vintage that held it.
        """
        holders = pd.Series(self.reference_dates)
        references = pd.to_datetime(holders.index).to_numpy()
        settling = np.searchsorted(references, self._changes["target_end_date"].to_numpy())
        as_ofs = np.append(pd.to_datetime(holders.to_numpy()).to_numpy(), np.datetime64("NaT", "s"))
        known = self._changes["as_of"].to_numpy() <= as_ofs[settling]
        # Of a period that no vintage has settled yet nothing is a first value, however late it is.
        late = self._changes[~known & ~np.isnat(as_ofs[settling])].dropna(subset="observation").drop_duplicates(KEY)
        found = pd.concat([_last(self._changes[known]), late[columns(CHANGES)]])
        return found.drop_duplicates(KEY).sort_values(KEY, ignore_index=True)


def _check_past(changes: pd.DataFrame) -> None:
    """Refuse the future: a reference date once on record could not be taken back."""
    future = changes[changes["target_end_date"] > changes["as_of"]]
    if not future.empty:
        row = future.iloc[0]
        raise ContractError(
            f"a count for {row['target_end_date']:%Y-%m-%d}, which is after its vintage of {row['as_of']:%Y-%m-%d}: "
            f"{row['target']}, {row['location']}"
        )


def _last(changes: pd.DataFrame) -> pd.DataFrame:
    known = changes.drop_duplicates(KEY, keep="last").dropna(subset="observation")
    return known[columns(CHANGES)].sort_values(KEY, ignore_index=True)
