"""Events as Atom (RFC 4287) and JSON Feed 1.1, for the site, its feeds and their places."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import quote, urlsplit

from reporter.posts import Site
from reporter.posts.book import Book, Place
from reporter.posts.events import MOST_OF_FEED, Event, Events, newest

JSON_FEED = "https://jsonfeed.org/version/1.1"
NO_EVENT = "1970-01-01T00:00:00Z"
"""When a feed changed that has told of nothing yet: Atom wants a time, and only the record may give one."""

_SINCE = 2026
"""A year in which no other blog had the address: tag URIs (RFC 4151) name one, and it must never change."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 allows nowhere, not even escaped."""


@dataclass(frozen=True)
class _Feed:
    """A feed at an address relative to the site's root, empty or with a slash at its end."""

    address: str
    title: str
    rights: str
    events: Sequence[Event]


def of_site(site: Site, books: Sequence[Book], events: Sequence[Events]) -> dict[str, bytes]:
    """The feeds of the whole site.

    The same arguments give the same bytes.

    Returns:
        Name in the page's folder → contents, here and below: `feed.xml` and `feed.json`.
    """
    found = [event for book, told in zip(books, events, strict=True) if book.dates for event in told.of_feed]
    return _both(site, _Feed("", site.title, "", newest(found, MOST_OF_FEED)))


def of_feed(site: Site, book: Book, events: Events) -> dict[str, bytes]:
    """The feeds of one feed of the blog that has forecasts."""
    record = book.record
    return _both(site, _Feed(f"{record.name}/", record.title, _rights(book), events.of_feed))


def of_place(site: Site, book: Book, place: Place, events: Events) -> dict[str, bytes]:
    """The feeds of one place."""
    record = book.record
    heading = record.title if record.title.startswith(place.name) else f"{place.name}: {record.title}"
    return _both(site, _Feed(f"{record.name}/{place.slug}/", heading, _rights(book), events.of_place(place)))


def _rights(book: Book) -> str:
    source = book.record.source
    return source.text if source.licence in source.text else f"{source.text} ({source.licence})"


def tag(site: Site, ident: str) -> str:
    """The permanent name of what happened, or of a feed.

    >>> tag(Site("Blog", "https://example.org/blog/", "1"), "us/post/2020-04-11")
    'tag:example.org,2026:/blog/us/post/2020-04-11'
    """
    base = urlsplit(site.base_url)
    return f"tag:{base.hostname},{_SINCE}:{quote(base.path + ident)}"


def _both(site: Site, feed: _Feed) -> dict[str, bytes]:
    return {"feed.xml": _atom(site, feed), "feed.json": _json(site, feed)}


def _clean(text: str) -> str:
    """A text without what XML forbids: hostile names hold control characters."""
    return _FORBIDDEN.sub("\ufffd", text)


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}Z"


def _content(event: Event) -> str:
    """An event's sentences as HTML. Their own `>` is escaped, so nothing in it ends a CDATA section."""
    return "".join(f"<p>{escape(_clean(line), quote=False)}</p>" for line in event.lines)


def _atom(site: Site, feed: _Feed) -> bytes:
    page = escape(site.base_url + feed.address)
    rights = f"\n<rights>{_text(feed.rights)}</rights>" if feed.rights else ""
    entries = "".join(_entry(site, event) for event in feed.events)
    changed = max((_moment(event.when) for event in feed.events), default=NO_EVENT)
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<id>{escape(tag(site, feed.address))}</id>
<title>{_text(feed.title)}</title>
<updated>{changed}</updated>
<author><name>{_text(site.title)}</name></author>
<link rel="self" type="application/atom+xml" href="{page}feed.xml"/>
<link rel="alternate" type="text/html" href="{page}"/>{rights}
<generator>reporter</generator>
{entries}</feed>
""".encode()


def _entry(site: Site, event: Event) -> str:
    when = _moment(event.when)
    return f"""<entry>
<id>{escape(tag(site, event.ident))}</id>
<title>{_text(event.title)}</title>
<published>{when}</published>
<updated>{when}</updated>
<link href="{escape(site.base_url + event.href)}"/>
<category term="{event.kind}"/>
<content type="html"><![CDATA[{_content(event)}]]></content>
</entry>
"""


def _text(text: str) -> str:
    return escape(_clean(text), quote=False)


def _json(site: Site, feed: _Feed) -> bytes:
    page = site.base_url + feed.address
    found = {
        "version": JSON_FEED,
        "title": _clean(feed.title),
        "home_page_url": page,
        "feed_url": f"{page}feed.json",
        "language": "en",
        "authors": [{"name": _clean(site.title), "url": site.base_url}],
        **({"_rights": {"text": _clean(feed.rights)}} if feed.rights else {}),
        "items": [_item(site, event) for event in feed.events],
    }
    return (json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _item(site: Site, event: Event) -> dict[str, object]:
    return {
        "id": tag(site, event.ident),
        "url": site.base_url + event.href,
        "title": _clean(event.title),
        "content_html": _content(event),
        "date_published": _moment(event.when),
        "tags": [event.kind],
    }
