"""Combiners in the daily job: given what is on record of earlier dates, in order, and nothing else."""

import dataclasses
import json
import shutil
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from reporter import audit, config, models, pipeline
from reporter.combining import Combining
from reporter.dates import Cadence
from reporter.errors import ContractError, SettingsError
from reporter.forecast import build_history
from reporter.ledger import Ledger
from reporter.models import recurrent
from reporter.models.past import NEWEST
from reporter.models.weighing import BEFORE, POWER
from reporter.remembered import Remembered, quantiles
from reporter.schema import LEVELS, PARTS

MODELS = ["ensemble", "baseline", "classic", "sigmoid", "blend"]
SETTINGS = {"start": "2020-04-09", "models": MODELS}
T = "inc covid cases"


def record(site):
    return site / "data" / "april"


def receipts(site):
    return Ledger(record(site)).receipts()


def forecasts(site, *names):
    paths = (path for name in names for path in (record(site) / "model-output" / name).glob("*.parquet"))
    return {path.stem: path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, april, session_feed):
    """A site of four dates with both ensembles, to be read only."""
    folder = tmp_path_factory.mktemp("combined")
    april.to_parquet(folder / "april.parquet")
    settings = config.parse({"feeds": [session_feed(folder / "april.parquet", **SETTINGS)]})
    outcome = pipeline.build(settings, folder / "site", datetime(2026, 11, 20, 6, tzinfo=UTC), offline=True)
    assert outcome.failed == []
    return folder / "site"


def test_both_ensembles_are_on_record_as_every_model_is(whole):
    found = receipts(whole)
    assert len(found) == 4
    assert {entry["models"][name]["status"] for entry in found for name in MODELS} == {"ok"}
    seconds = json.loads((record(whole) / "runs.jsonl").read_text())["seconds"]
    assert set(MODELS) < set(seconds)
    assert audit.check_record(record(whole)).startswith("4 forecast dates, ")
    page = (whole / "april/2020-04-11/index.html").read_text(encoding="utf-8")
    assert "Ensemble before calibration" in page


def wide(site, name, day):
    rows = Ledger(record(site)).forecasts(date.fromisoformat(day), date.fromisoformat(day))
    mine = rows[rows["model_id"] == name]
    return mine["value"].to_numpy().reshape(-1, len(LEVELS))


def test_at_first_all_weigh_as_they_did_before_and_then_by_their_skill(whole):
    first = [wide(whole, name, "2020-04-08") for name in ("baseline", "sigmoid", "blend")]
    weights = np.array([BEFORE["baseline"], BEFORE["sigmoid"]]) ** -POWER
    share = weights[1] / weights.sum()
    middle = np.expm1((1 - share) * np.log1p(first[0]) + share * np.log1p(first[1]))
    last = wide(whole, "baseline", "2020-04-08").min()
    assert last > 0
    np.testing.assert_allclose(np.maximum(middle, first[2]), first[2], atol=1), "but for what was counted already"
    np.testing.assert_allclose(first[2][:, 11], np.round(middle[:, 11]), atol=1)
    newest = [np.log1p(wide(whole, name, "2020-04-11"))[:, 11] for name in ("baseline", "sigmoid", "blend")]
    later = (newest[2] - newest[0]).sum() / (newest[1] - newest[0]).sum()
    assert later > share + 0.02, "the sigmoid is the better by far"


def test_the_ensemble_is_the_blend_with_other_ranges(whole):
    blend, ensemble = (wide(whole, name, "2020-04-11") for name in ("blend", "ensemble"))
    np.testing.assert_array_equal(blend[:, 11], ensemble[:, 11])
    assert (blend != ensemble).any()


# ------------------------------------------------------------------------- a function of the record alone


