"""The site as {path: bytes}."""

import json
import posixpath
import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

import html5lib
import pytest

from reporter import render
from reporter.errors import ReporterError
from reporter.posts import Attribution, Peers, Upstream
from reporter.posts.book import Book
from reporter.posts.trouble import troubles
from reporter.switches import Switch
from reporter.timeliness import timeliness

NOW = datetime(2020, 4, 12, 6, 0, tzinfo=UTC)
HTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture
def pages(site, record, weekly, empty):
    return everything(site, [record, weekly, empty])


def everything(site, records):
    return render.pages(site, records) | render.status(site, records, NOW)


def documents(pages):
    parser = html5lib.HTMLParser(strict=False)
    for path, data in pages.items():
        if path.endswith(".html"):
            document = parser.parse(data.decode())
            # html5lib knows no <data>'s newer neighbours; what it calls an error must at least be none of ours.
            assert not parser.errors, (path, parser.errors[:3])
            yield path, document


def within(path, link):
    """Where in the site a page's link leads; only a page that may show anywhere begins its links with the sub-path."""
    if path == "404.html" and link.startswith("/blog/"):
        return posixpath.normpath("./" + link.removeprefix("/blog/"))
    assert not link.startswith("/"), (path, link)
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link))


def test_every_page_is_there(pages):
    assert {path for path in pages if path.endswith(".html")} == {
        "index.html",
        "scoreboard/index.html",
        "status/index.html",
        "data/index.html",
        "how-it-works/index.html",
        "404.html",
        "made-up/index.html",
        "made-up/2020-04-09/index.html",
        "made-up/2020-04-10/index.html",
        "made-up/2020-04-11/index.html",
        "made-up/us/index.html",
        "made-up/korea-south/index.html",
        "made-up/script-script-alert-script-7-7/index.html",
        "made-up/us/embed/index.html",
        "made-up/korea-south/embed/index.html",
        "made-up/script-script-alert-script-7-7/embed/index.html",
        "weekly/index.html",
        "weekly/2025-02-08/index.html",
        "weekly/us/index.html",
        "weekly/us/embed/index.html",
    }


def test_the_same_record_gives_the_same_bytes(site, record, weekly, empty, pages):
    assert everything(site, [record, weekly, empty]) == pages


def test_an_old_post_does_not_change_when_the_truth_is_revised_later(site, record, pages):
    later = replace(record, latest=record.latest.assign(observation=record.latest["observation"] * 2))
    again = render.pages(site, [later])
    for day in ("09", "10", "11"):
        assert again[f"made-up/2020-04-{day}/index.html"] == pages[f"made-up/2020-04-{day}/index.html"]


def test_links_lead_somewhere(pages):
    for path, document in documents(pages):
        ids = {element.get("id") for element in document.iter() if element.get("id")}
        for element in document.iter():
            for name in ("href", "src", "data-plotly"):
                link = element.get(name)
                if link is None:
                    continue
                parts = urlsplit(link)
                if parts.scheme:
                    assert parts.scheme == "https"
                    assert element.tag in (f"{HTML}a", f"{HTML}link"), (path, link)
                    assert element.tag != f"{HTML}link" or element.get("rel") == "canonical"
                    continue
                if not parts.path:
                    assert parts.fragment in ids, (path, link)
                    continue
                target = within(path, parts.path)
                if target.startswith("data/") and target != "data":
                    assert re.fullmatch(r"data/[\w-]+/[\w/.-]+\.(json|jsonl|parquet|csv|yml)", target)
                    continue
                found = target if target in pages else posixpath.normpath(posixpath.join(target, "index.html"))
                assert found in pages, (path, link)
                assert found == target or parts.path.endswith("/"), (path, link)


def test_every_page_leads_to_the_scoreboard_and_the_data(pages):
    for path, document in documents(pages):
        if path.endswith("/embed/index.html"):
            continue
        hrefs = [urlsplit(e.get("href")) for e in document.iter(f"{HTML}a")]
        links = {within(path, href.path) for href in hrefs if not href.scheme}
        assert {"scoreboard", "data", "status", "how-it-works"} <= links, path


def test_nothing_is_requested_from_elsewhere(pages):
    for path in ("assets/style.css", "assets/charts.js", "assets/site.js"):
        assert not re.search(rb"https?:|url\(|@import", pages[path]), path
    assert b"MIT" in pages["assets/plotly-LICENSE.txt"]


def test_ids_are_unique_and_headings_in_order(pages):
    for path, document in documents(pages):
        ids = [element.get("id") for element in document.iter() if element.get("id")]
        assert len(ids) == len(set(ids)), path
        levels = [int(e.tag[-1]) for e in document.iter() if re.fullmatch(rf"{HTML}h[1-6]", str(e.tag))]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)
        for label in (e.get("aria-labelledby") for e in document.iter()):
            assert label is None or set(label.split()) <= set(ids), (path, label)


