"""Odd counts on a page: in words, in the chart, and as published in the tables."""

import re
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter import charts
from reporter.dates import Cadence
from reporter.posts.book import Book
from reporter.posts.figures import fan_chart, outside_words
from reporter.posts.marked import MOST_LISTED, done, find, mark_list, more_words
from reporter.posts.place import place_page
from reporter.render import pages

DAILY, TOTAL = "inc covid cases", "cum deaths"
END = date(2026, 11, 20)
DAYS = [END - timedelta(days=n) for n in range(69, -1, -1)]


def wobbling(changes=()):
    """Counts around 100, but for some: position → count, or None."""
    values = {day: round(100 * (1 + 0.05 * np.sin(n))) for n, day in enumerate(DAYS)}
    for position, value in dict(changes).items():
        if value is None:
            del values[DAYS[position]]
        else:
            values[DAYS[position]] = value
    return {day: float(value) for day, value in values.items()}


def listed(changes, target=DAILY):
    counts = wobbling(changes)
    if target == TOTAL:
        counts = dict(zip(counts, np.cumsum(list(counts.values())), strict=True))
    return mark_list(find(counts, target, END, Cadence.DAY), target, Cadence.DAY)


def texts(row):
    plain = [str(part).replace("\u202f", " ").replace("\u2212", "-") for part in (row.what, row.published, row.usual)]
    return (*plain, row.done)


def test_a_spike_is_listed_with_what_was_usual_and_what_was_done():
    (row,) = listed({40: 4000}).rows
    assert row.when == "Thursday 22 October 2026"
    assert texts(row) == ("far above the counts around it", "4 000", "100", "taken as missing")
    (row,) = listed({40: 4000}, TOTAL).rows
    published = re.fullmatch(r"[\d ]+ \(\+4 000\)", texts(row)[1])
    assert published, texts(row)
    assert texts(row)[2:] == ("+100", "the surplus is taken to belong to earlier periods")


def test_a_surge_at_the_end_is_listed_as_too_new_to_tell():
    (row,) = listed({69: 4000}).rows
    assert row.done == "as published: too new to tell"


def test_periods_in_a_row_are_one_row_newest_first():
    rows = listed({30: 0, 31: 0, 32: 0, 50: None, 51: None, 60: -7}).rows
    assert [row.when for row in rows] == [
        "Wednesday 11 November 2026",
        "Sunday 1 November 2026 to Monday 2 November 2026, 2 days",
        "Monday 12 October 2026 to Wednesday 14 October 2026, 3 days",
    ]
    assert [row.done for row in rows] == ["taken as missing", "missing", "taken as missing"]
    assert texts(rows[1])[:2] == ("no count, which is not zero", "nothing")


def test_days_without_reports_are_one_row():
    sundays = {position: 0 for position, day in enumerate(DAYS) if day.weekday() >= 5}
    (row,) = listed(sundays).rows
    assert row.what == "nothing is reported on Saturdays and Sundays"
    assert row.done == "as published"


def test_a_fall_of_a_total_is_left_to_the_models():
    rows = listed({60: -50}, TOTAL).rows
    assert [(row.what, row.done) for row in rows] == [("the total fell", "as published")]


def test_the_oldest_marks_are_counted_and_not_listed():
    negative = dict.fromkeys(range(2, 68, 3), -1)
    found = listed(negative)
    assert len(found.rows) == MOST_LISTED
    assert found.more == f"{len(negative) - MOST_LISTED} older marks are not listed."
    assert listed({30: -1}).more is None


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.just(1), st.integers(1, 2000)))
def test_one_is_singular_and_any_other_number_plural(number):
    words = more_words(number)
    assert words is not None
    assert ("mark is" in words) == words.startswith("One ") == (number == 1)
    assert ("marks are" in words) == (number > 1)
    outside = str(outside_words({END - timedelta(days=n): 9000.0 + n for n in range(number)}, Cadence.DAY))
    assert ("count is" in outside) == outside.startswith("One ") == (number == 1)
    assert ("counts are" in outside) == (number > 1)
    assert "  " not in words + outside


def test_every_mark_says_what_was_done():
    for target in (DAILY, TOTAL):
        counts = wobbling({20: 4000, 30: 0, 31: 0, 32: 330, 40: None, 50: -5, 60: 0, 69: 4000})
        for odd in find(counts, target, END, Cadence.DAY):
            assert done(odd, Cadence.DAY, cumulative=target == TOTAL)


