"""What models of curves say of the waves, on record: written once, named by the receipt, audited and read back."""

import hashlib
import json
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hubdata import connect_hub

from reporter import audit, config, files, models, pipeline, seal
from reporter.contents import content_sha256
from reporter.errors import RecordError
from reporter.ledger import Ledger
from reporter.models.base import Estimates, Quantiles
from reporter.schema import ESTIMATES, QUANTITIES

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
load = models.load


class Curves:
    """Forecasts as the baseline does, and says of each series when it turned: as many days ago as it has a number.

    Its wave began twenty days ago.
    """

    quantities = QUANTITIES

    def forecast(self, history, horizons, seed, learn_from=None):
        said = load("baseline").forecast(history, horizons, seed, learn_from)
        turn = -np.arange(len(history.targets), dtype=np.float64)[:, None] + [0, -2, -1, 1, 2]
        values = {quantity: turn if quantity == "turn" else np.full(turn.shape, np.nan) for quantity in self.quantities}
        values |= {"began": np.tile([-20.0, *[np.nan] * 4], (len(turn), 1))}
        return Quantiles(said.values, said.refused, Estimates(("logistic",) * len(turn), values))

    def learn(self, history, horizons, seed):
        return lambda start: self.forecast(start, horizons, seed)


class Broken(Curves):
    """Forgets what it has promised."""

    quantities = ("turn",)


@pytest.fixture
def curves(monkeypatch):
    """The sigmoid is a model whose estimates are known."""
    monkeypatch.setattr(models, "load", lambda name: Curves() if name == "sigmoid" else load(name))


@pytest.fixture
def site(april, build_file_feed, curves):
    return build_file_feed(april, models=["baseline", "sigmoid"])


@pytest.fixture
def folder(site):
    return site / "data/april"


def test_every_date_has_a_file_that_its_receipt_names(folder):
    days = ["2020-04-08", "2020-04-09", "2020-04-10", "2020-04-11"]
    assert sorted(path.stem for path in (folder / "estimates").iterdir()) == days
    for day in days:
        path = folder / f"estimates/{day}.parquet"
        receipt = json.loads((folder / f"receipts/{day}.json").read_text(encoding="utf-8"))
        assert receipt["estimates"] == {"sha256": content_sha256(files.read_parquet(path))}
        rows = pd.read_parquet(path)
        assert rows.columns.tolist() == ESTIMATES.names
        assert set(rows["model_id"]) == {"sigmoid"}
        assert set(rows["reference_date"].astype(str)) == {day}
        assert len(rows) == 6 * len(QUANTITIES)
        turns = rows[rows["quantity"] == "turn"]
        assert sorted(turns["estimate"]) == [-5, -4, -3, -2, -1, 0]
        assert set(rows.loc[rows["quantity"] == "began", "estimate"]) == {-20}
        assert rows.loc[rows["quantity"].isin(["growth_rate", "final_size"]), "estimate"].isna().all()


def test_estimates_are_read_from_one_date_to_another(folder):
    ledger = Ledger(folder)
    assert len(ledger.told("estimates")) == 4 * 6 * len(QUANTITIES)
    some = ledger.told("estimates", since=date(2020, 4, 9), until=date(2020, 4, 10))
    assert set(some["reference_date"].dt.strftime("%Y-%m-%d")) == {"2020-04-09", "2020-04-10"}
    assert Ledger(folder.parent / "none").told("estimates").columns.tolist() == ESTIMATES.names


def test_the_record_passes_and_the_hub_opens(folder):
    assert audit.check_record(folder).startswith("4 forecast dates")
    assert connect_hub(folder).get_dataset().to_table().num_rows == len(Ledger(folder).forecasts())


def test_a_flipped_byte_another_number_and_a_file_that_is_gone_are_found(folder):
    path = folder / "estimates/2020-04-10.parquet"
    whole = path.read_bytes()
    for position in range(0, len(whole), 97):
        data = bytearray(whole)
        data[position] ^= 1
        path.write_bytes(data)
        with pytest.raises(RecordError, match=r"estimates/2020-04-10\.parquet was altered"):
            audit.check_record(folder)
    other = pq.read_table(folder / "estimates/2020-04-11.parquet")
    day = other.schema.get_field_index("reference_date")
    other = other.set_column(day, "reference_date", pq.read_table(folder / "estimates/2020-04-09.parquet")[0])
    path.write_bytes(files.parquet_bytes(other))
    with pytest.raises(RecordError, match=r"estimates/2020-04-10\.parquet was altered"):
        audit.check_record(folder)
    path.unlink()
    with pytest.raises(RecordError, match=r"estimates/2020-04-10\.parquet is on record but gone"):
        audit.check_record(folder)


