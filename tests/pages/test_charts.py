"""Figures that Plotly takes, and the same figures as SVG."""

import json
import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import numpy as np
import plotly.graph_objects as go
import pytest

from reporter import charts
from reporter.charts import courses, scoring
from reporter.dates import Cadence
from reporter.posts.book import Book
from reporter.posts.figures import fan_chart

DAY = date(2020, 4, 11)
NAMESPACE = "{http://www.w3.org/2000/svg}"


def a_fan(**changes):
    days = [DAY - timedelta(days=n) for n in range(20, -1, -1)]
    given = {
        "cadence": Cadence.DAY,
        "counts": {day: 100.0 + n for n, day in enumerate(days) if n != 7},
        "ahead": {DAY + timedelta(days=n): 120.0 + np.linspace(-5.0 * n, 9.0 * n, 23) for n in (1, 2, 3)},
        "reference": DAY,
        "previous": {DAY: 118.0, DAY + timedelta(days=1): 121.0},
        "past": [{DAY - timedelta(days=3): 110.0, DAY: 117.0}] * 3,
        "revised": {DAY - timedelta(days=2): 90.0},
    }
    return charts.Fan(**(given | changes))


SKILLS = [scoring.SkillRow("<one>", "0.7", 0.7, 0.5, 9.0), scoring.SkillRow("two", "1", 1.0)]

FIGURES = {
    "fan": lambda: charts.fan(a_fan()),
    "no range": lambda: charts.fan(a_fan(ahead={DAY + timedelta(days=1): np.full(23, 121.0)})),
    "no forecast": lambda: charts.fan(a_fan(ahead={}, previous=None, past=(), revised=None)),
    "no counts": lambda: charts.fan(a_fan(counts={}, revised=None)),
    "all zero": lambda: charts.fan(
        a_fan(counts={DAY: 0.0}, ahead={DAY + timedelta(days=1): np.zeros(23)}, previous=None, past=(), revised=None)
    ),
    "strip": lambda: charts.strip(np.linspace(80, 130, 23), 105.0),
    "strip, a miss": lambda: charts.strip(np.linspace(80, 130, 23), 205.0),
    "strip, no count": lambda: charts.strip(np.linspace(80, 130, 23), None),
    "strip, half zero": lambda: charts.strip(np.maximum(np.linspace(-9, 9, 23), 0), 0.0),
    "skill": lambda: charts.scoring.skills(SKILLS, "no change"),
    "parts": lambda: charts.scoring.parts([scoring.PartsRow("a", "0.7", (0.4, 0.3, 0.0))], relative=True),
    "parts in counts": lambda: charts.scoring.parts([scoring.PartsRow("a", "0", (0.0, 0.0, 0.0))], relative=False),
    "held": lambda: charts.scoring.held([scoring.HeldRow("a", "", {50: (0.2, 0.4, 0.6), 95: (1.0, 0.9, 1.0)})]),
    "over horizons": lambda: courses.courses([1, 2, 4], [courses.Course("a", [0.5, None, 99.0], ["", "", ""])] * 3),
    "over time": lambda: courses.courses([DAY, DAY + timedelta(days=7)], [courses.Course("a", [None, 1.0], ["", ""])]),
    "histogram": lambda: courses.histogram(np.full(10, 0.1), (0.05, 0.15), 0.3, {0.0: "low", 1.0: "high"}),
}


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_plotly_takes_the_figure_and_json_too(make):
    figure = make()
    go.Figure(figure)
    json.dumps(figure, allow_nan=False)


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_the_svg_is_xml_and_says_what_it_shows(make):
    root = ET.fromstring(charts.svg(make(), "one", "<title> & more", 'says "so"'))  # noqa: S314 - our own
    assert root.find(f"{NAMESPACE}title").text == "<title> & more"
    assert root.find(f"{NAMESPACE}desc").text == 'says "so"'
    assert root.get("aria-labelledby") == "one-title one-desc"
    assert not re.search(r"nan|inf", ET.tostring(root, "unicode").replace("font", ""))


def test_a_gap_interrupts_the_line():
    trace = next(trace for trace in charts.fan(a_fan())["data"] if trace["name"] == "counted")
    assert trace["y"].count(None) == 1
    assert len(trace["x"]) == 21


