import hashlib
import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from reporter.contents import content_sha256
from reporter.errors import ContractError, RecordError
from reporter.ledger import Ledger
from reporter.schema import FORECASTS, LEVELS, to_table


def rows(reference, value=10.0):
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
            "value": value + np.arange(len(LEVELS)),
        }
    )


def receipt(reference, *models):
    return {"reference_date": reference, "models": {model: {"status": "ok"} for model in models}}


def append(ledger, reference, value=10.0):
    ledger.append(date.fromisoformat(reference), {"baseline": rows(reference, value)}, receipt(reference, "baseline"))


def snapshot(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_appended_is_read_back(tmp_path):
    ledger = Ledger(tmp_path)
    append(ledger, "2026-01-02")
    read = ledger.forecasts()
    assert set(read["model_id"]) == {"baseline"}
    pd.testing.assert_frame_equal(read.drop(columns="model_id"), rows("2026-01-02"), check_dtype=False)


def test_a_date_on_record_is_refused_and_nothing_is_written(tmp_path):
    ledger = Ledger(tmp_path)
    append(ledger, "2026-01-02")
    before = snapshot(tmp_path)
    for reference in ("2026-01-02", "2026-01-01"):
        with pytest.raises(RecordError, match="the ledger holds 2026-01-02"):
            append(ledger, reference, value=11.0)
    assert snapshot(tmp_path) == before


def test_receipts_form_a_chain_and_name_every_file(tmp_path):
    ledger = Ledger(tmp_path)
    append(ledger, "2026-01-02")
    append(ledger, "2026-01-03")
    first, second = (tmp_path / "receipts" / f"2026-01-0{d}.json" for d in (2, 3))
    assert json.loads(first.read_text())["previous_sha256"] is None
    assert json.loads(second.read_text())["previous_sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    said = json.loads(second.read_text())["models"]["baseline"]["sha256"]
    assert said == content_sha256(to_table(rows("2026-01-03"), FORECASTS))


def test_files_without_a_receipt_are_no_record(tmp_path):
    stray = tmp_path / "model-output" / "baseline" / "2026-01-02-baseline.parquet"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"what a killed run left")
    ledger = Ledger(tmp_path)
    assert ledger.forecasts().empty
    append(ledger, "2026-01-02")
    assert len(ledger.forecasts()) == len(LEVELS)


def test_rows_that_lack_a_column_are_refused(tmp_path):
    ledger = Ledger(tmp_path)
    short = rows("2026-01-02").drop(columns="value")
    with pytest.raises(ContractError, match=r"missing columns \['value'\]"):
        ledger.append(date(2026, 1, 2), {"baseline": short}, receipt("2026-01-02", "baseline"))
    assert snapshot(tmp_path) == {}


def test_a_file_that_was_altered_is_not_read(tmp_path):
    ledger = Ledger(tmp_path)
    append(ledger, "2026-01-02")
    file = tmp_path / "model-output" / "baseline" / "2026-01-02-baseline.parquet"
    data = bytearray(file.read_bytes())
    data[40] ^= 1
    file.write_bytes(data)
    with pytest.raises(RecordError, match=r"2026-01-02-baseline\.parquet was altered"):
        ledger.forecasts()
    file.unlink()
    with pytest.raises(RecordError, match="is on record but gone"):
        ledger.forecasts()


def test_only_what_a_killed_run_left_is_cleared(tmp_path):
    """Files later than the newest receipt; of all ages where there is no receipt yet."""
    left = [tmp_path / name for name in (
        "model-output/baseline/2026-01-01-baseline.parquet", "changes/2026-01-01.parquet",
        "estimates/2026-01-01.parquet", "model-output/other/2026-01-03-other.parquet",
    )]  # fmt: skip
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"what a killed run left")
    notes = tmp_path / "model-output" / "notes.parquet"
    notes.write_bytes(b"not ours")
    Ledger(tmp_path).clear()
    assert list(snapshot(tmp_path)) == [notes]
    ledger = Ledger(tmp_path)
    append(ledger, "2026-01-02")
    before = snapshot(tmp_path)
    for path in left:
        path.write_bytes(b"what a killed run left")
    ledger.clear()
    assert snapshot(tmp_path) == before | dict.fromkeys(left[:3], b"what a killed run left"), "older ones are evidence"
    assert not ledger.forecasts().empty
