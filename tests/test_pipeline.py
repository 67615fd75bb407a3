"""The daily job as a whole, on real counts."""

import json
import re
import shutil
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hubdata import connect_hub, connect_target_data
from hubdata.create_target_data_schema import TargetType

from reporter import config, models, pipeline, render, seal
from reporter.errors import SettingsError
from reporter.schema import LEVELS

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def forecasts(site, name="april"):
    """Every forecast file by its model and reference date."""
    files = (site / "data" / name / "model-output").rglob("*.parquet")
    return {path.stem: path.read_bytes() for path in files}


def receipts(site, name="april"):
    paths = sorted((site / "data" / name / "receipts").glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


# ------------------------------------------------------------------------- the first author's own case


def test_the_first_authors_case_is_reproduced(april_site):
    """From the vintage of 2020-04-11 he predicted 506,870.8 for that day, from a slightly different file."""
    file = april_site / "data/april/model-output/classic/2020-04-10-classic.parquet"
    rows = pq.read_table(file).to_pandas()
    mine = rows[(rows["location"] == "US") & (rows["output_type_id"] == 0.5)].set_index("horizon")["value"]
    assert mine[1] == pytest.approx(507_021, abs=1)
    assert mine[1] == pytest.approx(506_870.8, rel=1e-3)
    assert mine[2] < 526_396 < mine[3], "reached between the 12th and the 13th"


def test_the_first_value_of_that_day_is_the_one_it_is_scored_against(april_site):
    scores = pd.read_parquet(april_site / "data/april/scores.parquet")
    row = scores[
        (scores["model_id"] == "classic")
        & (scores["location"] == "US")
        & (scores["reference_date"] == date(2020, 4, 10))
        & (scores["horizon"] == 1)
        & (scores["against"] == "first")
    ].iloc[0]
    assert row["observation"] == 526_396
    assert row["absolute_error"] == pytest.approx(526_396 - 507_021, abs=1)
    assert row["wis"] == pytest.approx(row["absolute_error"]), "one number without a range scores its error"


# ------------------------------------------------------------------------- the record


def test_each_reference_date_is_forecast_once_from_the_first_vintage_that_holds_it(april_site):
    said = [(receipt["reference_date"], receipt["vintage"]["as_of"]) for receipt in receipts(april_site)]
    assert said == [(f"2020-04-{day:02}", f"2020-04-{day + 1:02}") for day in range(8, 12)]
    assert not any(receipt["live"] for receipt in receipts(april_site))


def test_the_ledger_opens_with_hubdata(april_site):
    hub = connect_hub(april_site / "data" / "april")
    rows = hub.get_dataset().to_table().to_pandas()
    assert set(rows["model_id"]) == {"baseline", "classic", "sigmoid"}
    tasks = rows.groupby(["model_id", "target", "location", "reference_date", "horizon"])
    assert (tasks.size() == len(LEVELS)).all()
    values = rows.sort_values("output_type_id").groupby(["model_id", "location", "reference_date", "horizon"])["value"]
    assert values.apply(lambda v: bool(np.isfinite(v).all() and (v >= 0).all() and (np.diff(v) >= 0).all())).all()
    for kind, column in ((TargetType.TIME_SERIES, "observation"), (TargetType.ORACLE_OUTPUT, "oracle_value")):
        truth = connect_target_data(april_site / "data" / "april", kind).get_dataset().to_table()
        assert column in truth.column_names


def test_building_twice_changes_no_byte(april, build_file_feed, tree):
    site = build_file_feed(april)
    before, lines = tree(site), (site / "data/april/runs.jsonl").read_text().count("\n")
    build_file_feed(april)
    assert tree(site) == before
    assert (site / "data/april/runs.jsonl").read_text().count("\n") == lines + 1


def test_a_catch_up_gives_the_bytes_of_a_daily_run(april, build_file_feed, tree):
    at_once = build_file_feed(april, "at-once")
    for end in ("2020-04-09", "2020-04-10", "2020-04-12"):
        known = april[april["as_of"] <= pd.Timestamp(end)]
        daily = build_file_feed(known, "daily")
    daily = build_file_feed(april, "daily")
    assert tree(daily) == tree(at_once)


def test_no_later_vintage_changes_a_forecast(april, build_file_feed):
    """Alter, then delete, every vintage after a date: forecasts from then and before stay byte for byte."""
    settings = {"models": ["baseline", "classic", "sigmoid", "rnn", "blend", "ensemble"], "start": "2020-04-10"}
    said = forecasts(build_file_feed(april, "untouched", **settings))
    cut = pd.Timestamp("2020-04-11")
    later = april["as_of"] > cut
    altered = april.assign(observation=april["observation"].where(~later, april["observation"] * 3 + 7))
    for name, changes in (("altered", altered), ("deleted", april[~later])):
        again = forecasts(build_file_feed(changes, name, **settings))
        earlier = {stem for stem in said if stem[:10] <= "2020-04-10"}
        assert len(earlier) == 2 * 6
        assert {stem: again[stem] for stem in earlier} == {stem: said[stem] for stem in earlier}
    assert forecasts(build_file_feed(altered, "altered", **settings)) != said, "the alteration must matter somewhere"


def test_the_ledger_only_grows_forwards(april, build_file_feed):
    site = build_file_feed(april, start="2020-04-11")
    said = forecasts(site)
    build_file_feed(april, start="2020-04-09")
    assert forecasts(site) == said


def test_any_number_of_workers_gives_the_same_bytes(april, tmp_path, build_file_feed, tree, feed):
    alone = build_file_feed(april, "alone", models=["baseline", "rnn"], start="2020-04-11")
    source = tmp_path / "alone.parquet"
    settings = config.parse({"feeds": [feed(source, models=["baseline", "rnn"], start="2020-04-11")]})
    pipeline.build(settings, tmp_path / "two", NOW, offline=True, workers=2)
    assert tree(tmp_path / "two") == tree(alone)


# ------------------------------------------------------------------------- live and backfilled


@pytest.mark.parametrize(("days", "live"), [(0, True), (1, False), (2000, False)])
def test_a_forecast_is_live_only_until_the_next_vintage_is_due(april, tmp_path, feed, days, live):
    source = tmp_path / "april.parquet"
    april.to_parquet(source)
    settings = feed(source, archive=False, start="2020-04-13", end=None, models=["baseline"])
    now = pd.Timestamp("2020-04-14 06:00", tz="UTC").to_pydatetime() + timedelta(days=days)
    pipeline.build(config.parse({"feeds": [settings]}), tmp_path / "site", now, offline=True)
    assert [receipt["live"] for receipt in receipts(tmp_path / "site")] == [False, live]


# ------------------------------------------------------------------------- what fails


def test_a_place_with_too_little_history_is_named_and_the_others_go_on(april, build_file_feed):
    young = pd.DataFrame(
        {
            "as_of": pd.Timestamp("2020-04-09").as_unit("s"),
            "target": "cum confirmed cases",
            "location": "Atlantis",
            "target_end_date": pd.Timestamp("2020-04-08").as_unit("s"),
            "observation": [3.0],
        }
    )
    site = build_file_feed(pd.concat([april, young]), start="2020-04-11", end="2020-04-11")
    (receipt,) = receipts(site)
    for entry in receipt["models"].values():
        assert entry["status"] == "ok"
        assert "Atlantis" in {refused["location"] for refused in entry["refused"]}
    rows = connect_hub(site / "data" / "april").get_dataset().to_table().to_pandas()
    assert {"US", "Italy"} <= set(rows["location"])
    assert "Atlantis" not in set(rows["location"])
    page = (site / "april" / "2020-04-10" / "index.html").read_text(encoding="utf-8")
    assert "Atlantis" in page


def test_a_place_that_joins_later_is_not_seen_in_an_earlier_forecast(april, build_file_feed):
    """Not even by its name: without `locations` a feed's places are those known by then."""
    late = pd.DataFrame(
        {
            "as_of": pd.Timestamp("2020-04-12").as_unit("s"),
            "target": "cum confirmed cases",
            "location": "Atlantis",
            "target_end_date": pd.date_range("2020-03-01", "2020-04-11", unit="s"),
            "observation": np.linspace(0, 5000, 42).round(),
        }
    )
    chosen = {"models": ["baseline", "rnn"], "start": "2020-04-11", "headline": None}
    before = build_file_feed(april, "before", **chosen)
    after = build_file_feed(pd.concat([late, april]), "after", **chosen)
    said = forecasts(before)
    assert {stem: forecasts(after)[stem] for stem in said if stem < "2020-04-11"} == {
        stem: data for stem, data in said.items() if stem < "2020-04-11"
    }
    assert receipts(after)[0]["models"] == receipts(before)[0]["models"]
    assert "Atlantis" in str(connect_hub(after / "data" / "april").get_dataset().to_table()["location"])


# ------------------------------------------------------------------------- what publishers do to their files


@pytest.fixture
def publisher(april, tmp_path, feed):
    """Runs a publisher's feed day by day: `run(day, changes, **settings)` gives the outcome."""

    def run(day, changes, **settings):
        source = tmp_path / "log.parquet"
        changes.to_parquet(source)
        chosen = {"models": ["baseline", "sigmoid"], "archive": False, "end": None, "headline": None, **settings}
        now = pd.Timestamp(day, tz="UTC").to_pydatetime()
        return pipeline.build(config.parse({"feeds": [feed(source, **chosen)]}), tmp_path / "site", now, offline=True)

    return run


def until(changes, day):
    return changes[changes["as_of"] <= pd.Timestamp(day)]


def test_rows_written_into_the_past_of_a_log_are_known_from_the_day_they_are_seen(april, tmp_path, publisher):
    publisher("2020-04-13 08:00", until(april, "2020-04-13"))
    said = forecasts(tmp_path / "site")
    late = pd.concat([until(april, "2020-04-13"), row("2020-04-13", "2020-04-12", 4711.0, location="Late")])
    outcome = publisher("2020-04-14 08:00", late)
    assert outcome.failed == []
    assert forecasts(tmp_path / "site") == said
    truth = pd.read_parquet(tmp_path / "site/data/april/target-data/time-series.parquet")
    assert truth.loc[truth["location"] == "Late", "observation"].tolist() == [4711.0]
    rows = pd.read_parquet(tmp_path / "site/data/april/vintages/2020-04-14.parquet")
    assert rows["location"].tolist() == ["Late"]


def test_the_record_of_a_dropped_place_stays(april, tmp_path, publisher):
    publisher("2020-04-13 08:00", until(april, "2020-04-13"), locations=["US", "Italy"])
    scores = pd.read_parquet(tmp_path / "site/data/april/scores.parquet")
    outcome = publisher("2020-04-14 08:00", april, locations=["US"])
    assert outcome.new == ["april/2020-04-13"]
    after = pd.read_parquet(tmp_path / "site/data/april/scores.parquet")
    assert (after["location"] == "Italy").sum() >= (scores["location"] == "Italy").sum() > 0
    assert "What we said before" in (tmp_path / "site/april/italy/index.html").read_text(encoding="utf-8")
    newest = tmp_path / "site/data/april/model-output/baseline/2020-04-13-baseline.parquet"
    assert set(pd.read_parquet(newest)["location"]) == {"US"}


def test_a_place_that_joins_changes_no_older_post_and_takes_no_address(april, tmp_path, publisher, tree):
    publisher("2020-04-13 08:00", until(april, "2020-04-13"))
    before = tree(tmp_path / "site" / "april")
    days = pd.date_range("2020-03-20", "2020-04-13", unit="s")
    joined = [row("2020-04-14", day, 100.0 + n, location=name) for n, day in enumerate(days) for name in ("AA", "Us")]
    publisher("2020-04-14 08:00", pd.concat([april, *joined]))
    after = tree(tmp_path / "site" / "april")
    posts = [path for path in before if path.startswith("2020-") and path != "2020-04-12/index.html"]
    assert len(posts) >= 3
    assert {path: after[path] for path in posts} == {path: before[path] for path in posts}
    assert "AA" not in after["2020-04-12/index.html"].decode(), "only its link to the next post is new"
    assert b"<h1>US</h1>" in after["us/index.html"]
    assert b"<h1>Us</h1>" in after["us-2/index.html"]
    assert receipts(tmp_path / "site")[-1]["headline"] == receipts(tmp_path / "site")[0]["headline"] == "Brazil"


def test_a_count_that_is_reported_late_is_scored_and_changes_no_older_post(april, tmp_path, publisher, tree):
    italy = (april["location"] == "Italy") & (april["target_end_date"] == pd.Timestamp("2020-04-11"))
    late = april.assign(as_of=april["as_of"].where(~italy, pd.Timestamp("2020-04-14").as_unit("s"))).sort_values(
        "as_of"
    )
    late = late.drop_duplicates(["as_of", "target", "location", "target_end_date"], keep="last")
    publisher("2020-04-13 08:00", until(late, "2020-04-13"), headline="Italy")
    before = tree(tmp_path / "site" / "april")
    publisher("2020-04-14 08:00", late, headline="Italy")
    scores = pd.read_parquet(tmp_path / "site/data/april/scores.parquet")
    mine = (scores["location"] == "Italy") & (scores["target_end_date"] == date(2020, 4, 11))
    assert "first" in set(scores.loc[mine, "against"])
    after = tree(tmp_path / "site" / "april")
    posts = [path for path in before if path.startswith("2020-") and path != "2020-04-12/index.html"]
    assert {path: after[path] for path in posts} == {path: before[path] for path in posts}


def test_a_file_without_a_single_value_is_named(april, publisher):
    outcome = publisher("2020-04-14 08:00", april.assign(observation=np.nan))
    assert outcome.failed == ["april: file: no counts of what the feed follows"]


def test_a_first_pull_that_fails_is_the_one_thing_named(tmp_path, feed):
    settings = config.parse({"feeds": [feed(tmp_path / "gone.csv", headline=None)]})
    outcome = pipeline.build(settings, tmp_path / "site", NOW, offline=True)
    assert outcome.failed == [f"april: file: {tmp_path / 'gone.csv'}: No such file or directory"]
    assert "No such file" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def broken_classic(monkeypatch):
    """A model whose class is not where the registry says."""
    gone = models.REGISTRY["classic"]._replace(where="reporter.models.classic:Gone")
    monkeypatch.setitem(models.REGISTRY, "classic", gone)


@pytest.mark.usefixtures("broken_classic")
def test_a_model_that_fails_is_named_and_nothing_is_published_under_its_name(april, build_file_feed, tree):
    site = build_file_feed(april, start="2020-04-12")
    (receipt,) = receipts(site)
    assert receipt["models"]["classic"]["status"] == "failed"
    assert "sha256" not in receipt["models"]["classic"]
    assert not (site / "data/april/model-output/classic").exists()
    log = json.loads((site / "data/april/runs.jsonl").read_text())
    assert any("classic failed for 2020-04-11: AttributeError" in line for line in log["failed"])
    assert "classic failed for 2020-04-11" in (site / "index.html").read_text(encoding="utf-8")
    before = tree(site)
    build_file_feed(april, start="2020-04-12")
    assert tree(site) == before, "the page says it again, also when nothing failed in the second run"


def test_a_model_that_refuses_every_place_is_named_without_being_called_broken(april, build_file_feed):
    incident = april.assign(target="inc confirmed cases")  # the first author's method is for cumulative counts
    site = build_file_feed(incident, target="inc confirmed cases", start="2020-04-12")
    (receipt,) = receipts(site)
    assert receipt["models"]["classic"]["status"] == "refused"
    assert {refused["location"] for refused in receipt["models"]["classic"]["refused"]} == set(april["location"])
    assert json.loads((site / "data/april/runs.jsonl").read_text())["failed"] == []


def test_a_date_that_no_model_can_forecast_stays_open(april, tmp_path, feed):
    young = april[april["target_end_date"] >= pd.Timestamp("2020-04-10")]
    source = tmp_path / "young.parquet"
    young.to_parquet(source)
    settings = config.parse({"feeds": [feed(source, start="2020-04-12", end="2020-04-12", models=["baseline"])]})
    outcome = pipeline.build(settings, tmp_path / "site", NOW, offline=True)
    assert outcome.exit_code == 3
    assert outcome.failed == ["april: nothing could be forecast for 2020-04-11: only 2 counts so far; needs 5"]
    assert receipts(tmp_path / "site") == []
    assert "only 2 counts so far" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    april.to_parquet(source)
    shutil.rmtree(tmp_path / "site" / "data" / "april" / "vintages")
    assert pipeline.build(settings, tmp_path / "site", NOW, offline=True).new == ["april/2020-04-11"]


# ------------------------------------------------------------------------- attacks on the record


def row(as_of, end, value=7.0, location="US", target="cum confirmed cases"):
    stamps = [pd.Timestamp(text).as_unit("s") for text in (as_of, end)]
    return pd.DataFrame(
        {
            "as_of": stamps[0],
            "target": target,
            "location": location,
            "target_end_date": stamps[1],
            "observation": [value],
        }
    )


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (row("2020-04-14", "2099-01-01"), "a period that ends on 2099-01-01, which is after today"),
        (row("2027-01-01", "2020-04-14"), "a vintage of 2027-01-01, which is after today"),
    ],
)
def test_what_cannot_be_known_yet_is_refused_and_nothing_is_stored(april, tmp_path, feed, extra, reason):
    source = tmp_path / "april.parquet"
    pd.concat([april, extra]).to_parquet(source)
    outcome = pipeline.build(config.parse({"feeds": [feed(source)]}), tmp_path / "site", NOW, offline=True)
    assert outcome.exit_code == 3
    assert reason in outcome.failed[0]
    assert not (tmp_path / "site" / "data" / "april" / "vintages").exists()