def test_day_by_day_gives_the_bytes_of_a_replay(april, build_file_feed, whole, tree):
    """What one process keeps in memory the other reads from the ledger."""
    for end in ("2020-04-09", "2020-04-10"):
        build_file_feed(april[april["as_of"] <= pd.Timestamp(end)], "daily", **SETTINGS)
    daily = build_file_feed(april, "daily", **SETTINGS)
    for folder in ("model-output", "receipts"):
        assert tree(record(daily) / folder) == tree(record(whole) / folder)
    before = tree(daily)
    build_file_feed(april, "daily", **SETTINGS)
    assert tree(daily) == before


def test_what_is_recorded_later_touches_no_earlier_ensemble(april, build_file_feed, whole):
    """The newest vintages say something else altogether."""
    later = april["as_of"] > pd.Timestamp("2020-04-10")
    altered = april.assign(observation=april["observation"].where(~later, april["observation"] * 3 + 7))
    site = build_file_feed(altered, "altered", **SETTINGS)
    said, again = (forecasts(one, "blend", "ensemble") for one in (whole, site))
    for stem in said:
        assert (said[stem] == again[stem]) == (stem < "2020-04-10"), stem


def test_other_forecasts_on_record_make_another_ensemble(april, build_file_feed, whole):
    """It is the record that is combined: the same counts, after other forecasts, give other weights."""
    chosen = {**SETTINGS, "start": "2020-04-10"}
    site = build_file_feed(april, "shorter", **chosen)
    for name, same in (("sigmoid", True), ("blend", False), ("ensemble", False)):
        said, again = (forecasts(one, name)[f"2020-04-11-{name}"] for one in (whole, site))
        assert (said == again) == same, name


def test_a_feed_without_a_combiner_keeps_and_reads_nothing(april, build_file_feed, tmp_path):
    site = build_file_feed(april, models=["baseline"])
    feed = config.parse({"feeds": [{"name": "april", "source": "rki", "target": T, "cadence": "day", "horizons": 7}]})
    combining = Combining(feed.feeds[0], Ledger(record(site)))
    shutil.rmtree(record(site))
    combining.expect(date(2020, 4, 11), None)
    runs = {"baseline": (None, 0.1)}
    assert combining.complete(date(2020, 4, 11), runs) is runs
    combining.remember(date(2020, 4, 11), {"baseline": None})


# ------------------------------------------------------------------------- models that come, go and fail


def test_a_feed_gains_an_ensemble_and_a_member_and_loses_one(april, build_file_feed, monkeypatch):
    quick = dataclasses.replace(recurrent.Rnn.training, rounds=6, batch=64, members=1)
    monkeypatch.setattr(recurrent.Rnn, "training", quick)
    first = april[april["as_of"] <= pd.Timestamp("2020-04-09")]
    build_file_feed(first, **{**SETTINGS, "models": ["baseline", "sigmoid"]})
    second = april[april["as_of"] <= pd.Timestamp("2020-04-11")]
    site = build_file_feed(second, **{**SETTINGS, "models": ["baseline", "sigmoid", "ensemble"]})
    assert set(receipts(site)[-1]["models"]) == {"baseline", "sigmoid", "ensemble"}
    site = build_file_feed(april, **{**SETTINGS, "models": ["baseline", "gru", "ensemble", "blend"]})
    newest = receipts(site)[-1]
    assert {name: entry["status"] for name, entry in newest["models"].items()} == dict.fromkeys(
        ["baseline", "gru", "ensemble", "blend"], "ok"
    )
    assert json.loads((record(site) / "runs.jsonl").read_text().splitlines()[-1])["failed"] == []


@pytest.fixture
def broken(monkeypatch):
    """Breaks models by name."""

    def run(*names):
        for name in names:
            gone = models.REGISTRY[name]._replace(where="reporter.models.sigmoid:Gone")
            monkeypatch.setitem(models.REGISTRY, name, gone)

    return run


