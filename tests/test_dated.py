"""Months that are over become one file: the same numbers, the same bytes whatever happened on the way."""

import json
import random
import shutil
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from reporter import audit
from reporter.dated import DatedTables
from reporter.dates import is_over, kept_under
from reporter.errors import RecordError
from reporter.ledger import Ledger
from reporter.receipts import Receipts
from reporter.schema import CHANGES, LEVELS, columns
from reporter.vintages import Vintages

FIRST = date(2026, 1, 16)
DAYS = [FIRST + timedelta(days=5 * n) for n in range(13)]  # to 17 March: January is over, February is not


def change_log(days):
    """A count a day, and a revision of the one before."""
    rows = []
    for n, day in enumerate(days):
        for back in (0, 1):
            end = pd.Timestamp(day - timedelta(days=back)).as_unit("s")
            rows.append((pd.Timestamp(day).as_unit("s"), "inc covid cases", "DE", end, 100.0 + n - back))
    return pd.DataFrame(rows, columns=columns(CHANGES))


def forecasts(reference, seed):
    day = pd.Timestamp(reference).as_unit("s")
    return pd.DataFrame(
        {
            "reference_date": day,
            "target": "inc covid cases",
            "horizon": np.int32(1),
            "location": "DE",
            "target_end_date": day + pd.Timedelta(days=1),
            "output_type": "quantile",
            "output_type_id": LEVELS,
            "value": np.sort(np.random.default_rng(seed).lognormal(5, 1, len(LEVELS)).round()),
        }
    )


def estimates(reference):
    day = pd.Timestamp(reference).as_unit("s")
    told = {"model_id": "odd", "target": "inc covid cases", "location": "DE", "family": "", "quantity": "turn"}
    levels = dict.fromkeys(["q025", "q25", "q75", "q975"], np.nan)
    return pd.DataFrame([{"reference_date": day, **told, "estimate": float(reference.day), **levels}])


def append(folder, days):
    """Put dates on record as the daily job does."""
    ledger, vintages = Ledger(folder), Vintages(folder / "vintages")
    for day in days:
        models = {"baseline": forecasts(day, 1), "odd": forecasts(day, 2)}
        if day.day % 2:
            del models["odd"]
        entries = {model: {"status": "ok"} for model in ("baseline", "odd")}
        vintage = {"as_of": str(day), "sha256": vintages.hashes[day]}
        beside = {"estimates": estimates(day) if day.day % 2 == 0 else None}
        ledger.append(day, models, {"reference_date": str(day), "vintage": vintage, "models": entries}, beside)
    return ledger


def compact(folder):
    Ledger(folder).compact()
    Vintages(folder / "vintages").compact()


@pytest.fixture
def loose(tmp_path):
    """A record whose files were never merged."""
    folder = tmp_path / "loose"
    counts = change_log(DAYS)
    for day in DAYS:
        known = counts[counts["as_of"] == pd.Timestamp(day)].drop(columns="as_of")
        Vintages(folder / "vintages").add(day, known)
    append(folder, DAYS)
    return folder


def test_a_month_is_over_35_days_after_its_end():
    assert [is_over("2026-01", date(2026, 3, day)) for day in (7, 8)] == [False, True]
    assert [is_over("2025-12", date(2026, 2, day)) for day in (4, 5)] == [False, True]
    assert kept_under(date(2026, 1, 31), date(2026, 3, 8)) == "2026-01"
    assert kept_under(date(2026, 2, 1), date(2026, 3, 8)) == "2026-02-01"


def test_merging_keeps_every_number_and_every_receipt(loose, tree):
    before, receipts = tree(loose), Ledger(loose).receipts()
    numbers, log, hashes = (
        Ledger(loose).forecasts(),
        Vintages(loose / "vintages").changes,
        Vintages(loose / "vintages").hashes,
    )
    compact(loose)
    after = tree(loose)
    assert len(after) < len(before)
    merged = {"model-output/baseline/2026-01-baseline.parquet", "model-output/odd/2026-01-odd.parquet"}
    merged |= {f"{name}/2026-01.parquet" for name in ("estimates", "vintages")} | {"receipts/2026-01.jsonl"}
    assert set(after) - set(before) == merged
    assert {name[:7] for name in map(date_of, set(before) - set(after))} == {"2026-01"}
    pd.testing.assert_frame_equal(Ledger(loose).forecasts(), numbers)
    pd.testing.assert_frame_equal(Vintages(loose / "vintages").changes, log)
    assert Vintages(loose / "vintages").hashes == hashes
    assert Ledger(loose).receipts() == receipts
    said = Ledger(loose).told("estimates", until=date(2026, 2, 20))
    assert said["estimate"].tolist() == [day.day for day in DAYS if day.day % 2 == 0 and day <= date(2026, 2, 20)]
    lines = [before[name] for name in sorted(before) if name.startswith("receipts/2026-01")]
    assert after["receipts/2026-01.jsonl"] == b"".join(lines)
    audit.check_record(loose)


def date_of(name):
    return name.rsplit("/", 1)[1][:10]


