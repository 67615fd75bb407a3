"""The target data of the CDC's COVID-19, influenza and RSV forecast hubs: weekly hospital admissions, NHSN's.

A file whose rows say `as_of` repeats the whole series at every release: it holds the past vintages. The influenza hub
dates its own by the Saturday after the release until July 2025.
"""

import functools
from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reporter.dates import Cadence
from reporter.errors import SourceError
from reporter.schema import CHANGES, COUNTS, KEY
from reporter.sources import states
from reporter.sources.base import Part, Source, finish
from reporter.sources.columns import Column, read_columns, to_column
from reporter.sources.reading import one_line, parse_midnight, refuse_page, require_columns

COVID, FLU, RSV = "wk inc covid hosp", "wk inc flu hosp", "wk inc rsv hosp"

_PARQUET = b"PAR1"
_BLANK = ("", "NA")
_SATURDAY = 5
_RAW = "https://raw.githubusercontent.com"


def parse(raw: bytes) -> pd.DataFrame:
    """Read admissions by state, Puerto Rico and the United States; of several vintages each count's newest value.

    Proportions are left out, and so, with a warning, are places that nobody knows. Without a column `target` the file
    is the influenza hub's, or, if it has a column `state`, the one that the COVID-19 hub had first.

    Raises:
        SourceError: the bytes are no target data, or hold none of the targets.
    """
    frame = _read(raw)
    if "as_of" in frame.columns:
        frame = _in_order(frame).drop_duplicates(KEY, keep="last")
    return finish("hub", _in_words(frame)[COUNTS.names])


def changes(raw: bytes) -> pd.DataFrame | None:
    """Read the past vintages: what was new or other than in the vintage before (`schema.CHANGES`), oldest first.

    Returns:
        None if the file has no `as_of`. A count that a later vintage lacks stays as it was.

    Raises:
        SourceError: as `parse`.
    """
    frame = _read(raw)
    if "as_of" not in frame.columns:
        return None
    frame = _in_order(frame)
    value, last = frame["observation"], frame["observation"].shift()
    same = _follows(frame, KEY) & ((value == last) | (value.isna() & last.isna()))
    log: pd.DataFrame = _in_words(frame[~same])[CHANGES.names]
    return log.sort_values(["as_of", *KEY], ignore_index=True)


def _read(raw: bytes) -> pd.DataFrame:
    """The rows of the targets and places that we follow, names as categories; with `as_of` if the file has it."""
    refuse_page("hub", raw)
    columns = _named(_parquet(raw) if raw.startswith(_PARQUET) else read_columns("hub", raw, ["location"]))
    target = columns["target"].map(str.strip)
    ours = target.isin(SOURCE.targets)
    places = columns["location"]
    wanted = ours & (places.map(_location).notna() | (places.codes < 0))
    states.leave_out("hub", _unknown(places.rows(ours.to_numpy()).texts), alone=not wanted.any())
    if not wanted.any():
        raise SourceError(f"hub: no rows of {', '.join(SOURCE.targets)}")
    columns = {name: column.rows(wanted.to_numpy()) for name, column in columns.items()}
    frame = pd.DataFrame(
        {
            "target": columns["target"].map(str.strip).astype("category"),
            "location": columns["location"].map(_location).astype("category"),
            "target_end_date": columns["target_end_date"].dates("hub", _saturday),
            "observation": columns["observation"].numbers("hub", blank=_BLANK),
        }
    )
    if "as_of" in columns:
        frame["as_of"] = columns["as_of"].dates("hub", parse_midnight)
    if frame["location"].isna().any():
        raise SourceError("hub: a row without a location")
    return frame


def _parquet(raw: bytes) -> dict[str, Column]:
    try:
        table = pq.read_table(pa.BufferReader(raw))
        table.validate(full=True)  # a text that is not UTF-8 would fail much later
        return {name: to_column(table[name]) for name in table.column_names if name in _KNOWN}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"hub: {one_line(str(error))}") from None


def _named(columns: dict[str, Column]) -> dict[str, Column]:
    """The columns under the names of a change log."""
    for name, other in (("target_end_date", "date"), ("observation", "value")):
        if name not in columns and other in columns:
            columns[name] = columns[other]
    require_columns("hub", list(columns), ("location", "target_end_date", "observation"))
    if "target" not in columns:
        target = COVID if "state" in columns and "location_name" not in columns else FLU
        columns["target"] = Column([target], np.zeros_like(columns["location"].codes))
    return columns


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """The vintages of each count one after the other."""
    order = [frame["as_of"], frame["target_end_date"], frame["location"].cat.codes, frame["target"].cat.codes]
    frame = frame.iloc[np.lexsort(order)].reset_index(drop=True)
    twice = _follows(frame, ["as_of", *KEY])
    if twice.any():
        row = frame[twice].iloc[0]
        key = f"{row['target']}, {row['location']}, {row['target_end_date']:%Y-%m-%d}"
        raise SourceError(f"hub: two values as of {row['as_of']:%Y-%m-%d} for {key}")
    return frame


def _follows(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Whether a row has the same in some columns as the row before."""
    same = pd.Series(data=True, index=frame.index)
    for column in columns:
        codes = frame[column].cat.codes if isinstance(frame[column].dtype, pd.CategoricalDtype) else frame[column]
        same &= codes == codes.shift()
    return same


def _in_words(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({"target": "str", "location": "str"})


def _code(text: str) -> str:
    """A place's code has two digits, also where a program took them for a number."""
    return text.strip().zfill(2)


def _location(text: str) -> str | None:
    code = _code(text)
    return code if code in _locations() else None


def _unknown(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if _location(text) is None and _code(text) not in states.TERRITORIES]


@functools.cache
def _locations() -> frozenset[str]:
    return frozenset(states.codes().values())


def _saturday(text: str) -> date:
    day = parse_midnight(text)
    if day.weekday() != _SATURDAY:
        raise ValueError("not the end of a week")
    return day


_KNOWN = {"target_end_date", "date", "observation", "value", "location", "location_name", "state", "as_of", "target"}

SOURCE = Source(
    name="hub",
    title="CDC forecast hubs: weekly hospital admissions in the United States",
    targets=(COVID, FLU, RSV),
    cadence=Cadence.WEEK,
    settle=0,
    url=f"{_RAW}/CDCgov/covid19-forecast-hub/main/target-data/time-series.parquet",
    page="https://github.com/CDCgov/covid19-forecast-hub",
    licence="US public domain",
    licence_url="https://www.usa.gov/government-works",
    attribution=(
        "Centers for Disease Control and Prevention, National Healthcare Safety Network, by way of the COVID-19, "
        "RSV and FluSight Forecast Hubs (CDCgov/covid19-forecast-hub, CDCgov/rsv-forecast-hub, "
        "cdcepi/FluSight-forecast-hub)"
    ),
    parse=parse,
    places=states.places,
    parts=(
        Part(url=f"{_RAW}/CDCgov/covid19-forecast-hub/main/target-data/time-series.parquet", targets=(COVID,)),
        Part(url=f"{_RAW}/cdcepi/FluSight-forecast-hub/main/target-data/time-series.csv", targets=(FLU,)),
        Part(url=f"{_RAW}/CDCgov/rsv-forecast-hub/main/target-data/time-series.parquet", targets=(RSV,)),
    ),
    changes=changes,
)