def test_a_week_that_does_not_end_on_a_saturday_is_refused(tmp_path, feed):
    source = tmp_path / "weeks.parquet"
    weeks = [row(day + pd.Timedelta(days=4), day) for day in pd.date_range("2025-01-04", "2025-03-01", freq="7D")]
    pd.concat([*weeks, row("2025-03-07", "2025-03-03")]).to_parquet(source)
    settings = feed(source, cadence="week", start="2025-02-01", end=None, models=["baseline"])
    outcome = pipeline.build(config.parse({"feeds": [settings]}), tmp_path / "site", NOW, offline=True)
    assert "a week that ends on Monday 2025-03-03, not on a Saturday" in outcome.failed[0]


def test_now_bounds_what_is_known(april, tmp_path, feed):
    """A run in the past, by `--now`, sees no vintage of its future."""
    source = tmp_path / "april.parquet"
    april[april["as_of"] <= pd.Timestamp("2020-04-11")].to_parquet(source)
    settings = config.parse({"feeds": [feed(source, models=["baseline"])]})
    past = datetime(2020, 4, 11, 12, tzinfo=UTC)
    pipeline.build(settings, tmp_path / "site", past, offline=True)
    assert [receipt["reference_date"] for receipt in receipts(tmp_path / "site")][-1] == "2020-04-10"


