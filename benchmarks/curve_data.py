"""The series that `curve_fitting.py` fits: cumulative counts of JHU's countries and counties, cut in several ways."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter.sources import REGISTRY

Floats = npt.NDArray[np.float64]

LAST_COUNTY = 80_000
"""FIPS codes from here on are not counties: cases from elsewhere, or that no county was assigned."""


@dataclass(frozen=True)
class Variant:
    """How series are cut.

    Attributes:
        end: last day.
        counties: a county begins on its first day with this many cases; 0 for all days of the file.
        countries: the same for a country.
        days: a series with fewer days is left out.
        holes: share of days without a count.
    """

    end: date = date(2020, 10, 15)
    counties: int = 10
    countries: int = 100
    days: int = 20
    holes: float = 0.0


VARIANTS = {
    "usual": Variant(),
    "all-days": Variant(counties=0, countries=0),
    "from-1": Variant(counties=1, countries=1),
    "from-100": Variant(counties=100, countries=1000),
    "april": Variant(end=date(2020, 4, 15), days=8),
    "june": Variant(end=date(2020, 6, 1), days=8),
    "june-all-days": Variant(end=date(2020, 6, 1), counties=0, countries=0, days=8),
    "holes": Variant(holes=0.2),
}
"""`usual` gives 176 countries and 3,132 counties."""


@dataclass(frozen=True)
class Dataset:
    """N series.

    Attributes:
        name: what they are.
        labels: (N,) of the series.
        rows: (N, T) cumulative counts from each one's first day, NaN from its last on.
    """

    name: str
    labels: list[str]
    rows: Floats

    def some(self, number: int) -> "Dataset":
        """A random choice of so many of them, or all of fewer."""
        if number <= 0 or number >= len(self.rows):
            return self
        chosen = np.sort(np.random.default_rng(0).choice(len(self.rows), number, replace=False))
        return Dataset(self.name, [self.labels[i] for i in chosen], self.rows[chosen])


def countries(path: Path, variant: Variant) -> Dataset:
    """Read the countries of `time_series_covid19_confirmed_global.csv`."""
    wide = _wide(path, "jhu")
    return _cut("countries", wide, variant.countries, variant)


def counties(path: Path, variant: Variant) -> Dataset:
    """Read the counties and municipalities of `time_series_covid19_confirmed_US.csv`."""
    wide = _wide(path, "jhu-counties")
    wide = wide[wide.index.astype(int) < LAST_COUNTY]
    names = REGISTRY["jhu-counties"].places().set_index("location")["name"]
    wide.index = [f"{code} {names.get(code, '')}".strip() for code in wide.index]
    return _cut("counties", wide, variant.counties, variant)


def vintages(path: Path, every: int = 7, places: int = 30) -> Dataset:
    """Read a change log: the countries with the most cases, as known each week of April to August 2020."""
    log = pd.read_parquet(path)
    log = log[(log["target"] == "cum confirmed cases") & log["observation"].notna()].sort_values("as_of", kind="stable")
    top = log.groupby("location")["observation"].max().nlargest(places).index
    log = log[log["location"].isin(top)].assign(target_end_date=lambda rows: pd.to_datetime(rows["target_end_date"]))
    parts = []
    for as_of in pd.date_range("2020-04-01", "2020-08-15", freq=f"{every}D"):
        known = log[pd.to_datetime(log["as_of"]) <= as_of].drop_duplicates(["location", "target_end_date"], keep="last")
        wide = known.pivot(index="location", columns="target_end_date", values="observation").sort_index(axis=1)
        wide.index = [f"{place} as of {as_of.date()}" for place in wide.index]
        parts.append(_cut("vintages", wide, Variant.countries, Variant(end=as_of.date(), days=8)))
    return _together("vintages", parts)


def chosen(path: Path) -> Dataset:
    """Read `curves-2020-10-15.csv` of the tests: a row for each place (a county has a code), a column for each day."""
    wide = pd.read_csv(path, index_col="location")
    wide.columns = pd.to_datetime(wide.columns)
    county = wide.index.str[0].str.isdigit()
    halves = ((county, Variant.counties), (~county, Variant.countries))
    return _together("chosen", [_cut("chosen", wide[half], least, Variant()) for half, least in halves])


def _together(name: str, parts: list[Dataset]) -> Dataset:
    length = max(part.rows.shape[1] for part in parts)
    rows = [np.pad(part.rows, ((0, 0), (0, length - part.rows.shape[1])), constant_values=np.nan) for part in parts]
    return Dataset(name, [label for part in parts for label in part.labels], np.concatenate(rows))


def _wide(path: Path, source: str) -> pd.DataFrame:
    """Read counts, a row for each place and a column for each day."""
    counts = REGISTRY[source].parse(path.read_bytes())
    return counts.pivot(index="location", columns="target_end_date", values="observation")


def _cut(name: str, wide: pd.DataFrame, least: int, variant: Variant) -> Dataset:
    counts = wide.loc[:, : pd.Timestamp(variant.end)].to_numpy(dtype=np.float64, copy=True)
    n, t = counts.shape
    above = np.nan_to_num(counts) >= max(least, 1)
    first = np.where(above.any(axis=1), above.argmax(axis=1), t)
    long_enough = t - first >= variant.days
    first, counts = first[long_enough] * (least > 0), counts[long_enough]
    rows = np.full((len(counts), t - int(first.min(initial=t))), np.nan)
    for row, start, known in zip(rows, first, counts, strict=True):
        row[: t - start] = known[start:]
    if variant.holes:
        rows[np.random.default_rng(n).random(rows.shape) < variant.holes] = np.nan
    labels = [str(label) for label in wide.index[long_enough]]
    return Dataset(name, labels, rows)
