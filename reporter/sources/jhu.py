"""JHU CSSE: cumulative confirmed COVID-19 cases and deaths, 22 January 2020 to 9 March 2023.

Two sources of the same files' making: the world's countries, and the counties of the United States. The files
are wide, a column a day, and have not changed since their owner archived them in March 2023. What is no country
(`Diamond Princess`, `Summer Olympics 2020`, …) is kept under its name; what is no county but has a code of its own
(`90001`, cases that no county of Alabama was assigned; `80001`, cases from out of Alabama) under that.
"""

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa

from reporter.dates import Cadence
from reporter.errors import SourceError
from reporter.schema import Floats
from reporter.sources.base import PLACES, Part, Source, bundled
from reporter.sources.reading import quoted, read_csv, to_numbers
from reporter.sources.wide import read_wide

CASES = "cum confirmed cases"
DEATHS = "cum deaths"
_COUNTRY = ("Province/State", "Country/Region")
_COUNTY = ("UID", "FIPS", "Admin2", "Province_State")
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(?:20)?(\d\d)", re.ASCII)
_CODE = re.compile(r"(\d{1,8})(?:\.0*)?", re.ASCII)
_STATES = 100  # a FIPS code below is a state's or territory's, of two digits
_FOLDER = (
    "https://raw.githubusercontent.com/CSSEGISandData/COVID-19/master/csse_covid_19_data/csse_covid_19_time_series/"
)


def parse(raw: bytes) -> pd.DataFrame:
    """Read cumulative counts by country, or by county: the header says which.

    A country's count is the sum over its rows: mainland, provinces and overseas. A blank cell is NaN, and so is
    the sum of nothing but blanks. Other columns before the first day are left out. The files of countries' cases
    and deaths have the same header: they are taken for cases, see `country_deaths`.

    Raises:
        SourceError: the bytes are none of the files `time_series_covid19_{confirmed,deaths}_{global,US}.csv`.
    """
    header = raw.lstrip(b"\xef\xbb\xbf\r\n").partition(b"\n")[0]
    return _counties("jhu", raw) if b"FIPS" in header else _countries(raw, CASES)


def country_deaths(raw: bytes) -> pd.DataFrame:
    """Read cumulative deaths by country; see `parse`.

    Raises:
        SourceError: the bytes are not the file `time_series_covid19_deaths_global.csv`.
    """
    return _countries(raw, DEATHS)


def counties(raw: bytes) -> pd.DataFrame:
    """Read cumulative counts by county; the deaths' file is the one that has a column `Population`.

    A county goes by its five-digit FIPS code, a territory by its two-digit one, and a row without any by its UID.

    Raises:
        SourceError: the bytes are not the file `time_series_covid19_{confirmed,deaths}_US.csv`.
    """
    return _counties("jhu-counties", raw)


def _countries(raw: bytes, target: str) -> pd.DataFrame:
    wide = read_wide("jhu", raw, _COUNTRY, _day)
    provinces, names = (wide.places[column] for column in _COUNTRY)
    if not names.str.strip().all():
        raise SourceError("jhu: a row without Country/Region")
    twice = wide.places[wide.places.duplicated(list(_COUNTRY))]
    if not twice.empty:
        raise SourceError(
            f"jhu: the same row twice: {quoted(provinces[twice.index[0]])}, {quoted(names[twice.index[0]])}"
        )
    sums = pd.DataFrame(wide.counts).groupby(names).sum(min_count=1)
    return _long(target, list(sums.index), wide.days, sums.to_numpy())


def _counties(name: str, raw: bytes) -> pd.DataFrame:
    wide = read_wide(name, raw, _COUNTY, _day)
    codes = zip(wide.places["FIPS"].tolist(), wide.places["UID"].tolist(), strict=True)
    locations = [_location(name, fips, uid) for fips, uid in codes]
    order = sorted(range(len(locations)), key=locations.__getitem__)
    for one, other in pairwise(order):
        if locations[one] == locations[other]:
            raise SourceError(f"{name}: the same row twice: {quoted(locations[one])}")
    target = DEATHS if "Population" in wide.places else CASES
    return _long(target, [locations[i] for i in order], wide.days, wide.counts[order])


def _location(name: str, fips: str, uid: str) -> str:
    for code, digits in ((fips.strip(), 5), (uid.strip(), 8)):
        match = _CODE.fullmatch(code)
        if match is not None:
            number = int(match[1])
            return f"{number:02}" if number < _STATES else f"{number:0{digits}}"
        if code:
            raise SourceError(f"{name}: not a FIPS code or UID: {quoted(code)}")
    raise SourceError(f"{name}: a row without FIPS and UID")


def _long(target: str, locations: list[str], days: pd.Series, counts: Floats) -> pd.DataFrame:
    """Lay counts out as a counts frame, which keeps its contract because of what it is made of.

    Args:
        locations: of the rows, in order, none twice.
        days: of the columns, none twice.
        counts: a row for each location, a column for each day, finite or NaN.
    """
    if not days.is_monotonic_increasing:
        counts = counts[:, days.argsort()]
        days = days.sort_values()
    texts = pa.repeat(pa.scalar(target, pa.large_string()), counts.size)
    columns = {
        "target": pd.array(texts, dtype="str"),
        "location": pd.array(locations, dtype="str").repeat(len(days)),
        "target_end_date": np.tile(days.to_numpy(), len(locations)),
        "observation": counts.ravel(),
    }
    return pd.DataFrame(columns, copy=False)


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


def county_places() -> pd.DataFrame:
    """List the counties and what else has a row in their files; no populations ship with the project."""
    return _table("jhu-counties.csv", ("location", "name")).assign(population=float("nan"))[PLACES]


def _table(name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    header, rows = read_csv(name, bundled(name), columns)
    return pd.DataFrame(rows, columns=header, dtype="str")


def _day(text: str) -> date:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError("not month/day/year")
    month, day, year = (int(part) for part in match.groups())
    return date(2000 + year, month, day)


SOURCE = Source(
    name="jhu",
    title="JHU CSSE: COVID-19 cases and deaths by country",
    targets=(CASES, DEATHS),
    cadence=Cadence.DAY,
    settle=0,
    url=f"{_FOLDER}time_series_covid19_confirmed_global.csv",
    page="https://github.com/CSSEGISandData/COVID-19",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    attribution=(
        "COVID-19 Data Repository by the Center for Systems Science and Engineering (CSSE) "
        "at Johns Hopkins University, CC BY 4.0"
    ),
    parse=parse,
    places=places,
    archive="jhu-vintages.parquet",
    parts=(
        Part(url=f"{_FOLDER}time_series_covid19_confirmed_global.csv", targets=(CASES,)),
        Part(url=f"{_FOLDER}time_series_covid19_deaths_global.csv", targets=(DEATHS,), parse=country_deaths),
    ),
)

COUNTIES = replace(
    SOURCE,
    name="jhu-counties",
    title="JHU CSSE: COVID-19 cases and deaths by county of the United States",
    url=f"{_FOLDER}time_series_covid19_confirmed_US.csv",
    parse=counties,
    places=county_places,
    archive=None,
    parts=(
        Part(url=f"{_FOLDER}time_series_covid19_confirmed_US.csv", targets=(CASES,)),
        Part(url=f"{_FOLDER}time_series_covid19_deaths_US.csv", targets=(DEATHS,)),
    ),
)
