"""Backtests: the daily job's forecasts over past vintages, in a hub of their own."""

import html
import http.server
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from reporter import audit, backtest, config, evaluate, parallel
from reporter.errors import RecordError, SettingsError
from reporter.ledger import Ledger

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
APRIL = (date(2020, 4, 9), date(2020, 4, 12))


@pytest.fixture
def ask(april, tmp_path, feed):
    """Runs a backtest of the April feed from its file, in this process: `ask(out, **what is asked)`."""
    april.to_parquet(tmp_path / "april.parquet")

    def run(out, first=APRIL[0], last=APRIL[1], models=(), workers=1, now=NOW, site=Path("site"), **changed):
        changed.setdefault("path", str(tmp_path / "april.parquet"))
        settings = config.parse({"feeds": [feed(**changed)]})
        asked = backtest.Asked("april", first, last, models)
        return backtest.run(settings, asked, out, now, parallel.ordered_map(workers), site=site)

    return run


def stored(folder):
    """What a call could change: every file's bytes and when it was written; the lock is touched by taking it."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_backtest_makes_the_very_forecasts_of_the_daily_job(ask, tmp_path, april_site, tree):
    outcome = ask(tmp_path / "hub")
    assert (outcome.new, outcome.failed, outcome.exit_code) == (4, [], 0)
    hub, site = tree(tmp_path / "hub"), tree(april_site / "data" / "april")
    same = ("model-output/", "vintages/", "hub-config/", "model-metadata/", "target-data/")
    assert {path: data for path, data in hub.items() if path.startswith(same)} == {
        path: data for path, data in site.items() if path.startswith(same)
    }
    scored = [
        pd.read_parquet(folder / "scores.parquet") for folder in (tmp_path / "hub", april_site / "data" / "april")
    ]
    pd.testing.assert_frame_equal(*scored)
    question = json.loads(hub["backtest.json"])
    assert (question["from"], question["to"], question["finished"]) == ("2020-04-09", "2020-04-12", True)
    first = evaluate.skill(outcome.scores[outcome.scores["against"] == "first"])
    assert sorted(first.index) == ["baseline", "classic", "sigmoid"]
    assert set(first["tasks"]) == {6 * (5 + 4 + 3 + 2)}


def test_the_report_stands_alone(ask, tmp_path):
    ask(tmp_path / "hub", models=["sigmoid"])
    page = (tmp_path / "hub" / "index.html").read_text()
    assert "9 April 2020 to" in page
    assert "all made later (backfilled)" in page
    for link in re.findall(r'(?:src|href)="([^"#]+)"', page):
        assert (tmp_path / "hub" / link).exists(), link


def test_no_forecast_of_a_backtest_is_live(ask, tmp_path):
    newest = date(2020, 4, 14)
    ask(tmp_path / "hub", newest, newest, archive=False, start=None, end=None, now=datetime(2020, 4, 14, 6, tzinfo=UTC))
    assert [receipt["live"] for receipt in Ledger(tmp_path / "hub").receipts()] == [False]


def test_without_bounds_every_vintage_is_forecast_from(ask, tmp_path, april):
    outcome = ask(tmp_path / "hub", None, None, ["baseline"])
    assert outcome.new + len(outcome.failed) == april["as_of"].nunique()
    assert not json.loads((tmp_path / "hub" / "backtest.json").read_text())["from"]


def test_any_number_of_workers_gives_the_same_bytes(ask, tmp_path, tree):
    models = ["ensemble", "sigmoid", "blend"]
    ask(tmp_path / "one", models=models)
    ask(tmp_path / "two", models=models, workers=2)
    ask(tmp_path / "three", models=models, workers=3)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "three")


def test_the_baseline_is_added_and_no_other_model(ask, tmp_path):
    ask(tmp_path / "hub", models=["classic"], lead="sigmoid")
    assert sorted(path.name for path in (tmp_path / "hub" / "model-output").iterdir()) == ["baseline", "classic"]


def test_the_vintages_are_the_sites_where_it_has_some(ask, april, april_site, tmp_path, tree):
    """The site keeps what its file no longer says."""
    april[april["as_of"] < "2020-04-10"].to_parquet(tmp_path / "shorter.parquet")
    ask(tmp_path / "hub", models=["baseline"], site=april_site, path=str(tmp_path / "shorter.parquet"))
    assert tree(tmp_path / "hub" / "vintages") == tree(april_site / "data" / "april" / "vintages")
    assert audit.check_record(tmp_path / "hub").startswith("4 forecast dates, ")


FEED = {"name": "april", "source": "file", "target": "cum confirmed cases", "cadence": "day", "horizons": 7}


def test_a_finished_backtest_does_nothing_again(ask, tmp_path):
    ask(tmp_path / "hub", models=["baseline"])
    before = stored(tmp_path / "hub")
    outcome = ask(tmp_path / "hub", models=["baseline"], now=datetime(2026, 12, 24, 6, tzinfo=UTC))
    assert (outcome.new, outcome.exit_code, set(outcome.scores["model_id"])) == (0, 0, {"baseline"})
    assert stored(tmp_path / "hub") == before


@pytest.mark.parametrize(
    ("changed", "key", "found"),
    [
        ({"first": date(2020, 4, 10)}, "--from", "2020-04-10"),
        ({"last": None}, "--to", "none"),
        ({"models": ["sigmoid"]}, "--models", "baseline, sigmoid"),
        ({"horizons": 5}, "horizons", "5"),
        ({"locations": ["US", "Italy"]}, "locations", "US, Italy"),
    ],
)
def test_another_question_in_the_same_folder_is_refused(ask, tmp_path, changed, key, found):
    ask(tmp_path / "hub", models=["baseline"])
    before = stored(tmp_path / "hub")
    with pytest.raises(SettingsError, match=r"as the backtest in .* was begun; or another --out") as refusal:
        ask(tmp_path / "hub", **{"models": ["baseline"], **changed})
    assert refusal.value.key == key
    assert refusal.value.found == found
    assert stored(tmp_path / "hub") == before


def test_the_settings_of_a_backtest_are_in_its_question(ask, tmp_path):
    ask(tmp_path / "hub", models=["baseline"])
    path = tmp_path / "hub" / "backtest.json"
    question = json.loads(path.read_text())
    assert question["settings"]["horizons"] == 7
    del question["settings"]  # as one had it that was made before
    path.write_text(json.dumps(question))
    assert ask(tmp_path / "hub", models=["baseline"]).exit_code == 0
    with pytest.raises(SettingsError, match=r"^settings_sha256: found "):
        ask(tmp_path / "hub", models=["baseline"], horizons=5)


@pytest.fixture
def others(april_site, tmp_path):
    """A server of another team's forecasts, which are ours under its name: its address, and what it was asked for."""
    mine = Ledger(april_site / "data" / "april").forecasts()
    mine[mine["model_id"] == "sigmoid"].assign(model_id="Other-model").to_parquet(tmp_path / "others.parquet")
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if self.path == "/others.parquet" else 404)
            self.end_headers()
            self.wfile.write((tmp_path / "others.parquet").read_bytes())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
        server.shutdown()


