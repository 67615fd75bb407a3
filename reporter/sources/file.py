"""A publisher's own file: a change log, or a plain long table, as CSV or parquet.

A long table has the columns `target, location, target_end_date, observation`; a change log has `as_of` besides.
Dates are written YYYY-MM-DD, other columns are left out, and a value that is blank or `NA` is not known.
"""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reporter.dates import parse_date
from reporter.errors import ContractError, SourceError
from reporter.schema import CHANGES, COUNTS, KEY, to_frame
from reporter.sources.base import PLACES, Source, finish
from reporter.sources.reading import one_line, quoted, read_csv, read_header, refuse_page, to_dates, to_numbers

_PARQUET = b"PAR1"
_UNREADABLE = (pa.ArrowException, OSError, ValueError, ContractError)
_BLANK = ("", "NA")
# Control characters, which no page may hold, and marks of writing direction.
_INVISIBLE = "[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_LARGEST = 1e12


def parse(raw: bytes) -> pd.DataFrame:
    """Read counts; of a change log the newest values, where NaN is a count that was withdrawn.

    Raises:
        SourceError: the bytes are no such file.
    """
    frame = _checked(_read(raw))
    if "as_of" in frame.columns:
        frame = _check_log(frame).drop_duplicates(KEY, keep="last")
    return finish("file", frame)


def changes(raw: bytes) -> pd.DataFrame | None:
    """Read a change log (`schema.CHANGES`), oldest vintage first.

    Returns:
        None if it is a long table, without `as_of`; its rows are not read.

    Raises:
        SourceError: the bytes are neither.
    """
    if "as_of" not in _header(raw):
        return None
    log = _check_log(_checked(_read(raw)))
    finish("file", log.drop_duplicates(KEY, keep="last"))
    return log


def places() -> pd.DataFrame:
    """List no place: each goes by its location."""
    return pd.DataFrame({"location": [], "name": [], "population": []}, columns=PLACES).astype(
        {"location": "str", "name": "str", "population": "float64"}
    )


def _header(raw: bytes) -> list[str]:
    refuse_page("file", raw)
    if not raw.startswith(_PARQUET):
        return read_header("file", raw, COUNTS.names)
    try:
        return list(pq.read_schema(pa.BufferReader(raw)).names)
    except _UNREADABLE as error:
        raise SourceError(f"file: {one_line(str(error))}") from None


def _read(raw: bytes) -> pd.DataFrame:
    refuse_page("file", raw)
    return _read_parquet(raw) if raw.startswith(_PARQUET) else _read_csv(raw)


def _read_parquet(raw: bytes) -> pd.DataFrame:
    try:
        table = pq.read_table(pa.BufferReader(raw))
        table.validate(full=True)  # a text that is not UTF-8 would fail much later
        return to_frame(table, CHANGES if "as_of" in table.column_names else COUNTS)
    except _UNREADABLE as error:
        raise SourceError(f"file: {one_line(str(error))}") from None


def _read_csv(raw: bytes) -> pd.DataFrame:
    header, rows = read_csv("file", raw, COUNTS.names)
    text = {column: [row[place] for row in rows] for place, column in enumerate(header)}
    columns: dict[str, pd.Series] = {}
    for column in CHANGES.names:
        if column not in text:
            continue
        if column in {"as_of", "target_end_date"}:
            columns[column] = to_dates("file", text[column], parse_date)
        elif column == "observation":
            columns[column] = to_numbers("file", text[column], blank=_BLANK, signed=True)
        else:
            columns[column] = pd.Series(text[column], dtype="str")
    return pd.DataFrame(columns)


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    """Names without blanks around them, control characters or marks of direction; values that can be counts."""
    for column in ("target", "location"):
        names = frame[column].str.replace(_INVISIBLE, "", regex=True).str.strip()
        if names.isna().any() or (names == "").any():
            raise SourceError(f"file: a row without a {column}")
        frame = frame.assign(**{column: names})
    values = frame["observation"]
    finite = values[values.abs() < float("inf")]
    odd = frame.loc[finite.index[(finite.abs() > _LARGEST) | (finite != finite.round())]]
    if not odd.empty:
        value, place = odd["observation"].iloc[0], quoted(odd["location"].iloc[0])
        raise SourceError(f"file: {value:g} for {place} is not a whole count up to 10^12")
    return frame


def _check_log(frame: pd.DataFrame) -> pd.DataFrame:
    if frame["as_of"].isna().any():
        raise SourceError("file: a change without as_of")
    log: pd.DataFrame = frame[CHANGES.names].sort_values(["as_of", *KEY], ignore_index=True)
    twice = log.duplicated(["as_of", *KEY])
    if twice.any():
        first = log[twice].iloc[0]
        key = f"{quoted(first['target'])}, {quoted(first['location'])}, {first['target_end_date']:%Y-%m-%d}"
        raise SourceError(f"file: two values as of {first['as_of']:%Y-%m-%d} for {key}")
    return log


SOURCE = Source(
    name="file",
    title="A file of your own",
    targets=(),
    cadence=None,
    settle=0,
    url=None,
    licence="",
    licence_url=None,
    attribution="",
    parse=parse,
    places=places,
    changes=changes,
)
