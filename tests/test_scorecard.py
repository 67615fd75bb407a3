"""`reporter score`, and peers named in the settings, on real forecasts of the COVID hub."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from reporter import config, evaluate, files, pipeline
from reporter.schema import KEY
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

PEERS = Path(__file__).parent / "data" / "peers" / "covid.parquet"
TARGET = "wk inc covid hosp"
MARK = 12345.0


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    changes = archive_changes(REGISTRY["nhsn"])
    path = tmp_path_factory.mktemp("truth") / "nhsn.parquet"
    changes[(changes["target"] == TARGET) & changes["location"].isin(["US", "06"])].to_parquet(path)
    return path


def slow_wis(against):
    """Every task's WIS by a loop over its rows: (model, location, reference date, horizon) → score."""
    counted = pd.read_parquet(against).sort_values("as_of", kind="stable").drop_duplicates(KEY, keep="last")
    observed = {(row.location, str(row.target_end_date)[:10]): row.observation for row in counted.itertuples()}
    losses = {}
    for row in pd.read_parquet(PEERS).itertuples():
        y = observed[row.location, row.target_end_date]
        loss = 2 * max(row.output_type_id * (y - row.value), (row.output_type_id - 1) * (y - row.value))
        losses.setdefault((row.model_id, row.location, row.reference_date, row.horizon), []).append(loss)
    return {task: np.mean(levels) for task, levels in losses.items()}