def test_tables_have_captions_and_scopes(pages):
    for path, document in documents(pages):
        for table in document.iter(f"{HTML}table"):
            assert table.find(f"{HTML}caption") is not None, path
            assert all(head.get("scope") for head in table.iter(f"{HTML}th")), path


def test_upstream_text_stays_text(pages):
    for path, document in documents(pages):
        scripts = list(document.iter(f"{HTML}script"))
        assert all(script.get("src") or script.get("type") == "application/json" for script in scripts), path
        assert not list(document.iter(f"{HTML}b"))
        for script in scripts:
            if script.get("type") == "application/json":
                json.loads(script.text)
    hostile = pages["made-up/script-script-alert-script-7-7/index.html"].decode()
    assert "&lt;/script&gt;&lt;script&gt;alert(" in hostile
    assert "49 {}" not in hostile
    assert "<so far>" not in "".join(data.decode() for path, data in pages.items() if path.endswith(".html"))


def test_the_first_authors_day_in_html(pages):
    text = pages["made-up/2020-04-11/index.html"].decode()
    assert "<td>507\u202f022<td>" in text
    assert '">526\u202f396</span>' in text
    assert "<td>\u221219\u202f374 " in text
    assert "between Sunday 12 April 2020 and Monday 13 April 2020: a day late." in text
    assert "This forecast was made later, on Friday 20 November 2026" in text


def test_no_page_says_will(pages):
    for path, document in documents(pages):
        words = " ".join("".join(document.find(f"{HTML}body").itertext()).split())
        assert not re.search(r"\bwill\b|\bnan\b|\bNone\b|\bUndefined\b", words), path


def test_trouble_is_shown_in_plain_words(pages):
    home = pages["index.html"].decode()
    assert 'For whoever runs this blog: <span class="small muted">weekly: nhsn could not be reached &lt;b&gt;<' in home
    assert "failed: gave a &lt;negative&gt; count" in pages["weekly/2025-02-08/index.html"].decode()


def test_a_feed_that_goes_on_has_a_due_date_and_a_finished_story_has_none(pages):
    home = pages["index.html"].decode()
    assert 'data-due="2025-02-16"' in home
    assert home.count("data-due") == 1
    assert "a finished story" in home


def test_numbers_never_lose_the_lead_when_a_place_is_refused(site, record):
    kept = record.forecasts[
        ~((record.forecasts["model_id"] == "sigmoid") & (record.forecasts["location"] == "Korea, South"))
    ]
    text = render.pages(site, [replace(record, forecasts=kept)])["made-up/korea-south/index.html"].decode()
    assert "First author&#39;s logistic" in text


def test_templates_inside_the_package_come_first(site, record, monkeypatch, tmp_path):
    inside = tmp_path / "templates"
    shutil.copytree(render.FOLDERS[1] if render.FOLDERS[1].is_dir() else render.FOLDERS[0], inside)
    (inside / "feed.html").write_text("{{ index.title }}", encoding="utf-8")
    monkeypatch.setattr(render, "FOLDERS", (inside, tmp_path / "nowhere"))
    assert render.pages(site, [record])["made-up/index.html"] == b"April 2020 &lt;so far&gt;"


def test_an_installation_without_templates_says_so(site, monkeypatch, tmp_path):
    monkeypatch.setattr(render, "FOLDERS", (tmp_path / "a", tmp_path / "b"))
    with pytest.raises(ReporterError, match="not installed whole"):
        render.pages(site, [])


UPSTREAMS = (
    Upstream(
        "one",
        Attribution("First & <last>", "", "", None, None),
        asked=date(2020, 4, 12),
        answered=date(2020, 4, 2),
        newest=date(2020, 4, 1),
        since=date(2020, 4, 2),
        failed="one: upstream.example: status <503>",
        failing_since=date(2020, 4, 3),
    ),
    Upstream("two", Attribution("Second", "", "", None, None), in_use=True, asked=date(2020, 4, 12)),
    Upstream("three", Attribution("Third", "", "", None, None)),
)


