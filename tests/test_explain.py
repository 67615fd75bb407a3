"""Why a forecast changed: the parts, each alone and all together, on real counts and made-up ones."""

import dataclasses
import json
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from reporter import audit, config, explain, fingerprint, job, models, parallel, pipeline
from reporter.errors import RecordError
from reporter.ledger import Ledger
from reporter.models import recurrent
from reporter.models.base import Learner, Quantiles
from reporter.schema import LEVELS, PARTS, SPLITS, to_table
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """A network is trained for a moment only: what moves it is shown, not its skill."""
    quick = dataclasses.replace(recurrent.Training(), rounds=6, batch=64, members=2)
    monkeypatch.setattr(recurrent.Rnn, "training", quick)


def receipts(site):
    paths = sorted((site / "data/april/receipts").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def split_of(site, reference):
    return pd.read_parquet(site / f"data/april/changes/{reference}.parquet")


def medians(site, reference):
    """What the ledger's files say, by model, target, place and period end."""
    found = {}
    for path in (site / "data/april/model-output").rglob(f"{reference}-*.parquet"):
        rows = pd.read_parquet(path)
        for row in rows[rows["output_type_id"] == 0.5].itertuples():
            found[path.parent.name, row.target, row.location, row.target_end_date] = row.value
    return found


def checked(site):
    """What the audit says of the record."""
    return audit.check_record(site / "data/april")


def adds_up(frame):
    return (frame["before"] + frame[list(PARTS)].sum(axis=1) == frame["after"]).all()


# ------------------------------------------------------------------------- real archives


def cut_archive(source, places, targets, since, as_ofs):
    changes = archive_changes(REGISTRY[source])
    mine = changes["location"].isin(places) & changes["target"].isin(targets) & (changes["target_end_date"] >= since)
    return changes[mine & (changes["as_of"] <= as_ofs)].reset_index(drop=True)


@pytest.fixture(params=["april", "weekly", "daily"])
def archive(request, april):
    """A real change log, the settings it wants and its two newest reference dates."""
    daily = {"target": "inc covid cases", "headline": "DE", "settle": 2, "start": "2025-06-20", "end": "2025-06-24"}
    match request.param:
        case "april":
            models = ["baseline", "classic", "sigmoid", "rnn", "blend", "ensemble"]
            chosen = {"models": models, "start": "2020-04-11"}
            return april, chosen, ("2020-04-10", "2020-04-11")
        case "weekly":
            targets = ["wk inc covid hosp", "wk inc flu hosp"]
            log = cut_archive("nhsn", ["US", "06", "36"], targets, "2022-01-01", "2025-06-30")
            days = {"start": "2025-06-11", "end": None, "headline": "US", "cadence": "week", "horizons": 4}
            return log, {"target": targets, "models": ["ensemble", "baseline", "sigmoid", "rnn"], **days}, None
    log = cut_archive("rki", ["DE"], ["inc covid cases"], "2024-06-01", "2025-06-24")
    return log, {"models": ["baseline", "sigmoid", "rnn"], **daily}, None


def test_the_parts_add_up_exactly_to_what_is_on_record(archive, build_file_feed):
    log, settings, expected = archive
    site = build_file_feed(log, **settings)
    days = list(receipts(site))
    before, after = days[-2:]
    assert expected in (None, (before, after))
    frame = split_of(site, after)
    assert frame.columns.tolist() == SPLITS.names
    assert adds_up(frame)
    then, now = medians(site, before), medians(site, after)
    keys = list(zip(frame["model_id"], frame["target"], frame["location"], frame["target_end_date"], strict=True))
    assert set(keys) == set(then) & set(now), "every period that both speak of"
    assert set(frame["model_id"]) == set(settings["models"])
    np.testing.assert_array_equal(frame["before"], [then[key] for key in keys])
    np.testing.assert_array_equal(frame["after"], [now[key] for key in keys])
    assert (frame["code"] == 0).all(), "the same code on the same counts says the same"
    learns_all = frame[frame["model_id"] == "classic"]
    assert (learns_all[["revised_history", "new_data"]] == 0).all(axis=None)
    assert (frame.loc[frame["model_id"] == "baseline", "refit"] == 0).all()
    entry = receipts(site)[after]["changes"]
    assert entry["since"] == before
    assert set(entry) == {"since", "sha256"}


# ------------------------------------------------------------------------- each part alone


def vintage(as_of, values, location="US"):
    """Counts per day through the day before `as_of`."""
    days = pd.date_range(end=pd.Timestamp(as_of) - pd.Timedelta(days=1), periods=len(values), unit="s")
    return pd.DataFrame(
        {
            "as_of": pd.Timestamp(as_of).as_unit("s"),
            "target": "cum confirmed cases",
            "location": location,
            "target_end_date": days,
            "observation": np.asarray(values, dtype=float),
        }
    )


STEADY = np.r_[np.linspace(1000, 5000, 41), 5000]
ONE, TWO = "2020-05-11", "2020-05-12"


@pytest.fixture
def moved(build_file_feed):
    """What moved the forecast of `ONE` when `TWO` came: `moved(first, second, **settings)`, the nearest period's."""

    def run(first, second, between=lambda: None, **settings):
        chosen = {"start": ONE, "end": None, "archive": False, "models": ["baseline"], **settings}
        build_file_feed(first, **chosen)
        between()
        site = build_file_feed(pd.concat([first, second]), **chosen)
        frame = split_of(site, "2020-05-11")
        assert adds_up(frame)
        nearest = frame[(frame["target_end_date"] == date(2020, 5, 12)) & (frame["location"] == "US")]
        return nearest.set_index("model_id")[["before", *PARTS, "after"]].astype(int).T.to_dict("list")

    return run


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        ([5300, 5300], [5000, 0, 300, 0, 0, 5300]),  # the count of the day before was revised, and nothing came
        ([5000, 5400], [5000, 0, 0, 400, 0, 5400]),  # only new counts
        ([4900, 5400], [5000, 0, -100, 500, 0, 5400]),
    ],
)
def test_no_change_moves_by_its_newest_count_alone(moved, newest, expected):
    second = vintage(TWO, [*STEADY[1:-1], *newest])
    assert moved(vintage(ONE, STEADY), second)["baseline"] == expected