def run(*arguments):
    import subprocess
    import sys

    command = [sys.executable, "-m", "reporter", "score", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_figures_are_those_of_a_slow_loop(truth, tmp_path):
    done = run("--forecasts", PEERS, "--truth", truth, "--out", tmp_path / "scores.parquet")
    assert done.returncode == 0, done.stderr
    scores = slow_wis(truth)
    base = {task[1:]: wis for task, wis in scores.items() if task[0] == "CovidHub-baseline"}
    for model in ("CovidHub-ensemble", "UMass-gbqr"):
        mine = {task[1:]: wis for task, wis in scores.items() if task[0] == model}
        relative = sum(mine.values()) / sum(base[task] for task in mine)
        line = next(line for line in done.stdout.splitlines() if model in line)
        assert line.split()[1] == str(len(mine))
        assert line.split()[3] == f"{relative:.3f}"
    assert f"{TARGET}, 3 reference dates, 2025-02-01 to 2025-02-15, against latest values" in done.stdout
    table = pd.read_parquet(tmp_path / "scores.parquet")
    assert list(table.columns) == evaluate.SCORES.names


def test_relative_skill_of_models_that_missed_different_tasks_is_that_of_a_slow_loop(truth, tmp_path):
    run("--forecasts", PEERS, "--truth", truth, "--out", tmp_path / "scores.parquet")
    table = pd.read_parquet(tmp_path / "scores.parquet")
    found = evaluate.pairwise_skill(table[table["against"] == "latest"], "CovidHub-baseline")["relative_skill"]
    scores = slow_wis(truth)
    names = sorted({task[0] for task in scores})
    of = {model: {task[1:]: wis for task, wis in scores.items() if task[0] == model} for model in names}

    def mean_ratio(one):
        logs = []
        for other in names:
            common = of[one].keys() & of[other].keys()
            logs.append(np.log(sum(of[one][task] for task in common) / sum(of[other][task] for task in common)))
        return np.exp(np.mean(logs))

    for model in names:
        assert found[model] == pytest.approx(mean_ratio(model) / mean_ratio("CovidHub-baseline"), rel=1e-9)


def test_dates_models_and_the_value_scored_against_can_be_chosen(truth):
    few = run(
        "--forecasts", PEERS, "--truth", truth, "--from", "2025-02-08", "--to", "2025-02-08", "--against", "first"
    )
    assert "1 reference dates, 2025-02-08 to 2025-02-08, against first values" in few.stdout
    assert "gbqr" not in few.stdout
    other = run("--forecasts", PEERS, "--truth", truth, "--baseline", "UMass-gbqr", "--model", "CovidHub-ensemble")
    assert "CovidHub-baseline" not in other.stdout
    assert "UMass-gbqr" in other.stdout


def test_a_chosen_model_is_compared_with_the_baseline_that_is_there(truth):
    done = run("--forecasts", PEERS, "--truth", truth, "--model", "CovidHub-ensemble")
    assert (done.returncode, done.stderr) == (0, "")
    ones = {line.split()[0]: line.split()[3] == "1.000" for line in done.stdout.splitlines()[2:]}
    assert ones == {"CovidHub-baseline": True, "CovidHub-ensemble": False}


@pytest.fixture(scope="module")
def two(truth, tmp_path_factory):
    """Forecasts and counts of two targets, each with a baseline of its own."""
    folder = tmp_path_factory.mktemp("two")
    counts, forecasts = pd.read_parquet(truth), pd.read_parquet(PEERS)
    names = {"CovidHub-baseline": "Other-plain", "CovidHub-ensemble": "Other-ensemble"}
    others = forecasts.assign(target="wk inc flu hosp", model_id=forecasts["model_id"].replace(names))
    pd.concat([counts, counts.assign(target="wk inc flu hosp")]).sort_values("as_of", kind="stable").to_parquet(
        folder / "counts.parquet"
    )
    pd.concat([forecasts, others]).to_parquet(folder / "forecasts.parquet")
    return "--forecasts", folder / "forecasts.parquet", "--truth", folder / "counts.parquet"


def test_each_target_has_the_first_baseline_that_forecast_it(two):
    done = run(*two, "--baseline", "Other-plain", "--baseline", "CovidHub-baseline", "--model", "UMass-gbqr")
    assert (done.returncode, done.stderr) == (0, "")
    models = [line.split()[0] for line in done.stdout.splitlines() if "-" in line.split()[0]]
    ones = [line.split()[0] for line in done.stdout.splitlines() if line.split()[3:4] == ["1.000"]]
    assert sorted(models) == ["CovidHub-baseline", "Other-plain", "UMass-gbqr", "UMass-gbqr"]
    assert ones == ["CovidHub-baseline", "Other-plain"]


@pytest.mark.parametrize("given", [[], ["--baseline", "CovidHub-baseline"]])
def test_a_target_without_a_baseline_is_said_before_anything_is_printed_or_written(two, tmp_path, given):
    done = run(*two, *given, "--out", tmp_path / "scores.parquet")
    found = repr(given[1]) if given else None
    there = "Other-ensemble, Other-plain, UMass-gbqr"
    line = f"--baseline: found {found}; allowed: one that forecast wk inc flu hosp: {there}\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)
    assert not (tmp_path / "scores.parquet").exists()


def test_what_cannot_be_scored_is_said_in_one_line(truth, tmp_path):
    unknown = run("--forecasts", PEERS, "--truth", truth, "--baseline", "nobody")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "nobody" in unknown.stderr
    nothing = run("--forecasts", PEERS, "--truth", truth, "--from", "2026-01-01")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    broken = pd.read_parquet(PEERS).assign(location="99")
    broken.to_parquet(tmp_path / "broken.parquet")
    refused = run("--forecasts", tmp_path / "broken.parquet", "--truth", truth)
    assert "refused: broken.parquet, row 1: unknown place '99'" in refused.stderr


@pytest.fixture
def site(truth, tmp_path, feed):
    """Builds a site whose one feed has peers, from the given settings of them."""

    def build(out="site", **peers):
        from datetime import UTC, datetime

        table = {"path": str(PEERS), "title": "COVID hub", "attribution": "The teams, Apache-2.0", **peers}
        settings = feed(
            truth, name="us", target=TARGET, cadence="week", horizons=4, models=["baseline"],
            start="2025-01-20", end="2025-02-20", peers=[table],
        )  # fmt: skip
        moment = datetime(2026, 11, 20, 6, tzinfo=UTC)
        return pipeline.build(config.parse({"feeds": [settings]}), tmp_path / out, moment, offline=True)

    return build


def test_peers_are_scored_on_the_tasks_of_the_feed(site, tmp_path):
    assert site(baseline="CovidHub-baseline").failed == []
    theirs = pd.read_parquet(tmp_path / "site/data/us/peer-scores.parquet")
    ours = pd.read_parquet(tmp_path / "site/data/us/scores.parquet")
    task = ["target", "location", "reference_date", "horizon", "target_end_date", "against", "observation"]
    assert set(theirs["hub"]) == {"COVID hub"}
    common = theirs[theirs["model_id"] == "CovidHub-ensemble"].merge(ours, on=task)
    assert len(common) == 2 * 3 * 8  # first and latest, three dates, two places of four horizons


def test_a_remote_hub_is_fetched_and_kept_while_offline(site, tmp_path, truth, feed):
    import http.server
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PEERS.read_bytes())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        path = f"http://127.0.0.1:{server.server_address[1]}/covid.parquet"
        table = {"path": path, "title": "COVID hub", "attribution": "The teams, Apache-2.0"}
        settings = feed(
            truth, name="us", target=TARGET, cadence="week", horizons=4, models=["baseline"],
            start="2025-02-10", end="2025-02-20", peers=[table],
        )  # fmt: skip
        from datetime import UTC, datetime

        moment = datetime(2026, 11, 20, 6, tzinfo=UTC)
        online = pipeline.build(config.parse({"feeds": [settings]}), tmp_path / "site", moment)
        server.shutdown()
    assert online.failed == []
    kept = (tmp_path / "site/data/us/peer-scores.parquet").read_bytes()
    again = pipeline.build(config.parse({"feeds": [settings]}), tmp_path / "site", moment, offline=True)
    assert again.failed == []
    assert (tmp_path / "site/data/us/peer-scores.parquet").read_bytes() == kept
    assert len(pd.read_parquet(tmp_path / "site/data/us/peer-scores.parquet")) > 0