def test_estimates_that_no_receipt_names_are_found(folder):
    stray = folder / "estimates/2020-04-07.parquet"
    stray.write_bytes((folder / "estimates/2020-04-08.parquet").read_bytes())
    with pytest.raises(RecordError, match=r"estimates/2020-04-07\.parquet is not on record"):
        audit.check_record(folder)


def test_a_record_of_before_goes_on(april, build_file_feed, curves, tree):
    """Its receipts know no estimates: they are never added, and its next date has them."""
    site = build_file_feed(april, end="2020-04-10", models=["baseline"])
    folder = site / "data/april"
    older, previous = {}, None
    for path in sorted((folder / "receipts").iterdir()):
        receipt = json.loads(path.read_bytes())
        assert receipt.pop("estimates") is None
        blank = {**receipt, "previous_sha256": previous, "seal": seal.BLANK}
        line = seal.sealed(json.dumps(blank, sort_keys=True, ensure_ascii=False).encode() + b"\n")
        path.write_bytes(line)
        previous = hashlib.sha256(line).hexdigest()
        older[path.name] = line
    assert audit.check_record(folder).startswith("2 forecast dates")
    assert not (folder / "estimates").exists()
    build_file_feed(april, models=["baseline", "sigmoid"])
    assert audit.check_record(folder).startswith("4 forecast dates")
    assert {name: tree(folder)[f"receipts/{name}"] for name in older} == older
    assert sorted(path.stem for path in (folder / "estimates").iterdir()) == ["2020-04-10", "2020-04-11"]


def test_pages_of_one_run_are_those_of_several(april, tmp_path, feed, curves, tree):
    april.to_parquet(tmp_path / "april.parquet")
    settings = config.parse({"feeds": [feed(tmp_path / "april.parquet", models=["baseline", "sigmoid"])]})
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    pipeline.build(settings, whole, NOW, offline=True)
    for day in (10, 11):
        pipeline.build(settings, parts, NOW, as_of=date(2020, 4, day))
    pipeline.build(settings, parts, NOW, offline=True)
    pages = {path: data for path, data in tree(whole).items() if path.startswith("april/")}
    assert b"The turn " in pages["april/italy/index.html"]
    assert b"In 4 forecasts of this wave since 8 April" in pages["april/italy/index.html"]
    assert {path: tree(parts)[path] for path in pages} == pages
    assert pipeline.build(settings, parts, NOW, offline=True).changed == 0


def test_what_a_killed_run_left_is_removed(april, build_file_feed):
    site = build_file_feed(april, end="2020-04-10", models=["baseline"])
    left = site / "data/april/estimates/2020-04-10.parquet"
    left.parent.mkdir()
    left.write_bytes(b"what a killed run left")
    later = left.with_stem("2020-06-01")
    later.write_bytes(b"what a killed run left")
    build_file_feed(april, models=["baseline"])
    assert not left.exists()
    assert not later.exists()
    audit.check_record(site / "data/april")


def test_a_model_that_breaks_its_word_fails_and_the_others_go_on(april, tmp_path, feed, monkeypatch):
    april.to_parquet(tmp_path / "april.parquet")
    settings = feed(tmp_path / "april.parquet", start="2020-04-12", models=["baseline", "sigmoid"])
    monkeypatch.setattr(models, "load", lambda name: Broken() if name == "sigmoid" else load(name))
    outcome = pipeline.build(config.parse({"feeds": [settings]}), tmp_path / "site", NOW, offline=True)
    assert outcome.exit_code == 3
    assert any("sigmoid failed for 2020-04-11: gave estimates of" in line for line in outcome.failed)
    folder = tmp_path / "site/data/april"
    assert not (folder / "estimates").exists()
    assert (folder / "model-output/baseline/2020-04-11-baseline.parquet").exists()
    audit.check_record(folder)
