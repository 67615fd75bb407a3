"""How networks learnt, on record: held to its contract, written once, named by the receipt, audited and merged."""

import hashlib
import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from reporter import audit, files, models, seal, told
from reporter.contents import content_sha256
from reporter.dates import Cadence
from reporter.errors import ModelError, RecordError
from reporter.ledger import Ledger
from reporter.models.base import History, Quantiles
from reporter.models.lesson import Lesson
from reporter.schema import LESSONS

load = models.load
LESSON = Lesson(
    np.array([0, 10, 20]),
    np.array([0.3, 0.21, 0.2]),
    np.array([0.3, 0.25, 0.24]),
    ("the newest value", "time of the year"),
    np.array([0.5, -0.01]),
)
HISTORY = History(
    Cadence.DAY, np.array(["2026-01-03"], dtype="datetime64[D]"), ("a", "a"), ("x", "y"), np.ones((2, 1)), np.ones(2)
)


def rows(lesson, kept=(0, 1)):
    return told.rows(Quantiles(np.ones((2, 1, 23)), lesson=lesson), HISTORY, list(kept))


def test_a_lesson_is_a_row_for_each_round_and_each_input():
    frame = rows(LESSON)["lessons"]
    assert frame.assign(model_id="rnn")[LESSONS.names].shape == (5, 8)
    assert frame["kind"].tolist() == ["loss"] * 3 + ["input"] * 2
    assert frame["input"].tolist() == ["", "", "", *LESSON.inputs]
    assert frame["round"].tolist() == [0, 10, 20, 0, 0]
    losses = frame[["trained", "held_out"]].to_numpy()
    np.testing.assert_allclose(losses[:3], np.stack([LESSON.trained, LESSON.held_out], axis=1), rtol=1e-6)
    assert np.isnan(losses[3:]).all()
    np.testing.assert_allclose(frame["leaned"], [np.nan] * 3 + [0.5, -0.01], rtol=1e-6)
    assert set(frame["reference_date"].astype(str)) == {"2026-01-03"}


def test_a_network_that_says_nothing_has_no_lesson_on_record():
    assert rows(LESSON, kept=()) == {}
    assert rows(None) == {}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"rounds": np.array([0, 20, 10])}, "do not rise"),
        ({"rounds": np.array([-1, 10, 20])}, "do not rise"),
        ({"rounds": np.array([], dtype=int), "trained": np.empty(0), "held_out": np.empty(0)}, "do not rise"),
        ({"trained": np.array([0.3, 0.2])}, "trained losses that are not 3"),
        ({"held_out": np.array([0.3, 0.2, np.nan])}, "held_out losses that are not 3"),
        ({"held_out": np.array([0.3, 0.2, -0.1])}, "held_out losses that are not 3"),
        ({"leaned": np.array([0.5])}, "leaned on 2 inputs"),
        ({"leaned": np.array([0.5, np.inf])}, "leaned on 2 inputs"),
        ({"leaned": np.array([0.5, -1.1])}, "leaned on 2 inputs"),
        ({"inputs": ("the newest value", "the newest value")}, "without a name of their own"),
        ({"inputs": ("the newest value", " ")}, "without a name of their own"),
    ],
)
def test_a_lesson_that_breaks_the_contract_fails_the_model(changed, error):
    with pytest.raises(ModelError, match=error):
        rows(replace(LESSON, **changed))


class Taught:
    """Forecasts as the baseline does, and tells how it learnt."""

    def forecast(self, history, horizons, seed, learn_from=None):
        said = load("baseline").forecast(history, horizons, seed, learn_from)
        return Quantiles(said.values, said.refused, lesson=LESSON)

    def learn(self, history, horizons, seed):
        return lambda start: self.forecast(start, horizons, seed)


@pytest.fixture
def taught(monkeypatch):
    monkeypatch.setattr(models, "load", lambda name: Taught() if name == "rnn" else load(name))


@pytest.fixture
def folder(april, build_file_feed, taught):
    return build_file_feed(april, models=["baseline", "rnn"]) / "data/april"


def test_every_date_has_a_file_that_its_receipt_names(folder):
    days = ["2020-04-08", "2020-04-09", "2020-04-10", "2020-04-11"]
    assert sorted(path.stem for path in (folder / "lessons").iterdir()) == days
    for day in days:
        path = folder / f"lessons/{day}.parquet"
        receipt = json.loads((folder / f"receipts/{day}.json").read_text(encoding="utf-8"))
        assert receipt["lessons"] == {"sha256": content_sha256(files.read_parquet(path))}
        assert receipt["estimates"] is None
        assert pq.read_schema(path).names == LESSONS.names
    found = Ledger(folder).told("lessons", since=date(2020, 4, 9), until=date(2020, 4, 10))
    assert len(found) == 2 * 5
    assert set(found["model_id"]) == {"rnn"}
    page = (folder.parents[1] / "april/2020-04-11/index.html").read_text(encoding="utf-8")
    assert "data/april/lessons/2020-04-11.parquet" in page
    assert "lessons/2020-04-11.parquet" in (folder.parents[1] / "data/index.html").read_text(encoding="utf-8")


def test_what_was_altered_is_gone_or_was_put_there_is_found(folder):
    assert audit.check_record(folder).startswith("4 forecast dates")
    path = folder / "lessons/2020-04-10.parquet"
    whole = path.read_bytes()
    for position in range(0, len(whole), 211):
        data = bytearray(whole)
        data[position] ^= 1
        path.write_bytes(data)
        with pytest.raises(RecordError, match=r"lessons/2020-04-10\.parquet was altered"):
            audit.check_record(folder)
    path.unlink()
    with pytest.raises(RecordError, match=r"lessons/2020-04-10\.parquet is on record but gone"):
        audit.check_record(folder)
    path.write_bytes(whole)
    path.with_stem("2020-04-07").write_bytes(whole)
    with pytest.raises(RecordError, match=r"lessons/2020-04-07\.parquet is not on record"):
        audit.check_record(folder)


def test_a_record_of_before_goes_on(april, build_file_feed, taught, tree):
    """Its receipts know no lessons: they are never added, and its next date has them."""
    folder = build_file_feed(april, end="2020-04-10", models=["baseline"]) / "data/april"
    older, previous = {}, None
    for path in sorted((folder / "receipts").iterdir()):
        receipt = json.loads(path.read_bytes())
        assert receipt.pop("lessons") is None
        blank = {**receipt, "previous_sha256": previous, "seal": seal.BLANK}
        line = seal.sealed(json.dumps(blank, sort_keys=True, ensure_ascii=False).encode() + b"\n")
        path.write_bytes(line)
        previous = hashlib.sha256(line).hexdigest()
        older[path.name] = line
    assert audit.check_record(folder).startswith("2 forecast dates")
    build_file_feed(april, models=["baseline", "rnn"])
    assert audit.check_record(folder).startswith("4 forecast dates")
    assert {name: tree(folder)[f"receipts/{name}"] for name in older} == older
    assert sorted(path.stem for path in (folder / "lessons").iterdir()) == ["2020-04-10", "2020-04-11"]


def test_a_month_that_is_over_becomes_one_file_that_says_the_same(folder):
    ledger = Ledger(folder)
    (store,) = ledger.tables("lessons")
    before = ledger.told("lessons")
    store.compact(date(2020, 6, 30), set(ledger.reference_dates))
    assert [path.name for path in (folder / "lessons").iterdir()] == ["2020-04.parquet"]
    pd.testing.assert_frame_equal(Ledger(folder).told("lessons"), before)
    audit.check_record(folder)
