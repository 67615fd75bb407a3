"""Small real histories, and a maker of artificial ones.

tests/data/models holds excerpts of the archives as they were known on the day in the file's name: JHU CSSE (CC BY 4.0),
Robert Koch-Institut (CC BY 4.0, its two newest days left out), CDC NHSN (public domain).
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reporter.dates import Cadence
from reporter.models.base import History

DATA = Path(__file__).parents[1] / "data" / "models"


def read(name: str, cadence: Cadence, population: dict[str, float]) -> History:
    """The history in a file of counts."""
    counts = pd.read_csv(DATA / f"{name}.csv", dtype={"location": str}, parse_dates=["target_end_date"])
    wide = counts.pivot(index=["target", "location"], columns="target_end_date", values="observation")
    wide = wide.reindex(columns=pd.date_range(wide.columns[0], wide.columns[-1], freq=f"{cadence.days}D"))
    targets, locations = zip(*wide.index, strict=True)
    values = wide.to_numpy(dtype=np.float64, copy=True)
    values.flags.writeable = False
    people = np.array([population.get(place, np.nan) for place in locations])
    return History(cadence, wide.columns.to_numpy().astype("datetime64[D]"), targets, locations, values, people)


@pytest.fixture(scope="session")
def jhu() -> History:
    """Six countries of April 2020, cumulative, daily."""
    return read("jhu-2020-04-11", Cadence.DAY, {"US": 329_466_283.0})


@pytest.fixture(scope="session")
def jhu_early() -> History:
    """The same, eight days before."""
    return read("jhu-2020-04-03", Cadence.DAY, {})


@pytest.fixture(scope="session")
def rki() -> History:
    """A year of German cases: incident, daily, with a strong weekly rhythm."""
    return read("rki-2023-06-15", Cadence.DAY, {"DE": 83_200_000.0})


@pytest.fixture(scope="session")
def nhsn() -> History:
    """Three diseases in two places: incident, weekly."""
    return read("nhsn-2025-02-07", Cadence.WEEK, {"06": 39_512_223.0})


@pytest.fixture(scope="session", params=["jhu", "rki", "nhsn"])
def real(request: pytest.FixtureRequest) -> History:
    """Each of the real histories."""
    history: History = request.getfixturevalue(request.param)
    return history


@pytest.fixture(scope="session")
def make() -> Callable[..., History]:
    """Builds a history of rows of counts: `make(rows, target, cadence, population)`."""

    def build(
        rows: object,
        target: str = "inc covid cases",
        cadence: Cadence = Cadence.DAY,
        population: float = np.nan,
    ) -> History:
        counts = np.array(rows, dtype=np.float64, ndmin=2)
        counts.flags.writeable = False
        s, t = counts.shape
        dates = np.datetime64("2024-06-01") + np.arange(t) * cadence.days
        places = tuple(f"place {i}" for i in range(s))
        return History(cadence, dates, (target,) * s, places, counts, np.full(s, population))

    return build
