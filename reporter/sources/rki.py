"""Robert Koch-Institut: COVID-19 cases in Germany by day of report.

The file is rebuilt every morning. Its newest one or two days are partial and grow the next day. `Faelle_neu`
is the count of its own `Meldedatum` (it adds up to `Faelle_gesamt`), not what is new since yesterday.
"""

import pandas as pd

from reporter.dates import Cadence, parse_date
from reporter.errors import SourceError
from reporter.sources.base import PLACES, Source, finish
from reporter.sources.reading import quoted, read_csv, to_dates, to_numbers

TARGET = "inc covid cases"
POPULATION = 84_358_845.0  # people in Germany; the file's own column Bevoelkerung
_ALL_AGES = "00+"  # includes cases of unknown age: the other groups do not add up to it
_COLUMNS = ("Meldedatum", "Altersgruppe", "Faelle_neu")


def parse(raw: bytes) -> pd.DataFrame:
    """Read cases a day in Germany, all ages; the rows of the age groups are left out.

    Raises:
        SourceError: the bytes are not the file `COVID-19-Faelle_7-Tage-Inzidenz_Deutschland.csv`.
    """
    header, rows = read_csv("rki", raw, _COLUMNS)
    day, age, cases = (header.index(column) for column in _COLUMNS)
    rows = [row for row in rows if row[age] == _ALL_AGES]
    if not rows:
        raise SourceError(f"rki: no rows of Altersgruppe {quoted(_ALL_AGES)}")
    return finish(
        "rki",
        pd.DataFrame(
            {
                "target": TARGET,
                "location": "DE",
                "target_end_date": to_dates("rki", [row[day] for row in rows], parse_date),
                "observation": to_numbers("rki", [row[cases] for row in rows]),
            }
        ),
    )


def places() -> pd.DataFrame:
    """List the one place there is."""
    return pd.DataFrame([("DE", "Germany", POPULATION)], columns=PLACES)


SOURCE = Source(
    name="rki",
    title="Robert Koch-Institut: COVID-19 cases in Germany",
    targets=(TARGET,),
    cadence=Cadence.DAY,
    settle=2,
    delay=0,
    url=(
        "https://raw.githubusercontent.com/robert-koch-institut/COVID-19_7-Tage-Inzidenz_in_Deutschland/main/"
        "COVID-19-Faelle_7-Tage-Inzidenz_Deutschland.csv"
    ),
    page="https://github.com/robert-koch-institut/COVID-19_7-Tage-Inzidenz_in_Deutschland",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    attribution="Robert Koch-Institut: 7-Tage-Inzidenz der COVID-19-Fälle in Deutschland, CC BY 4.0",
    parse=parse,
    places=places,
    archive="rki-vintages.parquet",
)
