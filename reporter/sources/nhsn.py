"""CDC NHSN: weekly hospital admissions in the United States.

Two tables of one layout: the preliminary one has the newest week on Wednesdays, the final one on Fridays. Reporting was
voluntary from May to October 2024, and RSV before November 2024 is under-counted about a hundredfold.
"""

import functools
import re
from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlencode

import pandas as pd

from reporter.dates import Cadence
from reporter.sources import socrata, states
from reporter.sources.base import Part, Source, Token, finish
from reporter.sources.columns import Column, read_columns
from reporter.sources.reading import parse_midnight, require_columns

FIELDS = {
    "totalconfc19newadm": "wk inc covid hosp",
    "totalconfflunewadm": "wk inc flu hosp",
    "totalconfrsvnewadm": "wk inc rsv hosp",
}
"""Upstream's column → target."""

LIMIT = 50_000  # rows a page; there were 21,000 in 2026. Without a limit Socrata sends 1,000 and says nothing
_WEEK, _PLACE = "weekendingdate", "jurisdiction"
_TITLES = {
    "week ending date": _WEEK,
    "geographic aggregation": _PLACE,
    "total covid-19 admissions": "totalconfc19newadm",
    "total influenza admissions": "totalconfflunewadm",
    "total rsv admissions": "totalconfrsvnewadm",
}
"""A column's title, in the file that Socrata's export button gives → its name in the interface."""

# Every name that a column had so far, or one like it: if a total is missing, none of the others is the same renamed.
_FAMILIES = re.compile(
    r"(Unnamed: 0|X|:\w+|weekendingdate|jurisdiction|respseason"
    r"|(num|pct)(icu|inpt)beds\w*|(total|num|pct)conf(c19|flu|rsv)((hosp|icu|inpt)\w*|newadm((ped|adult|hosprep|per|unk)\w*)?))",
    re.ASCII,
)
_SATURDAY = 5


def parse(raw: bytes, wanted: Sequence[str] = ()) -> pd.DataFrame:
    """Read admissions a week by state, Puerto Rico and the United States as a whole, from JSON or CSV.

    Any columns may be beside the totals, and some of the totals may be missing. A key that a row lacks is NaN, as a
    blank is: not known, or withdrawn. Left out are federal regions, territories that the hubs do not forecast and, with
    a warning, jurisdictions that nobody knows.

    Args:
        wanted: the totals there must be; if empty, one.

    Raises:
        SourceError: the bytes are no such table, or no jurisdiction in it is known.
    """
    columns = _read(raw)
    found = _totals(columns, wanted)
    codes = states.codes()
    location = columns[_PLACE].map(lambda text: codes.get(_tidy(text)))
    counted = location.notna()
    unknown = [text for text in columns[_PLACE].texts if not _is_expected(_tidy(text), codes)]
    states.leave_out("nhsn", unknown, alone=not counted.any())
    columns = {name: columns[name].rows(counted.to_numpy()) for name in (_WEEK, *found)}
    location = location[counted].reset_index(drop=True)
    week = columns[_WEEK].dates("nhsn", _saturday)
    counts = [
        pd.DataFrame(
            {
                "target": FIELDS[field],
                "location": location,
                "target_end_date": week,
                "observation": columns[field].numbers("nhsn"),
            }
        )
        for field in found
    ]
    return finish("nhsn", pd.concat(counts))


def newest(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Of counts of the same the table that knows the newest week, the first of them on a tie.

    There may be one only. It is taken whole: values of two releases are never mixed. What it lacks and another has is
    not filled in either, since a table that was cut off would look complete; on record such a count stays as it was.
    """
    weeks = [table.loc[table["observation"].notna(), "target_end_date"].max() for table in tables]
    return tables[max(range(len(tables)), key=lambda place: (pd.notna(weeks[place]), weeks[place]))]


def _read(raw: bytes) -> dict[str, Column]:
    if not socrata.is_csv(raw):
        return socrata.read_json("nhsn", raw, (_WEEK, _PLACE))
    columns = read_columns("nhsn", raw, ())
    titled = {" ".join(title.split()).casefold(): column for title, column in columns.items()}
    columns |= {field: titled[title] for title, field in _TITLES.items() if title in titled}
    require_columns("nhsn", list(columns), (_WEEK, _PLACE))
    return columns


def _totals(columns: dict[str, Column], wanted: Sequence[str]) -> list[str]:
    """The totals to read: others may be null in every row of some JSON, or were not asked for."""
    found = [field for field in FIELDS if field in columns]
    if not found or not all(_FAMILIES.fullmatch(column) for column in columns):
        wanted = tuple(FIELDS)
    require_columns("nhsn", list(columns), wanted)
    return found


def _tidy(text: str) -> str:
    return text.strip().upper()


def _is_expected(jurisdiction: str, codes: dict[str, str]) -> bool:
    """Whether it is known, also if it is left out."""
    return jurisdiction in codes or jurisdiction.startswith("REGION ") or jurisdiction in states.TERRITORIES.values()


def _saturday(text: str) -> date:
    day = datetime.strptime(text, "%m/%d/%Y").date() if "/" in text else parse_midnight(text)  # noqa: DTZ007 - no time
    if day.weekday() != _SATURDAY:
        raise ValueError("not the end of a week")
    return day


def _part(table: str) -> Part:
    query = {
        "$select": ",".join((_WEEK, _PLACE, *FIELDS)),
        "$where": f"{_WEEK}>='2020-08-08T00:00:00.000'",
        "$order": f"{_PLACE},{_WEEK}",
        "$limit": LIMIT,
    }
    return Part(
        url=f"https://data.cdc.gov/resource/{table}.json?{urlencode(query, safe='$,:')}",
        parse=functools.partial(parse, wanted=tuple(FIELDS)),
        paging=socrata.paging("nhsn"),
        optional=True,
    )


FINAL, PRELIMINARY = _part("ua7e-t2fy"), _part("mpgq-jmmr")

SOURCE = Source(
    name="nhsn",
    title="CDC NHSN: weekly hospital admissions in the United States",
    targets=tuple(FIELDS.values()),
    cadence=Cadence.WEEK,
    settle=0,
    url=PRELIMINARY.url,
    page="https://data.cdc.gov/d/mpgq-jmmr",
    licence="US public domain",
    licence_url="https://www.usa.gov/government-works",
    attribution=(
        "Centers for Disease Control and Prevention, National Healthcare Safety Network: "
        "Weekly Hospital Respiratory Data, US public domain"
    ),
    parse=parse,
    places=states.places,
    archive="nhsn-vintages.parquet",
    parts=(FINAL, PRELIMINARY),
    combine=newest,
    token=Token("SOCRATA_APP_TOKEN", "X-App-Token"),
)