@pytest.mark.parametrize(("counts", "anchor"), [({DAY - timedelta(days=9): 5.0}, "right"), ({}, "left")])
def test_the_words_at_the_end_of_the_data_stay_inside(counts, anchor):
    figure = charts.fan(a_fan(counts=counts, previous=None, past=(), revised=None))
    assert figure["layout"]["annotations"][0]["xanchor"] == anchor


def test_bands_start_at_the_last_count():
    band = next(trace for trace in charts.fan(a_fan())["data"] if trace["name"].startswith("likely"))
    assert (band["x"][0], band["y"][0]) == (band["x"][-1], band["y"][-1]) == ("2020-04-11", 120)


def test_a_wide_range_that_dwarfs_the_counts_is_cut_and_said_so():
    wide = a_fan(ahead={DAY + timedelta(days=1): np.array([100.0] * 12 + [110.0] * 9 + [9000.0] * 2)})
    assert charts.cut(wide) == 9000
    assert charts.fan(wide)["layout"]["yaxis"]["range"][1] < 400
    assert charts.cut(a_fan()) is None


def test_colours_are_custom_properties_only():
    colours = re.findall(r'"(?:color|fillcolor|gridcolor|zerolinecolor)": "([^"]+)"', json.dumps(charts.fan(a_fan())))
    assert colours
    assert all(re.fullmatch(r"var\(--[a-z]+\)", colour) for colour in colours)


def test_a_skill_beyond_the_chart_is_cut_and_said_so():
    assert scoring.is_cut(SKILLS)
    assert not scoring.is_cut(SKILLS[1:])
    assert charts.scoring.skills(SKILLS, "x")["layout"]["xaxis"]["range"] == [0, 2.5]
    assert courses.is_cut([courses.Course("a", [None, 2.6], ["", ""])])


def test_a_range_that_chance_does_not_explain_has_another_mark():
    figure = charts.scoring.held([scoring.HeldRow("a", "", {50: (0.2, 0.4, 0.6), 95: (0.94, 0.9, 1.0)})])
    dots = [trace["marker"].get("symbol") for trace in figure["data"] if trace["mode"] == "markers"]
    assert dots == ["circle-open", None]


def test_a_score_ends_where_its_parts_add_up_to():
    parts = charts.scoring.parts([scoring.PartsRow("a", "0.7", (0.4, 0.2, 0.1))], relative=True)["data"][:3]
    spans = [(min(trace["x"]), max(trace["x"])) for trace in parts]
    assert spans == [(0, 0.4), (0.4, pytest.approx(0.6)), (pytest.approx(0.6), pytest.approx(0.7))]


def test_level_and_upright_rules_and_dashes_are_drawn():
    drawn = charts.svg(FIGURES["over horizons"](), "one", "t", "d")
    assert drawn.count("stroke-dasharray:7 4") == 2  # the rule at 1, and the third line
    assert re.search(r'd="M0 \d+\.\dH1000"[^>]*stroke-dasharray', drawn)
    assert re.search(r'd="M\d+\.\d 0V1000"', charts.svg(FIGURES["fan"](), "one", "t", "d"))


def test_axis_labels_are_few_and_inside():
    for days in (3, 20, 60, 99, 101, 300, 1500):
        axis = charts.fan(a_fan(counts={DAY - timedelta(days=n): 1.0 for n in range(days)}))["layout"]["xaxis"]
        assert 1 <= len(axis["ticktext"]) <= 7, days
        assert axis["range"][0] < axis["tickvals"][0]
        assert axis["tickvals"][-1] < axis["range"][1]


def test_a_bar_marks_a_miss():
    quantiles = np.linspace(80, 120, 23)
    assert "outside" in charts.bar(quantiles, 300.0, 0.5)
    assert "outside" not in charts.bar(quantiles, 101.0, 0.5)
    ET.fromstring(charts.bar(np.zeros(23), 0.0, 0.5))  # noqa: S314 - our own


def test_a_post_draws_counts_as_known_then(record):
    book = Book(record)
    chart = fan_chart(book, record.targets[0], book.headline, date(2020, 4, 10), ident="x")
    counted = next(trace for trace in chart.figure["data"] if trace["name"] == "counted")
    assert counted["x"][-1] == "2020-04-10"
    assert ("previous", "said the time before") in chart.key
