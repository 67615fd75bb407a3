"""The frame of every page: its policy, its dates, its foot, and themes."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import html5lib
import pytest

from reporter import config, pipeline, render, theme, upkeep
from reporter.errors import ReporterError, SettingsError
from reporter.posts import Method, Site

NOW = datetime(2020, 4, 12, 6, 0, tzinfo=UTC)
HTML = "{http://www.w3.org/1999/xhtml}"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'none'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
SHARED = ("type", "site_name", "title", "description", "url", "image", "image:alt", "image:width", "image:height")


def made(site, records):
    return render.pages(site, records) | render.status(site, records, NOW)


@pytest.fixture
def pages(site, record, weekly, empty):
    return made(site, [record, weekly, empty])


def documents(pages, *, embedded=False):
    """Every page in the frame; `embedded`: the bare ones that stand in other people's pages too."""
    for path, data in pages.items():
        if path.endswith(".html") and (embedded or "/embed/" not in path):
            yield path, html5lib.parse(data.decode())


def metas(document, key):
    return {e.get(key): e.get("content") for e in document.iter(f"{HTML}meta") if e.get(key)}


def words(element):
    return " ".join("".join(element.itertext()).split())


def test_every_page_has_the_policy_before_anything_is_loaded(pages):
    for path, document in documents(pages, embedded=True):
        found = metas(document, "http-equiv")["Content-Security-Policy"]
        assert dict(part.strip().split(" ", 1) for part in found.split(";")) == POLICY, path
        assert metas(document, "name")["referrer"] == "no-referrer"
        text = pages[path].decode()
        assert text.index("Content-Security-Policy") < text.index("<link"), path


def test_no_template_has_what_the_policy_forbids():
    folder = next(folder for folder in render.FOLDERS if folder.is_dir())
    for path in folder.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text), path.name
        for script in re.findall(r"<script[^>]*>", text):
            assert 'src="' in script or re.search(r'type="application/(ld\+)?json"', script), path.name


def test_every_page_says_how_old_its_data_is_and_when_more_is_due(pages):
    for path, document in documents(pages):
        (foot,) = document.iter(f"{HTML}footer")
        times = [time.get("datetime") for time in foot.iter(f"{HTML}time")]
        assert "2026-11-20T06:00:00+00:00" in times, path
        text = words(foot)
        assert "through" in text, path
        if path.startswith("weekly/") or "/" not in path:
            assert "next due about Sunday 16 February 2025" in text, path
            assert "2025-02-16" in times
        if path.startswith("made-up/"):
            assert "a finished story, nothing more is due" in text, path
        assert "Made by reporter 0.1.0" in text
        if path != "404.html":
            assert f"https://example.org/blog/{path.removesuffix('index.html')}" in text, path


def test_the_longest_overdue_feed_comes_first(pages):
    home = pages["index.html"].decode()
    dates = home[home.index('<ul class="dates">') :]
    assert dates.index("weekly/") < dates.index("made-up/")


def test_every_page_can_be_shared(pages):
    for path, document in documents(pages):
        if path == "404.html":
            assert metas(document, "name")["robots"] == "noindex"
            continue
        address = f"https://example.org/blog/{path.removesuffix('index.html')}"
        (canonical,) = (e.get("href") for e in document.iter(f"{HTML}link") if e.get("rel") == "canonical")
        found = metas(document, "property")
        assert set(found) == {f"og:{name}" for name in SHARED}, path
        assert canonical == found["og:url"] == address
        (title,) = document.iter(f"{HTML}title")
        assert found["og:title"] == title.text
        assert found["og:description"] == metas(document, "name")["description"]
        assert found["og:type"] == ("article" if re.search(r"/\d{4}-", path) else "website")
        own = path.startswith(("made-up/", "weekly/"))
        assert found["og:image"] == f"{address if own else 'https://example.org/blog/weekly/'}card.png"