def test_as_of_before_the_record_takes_nothing_back(april, tmp_path, build_file_feed, tree, feed):
    site = build_file_feed(april)
    before = tree(site)
    settings = config.parse({"feeds": [feed(tmp_path / "site.parquet")]})
    outcome = pipeline.build(settings, site, NOW, as_of=date(2020, 4, 9))
    assert (outcome.new, outcome.failed) == ([], [])
    assert tree(site) == before


def resealed(data):
    return seal.sealed(re.sub(rb"(?<=sealed-sha256:)[0-9a-f]{64}", b"0" * 64, data))


@pytest.mark.parametrize(
    ("forge", "line"),
    [(bytes, "2020-04-08.json was altered"), (resealed, "2020-04-09.json or the receipt before it was altered")],
)
def test_a_forged_receipt_is_found_and_one_with_a_new_seal_too(april, tmp_path, build_file_feed, feed, forge, line):
    site = build_file_feed(april)
    first = site / "data/april/receipts/2020-04-08.json"
    first.write_bytes(forge(first.read_bytes().replace(b'"live": false', b'"live": true')))
    settings = config.parse({"feeds": [feed(tmp_path / "site.parquet")]})
    outcome = pipeline.build(settings, site, NOW, offline=True)
    assert line in outcome.failed[0]