def test_changed_code_alone(moved, monkeypatch):
    """A model that is another one from the second day on, while nothing new is counted."""
    first = vintage(ONE, STEADY)
    other = models.REGISTRY["sigmoid"]._replace(where="reporter.models.baseline:Baseline")
    found = moved(
        first,
        vintage(TWO, [*STEADY[1:], 5000]),
        lambda: monkeypatch.setitem(models.REGISTRY, "sigmoid", other),
        models=["baseline", "sigmoid"],
    )
    before, code, *rest, after = found["sigmoid"]
    assert before != 5000
    assert code == 5000 - before
    assert rest == [0, 0, 0]
    assert after == 5000
    assert found["baseline"] == [5000, 0, 0, 0, 0, 5000]


def test_refitting_alone(moved):
    """The first author's curve is learnt whole: whatever comes, it moves by fitting anew."""
    curve = np.round(80_000 / (1 + np.exp(-0.2 * (np.arange(44) - 40))))
    first, second = vintage(ONE, curve[:42]), vintage(TWO, [*curve[1:42], curve[42] + 900])
    before, *parts, after = moved(first, second, models=["classic"])["classic"]
    assert parts[:3] == [0, 0, 0]
    assert parts[3] == after - before != 0


def test_a_seed_of_its_own_is_a_part_of_refitting(moved, monkeypatch):
    class Drawn(Learner):
        """The seed's last two digits, whatever is counted."""

        def learn(self, history, horizons, seed):
            shape = (horizons, len(LEVELS))
            return lambda start: Quantiles(np.full((len(start.targets), *shape), float(seed % 100)))

    monkeypatch.setattr(models, "load", lambda name: Drawn())
    before, *parts, after = moved(vintage(ONE, STEADY), vintage(TWO, [*STEADY[1:], 5000]))["baseline"]
    assert parts == [0, 0, 0, after - before]
    assert after != before


def test_a_place_that_joins_has_no_split_and_takes_none_away(build_file_feed):
    first = pd.concat([vintage(ONE, STEADY * (1 + n), location=name) for n, name in enumerate(("US", "Peru"))])
    second = pd.concat([vintage(TWO, [*STEADY[1:], 5400]), vintage(TWO, STEADY * 2, location="Atlantis")])
    chosen = {"start": ONE, "end": None, "archive": False, "models": ["baseline", "sigmoid", "rnn"]}
    site = build_file_feed(pd.concat([first, second]), **chosen)
    assert {place for _, _, place, _ in medians(site, "2020-05-11")} == {"US", "Peru", "Atlantis"}
    frame = split_of(site, "2020-05-11")
    assert set(zip(frame["model_id"], frame["location"], strict=True)) == {
        (model, place) for model in chosen["models"] for place in ("US", "Peru")
    }


