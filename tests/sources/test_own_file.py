"""A publisher's own file: change logs and long tables, as CSV and parquet."""

import io
import re
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reporter.errors import SourceError
from reporter.schema import CHANGES, COUNTS, to_table
from reporter.sources import file
from reporter.sources.base import bundled

LOG = b"""\
as_of,target,location,target_end_date,observation,note
2026-01-12,inc x,NA,2026-01-10,7,revised
2026-01-05,inc x,NA,2026-01-03,5,first
2026-01-12,inc x,NA,2026-01-03,6,
2026-01-12,inc x,01,2026-01-03,-1,a correction
2026-01-19,inc x,NA,2026-01-10,NA,withdrawn
"""
TABLE = b"target,location,target_end_date,observation\ninc x,01,2026-01-03,5\n"


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def log_of(raw: bytes) -> pd.DataFrame:
    log = file.changes(raw)
    assert log is not None
    return log


def test_changes_are_read_oldest_vintage_first() -> None:
    log = log_of(LOG)
    assert list(log.columns) == CHANGES.names
    assert log["as_of"].dt.strftime("%d").to_list() == ["05", "12", "12", "12", "19"]
    assert log["location"].to_list() == ["NA", "01", "NA", "NA", "NA"]
    assert log["observation"].fillna(99).to_list() == [5, -1, 6, 7, 99]


def test_parse_of_a_change_log_gives_the_newest_values() -> None:
    counts = file.parse(LOG)
    assert list(counts.columns) == COUNTS.names
    assert counts["location"].to_list() == ["01", "NA", "NA"]
    assert counts["observation"].fillna(99).to_list() == [-1, 6, 99]


def test_parquet_reads_as_csv_does() -> None:
    raw = parquet(to_table(log_of(LOG), CHANGES))
    pd.testing.assert_frame_equal(log_of(raw), log_of(LOG))
    pd.testing.assert_frame_equal(file.parse(raw), file.parse(LOG))
    raw = parquet(to_table(file.parse(LOG), COUNTS))
    pd.testing.assert_frame_equal(file.parse(raw), file.parse(LOG))


def test_dates_of_a_parquet_file_may_be_texts() -> None:
    assert len(log_of(bundled("nhsn-vintages.parquet"))) == 55230


def test_a_long_table_is_no_change_log() -> None:
    assert file.SOURCE.changes is file.changes
    assert file.changes(TABLE) is None
    assert file.changes(parquet(to_table(file.parse(TABLE), COUNTS))) is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"as_of,target,location,observation\n", "missing columns 'target_end_date'"),
        (b"as_of,as_of,target,location,target_end_date,observation\n", "the column 'as_of' appears twice"),
        (b"PAR1 and no more", "file: "),
        (b"<html>", "web page"),
    ],
)
def test_what_is_no_change_log_for_another_reason_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        file.changes(raw)


def test_two_values_as_of_one_date_are_refused() -> None:
    with pytest.raises(SourceError, match="two values as of 2026-01-12 for 'inc x', 'NA', 2026-01-10"):
        file.parse(LOG + b"2026-01-12,inc x,NA,2026-01-10,8,\n")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"target": ["inc x"]}, "missing columns"),
        ({"target": ["x"], "location": ["01"], "target_end_date": ["soon"], "observation": [1.0]}, "not of its type"),
        ({"target": ["x"], "location": ["01"], "target_end_date": [None], "observation": [1.0]}, "without target"),
        ({"target": ["x"], "location": ["01"], "target_end_date": ["2026-01-03"], "observation": [1e999]}, "infinite"),
        (
            {
                "as_of": pa.array([None], pa.string()),
                "target": ["x"],
                "location": ["01"],
                "target_end_date": ["2026-01-03"],
                "observation": [1.0],
            },
            "a change without as_of",
        ),
    ],
)
def test_parquet_that_breaks_the_contract_is_refused(columns: dict[str, Any], reason: str) -> None:
    with pytest.raises(SourceError, match=rf"file: .*{reason}") as caught:
        file.parse(parquet(pa.table(columns)))
    assert str(caught.value).isprintable()


def test_parquet_with_damaged_text_is_refused() -> None:
    raw = parquet(to_table(file.parse(LOG), COUNTS))
    with pytest.raises(SourceError, match=r"file: .*UTF"):
        file.parse(raw.replace(b"inc x", b"inc \xff"))


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (" ", "1", "a row without a location"),
        ("A", "2.5", "2.5 for 'A' is not a whole count"),
        ("A", "1e300", "1e+300 for 'A' is not a whole count"),
    ],
)
def test_what_is_no_count_of_a_place_is_refused(place: str, value: str, reason: str) -> None:
    raw = f"target,location,target_end_date,observation\nx,{place},2026-01-03,{value}\n".encode()
    with pytest.raises(SourceError, match=re.escape(reason)):
        file.parse(raw)


def test_names_lose_blanks_and_marks_of_direction() -> None:
    raw = "target,location,target_end_date,observation\nx, \u202eA\u202c ,2026-01-03,1\n".encode()
    assert file.parse(raw)["location"].tolist() == ["A"]