def test_a_hub_that_is_gone_degrades_the_build_and_stops_nothing(site, tmp_path):
    outcome = site(path=str(tmp_path / "nowhere"))
    assert outcome.exit_code == 3
    assert outcome.new
    assert "COVID hub" in outcome.failed[0]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-9], lambda raw: raw[:99] + b"?" + raw[100:], lambda _: b""])
def test_damaged_scores_of_peers_are_made_again(site, tmp_path, damage):
    site()
    path = tmp_path / "site/data/us/peer-scores.parquet"
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    outcome = site()
    assert (outcome.exit_code, outcome.failed) == (0, [])
    assert path.read_bytes() == whole


def test_scores_of_peers_with_other_columns_are_made_again(site, tmp_path):
    site()
    path = tmp_path / "site/data/us/peer-scores.parquet"
    whole = path.read_bytes()
    path.write_bytes(files.parquet_bytes(files.read_parquet(path).drop_columns(["hub"])))
    assert site().failed == []
    assert path.read_bytes() == whole


@pytest.fixture
def changing(truth, tmp_path, feed):
    """A site whose peers and counts are files that a test changes: builds it, and says whether the hub was scored."""
    counts, hub = tmp_path / "counts.parquet", tmp_path / "covid.parquet"
    pd.read_parquet(truth).to_parquet(counts)
    hub.write_bytes(PEERS.read_bytes())
    path = tmp_path / "site/data/us/peer-scores.parquet"

    def build(**peers):
        from datetime import UTC, datetime

        table = {"path": str(hub), "title": "COVID hub", "attribution": "The teams, Apache-2.0", **peers}
        settings = feed(
            counts, name="us", target=TARGET, cadence="week", horizons=4, models=["baseline"],
            start="2025-02-10", end="2025-02-20", peers=[table],
        )  # fmt: skip
        moment = datetime(2026, 11, 20 + len(moments), 6, tzinfo=UTC)
        moments.append(moment)
        assert pipeline.build(config.parse({"feeds": [settings]}), tmp_path / "site", moment, offline=True).failed == []
        anew = MARK not in files.read_parquet(path)["absolute_error"].to_pylist()
        mark()
        return anew

    def mark():
        table, notes = files.read_parquet(path), files.read_notes(path)
        column = table.column_names.index("absolute_error")
        marked = table.set_column(column, "absolute_error", pa.array([MARK] * len(table)))
        path.write_bytes(files.parquet_bytes(marked, {name: notes[name] for name in notes if name != "seal"}))

    moments = []
    return build, counts, hub


def revised(counts, end):
    rows = pd.read_parquet(counts)
    rows.loc[(rows["target_end_date"] == end) & (rows["location"] == "US"), "observation"] += 1
    rows.to_parquet(counts)


def test_a_hub_is_scored_again_only_if_something_it_depends_on_changed(changing):
    build, counts, hub = changing
    assert build()
    assert not build()
    revised(counts, "2024-12-07")  # before its first reference date
    assert not build()
    revised(counts, "2025-02-15")
    assert build()
    pd.read_parquet(PEERS).iloc[23:].to_parquet(hub)
    assert build()
    assert build(models=["CovidHub-ensemble"])
    assert build(ahead=0)
    assert not build(ahead=0)