def test_strange_files_in_the_record_are_left_alone(april, build_file_feed, tree):
    site = build_file_feed(april)
    for name in ("vintages/notes.parquet", "receipts/notes.json"):
        (site / "data" / "april" / name).write_text("notes")
    (site / "odd.reporter-tmp~").mkdir()
    before = tree(site)
    assert tree(build_file_feed(april)) == before


@pytest.mark.parametrize("damage", ["", "{}", "[]", "no json"])
def test_a_damaged_receipt_stops_its_feed_by_name(april, tmp_path, build_file_feed, feed, damage):
    site = build_file_feed(april)
    (site / "data/april/receipts/2020-04-09.json").write_text(damage)
    outcome = pipeline.build(config.parse({"feeds": [feed(tmp_path / "site.parquet")]}), site, NOW, offline=True)
    assert outcome.exit_code == 3
    assert "2020-04-09.json was altered: it is no receipt" in outcome.failed[0]


def test_vintages_that_are_gone_are_missed(april, tmp_path, build_file_feed, feed):
    site = build_file_feed(april)
    shutil.rmtree(site / "data/april/vintages")
    settings = config.parse({"feeds": [feed(tmp_path / "site.parquet")]})
    outcome = pipeline.build(settings, site, NOW, offline=True)
    assert "the vintages they were made from are gone" in outcome.failed[0]


