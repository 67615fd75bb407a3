"""What a source is, and what ships with it. Nothing here touches the network."""

import importlib.resources
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reporter.dates import Cadence
from reporter.errors import ContractError, SourceError
from reporter.schema import CHANGES, KEY, check_counts, to_frame
from reporter.sources.reading import one_line

PLACES = ["location", "name", "population"]
"""Columns of a table of places; a population is a number of people, NaN where it is unknown."""


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
        counts = check_counts(frame)
    except ContractError as error:
        raise SourceError(f"{name}: {one_line(str(error))}") from None
    types = {"target": "str", "location": "str", "target_end_date": "datetime64[s]", "observation": "float64"}
    return counts.astype(types).sort_values(KEY, ignore_index=True)
