"""WHO: COVID-19 cases and deaths by country, in weeks that end on Sunday.

The newest week is two to three weeks old when it appears, and most places no longer report at all: a blank is not a
zero. Corrections are negative counts. Names lost their accents upstream (Turkey's, for one), so places go by their
code, Namibia's `NA` among them. The daily files of other years, with spaces in the header, are read as well.
"""

import re
from datetime import date

import pandas as pd

from reporter.dates import Cadence
from reporter.errors import SourceError
from reporter.sources.base import PLACES, Source, bundled, finish
from reporter.sources.columns import read_columns
from reporter.sources.reading import parse_midnight, quoted, read_csv, to_numbers

WEEKLY = {"New_cases": "wk inc covid cases", "New_deaths": "wk inc covid deaths"}
DAILY = {"New_cases": "inc covid cases", "New_deaths": "inc covid deaths"}
"""Upstream's column → target."""

_SUNDAY = 6
_COLUMNS = ("Date_reported", "Country_code", "Country", *WEEKLY)
_CODE = re.compile(r"[A-Z][A-Z0-9]{1,2}", re.ASCII)


def parse(raw: bytes) -> pd.DataFrame:
    """Read cases and deaths by country, of a file of weeks or of days.

    A blank is NaN. A row without a code is of the place that its name belongs to, and left out if there is none:
    `Other` is ships and what else no country counts.

    Raises:
        SourceError: the bytes are no such file.
    """
    columns = read_columns("who", raw, _COLUMNS)
    days = columns["Date_reported"].dates("who", _day)
    codes = places().set_index("name")["location"]
    named = columns["Country"].map(lambda name: codes.get(name.strip()))
    location = columns["Country_code"].map(_code).fillna(named)
    counted = location.notna()
    if not counted.any():
        raise SourceError("who: no row with a Country_code")
    counts = [
        pd.DataFrame(
            {
                "target": target,
                "location": location,
                "target_end_date": days,
                "observation": columns[column].numbers("who", signed=True),
            }
        )[counted]
        for column, target in (WEEKLY if _are_weeks(days) else DAILY).items()
    ]
    return finish("who", pd.concat(counts))


def places() -> pd.DataFrame:
    """List the places that report to WHO, by their code; ships and small islands are without population."""
    header, rows = read_csv("who-places.csv", bundled("who-places.csv"), PLACES)
    table = pd.DataFrame(rows, columns=header, dtype="str")
    return table.assign(population=to_numbers("who-places.csv", table["population"]))[PLACES]


def _day(text: str) -> date:
    return parse_midnight(text.strip())


def _code(text: str) -> str | None:
    code = text.strip()
    if code and not _CODE.fullmatch(code):
        raise SourceError(f"who: not a Country_code: {quoted(text)}")
    return code or None


def _are_weeks(days: pd.Series) -> bool:
    """Whether a file counts weeks: both kinds have the same columns."""
    ends = pd.Series(days.unique())
    odd = ends[ends.dt.day_of_week != _SUNDAY]
    if 0 < 2 * len(odd) < len(ends):  # more than half are Sundays: no seven days on end
        raise SourceError(f"who: a week that ends on {odd.iloc[0]:%A %Y-%m-%d}, not on a Sunday")
    return odd.empty


SOURCE = Source(
    name="who",
    title="WHO: COVID-19 cases and deaths by country",
    targets=tuple(WEEKLY.values()),
    cadence=Cadence.WEEK,
    settle=1,
    url="https://srhdpeuwpubsa.blob.core.windows.net/whdh/COVID/WHO-COVID-19-global-data.csv",
    page="https://data.who.int/dashboards/covid19/data",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    attribution="World Health Organization: COVID-19 dashboard data, CC BY 4.0",
    parse=parse,
    places=places,
    delay=23,
    week_ends=_SUNDAY,
)
