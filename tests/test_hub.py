"""Each feed's folder is a hub: its configuration valid, its files what the configuration says."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import yaml
from hubdata import connect_hub, connect_target_data
from hubdata.create_hub_schema import create_hub_schema
from hubdata.create_target_data_schema import TargetType, create_target_data_schema

from reporter import config, hub, metadata, models, pipeline
from reporter.dates import Cadence
from reporter.schema import FORECASTS, KEY, LEVELS, to_frame
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes
from reporter.team import Team

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
RULES = Path(__file__).parent / "data" / "hubverse"
STEP = {"day": 1, "week": 7}
TEAM = {
    "name": "Newsroom",
    "abbr": "News",
    "contributors": [{"name": "Ada", "affiliation": "Newsroom", "email": "ada@example.org"}],
}
FEEDS = ("germany-cases", "us-admissions", "us-2020")


def schemas(name):
    """The rules of a configuration file, and the hubverse's own schema where it is at hand."""
    yield json.loads((RULES / f"{name}.json").read_text(encoding="utf-8"))
    if originals := os.environ.get("HUBVERSE_SCHEMAS"):
        yield json.loads((Path(originals) / f"{name}-schema.json").read_text(encoding="utf-8"))


def assert_valid(contents, schema):
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(contents)


@pytest.fixture(scope="session")
def default_hubs(tmp_path_factory):
    """The default feeds, daily, weekly and cumulative, each for two or three dates, with two models and few places."""
    out = tmp_path_factory.mktemp("hubs")
    # The thousand vintages before the newest ten of the RKI's archive as one: what they left behind is the same.
    changes = archive_changes(REGISTRY["rki"])
    newest = sorted(changes["as_of"].unique())[-10:]
    old = changes["as_of"] < newest[0]
    before = changes[old].drop_duplicates(KEY, keep="last").assign(as_of=changes[old]["as_of"].max())
    pd.concat([before, changes[~old]]).to_parquet(out / "rki.parquet")
    changed = {
        "germany-cases": {"source": ("file",), "path": str(out / "rki.parquet"), "backfill": 2},
        "us-admissions": {"locations": ("US", "06", "72"), "backfill": 2},
        "us-2020": {"locations": ("US", "Italy", "Korea, South"), "end": date(2020, 3, 29)},
    }
    settings = config.load(config.bundled())
    common = {"models": ("baseline", "sigmoid"), "lead": None}
    feeds = tuple(feed.model_copy(update={**common, **changed[feed.name]}) for feed in settings.feeds)
    outcome = pipeline.build(settings.model_copy(update={"feeds": feeds}), out, NOW, offline=True)
    assert outcome.failed == []
    return out / "data"


def read(folder, name):
    return json.loads((folder / "hub-config" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("name", ["admin", "tasks", "target-data"])
def test_the_configuration_keeps_the_hubverses_rules(default_hubs, feed, name):
    for schema in schemas(name):
        assert_valid(read(default_hubs / feed, name), schema)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("admin", "timezone", "UTC"),
        ("admin", "file_format", ["xlsx"]),
        ("admin", "contact", {"email": 3}),
        ("tasks", "rounds", {}),
        ("tasks", "output_type_id_datatype", "float"),
        ("target-data", "observable_unit", "target"),
    ],
)
def test_the_rules_refuse_what_the_hubverse_refuses(default_hubs, name, key, value):
    for schema in schemas(name):
        with pytest.raises(jsonschema.ValidationError):
            assert_valid({**read(default_hubs / "us-2020", name), key: value}, schema)


