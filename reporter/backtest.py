"""The forecasts of past vintages, as the daily job would have made them, in a hub of their own.

What was asked is written down first; the same call again goes on where a killed one stopped, and
ends in the bytes of one that was never killed.
"""

import json
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from reporter import (
    __version__,
    evaluate,
    files,
    fingerprint,
    hub,
    job,
    models,
    parallel,
    pipeline,
    posts,
    render,
    scores,
)
from reporter.config import Settings
from reporter.counts import FeedCounts
from reporter.errors import RecordError, ReporterError, SettingsError
from reporter.feeds import Feed, some
from reporter.vintages import Vintages

_QUESTION = "backtest.json"
_BEGUN: dict[str, Any] = {"finished": False, "peers": [], "failed": {"dates": [], "peers": [], "models": []}}
_STAGING = ".vintages~"
_OPTIONS = {"from": "--from", "to": "--to", "models": "--models", "feed": "--feed"}


@dataclass(frozen=True)
class Asked:
    """What a backtest is of.

    Attributes:
        name: the feed's.
        start, end: first and last `as_of` of the vintages to forecast from; None for no bound.
        models: those that forecast; the feed's if empty. The baseline is added: skill needs it.
    """

    name: str
    start: date | None = None
    end: date | None = None
    models: Sequence[str] = ()


@dataclass
class Outcome:
    """What came of a backtest.

    Attributes:
        folder: the hub.
        scores: frame of `evaluate.SCORES`.
        new: how many reference dates were put on record by this call.
        failed: what went wrong without stopping it, one line each.
    """

    folder: Path
    scores: pd.DataFrame
    new: int = 0
    failed: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 done, 3 done but something failed on the way."""
        return 3 if self.failed else 0


def run(
    settings: Settings,
    asked: Asked,
    out: Path,
    now: datetime,
    engine: AbstractContextManager[parallel.OrderedMap],
    *,
    site: Path = Path("site"),
    progress: job.Progress = job.quietly,
) -> Outcome:
    """Forecast from every vintage asked for that has no forecast in `out` yet, and score all of them.

    No counts are pulled: the vintages are the site's, or else those the feed begins from. Peers are fetched.

    Args:
        now: the time receipts record, unless an earlier call began this backtest.
        engine: does the work, as `parallel.ordered_map` does; the bytes written don't depend on it.

    Raises:
        SettingsError: a name is unknown, no vintage is in the range, or `out` holds something else.
        ReporterError: another run is at work in `out`, a worker was killed again and again, or
            something on record was altered.
    """
    pipeline.check(settings)
    number, feed = _feed(settings, asked)
    _check_folder(out, site)
    with files.exclusively(out), engine as ordered_map:
        question, feed = _begun(feed, number, asked, out, site / "data" / feed.name / "vintages", now)
        failed, asked_peers = question["failed"], [one.model_dump(mode="json") for one in feed.peers]
        if question["finished"] and question["peers"] == asked_peers and not failed["peers"]:
            return Outcome(out, scores.read(out / scores.NAME), 0, _lines(failed))
        publisher = hub.Publisher(settings.site, settings.team)
        work = job.Job(feed, number, out, datetime.fromisoformat(question["now"]), None, publisher, explains=False)
        if question["finished"]:
            work.score_again(failed["dates"])
            failed = {**failed, "peers": work.account.peers_failed}
        else:
            work.replay(ordered_map, progress)
            done = work.account
            failed = {"dates": done.failed, "peers": done.peers_failed, "models": done.models_failed}
        _report(settings, work.record(posts=False), out)
        _write(out, question | {"finished": True, "peers": asked_peers, "failed": failed})
        return Outcome(out, scores.read(out / scores.NAME), len(work.account.new), _lines(failed))


def _lines(failed: dict[str, list[str]]) -> list[str]:
    return failed["dates"] + failed["peers"] + failed["models"]


def _report(settings: Settings, record: posts.FeedRecord, out: Path) -> None:
    """Write the page that says how the models did."""
    site = posts.Site(settings.site.title, settings.site.base_url, __version__)
    for path, data in render.report(site, record).items():
        files.write(out / path, data)


def _feed(settings: Settings, asked: Asked) -> tuple[int, Feed]:
    """The feed to replay, and its place in the settings.

    It is an archive, whatever the settings say: never pulled, and none of its forecasts is live.
    """
    known = {feed.name: number for number, feed in enumerate(settings.feeds)}
    if asked.name not in known:
        raise SettingsError("--feed", asked.name, f"one of {some(known)}")
    if asked.start and asked.end and asked.end < asked.start:
        raise SettingsError("--to", str(asked.end), f"a day not before --from, {asked.start}")
    for model in asked.models:
        if model not in models.REGISTRY:
            raise SettingsError("--models", model, f"one of {some(models.REGISTRY)}")
        if asked.models.count(model) > 1:
            raise SettingsError("--models", model, "each only once")
    number = known[asked.name]
    feed = settings.feeds[number]
    wanted = tuple(asked.models) or feed.models
    wanted = wanted if evaluate.BASELINE in wanted else (evaluate.BASELINE, *wanted)
    lead = feed.lead if feed.lead in wanted else None
    return number, feed.model_copy(
        update={"end": asked.end, "backfill": None, "models": wanted, "lead": lead, "archive": True}
    )


def _check_folder(out: Path, site: Path) -> None:
    """Refuse a folder that holds anything but this backtest: before a lock or a file is put there."""
    if out.resolve().is_relative_to((site / "data").resolve()):
        raise SettingsError("--out", str(out), f"a folder outside {site / 'data'}, the record of the site")
    if out.exists() and not out.is_dir():
        raise SettingsError("--out", str(out), "a folder")
    if out.is_dir() and not (out / _QUESTION).exists():
        others = sorted(path.name for path in out.iterdir() if not path.name.startswith((".", _QUESTION)))
        if others:
            raise SettingsError("--out", str(out), f"an empty folder, or one of a backtest; it holds {some(others, 3)}")


def _begun(
    feed: Feed, number: int, asked: Asked, out: Path, vintages: Path, now: datetime
) -> tuple[dict[str, Any], Feed]:
    """The question of `out`, written there first, and the feed that answers it from the vintages in `out`."""
    question = _read(out)
    put, staging = out / "vintages", out / _STAGING
    shutil.rmtree(staging, ignore_errors=True)
    if not put.exists():
        _stage(feed, number, staging, vintages, now.date() if question is None else _newest(question))
    try:
        store = Vintages(put if put.exists() else staging)
        found, as_ofs = _question(feed, asked, store), store.as_ofs
        if question is None:
            _check_range(asked, as_ofs)
            code = fingerprint.code_sha256()
            question = found | {"code_sha256": code, "now": now.isoformat(), **_BEGUN}
            _write(out, question)
        else:
            _check_same(found, question, out)
    except ReporterError:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    if not put.exists():
        files.move(staging, put)
    return question, feed.model_copy(update={"start": asked.start or as_ofs[0]})


def _question(feed: Feed, asked: Asked, store: Vintages) -> dict[str, Any]:
    """What is asked, of which counts and which program: what the bytes of the answer depend on."""
    if not store.as_ofs:
        raise ReporterError(f"{feed.name}: there are no vintages to forecast from yet")
    newest = store.as_ofs[-1]
    return {
        "feed": feed.name,
        "from": _text(asked.start),
        "to": _text(asked.end),
        "models": list(feed.models),
        "settings": feed.digested,
        "settings_sha256": feed.digest,
        "version": __version__,
        "vintages": {"newest": str(newest), "sha256": store.hashes[newest]},
    }


def _check_range(asked: Asked, as_ofs: list[date]) -> None:
    start, end = asked.start or as_ofs[0], asked.end or as_ofs[-1]
    if not any(start <= as_of <= end for as_of in as_ofs):
        option, bound = ("--to", end) if end < as_ofs[0] else ("--from", start)
        raise SettingsError(option, str(bound), f"a range with vintages; they go from {as_ofs[0]} to {as_ofs[-1]}")


def _stage(feed: Feed, number: int, staging: Path, vintages: Path, until: date) -> None:
    """Gather the vintages up to a day: the site's, or else those the feed begins from."""
    kept = Vintages(vintages)
    if kept.as_ofs:
        kept.copy(staging, until)
    else:
        FeedCounts(feed, number, staging, until, None).take_in()


