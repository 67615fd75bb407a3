"""Submissions to other people's hubs, made from what is on record."""

import importlib.resources
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from reporter import acceptance, asked, files, metadata, submission
from reporter.config import Settings
from reporter.dates import Cadence, parse_date
from reporter.errors import ContractError, ModelError, RecordError, SettingsError
from reporter.feeds import Feed
from reporter.hub import Publisher
from reporter.ledger import Ledger, Receipt
from reporter.schema import FORECASTS, to_frame
from reporter.sources import REGISTRY
from reporter.team import Team

_BUNDLED = "cdc-covid-tasks.json"
_BUNDLED_TARGET = "wk inc covid hosp"


@dataclass
class Export:
    """What came of an export.

    Attributes:
        written: every file, also those that were there already.
        notes: what the team should know, one line each.
    """

    written: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def to_cdc(
    settings: Settings,
    feed_name: str,
    model: str,
    site: Path,
    out: Path,
    now: datetime,
    *,
    reference_date: date | None = None,
    tasks_files: Sequence[Path] = (),
    file_format: str = "parquet",
) -> Export:
    """Write what a team could submit to the CDC hubs: for each target model output and model metadata.

    Args:
        site: the built site, whose record is exported.
        now: with a time zone; only says whether a submission window is open.
        reference_date: the hub's; the newest on record if left out.
        tasks_files: hubs' own `tasks.json`; for targets in none of them the bundled one is used.
        file_format: `parquet` or `csv`.

    Raises:
        SettingsError: the feed, model, date or team are not what can be exported.
        RecordError: nothing is on record, or it was altered.
        ModelError: the model failed or refused every place that day.
        ContractError: a submission is not what its hub asks for; nothing was written.
    """
    team, feed = _team(settings), _feed(settings, feed_name, model)
    ledger = Ledger(site / "data" / feed.name)
    receipt = _receipt(ledger, reference_date)
    ours = date.fromisoformat(receipt["reference_date"])
    mine = _forecasts(ledger, receipt, model)
    export = Export(notes=_refusals(model, receipt))
    if mine.empty:
        raise ModelError(f"{model} has no forecast of {submission.hub_date(ours)} on record: {_why(model, receipt)}")
    hubs_tasks = [_read(path) for path in tasks_files]
    source = feed.attribution or REGISTRY[feed.source[0]].title
    website = Publisher(settings.site, team).website
    about = metadata.to_yaml(metadata.of_submission(model, source, receipt["version"], team, website))
    encoded: dict[Path, bytes] = {}
    for target in feed.target:
        if target not in submission.HUBS:
            export.notes.append(f"{target}: no CDC hub collects it; left out")
            continue
        tasks, origin = _tasks(target, hubs_tasks, tasks_files)
        frame = _submission(mine[mine["target"] == target], tasks, export)
        if frame.empty:
            continue
        try:
            acceptance.check(frame, tasks)
        except ContractError as error:
            raise ContractError(f"{target} against {origin}: {error}") from error
        folder, name = out / submission.HUBS[target], f"{team.abbr}-{model}"
        path = folder / "model-output" / name / f"{submission.hub_date(ours)}-{name}.{file_format}"
        encoded[path] = _encoded(submission.hub_table(frame, tasks), file_format)
        encoded[folder / "model-metadata" / f"{name}.yml"] = about
        export.notes += [f"{target}: checked against {origin}", *_closed(target, tasks, ours, now)]
    if not encoded:
        raise ModelError(f"{model} has nothing of {submission.hub_date(ours)} that a CDC hub asks for")
    for path, data in encoded.items():
        files.write(path, data)
        export.written.append(path)
    return export


def _team(settings: Settings) -> Team:
    if settings.team is None:
        raise SettingsError("team", None, "a [team] table with name, abbr and contributors, as docs/export.md shows")
    return settings.team


def _feed(settings: Settings, name: str, model: str) -> Feed:
    feed = next((feed for feed in settings.feeds if feed.name == name), None)
    if feed is None:
        raise SettingsError("--feed", name, f"one of {', '.join(feed.name for feed in settings.feeds)}")
    if feed.period is not Cadence.WEEK:
        raise SettingsError("--feed", name, "a feed of weeks; the CDC hubs collect no days")
    if not set(feed.target) & set(submission.HUBS):
        raise SettingsError("--feed", name, f"a feed of {', '.join(submission.HUBS)}")
    if model not in feed.models:
        raise SettingsError("--model", model, f"one of the feed's models: {', '.join(feed.models)}")
    return feed


