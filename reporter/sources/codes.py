"""Standard codes of places, by what a feed calls them: ISO 3166-1 of countries, ISO 3166-2 of states of the US."""

import functools
from collections.abc import Collection

from reporter.sources import states
from reporter.sources.base import bundled
from reporter.sources.reading import read_csv

COUNTRY = "US"
"""The United States, alike in every table."""


def codes(locations: Collection[str]) -> dict[str, str]:
    """Find the codes of locations, as the one way of naming places that knows most of them does.

    `AL` is Alabama among postal codes and Albania among countries: a feed's places are of one kind.

    Returns:
        Location → `US-AL` for a state or territory, `AL` for a country; what has no code is left out.

    >>> codes(["US", "01"]), codes(["AL", "AK", "AZ"])["AL"], codes(["AL", "AT"])["AL"], codes(["01001"])
    ({'US': 'US', '01': 'US-AL'}, 'US-AL', 'AL', {})
    """
    ways = (_fips(), _countries(), _postal())
    best = max(ways, key=lambda way: sum(location in way for location in locations))
    return {location: best[location] for location in locations if location in best}


@functools.cache
def _fips() -> dict[str, str]:
    known = {fips: postal for postal, fips in states.codes().items() if fips != COUNTRY} | states.TERRITORIES
    return {fips: f"{COUNTRY}-{postal}" for fips, postal in known.items()} | {COUNTRY: COUNTRY}


@functools.cache
def _postal() -> dict[str, str]:
    return {code.removeprefix(f"{COUNTRY}-"): code for code in _fips().values()}


@functools.cache
def _countries() -> dict[str, str]:
    """By the names of JHU, and by two and three letters."""
    found: dict[str, str] = {}
    header, rows = read_csv("who-places.csv", bundled("who-places.csv"), ("location",))
    found |= {row[header.index("location")]: row[header.index("location")] for row in rows}
    columns = ("location", "iso2", "iso3")
    header, rows = read_csv("jhu-places.csv", bundled("jhu-places.csv"), columns)
    for row in rows:
        name, two, three = (row[header.index(column)] for column in columns)
        if two:
            found |= {name: two, two: two, three: two}
    return found