@pytest.mark.parametrize(
    ("days", "state", "words"),
    [
        (0, "fresh", "the next is expected about Sunday 12 April 2020."),
        (2, "fresh", "the next is expected"),
        (3, "late", "the next was expected about Sunday 12 April 2020."),
        (8, "stale", "The forecasts wait for it."),
        (91, "retired", "The source seems to have ended; it is still asked in every run"),
    ],
)
def test_the_status_page_and_its_file_say_how_timely_a_feed_is(site, record, days, state, words):
    today = date(2020, 4, 12) + timedelta(days=days)
    found = timeliness(date(2020, 4, 11), date(2020, 4, 11), timedelta(days=1), (2, 7, 90), today)
    late = replace(record, archive=False, timeliness=found, patience=(2, 7, 90))
    files = everything(site, [late])
    page, told = files["status/index.html"].decode(), json.loads(files["status.json"])
    assert "Saturday 11 April 2020 is the newest period, first seen on Saturday 11 April 2020" in page
    assert words in page
    assert f'<span class="word">{state}</span>' in page
    (feed,) = told["feeds"]
    assert (feed["state"], feed["expected"]) == (state, "2020-04-12")
    assert told["now"] == "2020-04-12T06:00:00+00:00"
    word = "followed" if state == "fresh" else state
    for path in ("index.html", "made-up/index.html", "made-up/us/index.html"):
        assert f'<span class="word">{word}</span>' in files[path].decode()


def test_the_status_page_tells_what_each_source_last_said_and_every_switch(site, record):
    switch = Switch(date(2020, 4, 3), "one", "two", "one: <b>gone</b>")
    files = everything(
        site, [replace(record, archive=False, upstreams=UPSTREAMS, switches=(switch,), failed=("it <i>failed</i>",))]
    )
    page = files["status/index.html"].decode()
    assert "First &amp; &lt;last&gt;" in page
    assert (
        "Asked on Sunday 12 April 2020 in vain, and ever since Friday 3 April 2020. It last answered on Thursday "
        "2 April 2020. Its newest period: Wednesday 1 April 2020, first seen on Thursday 2 April 2020. "
        "one: upstream.example: status &lt;503&gt;" in page
    )
    assert "Second <strong>(in use)</strong>" in page
    assert "Where one fails, or has had nothing new for too long, the next takes its place." in page
    assert "Not asked yet." in page
    assert "Friday 3 April 2020: from First &amp; &lt;last&gt; to Second." in page
    assert "one: &lt;b&gt;gone&lt;/b&gt;" in page
    assert "it &lt;i&gt;failed&lt;/i&gt;" in page
    (feed,) = json.loads(files["status.json"])["feeds"]
    assert feed["source"] == "two"
    assert [source["name"] for source in feed["sources"]] == ["one", "two", "three"]
    assert feed["sources"][2]["asked"] is None
    assert feed["switches"] == [{"day": "2020-04-03", "before": "one", "after": "two", "reason": "one: <b>gone</b>"}]


def sentences(record):
    return [one.sentence for one in troubles(Book(record))]


def test_a_source_that_failed_is_a_sentence_for_readers_and_a_line_for_the_publisher(site, record):
    first, second, third = UPSTREAMS
    nhsn = replace(first, attribution=replace(first.attribution, title="CDC NHSN: weekly <admissions>"), in_use=True)
    line = "made-up: one: upstream.example: status <503>"
    failing = replace(record, archive=False, upstreams=(nhsn, third), failed=(line,), vintages=(date(2020, 4, 12),))
    said = "Nothing new could be taken from CDC NHSN this time; the counts are those of 12 April 2020."
    files = everything(site, [failing])
    for path in ("index.html", "status/index.html"):
        shown = f'<li>{said} <span class="small muted">{line.replace("<", "&lt;").replace(">", "&gt;")}</span></li>'
        assert shown in files[path].decode(), path
    other = replace(failing, upstreams=(replace(nhsn, in_use=False), second))
    assert sentences(other) == [
        "Nothing new could be taken from CDC NHSN this time; the counts come from Second instead."
    ]
    file = replace(nhsn, name="file", attribution=replace(nhsn.attribution, title="A file of your own"))
    assert sentences(replace(failing, upstreams=(file,), vintages=())) == [
        "Nothing new could be taken from the file of counts this time, and there are no counts from before."
    ]


def test_a_model_and_peers_that_failed_are_told_apart(weekly):
    peers = Peers("Other hub", "", {}, weekly.scores, ())
    lines = ("weekly: sigmoid failed for 2025-02-08: gave a <negative> count", "weekly: Other hub: gone", "weekly: odd")
    assert sentences(replace(weekly, failed=lines, peers=(peers,))) == [
        "The model Sigmoid failed, and nothing new is published for it.",
        "Other teams\u2019 forecasts could not be read (Other hub); their scores are those of before.",
        "Something went wrong in this run. For whoever runs this blog:",
    ]


def test_a_finished_story_and_a_feed_without_counts_have_states_of_their_own(site, record, empty):
    told = json.loads(everything(site, [replace(record, archive=True), replace(empty, archive=False)])["status.json"])
    assert [feed["state"] for feed in told["feeds"]] == ["archive", "empty"]