def test_peers_are_fetched_and_a_finished_backtest_takes_new_ones(ask, tmp_path, others):
    address, fetched = others
    out, peer = tmp_path / "hub", {"title": "Others", "attribution": "The others, CC0", "ahead": 0}
    ask(out, models=["baseline"], peers=[{**peer, "path": f"{address}others.parquet"}])
    theirs = pd.read_parquet(out / "peer-scores.parquet")
    assert (set(theirs["model_id"]), fetched) == ({"Other-model"}, ["/others.parquet"])
    assert "Other-model" in (out / "index.html").read_text()
    before = stored(out)
    again = ask(out, models=["baseline"], peers=[{**peer, "path": f"{address}others.parquet"}])
    assert (stored(out), again.exit_code, len(fetched)) == (before, 0, 1)

    local = ask(out, models=["baseline"], peers=[{**peer, "title": "A file", "path": str(tmp_path / "others.parquet")}])
    assert (local.new, local.failed) == (0, [])
    assert set(pd.read_parquet(out / "peer-scores.parquet")["hub"]) == {"A file"}
    assert "A file" in (out / "index.html").read_text()
    kept = ("receipts/", "model-output/", "vintages/")
    now = stored(out)
    assert all(now[path] == was for path, was in before.items() if str(path.relative_to(out)).startswith(kept))
    assert ask(out, models=["baseline"]).exit_code == 0
    assert not (out / "peer-scores.parquet").exists()


def test_peers_that_failed_are_tried_again(ask, tmp_path, others):
    address, fetched = others
    peer = {"title": "Others", "attribution": "The others, CC0", "ahead": 0, "path": f"{address}gone.csv"}
    for call in (1, 2):
        outcome = ask(tmp_path / "hub", models=["baseline"], peers=[peer])
        (line,) = outcome.failed
        assert line.startswith("april: Others: ")
        assert (outcome.exit_code, len(fetched)) == (3, call)
        assert line in html.unescape((tmp_path / "hub" / "index.html").read_text())


