"""The forecast hubs' target data: vintages in one file, and the layouts that came before."""

import io
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reporter.errors import SourceError
from reporter.schema import CHANGES, COUNTS, KEY
from reporter.sources import hub, nhsn
from reporter.sources.base import archive_changes

FLUSIGHT_2023 = b"""\
date,location,location_name,value,weekly_rate
2023-09-23,02,Alaska,5,0.7028137852707098
2023-09-16,02,Alaska,NA,NA
2023-09-23,01,Alabama,11,0.21722911233470346
"""
FLUSIGHT_X = b"""\
"X","date","location","location_name","value","weekly_rate"
"1",2023-09-23,"02","Alaska",5,0.7028137852707098
"2",2023-09-16,"02","Alaska",NA,NA
"3",2023-09-23,"01","Alabama",11,0.21722911233470346
"""


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """A real change log: two places' admissions with COVID-19 and flu, as the bundled archive has them."""
    changes = archive_changes(nhsn.SOURCE)
    mine = changes["location"].isin(["06", "US"]) & (changes["target_end_date"] >= "2024-11-02")
    return changes[mine & (changes["target"] != "wk inc rsv hosp")].reset_index(drop=True)


def repeated(log: pd.DataFrame) -> pd.DataFrame:
    """The whole series at every vintage, as the hubs' files have it, in no order, with proportions among them."""
    vintages = [
        log[log["as_of"] <= as_of].drop_duplicates(KEY, keep="last").assign(as_of=as_of)
        for as_of in log["as_of"].unique()
    ]
    rows = pd.concat(vintages)
    shares = rows.assign(target="wk inc covid prop ed visits", observation=0.0102).drop_duplicates(["as_of", *KEY])
    return pd.concat([rows, shares]).sample(frac=1, random_state=1)


def parquet(rows: pd.DataFrame, dates: Callable[[pd.Series], object]) -> bytes:
    columns = {name: dates(rows[name]) for name in ("as_of", "target_end_date")}
    sink = io.BytesIO()
    pq.write_table(pa.table({**{name: rows[name] for name in ("observation", "location", "target")}, **columns}), sink)
    return sink.getvalue()


FORMATS = {
    "parquet": lambda rows: parquet(rows, lambda dates: pa.array(dates.dt.date)),
    "parquet with moments": lambda rows: parquet(rows, pa.array),
    "parquet with texts": lambda rows: parquet(rows, lambda dates: dates.dt.strftime("%Y-%m-%d")),
    "parquet with dictionaries": lambda rows: parquet(
        rows.astype({"location": "category", "target": "category"}), lambda dates: pa.array(dates.dt.date)
    ),
    "CSV": lambda rows: rows.to_csv(index=False, date_format="%Y-%m-%d").encode(),
    "CSV with `date`": lambda rows: rows.rename(columns={"target_end_date": "date"}).to_csv(index=False).encode(),
}


@pytest.mark.parametrize("layout", FORMATS)
def test_repeated_vintages_become_a_change_log(log: pd.DataFrame, layout: str) -> None:
    raw = FORMATS[layout](repeated(log))
    found = hub.changes(raw)
    assert found is not None
    expected = log.sort_values(["as_of", *KEY], ignore_index=True)[CHANGES.names]
    pd.testing.assert_frame_equal(found, expected)
    newest = log.drop_duplicates(KEY, keep="last").sort_values(KEY, ignore_index=True)[COUNTS.names]
    pd.testing.assert_frame_equal(hub.parse(raw), newest)


def test_values_of_a_small_file_are_read_off_by_hand() -> None:
    raw = b"""\
target_end_date,observation,location,as_of,target
2025-06-07,21,06,2025-06-11,wk inc rsv hosp
2025-06-07,21,06,2025-06-18,wk inc rsv hosp
2025-06-14,NA,06,2025-06-18,wk inc rsv hosp
2025-06-07,22,06,2025-06-25,wk inc rsv hosp
2025-06-14,0,06,2025-06-25,wk inc rsv hosp
2025-06-14,9,66,2025-06-25,wk inc rsv hosp
"""
    found = hub.changes(raw)
    assert found is not None
    assert found["as_of"].dt.day.to_list() == [11, 18, 25, 25]
    assert found["observation"].fillna(99).to_list() == [21, 99, 22, 0]
    assert set(found["location"]) == {"06"}, "Guam is in no forecast"
    assert hub.parse(raw)["observation"].to_list() == [22, 0]


