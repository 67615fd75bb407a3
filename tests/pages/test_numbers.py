"""The numbers of a page as CSV and parquet, and the charts for other people's pages."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from html import unescape

import html5lib
import pandas as pd
import pyarrow.parquet as pq
import pytest

from reporter import render, sheets
from reporter.posts.book import Book
from reporter.posts.numbers import Row, post_rows, printed
from reporter.posts.post import post

HTML = "{http://www.w3.org/1999/xhtml}"
POST = "made-up/2020-04-11/"


@pytest.fixture
def pages(site, record, weekly):
    return render.pages(site, [record, weekly])


def table(data):
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def rows_of(page, name):
    """The whole numbers in the cells of each row of the tables of a class; percentages and `2 of 3` are none."""
    document = html5lib.parse(page.decode())
    for table_of in document.iter(f"{HTML}table"):
        if name in table_of.get("class", "").split():
            for row in table_of.iter(f"{HTML}tr"):
                cells = ("".join(cell.itertext()).replace("\u202f", "") for cell in row.iter(f"{HTML}td"))
                yield [
                    int(end) for cell in cells if re.fullmatch(r"\d+(\u2013\d+)?", cell) for end in cell.split("\u2013")
                ]


def test_both_files_lie_beside_every_page_with_numbers_and_hold_the_same(pages):
    folders = {path.removesuffix("card.png") for path in pages if path.endswith("/card.png")}
    assert {"made-up/", POST, "made-up/us/", "weekly/us/"} <= folders
    for folder in folders:
        rows, stored = table(pages[f"{folder}data.csv"]), pq.read_table(io.BytesIO(pages[f"{folder}data.parquet"]))
        assert stored.schema.names == list(Row._fields)
        many = len(set(stored["target"].to_pylist())) > 1
        assert list(rows[0]) == [name for name in Row._fields if many or name != "target"]
        assert stored.schema.equals(sheets.COLUMNS)
        assert len(rows) == stored.num_rows
        for row, kept in zip(rows, stored.to_pylist(), strict=True):
            for name in ("observation", "value", "q025", "q25", "q50", "q75", "q975", "next", "horizon"):
                assert (float(row[name]) if row[name] else None) == kept[name]
            for name in ("reference_date", "target_end_date"):
                assert (date.fromisoformat(row[name]) if row[name] else None) == kept[name]
            assert row["live"] == {None: "", True: "true", False: "false"}[kept["live"]]


def test_what_a_post_says_stands_in_its_csv(pages):
    rows = table(pages[f"{POST}data.csv"])
    us = [row for row in rows if row["location"] == "US"]
    (classic,) = [row for row in us if row["model_id"] == "classic" and row["observation"]]
    assert (classic["reference_date"], classic["target_end_date"]) == ("2020-04-10", "2020-04-11")
    assert (classic["observation"], classic["q50"]) == ("526396", "507022")
    names = ("observation", "q025", "q25", "q50", "q75", "q975", "next")
    held = {int(float(row[name])) for row in rows for name in names if row[name]}
    said = {value for cells in rows_of(pages[f"{POST}index.html"], "ahead") for value in cells}
    assert len(said) > 5
    assert said <= held
    assert {429_052, 461_437, 496_535, 526_396} <= held


def test_every_count_of_a_places_tables_is_in_its_csv(pages):
    held = {abs(round(float(value))) for row in table(pages["made-up/us/data.csv"]) for value in row.values()
            if re.fullmatch(r"-?[\d.]+", value)}  # fmt: skip
    cells = [
        value for name in ("ahead", "num") for row in rows_of(pages["made-up/us/index.html"], name) for value in row
    ]
    assert len(cells) > 10
    assert set(cells) <= held


def test_a_posts_numbers_do_not_change_when_the_truth_is_revised_later(site, record, pages):
    later = replace(record, latest=record.latest.assign(observation=record.latest["observation"] * 2))
    again = render.pages(site, [later])
    for name in ("data.csv", "data.parquet", "card.png"):
        assert again[POST + name] == pages[POST + name]
    assert again["made-up/us/data.csv"] != pages["made-up/us/data.csv"]


def test_live_and_backfilled_are_told_apart(pages):
    assert {row["live"] for row in table(pages[f"{POST}data.csv"]) if row["what"] == "forecast"} == {"false"}
    assert {row["live"] for row in table(pages["weekly/us/data.csv"]) if row["what"] == "forecast"} == {"true"}


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\uff1d1", "\uff20SUM(1)", "\t=1", "\r=1", "\n=1"]
)
def test_no_text_is_a_formula_in_a_spreadsheet(text):
    row = Row("count", "t", text, text, observation=-5)
    (cells,) = table(sheets.comma_separated([row]))
    assert cells["location"] == cells["location_name"] == f"'{text}"
    assert cells["observation"] == "-5"
    (kept,) = pq.read_table(io.BytesIO(sheets.parquet([row]))).to_pylist()
    assert kept["location"] == text


def test_hostile_names_survive_as_they_are(pages, record):
    hostile = record.places["name"][2]
    rows = table(pages["made-up/script-script-alert-script-7-7/data.csv"])
    assert {row["location"] for row in rows if row["what"] == "count"} == {hostile}
    odd = 'a "quoted", name\r\nof two lines \u202e\U0001f637'
    (cells,) = table(sheets.comma_separated([Row("count", "t", odd, "")]))
    assert cells["location"] == odd


def test_lines_end_as_the_standard_says_and_no_rows_are_a_table_too():
    assert sheets.comma_separated([]) == (",".join(Row._fields) + "\r\n").encode()
    assert pq.read_table(io.BytesIO(sheets.parquet([]))).schema.equals(sheets.COLUMNS)


def test_values_are_whole_where_pages_print_them_so():
    values = (517153.3, 100.4, 99.96, 0.123456789, -3.0)
    assert [printed(value) for value in values] == [517153, 100, 99.96, 0.123457, -3]


def test_a_post_of_fifty_places_has_light_files(record):
    names = [f"Place {number}" for number in range(50)]

    def spread_out(frame):
        mine = frame[frame["location"] == "US"]
        return pd.concat([mine.assign(location=name) for name in names], ignore_index=True)

    many = replace(
        record,
        headline=names[0],
        places=pd.DataFrame({"location": names, "name": names, "population": 1.0}),
        **{name: spread_out(getattr(record, name)) for name in ("forecasts", "counted", "first", "latest", "scores")},
        known={day: spread_out(frame) for day, frame in record.known.items()},
    )
    book = Book(many)
    rows = post_rows(book, post(book, book.dates[-1]))
    assert len({row.location for row in rows if row.what == "forecast"}) == 50
    assert len(sheets.comma_separated(rows)) + len(sheets.parquet(rows)) < 14_000


# ---------------------------------------------------------------------------- on other people's pages


def test_the_embedded_page_is_whole_small_and_leads_back(pages, site):
    for path in ("made-up/us/embed/index.html", "weekly/us/embed/index.html"):
        document = html5lib.HTMLParser(strict=True).parse(pages[path].decode())
        metas = {meta.get("name"): meta.get("content") for meta in document.iter(f"{HTML}meta")}
        assert metas["robots"] == "noindex"
        (canonical,) = [link.get("href") for link in document.iter(f"{HTML}link") if link.get("rel") == "canonical"]
        assert canonical == site.base_url + path.removesuffix("embed/index.html")
        assert "../../../" + path.removesuffix("embed/index.html") in {a.get("href") for a in document.iter(f"{HTML}a")}
        words = "".join(document.itertext())
        assert "data through" in words
        assert "Made up <by hand>" in words
        assert len(pages[path]) < 25_000
    weekly = pages["weekly/us/embed/index.html"].decode()
    assert 'data-due="2025-02-16"' in weekly
    assert weekly.count("class=plot") + weekly.count('class="plot"') == 2
    assert 'id="t0"' in weekly
    assert 'id="t1"' in weekly


def test_the_html_to_paste_shows_the_charts_and_cannot_be_broken_out_of(pages, site):
    for folder, name in (("us/", "United States"), ("script-script-alert-script-7-7/", "</script><script>alert('\"')")):
        document = html5lib.parse(pages[f"made-up/{folder}index.html"].decode())
        (snippet,) = [e for e in document.iter(f"{HTML}pre") if e.get("class") == "snippet"]
        pasted = html5lib.parse("<!DOCTYPE html>" + "".join(snippet.itertext()))
        (frame,) = pasted.iter(f"{HTML}iframe")
        assert frame.get("src") == f"{site.base_url}made-up/{folder}embed/"
        assert frame.get("title").startswith(name)
        assert not list(pasted.iter(f"{HTML}script"))
        assert int(frame.get("height")) == 840


def test_pages_link_to_what_can_be_taken_away(pages):
    for path in ("made-up/index.html", f"{POST}index.html", "made-up/us/index.html"):
        links = re.findall(r'href="([^"]+)"', unescape(pages[path].decode()))
        assert {"data.csv", "data.parquet", "card.png"} <= set(links), path
