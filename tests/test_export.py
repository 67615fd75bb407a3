"""Submissions made from the record of a weekly feed, by the command a team would use."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from reporter import config, export, pipeline, seal
from reporter.errors import ContractError, ModelError, RecordError, SettingsError
from reporter.schema import LEVELS
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

NOW = datetime(2025, 6, 24, 12, 0, tzinfo=UTC)
RULES = Path(__file__).parent / "data" / "hubverse"
COLUMNS = [
    "reference_date",
    "target",
    "horizon",
    "location",
    "target_end_date",
    "output_type",
    "output_type_id",
    "value",
]
HUBS = {
    "wk inc covid hosp": "covid19-forecast-hub",
    "wk inc flu hosp": "FluSight-forecast-hub",
    "wk inc rsv hosp": "rsv-forecast-hub",
}
SETTINGS = """
[site]
base_url = "https://news.example/forecasts/"

[team]
name = "Example Newsroom"
abbr = "ExNews"
designated = ["baseline"]
github_users = ["ada"]

[[team.contributors]]
name = "Ada Example"
affiliation = "Example Newsroom"
email = "ada@example.org"
orcid = "0000-0002-1825-0097"

[[feeds]]
name = "admissions"
source = "file"
path = "admissions.parquet"
target = ["wk inc covid hosp", "wk inc flu hosp", "wk inc rsv hosp", "wk inc other hosp"]
cadence = "week"
horizons = 6
backfill = 2
models = ["baseline", "sigmoid"]

[[feeds]]
name = "days"
source = "rki"
target = "inc covid cases"
cadence = "day"
horizons = 7
models = ["baseline"]

