"""The peers of one feed: other teams' forecasts, read or fetched, held to the rules and scored on its counts."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from reporter import evaluate, fetch, files, hubfiles, models
from reporter.admission import Refusal, Terms
from reporter.config import Feed, Peers
from reporter.counts import FeedCounts
from reporter.errors import ContractError, RecordError, ReporterError, in_one_line
from reporter.posts import Peers as PeersRecord
from reporter.schema import to_frame, to_table
from reporter.sources import REGISTRY

PEER_SCORES = pa.schema([pa.field("hub", pa.string()), *evaluate.SCORES])
"""The columns of `peer-scores.parquet`: those of the score table, and the title of the hub in the settings."""

NAME = "peer-scores.parquet"

_REFUSED = "refused"


def score_peers(feed: Feed, counts: FeedCounts, path: Path, *, offline: bool) -> list[str]:
    """Score the peers of a feed and write their scores to `path`.

    A hub that cannot be read, or is remote while `offline`, keeps the scores it had.

    Returns:
        What failed, one line each. Refused submissions are no failure of ours: they are on the page.
    """
    failed: list[str] = []
    if not feed.peers:
        path.unlink(missing_ok=True)
        return failed
    before, refused_before = _read(path)
    first, latest = counts.view.first, counts.view.latest
    parts, refused = [], {}
    for one in feed.peers:
        known = before[before["hub"] == one.title]
        try:
            if not (offline and one.is_remote):
                forecasts, refusals = _forecasts(one, _terms(feed, one, counts))
                live = dict.fromkeys(forecasts["reference_date"].unique(), True)
                known = evaluate.score_table(forecasts, first, latest, live).assign(hub=one.title)
                refused_before[one.title] = [str(refusal) for refusal in refusals]
        except ReporterError as error:
            failed.append(f"{one.title}: {in_one_line(error)}")
        parts.append(known)
        refused[one.title] = refused_before.get(one.title, [])
    table = to_table(pd.concat(parts, ignore_index=True), PEER_SCORES)
    files.write(path, files.parquet_bytes(table, {_REFUSED: json.dumps(refused)}))
    return failed


def peers_on_record(feed: Feed, path: Path) -> Iterable[PeersRecord]:
    """The peers of a feed as they were scored last."""
    scores, refused = _read(path)
    for one in feed.peers:
        mine = scores[scores["hub"] == one.title].drop(columns="hub")
        yield PeersRecord(
            title=one.title,
            attribution=one.attribution,
            baseline=_baselines(one, mine),
            scores=mine.reset_index(drop=True),
            refused=tuple(refused.get(one.title, ())),
        )


def _baselines(one: Peers, scores: pd.DataFrame) -> dict[str, str]:
    """Of the baselines in the settings, for each target the first that forecast it."""
    there = scores[["target", "model_id"]].drop_duplicates()
    return {
        str(target): next(model for model in one.baseline if model in set(rows["model_id"]))
        for target, rows in there.groupby("target")
        if set(one.baseline) & set(rows["model_id"])
    }


def _read(path: Path) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """The scores made last and what was refused; none where the file is gone or damaged, as it is made again."""
    try:
        return to_frame(files.read_parquet(path), PEER_SCORES), json.loads(files.read_notes(path).get(_REFUSED, "{}"))
    except (RecordError, ContractError, ValueError):
        return to_frame(PEER_SCORES.empty_table(), PEER_SCORES), {}


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


def _forecasts(one: Peers, terms: Terms) -> tuple[pd.DataFrame, list[Refusal]]:
    if not one.is_remote:
        return hubfiles.read_hub(Path(one.path), terms)
    raw = fetch.fetch(replace(REGISTRY["file"], name=one.title, url=one.path))
    return hubfiles.read_one(one.path.rsplit("/", 1)[-1], raw, terms)