def test_a_member_that_fails_is_named_and_the_others_go_on(april, build_file_feed, broken):
    broken("sigmoid")
    site = build_file_feed(april, start="2020-04-11", models=["baseline", "sigmoid", "ensemble"])
    for receipt in receipts(site):
        assert receipt["models"]["sigmoid"]["status"] == "failed"
        assert receipt["models"]["ensemble"]["status"] == "ok"
    assert "sigmoid failed for 2020-04-11" in (site / "index.html").read_text(encoding="utf-8")


def test_when_every_member_fails_the_ensemble_fails_by_name(april, build_file_feed, broken):
    broken("sigmoid", "baseline")
    site = build_file_feed(april, start="2020-04-12", models=["baseline", "sigmoid", "classic", "ensemble"])
    (receipt,) = receipts(site)
    assert receipt["models"]["classic"]["status"] == "ok"
    entry = receipt["models"]["ensemble"]
    assert (entry["status"], entry["error"]) == ("failed", "every model that it combines failed, or there is none")
    assert not (record(site) / "model-output/ensemble").exists()


def test_a_place_that_every_member_refuses_is_refused(april, build_file_feed):
    young = pd.DataFrame(
        {
            "as_of": pd.Timestamp("2020-04-09").as_unit("s"),
            "target": "cum confirmed cases",
            "location": "Atlantis",
            "target_end_date": pd.Timestamp("2020-04-08").as_unit("s"),
            "observation": [3.0],
        }
    )
    site = build_file_feed(pd.concat([april, young]), start="2020-04-11", models=["baseline", "ensemble"])
    for receipt in receipts(site):
        (refused,) = receipt["models"]["ensemble"]["refused"]
        assert refused["location"] == "Atlantis"
        assert refused["reason"] == "no model that it combines says anything about it"


def test_an_ensemble_of_nothing_is_a_wrong_setting(april, build_file_feed):
    with pytest.raises(
        SettingsError, match=r"feeds\[0\]\.models: found 'ensemble'; allowed: beside a model with ranges"
    ):
        build_file_feed(april, models=["classic", "ensemble", "blend"])


def test_a_date_that_nobody_can_forecast_names_the_reason_once(april, tmp_path, feed):
    april[april["target_end_date"] >= pd.Timestamp("2020-04-10")].to_parquet(tmp_path / "young.parquet")
    asked = feed(tmp_path / "young.parquet", start="2020-04-12", end="2020-04-12", models=["baseline", "ensemble"])
    outcome = pipeline.build(
        config.parse({"feeds": [asked]}), tmp_path / "site", datetime(2026, 11, 20, 6, tzinfo=UTC), offline=True
    )
    assert outcome.failed == ["april: nothing could be forecast for 2020-04-11: only 2 counts so far; needs 5"]


# ------------------------------------------------------------------------- why it changed


def test_the_change_of_an_ensemble_is_split_with_the_weights_of_then(whole):
    frame = pd.read_parquet(record(whole) / "changes/2020-04-11.parquet")
    assert set(frame["model_id"]) == set(MODELS)
    assert (frame["before"] + frame[list(PARTS)].sum(axis=1) == frame["after"]).all()
    mine = frame[frame["model_id"].isin(["blend", "ensemble"])]
    assert (mine["code"] == 0).all(), "the same code on the same counts and record says the same"
    assert (mine["new_data"] != 0).any()
    assert (mine["refit"] != 0).any()


def test_a_member_gained_today_moves_the_ensemble_by_refitting(april, build_file_feed):
    first = april[april["as_of"] <= pd.Timestamp("2020-04-11")]
    chosen = {**SETTINGS, "end": "2020-04-13", "archive": False, "start": "2020-04-10"}
    build_file_feed(first, **{**chosen, "models": ["baseline", "ensemble"]})
    site = build_file_feed(april, **{**chosen, "models": ["baseline", "sigmoid", "ensemble"], "end": "2020-04-12"})
    frame = pd.read_parquet(record(site) / "changes/2020-04-11.parquet")
    mine = frame[frame["model_id"] == "ensemble"]
    assert (mine["code"] == 0).all()
    assert (mine["refit"] != 0).any()
    assert set(frame["model_id"]) == {"baseline", "ensemble"}


