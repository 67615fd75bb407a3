"""The states of the US, Puerto Rico and the country as a whole: the places of the forecast hubs."""

import pandas as pd

from reporter.sources.base import PLACES, bundled
from reporter.sources.reading import read_csv

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


def _table() -> pd.DataFrame:
    columns = ("abbreviation", "location", "location_name", "population")
    header, rows = read_csv("us-locations.csv", bundled("us-locations.csv"), columns)
    return pd.DataFrame(rows, columns=header, dtype="str")