[[feeds]]
name = "others"
source = "file"
path = "admissions.parquet"
target = "wk inc other hosp"
cadence = "week"
horizons = 1
models = ["baseline"]
"""


@pytest.fixture(scope="session")
def record(tmp_path_factory):
    """Settings and a site: real admissions of three places; one of them has counted RSV for two weeks only."""
    folder = tmp_path_factory.mktemp("admissions")
    changes = archive_changes(REGISTRY["nhsn"])
    mine = changes[changes["location"].isin(["US", "06", "72"])]
    newest = sorted(mine["as_of"].unique())[-4:]
    old = mine["as_of"] < newest[0]
    before = mine[old].drop_duplicates(["target", "location", "target_end_date"], keep="last")
    log = pd.concat([before.assign(as_of=mine[old]["as_of"].max()), mine[~old]])
    young = (log["target"] == "wk inc rsv hosp") & (log["location"] == "72") & (log["target_end_date"] < "2025-06-08")
    other = log[log["target"] == "wk inc covid hosp"].assign(target="wk inc other hosp")
    pd.concat([log[~young], other]).to_parquet(folder / "admissions.parquet")
    (folder / "reporter.toml").write_text(SETTINGS, encoding="utf-8")
    settings = config.load(folder / "reporter.toml")
    built = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
    outcome = pipeline.build(settings, folder / "site", built, offline=True, only=["admissions"])
    assert len(outcome.new) == 2
    return folder


@pytest.fixture
def make(record, tmp_path):
    """Exports: `make(model, **options)` gives what came of it, written to `tmp_path / "out"`."""

    def to_cdc(model="baseline", feed="admissions", **options):
        settings = options.pop("settings", None) or config.load(record / "reporter.toml")
        site = options.pop("site", record / "site")
        return export.to_cdc(settings, feed, model, site, tmp_path / "out", options.pop("now", NOW), **options)

    return to_cdc


def ledger_of(record, model, day):
    path = record / "site" / "data" / "admissions" / "model-output" / model / f"{day}-{model}.parquet"
    return pq.read_table(path).to_pandas()


def test_each_hub_gets_its_file_with_the_numbers_on_record(make, record, tmp_path):
    make()
    day = "2025-06-28"
    for target, hub in HUBS.items():
        rows = pq.read_table(tmp_path / "out" / hub / f"model-output/ExNews-baseline/{day}-ExNews-baseline.parquet")
        assert rows.column_names == COLUMNS
        theirs = rows.to_pandas()
        assert set(theirs["target"]) == {target}
        assert set(theirs["reference_date"]) == {date(2025, 6, 28)}
        assert sorted(set(theirs["horizon"])) == [0, 1, 2, 3]
        ours = ledger_of(record, "baseline", "2025-06-21")
        ours = ours[(ours["target"] == target) & (ours["horizon"] <= 4)]
        both = theirs.assign(level=theirs["output_type_id"].astype(float)).merge(
            ours,
            left_on=["location", "target_end_date", "level"],
            right_on=["location", "target_end_date", "output_type_id"],
        )
        assert len(both) == len(theirs) == len(ours) > 0
        assert (both["value_x"] == both["value_y"]).all()
        assert (both["horizon_x"] == both["horizon_y"] - 1).all()


def test_the_metadata_are_what_the_hub_wants(make, tmp_path):
    make()
    schema = json.loads((RULES / "cdc-model-metadata-schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for hub in HUBS.values():
        about = yaml.safe_load((tmp_path / "out" / hub / "model-metadata" / "ExNews-baseline.yml").read_bytes())
        validator.validate(about)
        assert about["designated_model"] is True
        assert about["website_url"] == "https://news.example/forecasts/"
        assert about["model_contributors"][0]["orcid"] == "0000-0002-1825-0097"
    make("sigmoid")
    about = yaml.safe_load((tmp_path / "out" / hub / "model-metadata" / "ExNews-sigmoid.yml").read_bytes())
    validator.validate(about)
    assert about["designated_model"] is False
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**about, "license": "MIT"})


def test_csv_has_the_hubs_text_forms(make, tmp_path):
    make(file_format="csv", reference_date=date(2025, 6, 21))
    path = tmp_path / "out/covid19-forecast-hub/model-output/ExNews-baseline/2025-06-21-ExNews-baseline.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1].startswith("2025-06-21,wk inc covid hosp,0,06,2025-06-21,quantile,0.01,")
    levels = [line.split(",")[6] for line in lines[1:24]]
    assert levels == [str(level) for level in LEVELS]
    rows = pd.read_csv(path, dtype={"location": str})
    assert set(rows["location"]) == {"US", "06", "72"}
    assert rows["value"].map(np.isfinite).all()


def test_damage_elsewhere_in_the_record_stops_no_export(make, record, tmp_path):
    shutil.copytree(record / "site", tmp_path / "site")
    output = tmp_path / "site" / "data" / "admissions" / "model-output"
    for name in ("baseline/2025-06-14-baseline.parquet", "sigmoid/2025-06-21-sigmoid.parquet"):
        (output / name).write_bytes(b"damaged")
    assert make(site=tmp_path / "site").written
    (output / "baseline/2025-06-21-baseline.parquet").write_bytes(b"damaged")
    with pytest.raises(RecordError, match=r"2025-06-21-baseline\.parquet was altered"):
        make(site=tmp_path / "site")


def test_what_is_left_out_is_named(make, tmp_path):
    notes = make().notes
    assert any(line.startswith("wk inc rsv hosp, 72: baseline refused it (") for line in notes)
    assert "wk inc flu hosp: horizons 4, 5 are not asked for; left out" in notes
    assert "wk inc other hosp: no CDC hub collects it; left out" in notes
    assert any("wk inc rsv hosp: checked against" in line and "its target replaced" in line for line in notes)
    rsv = tmp_path / "out/rsv-forecast-hub/model-output/ExNews-baseline/2025-06-28-ExNews-baseline.parquet"
    assert set(pq.read_table(rsv)["location"].to_pylist()) == {"US", "06"}


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2025-06-22T03:59:00+00:00", "is not open yet"),  # still Saturday evening in New York
        ("2025-06-22T04:01:00+00:00", None),
        ("2025-06-26T03:59:00+00:00", None),  # still Wednesday there
        ("2025-06-26T04:01:00+00:00", "is closed"),
    ],
)
def test_a_closed_window_is_said_and_no_more(make, now, state):
    done = make(now=datetime.fromisoformat(now))
    said = [line for line in done.notes if "submission window of 2025-06-28" in line]
    assert len(said) == (3 if state else 0)
    assert all(f"{state} (2025-06-22 to 2025-06-25" in line for line in said)
    assert len(done.written) == 6


def test_exporting_twice_gives_the_same_bytes(make, tmp_path, tree):
    make()
    before = tree(tmp_path / "out")
    make()
    assert tree(tmp_path / "out") == before


def test_a_hubs_own_tasks_take_the_place_of_the_bundled(make, record, tmp_path):
    """They decide what is asked for, and its types; a target they lack is held against the bundled ones."""
    tasks = json.loads((Path(export.__file__).parent / "data" / "cdc-covid-tasks.json").read_bytes())
    (task,) = tasks["rounds"][0]["model_tasks"]
    task["task_ids"]["target"]["optional"] = ["wk inc flu hosp"]
    task["target_metadata"] = [{**task["target_metadata"][0], "target_keys": {"target": ["wk inc flu hosp"]}}]
    task["task_ids"]["horizon"]["optional"] = [0, 1]
    del task["output_type"]["sample"]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(tasks))
    notes = make(tasks_files=[path]).notes
    assert f"wk inc flu hosp: checked against {path}" in notes
    flu, covid = (
        pq.read_table(tmp_path / "out" / hub / "model-output/ExNews-baseline/2025-06-28-ExNews-baseline.parquet")
        for hub in ("FluSight-forecast-hub", "covid19-forecast-hub")
    )
    assert set(flu["horizon"].to_pylist()) == {0, 1}
    assert (str(flu.schema.field("output_type_id").type), str(covid.schema.field("output_type_id").type)) == (
        "double",
        "string",
    )


def test_a_refused_submission_writes_nothing(make, tmp_path):
    tasks = json.loads((Path(export.__file__).parent / "data" / "cdc-covid-tasks.json").read_bytes())
    tasks["rounds"][0]["model_tasks"][0]["task_ids"]["location"]["optional"] = ["US", "06"]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(tasks))
    with pytest.raises(
        ContractError, match=r"wk inc covid hosp against .*tasks.json: row 93 .*location 72; allowed: US, 06"
    ):
        make(tasks_files=[path])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "error", "line"),
    [
        ({"feed": "none"}, SettingsError, "--feed: found 'none'; allowed: one of admissions, days, others"),
        ({"feed": "days"}, SettingsError, "--feed: found 'days'; allowed: a feed of weeks"),
        ({"feed": "others"}, SettingsError, "--feed: found 'others'; allowed: a feed of wk inc covid hosp, wk inc flu"),
        ({"model": "rnn"}, SettingsError, "--model: found 'rnn'; allowed: one of the feed's models: baseline, sigmoid"),
        (
            {"reference_date": date(2025, 6, 14)},
            SettingsError,
            "--reference-date: found '2025-06-14'; allowed: a hub's reference date on record, 2025-06-21 to 2025-06-28",
        ),
        ({"tasks_files": [RULES / "admin.json"]}, SettingsError, "admin.json'; allowed: a hub's tasks.json"),
        ({"tasks_files": [RULES / "none.json"]}, SettingsError, "none.json'; allowed: a hub's tasks.json"),
        ({"site": Path("nowhere")}, RecordError, "nothing is on record to export: run `reporter build` first"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_line(make, tmp_path, options, error, line):
    with pytest.raises(error) as caught:
        make(**options)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_without_a_team_or_an_address_the_settings_are_asked_for_more(make, record, tmp_path):
    settings = config.load(record / "reporter.toml")
    with pytest.raises(SettingsError, match=r"a \[team\] table with name, abbr and contributors"):
        make(settings=settings.model_copy(update={"team": None}))
    with pytest.raises(
        SettingsError, match=r"team.website_url: found None; allowed: an http or https address, or base_url in"
    ):
        make(settings=settings.model_copy(update={"site": config.Site()}))
    assert not (tmp_path / "out").exists()


def test_a_model_that_has_nothing_to_say_is_an_error(make, record, tmp_path):
    """Its failure is in the receipt, which says so."""
    site = tmp_path / "site"
    shutil.copytree(record / "site" / "data", site / "data")
    path = site / "data/admissions/receipts/2025-06-21.json"
    receipt = json.loads(path.read_text())
    receipt["models"]["baseline"] = {"status": "failed", "error": "it overflowed"}
    path.write_bytes(seal.sealed(json.dumps(receipt | {"seal": seal.BLANK}).encode() + b"\n"))
    with pytest.raises(ModelError, match="baseline has no forecast of 2025-06-28 on record: it overflowed"):
        make(site=site)


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "reporter", *map(str, arguments)],
        cwd=cwd, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_command(record, tmp_path):
    arguments = ("export", "--hub", "cdc", "--feed", "admissions", "--config", record / "reporter.toml")
    arguments += ("--site", record / "site", "--out", "here", "--now", "2025-06-24T12:00:00Z")
    done = run(*arguments, "--model", "sigmoid", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == (
        "here/covid19-forecast-hub/model-output/ExNews-sigmoid/2025-06-28-ExNews-sigmoid.parquet"
    )
    assert all((tmp_path / line).is_file() for line in done.stdout.splitlines())
    assert "wk inc other hosp: no CDC hub collects it" in done.stderr
    refused = run(*arguments, "--model", "oracle", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
