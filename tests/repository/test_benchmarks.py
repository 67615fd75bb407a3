"""The benchmarks' own arithmetic, on small data: what docs/accuracy.md says rests on it."""

import argparse
import importlib
import re
import shutil
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from reporter import config
from reporter.dates import Cadence
from reporter.errors import RecordError
from reporter.models.base import History
from reporter.schema import KEY

COVID = "wk inc covid hosp"


@pytest.fixture
def load(root, monkeypatch):
    """Imports a benchmark, which is a script beside others and no package."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    return importlib.import_module


@pytest.fixture
def options(tmp_path):
    """What the command line of `hub_seasons.py` gives."""

    def make(data, **changed):
        given = {
            "data": data,
            "models": ["baseline"],
            "half": "all",
            "warm": False,
            "every": 1,
            "workers": 1,
            "older": False,
        }
        return argparse.Namespace(**(given | changed))

    return make


@pytest.fixture(scope="module")
def data(root, tmp_path_factory):
    """Real forecasts of three dates and two places by the COVID hub's models, and the bundled vintages."""
    folder = tmp_path_factory.mktemp("data")
    shutil.copy(root / "tests/data/peers/covid.parquet", folder / "hub-peers.parquet")
    shutil.copy(root / "reporter/data/nhsn-vintages.parquet", folder)
    return folder


def wis(levels, values, observed):
    """Twice the mean pinball loss, one level at a time."""
    losses = [
        2 * max(level * (observed - value), (level - 1) * (observed - value))
        for level, value in zip(levels, values, strict=True)
    ]
    return sum(losses) / len(losses)


def slow_scores(rows, observed, shift, later):
    """(place, our reference date, our horizon) → WIS and whether the 50 % range held, of tasks that were counted."""
    found = {}
    for (place, day, horizon), task in rows.groupby(["location", "reference_date", "horizon"]):
        reference = date.fromisoformat(str(day)[:10]) - timedelta(days=7 * shift)
        ours = horizon + later
        end = str(reference + timedelta(days=7 * ours))
        if (place, end) in observed:
            y, value = observed[place, end], dict(zip(task["output_type_id"].round(3), task["value"], strict=True))
            score = wis(task["output_type_id"], task["value"], y)
            found[place, reference, ours] = (score, value[0.25] <= y <= value[0.75])
    return found


