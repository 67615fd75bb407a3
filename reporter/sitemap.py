"""Every page's address for search engines, with the day from the record on which it last changed."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from typing import Any

from reporter.posts import Site
from reporter.posts.book import Book

MOST = 50_000
"""Addresses in one sitemap, as sitemaps.org allows; 50 MB are not reached before, as addresses are short."""

_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"


def files(site: Site, books: Sequence[Book], others: Iterable[str], most: int = MOST) -> dict[str, bytes]:
    """The sitemap, in several files beyond `most` addresses, and robots.txt, which says where it is.

    Args:
        others: paths of files of the site; the pages among them that are not of a feed are listed too.

    Returns:
        Path inside the site → contents.
    """
    feeds = {book.record.name for book in books}
    pages = {path.removesuffix("index.html") for path in others if path.endswith("index.html")}
    site_wide = sorted(page for page in pages if page.partition("/")[0] not in feeds)
    newest = max((_made(book.receipts[book.dates[-1]]) for book in books if book.dates), default=None)
    found = dict.fromkeys(site_wide, newest)
    for book in books:
        if book.dates:
            found |= _of_feed(book)
    entries = [_entry("url", site.base_url + address, changed) for address, changed in found.items()]
    robots = f"User-agent: *\nAllow: /\n\nSitemap: {site.base_url}sitemap.xml\n".encode()
    if len(entries) <= most:
        return {"robots.txt": robots, "sitemap.xml": _document("urlset", entries)}
    parts = {f"sitemap-{n}.xml": _document("urlset", part) for n, part in enumerate(_parts(entries, most), start=1)}
    listed = [_entry("sitemap", site.base_url + name, newest) for name in parts]
    return {"robots.txt": robots, "sitemap.xml": _document("sitemapindex", listed), **parts}


def _of_feed(book: Book) -> dict[str, str | None]:
    """A feed's pages. A post changes last when the next one is made, which it then links to."""
    name, newest = book.record.name, _made(book.receipts[book.dates[-1]])
    found: dict[str, str | None] = {f"{name}/": newest}
    found |= {f"{name}/{place.slug}/": newest for place in book.places.values()}
    found |= {f"{name}/{day}/": _made(book.receipts[after]) for day, after in pairwise(book.dates)}
    return found | {f"{name}/{book.dates[-1]}/": newest}


def _made(receipt: dict[str, Any]) -> str:
    """When a receipt says its forecasts were made."""
    return f"{datetime.fromisoformat(receipt['made_at']).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _entry(kind: str, address: str, changed: str | None) -> str:
    lastmod = f"<lastmod>{changed}</lastmod>" if changed else ""
    return f"<{kind}><loc>{escape(address)}</loc>{lastmod}</{kind}>\n"


def _document(kind: str, entries: Iterable[str]) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{kind} xmlns="{_SCHEMA}">\n{"".join(entries)}</{kind}>\n'.encode()


def _parts(entries: list[str], most: int) -> Iterable[list[str]]:
    return (entries[start : start + most] for start in range(0, len(entries), most))