def test_a_feed_whose_pages_cannot_be_made_keeps_its_last_ones(april, tmp_path, feed, tree, monkeypatch):
    source = tmp_path / "april.parquet"
    april.to_parquet(source)
    feeds = [feed(source, start="2020-04-12", name=name, models=["baseline"]) for name in ("one", "two")]
    pipeline.build(config.parse({"feeds": feeds}), tmp_path / "site", NOW, offline=True)
    before = tree(tmp_path / "site" / "one")
    make = render.pages

    def stumble(site, records):
        if any(record.name == "one" and record.receipts for record in records):
            raise OverflowError("date value out of range")
        return make(site, records)

    monkeypatch.setattr(render, "pages", stumble)
    outcome = pipeline.build(config.parse({"feeds": feeds}), tmp_path / "site", NOW, offline=True)
    assert outcome.exit_code == 3
    assert "one: its pages could not be made: OverflowError" in outcome.failed[0]
    assert tree(tmp_path / "site" / "one") == before
    assert "its pages could not be made" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


def test_one_feed_that_fails_leaves_the_others_published(april, tmp_path, feed):
    source = tmp_path / "april.parquet"
    april.to_parquet(source)
    gone = feed(tmp_path / "gone.parquet", name="gone")
    settings = config.parse({"feeds": [gone, feed(source, start="2020-04-12")]})
    outcome = pipeline.build(settings, tmp_path / "site", NOW, offline=True)
    assert outcome.exit_code == 3
    assert len(outcome.failed) == 1
    assert outcome.failed[0].startswith("gone: ")
    assert (tmp_path / "site" / "april" / "2020-04-11" / "index.html").exists()
    assert (tmp_path / "site" / "index.html").exists()