def test_a_season_is_what_a_slow_loop_makes_of_it(load, options, data, tmp_path, monkeypatch):
    hub_seasons, seasons = load("hub_seasons"), load("seasons")
    few = replace(
        seasons.REPLAYS["us-2024-25"], start=date(2025, 1, 29), end=date(2025, 2, 12), tuned_end=date(2025, 2, 5)
    )
    monkeypatch.setitem(seasons.REPLAYS, "us-2024-25", few)
    asked, settings = options(data), config.load(config.bundled())
    season = seasons.SEASONS["covid-2024-25"]
    scores = hub_seasons.replayed("us-2024-25", asked, tmp_path, settings)
    found = seasons.rows(scores, season)

    counted = pd.read_parquet(data / "nhsn-vintages.parquet").query("target == @COVID")
    newest = counted.sort_values("as_of", kind="stable").drop_duplicates(KEY, keep="last").dropna(subset="observation")
    ends = newest["target_end_date"].astype(str).str[:10]
    observed = dict(zip(zip(newest["location"], ends, strict=True), newest["observation"], strict=True))
    theirs = pd.read_parquet(data / "hub-peers.parquet")
    of = {
        name: slow_scores(theirs[theirs["model_id"] == name], observed, 1, 1)
        for name in ("CovidHub-baseline", "CovidHub-ensemble", "UMass-gbqr")
    }
    files = sorted((tmp_path / "us-2024-25-baseline" / "model-output" / "baseline").glob("*.parquet"))
    ledger = pd.concat([pd.read_parquet(file) for file in files])
    of["baseline"] = slow_scores(ledger[ledger["target"] == COVID], observed, 0, 0)

    assert set(found.index) == set(of)
    assert {day for _, day, _ in of["baseline"]} == {date(2025, 1, 25), date(2025, 2, 1), date(2025, 2, 8)}
    assert {horizon for _, _, horizon in of["CovidHub-ensemble"]} == {1, 2, 3, 4}
    assert len(of["baseline"]) > len(of["CovidHub-baseline"])  # 53 places, of which the sample has two
    for name, mine in of.items():
        for column, number, rival in (("skill", "tasks", "baseline"), ("of_ensemble", "shared", "ensemble")):
            other = of[f"CovidHub-{rival}"]
            common = mine.keys() & other.keys()
            ratio = sum(mine[task][0] for task in common) / sum(other[task][0] for task in common)
            assert found.loc[name, number] == len(common)
            assert found.loc[name, column] == pytest.approx(ratio, rel=1e-6)
        common = mine.keys() & of["CovidHub-baseline"].keys()
        assert found.loc[name, "covered_50"] == pytest.approx(np.mean([mine[task][1] for task in common]))

    again = hub_seasons.replayed("us-2024-25", asked, tmp_path, settings)
    pd.testing.assert_frame_equal(again, scores)
    hub_seasons.replayed("us-2024-25", options(data, half="tuned"), tmp_path, settings)
    assert [path.name for path in tmp_path.iterdir()] == ["us-2024-25-baseline"]  # the whole season holds the half
    asked_first = tmp_path / "us-2024-25-baseline" / "backtest.json"
    asked_first.write_text(re.sub(r'"code_sha256": "\w+"', '"code_sha256": "0"', asked_first.read_text()))
    with pytest.raises(RecordError, match="was made by other code"):
        hub_seasons.replayed("us-2024-25", asked, tmp_path, settings)
    older = hub_seasons.replayed("us-2024-25", options(data, older=True), tmp_path, settings)
    pd.testing.assert_frame_equal(older, scores)
    printed = seasons.lines(found, season, ["baseline"])
    assert sum("**`baseline`**" in line for line in printed) == 1
    assert {line.count("|") for line in [*printed, *seasons.HEADER.splitlines()]} == {12}


def scored(model, day, horizon, against, **values):
    end = pd.Timestamp(day) + pd.Timedelta(days=7 * horizon)
    row = {"model_id": model, "target": COVID, "location": "US", "reference_date": pd.Timestamp(day)}
    row |= {"horizon": horizon, "target_end_date": end, "against": against, "log_wis": values["wis"] / 10}
    return row | {"covered_50": 1.0, "covered_80": 1.0, "covered_95": 1.0} | values


@pytest.fixture
def by_hand(load):
    """Two dates before the turn of the season and one after it; `mine` has a task that the baseline lacks."""
    rows = []
    for against, times in (("latest", 1.0), ("first", 2.0)):
        rows += [
            scored("CovidHub-baseline", "2025-02-08", 1, against, wis=4.0),
            scored("CovidHub-baseline", "2025-02-15", 1, against, wis=6.0),
            scored("CovidHub-baseline", "2025-02-22", 1, against, wis=5.0),
            scored("CovidHub-ensemble", "2025-02-15", 1, against, wis=3.0),
            scored("mine", "2025-02-08", 1, against, wis=1.0 * times, covered_50=0.0),
            scored("mine", "2025-02-15", 1, against, wis=2.0),
            scored("mine", "2025-02-15", 2, against, wis=99.0),
            scored("mine", "2025-02-22", 1, against, wis=10.0),
        ]
    return pd.DataFrame(rows)


def test_relative_wis_is_over_the_tasks_shared_with_the_baseline(load, by_hand):
    seasons = load("seasons")
    season = seasons.SEASONS["covid-2024-25"]
    mine = seasons.rows(by_hand, season).loc["mine"]
    assert mine["tasks"] == 3
    assert mine["skill"] == pytest.approx(13 / 15)
    assert mine["first"] == pytest.approx(14 / 15)
    assert mine["log_skill"] == pytest.approx(13 / 15)
    assert mine["covered_50"] == pytest.approx(2 / 3)
    assert (mine["shared"], mine["of_ensemble"]) == (1, pytest.approx(2 / 3))
    halves = {half: seasons.rows(by_hand, season, half).loc["mine"] for half in ("tuned", "confirmed")}
    assert {half: row["tasks"] for half, row in halves.items()} == {"tuned": 2, "confirmed": 1}
    assert halves["tuned"]["skill"] == pytest.approx(3 / 10)
    assert halves["confirmed"]["skill"] == pytest.approx(2)