@pytest.mark.parametrize("raw", [FLUSIGHT_2023, FLUSIGHT_X], ids=["2023", "with X, quoted"])
def test_flusights_own_layout_is_flu_without_vintages(raw: bytes) -> None:
    counts = hub.parse(raw)
    assert set(counts["target"]) == {"wk inc flu hosp"}
    assert counts["location"].to_list() == ["01", "02", "02"]
    assert counts["observation"].fillna(99).to_list() == [11, 99, 5], "NA is not zero"
    assert hub.changes(raw) is None


def test_the_covid_hubs_first_layout_is_covid() -> None:
    raw = b"date,location,state,value\n2025-06-07,06,California,21\n"
    assert hub.parse(raw)["target"].to_list() == ["wk inc covid hosp"]


def test_codes_that_a_program_took_for_numbers_are_padded() -> None:
    assert hub.parse(FLUSIGHT_2023.replace(b",02,", b",2,"))["location"].to_list() == ["01", "02", "02"]
    rows = pd.DataFrame({"date": ["2025-06-07"], "location": [6], "value": [21]})
    sink = io.BytesIO()
    rows.to_parquet(sink)
    assert hub.parse(sink.getvalue())[["location", "observation"]].to_numpy().tolist() == [["06", 21.0]]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"oracle_value": [1.0]}, "missing columns 'observation'; found"),
        ({"observation": [np.inf]}, "not a number: 'inf'"),
        ({"observation": [-1.0]}, "a count below zero"),
        ({"observation": [1.0], "location": pa.array([None], pa.string())}, "a row without a location"),
        ({"observation": [1.0], "target_end_date": pa.array([None], pa.string())}, "a row without a date"),
        ({"observation": pa.array([[1.0]])}, "hub: "),
    ],
)
def test_parquet_that_is_no_target_data_is_refused(columns: dict[str, object], reason: str) -> None:
    sink = io.BytesIO()
    rows = {"target": ["wk inc flu hosp"], "location": ["06"], "target_end_date": ["2025-06-07"]}
    pq.write_table(pa.table(rows | columns), sink)
    with pytest.raises(SourceError, match=reason) as caught:
        hub.parse(sink.getvalue())
    assert str(caught.value).isprintable()


def test_a_file_cut_off_is_refused(log: pd.DataFrame) -> None:
    raw = FORMATS["parquet"](repeated(log))
    for end in (4, 100, len(raw) // 2, len(raw) - 1):
        with pytest.raises(SourceError, match="hub: "):
            hub.changes(raw[:end])


@pytest.mark.parametrize("layout", ["parquet", "CSV"])
def test_a_place_nobody_knows_is_left_out_and_named_once(
    log: pd.DataFrame, layout: str, caplog: pytest.LogCaptureFixture
) -> None:
    rows, name = repeated(log), f"NYC {layout}"
    new = FORMATS[layout](pd.concat([rows, rows[rows["location"] == "06"].assign(location=name)]))
    pd.testing.assert_frame_equal(hub.parse(new), hub.parse(FORMATS[layout](rows)))
    pd.testing.assert_frame_equal(hub.changes(new), hub.changes(FORMATS[layout](rows)))
    assert [line for line in caplog.messages if name in line] == [f"hub: the place '{name}' is not known, and left out"]
    with pytest.raises(SourceError, match=f"hub: no known place; found '{name}'"):
        hub.parse(FORMATS[layout](rows.assign(location=name)))


def test_targets_and_places_are_nhsns_so_that_one_takes_over_from_the_other() -> None:
    assert set(hub.SOURCE.targets) == set(nhsn.SOURCE.targets)
    pd.testing.assert_frame_equal(hub.SOURCE.places(), nhsn.SOURCE.places())


def test_each_target_is_one_hubs() -> None:
    for target, owner in (("covid", "covid19-forecast-hub"), ("flu", "FluSight-forecast-hub"), ("rsv", "rsv-forecast")):
        (part,) = hub.SOURCE.downloads([f"wk inc {target} hosp"])
        assert owner in part.url


@pytest.mark.parametrize("layout", ["parquet", "CSV"])
def test_the_cost_grows_with_the_rows_only(log: pd.DataFrame, layout: str) -> None:
    one = repeated(log)
    rows = pd.concat([one.assign(as_of=one["as_of"] + pd.Timedelta(days=700 * more)) for more in range(40)])
    raw = FORMATS[layout](rows)
    started = time.perf_counter()
    hub.changes(raw)
    assert time.perf_counter() - started < 20e-6 * len(rows), "alone on a machine it is 2 microseconds a row"
