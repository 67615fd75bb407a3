"""The states of the US, Puerto Rico and the country as a whole: the places of the forecast hubs."""

import functools
import logging
from collections.abc import Collection

import pandas as pd

from reporter.errors import SourceError
from reporter.sources.base import PLACES, bundled
from reporter.sources.reading import listed, quoted, read_csv

_log = logging.getLogger(__name__)

TERRITORIES = {"60": "AS", "64": "FM", "66": "GU", "68": "MH", "69": "MP", "70": "PW", "78": "VI"}
"""FIPS code → postal code of those that report, but are not in the hubs' table of places."""


def places() -> pd.DataFrame:
    """List the states, Puerto Rico and the United States, by FIPS code (`base.PLACES`)."""
    table = _table()
    names = table["location_name"].replace("US", "United States")
    return table.assign(name=names, population=table["population"].astype("float64"))[PLACES]


def codes() -> dict[str, str]:
    """Postal code → FIPS code; `USA` and `US` are the country."""
    table = _table()
    return dict(zip(table["abbreviation"], table["location"], strict=True)) | {"USA": "US"}


def leave_out(source: str, unknown: Collection[str], *, alone: bool) -> None:
    """Warn of places that are in no table, each once in a process: a new one must not stop the others.

    Args:
        source: its name, for messages.
        unknown: what upstream calls them.
        alone: whether no place that is known is beside them.

    Raises:
        SourceError: they are alone, or one has no name.
    """
    if any(not text.strip() for text in unknown):
        raise SourceError(f"{source}: a row without a place")
    if unknown and alone:
        raise SourceError(f"{source}: no known place; found {listed(sorted(unknown))}")
    for text in sorted(unknown):
        _warn_of(source, text)


@functools.lru_cache(maxsize=10_000)
def _warn_of(source: str, text: str) -> None:
    _log.warning("%s: the place %s is not known, and left out", source, quoted(text))


def _table() -> pd.DataFrame:
    columns = ("abbreviation", "location", "location_name", "population")
    header, rows = read_csv("us-locations.csv", bundled("us-locations.csv"), columns)
    return pd.DataFrame(rows, columns=header, dtype="str")
