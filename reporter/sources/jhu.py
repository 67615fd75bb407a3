"""JHU CSSE: cumulative confirmed COVID-19 cases of the world's countries, 22 January 2020 to 9 March 2023.

The file is wide, a column a day, and has not changed since its owner archived it in March 2023. What is no country
(`Diamond Princess`, `Summer Olympics 2020`, …) is kept under its name.
"""

import re
from datetime import date

import numpy as np
import pandas as pd

from reporter.dates import Cadence
from reporter.errors import SourceError
from reporter.sources.base import PLACES, Source, bundled, finish
from reporter.sources.reading import quoted, read_csv, to_dates, to_numbers

TARGET = "cum confirmed cases"
_COLUMNS = ("Province/State", "Country/Region", "Lat", "Long")
_DAY = re.compile(r"([1-9]\d?)/([1-9]\d?)/(\d\d)", re.ASCII)


def parse(raw: bytes) -> pd.DataFrame:
    """Read cumulative cases by country: the sum over its rows, mainland, provinces and overseas.

    A blank cell is NaN, and so is the sum of nothing but blanks. Coordinates are left out.

    Raises:
        SourceError: the bytes are not the file `time_series_covid19_confirmed_global.csv`.
    """
    header, rows = read_csv("jhu", raw, _COLUMNS)
    if tuple(header[: len(_COLUMNS)]) != _COLUMNS or len(header) == len(_COLUMNS):
        raise SourceError("jhu: the header is not four columns of places and then the days")
    _refuse_twice([(row[0], row[1]) for row in rows])
    days = to_dates("jhu", header[len(_COLUMNS) :], _day)
    cells = to_numbers("jhu", [cell for row in rows for cell in row[len(_COLUMNS) :]])
    cases = pd.DataFrame(cells.to_numpy().reshape(len(rows), len(days)))
    countries = cases.groupby([row[1] for row in rows]).sum(min_count=1)
    return finish(
        "jhu",
        pd.DataFrame(
            {
                "target": TARGET,
                "location": np.repeat(countries.index.to_numpy(), len(days)),
                "target_end_date": np.tile(days.to_numpy(), len(countries)),
                "observation": countries.to_numpy().ravel(),
            }
        ),
    )


def places() -> pd.DataFrame:
    """List the countries and regions of the file and of the archive, under the names that readers know.

    The archive of March 2020 holds some that JHU soon renamed or counted with another; their population is NaN.
    """
    people = _table("jhu-places.csv", ("location", "population")).set_index("location")["population"]
    names = _table("jhu-names.csv", ("location", "name")).set_index("location")["name"]
    locations = people.index.union(names.index).rename("location")
    return pd.DataFrame(
        {
            "location": locations,
            "name": names.reindex(locations).fillna(locations.to_series()).to_numpy(),
            "population": to_numbers("jhu-places.csv", people.reindex(locations, fill_value="")),
        },
        columns=PLACES,
    )


def _table(name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    header, rows = read_csv(name, bundled(name), columns)
    return pd.DataFrame(rows, columns=header, dtype="str")


def _refuse_twice(rows: list[tuple[str, str]]) -> None:
    seen = set()
    for province, country in rows:
        if not country.strip():
            raise SourceError("jhu: a row without Country/Region")
        if (province, country) in seen:
            raise SourceError(f"jhu: the same row twice: {quoted(province)}, {quoted(country)}")
        seen.add((province, country))


def _day(text: str) -> date:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError("not month/day/year")
    month, day, year = (int(part) for part in match.groups())
    return date(2000 + year, month, day)


SOURCE = Source(
    name="jhu",
    title="JHU CSSE: confirmed COVID-19 cases by country",
    targets=(TARGET, "cum deaths"),  # deaths: in the archive only
    cadence=Cadence.DAY,
    settle=0,
    url=(
        "https://raw.githubusercontent.com/CSSEGISandData/COVID-19/master/csse_covid_19_data/"
        "csse_covid_19_time_series/time_series_covid19_confirmed_global.csv"
    ),
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    attribution=(
        "COVID-19 Data Repository by the Center for Systems Science and Engineering (CSSE) "
        "at Johns Hopkins University, CC BY 4.0"
    ),
    parse=parse,
    places=places,
    archive="jhu-vintages.parquet",
)
