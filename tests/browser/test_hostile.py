"""Names and texts that want to be markup, code or another page's end are shown as the texts they are."""

import csv
import html
import io
import json
import re
from xml.etree import ElementTree as ET

import feedparser

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HARMED = """() => [
  document.querySelectorAll("main img, main iframe, [onerror], [onclick]").length,
  [...document.scripts].filter((one) => !one.src && !/json/.test(one.type)).length,
  document.title]"""


def addresses(site):
    return sorted(path.relative_to(site).as_posix().removesuffix("index.html") for path in site.rglob("*.html"))


def test_nothing_on_any_page_comes_to_life(hostile_blog, hostile_served, open_page):
    pages = addresses(hostile_blog)
    assert len(pages) >= 14
    for address in pages:
        page = open_page(hostile_served.address + address, viewport={"width": 360, "height": 740})
        page.wait_for_load_state("networkidle")
        images, scripts, title = page.evaluate(HARMED)
        assert (images, scripts) == (0, 0), address
        assert MARKUP in title, address
        assert page.locator("h1").count() == 1
        assert "49" not in page.locator("h1").inner_text().split(), "{{ 7 * 7 }} is not reckoned out"
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} is {wide} pixels too wide"
        page.close()


def test_every_place_goes_by_its_name(hostile_served, open_page):
    page = open_page(hostile_served.address + "hostile/")
    shown = " ".join(page.locator("main table a, main .maps a").all_inner_texts())
    for name in (MARKUP, "\U0001f4a5 emoji \U0001f9ea", "Llanfairfair", "rightto left", "bell and escape["):
        assert name in shown


def test_no_page_holds_characters_that_nobody_can_see(hostile_blog):
    for path in hostile_blog.rglob("*.html"):
        found = re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", path.read_text(encoding="utf-8"))
        assert found == [], path


def test_plotly_and_the_time_machine_show_text(hostile_blog, hostile_served, open_page):
    (place,) = [
        path for path in addresses(hostile_blog) if re.fullmatch(r"hostile/script.*/", path) and "embed" not in path
    ]
    page = open_page(hostile_served.address + place)
    page.mouse.wheel(0, 1)
    page.locator("figure.chart:has(script)").first.scroll_into_view_if_needed()
    page.wait_for_selector(".draw.on .main-svg", timeout=20_000)
    page.get_by_role("button", name="The forecast before").first.click()
    page.wait_for_function("location.hash.includes('as-of')")
    assert page.evaluate(HARMED)[:2] == [0, 0]


def test_feeds_and_files_hold_the_names_as_text(hostile_blog):
    feeds = sorted(hostile_blog.rglob("feed.xml"))
    assert len(feeds) > 3
    for path in feeds:
        ET.parse(path)  # noqa: S314 - made by ourselves; feedparser forgives more
        assert MARKUP in html.unescape(path.read_text(encoding="utf-8"))
        for entry in feedparser.parse(path.read_bytes()).entries:
            assert "<script" not in "".join(one.value for one in entry.content), path
    for path in hostile_blog.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    for path in hostile_blog.glob("hostile/2020-04-1*/data.csv"):
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        assert any(row["location"].startswith(MARKUP) for row in rows)
        assert all(None not in row for row in rows)
    ET.parse(hostile_blog / "sitemap.xml")  # noqa: S314