@pytest.mark.parametrize("feed", FEEDS)
def test_every_file_is_what_the_tasks_ask_for(default_hubs, feed):
    folder = default_hubs / feed
    tasks = read(folder, "tasks")
    (asked,) = tasks["rounds"][0]["model_tasks"]
    ids = {name: set(values["optional"]) for name, values in asked["task_ids"].items()}
    wanted = create_hub_schema(tasks, partitions=None)
    files = sorted((folder / "model-output").glob("*/*.parquet"))
    assert {path.parent.name for path in files} == {"baseline", "sigmoid"}
    for path in files:
        table = pq.read_table(path)
        assert {field.name: field.type for field in table.schema} == {field.name: field.type for field in wanted}
        rows = to_frame(table, FORECASTS)
        assert list(table.column_names) == FORECASTS.names
        assert path.name == f"{rows['reference_date'].iloc[0]:%Y-%m-%d}-{path.parent.name}.parquet"
        assert (rows["reference_date"] == rows["reference_date"].iloc[0]).all()
        texts = rows.assign(
            **{name: rows[name].dt.strftime("%Y-%m-%d") for name in ("reference_date", "target_end_date")}
        )
        assert all(set(texts[name]) <= values for name, values in ids.items())
        assert set(rows["output_type"]) == {"quantile"}
        step = STEP[asked["target_metadata"][0]["time_unit"]]
        ends = rows["reference_date"] + pd.to_timedelta(rows["horizon"] * step, unit="D")
        assert (ends == rows["target_end_date"]).all()
        for _, task in rows.groupby(["target", "location", "horizon"]):
            assert sorted(task["output_type_id"]) == list(LEVELS)
            values = task.sort_values("output_type_id")["value"].to_numpy()
            assert np.isfinite(values).all()
            assert (values >= 0).all()
            assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize("feed", FEEDS)
def test_target_data_are_what_their_configuration_says(default_hubs, feed):
    folder = default_hubs / feed
    (asked,) = read(folder, "tasks")["rounds"][0]["model_tasks"]
    ids = {name: set(values["optional"]) for name, values in asked["task_ids"].items()}
    for kind, name, value in (
        (TargetType.TIME_SERIES, "time-series", "observation"),
        (TargetType.ORACLE_OUTPUT, "oracle-output", "oracle_value"),
    ):
        table = pq.read_table(folder / "target-data" / f"{name}.parquet")
        wanted = create_target_data_schema(folder, kind)
        assert {field.name: field.type for field in table.schema} == {field.name: field.type for field in wanted}
        rows = table.to_pandas()
        assert not rows.duplicated(["target", "location", "target_end_date"]).any()
        assert rows[value].notna().all()
        assert set(rows["target"]) <= ids["target"]
        assert set(rows["location"]) <= ids["location"]
        if kind is TargetType.ORACLE_OUTPUT:
            assert set(rows["target_end_date"].astype(str)) <= ids["target_end_date"]
        assert len(connect_target_data(folder, kind).get_dataset().to_table()) == len(rows)
    # Every day that was forecast and counted since is there.
    counted = {
        str(end) for end in pq.read_table(folder / "target-data" / "time-series.parquet")["target_end_date"].to_pylist()
    }
    oracle = {
        str(end)
        for end in pq.read_table(folder / "target-data" / "oracle-output.parquet")["target_end_date"].to_pylist()
    }
    assert oracle == counted & ids["target_end_date"]


@pytest.mark.parametrize("feed", FEEDS)
def test_hubdata_reads_all_of_it_without_a_warning(default_hubs, feed, capsys):
    folder = default_hubs / feed
    table = connect_hub(folder).get_dataset().to_table()
    on_disk = ds.dataset(folder / "model-output", format="parquet").count_rows()
    assert len(table) == on_disk > 0
    assert table.schema.field("horizon").type == pa.int32()
    assert connect_hub(folder).model_metadata_schema == metadata.SCHEMA
    printed = capsys.readouterr()
    assert "warn" not in (printed.out + printed.err).lower()


@pytest.mark.parametrize("feed", FEEDS)
def test_every_model_with_forecasts_is_described(default_hubs, feed):
    folder = default_hubs / feed
    described = {path.stem: yaml.safe_load(path.read_bytes()) for path in (folder / "model-metadata").iterdir()}
    assert set(described) == {path.name for path in (folder / "model-output").iterdir()}
    for name, about in described.items():
        assert_valid(about, read(folder, "model-metadata-schema"))
        assert about["model_id"] == name
        assert about["methods"] == models.REGISTRY[name].about.methods
        assert about["team_name"] == "Counted and forecast"
        assert "website_url" not in about  # the example's address is nobody's