# ------------------------------------------------------------------------- when, and what else is recorded


def test_only_the_newest_date_of_a_replay_is_explained(april_site):
    said = {day: receipt["changes"] for day, receipt in receipts(april_site).items()}
    assert [entry is not None for entry in said.values()] == [False, False, False, True]
    assert [path.stem for path in (april_site / "data/april/changes").iterdir()] == ["2020-04-11"]


def test_every_live_date_is_explained(april, tmp_path, feed):
    source = tmp_path / "april.parquet"
    april.to_parquet(source)
    settings = feed(source, archive=False, start="2020-04-12", end=None, models=["baseline"])
    for day in (12, 13, 14):
        now = datetime(2020, 4, day, 6, tzinfo=UTC)
        april[april["as_of"] <= pd.Timestamp(now.date())].to_parquet(source)
        pipeline.build(config.parse({"feeds": [settings]}), tmp_path / "site", now, offline=True)
    found = receipts(tmp_path / "site")
    assert [entry["live"] for entry in found.values()] == [True] * 3
    since = [entry["changes"] and entry["changes"]["since"] for entry in found.values()]
    assert since == [None, "2020-04-11", "2020-04-12"]


def test_forecasts_too_far_apart_are_not_compared(april, build_file_feed):
    gap = april[~april["as_of"].between("2020-04-09", "2020-04-11")]
    site = build_file_feed(gap, start="2020-04-08", models=["baseline"], horizons=3)
    assert list(receipts(site)) == ["2020-04-07", "2020-04-11"]
    near = build_file_feed(gap, "near", start="2020-04-08", models=["baseline"], horizons=5)
    assert {str(end) for end in split_of(near, "2020-04-11")["target_end_date"]} == {"2020-04-12"}
    assert receipts(site)["2020-04-11"]["changes"] is None


def test_the_splits_of_a_backtest_are_left_out(april, tmp_path, feed):
    source = tmp_path / "april.parquet"
    april.to_parquet(source)
    (settings,) = config.parse({"feeds": [feed(source, models=["baseline"])]}).feeds
    folder = tmp_path / "site/data/april"
    work = job.Job(settings, 0, folder, NOW, None, explains=False)
    work.take_in(None)
    with parallel.ordered_map(1) as ordered_map:
        work.run(offline=True, ordered_map=ordered_map, progress=job.quietly)
    assert work.account.failed == []
    assert {entry["changes"] for entry in receipts(tmp_path / "site").values()} == {None}
    assert not (folder / "changes").exists()


def test_a_model_that_cannot_be_retraced_is_named_and_its_forecast_stands(april, tmp_path, feed, monkeypatch):
    source = tmp_path / "april.parquet"
    april.to_parquet(source)
    settings = config.parse({"feeds": [feed(source, start="2020-04-11", models=["baseline", "classic"])]})
    load = models.load

    class Forgetful:
        """Forecasts as ever, and learns nothing for another day."""

        def forecast(self, history, horizons, seed, learn_from=None):
            return load("classic").forecast(history, horizons, seed)

    monkeypatch.setattr(models, "load", lambda name: Forgetful() if name == "classic" else load(name))
    outcome = pipeline.build(settings, tmp_path / "site", NOW, offline=True)
    assert outcome.exit_code == 3
    (line,) = outcome.failed
    assert line.startswith("april: classic failed for 2020-04-11: cannot say why its forecast changed: AttributeError")
    entry = receipts(tmp_path / "site")["2020-04-11"]
    assert entry["models"]["classic"]["status"] == "ok"
    assert set(entry["changes"]["failed"]) == {"classic"}
    assert set(split_of(tmp_path / "site", "2020-04-11")["model_id"]) == {"baseline"}


def test_what_is_not_said_at_every_stage_is_left_out():
    def rows(*locations, value=1.0, **more):
        frame = pd.DataFrame(
            {
                "target": "inc covid cases",
                "location": locations,
                "target_end_date": pd.Timestamp("2026-01-03"),
                "output_type_id": 0.5,
                "value": value,
            }
        )
        return frame.assign(**more)

    def steps(*told):
        return {"baseline": [explain.ModelRun(frame, {}) for frame in told]}

    before = rows("DE", "FR", model_id="baseline")
    whole = steps(rows("DE", "FR", value=3.0), rows("DE", value=4.0), rows("FR", "DE", value=2.0))
    day = date(2026, 1, 2)
    (row,) = explain.split(day, before, whole, {"baseline": rows("DE", "FR", value=7.0)}).to_dict("records")
    assert [row[name] for name in ("location", "before", *PARTS, "after")] == ["DE", 1, 2, 1, -2, 5, 7]
    nothing = explain.split(day, before, {}, {"baseline": rows("DE")})
    assert nothing.empty
    assert nothing.columns.tolist() == SPLITS.names


