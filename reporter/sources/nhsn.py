"""CDC NHSN: weekly hospital admissions in the United States, preliminary release (Wednesdays).

Socrata sends every number as a text and leaves a key out where nothing is known. Reporting was voluntary from
May to October 2024, and RSV before November 2024 is under-counted about a hundredfold.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from reporter.dates import Cadence, parse_date
from reporter.errors import SourceError
from reporter.sources.base import PLACES, Source, bundled, finish
from reporter.sources.reading import one_line, quoted, read_csv, read_text, require_columns, to_dates, to_numbers

FIELDS: Mapping[str, str] = {
    "totalconfc19newadm": "wk inc covid hosp",
    "totalconfflunewadm": "wk inc flu hosp",
    "totalconfrsvnewadm": "wk inc rsv hosp",
}
"""Upstream's column → target."""

LIMIT = 100_000  # rows; there were 21,000 in 2026. Without a limit Socrata sends 1,000 and says nothing
_MIDNIGHT = "T00:00:00.000"
_SATURDAY = 5
_NO_FIPS = frozenset({"AS", "FM", "GU", "MH", "MP", "PW", "VI"})  # report, but are not in the hubs' table of places


def parse(raw: bytes) -> pd.DataFrame:
    """Read admissions a week by state, Puerto Rico and the United States as a whole.

    Left out: federal regions, the other territories, and counts that a row has no key for.

    Raises:
        SourceError: the bytes are not the whole table in Socrata's JSON.
    """
    rows = _rows(raw)
    codes = _codes()
    kept = [(row, code) for row in rows if (code := _code(row, codes)) is not None]
    week = to_dates("nhsn", [str(row.get("weekendingdate")) for row, _ in kept], _saturday)
    wide = pd.DataFrame({"location": [code for _, code in kept], "target_end_date": week})
    counts = [
        wide.assign(
            target=target,
            observation=to_numbers("nhsn", ["" if row.get(field) is None else str(row[field]) for row, _ in kept]),
        )
        for field, target in FIELDS.items()
    ]
    return finish("nhsn", pd.concat(counts).dropna(subset="observation"))


def places() -> pd.DataFrame:
    """List the states, Puerto Rico and the United States, by FIPS code."""
    table = _locations()
    names = table["location_name"].replace("US", "United States")
    return table.assign(name=names, population=table["population"].astype("float64"))[PLACES]


def _locations() -> pd.DataFrame:
    columns = ("abbreviation", "location", "location_name", "population")
    header, rows = read_csv("us-locations.csv", bundled("us-locations.csv"), columns)
    return pd.DataFrame(rows, columns=header, dtype="str")


def _codes() -> dict[str, str]:
    table = _locations()
    return dict(zip(table["abbreviation"], table["location"], strict=True)) | {"USA": "US"}


def _rows(raw: bytes) -> list[dict[str, Any]]:
    try:
        rows = json.loads(read_text("nhsn", raw))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"nhsn: not whole JSON: {one_line(str(error))}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(f"nhsn: not a list of rows: {quoted(raw[:80].decode(errors='replace'))}")
    if not rows:
        raise SourceError("nhsn: no rows")
    if len(rows) == LIMIT:
        raise SourceError(f"nhsn: exactly {LIMIT} rows, as many as were asked for: there may be more")
    require_columns("nhsn", list(dict.fromkeys(key for row in rows for key in row)), ("weekendingdate", *_KEYS))
    return rows


def _code(row: Mapping[str, Any], codes: Mapping[str, str]) -> str | None:
    jurisdiction = str(row.get("jurisdiction")).strip().upper()
    if jurisdiction.startswith("REGION ") or jurisdiction in _NO_FIPS:
        return None
    if jurisdiction not in codes:
        raise SourceError(f"nhsn: unknown jurisdiction {quoted(str(row.get('jurisdiction')))}")
    return codes[jurisdiction]


def _saturday(text: str) -> date:
    day = parse_date(text.removesuffix(_MIDNIGHT))
    if day.weekday() != _SATURDAY:
        raise ValueError("not the end of a week")
    return day


_KEYS = ("jurisdiction", *FIELDS)

SOURCE = Source(
    name="nhsn",
    title="CDC NHSN: weekly hospital admissions in the United States",
    targets=tuple(FIELDS.values()),
    cadence=Cadence.WEEK,
    settle=0,
    url="https://data.cdc.gov/resource/mpgq-jmmr.json?"
    + urlencode(
        {
            "$select": ",".join(("weekendingdate", *_KEYS)),
            "$where": f"weekendingdate>='2020-08-08{_MIDNIGHT}'",
            "$order": "jurisdiction,weekendingdate",
            "$limit": LIMIT,
        },
        safe="$,:",
    ),
    licence="US public domain",
    licence_url="https://www.usa.gov/government-works",
    attribution=(
        "Centers for Disease Control and Prevention, National Healthcare Safety Network: "
        "Weekly Hospital Respiratory Data, US public domain"
    ),
    parse=parse,
    places=places,
    archive="nhsn-vintages.parquet",
)