def test_what_was_once_followed_stays_in_the_configuration(april, build_file_feed):
    """Settings change, the record stays: a target, place or horizon on record is listed for good."""
    site = build_file_feed(april, models=["baseline"])
    site = build_file_feed(april, models=["baseline"], locations=["US"], headline="US", horizons=3, end=None)
    folder = site / "data" / "april"
    (asked,) = read(folder, "tasks")["rounds"][0]["model_tasks"]
    rows = connect_hub(folder).get_dataset().to_table().to_pandas()
    newest = rows[rows["reference_date"] == rows["reference_date"].max()]
    assert (set(newest["location"]), set(newest["horizon"])) == ({"US"}, {1, 2, 3})
    for name in ("location", "horizon", "target"):
        assert set(rows[name]) == set(asked["task_ids"][name]["optional"]), name
    assert set(rows["target_end_date"].astype(str)) <= set(asked["task_ids"]["target_end_date"]["optional"])


def test_long_targets_get_ids_the_schema_allows():
    targets = ["new cases of a disease with a long name, by day", "new cases of a disease with a long name, by week"]
    asked = hub.Tasks(targets, ["A"], [1], Cadence.DAY, [date(2026, 1, 1)])
    contents = hub.tasks_json(asked)
    for schema in schemas("tasks"):
        assert_valid(contents, schema)
    about = contents["rounds"][0]["model_tasks"][0]["target_metadata"]
    assert len({one["target_id"] for one in about}) == 2
    assert [one["target_keys"]["target"] for one in about] == targets


UNKNOWN = {"host": "github", "owner": "unknown", "name": "unknown"}


@pytest.mark.parametrize(
    ("base_url", "repository"),
    [
        ("https://someone.github.io/our-blog/", {"host": "github", "owner": "someone", "name": "our-blog"}),
        ("https://example.github.io/reporter/", UNKNOWN),
        ("https://forecasts.example.org/", UNKNOWN),
    ],
)
def test_admin_says_what_the_settings_say_and_no_more(base_url, repository):
    site = config.Site(title="Our blog", base_url=base_url)
    plain = hub.admin("a", hub.Publisher(site))
    assert (plain["maintainer"], plain["contact"], plain["repository"]) == ("Our blog", {}, repository)
    ours = hub.admin("a", hub.Publisher(site, Team.model_validate(TEAM)))
    assert (ours["maintainer"], ours["contact"]) == ("Newsroom", {"name": "Ada", "email": "ada@example.org"})
    for contents in (plain, ours):
        for schema in schemas("admin"):
            assert_valid(contents, schema)


def test_a_team_at_github_names_the_repository():
    team = Team.model_validate(TEAM | {"repo_url": "https://github.com/newsroom/forecasts.git"})
    contents = hub.admin("a", hub.Publisher(config.Site(base_url="https://forecasts.example.org/"), team))
    assert contents["repository"] == {"host": "github", "owner": "newsroom", "name": "forecasts"}


def test_the_team_stands_in_the_metadata_of_a_feed():
    publisher = hub.Publisher(config.Site(base_url="https://a.example/b/"), Team.model_validate(TEAM))
    about = metadata.of_feed("rnn", "Counters", publisher)
    assert_valid(about, metadata.SCHEMA)
    assert about["data_inputs"].startswith("Counters. ")
    kept = ("team_name", "team_abbr", "website_url", "license")
    assert [about[name] for name in kept] == ["Newsroom", "News", "https://a.example/b/", "CC-BY-4.0"]


def test_yaml_gives_back_what_was_written():
    about = {"b": "Größe: “x” # no comment\nnew line", "a": ["null", "1.0", "yes"], "c": True, "d": "0123"}
    assert yaml.safe_load(metadata.to_yaml(about)) == about
    assert list(yaml.safe_load(metadata.to_yaml(about))) == list(about)