def test_the_banner_is_hidden_until_counts_are_overdue(pages, site, weekly):
    for path in ("index.html", "weekly/us/index.html", "weekly/2025-02-08/index.html", "scoreboard/index.html"):
        text = pages[path].decode()
        assert 'id="overdue" role="status" hidden>' in text, path
        assert '<p data-expected="2025-02-16" data-patience="2" hidden>' in text, path
    assert 'id="overdue"' not in pages["made-up/us/index.html"].decode()
    from reporter.timeliness import timeliness

    found = timeliness(date(2025, 2, 8), date(2025, 2, 9), timedelta(7), (2, 7, 90), date(2025, 3, 1))
    late = made(site, [replace(weekly, timeliness=found)])
    assert 'id="overdue" role="status">' in late["index.html"].decode()
    assert 'and are <span class="days">overdue</span>' in late["weekly/us/index.html"].decode()


def test_only_the_newest_post_can_be_overdue(site, record):
    going_on = made(site, [replace(record, archive=False)])
    assert 'id="overdue"' in going_on["made-up/2020-04-11/index.html"].decode()
    assert 'id="overdue"' not in going_on["made-up/2020-04-10/index.html"].decode()


def test_the_nowhere_page_works_at_any_depth(pages):
    text = pages["404.html"].decode()
    links = re.findall(r'(?:href|src|data-plotly)="([^"]+)"', text)
    assert [link for link in links if link.startswith("/blog/")]
    assert all(link.startswith(("/blog/", "#")) for link in links)


def test_how_it_works_has_an_anchor_for_each_word_and_every_model(site, record):
    hostile = "<script>alert(1)</script> {{ 7 * 7 }}"
    methods = {model: Method(f"How {model} works.", hostile, "Counts.") for model in record.models}
    text = made(site, [replace(record, methods=methods)])["how-it-works/index.html"].decode()
    for ident in ("about", "likely", "almost-surely", "skill", "vintage", "miss", "first-value", "live", "backfilled"):
        assert f'id="{ident}"' in text, ident
    assert re.findall(r'id="model-([a-z]+)"', text) == ["baseline", "classic", "sigmoid"]
    assert "How sigmoid works." in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert "{{ 7 * 7 }}" in text


def test_the_licence_of_the_forecasts_is_named(site, record):
    licensed = made(replace(site, licence="CC-BY-4.0"), [record])
    assert "may be used under CC-BY-4.0" in licensed["made-up/2020-04-11/index.html"].decode()


def test_a_hostile_title_stays_text(record):
    title = "\"><script>alert('x')</script>{{ 7 * 7 }}"
    for path, document in documents(made(Site(title, "https://example.org/blog/", "0.1.0"), [record])):
        scripts = [e for e in document.iter(f"{HTML}script") if not e.get("src")]
        assert all(script.get("type") == "application/json" for script in scripts), path
        if path != "404.html":
            assert metas(document, "property")["og:site_name"] == title


# ---------------------------------------------------------------------------- themes


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "theme"
    (made / "assets").mkdir(parents=True)
    (made / "theme.css").write_text(":root { --forecast: #7a1f5c; }", encoding="utf-8")
    (made / "assets" / "icon.svg").write_text("<svg/>", encoding="utf-8")
    (made / "assets" / "more.js").write_text("0;", encoding="utf-8")
    (made / "base.html").write_text(
        '{% extends "reporter/base.html" %}{% block foot %}<p>The {{ site.title }} Gazette</p>{% endblock %}',
        encoding="utf-8",
    )
    return made


def test_a_theme_changes_what_it_names_and_nothing_else(site, record, folder, pages):
    theirs = made(replace(site, theme=folder), [record])
    for path in ("index.html", "made-up/2020-04-11/index.html", "status/index.html"):
        text = theirs[path].decode()
        assert "<p>The Counted &amp; forecast Gazette</p>" in text
        assert text.index("assets/style.css") < text.index("assets/theme.css")
        assert "Gazette" not in pages[path].decode()
        assert "theme.css" not in pages[path].decode()
    assert theirs["assets/theme.css"] == b":root { --forecast: #7a1f5c; }"
    assert theirs["assets/icon.svg"] == b"<svg/>"
    assert theirs["assets/more.js"] == b"0;"
    assert theirs["assets/style.css"] == pages["assets/style.css"]


