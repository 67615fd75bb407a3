"""What the pages of a feed are made from, gathered from its record."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from reporter import evaluate, index, models, peers, scores, tasks, upkeep
from reporter.config import Feed, Site
from reporter.counts import FeedCounts
from reporter.dates import parse_date
from reporter.ledger import LEDGER, Ledger, Receipt
from reporter.posts import Attribution, FeedRecord
from reporter.schema import COUNTS, SPLITS, to_frame
from reporter.sources import REGISTRY
from reporter.vintages import View


def feed_record(
    feed: Feed,
    counts: FeedCounts,
    ledger: Ledger,
    folder: Path,
    failed: Iterable[str],
    *,
    site: Site,
    pages: Path | None = None,
    posts: bool = True,
) -> FeedRecord:
    """All that a feed's pages are made from.

    Args:
        folder: the feed's record.
        pages: where its pages of earlier runs stand; None wants all made again.
        posts: whether posts are to be made; without them only the newest forecasts are read.

    Raises:
        RecordError: something on record was altered or is gone.
    """
    receipts, view = ledger.receipts(), counts.view
    as_ofs = {receipt["reference_date"]: date.fromisoformat(receipt["vintage"]["as_of"]) for receipt in receipts}
    moments = {parse_date(day): as_of for day, as_of in as_ofs.items()}
    made_by = upkeep.made_by(site, feed, counts.places)
    kept = {} if pages is None else upkeep.kept_posts(pages, made_by, receipts)
    since = upkeep.wanted_since(receipts, kept) if posts else max(ledger.reference_dates, default=None)
    return _record(
        feed,
        [*failed, *_newest_failures(receipts)],
        {
            "headline": headline(feed, counts, receipts),
            "places": counts.places,
            "receipts": receipts,
            "since": since,
            "forecasts": tasks.wide(ledger.forecasts(since)),
            "series": index.indexed(folder, ledger).since,
            "known": _Known(view, as_ofs),
            "counted": view.at({day: as_of for day, as_of in moments.items() if since is None or day >= since}),
            "first": view.first,
            "latest": view.latest,
            "scores": scores.read(folder / scores.NAME),
            "changes": _Changes(ledger, {one["reference_date"]: one for one in receipts if one.get("changes")}),
            "peers": tuple(peers.peers_on_record(feed, folder / peers.NAME)),
            "vintages": tuple(counts.vintages.as_ofs),
            "revisions": counts.revisions,
            "kept": kept,
            "made_by": made_by,
        },
    )


def headline(feed: Feed, counts: FeedCounts, receipts: list[Receipt]) -> str:
    """The place that leads: the settings', else the one that led from the first receipt on, else the first."""
    if feed.headline is not None:
        return feed.headline
    return str(receipts[0]["headline"]) if receipts else next(iter(counts.locations), "")


def nothing(feed: Feed, failed: Iterable[str]) -> FeedRecord:
    """A record without anything in it but what failed."""
    counts = to_frame(COUNTS.empty_table(), COUNTS)
    return _record(
        feed,
        failed,
        {
            "headline": "",
            "places": pd.DataFrame({"location": [], "name": [], "population": []}),
            "receipts": [],
            "forecasts": tasks.wide(to_frame(LEDGER.empty_table(), LEDGER)),
            "known": {},
            "counted": counts,
            "first": counts,
            "latest": counts,
            "scores": to_frame(evaluate.SCORES.empty_table(), evaluate.SCORES),
        },
    )


def failure(feed: str, model: str, reference: str, error: str) -> str:
    """The line that names a model's failure."""
    return f"{feed}: {model} failed for {reference}: {error}"


def failures(receipt: Receipt) -> list[str]:
    """A line for each model that failed, as a receipt says."""
    feed, reference = receipt["feed"], receipt["reference_date"]
    entries = receipt["models"].items()
    return [failure(feed, name, reference, entry["error"]) for name, entry in entries if "error" in entry]


def _record(feed: Feed, failed: Iterable[str], read: dict[str, Any]) -> FeedRecord:
    source = REGISTRY[feed.source]
    return FeedRecord(
        name=feed.name,
        title=feed.title or feed.name,
        targets=feed.target,
        cadence=feed.period,
        horizons=feed.horizons,
        lead=feed.leading,
        models={name: models.REGISTRY[name].title for name in feed.models},
        archive=feed.archive,
        source=Attribution(
            source.title, feed.attribution or source.attribution, source.licence, source.licence_url, source.url
        ),
        failed=tuple(failed),
        **read,
    )


def _newest_failures(receipts: list[Receipt]) -> list[str]:
    """The models that failed for the newest forecast.

    Read off the record and not off the run, so that the page says the same when it is built again.
    """
    return failures(receipts[-1]) if receipts else []


class _Known(Mapping[str, pd.DataFrame]):
    """Counts as known at each reference date, looked up when asked for: years of them would fill the memory."""

    def __init__(self, view: View, as_ofs: dict[str, date]) -> None:
        self._view = view
        self._as_ofs = as_ofs

    def __getitem__(self, reference: str) -> pd.DataFrame:
        return self._view.as_of(self._as_ofs[reference])

    def __iter__(self) -> Iterator[str]:
        return iter(self._as_ofs)

    def __len__(self) -> int:
        return len(self._as_ofs)


class _Changes(Mapping[str, pd.DataFrame]):
    """Why medians moved, by reference date, read when asked for."""

    def __init__(self, ledger: Ledger, receipts: dict[str, Receipt]) -> None:
        self._ledger = ledger
        self._receipts = receipts

    def __getitem__(self, reference: str) -> pd.DataFrame:
        found = self._ledger.changes(self._receipts[reference])
        return to_frame(SPLITS.empty_table(), SPLITS) if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._receipts)

    def __len__(self) -> int:
        return len(self._receipts)
