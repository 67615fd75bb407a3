"""Attacks on the record: whatever is altered, `reporter check` names the first file."""

import itertools
import os
import re
import shutil
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hubdata import connect_hub

from reporter import audit, config, files, pipeline, seal
from reporter.errors import RecordError
from reporter.ledger import Ledger
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
DAYS = ["2020-03-18", "2020-03-19", "2020-03-20", "2020-05-06", "2020-05-10"]
MODELS = "model-output/baseline"
FILES = [
    "receipts/2020-03.jsonl", "vintages/2020-03.parquet", f"{MODELS}/2020-03-baseline.parquet",
    "receipts/2020-05-05.json", "vintages/2020-05-06.parquet", f"{MODELS}/2020-05-05-baseline.parquet",
    "receipts/2020-05-09.json", "vintages/2020-05-10.parquet", f"{MODELS}/2020-05-09-baseline.parquet",
]  # fmt: skip
"""The record of the fixture, in the order of reference dates: one month merged, two days not."""


@pytest.fixture(scope="session")
def site(tmp_path_factory, session_feed):
    """A site of five dates: March's files are merged, May's are not."""
    folder = tmp_path_factory.mktemp("audit")
    log = archive_changes(REGISTRY["jhu"])
    days = pd.to_datetime(DAYS)
    log = log[(log["as_of"] <= days[-1]) & log["location"].isin(["US", "Italy", "Sweden"])]
    log = log[log["target"] == "cum confirmed cases"]
    seen = days[days.searchsorted(log["as_of"])].as_unit("s")  # as if looked at on these days only
    changes = log.assign(as_of=seen).drop_duplicates(["as_of", "target", "location", "target_end_date"], keep="last")
    changes.to_parquet(folder / "log.parquet")
    chosen = session_feed(folder / "log.parquet", start=DAYS[0], end=None, models=["baseline"])
    outcome = pipeline.build(config.parse({"feeds": [chosen]}), folder / "site", NOW, offline=True)
    assert outcome.failed == []
    return folder / "site"


@pytest.fixture(scope="session")
def whole(site):
    return site / "data" / "april"


@pytest.fixture
def record(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "april")
    return tmp_path / "april"


def found(record):
    """What the audit says is wrong."""
    with pytest.raises(RecordError) as error:
        audit.check_record(record)
    return str(error.value)


def altered(table, column, position=0):
    """A table with another number in it."""
    values = table[column].to_pylist()
    values[position] += 1
    return table.set_column(table.schema.get_field_index(column), column, pa.array(values, table[column].type))


def test_a_whole_record_passes(whole):
    kept = {str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file()}
    assert set(FILES) <= kept
    assert audit.check_record(whole) == "5 forecast dates, 2415 quantiles, all as they were written"


