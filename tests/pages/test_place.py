"""A place's page: its calendar of hits, its time machine's data, and how its first values moved."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import html5lib
import numpy as np
import pandas as pd
import pytest

from reporter import render
from reporter.dates import Cadence
from reporter.posts.book import Book
from reporter.posts.firsts import firsts
from reporter.posts.hits import cells, hits
from reporter.posts.machine import forecasts_json
from reporter.posts.place import place_page
from reporter.posts.record import SAID, SAID_LEVELS

CUMULATIVE = "cum confirmed cases"
HTML = "{http://www.w3.org/1999/xhtml}"


def remembered(record):
    """The record with what its lead said, and a change log in which every count was known the day after."""
    mine = record.forecasts[record.forecasts["model_id"] == record.lead].rename(columns=SAID_LEVELS)
    said = mine.sort_values(["reference_date", "target", "location", "horizon"])[SAID.names].reset_index(drop=True)
    log = record.first.assign(as_of=record.first["target_end_date"] + pd.Timedelta(days=1))
    log = log.sort_values(["target", "location", "target_end_date", "as_of"])
    return replace(record, said=said, history=log.astype({"as_of": "datetime64[s]"}))


@pytest.fixture
def april(record):
    return remembered(record)


def machine_of(record, location="US"):
    book = Book(record)
    return json.loads(forecasts_json(book, book.places[location]))


def counts_at(data, target, step):
    """Counts by day, as the page's script rebuilds them."""
    known, base = {}, date.fromisoformat(data["base"])
    for runs in data["targets"][target]["counts"][: step + 1]:
        for first, *grown in runs:
            for number, more in enumerate(grown):
                day = str(base + timedelta(days=first + number * data["step"]))
                if more is None:
                    known.pop(day)
                else:
                    known[day] = known.get(day, 0) + more
    return known


def quantiles_of(row):
    """Quantiles by horizon, as the page's script rebuilds them."""
    unit = 10.0 ** row[1]
    blocks = [row[start : start + 5] for start in range(2, len(row), 5)]
    return [[unit * value for value in (m - a, m - b, m, m + c, m + d)] for m, a, b, c, d in blocks]


def test_the_file_holds_every_forecast_to_four_digits(april):
    data = machine_of(april)
    assert data["base"] == "2020-04-09"
    assert data["dates"] == [0, 1, 2]
    assert data["as_of"] == [1, 2, 3]
    mine = april.said[april.said["location"] == "US"]
    for number, (_, rows) in enumerate(mine.groupby("reference_date")):
        told = np.array(quantiles_of(data["targets"][0]["said"][number]))
        exact = rows[list(SAID_LEVELS.values())].to_numpy()
        assert np.abs(told - exact).max() <= 0.5001 * 10 ** data["targets"][0]["said"][number][1]
        assert np.abs(told / exact - 1).max() < 0.0005
    # What was said on the 9th of the 10th, and on the 10th of the 11th: the verdicts of the posts.
    assert [held[0] for held in data["targets"][0]["held"]] == ["s", "l", "-"]


def test_any_vintage_can_be_rebuilt(april):
    day, later = pd.Timestamp("2020-04-09"), pd.Timestamp("2020-04-12")
    changed = april.history.head(1).assign(location="US", target_end_date=day, as_of=later, observation=461_500.0)
    gone = changed.assign(target_end_date=pd.Timestamp("2020-04-08"), observation=np.nan)
    log = pd.concat([april.history, changed, gone]).sort_values(["target", "location", "target_end_date", "as_of"])
    data = machine_of(
        replace(april, history=log.astype({"as_of": "datetime64[s]", "target_end_date": "datetime64[s]"}))
    )
    assert counts_at(data, 0, 0) == {"2020-04-08": 429_052, "2020-04-09": 461_437}
    assert counts_at(data, 0, 1)["2020-04-10"] == 496_535
    assert counts_at(data, 0, 1)["2020-04-09"] == 461_437
    newest = counts_at(data, 0, 3)
    assert newest == {"2020-04-09": 461_500, "2020-04-10": 496_535, "2020-04-11": 526_396}


def test_a_gap_between_horizons_and_a_point_forecast_are_told(april):
    said = april.said[~((april.said["horizon"] == 2) & (april.said["location"] == "US"))].copy()
    points = said["reference_date"] == pd.Timestamp("2020-04-10")
    for name in SAID_LEVELS.values():
        said.loc[points, name] = said.loc[points, "median"]
    data = machine_of(replace(april, said=said.reset_index(drop=True)))
    row = data["targets"][0]["said"][0]
    assert row[7:12] == [None] * 5
    assert len(row) == 2 + 3 * 5
    assert data["targets"][0]["said"][1][3:7] == [0, 0, 0, 0]
    assert data["targets"][0]["held"] == ["s--", "p--", "---"]


def test_a_place_that_was_not_forecast_at_a_date_has_nothing_there(april):
    late = april.said["location"].eq("Korea, South") & april.said["reference_date"].eq(pd.Timestamp("2020-04-09"))
    data = machine_of(replace(april, said=april.said[~late].reset_index(drop=True)), "Korea, South")
    assert data["targets"][0]["said"][0] is None
    assert data["targets"][0]["said"][1] is not None


