"""Pages of which each feed has a piece, and the manifests that say what every page was made from."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

from markupsafe import Markup

from reporter.dates import kept_under, parse_date
from reporter.posts import FeedRecord, Kept
from reporter.posts.events import Event

MANIFEST = "pages.json"

Listed = tuple[str, str, str, int, int]
"""A piece on a page: its feed, its name, its key, and where it begins and ends, in bytes."""


class Piece:
    """What a page that feeds share says of one feed; what stands is not made again.

    A template calls it around what it says: `{% call(view) piece("name") %}…{% endcall %}`.

    Args:
        record: the feed's.
        view: makes the view model, should a piece be made.
    """

    def __init__(self, record: FeedRecord, view: Callable[[], object]) -> None:
        self.feed = record.name
        self.title = record.title
        self._key = record.standing.pieced_from
        self._kept = record.standing.pieces
        self._make = view
        self._said: dict[str, bytes] = {}

    @cached_property
    def view(self) -> object:
        """The view model."""
        return self._make()

    def __call__(self, name: str, caller: Callable[[object], str]) -> Markup:
        """One piece: as it stands, or as the template has it."""
        kept = self._kept.get(name)
        html = Markup(caller(self.view) if kept is None else kept)  # noqa: S704 - a template made it
        self._said[name] = html.encode()
        return html

    def listed(self, page: bytes) -> list[Listed]:
        """Where its pieces are on the page that was made with it; none if nothing is to be kept."""
        found = []
        for name, said in self._said.items() if self._key else ():
            start = page.index(said)
            found.append((self.feed, name, self._key, start, start + len(said)))
        return found


def shared(pages: Mapping[str, tuple[bytes, Sequence[Piece]]]) -> bytes:
    """The manifest of the pages that feeds share.

    Args:
        pages: by path inside the site, what was rendered and the pieces in it.
    """
    listed = {
        path: {
            "sha256": hashlib.sha256(data).hexdigest(),
            "pieces": [entry for piece in pieces for entry in piece.listed(data)],
        }
        for path, (data, pieces) in pages.items()
    }
    return (json.dumps({"pages": listed}, indent=0) + "\n").encode()


def manifest(pages: Mapping[str, Kept], events: Sequence[Event] | None = None) -> bytes:
    """The manifest of a feed's own pages, by their addresses.

    Args:
        events: the feed's newest; None where not all its pages are listed.
    """
    told = None if events is None else [asdict(event) | {"when": event.when.isoformat()} for event in events]
    lines = []
    for address, page in sorted(pages.items()):
        entry: dict[str, Any] = {"key": page.key, "files": dict(sorted(page.files.items()))}
        if page.title:
            entry |= {"title": page.title} | ({"html": page.html} if page.html != page.title else {})
        lines.append(f"{_json(address)}: {_json(entry)}")
    together = ",\n".join(lines)
    return f'{{"events": {_json(told)}, "pages": {{\n{together}\n}}}}\n'.encode()


def post_key(made_by: str, receipts: Sequence[Mapping[str, Any]], number: int) -> str:
    """The key of a post's page: its receipt, named by all that it says, the next date, and where its files lie.

    The hash of a receipt stands in the next; that of the newest is over its contents.
    """
    receipt = receipts[number]
    day, newest = (parse_date(one["reference_date"]) for one in (receipt, receipts[-1]))
    following = receipts[number + 1]["reference_date"] if number + 1 < len(receipts) else ""
    previous = receipts[number - 1]["reference_date"] if number else ""
    parts = made_by, receipt["seal"], previous, following, kept_under(day, newest)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
