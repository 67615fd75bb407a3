"""The peers of one feed: other teams' forecasts, read or fetched, held to the rules and scored on its counts."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from reporter import evaluate, fetch, files, fingerprint, hubfiles, models
from reporter.admission import Terms
from reporter.counts import FeedCounts
from reporter.dates import parse_date
from reporter.errors import ContractError, RecordError, ReporterError, in_one_line
from reporter.feeds import Feed, Peers
from reporter.hubfiles import HubFile
from reporter.posts import Peers as PeersRecord
from reporter.schema import to_frame, to_table
from reporter.scores import Truth
from reporter.sources import REGISTRY

PEER_SCORES = pa.schema([pa.field("hub", pa.string()), *evaluate.SCORES])
"""The columns of `peer-scores.parquet`: those of the score table, and the title of the hub in the settings."""

NAME = "peer-scores.parquet"

_HUBS = "hubs"


@dataclass(frozen=True)
class _Hub:
    """What came of scoring one hub.

    Attributes:
        title: the hub's, in the settings.
        scores: frame of `PEER_SCORES`.
        refused: submissions that broke a rule, as text.
        made_from: a hash of all that the scores depend on, and between which days counts do; empty before the first.
    """

    title: str
    scores: pd.DataFrame = field(
        default_factory=lambda: to_frame(PEER_SCORES.empty_table(), PEER_SCORES), compare=False
    )
    refused: list[str] = field(default_factory=list)
    made_from: dict[str, str] = field(default_factory=dict)


def score_peers(feed: Feed, counts: FeedCounts, path: Path, *, offline: bool) -> list[str]:
    """Score the peers of a feed and write their scores to `path`.

    A hub that cannot be read, or is remote while `offline`, keeps the scores it had; and so does one of which no file,
    no setting and no count that it is scored on has changed.

    Returns:
        What failed, one line each. Refused submissions are no failure of ours: they are on the page.
    """
    failed: list[str] = []
    if not feed.peers:
        path.unlink(missing_ok=True)
        return failed
    before = _read(path)
    truth = Truth(counts.view.first, counts.view.latest)
    hubs = []
    for one in feed.peers:
        hub = before.get(one.title, _Hub(one.title))
        try:
            if not (offline and one.is_remote):
                hub = _scored(one, _terms(feed, one, counts), truth, hub)
        except ReporterError as error:
            failed.append(f"{one.title}: {in_one_line(error)}")
        hubs.append(hub)
    if hubs != list(before.values()):
        table = to_table(pd.concat([hub.scores for hub in hubs], ignore_index=True), PEER_SCORES)
        notes = {hub.title: {"refused": hub.refused, "made_from": hub.made_from} for hub in hubs}
        files.write(path, files.parquet_bytes(table, {_HUBS: json.dumps(notes)}))
    return failed


def _scored(one: Peers, terms: Terms, truth: Truth, known: _Hub) -> _Hub:
    """The scores of a hub: those known if they stand, else new ones.

    Raises:
        SourceError: the hub cannot be read.
    """
    those = _files(one)
    asked = [hubfiles.sha256(those), _in_words(terms), fingerprint.code_sha256()]
    if known.made_from and known.made_from == _made_from(asked, truth, *_span(known.made_from)):
        return known
    forecasts, refusals = hubfiles.read_hub(those, terms)
    live = dict.fromkeys(forecasts["reference_date"].unique(), True)
    scores = evaluate.score_table(forecasts, truth.first, truth.latest, live).assign(hub=one.title)
    days = forecasts["reference_date"].min(), forecasts["target_end_date"].max()
    after, through = (date.min, date.min) if forecasts.empty else (day.date() for day in days)
    return _Hub(one.title, scores, [str(refusal) for refusal in refusals], _made_from(asked, truth, after, through))


def _made_from(asked: list[str], truth: Truth, after: date, through: date) -> dict[str, str]:
    digest = hashlib.sha256("\n".join([*asked, truth.digest(after, through)]).encode()).hexdigest()
    return {"after": str(after), "through": str(through), "sha256": digest}


def _span(made_from: dict[str, str]) -> tuple[date, date]:
    return parse_date(made_from["after"]), parse_date(made_from["through"])


def _in_words(terms: Terms) -> str:
    """Terms as text, the same for the same."""
    values = {name: sorted(value) if isinstance(value, Collection) else value for name, value in vars(terms).items()}
    return json.dumps(values, default=str)


def peers_on_record(feed: Feed, path: Path) -> Iterable[PeersRecord]:
    """The peers of a feed as they were scored last."""
    before = _read(path)
    for one in feed.peers:
        hub = before.get(one.title, _Hub(one.title))
        scores = hub.scores.drop(columns="hub").reset_index(drop=True)
        yield PeersRecord(
            title=one.title,
            attribution=one.attribution,
            baseline=_baselines(one, scores),
            scores=scores,
            refused=tuple(hub.refused),
        )


def _baselines(one: Peers, scores: pd.DataFrame) -> dict[str, str]:
    """Of the baselines in the settings, for each target the first that forecast it."""
    there = scores[["target", "model_id"]].drop_duplicates()
    return {
        str(target): next(model for model in one.baseline if model in set(rows["model_id"]))
        for target, rows in there.groupby("target")
        if set(one.baseline) & set(rows["model_id"])
    }


def _read(path: Path) -> dict[str, _Hub]:
    """What came of the hubs last, by title; nothing where the file is gone or damaged, as it is made again."""
    try:
        scores = to_frame(files.read_parquet(path), PEER_SCORES)
        notes = json.loads(files.read_notes(path)[_HUBS])
        return {title: _Hub(title, scores[scores["hub"] == title], **made) for title, made in notes.items()}
    except (RecordError, ContractError, KeyError, TypeError, ValueError):
        return {}


def _terms(feed: Feed, one: Peers, counts: FeedCounts) -> Terms:
    known = set(counts.source.places()["location"])
    return Terms(
        targets=feed.target,
        locations=counts.locations,
        known=known or None,
        cadence=feed.period,
        ahead=one.ahead,
        models=one.models,
        ours=models.REGISTRY,
    )


def _files(one: Peers) -> list[HubFile]:
    if not one.is_remote:
        return hubfiles.files_of(Path(one.path))
    raw = fetch.fetch(replace(REGISTRY["file"], name=one.title, url=one.path))
    return [HubFile(one.path.rsplit("/", 1)[-1], None, lambda: raw)]