def test_small_counts_keep_a_decimal(april):
    small = april.said.assign(**{name: april.said[name] / 1e6 for name in SAID_LEVELS.values()})
    assert machine_of(replace(april, said=small))["targets"][0]["said"][0][1] < 0


def with_first(record, values):
    """The record with other first values of the US."""
    first = record.first.copy()
    for day, value in values.items():
        first.loc[(first["location"] == "US") & (first["target_end_date"] == pd.Timestamp(day)), "observation"] = value
    return replace(record, first=first)


@pytest.mark.parametrize(
    ("share", "kind"),
    [(1.0, "likely"), (1.03, "more"), (0.97, "less"), (1.2, "over"), (0.8, "under")],
)
def test_a_cell_says_how_and_which_way_a_forecast_erred(april, share, kind):
    said = 461_437 * 1.05
    book = Book(with_first(april, {"2020-04-10": said * share}))
    found = cells(book, (CUMULATIVE, "US"))
    assert [(str(cell.day), cell.live) for cell in found] == [("2020-04-10", False), ("2020-04-11", False)]
    assert found[0].kind == kind


def test_the_calendar_counts_what_it_shows(april, site):
    book = Book(with_first(april, {"2020-04-10": 900_000}))
    found = hits(book, CUMULATIVE, book.places["US"], "t0-hits")
    assert str(found.sentence) == (
        "Of 2 forecasts one day ahead since 10 April 2020, 1 was inside the likely range and 1 was above both."
    )
    assert [kind for kind, _ in found.key] == ["likely", "over"]
    assert [link[0] for link in found.links] == ["../2020-04-10/", "../2020-04-11/"]
    pages = render.pages(site, [april])
    assert all(f"made-up/{link[0][3:]}index.html" in pages for link in found.links)


def test_a_model_that_stood_in_for_the_lead_has_no_cell(april):
    other = replace(april, said=april.said.assign(model_id="classic"))
    book = Book(other)
    assert cells(book, (CUMULATIVE, "US")) == []
    assert hits(book, CUMULATIVE, book.places["US"], "x") is None


def many(cadence, number):
    """Made-up judged periods through 2025-06-28, alternating kinds."""
    kinds = ["likely", "more", "less", "over", "under", "point"]
    return {date(2025, 6, 28) - n * cadence.step: kinds[n % 6] for n in range(number)}


@pytest.mark.parametrize("cadence", list(Cadence))
def test_years_of_cells_stay_small_and_never_overlap(cadence):
    from reporter.charts import calendar

    newest = date(2025, 6, 28)
    held = many(cadence, 400)
    layout = calendar.laid_out(held, newest, cadence)
    assert len(set(layout.places.values())) == len(layout.places) > 100
    assert all(x + calendar.SIDE <= layout.size[0] for x, _ in layout.places.values())
    assert all(y + calendar.SIDE <= layout.size[1] for _, y in layout.places.values())
    assert layout.size[0] <= 326, "a phone is 360 wide"
    shown = {day: kind for day, kind in held.items() if day in layout.places}
    assert len(calendar.drawn(layout, shown, "x", "t", "f")) < 6000


def test_the_place_s_page_holds_it_all_as_text(april, site):
    pages = render.pages(site, [april])
    for path, data in pages.items():
        if path.endswith("/forecasts.json"):
            assert json.loads(data)["targets"][0]["said"], path
    hostile = next(path for path in pages if path.startswith("made-up/script") and path.endswith(".html"))
    text = pages[hostile].decode()
    parser = html5lib.HTMLParser(strict=False)
    document = parser.parse(text)
    assert not parser.errors
    assert "<script>alert" not in text
    assert [one.get("data-target") for one in document.iter(f"{HTML}section") if one.get("class") == "machine"] == ["0"]
    assert json.loads(pages[hostile.replace("index.html", "forecasts.json")])["place"].startswith("</script>")


def test_first_values_that_moved_are_counted(april):
    latest = april.latest.copy()
    day = (latest["location"] == "US") & (latest["target_end_date"] == pd.Timestamp("2020-04-10"))
    latest.loc[day, "observation"] *= 1.1
    book = Book(replace(april, latest=latest))
    found = firsts(book, CUMULATIVE, book.places["US"], "x")
    assert "first values 1 raised later." in str(found.sentence)
    assert [(str(row.first), str(row.latest)) for row in found.rows] == [("496\u202f535", "546\u202f188")]
    assert found.chart is not None


def test_first_values_that_stayed_need_no_chart(april):
    book = Book(april)
    found = firsts(book, CUMULATIVE, book.places["US"], "x")
    assert str(found.sentence).endswith("none was changed later.")
    assert (found.chart, found.rows) == (None, [])


def test_a_place_without_a_past_has_no_machine(weekly, site):
    text = render.pages(site, [weekly])["weekly/us/index.html"].decode()
    assert 'class="machine"' not in text
    assert "Nothing it forecast has been counted yet." in text


def test_a_skill_by_how_far_ahead_says_on_how_many_tasks(april):
    book = Book(april)
    (section,) = place_page(book, book.places["US"]).sections
    told = {standing.title: standing.tasks for one in section.records for standing in one.standings}
    rows = [row for one in section.records for row in one.horizons]
    assert rows
    for row in rows:
        on = [int(re.fullmatch(r"(?:\d+\.\d\d|\u2013) \((\d+)\)", skill)[1]) for skill in row.skills]
        assert sum(on) == told[row.title]