# ---------------------------------------------------------------------------- charts


@pytest.fixture
def odd_record(record):
    """The made-up record with one series of new cases: a spike, a negative count, and no forecast of its own."""
    counts = wobbling({50: 5600, 60: -120})
    frame = pd.DataFrame(
        {
            "target": DAILY,
            "location": "US",
            "target_end_date": pd.to_datetime(list(counts)).astype("datetime64[s]"),
            "observation": list(counts.values()),
        }
    )
    receipts = [dict(record.receipts[0], reference_date=str(END))]
    return replace(
        record, targets=(DAILY,), receipts=receipts, forecasts=record.forecasts.head(0), known={str(END): frame},
        counted=frame.tail(1), first=frame.assign(as_of=frame["target_end_date"]),
        latest=frame.assign(as_of=frame["target_end_date"]), scores=record.scores.head(0),
    )  # fmt: skip


@pytest.mark.parametrize("history", [True, False])
def test_a_spike_is_off_the_scale_and_shown_at_its_edge(odd_record, history):
    book = Book(odd_record)
    chart = fan_chart(book, DAILY, book.headline, END, ident="x", history=history)
    low, high = chart.figure["layout"]["yaxis"]["range"]
    assert (low, high < 150) == (0, True)
    marked = next(trace for trace in chart.figure["data"] if trace["name"] == "marked as odd")
    assert len(marked["y"]) == 2
    assert all(low < y < high for y in marked["y"])
    assert "5\u202f600" in marked["text"][0]
    assert [a["text"].strip("\u2002") for a in chart.figure["layout"]["annotations"]][1:] == [
        "\u2191 5\u202f600", "\u2193 \u2212120",
    ]  # fmt: skip
    counted = next(trace for trace in chart.figure["data"] if trace["name"] == "counted")
    assert counted["y"].count(None) == 2
    assert ("odd", "marked as odd") in chart.key
    assert str(chart.note) == (
        "2 marked counts are outside the chart, the farthest 5\u202f600 for Sunday 1 November 2026."
    )
    assert "Marked as odd: \u2212120 for Wednesday 11 November 2026 and 5\u202f600 for" in chart.description
    assert re.search(r'<path class="o q" stroke-width="10.5" d="m', chart.svg)


def test_a_provisional_mark_stays_in_the_line_and_on_the_scale(odd_record):
    frame = odd_record.latest.copy()
    frame.loc[frame.index[-1], "observation"] = 3000.0
    book = Book(replace(odd_record, latest=frame, known={str(END): frame}))
    chart = fan_chart(book, DAILY, book.headline, END, ident="x")
    assert chart.figure["layout"]["yaxis"]["range"][1] > 3000
    counted = next(trace for trace in chart.figure["data"] if trace["name"] == "counted")
    assert counted["y"][-1] == 3000


def test_a_mark_on_a_total_is_drawn_on_the_line():
    counts = {day: 1000.0 + n for n, day in enumerate(DAYS)}
    fan = charts.Fan(Cadence.DAY, counts, {}, END, odd={DAYS[40]: "why"})
    figure = charts.fan(fan)
    assert next(trace for trace in figure["data"] if trace["name"] == "counted")["y"].count(None) == 0
    assert next(trace for trace in figure["data"] if trace["name"] == "marked as odd")["y"] == [1040]
    assert charts.outside(fan) == {}


def test_a_place_page_lists_its_marks_and_tables_keep_the_published_value(odd_record, site):
    book = Book(odd_record)
    section = place_page(book, book.headline).sections[0]
    assert len(section.marks.rows) == 2
    assert "5\u202f600" in [count for _, counts in section.counts.lines for count in counts]
    html = pages(site, [odd_record])["made-up/us/index.html"].decode()
    assert "<h3>Odd counts</h3>" in html
    assert len(re.findall("[^>]5\u202f600", html)) >= 2, "in the list and in the note"
    assert html.count("<td>5\u202f600") == 1, "in the table"
    assert "First author&#39;s logistic, which sees the counts as published" in html


def test_a_place_without_marks_says_nothing_of_them(record, site):
    assert "Odd counts" not in pages(site, [record])["made-up/us/index.html"].decode()