def test_one_flipped_bit_anywhere_names_its_file(record):
    derived = [path.relative_to(record) for pattern in audit.DERIVED for path in record.glob(pattern)]
    assert {"series.json", "target-data/time-series.parquet"} <= set(map(str, derived))
    names = [*FILES, "changes/2020-05-09.parquet", *derived]
    for name in names:
        path = record / name
        data = path.read_bytes()
        step = max(len(data) // 40, 1)
        for at in {*range(0, len(data), step), *range(min(8, len(data))), *range(len(data) - 8, len(data))}:
            flipped = bytearray(data)
            flipped[at] ^= 1 << (at % 8)
            path.write_bytes(flipped)
            assert f"{path} was altered" in found(record), at
        path.write_bytes(data)
    audit.check_record(record)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_cut_or_grew_is_named(record, name):
    path = record / name
    data = path.read_bytes()
    for other in (b"", data[:-1], data[: len(data) // 2], data + b"\n", data + data):
        path.write_bytes(other)
        assert f"{path} was altered" in found(record)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("vintages/2020-03.parquet", "vintages/2020-03-18.parquet is on record but gone"),
        ("vintages/2020-05-06.parquet", "vintages/2020-05-06.parquet is on record but gone"),
        ("receipts/2020-03.jsonl", "2020-05-05.json or the receipt before it was altered or is gone"),
        ("receipts/2020-05-05.json", "2020-05-09.json or the receipt before it was altered or is gone"),
        ("receipts/2020-05-09.json", "2020-05-09-baseline.parquet is not on record"),
        (f"{MODELS}/2020-03-baseline.parquet", "is on record but gone"),
        (f"{MODELS}/2020-05-09-baseline.parquet", "2020-05-09-baseline.parquet is on record but gone"),
    ],
)
def test_a_file_that_is_gone_is_missed(record, name, line):
    (record / name).unlink()
    assert line in found(record)


def test_a_vintage_that_no_receipt_is_for_yet_is_held_against_its_seal(record):
    path = record / "vintages" / "2020-05-20.parquet"
    table = files.read_parquet(record / "vintages" / "2020-05-10.parquet")
    days = pa.array([date(2020, 5, 20)] * len(table), pa.date32())
    path.write_bytes(files.parquet_bytes(table.set_column(0, "as_of", days)))
    audit.check_record(record)
    data = bytearray(path.read_bytes())
    data[100] ^= 4
    path.write_bytes(data)
    assert f"{path} was altered" in found(record)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vintages/2020-05-06.parquet", "vintages/2020-05-10.parquet"),
        ("receipts/2020-05-05.json", "receipts/2020-05-09.json"),
        (f"{MODELS}/2020-05-05-baseline.parquet", f"{MODELS}/2020-05-09-baseline.parquet"),
    ],
)
def test_swapped_files_are_named(record, one, other):
    first, second = (record / name for name in (one, other))
    a, b = first.read_bytes(), second.read_bytes()
    first.write_bytes(b)
    second.write_bytes(a)
    assert f"{first} was altered" in found(record)


def test_forecasts_that_no_receipt_is_for_are_named(record):
    source = record / MODELS / "2020-05-09-baseline.parquet"
    for name in (f"{MODELS}/2020-05-07-baseline.parquet", f"{MODELS}/more.parquet", "model-output/new/2020-05-05.csv"):
        path = record / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(source, path)
        assert f"{path} is not on record" in found(record)
        path.unlink()
    audit.check_record(record)


@pytest.mark.parametrize(
    "name",
    [
        "model-output/2020-05-05-baseline.parquet", "model-output/baseline/deep/2020-05-05-baseline.CSV",
        "changes/more.arrow", "receipts/copy.json", "receipts/2020-05-05 (1).json", "vintages/more.parquet",
        "scores.parquet/2020-05.csv", "scores.parquet/2020-04.parquet", "target-data/time-series.csv",
        "target-data/more.csv.gz", "more.parquet",
    ],
)  # fmt: skip
def test_data_put_anywhere_in_the_record_is_named(record, name):
    path = record / name
    path.parent.mkdir(exist_ok=True)
    shutil.copy(record / "scores.parquet" / "2020-05.parquet", path)
    assert f"{path} is not on record" in found(record)


def test_what_no_reader_takes_for_data_is_left_alone(record):
    for name in ("", "model-output", MODELS, "receipts", "vintages", "scores.parquet", "target-data"):
        for file in (".DS_Store", ".hidden.csv", "README.md"):
            (record / name / file).write_text("notes")
    (record / "hub-config" / "more.json").write_text("{}")
    audit.check_record(record)


def test_a_date_added_to_a_month_of_one_date_is_found(site, record, tmp_path, session_feed):
    shorter = session_feed(site.parent / "log.parquet", start=DAYS[2], end=None, models=["baseline"])
    pipeline.build(config.parse({"feeds": [shorter]}), tmp_path / "site", NOW, offline=True)
    alone = tmp_path / "site" / "data" / "april"
    assert audit.check_record(alone).startswith("3 forecast dates")
    shutil.copy(record / MODELS / "2020-03-baseline.parquet", alone / MODELS)
    path = alone / MODELS / "2020-03-baseline.parquet"
    assert found(alone) == f"{path} was altered: of its 3 dates 1 are on record"