def test_an_undefined_name_of_a_theme_is_named_with_its_line(site, record, folder):
    text = '{% extends "reporter/place.html" %}\n{% block main %}{{ nonsense }}{% endblock %}'
    (folder / "place.html").write_text(text, encoding="utf-8")
    with pytest.raises(ReporterError) as caught:
        render.pages(replace(site, theme=folder), [record])
    line = str(caught.value)
    assert line.startswith(f"the theme cannot make place.html: {folder / 'place.html'}:2: ")
    assert "'nonsense' is undefined" in line
    assert "\n" not in line


def test_a_theme_that_cannot_be_read_is_a_wrong_setting(folder, tmp_path):
    theme.check(folder)
    with pytest.raises(SettingsError, match=r"site\.theme: found '.*nowhere'; allowed: a folder that is there"):
        theme.check(tmp_path / "nowhere")
    (folder / "home.html").write_text("fine\n{% block main %}{% endfor %}", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"site\.theme: found .*home\.html:2: .*; allowed: templates that Jinja"):
        theme.check(folder)


SETTINGS = """
[site]
theme = "theme"
[[feeds]]
name = "own"
source = "file"
path = "own.csv"
target = "inc covid cases"
cadence = "day"
horizons = 2
models = ["baseline"]
archive = true
"""


def test_a_broken_theme_leaves_the_last_good_site(folder, tmp_path):
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(40)]
    rows = [f"2026-02-10,inc covid cases,DE,{day},{100 + day.day}" for day in days]
    header = "as_of,target,location,target_end_date,observation"
    (tmp_path / "own.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    (tmp_path / "reporter.toml").write_text(SETTINGS, encoding="utf-8")
    settings, out = config.load(tmp_path / "reporter.toml"), tmp_path / "site"
    assert settings.site.folder == folder

    def build():
        return pipeline.build(settings, out, datetime(2026, 2, 11, tzinfo=UTC), offline=True)

    assert build().failed == []
    (post,) = (out / "own").glob("2026-*/index.html")
    good = {path: path.read_bytes() for path in (out / "index.html", post)}
    assert b"Gazette" in good[post]
    assert build().changed == 0
    (folder / "base.html").write_text("{{ nonsense }}", encoding="utf-8")
    with pytest.raises(ReporterError, match=r"the theme cannot make .*base\.html:1: 'nonsense' is undefined"):
        build()
    assert {path: path.read_bytes() for path in good} == good
    (folder / "base.html").write_text('{% extends "reporter/base.html" %}', encoding="utf-8")
    assert build().failed == []
    assert b"Gazette" not in post.read_bytes()


def test_posts_are_made_again_when_the_theme_changes(folder, tmp_path, record):
    (tmp_path / "reporter.toml").write_text(SETTINGS, encoding="utf-8")
    settings = config.load(tmp_path / "reporter.toml")
    before = upkeep.made_by(settings.site, settings.feeds[0], record.places)
    assert upkeep.made_by(settings.site, settings.feeds[0], record.places) == before
    (folder / "theme.css").write_text("", encoding="utf-8")
    assert upkeep.made_by(settings.site, settings.feeds[0], record.places) != before


def test_a_numbered_word_of_a_heading_stays_on_one_line_and_is_text(site, record):
    hostile = "COVID-19 \u201cA&B\u201d <b>x-1</b> cases"
    rendered = made(site, [replace(record, title=hostile)])
    for path in ("index.html", "made-up/index.html", "status/index.html", "data/index.html", "scoreboard/index.html"):
        page = rendered[path].decode()
        heading = next(found for found in re.findall(r"<h[12][^>]*>(.*?)</h[12]>", page) if "A&amp;B" in found)
        assert '<span class="whole">COVID-19</span>' in heading, path
        assert '&lt;b&gt;<span class="whole">x-1</span>&lt;/b&gt;' in heading, path


def test_the_style_sheet_has_one_rule_for_each_selector():
    folder = next(folder for folder in render.FOLDERS if folder.is_dir())
    style = (folder / "assets" / "style.css").read_text(encoding="utf-8")
    selectors = re.findall(r"^([^\s@/][^{]*) \{.*\}$", style, re.MULTILINE)
    assert len(selectors) > 100
    assert sorted({one for one in selectors if selectors.count(one) > 1}) == []