# ------------------------------------------------------------------------- what is remembered


def told(day, value, places=("DE", "FR"), horizons=2):
    """Hub rows of one date, each level a count more than the one before."""
    tasks = [(place, horizon) for place in places for horizon in range(1, horizons + 1)]
    frame = pd.DataFrame([(*task, level) for task in tasks for level in LEVELS])
    frame.columns = ["location", "horizon", "output_type_id"]
    steps = np.tile(np.arange(len(LEVELS)), len(tasks))
    return frame.assign(target=T, reference_date=pd.Timestamp(day), value=value + 100 * frame["horizon"] + steps)


def known(day, places=("FR", "DE")):
    ends = pd.date_range(end=day, periods=100, unit="s")
    counts = pd.DataFrame({"target": T, "location": "DE", "target_end_date": ends, "observation": 5.0})
    return build_history(counts, [(T, place) for place in places], date.fromisoformat(day), Cadence.DAY, {})


@pytest.fixture
def three_days():
    remembered = Remembered(Cadence.DAY, ["a", "b"], ["a"])
    for day, value in (("2026-01-01", 1), ("2026-01-02", 2), ("2026-01-04", 4)):
        remembered.add(date.fromisoformat(day), {"a": told(day, value), "of another feed": told(day, 9)})
    return remembered


def test_a_date_sees_what_was_said_before_it_on_its_own_series(three_days):
    past = three_days.past(known("2026-01-04", ["FR", "XX", "DE"]), 3)
    assert past.references.astype(str).tolist() == ["2026-01-01", "2026-01-02"]
    assert (set(past.told), past.members) == ({"a", "b"}, ("a",))
    assert past.told["a"].shape == (2, 3, 3, 23)
    np.testing.assert_array_equal(past.told["a"][1, 0, :2, 0], [102, 202])
    np.testing.assert_array_equal(past.told["a"][0, 2, 1], 201 + np.arange(23))
    assert np.isnan(past.told["a"][:, 1]).all(), "a place that nothing was said of"
    assert np.isnan(past.told["a"][:, :, 2]).all(), "a horizon that nothing was said of"
    assert np.isnan(past.told["b"]).all(), "a model that has said nothing yet"
    assert len(three_days.past(known("2026-01-01"), 3).references) == 0
    assert len(three_days.past(known("2026-01-05"), 3).references) == 3


def test_the_newest_are_remembered_and_one_more_to_go_back_to():
    remembered = Remembered(Cadence.DAY, ["a"], ["a"])
    days = pd.date_range("2026-01-01", periods=NEWEST[Cadence.DAY] + 5)
    for day in days:
        remembered.add(day.date(), {"a": told(f"{day:%Y-%m-%d}", day.day)})
    after = remembered.past(known(f"{days[-1] + pd.Timedelta(days=1):%Y-%m-%d}"), 2)
    before = remembered.past(known(f"{days[-1]:%Y-%m-%d}"), 2)
    assert len(after.references) == len(before.references) == NEWEST[Cadence.DAY]
    assert str(before.references[0]) == f"{days[4]:%Y-%m-%d}"
    assert str(after.references[0]) == f"{days[5]:%Y-%m-%d}"


def test_what_is_said_today_keeps_its_precision_and_a_lost_level_is_no_forecast():
    rows = told("2026-01-01", 2.0**30 + 1)
    found = quantiles(rows, known("2026-01-01"), 2)
    assert found[1, 0, 0] == 2**30 + 101
    assert np.isnan(quantiles(rows.iloc[:0], known("2026-01-01"), 2)).all()
    with pytest.raises(ContractError, match="do not have all levels"):
        quantiles(rows.drop(index=3), known("2026-01-01"), 2)