def test_any_order_of_runs_gives_the_same_bytes(loose, tmp_path, tree):
    compact(loose)
    daily, seeded = tmp_path / "daily", tmp_path / "seeded"
    counts = change_log(DAYS)
    for day in DAYS:
        known = counts[counts["as_of"] == pd.Timestamp(day)].drop(columns="as_of")
        Vintages(daily / "vintages").add(day, known)
        append(daily, [day])
        if day.day % 3:
            compact(daily)
    compact(daily)
    Vintages(seeded / "vintages").seed(counts)
    append(seeded, DAYS)
    names = set(tree(seeded))
    assert "vintages/2026-01.parquet" in names
    assert "vintages/2026-01-16.parquet" not in names, "seeded straight into its month"
    compact(seeded)
    assert tree(daily) == tree(loose) == tree(seeded)
    compact(loose)
    assert tree(daily) == tree(loose)


def test_vintages_that_are_copied_up_to_a_day_say_the_same(loose, tmp_path):
    source = Vintages(loose / "vintages")
    source.copy(tmp_path / "copy", DAYS[9])
    assert Vintages(tmp_path / "copy").hashes == {day: source.hashes[day] for day in DAYS[:10]}


KILLS = """
import json, os, signal, sys
from pathlib import Path
from reporter.ledger import Ledger
from reporter.vintages import Vintages

def compact(folder):
    Ledger(folder).compact()
    Vintages(folder / "vintages").compact()

def fuse(left):
    def count(event, arguments):
        nonlocal left
        writes = event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
        if event in ("os.rename", "os.remove") or writes:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)

ends = []
for number, folder in enumerate(map(Path, sys.argv[1:]), 1):
    child = os.fork()
    if child == 0:
        fuse(number)
        compact(folder)
        os._exit(0)
    ends.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(ends))
"""


def test_a_kill_between_any_two_steps_counts_nothing_twice_and_is_completed(loose, tmp_path, tree):
    """The process kills itself before its n-th write, rename or removal, for every n until it lives."""
    copies = [tmp_path / f"killed-{n}" for n in range(1, 46)]
    for copy in copies:
        shutil.copytree(loose, copy)
    numbers, log = Ledger(loose).forecasts(), Vintages(loose / "vintages").changes
    compact(loose)
    done = subprocess.run([sys.executable, "-c", KILLS, *copies], capture_output=True, text=True, check=True)
    ends = json.loads(done.stdout)
    killed = ends.index(0)
    assert killed > 20
    assert set(ends[:killed]) == {-9}
    assert set(ends[killed:]) == {0}
    for copy in copies[: killed + 1]:
        pd.testing.assert_frame_equal(Ledger(copy).forecasts(), numbers)
        pd.testing.assert_frame_equal(Vintages(copy / "vintages").changes, log)
        audit.check_record(copy)
        compact(copy)
        assert {name: data for name, data in tree(copy).items() if "~" not in name} == tree(loose)


def test_what_differs_is_not_merged(loose, tree):
    compact(loose)
    table = DatedTables(loose / "model-output" / "odd", "-odd.parquet", "reference_date")
    day = DAYS[0]
    part = table.get(day)
    changed = part.set_column(7, "value", [[value + 1 for value in part["value"].to_pylist()]])
    table.write(day, changed)
    before = tree(loose)
    with pytest.raises(RecordError, match=r"2026-01-16-odd\.parquet differ: one was altered"):
        compact(loose)
    with pytest.raises(RecordError, match=r"2026-01-16-odd\.parquet was altered"):
        audit.check_record(loose)
    assert tree(loose) == before


def test_an_altered_file_is_not_merged(loose, tree):
    path = loose / "model-output" / "baseline" / "2026-01-21-baseline.parquet"
    data = bytearray(path.read_bytes())
    data[random.Random(1).randrange(len(data))] ^= 1  # noqa: S311 - any byte will do
    path.write_bytes(data)
    before = tree(loose)
    with pytest.raises(RecordError, match=r"2026-01-21-baseline\.parquet was altered"):
        compact(loose)
    after = tree(loose)
    assert {name: data for name, data in after.items() if "baseline" in name} == {
        name: data for name, data in before.items() if "baseline" in name
    }


def test_files_without_a_receipt_are_not_merged(loose):
    stray = loose / "model-output" / "baseline" / "2026-01-17-baseline.parquet"
    stray.write_bytes(b"what a killed run left")
    compact(loose)
    assert stray.exists()
    assert len(Ledger(loose).forecasts()["reference_date"].unique()) == len(DAYS)


def test_a_killed_runs_file_of_a_model_that_is_gone_goes_with_the_next_append(loose):
    day = DAYS[-1] + timedelta(days=1)
    stray = loose / "model-output" / "odd" / f"{day}-odd.parquet"
    stray.write_bytes(b"what a killed run left")
    models = {"baseline": forecasts(day, 1)}
    Ledger(loose).append(day, models, {"reference_date": str(day), "models": {"baseline": {"status": "ok"}}})
    assert not stray.exists()


def test_names_that_are_no_dates_are_none(tmp_path):
    (tmp_path / "receipts").mkdir()
    for name in ("2026-02-31.json", "2026-13.jsonl", "notes.json", "2026-01-1.json"):
        (tmp_path / "receipts" / name).write_text("{}")
    assert Receipts(tmp_path / "receipts").all() == []


def test_other_kinds_with_a_table_a_date_are_merged_too(loose):
    tables = DatedTables(loose / "changes", ".parquet", "reference_date")
    source = DatedTables(loose / "model-output" / "baseline", "-baseline.parquet", "reference_date")
    for day in DAYS:
        tables.create(day, source.get(day))
    compact(loose)
    again = DatedTables(loose / "changes", ".parquet", "reference_date")
    assert again.months == ["2026-01"]
    assert [day for day, _ in again.items()] == DAYS