def test_a_flipped_byte_in_a_split_is_found(april, build_file_feed):
    site = build_file_feed(april)
    assert "4 forecast dates" in checked(site)
    path = site / "data/april/changes/2020-04-11.parquet"
    whole = path.read_bytes()
    for position in range(0, len(whole), 97):
        data = bytearray(whole)
        data[position] ^= 1
        path.write_bytes(data)
        with pytest.raises(RecordError, match=r"changes/2020-04-11\.parquet was altered"):
            checked(site)
    path.unlink()
    with pytest.raises(RecordError, match=r"changes/2020-04-11\.parquet is on record but gone"):
        checked(site)


def test_a_split_that_no_receipt_names_is_found(april, build_file_feed):
    site = build_file_feed(april)
    changes = site / "data/april/changes"
    frame = pd.read_parquet(changes / "2020-04-11.parquet")
    pq.write_table(to_table(frame.assign(reference_date=date(2020, 4, 10)), SPLITS), changes / "2020-04-10.parquet")
    with pytest.raises(RecordError, match=r"changes/2020-04-10\.parquet is not on record"):
        checked(site)


def test_what_a_killed_run_left_is_removed_where_nothing_is_split(april, build_file_feed):
    site = build_file_feed(april, end="2020-04-11", start="2020-04-11")
    left = site / "data/april/changes/2020-04-11.parquet"
    left.parent.mkdir()
    left.write_bytes(b"what a killed run left")
    build_file_feed(april, start="2020-04-11", archive=True, end="2020-04-13", horizons=1)
    assert not left.exists()
    assert receipts(site)["2020-04-11"]["changes"] is None
    assert "3 forecast dates" in checked(site)


def test_splits_of_months_that_are_over_are_merged_and_still_say_why(april, tmp_path, feed):
    source = tmp_path / "april.parquet"
    log = april[april["as_of"] <= pd.Timestamp("2020-04-14")]
    settings = feed(source, archive=False, start="2020-03-30", end=None, models=["baseline"])
    for day in ("2020-03-30", "2020-03-31", "2020-04-01", "2020-04-02"):
        log[log["as_of"] <= pd.Timestamp(day)].to_parquet(source)
        now = datetime.fromisoformat(f"{day}T06:00+00:00")
        pipeline.build(config.parse({"feeds": [settings]}), tmp_path / "site", now, offline=True)
    folder = tmp_path / "site/data/april"
    ledger = Ledger(folder)
    before = [ledger.changes(receipt) for receipt in ledger.receipts()]
    assert [frame is None for frame in before] == [True, False, False, False]
    page = tmp_path / "site/april/2020-03-30/index.html"
    told = page.read_text(encoding="utf-8").split('id="changes"')[1].split("</section>")[0]
    assert "the forecast (No change) moved from" in told
    late = pd.concat([log, vintage("2020-06-20", [9e5] * 3)])
    late.to_parquet(source)
    now = datetime(2020, 6, 20, 6, tzinfo=UTC)
    assert pipeline.build(config.parse({"feeds": [settings]}), tmp_path / "site", now, offline=True).failed == []
    assert (folder / "changes/2020-03.parquet").exists()
    ledger = Ledger(folder)
    for frame, receipt in zip(before, ledger.receipts(), strict=False):
        after = ledger.changes(receipt)
        assert (frame is None and after is None) or frame.equals(after)
    assert told == page.read_text(encoding="utf-8").split('id="changes"')[1].split("</section>")[0]
    assert "forecast dates" in checked(tmp_path / "site")


def test_the_hash_of_the_code_covers_every_module(tmp_path, april_site):
    told = {entry["code_sha256"] for entry in receipts(april_site).values()}
    assert told == {fingerprint.code_sha256()}
    for name in ("a.py", "b/c.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    first = fingerprint.sha256_of(tmp_path)
    (tmp_path / "notes.txt").write_text("no code")
    assert fingerprint.sha256_of(tmp_path) == first
    (tmp_path / "b/c.py").rename(tmp_path / "b/d.py")
    moved = fingerprint.sha256_of(tmp_path)
    (tmp_path / "a.py").write_text("x = 2\n")
    assert len({first, moved, fingerprint.sha256_of(tmp_path)}) == 3