@pytest.mark.parametrize("damage", ["vintage", "question"])
def test_a_folder_that_was_altered_is_refused(ask, tmp_path, damage):
    ask(tmp_path / "hub", models=["baseline"])
    path = tmp_path / "hub" / ("vintages/2020-04-01.parquet" if damage == "vintage" else "backtest.json")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RecordError, match=r"backtest\.json|2020-04-01\.parquet was altered"):
        ask(tmp_path / "hub", models=["baseline"])


def test_vintages_that_came_since_are_not_waited_for(ask, april, tmp_path, tree, monkeypatch):
    """A call that was killed between the question and the copy finds a file that has grown."""
    april[april["as_of"] <= "2020-04-13"].to_parquet(tmp_path / "shorter.parquet")
    whole = tmp_path / "whole"
    ask(whole, models=["baseline"], path=str(tmp_path / "shorter.parquet"))
    site = tmp_path / "site" / "data" / "april" / "vintages"
    (tmp_path / "cut").mkdir()
    question = json.loads((whole / "backtest.json").read_text())
    (tmp_path / "cut" / "backtest.json").write_text(json.dumps({**question, "finished": False}))
    backtest.Vintages(site).seed(april)
    ask(tmp_path / "cut", models=["baseline"], site=tmp_path / "site")
    assert tree(tmp_path / "cut") == tree(whole)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"models": ["sigmoid", "gompertz"]}, "--models: found 'gompertz'; allowed: one of baseline"),
        ({"models": ["sigmoid", "sigmoid"]}, "--models: found 'sigmoid'; allowed: each only once"),
        ({"first": APRIL[1], "last": APRIL[0]}, "--to: found '2020-04-09'; allowed: a day not before --from"),
        ({"first": date(2021, 1, 1), "last": None}, "--from: found '2021-01-01'; allowed: a range with vintages"),
        ({"first": None, "last": date(2019, 1, 1)}, "--to: found '2019-01-01'; allowed: a range with vintages"),
        ({"name": "march"}, "--feed: found 'april'; allowed: one of march"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(ask, tmp_path, changed, line):
    with pytest.raises(SettingsError) as refusal:
        ask(tmp_path / "hub", **changed)
    assert str(refusal.value).startswith(line)
    assert not [path for path in (tmp_path / "hub").rglob("*") if path.name != ".lock"]


def test_a_sites_record_is_not_written_over(ask, april_site, tree):
    before = tree(april_site)
    for folder in ("april", "another", "."):
        with pytest.raises(SettingsError, match=r"--out: found .* a folder outside .*data, the record of the site"):
            ask(april_site / "data" / folder, site=april_site)
    with pytest.raises(SettingsError, match="or one of a backtest; it holds changes, estimates, hub-config"):
        ask(april_site / "data" / "april")
    assert tree(april_site) == before


def test_the_hub_of_a_backtest_opens_with_hubdata(ask, tmp_path):
    from hubdata import connect_hub

    ask(tmp_path / "hub", models=["sigmoid"])
    table = connect_hub(tmp_path / "hub").get_dataset().to_table().to_pandas()
    assert len(table) == 2 * 4 * 7 * 6 * 23
    scores = pd.read_parquet(tmp_path / "hub" / "scores.parquet")
    assert set(scores["live"]) == {False}


# ------------------------------------------------------------------ the command


@pytest.fixture
def start(april, tmp_path):
    """Starts `reporter backtest` in a group of processes of its own: `start(out, *options)`."""
    april.to_csv(tmp_path / "april.csv", index=False)
    (tmp_path / "reporter.toml").write_text(
        "[[feeds]]\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in {**FEED, "path": "april.csv"}.items())
    )

    def run(out, *options, workers=2, python=("-m", "reporter")):
        command = [sys.executable, *python, "backtest", "--feed", "april", "--from", "2020-03-28"]
        command += ["--to", "2020-04-12", "--models", "baseline", "--workers", str(workers), "--out", str(out)]
        return subprocess.Popen(
            [*command, *options], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip

    return run


def receipts(out):
    return len(list(out.glob("receipts/*.json")))


def wait_for(process, out, count):
    until = time.monotonic() + 60
    while process.poll() is None and receipts(out) < count and time.monotonic() < until:
        time.sleep(0.002)


def finish(process):
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return said


def test_killed_backtests_end_in_the_bytes_of_one_that_was_not(start, tmp_path, tree):
    """The whole group is killed at random moments, also on the way back; the later calls give another time."""
    at = ("--now", "2026-11-20T06:00:00Z")
    said = finish(start(tmp_path / "whole", *at))
    assert f"16 new forecast dates: {tmp_path / 'whole'}" in said
    whole = tree(tmp_path / "whole")
    moments, killed = random.Random(3), 0  # noqa: S311 - moments, no secrets
    for kills in (1, 2):
        out = tmp_path / f"killed-{kills}"
        for again in range(kills):
            process = start(out, *(at if not again else ()))
            # Until the question is written there is nothing to resume, and no time on record.
            wait_for(process, out, receipts(out) + 1)
            time.sleep(moments.uniform(0, 0.1))
            killed += process.poll() is None
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=60)  # no worker outlives it and holds the pipe
        finish(start(out))
        assert tree(out) == whole
    assert killed >= 2


BROKEN = """
from reporter import models
from reporter.cli import main
models.REGISTRY["classic"] = models.REGISTRY["classic"]._replace(where="reporter.models.classic:Gone")
main()
"""


def with_a_gap(log):
    """A change log whose vintage of 1 April withdraws all but two days of counts, which the next one has again."""
    day, after = pd.Timestamp("2020-04-01"), pd.Timestamp("2020-04-02")
    key = ["target", "location", "target_end_date"]
    known = log[log["as_of"] <= day].drop_duplicates(key, keep="last")
    old = known[known["target_end_date"] < "2020-03-30"]
    untouched = log[~((log["as_of"] == day) & (log["target_end_date"] < "2020-03-30"))]
    back = old.assign(as_of=after).merge(log.loc[log["as_of"] == after, key], on=key, how="left", indicator=True)
    back = back[back["_merge"] == "left_only"].drop(columns="_merge")
    return pd.concat([untouched, old.assign(as_of=day, observation=float("nan")), back]).sort_values(["as_of", *key])


def told(process):
    """The exit code of a call, what failed and what is new."""
    said, errors = process.communicate(timeout=300)
    failed = [line for line in errors.splitlines() if not re.match(r"april: \d+ of \d+$", line)]
    return process.returncode, failed, said.splitlines()[-1].split(":")[0]


def test_where_dates_and_models_failed_a_killed_backtest_says_and_writes_the_same(april, start, tmp_path, tree):
    options = ("--models", "baseline,classic", "--now", "2026-11-20T06:00:00Z")
    call = {"workers": 1, "python": ("-c", BROKEN)}

    def run(out):
        return start(out, *options, **call)

    with_a_gap(april).to_csv(tmp_path / "april.csv", index=False)
    code, failed, new = told(run(tmp_path / "whole"))
    assert (code, new) == (3, "15 new forecast dates")
    assert failed[0] == "april: nothing could be forecast for 2020-03-31: only 2 counts so far; needs 5"
    assert len([line for line in failed if "classic failed for 2020-" in line]) == 16
    whole = tree(tmp_path / "whole")
    assert b"nothing could be forecast for 2020-03-31" in whole["index.html"]
    process = run(tmp_path / "killed")
    wait_for(process, tmp_path / "killed", 8)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert 8 <= receipts(tmp_path / "killed") < 15
    assert told(run(tmp_path / "killed"))[:2] == (code, failed)
    assert tree(tmp_path / "killed") == whole
    assert told(run(tmp_path / "killed")) == (code, failed, "no new forecast dates")
    assert tree(tmp_path / "killed") == whole


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(start, tmp_path):
    process = start(tmp_path / "hub")
    wait_for(process, tmp_path / "hub", 2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    (line,) = [line for line in errors.splitlines() if not line.startswith("april: ")]
    assert line == f"stopped; what is done stays in {tmp_path / 'hub'}, and the same call goes on from there"
    done = receipts(tmp_path / "hub")
    assert 2 <= done < 16
    assert f"{16 - done} new forecast dates" in finish(start(tmp_path / "hub"))


def test_wrong_usage_is_one_line_and_exits_2(start, tmp_path):
    for options, line in [
        (("--cluster", "127.0.0.1:1"), "--workers and --cluster: one of them"),
        (("--models", "gompertz"), "--models: found 'gompertz'; allowed: one of baseline"),
        (("--site", ".", "--out", "data/hub"), "--out: found 'data/hub'; allowed: a folder outside data"),
    ]:
        process = start(tmp_path / "hub", *options)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors.count("\n")) == (2, 1)
        assert line in errors