def test_a_season_without_its_baseline_has_no_rows(load, by_hand):
    seasons = load("seasons")
    others = by_hand[by_hand["model_id"] != "CovidHub-baseline"]
    assert seasons.rows(others, seasons.SEASONS["covid-2024-25"]).empty


def test_the_halves_of_a_season_have_no_date_in_common_and_miss_none(load):
    seasons = load("seasons")
    for season in seasons.SEASONS.values():
        (first, last), (begins, tuned), (after, ends) = map(season.dates, seasons.HALVES)
        assert (begins, ends) == (first, last)
        assert after == tuned + timedelta(days=1)
        assert season.is_all_tuned == (after > ends)


def test_what_is_tuned_on_is_forecast_from_no_later_vintage(load, options, data):
    hub_seasons, seasons = load("hub_seasons"), load("seasons")
    feed = next(one for one in config.load(config.bundled()).feeds if one.name == "us-admissions")
    folder, whole, _ = hub_seasons.asked("us-2024-25", options(data), feed)
    tuned, part, chosen = hub_seasons.asked("us-2024-25", options(data, half="tuned", models=["rnn"]), feed)
    assert (folder, tuned) == ("us-2024-25-baseline", "us-2024-25-tuned-baseline+rnn")
    assert (whole, chosen) == (seasons.REPLAYS["us-2024-25"], ("baseline", "rnn"))
    held = hub_seasons.pieces(part, feed, 4)
    assert [piece.start for piece in held.values()] == [piece.end for piece in held.values()]
    assert max(piece.end for piece in held.values()) <= part.end == date(2025, 2, 19)
    assert len(hub_seasons.pieces(part, feed, 1)) == 1


def test_other_vintages_than_the_bundled_are_refused(load, data, tmp_path):
    hub_seasons = load("hub_seasons")
    hub_seasons.check_vintages(data, "nhsn")
    log = pd.read_parquet(data / "nhsn-vintages.parquet")
    log.loc[1000, "observation"] += 1
    log.to_parquet(tmp_path / "nhsn-vintages.parquet")
    with pytest.raises(SystemExit, match="not the vintages that reporter begins from"):
        hub_seasons.check_vintages(tmp_path, "nhsn")


def test_the_rival_gets_each_series_from_its_first_count_to_its_last(load):
    refit = load("refit")
    dates = np.array(["2025-01-04", "2025-01-11", "2025-01-18", "2025-01-25"], dtype="datetime64[D]")
    counts = np.array([[np.nan, 3.0, np.nan, 5.0], [7.0, 8.0, np.nan, np.nan]])
    people = np.full(2, np.nan)
    rows = refit.long_series(History(Cadence.WEEK, dates, (COVID, COVID), ("01", "02"), counts, people))
    first, second = (rows[rows["unique_id"] == f"{COVID} {place}"] for place in ("01", "02"))
    assert (list(first["y"]), first["ds"].iloc[0]) == ([3.0, 4.0, 5.0], pd.Timestamp("2025-01-11"))
    assert list(second["y"]) == [7.0, 8.0]


def test_devices_differ_by_the_worst_quantile(load):
    devices = load("devices")
    ours = np.array([[[0.001, 100.0, 200.0]], [[np.nan] * 3]])
    assert devices.difference(ours, ours) == 0
    assert devices.difference(ours, ours + np.array([0.0005, 0.0, 1.0])) == pytest.approx(0.005)
    assert devices.difference(ours, np.full_like(ours, 1.0)) == float("inf")
    assert "rnn" in devices.networks()
