"""What a source is, and what ships with it. Nothing here touches the network."""

import importlib.resources
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reporter.dates import Cadence
from reporter.errors import ContractError, SourceError
from reporter.schema import CHANGES, KEY, counts_in_order, to_frame
from reporter.sources.reading import one_line

PLACES = ["location", "name", "population"]
"""Columns of a table of places; a population is a number of people, NaN where it is unknown."""


@dataclass(frozen=True)
class Paging:
    """How an answer that comes in pages is asked for.

    Attributes:
        following: from an address and what it answered to the address of the next page, None after the last.
        joined: the pages as one answer, as if upstream had sent it whole.
    """

    following: Callable[[str, bytes], str | None]
    joined: Callable[[list[bytes]], bytes]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of the downloads that a source's counts are made of.

    Attributes:
        url: where it is published.
        targets: what it counts; empty if all of the source's.
        parse: reads it, if the source's own `parse` does not.
        paging: how to ask for the rest, if it comes in pages.
        optional: whether the source is whole without it, as long as another part answers; `combine` then gets only
            the counts of those that answered.
    """

    url: str
    targets: tuple[str, ...] = ()
    parse: Callable[[bytes], pd.DataFrame] | None = None
    paging: Paging | None = None
    optional: bool = False


@dataclass(frozen=True)
class Token:
    """A key that a publisher may have with upstream; it is sent as a header, and only if the environment has it.

    Attributes:
        variable: of the environment.
        header: that carries it.
    """

    variable: str
    header: str


def together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Counts of several downloads.

    Raises:
        ContractError: two of them count the same.
    """
    first = sorted(parts, key=lambda part: tuple(part[KEY].iloc[0]) if len(part) else ())
    return counts_in_order(pd.concat(first, ignore_index=True))


@dataclass(frozen=True, kw_only=True)
class Source:
    """An upstream publisher and its format."""

    name: str
    title: str
    """For people."""
    targets: tuple[str, ...]
    """What a feed can follow; empty if the file itself says what it counts."""
    cadence: Cadence | None
    """None if the settings have to say it."""
    settle: int
    """How many newest periods are too incomplete to forecast from, unless the settings say otherwise."""
    url: str | None
    """Where the bytes that `parse` reads are published; None if the settings have to say it."""
    licence: str
    licence_url: str | None
    attribution: str
    """The line the site prints beside the data."""
    parse: Callable[[bytes], pd.DataFrame]
    """Reads what upstream published into sorted counts (`schema.COUNTS`); raises SourceError."""
    places: Callable[[], pd.DataFrame]
    """The places the source knows, one row each (`PLACES`); any other place goes by its location."""
    archive: str | None = None
    """File name of the bundled change log."""
    parts: tuple[Part, ...] = ()
    """What is downloaded instead of `url`, if it is more than that."""
    combine: Callable[[Sequence[pd.DataFrame]], pd.DataFrame] = together
    """Makes one counts frame of those of the parts, in their order; without optional ones that did not answer."""
    changes: Callable[[bytes], pd.DataFrame | None] | None = None
    """Reads the past vintages that upstream publishes in the same file (`schema.CHANGES`), None if it has none."""
    token: Token | None = None
    page: str | None = None
    """Where people read about the data; None if that is at `url`."""
    delay: int = 4
    """How many days after a period's end it is usually published."""
    week_ends: int = 5
    """The weekday that weeks end on, of a weekly source: 0 is Monday, 5 Saturday."""

    def downloads(self, targets: Collection[str]) -> tuple[Part, ...]:
        """What has to be downloaded for some of the targets."""
        parts = self.parts or ((Part(url=self.url),) if self.url else ())
        return tuple(part for part in parts if not part.targets or set(part.targets) & set(targets))


def bundled(name: str) -> bytes:
    """Read a file that ships inside the package, from the checkout as from the wheel."""
    return importlib.resources.files("reporter").joinpath("data", name).read_bytes()


def archive_changes(source: Source) -> pd.DataFrame:
    """Read the change log that ships for a source (`schema.CHANGES`), oldest vintage first.

    Raises:
        SourceError: none ships for this source.
    """
    if source.archive is None:
        raise SourceError(f"{source.name}: no archive ships with reporter")
    changes = to_frame(pq.read_table(pa.BufferReader(bundled(source.archive))), CHANGES)
    return changes.sort_values(["as_of", *KEY], ignore_index=True)


def finish(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Sort parsed counts by `schema.KEY` and check them against their contract.

    Raises:
        SourceError: the contract is broken, for instance by the same count twice.
    """
    try:
        return counts_in_order(frame)
    except ContractError as error:
        raise SourceError(f"{name}: {one_line(str(error))}") from None
