"""Which pages are as they should be: a daily run makes the pages that its news are on, not those of years.

Every page has a key, a hash of all that it is made from. The manifest beside a feed's pages, `pages.json`, lists their
keys and the sizes of their files; the one of the site cuts the pages that feeds share into each feed's pieces.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from reporter import files, fingerprint, render, theme
from reporter.config import Site
from reporter.dates import parse_date
from reporter.feeds import Feed
from reporter.ledger import Receipt
from reporter.pieces import MANIFEST, manifest, post_key
from reporter.posts import FeedRecord, Kept, Standing
from reporter.posts.book import LOOKBACK

_UNSEEN = {"path", "start", "end", "backfill", "peers", "limits", "url"}
"""Settings that show on no post but through the record."""


def made_by(site: Site, feed: Feed, places: pd.DataFrame, licence: str | None = None) -> str:
    """A hash of all that a post's page is made of besides the record: code, templates, settings, names of places."""
    shown = feed.model_dump(mode="json", exclude=_UNSEEN)
    # Of the theme what is in it counts, and not where it lies.
    settings = json.dumps([site.model_dump(mode="json", exclude={"theme"}), licence, shown], sort_keys=True)
    own = theme.sha256(site.folder)
    return digest([fingerprint.code_sha256(), templates_sha256(), own, settings, places.to_csv(index=False)])


def settings_of(feed: Feed) -> str:
    """The settings that show on a feed's pages, as text."""
    return json.dumps(feed.model_dump(mode="json", exclude=_UNSEEN - {"peers"}), sort_keys=True)


def digest(parts: Iterable[object]) -> str:
    """A hash over how things are written in code."""
    return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()


def digest_of(frame: pd.DataFrame) -> str:
    """A hash over the rows of a frame."""
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(repr(list(frame.columns)).encode() + rows.tobytes()).hexdigest()


@cache
def templates_sha256() -> str:
    """Hash of every template and asset."""
    running = hashlib.sha256()
    for folder in render.FOLDERS:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            running.update(f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return running.hexdigest()


class Published:
    """The site as the last run left it.

    Args:
        folder: where it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def standing(
        self, name: str, made_by: str, made_from: str, pieced_from: str, receipts: Sequence[Receipt]
    ) -> Standing:
        """What of a feed's pages stands as it would be made again.

        A page stands if it has the key it would have now, and its files are there with the sizes they had.

        Args:
            name: the feed's.
            made_by, made_from, pieced_from: as in `Standing`.
            receipts: every receipt, each of which names all that its post is made from.
        """
        events, listed = _read(self.folder / name / MANIFEST)
        keys = dict.fromkeys(listed, made_from)
        dates = [receipt["reference_date"] for receipt in receipts]
        for number, day in enumerate(dates):
            keys[f"{name}/{day}/"] = post_key(made_by, receipts, number)
        pages = {
            address: page
            for address, page in listed.items()
            if page.key == keys.get(address) and self._has(address, page)
        }
        pieces = self._pieces.get((name, pieced_from), {})
        whole = events is not None and len(pages) == len(listed) and set(pieces) == set(PIECES) and bool(dates)
        whole = whole and all(f"{name}/{day}/" in pages for day in dates)
        return Standing(made_by, made_from, pieced_from, pages, pieces, (events or ()) if whole else (), whole)

    def _has(self, address: str, page: Kept) -> bool:
        try:
            return all((self.folder / address / name).stat().st_size == size for name, size in page.files.items())
        except OSError:
            return False

    @cached_property
    def _pieces(self) -> dict[tuple[str, str], dict[str, str]]:
        """The pieces of shared pages by feed and key; none of a page that is not, byte for byte, the one listed."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        try:
            for path, page in json.loads((self.folder / MANIFEST).read_bytes())["pages"].items():
                data = (self.folder / str(path)).read_bytes()
                if hashlib.sha256(data).hexdigest() != page["sha256"]:
                    continue
                for feed, name, key, start, end in page["pieces"]:
                    found.setdefault((str(feed), str(key)), {})[str(name)] = data[start:end].decode()
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}
        return found

    def begin(self, record: FeedRecord) -> None:
        """Take off the list what is to be made again, before it is: a kill must not leave a page under a wrong key."""
        path = self.folder / record.name / MANIFEST
        _, listed = _read(path)
        stand = record.standing.pages
        if record.standing.made_by and not record.standing.whole and path.exists():
            kept = {address: page for address, page in listed.items() if address in stand}
            if kept:
                files.write(path, manifest(kept))
            else:
                path.unlink()


PIECES = frozenset({"card", "short", "board", "data"})
"""The pieces that every feed has of the pages that feeds share."""


def wanted_since(name: str, receipts: Sequence[Receipt], standing: Standing) -> date | None:
    """The first reference date whose forecasts a page may show; None wants all."""
    dates = [parse_date(receipt["reference_date"]) for receipt in receipts]
    made = (number for number, day in enumerate(dates) if f"{name}/{day}/" not in standing.pages)
    position = next(made, len(dates)) - LOOKBACK
    return dates[position] if position > 0 else None


def _read(path: Path) -> tuple[list[dict[str, Any]] | None, dict[str, Kept]]:
    """The manifest of a feed: its events if it lists all pages, and its pages; nothing if it cannot be read."""
    try:
        contents: dict[str, Any] = json.loads(path.read_bytes())
        pages = {
            str(address): Kept(
                str(page["key"]),
                {str(name): int(size) for name, size in page["files"].items()},
                str(page.get("title", "")),
                str(page.get("html", page.get("title", ""))),
            )
            for address, page in contents["pages"].items()
        }
        events = contents["events"]
        return None if events is None else [_event(event) for event in events], pages
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None, {}


def _event(kept: dict[str, Any]) -> dict[str, Any]:
    """The fields of an event as it was kept."""
    moment, lines = datetime.fromisoformat(kept["when"]), tuple(map(str, kept["lines"]))
    texts = {name: str(kept[name]) for name in ("ident", "kind", "title", "href")}
    return texts | {"when": moment, "lines": lines}
