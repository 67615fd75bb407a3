"""Which posts are as they should be: a daily run makes a day's pages, not those of years."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from reporter import fingerprint, render, theme
from reporter.config import Site
from reporter.dates import kept_under, parse_date
from reporter.feeds import Feed
from reporter.ledger import Receipt
from reporter.posts import FeedRecord, Kept
from reporter.posts.book import LOOKBACK

_UNSEEN = {"path", "start", "end", "backfill", "peers", "limits", "url"}
"""Settings that show on no post but through the record."""


def made_by(site: Site, feed: Feed, places: pd.DataFrame, licence: str | None = None) -> str:
    """A hash of all that a post's page is made of besides the record: code, templates, settings, names of places."""
    shown = feed.model_dump(mode="json", exclude=_UNSEEN)
    # Of the theme what is in it counts, and not where it lies.
    settings = json.dumps([site.model_dump(mode="json", exclude={"theme"}), licence, shown], sort_keys=True)
    own = theme.sha256(site.folder)
    parts = (fingerprint.code_sha256(), _templates(), own, settings, places.to_csv(index=False))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@cache
def _templates() -> str:
    """Hash of every template and asset."""
    running = hashlib.sha256()
    for folder in render.FOLDERS:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            running.update(f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return running.hexdigest()


def kept_posts(folder: Path, made: str, receipts: Sequence[Receipt]) -> dict[date, Kept]:
    """The posts whose pages stand in a feed's folder of the site as they would be made again.

    They were made by the same code, templates and settings from the same receipts, each of which names all it was made
    from; the page has the size it had; and the files it links to have not been merged since.
    """
    listed = _read(folder / "posts.json")
    if listed.get("made_by") != made or not receipts:
        return {}
    newest = parse_date(receipts[-1]["reference_date"])
    hashes = {one["reference_date"]: after["previous_sha256"] for one, after in pairwise(receipts)}
    kept = {}
    for entry in listed["posts"]:
        day = parse_date(entry["date"])
        moved = kept_under(day, parse_date(listed["newest"])) != kept_under(day, newest)
        if entry["receipt_sha256"] == hashes.get(entry["date"]) and not moved and _has(folder, entry):
            kept[day] = Kept(entry["title"], entry["html"], entry["size"])
    return kept


def begin(folder: Path, record: FeedRecord) -> None:
    """Drop the list of a feed's posts before other code or settings make its pages: a kill must not leave both."""
    path = folder / "posts.json"
    if record.made_by and _read(path).get("made_by") != record.made_by:
        path.unlink(missing_ok=True)


def wanted_since(receipts: Sequence[Receipt], kept: dict[date, Kept]) -> date | None:
    """The first reference date whose forecasts a page may show; None wants all."""
    dates = [parse_date(receipt["reference_date"]) for receipt in receipts]
    first = next((number for number, day in enumerate(dates) if day not in kept), len(dates))
    position = min(first, len(dates)) - LOOKBACK
    return dates[position] if position > 0 else None


def _read(path: Path) -> dict[str, Any]:
    """The list of posts that the last run made; nothing if there is none, or none that can be read."""
    try:
        listed = json.loads(path.read_bytes())
        for entry in listed["posts"]:
            parse_date(entry["date"])
            Kept(str(entry["title"]), str(entry["html"]), int(entry["size"]))
            str(entry["receipt_sha256"])
        parse_date(listed["newest"])
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return dict(listed)


def _has(folder: Path, entry: dict[str, Any]) -> bool:
    try:
        return bool((folder / entry["date"] / "index.html").stat().st_size == entry["size"])
    except OSError:
        return False