def test_a_vintage_put_into_the_past_is_found(record):
    table = files.read_parquet(record / "vintages" / "2020-05-06.parquet")
    days = pa.array([date(2020, 4, 20)] * len(table), pa.date32())
    extra = record / "vintages" / "2020-04-20.parquet"
    extra.write_bytes(files.parquet_bytes(table.set_column(0, "as_of", days)))
    line = found(record)
    assert f"a vintage from {extra} to " in line
    assert "after the vintage of 2020-03-20: 2020-05-05 was forecast from others" in line


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".parquet")])
def test_another_number_under_a_new_seal_is_found(record, name):
    path = record / name
    table = files.read_parquet(path)
    path.write_bytes(files.parquet_bytes(altered(table, table.column_names[-1], len(table) // 2)))
    line = found(record)
    assert str(path) in line
    assert "was altered" in line


def test_the_first_by_reference_date_is_named(record):
    for later, earlier in itertools.pairwise(reversed(FILES)):
        for name in (later, earlier):
            path = record / name
            path.write_bytes(path.read_bytes()[:-1])
        assert f"{record / earlier} was altered" in found(record)


def test_other_bytes_that_say_the_same_pass(record):
    """As a newer version of the parquet library may write them."""
    for name in FILES:
        if name.endswith(".parquet"):
            table = files.read_parquet(record / name)
            with pq.ParquetWriter(record / name, table.schema, compression="gzip") as writer:
                writer.write_table(table)
                writer.add_key_value_metadata({"seal": seal.BLANK})
            (record / name).write_bytes(seal.sealed((record / name).read_bytes()))
    audit.check_record(record)


def test_a_merged_date_is_not_forecast_again(record, tree):
    before = tree(record)
    ledger = Ledger(record)
    table = files.read_parquet(record / MODELS / "2020-05-09-baseline.parquet").to_pandas()
    for day in (date(2020, 3, 17), date(2020, 3, 19), date(2020, 5, 9)):
        with pytest.raises(RecordError, match="the ledger holds 2020-05-09"):
            ledger.append(day, {"baseline": table}, ledger.receipts()[0])
    assert tree(record) == before


def test_a_merged_hub_opens_with_hubdata(record):
    rows = connect_hub(record).get_dataset().to_table()
    mine = Ledger(record).forecasts()
    assert len(rows) == len(mine) == 2415
    assert set(map(str, rows["reference_date"].to_pylist())) == set(mine["reference_date"].dt.strftime("%Y-%m-%d"))


def test_recent_forecasts_are_read_without_the_old_files(record):
    ledger = Ledger(record)
    everything = ledger.forecasts()
    (record / MODELS / "2020-03-baseline.parquet").write_bytes(os.urandom(100))
    recent = Ledger(record).forecasts(since=date(2020, 5, 5))
    expected = everything[everything["reference_date"] >= pd.Timestamp("2020-05-05")].reset_index(drop=True)
    pd.testing.assert_frame_equal(recent, expected)
    pd.testing.assert_frame_equal(ledger.forecasts(since=date(2020, 5, 5)), expected)
    assert re.search("2020-03-baseline.parquet was altered", found(record))


def test_posts_link_to_where_their_files_are(site):
    for post in (site / "april").glob("2020-*/index.html"):
        links = re.findall(r'href="?[./]*(data/[^">]+)', post.read_text(encoding="utf-8"))
        assert len(links) >= 2
        assert all((site / link).is_file() for link in links), post
    march = (site / "april" / "2020-03-18" / "index.html").read_text(encoding="utf-8")
    assert "every quantile of 2020-03 (Parquet)" in march