def _check_same(found: dict[str, Any], question: dict[str, Any], out: Path) -> None:
    """Refuse to answer one question in the folder of another."""
    if not question["finished"] and question.get("code_sha256") != fingerprint.code_sha256():
        raise RecordError(f"the program has changed since the backtest in {out} was begun; take another --out")
    for key, value in found.items():
        if question.get(key) == value or key == "settings":
            continue
        if key == "vintages":
            raise RecordError(f"the vintages are not those that {out / _QUESTION} was asked about; take another --out")
        name, now, before = _OPTIONS.get(key, key), value, question.get(key)
        if key == "settings_sha256" and isinstance(question.get("settings"), dict):
            pairs = ((one, wanted, question["settings"].get(one)) for one, wanted in found["settings"].items())
            name, now, before = next(((one, *both) for one, *both in pairs if both[0] != both[1]), (name, now, before))
        allowed = f"{_shown(before)}, as the backtest in {out} was begun; or another --out"
        raise SettingsError(name, _shown(now), allowed)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return some(value)
    return "none" if value is None else str(value)


def _read(out: Path) -> dict[str, Any] | None:
    path = out / _QUESTION
    try:
        question: dict[str, Any] = json.loads(path.read_bytes())
        for key, value in _BEGUN.items():
            question.setdefault(key, value)
        _lines(question["failed"])
        datetime.fromisoformat(question["now"])
        _newest(question)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{path} was altered: it is not what a backtest writes") from error
    return question


def _write(out: Path, question: dict[str, Any]) -> None:
    files.write(out / _QUESTION, (json.dumps(question, indent=1, ensure_ascii=False) + "\n").encode(), durable=True)


def _newest(question: dict[str, Any]) -> date:
    return date.fromisoformat(question["vintages"]["newest"])


def _text(day: date | None) -> str | None:
    return None if day is None else str(day)
