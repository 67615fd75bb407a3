"""Feeds and the sitemap: valid, permanent, and nothing but what the record holds."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import feedparser
import jsonschema
import numpy as np
import pandas as pd
import pytest

from reporter import render, sitemap, syndication
from reporter.dates import Cadence
from reporter.posts.book import Book
from reporter.posts.events import KINDS, MOST_OF_FEED, MOST_OF_PLACE, Events
from reporter.schema import LEVELS
from reporter.timeliness import timeliness

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TARGET = "inc covid cases"
NASTY = "\x00\x1b\ufffe]]><script>alert(1)</script>\u202e\U0001f9a0\"'&amp;" + "x" * 300
SCHEMA = {
    "type": "object",
    "required": ["version", "title", "home_page_url", "feed_url", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string", "minLength": 1},
        "home_page_url": {"type": "string", "pattern": "^https?://"},
        "feed_url": {"type": "string", "pattern": "^https?://.*feed.json$"},
        "language": {"const": "en"},
        "authors": {"type": "array", "items": {"type": "object", "required": ["name"]}, "minItems": 1},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "url", "title", "content_html", "date_published", "tags"],
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string", "pattern": "^tag:"},
                    "url": {"type": "string", "pattern": "^https?://"},
                    "title": {"type": "string", "minLength": 1},
                    "content_html": {"type": "string", "pattern": "^<p>"},
                    "date_published": {"type": "string", "pattern": f"^{RFC_3339.pattern}$"},
                    "tags": {"type": "array", "items": {"enum": list(KINDS)}, "minItems": 1},
                },
            },
        },
    },
    "patternProperties": {"^_": {"type": "object"}},
    "additionalProperties": False,
}


def told(site, books):
    """The feeds of a site, by their paths."""
    events = [Events(book) for book in books]
    found = syndication.of_site(site, books, events)
    for book, happened in zip(books, events, strict=True):
        if book.dates:
            name = book.record.name
            found |= {f"{name}/{path}": data for path, data in syndication.of_feed(site, book, happened).items()}
            for place in book.places.values():
                of_place = syndication.of_place(site, book, place, happened)
                found |= {f"{name}/{place.slug}/{path}": data for path, data in of_place.items()}
    return found


def receipt(end, *, live=True):
    as_of = end + timedelta(days=1)
    return {
        "feed": "daily", "reference_date": str(end), "vintage": {"as_of": str(as_of), "sha256": "cd" * 32},
        "made_at": f"{as_of}T06:30:00+00:00", "live": live, "version": "0.1.0", "settings_sha256": "ef" * 32,
        "seed": 7, "previous_sha256": None, "models": {"sigmoid": {"status": "ok", "sha256": "ab" * 32}},
    }  # fmt: skip


def frame(rows, names):
    days = {name: "datetime64[s]" for name in names if str(name).endswith(("date", "as_of"))}
    return pd.DataFrame(rows, columns=names).astype(days)


@pytest.fixture
def daily(record):
    """Makes the record of a feed of one place: what was counted each day, what the lead said of it the day before.

    Counts are out the day after their own, or on the day that `late` says; `revisions` are (day, as_of, value).
    """

    def make(was, said, *, revisions=(), late=None, live=True, name="Germany", locations=("DE",)):
        start = date(2025, 6, 1)
        ends = [start + timedelta(days=number) for number in range(len(was))]
        out = {end: (late or {}).get(end, end + timedelta(days=1)) for end in ends}
        spread = np.interp(LEVELS, [0.01, 0.025, 0.25, 0.5, 0.75, 0.975, 0.99], [-15, -10, -5, 0, 5, 10, 15])
        forecasts = [
            ["sigmoid", TARGET, place, end - timedelta(days=1), 1, end, *(middle + spread)]
            for place in locations
            for end, middle in zip([*ends[1:], ends[-1] + timedelta(days=1)], said, strict=True)
        ]
        first = [
            [TARGET, place, end, value, out[end]] for place in locations for end, value in zip(ends, was, strict=True)
        ]
        names = ["target", "location", "target_end_date", "observation", "as_of"]
        counts = frame(first, names)
        later = frame([[TARGET, "DE", end, value, as_of] for end, as_of, value in revisions], names)
        columns = ["model_id", "target", "location", "reference_date", "horizon", "target_end_date", *LEVELS]
        return replace(
            record,
            name="daily", title="Germany: reported cases", targets=(TARGET,), cadence=Cadence.DAY,
            headline=locations[0],
            lead="sigmoid", models={"sigmoid": "Sigmoid"}, archive=False, patience=(2, 7, 90),
            places=pd.DataFrame({"location": locations, "name": [name, *locations[1:]], "population": np.nan}),
            receipts=[receipt(end, live=live) for end in ends],
            forecasts=frame(forecasts, columns),
            known={str(end): counts[counts["target_end_date"] <= pd.Timestamp(end)][names[:4]] for end in ends},
            counted=counts[names[:4]], first=counts, latest=counts, log=pd.concat([counts, later], ignore_index=True),
            scores=record.scores.head(0), estimates=record.estimates.head(0),
        )  # fmt: skip

    return make


def of_kind(record, kind, place=None):
    events = Events(Book(record))
    found = events.of_feed if place is None else events.of_place(Book(record).places[place])
    return [event for event in found if event.kind == kind]


@pytest.fixture
def pages(site, record, weekly, empty):
    return render.pages(site, [record, weekly, empty])


# ---------------------------------------------------------------------------- validity


def tree(data):
    return ET.fromstring(data)  # noqa: S314 - our own bytes


def entries_of(data, path, site):
    """The entries of an Atom feed, after the rules of RFC 4287."""
    root = tree(data)
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(root.findall(f"{ATOM}{name}")) == 1
        assert root.findtext(f"{ATOM}{name}")
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links == {"self": site.base_url + path, "alternate": site.base_url + path.removesuffix("feed.xml")}
    entries = root.findall(f"{ATOM}entry")
    for entry in entries:
        for name in ("id", "title", "updated", "published", "content"):
            assert len(entry.findall(f"{ATOM}{name}")) == 1
        assert all(RFC_3339.fullmatch(entry.findtext(f"{ATOM}{name}")) for name in ("updated", "published"))
        assert urlsplit(entry.findtext(f"{ATOM}id")).scheme == "tag"
        assert entry.find(f"{ATOM}link").get("href").startswith(site.base_url)
        assert entry.find(f"{ATOM}category").get("term") in KINDS
    idents = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(idents)) == len(idents)
    moments = [entry.findtext(f"{ATOM}updated") for entry in entries]
    assert root.findtext(f"{ATOM}updated") == max(moments, default=syndication.NO_EVENT)
    assert moments == sorted(moments, reverse=True)
    return entries


def test_every_feed_is_valid_and_both_forms_say_the_same(site, pages):
    feeds = [path for path in pages if path.endswith("feed.xml")]
    assert len(feeds) == 1 + 1 + 3 + 1 + 1  # the site, a feed of three places, a feed of one; none of the empty one
    for path in feeds:
        entries = entries_of(pages[path], path, site)
        assert entries
        parsed = feedparser.parse(pages[path])
        assert not parsed.bozo, (path, parsed.get("bozo_exception"))
        assert parsed.version == "atom10"
        found = json.loads(pages[path.replace(".xml", ".json")])
        jsonschema.validate(found, SCHEMA)
        assert found["feed_url"] == site.base_url + path.replace(".xml", ".json")
        for entry, item, text in zip(parsed.entries, found["items"], entries, strict=True):
            assert (entry.id, entry.link) == (item["id"], item["url"])
            assert text.findtext(f"{ATOM}title") == item["title"]
            assert text.findtext(f"{ATOM}content") == item["content_html"]


def test_links_of_entries_lead_to_pages(site, pages):
    for path, data in pages.items():
        if path.endswith("feed.json"):
            for item in json.loads(data)["items"]:
                page, _, anchor = item["url"].removeprefix(site.base_url).partition("#")
                text = pages[f"{page}index.html"].decode()
                assert not anchor or f'id="{anchor}"' in text, item["url"]


HEADS = {
    "index.html": [""],
    "scoreboard/index.html": [""],
    "data/index.html": [""],
    "made-up/index.html": ["made-up/"],
    "made-up/2020-04-10/index.html": ["made-up/"],
    "made-up/us/index.html": ["made-up/us/", "made-up/"],
}


def test_pages_name_their_feeds_in_the_head(pages):
    forms = (("atom+xml", "xml"), ("feed+json", "json"))
    for page, feeds in HEADS.items():
        text = pages[page].decode().split("</head>")[0]
        root = "../" * page.count("/") or "./"
        found = re.findall(r'<link rel="alternate" type="application/([a-z+]+)" title="[^"]+" href="([^"]+)">', text)
        assert found == [(kind, f"{root}{feed}feed.{form}") for feed in feeds for kind, form in forms], page


def test_readers_are_told_what_they_get(pages):
    for page in ("index.html", "made-up/index.html", "made-up/us/index.html"):
        text = pages[page].decode()
        assert re.search(r"Subscribe:</strong>.*outside.*revis.*Atom</a> or <a.*JSON Feed", text), page


def test_a_site_without_a_forecast_has_valid_feeds(site, empty):
    files = told(site, [Book(empty)])
    assert set(files) == {"feed.xml", "feed.json"}
    assert entries_of(files["feed.xml"], "feed.xml", site) == []
    jsonschema.validate(json.loads(files["feed.json"]), SCHEMA)


def test_hostile_names_are_text(daily, site):
    hostile = replace(daily([100, 150, 100], [100, 100, 100], name=NASTY), title=NASTY)
    files = told(replace(site, title=NASTY), [Book(hostile)])
    for path, data in files.items():
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf\xbe", data), path
        assert b"x" * 300 in data
    shown = NASTY.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\ufffe", "\ufffd")
    for path in (path for path in files if path.endswith(".xml")):
        root = tree(files[path])
        titles = [entry.findtext(f"{ATOM}title") for entry in root.findall(f"{ATOM}entry")]
        assert titles
        assert all(shown in one for one in titles)
        contents = [entry.findtext(f"{ATOM}content") for entry in root.findall(f"{ATOM}entry")]
        assert any("&lt;script&gt;" in one for one in contents)
        assert not any("<script" in one for one in contents)
        assert not feedparser.parse(files[path]).bozo
    assert json.loads(files["feed.json"])["title"] == shown


# ---------------------------------------------------------------------------- each kind of event


def test_a_live_post_is_dated_by_its_receipt_and_a_backfilled_one_by_its_data(daily):
    (live, *_) = of_kind(daily([100, 101], [100, 100]), "post")
    assert (live.ident, live.href) == ("daily/post/2025-06-02", "daily/2025-06-02/")
    assert live.when == datetime(2025, 6, 3, 6, 30, tzinfo=UTC)
    assert live.title == "Germany: 101 counted, 100 forecast: inside the likely range"
    (line,) = live.lines
    assert line == (
        "For Monday 2 June 2025 we said 100; it was 101: 1 too low (1.0\u202f%), inside the likely range. "
        "Expected for Tuesday 3 June 2025: about 100 (likely 95\u2013105, almost surely 90\u2013110)."
    )
    (later, *_) = of_kind(daily([100, 101], [100, 100], live=False), "post")
    assert later.when == datetime(2025, 6, 3, tzinfo=UTC)
    assert later.lines == ("Backfilled: made later, from the data as of Tuesday 3 June 2025.", line)


def test_a_count_outside_the_wide_range_is_told(daily):
    record = daily([100, 111, 110, 80], [100, 100, 100, 100])
    assert [one.ident for one in of_kind(record, "outside")] == ["daily/outside/2025-06-05", "daily/outside/2025-06-03"]
    (_, one) = of_kind(record, "outside", "DE")
    assert one.ident == f"daily/de/outside/{TARGET}/2025-06-02"
    assert one.when == datetime(2025, 6, 3, tzinfo=UTC)
    assert one.title == "Germany: 111 counted, 100 forecast: a miss, 11 too low (9.9\u202f%)"
    (line,) = one.lines
    assert line == (
        "Germany, Monday 2 June 2025: we said 100 (almost surely 90\u2013110); it was 111: 11 too low (9.9\u202f%), "
        "outside both ranges: a miss."
    )


def test_the_misses_of_one_vintage_are_one_entry_of_the_feed(daily):
    places = ("DE", *(f"Land {number}" for number in range(11)))
    record = daily([100, 150], [100, 100], locations=places)
    (one,) = of_kind(record, "outside")
    assert one.title == "12 counts outside the 95\u202f% range: Germany, Land 0 and 10 more"
    assert len(one.lines) == 7
    assert one.lines[-1] == "And 6 more, on the places\u2019 pages."
    assert len(of_kind(record, "outside", "Land 3")) == 1


DAY = date(2025, 6, 2)


@pytest.mark.parametrize(
    ("first", "values", "told"),
    [
        (100, [110], []),  # still inside, by less than a quarter
        (100, [111], [111]),  # out of the wide range
        (100, [111, 112], [111]),  # and it stays there
        (100, [111, 109], [111, 109]),  # and back
        (150, [190], [190]),  # a miss that is now one by more than a quarter
        (150, [160], []),
        (150, [103], [103]),
    ],
)
def test_a_revision_is_told_once_and_only_if_it_matters(daily, first, values, told):
    revisions = [(DAY, DAY + timedelta(days=3 + number), value) for number, value in enumerate(values)]
    record = daily([100, first, 100], [100, 100, 100], revisions=revisions)
    found = of_kind(record, "revised", "DE")[::-1]
    assert [one.title for one in found] == [f"Germany: {first} counted at first, revised to {value}" for value in told]
    days = {value: as_of for _, as_of, value in revisions}
    assert [one.when.date() for one in found] == [days[value] for value in told]
    assert [one.ident for one in of_kind(record, "revised")] == [
        f"daily/revised/{days[value]}" for value in reversed(told)
    ]


def test_a_small_revision_of_a_small_count_is_not_told(daily):
    record = daily([8, 8, 8], [8, 8, 8], revisions=[(DAY, DAY + timedelta(days=3), 12)])
    assert of_kind(record, "revised") == []


def test_a_feed_that_goes_stale_and_recovers_is_told(daily):
    last, back = date(2025, 6, 3), date(2025, 6, 13)
    gone = daily([100, 100, 100], [100, 100, 100])

    def on(day):
        return replace(gone, timeliness=timeliness(last, date(2025, 6, 4), timedelta(1), (2, 7, 90), day))

    assert of_kind(on(date(2025, 6, 12)), "stale") == []
    (stale,) = of_kind(on(date(2025, 6, 13)), "stale")
    assert stale.ident == "daily/stale/2025-06-03"
    assert stale.when == datetime(2025, 6, 13, tzinfo=UTC)
    assert of_kind(on(date(2025, 8, 1)), "stale") == [stale]
    assert of_kind(on(date(2025, 8, 1)), "stale", "DE") == [stale]

    again = daily([100] * 4, [100] * 4, late={date(2025, 6, 4): back})
    assert of_kind(again, "stale") == [stale]
    (recovered,) = of_kind(again, "recovered")
    assert (recovered.ident, recovered.when) == ("daily/recovered/2025-06-04", datetime(2025, 6, 13, tzinfo=UTC))
    assert recovered.lines == (
        "New counts came on Friday 13 June 2025. Before that, the newest was of Tuesday 3 June 2025.",
    )
    in_time = daily([100] * 4, [100] * 4, late={date(2025, 6, 4): back - timedelta(1)})
    assert of_kind(in_time, "recovered") == of_kind(in_time, "stale") == []
    assert of_kind(replace(again, archive=True), "stale") == []


# ---------------------------------------------------------------------------- permanence and size


def test_another_day_only_adds(daily, site):
    was = [100, 150, 100, 60, 100, 140, 100, 100]
    revisions = [(DAY, DAY + timedelta(days=3), 100)]
    before = daily(was[:-1], [100] * 7, revisions=revisions)
    after = daily(was, [100] * 8, revisions=[*revisions, (DAY, date(2025, 6, 9), 90)])
    for path in ("feed.json", "daily/feed.json"):
        old, new = (json.loads(told(site, [Book(one)])[path])["items"] for one in (before, after))
        assert [item for item in new if item in old] == old
        assert [unquote(item["id"]).rpartition("/")[2] for item in new if item not in old] == ["2025-06-08"]


def test_what_is_no_event_changes_no_byte(daily, site):
    record = daily([100, 150, 100], [100, 100, 100])
    moved = replace(record, latest=record.latest.assign(observation=101.0), failed=("daily: a source failed",))
    assert told(site, [Book(record)]) == told(site, [Book(moved)])


def test_feeds_stay_small(daily, site):
    days = 80
    was = [100 + 40 * (number % 2) for number in range(days)]
    revisions = [(date(2025, 6, 1) + timedelta(number), date(2025, 9, 1), 200) for number in range(days)]
    files = told(site, [Book(daily(was, [100] * days, revisions=revisions, live=False))])
    assert len(json.loads(files["daily/feed.json"])["items"]) == MOST_OF_FEED
    assert len(json.loads(files["feed.json"])["items"]) == MOST_OF_FEED
    assert len(json.loads(files["daily/de/feed.json"])["items"]) == MOST_OF_PLACE
    assert {path: len(data) for path, data in files.items() if "/de/" in path and len(data) > 12_000} == {}


def test_the_name_of_an_event_is_that_of_the_site_and_its_address(site):
    assert syndication.tag(site, "us/a b") == "tag:example.org,2026:/blog/us/a%20b"
    assert syndication.tag(replace(site, base_url="http://localhost:8000/"), "us") == "tag:localhost,2026:/us"


# ---------------------------------------------------------------------------- sitemap


def test_the_sitemap_lists_every_page_with_its_day(site, pages):
    urls = tree(pages["sitemap.xml"]).findall(f"{MAP}url")
    listed = {url.findtext(f"{MAP}loc").removeprefix(site.base_url): url.findtext(f"{MAP}lastmod") for url in urls}
    assert {f"{address}index.html" for address in listed} == {
        path for path in pages if path.endswith("index.html") and not path.endswith("/embed/index.html")
    }
    assert len(urls) == len(listed)
    assert set(listed.values()) == {"2026-11-20T06:00:00Z"}
    assert pages["robots.txt"].decode().endswith(f"Sitemap: {site.base_url}sitemap.xml\n")


def test_a_post_changed_last_when_the_next_was_made(daily, site):
    book = Book(daily([100] * 3, [100] * 3))
    text = sitemap.files(site, [book], [])["sitemap.xml"].decode()
    assert "daily/2025-06-01/</loc><lastmod>2025-06-03T06:30:00Z<" in text
    assert "daily/2025-06-03/</loc><lastmod>2025-06-04T06:30:00Z<" in text


def test_a_long_sitemap_is_parted(daily, site):
    files = sitemap.files(site, [Book(daily([100] * 3, [100] * 3))], ["index.html", "daily/embed/index.html"], most=2)
    names = [one.findtext(f"{MAP}loc") for one in tree(files["sitemap.xml"]).findall(f"{MAP}sitemap")]
    assert names == [f"{site.base_url}sitemap-{number}.xml" for number in (1, 2, 3)]
    assert [len(tree(files[f"sitemap-{number}.xml"])) for number in (1, 2, 3)] == [2, 2, 2]
