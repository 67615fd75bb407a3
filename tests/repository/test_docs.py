"""What the documents say is what the program does."""

import csv
import dataclasses
import hashlib
import re
import tomllib
from datetime import UTC, date, datetime

import click
import numpy as np
import pytest

from reporter import cli, config, evaluate, marks, models, sheets
from reporter.config import Site
from reporter.dates import Cadence
from reporter.feeds import Feed, Limits, Peers
from reporter.models import device
from reporter.models.network import Training
from reporter.posts import events, held
from reporter.schema import CHANGES, ESTIMATES, FORECASTS, LESSONS, QUANTITIES, REVISIONS, SPLITS
from reporter.sources import REGISTRY
from reporter.team import Contributor, Team


def rows(text, heading):
    """First cells of the table under a heading."""
    section = text.split(heading, 1)[1].split("\n## ", 1)[0]
    return [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| `")]


def default_of(field):
    """The last cell of a setting's row."""
    if field.is_required():
        return "must be given"
    if isinstance(field.default, tuple):
        return ", ".join(f"`{value}`" for value in field.default)
    if isinstance(field.default, Limits):
        return ""
    text = str(field.default).lower() if isinstance(field.default, bool) else field.default
    return "" if text in (None, "") else f"`{text}`"


TABLES = [
    (Site, "## `[site]`"),
    (Feed, "## `[[feeds]]`"),
    (Limits, "## `[feeds.limits]`"),
    (Peers, "## `[[feeds.peers]]`"),
    (Team, "## `[team]`"),
    (Contributor, "## `[[team.contributors]]`"),
]


@pytest.mark.parametrize(("table", "heading"), TABLES)
def test_every_setting_is_documented_as_the_program_has_it(root, table, heading):
    text = (root / "docs" / "settings.md").read_text(encoding="utf-8")
    assert rows(text, heading) == [f"`{name}`" for name in table.model_fields]
    for name, field in table.model_fields.items():
        row = f"| `{name}` | {field.description} | {field.json_schema_extra['allowed']} | {default_of(field)} |"
        assert row in text


def test_every_source_is_documented(root):
    text = (root / "docs" / "settings.md").read_text(encoding="utf-8")
    assert rows(text, "## Sources") == [f"`{name}`" for name in REGISTRY]
    for source in REGISTRY.values():
        assert all(f"`{target}`" in text for target in source.targets)


def test_every_command_is_in_the_readme(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    commands = {f"reporter {name}" for name in cli.cli.commands}
    assert set(re.findall(r"`(reporter [a-z]+)`", text)) == commands


def test_every_command_and_option_says_what_it_does():
    for name, command in cli.cli.commands.items():
        assert command.help, name
        for option in command.params:
            assert isinstance(option, click.Option), f"{name} {option.name}"
            assert option.help, f"{name} {option.name}"


def test_every_option_and_key_of_a_backtest_is_documented(root, april_site, tmp_path):
    import json

    from reporter import backtest, parallel

    text = (root / "docs" / "backtest.md").read_text(encoding="utf-8")
    options = {option for param in cli.cli.commands["backtest"].params for option in param.opts}
    assert options == set(re.findall(r"`(--[a-z]+)`", text.split("## What is in the folder")[0]))
    feed = {"name": "april", "source": "file", "path": str(april_site.parent / "april.parquet"), "cadence": "day"}
    settings = config.parse({"feeds": [{**feed, "target": "cum confirmed cases", "horizons": 2, "locations": "US"}]})
    asked = backtest.Asked("april", date(2020, 4, 14), None, ["baseline"])
    engine = parallel.ordered_map(1)
    backtest.run(settings, asked, tmp_path / "hub", datetime(2026, 11, 20, tzinfo=UTC), engine)
    question = json.loads((tmp_path / "hub" / "backtest.json").read_text())
    keys = [key for row in rows(text, "which is written first:") for key in re.findall(r"`(\w+)`", row)]
    assert sorted(keys) == sorted(question)
    assert all(f"`{key}`" in text for key in question["vintages"])


def test_every_model_is_in_the_readme(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    assert rows(text, "## The models") == [f"`{name}`" for name in models.REGISTRY]


def test_every_kind_of_mark_and_its_treatment_is_documented(root):
    text = (root / "docs" / "marks.md").read_text(encoding="utf-8")
    assert rows(text, "## The rules") == [f"`{kind}`" for kind in marks.KINDS]
    for kind, (incident, total) in marks.TREATED.items():
        (line,) = re.findall(rf"^\| `{kind}` \|.*$", text, re.MULTILINE)
        assert line.endswith(f"| {incident} | {total or 'as published'} |")
    none, day = np.empty((0, 1)), np.array(["2026-01-01"], dtype="datetime64[D]")
    found = marks.find(none, np.empty(0, dtype=bool), Cadence.DAY)
    for column in marks.frame(found, none, day, [], []):
        assert f"`{column}`" in text


def test_every_column_and_receipt_key_is_documented(root, april_site):
    import json

    text = (root / "docs" / "record.md").read_text(encoding="utf-8")
    receipt = json.loads((april_site / "data/april/receipts/2020-04-10.json").read_text())
    newest = json.loads((april_site / "data/april/receipts/2020-04-11.json").read_text())
    keys = {*receipt} - {"vintage"} | {f"vintage.{key}" for key in receipt["vintage"]}
    keys |= {f"changes.{key}" for key in newest["changes"]}
    tables = (CHANGES, FORECASTS, SPLITS, ESTIMATES, LESSONS, REVISIONS, evaluate.SCORES)
    for name in [*(name for table in tables for name in table.names), *QUANTITIES, *keys]:
        assert f"`{name}`" in text, name


def test_every_column_and_kind_of_row_of_a_pages_numbers_is_documented(root, april_site):
    text = (root / "docs" / "downloads.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE)
    assert [f"`{name}`" for name in sheets.COLUMNS.names] == documented[3 : 3 + len(sheets.COLUMNS)]
    kinds = {name for cell in documented[4 + len(sheets.COLUMNS) :] for name in re.findall(r"`(\w+)`", cell)}
    found = set()
    for path in (april_site / "april").rglob("data.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found |= {row["what"] for row in csv.DictReader(file)}
    assert found
    assert found <= kinds
    assert kinds <= found


def test_every_file_on_record_is_documented(root, april_site):
    text = (root / "docs" / "record.md").read_text(encoding="utf-8")
    documented = [re.sub(r"<\w+>", r"[^/]+", path) for path in re.findall(r"`([\w<>/.-]+\.\w+)`", text)]
    folder = april_site / "data" / "april"
    for path in folder.rglob("*"):
        if path.is_file():
            name = str(path.relative_to(folder))
            assert any(re.fullmatch(pattern, name) for pattern in documented), name


def test_every_dependency_has_its_reason(root):
    text = (root / "docs" / "dependencies.md").read_text(encoding="utf-8")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    extras = [line for lines in project["project"]["optional-dependencies"].values() for line in lines]
    named = [re.match(r"[a-z0-9-]+", line).group() for line in [*project["project"]["dependencies"], *extras]]
    assert re.findall(r"^\| ([a-z0-9]+) \|", text, re.MULTILINE)[1:] == named
    for line in project["dependency-groups"]["dev"]:
        assert re.match(r"[a-z0-9-]+", line).group() in text


def test_the_readme_names_the_feeds_of_the_settings(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    names = [feed.name for feed in config.load(root / "reporter.toml").feeds]
    assert [cell.strip("`") for cell in rows(text, "You need Python")][: len(names)] == names


def test_every_model_of_a_season_is_in_the_accuracy_table(root, monkeypatch):
    import importlib

    monkeypatch.syspath_prepend(root / "benchmarks")
    seasons = importlib.import_module("seasons")
    text = (root / "docs" / "accuracy.md").read_text(encoding="utf-8")
    feeds = {feed.name: feed for feed in config.load(root / "reporter.toml").feeds}
    assert seasons.HEADER in text
    for name, season in seasons.SEASONS.items():
        assert f"`{name}`" in text
        for model in feeds[seasons.REPLAYS[season.replay].feed].models:
            assert f"| {season.title} | **`{model}`** |" in text, (name, model)
        for model in filter(None, (season.baseline, season.ensemble)):
            assert f"| {season.title} | {model} |" in text or model == evaluate.BASELINE


def test_every_option_of_the_seasons_is_documented(root):
    text = (root / "docs" / "accuracy.md").read_text(encoding="utf-8")
    script = (root / "benchmarks" / "hub_seasons.py").read_text(encoding="utf-8")
    options = re.findall(r'add_argument\("(--[a-z-]+)"', script)
    assert options
    for option in options:
        assert f"| `{option}` |" in text, option


def test_links_between_documents_lead_somewhere(root):
    for document in [*root.glob("*.md"), *(root / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_option_of_the_export_is_documented(root):
    text = (root / "docs" / "export.md").read_text(encoding="utf-8")
    for option in cli.cli.commands["export"].params:
        assert f"`{option.opts[-1]}" in text, option.opts


def test_the_team_of_the_documents_is_one_the_settings_take(root):
    text = (root / "docs" / "export.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    feed = {"name": "a", "source": "jhu", "target": "cum deaths", "cadence": "day", "horizons": 1}
    team = config.parse({**tomllib.loads(snippet), "feeds": [feed]}).team
    assert team is not None
    assert team.contributors[0].email


def test_the_readme_opens_the_ledger_as_it_says(root, april_site, tmp_path, monkeypatch):
    text = (root / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", text.split("## The record")[1].split("\n## ")[0], re.DOTALL)
    (tmp_path / "site" / "data").mkdir(parents=True)
    (tmp_path / "site" / "data" / "us-2020").symlink_to(april_site / "data" / "april")
    monkeypatch.chdir(tmp_path)
    exec(snippet, {})  # noqa: S102 - it is our own README


def test_curves_can_be_fitted_as_their_document_says(root):
    text = (root / "docs" / "models.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(snippet, {})  # noqa: S102 - it is our own document


def test_the_record_can_be_verified_as_its_document_says(root, april_site):
    import json

    import pyarrow.parquet as pq

    text = (root / "docs" / "record.md").read_text(encoding="utf-8")
    theirs = {}
    for snippet in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(snippet, theirs)  # noqa: S102 - it is our own document
    folder, running = april_site / "data" / "april", ""
    for line in (path.read_bytes() for path in sorted((folder / "receipts").iterdir())):
        assert theirs["is_whole"](line)
        assert not theirs["is_whole"](line.replace(b"live", b"Live"))
        receipt = json.loads(line)
        day = receipt["reference_date"]
        for model, entry in receipt["models"].items():
            file = folder / "model-output" / model / f"{day}-{model}.parquet"
            assert theirs["is_whole"](file.read_bytes())
            assert theirs["content_sha256"](pq.read_table(file, partitioning=None)) == entry["sha256"]
    for path in sorted((folder / "vintages").iterdir()):
        said = theirs["content_sha256"](pq.read_table(path, partitioning=None))
        running = hashlib.sha256(f"{running}{path.stem} {said}\n".encode()).hexdigest()
        if path.stem == receipt["vintage"]["as_of"]:
            assert running == receipt["vintage"]["sha256"]
            break
    else:
        raise AssertionError("the vintage of the last receipt was not there")


def test_every_field_of_a_training_is_documented_as_it_is_shipped(root):
    text = (root / "docs" / "models.md").read_text(encoding="utf-8")
    heading, shipped = "## `rnn`, `gru` and `lstm`", models.load("rnn").training
    assert rows(text, heading) == [f"`{one.name}`" for one in dataclasses.fields(Training)]
    section = text.split(heading, 1)[1].split("\n## ", 1)[0]
    for one in dataclasses.fields(Training):
        assert re.search(rf"^\| `{one.name}` \|.*\| {getattr(shipped, one.name)} \|$", section, re.MULTILINE), one.name


def test_the_environment_is_documented_as_the_program_reads_it(root):
    text = (root / "docs" / "settings.md").read_text(encoding="utf-8")
    assert rows(text, "## Environment") == [f"`{device.VARIABLE}`"]
    assert f"| {', '.join(f'`{one}`' for one in device.CHOICES)} | `{device.CHOICES[0]}` |" in text


def test_every_event_is_documented(root):
    text = (root / "docs" / "subscribe.md").read_text(encoding="utf-8")
    assert rows(text, "## What is told") == [f"`{kind}`" for kind in events.KINDS]
    assert f"{events.MOST_OF_FEED} of the feed" in text
    assert f"{events.MOST_OF_PLACE} of the place: no more than its {events.POSTS_OF_PLACE} newest" in text
    assert (held.REVISED, held.FEWEST, events.NAMED) == (1 / 4, 10, 6)
    assert events.POSTS_OF_PLACE // 3 < events.FEWEST_POSTS == 3


def test_every_variable_and_block_of_a_theme_is_documented(root):
    text = (root / "docs" / "theme.md").read_text(encoding="utf-8")
    style = (root / "templates" / "assets" / "style.css").read_text(encoding="utf-8")
    variables = re.findall(r"(--[a-z]+):", style.split("\n}\n")[0])
    assert sorted(rows(text, "## Colours, fonts and widths")) == sorted(f"`{name}`" for name in variables)
    base = (root / "templates" / "base.html").read_text(encoding="utf-8")
    blocks = sorted(f"`{name}`" for name in re.findall(r"{% block (\w+) %}", base))
    assert sorted(rows(text, "## Templates")) == blocks