def _receipt(ledger: Ledger, reference_date: date | None) -> Receipt:
    """The receipt of the hub's reference date, or the newest."""
    receipts = {submission.hub_date(parse_date(receipt["reference_date"])): receipt for receipt in ledger.receipts()}
    if not receipts:
        raise RecordError("nothing is on record to export: run `reporter build` first")
    newest = max(receipts)
    if reference_date is None:
        return receipts[newest]
    if reference_date not in receipts:
        raise SettingsError(
            "--reference-date",
            str(reference_date),
            f"a hub's reference date on record, {min(receipts)} to {newest} ({len(receipts)} in all)",
        )
    return receipts[reference_date]


def _forecasts(ledger: Ledger, receipt: Receipt, model: str) -> pd.DataFrame:
    """A model's forecasts of one date: no other file is read, so that damage elsewhere stops nothing."""
    asked_for = {name: entry for name, entry in receipt["models"].items() if name == model}
    tables = [table for _, table in ledger.of({**receipt, "models": asked_for})]
    return to_frame(tables[0] if tables else FORECASTS.empty_table(), FORECASTS)


def _refusals(model: str, receipt: Receipt) -> list[str]:
    entry = receipt["models"].get(model, {})
    return [
        f"{one['target']}, {one['location']}: {model} refused it ({one['reason']}); left out"
        for one in entry.get("refused", [])
    ]


def _why(model: str, receipt: Receipt) -> str:
    entry = receipt["models"].get(model)
    if entry is None:
        return "it was not asked"
    return str(entry.get("error") or "it refused every place")


def _tasks(target: str, hubs_tasks: Sequence[Any], paths: Sequence[Path]) -> tuple[asked.Json, str]:
    """What a target's hub asks for, and in words where that is from."""
    for tasks, path in zip(hubs_tasks, paths, strict=True):
        if target in asked.targets(tasks):
            return tasks, str(path)
    bundled = json.loads(importlib.resources.files("reporter").joinpath("data", _BUNDLED).read_bytes())
    if target == _BUNDLED_TARGET:
        return bundled, "the COVID-19 hub's tasks.json that ships with reporter"
    return (
        asked.for_target(bundled, target),
        "the COVID-19 hub's tasks.json that ships with reporter, its target replaced; --tasks names the hub's own",
    )


def _read(path: Path) -> asked.Json:
    try:
        tasks: asked.Json = json.loads(path.read_bytes())
        asked.targets(tasks)
        asked.horizons(tasks)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError("--tasks", str(path), "a hub's tasks.json") from error
    return tasks


def _submission(forecasts: pd.DataFrame, tasks: asked.Json, export: Export) -> pd.DataFrame:
    """A target's forecasts in hub terms, without the horizons its hub doesn't ask for."""
    frame = submission.in_hub_terms(forecasts)
    beyond = sorted(set(frame["horizon"]) - asked.horizons(tasks))
    if beyond:
        target = frame["target"].iloc[0]
        export.notes.append(f"{target}: horizons {', '.join(map(str, beyond))} are not asked for; left out")
    kept = frame[~frame["horizon"].isin(beyond)]
    return kept.sort_values(["location", "horizon", "output_type_id"], ignore_index=True)


def _encoded(table: pa.Table, file_format: str) -> bytes:
    if file_format == "parquet":
        return files.parquet_bytes(table)
    sink = io.StringIO()
    table.to_pandas().to_csv(sink, index=False, lineterminator="\n")
    return sink.getvalue().encode()


def _closed(target: str, tasks: asked.Json, ours: date, now: datetime) -> list[str]:
    """A line if the round takes no submissions now."""
    reference_date = submission.hub_date(ours)
    window = asked.window(tasks, reference_date)
    today = now.astimezone(ZoneInfo(submission.TIMEZONE)).date()
    if window.first <= today <= window.last:
        return []
    state = "is not open yet" if today < window.first else "is closed"
    due = f"{window.first} to {window.last}, US Eastern time"
    return [f"{target}: the submission window of {reference_date} {state} ({due}; today is {today})"]