def test_a_place_that_is_not_in_the_file_is_a_wrong_setting(april, build_file_feed):
    with pytest.raises(SettingsError, match="locations: found 'Atlantis'; allowed: one of Brazil, Italy"):
        build_file_feed(april, locations=["US", "Atlantis"])
    with pytest.raises(SettingsError, match="target: found 'cum deaths'; allowed: one of cum confirmed cases"):
        build_file_feed(april, "other", target="cum deaths")


def test_a_feed_whose_record_was_altered_stops_and_the_others_go_on(april, tmp_path, feed, tree):
    source = tmp_path / "april.parquet"
    april.to_parquet(source)
    feeds = [feed(source, start="2020-04-12", name=name, models=["baseline"]) for name in ("one", "two")]
    pipeline.build(config.parse({"feeds": feeds}), tmp_path / "site", NOW, offline=True)
    (file,) = (tmp_path / "site" / "data" / "one" / "model-output").rglob("*.parquet")
    file.write_bytes(file.read_bytes()[::-1])
    before = tree(tmp_path / "site" / "one")
    outcome = pipeline.build(config.parse({"feeds": feeds}), tmp_path / "site", NOW, offline=True)
    assert outcome.exit_code == 3
    assert any("one: " in line and "was altered" in line for line in outcome.failed)
    assert tree(tmp_path / "site" / "one") == before, "its last good pages stay"
    assert "was altered" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


# ------------------------------------------------------------------------- catching up after gaps


def test_skipped_days_are_forecast_across(april, build_file_feed):
    """Two vintages were missed: the next is forecast, the days between never are."""
    gap = april[~april["as_of"].isin(pd.to_datetime(["2020-04-10", "2020-04-11"]))]
    site = build_file_feed(gap)
    assert [receipt["reference_date"] for receipt in receipts(site)] == ["2020-04-08", "2020-04-11"]
