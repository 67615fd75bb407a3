"""Figures that Plotly takes, and the same figures as SVG."""

import json
import re
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import plotly.graph_objects as go
import pytest

from reporter import charts
from reporter.charts import courses, learning, scoring, spreads, vintages
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


def said(*rows):
    """Vintages a day apart: (estimate, likely low, likely high, low, high)."""
    return [
        vintages.Vintage(DAY + timedelta(days=n), estimate, (low, high), (lowest, highest), "text")
        for n, (estimate, low, high, lowest, highest) in enumerate(rows)
    ]


TODAY = DAY.toordinal()
TURNS = said((TODAY - 5.5, TODAY - 7, None, TODAY - 9, TODAY + 60), (TODAY, TODAY, TODAY, None, None))
SIZES = said((5e4, 4e4, 6e4, 3e4, None), (6e4, 5e4, 7e4, 4e4, 8e4))
FAR_APART = said((5e2, 4e2, 6e2, 3e2, 9e9), (6e4, 5e4, 7e4, 4e4, 8e4))
RATES = said((0.2, 0.1, 0.3, 0.05, 0.4), (-0.1, -0.2, 0.0, None, None))
LOSS = learning.Loss((0, 10, 20), (0.6, 0.5, 0.4), (0.6, 0.55, 0.52), ("", "", ""))
LEANED = [learning.LeanedRow("<one>", "+10 %", (0.1, None, -0.02)), learning.LeanedRow("two", "0", (0.0, 0.2, 0.3))]
EXPECTED = [
    spreads.SpreadRow("<one>", "1 → 2", [(90.0, 100.0, 110.0), (80.0, 120.0, 150.0)]),
    spreads.SpreadRow("two", "", [(95.0, 105.0, 115.0), (90.0, 1e4, 2e4)]),
    spreads.SpreadRow("three", "", [(99.0, 99.0, 99.0), (101.0, 101.0, 101.0)]),
]

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
    "turns": lambda: vintages.turns(TURNS),
    "sizes": lambda: vintages.sizes(SIZES),
    "sizes far apart": lambda: vintages.sizes(FAR_APART),
    "no size at all": lambda: vintages.sizes(said((0.0, 0.0, 0.0, 0.0, 0.0), (0.0, None, None, None, None))),
    "growth": lambda: vintages.rates(RATES, lambda rate: f"{rate:.2f}"),
    "no growth": lambda: vintages.rates(said((0.0, 0.0, 0.0, 0.0, 0.0)) * 2, str),
    "losses": lambda: learning.losses(LOSS, (0.4, 0.6)),
    "losses of nothing": lambda: learning.losses(learning.Loss((0, 1), (0, 0), (0, 0), ("", "")), (0, 0)),
    "leanings": lambda: learning.leanings(LEANED),
    "leaned on nothing": lambda: learning.leanings([learning.LeanedRow("a", "", (0.0,))]),
    "spreads": lambda: spreads.spreads(EXPECTED),
    "a spread of zeros": lambda: spreads.spreads([spreads.SpreadRow("a", "", [(0.0, 0.0, 0.0)])] * 2),
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


def test_a_thin_bar_that_dwarfs_the_others_is_cut_and_said_so():
    figure = vintages.turns(TURNS)
    assert vintages.is_cut(figure)
    low, high = figure["layout"]["yaxis"]["range"]
    assert -12 < low < -9
    assert 1 < high < 15
    assert not vintages.is_cut(vintages.turns(TURNS[1:] * 2))


def test_the_day_of_the_forecast_is_a_line_that_the_dots_are_above_or_below():
    """On the same scale: the second dot, put at the day before its own forecast, lies one day below the line."""
    figure = vintages.turns(TURNS)
    line, *_, dots = figure["data"]
    assert line["y"] == [0, 1]
    assert dots["y"] == [-5.5, 0]


def test_sizes_start_at_zero_unless_they_are_far_apart():
    assert vintages.sizes(SIZES)["layout"]["yaxis"]["range"][0] == 0
    axis = vintages.sizes(FAR_APART)["layout"]["yaxis"]
    assert axis["range"][0] > 2
    assert "1\u202f000" in axis["ticktext"]
    one_wide = said((2e6, 4e5, 2.5e7, 1.2e5, None), (1.2e6, 9e5, 4.4e6, 5.6e5, None))
    assert vintages.sizes(one_wide)["layout"]["yaxis"]["range"][1] < 10, "the other dots are not all at the bottom"


def test_an_end_that_is_not_told_goes_to_the_edge_and_one_with_both_is_no_bar():
    figure = vintages.sizes(SIZES)
    thin = next(trace for trace in figure["data"] if trace["name"].startswith("almost"))
    assert thin["y"][1] == figure["layout"]["yaxis"]["range"][1]
    growth = vintages.rates(RATES, str)
    thin = next(trace for trace in growth["data"] if trace["name"].startswith("almost"))
    assert len(thin["y"]) == 3


def test_marks_are_inside_and_apart():
    for figure in (vintages.turns(TURNS), vintages.sizes(SIZES), vintages.rates(RATES, str)):
        axis = figure["layout"]["yaxis"]
        low, high = axis["range"]
        assert all(low <= tick < high - 0.1 * (high - low) for tick in axis["tickvals"])
        ticks = sorted(axis["tickvals"])
        assert all(after - before > 0.1 * (high - low) for before, after in pairwise(ticks))


def test_a_forecast_that_dwarfs_the_others_is_cut_and_said_so():
    low, high = spreads.spreads(EXPECTED)["layout"]["xaxis"]["range"]
    assert 70 < low < 80
    assert 150 < high < 1e4
    assert spreads.is_cut(EXPECTED)
    assert not spreads.is_cut(EXPECTED[::2])
    marks = [place for trace in spreads.spreads(EXPECTED)["data"] for place in trace["x"] if place is not None]
    assert low <= min(marks) <= max(marks) == high


def test_a_network_that_does_not_read_an_input_has_no_bar_for_it():
    bars = learning.leanings(LEANED)["data"]
    assert [sum(place is not None for place in bar["x"]) for bar in bars] == [10, 5, 10]
    assert min(bars[2]["x"][:5]) == -0.02
    assert [shape["x0"] for shape in learning.leanings(LEANED)["layout"]["shapes"]] == [0]
    assert learning.leanings(LEANED[1:])["layout"]["shapes"] == []


def test_losses_of_several_networks_share_a_scale():
    ends = [learning.losses(LOSS, (0.2, 0.9))["layout"]["yaxis"]["range"] for _ in range(2)]
    assert ends[0] == ends[1]
    assert ends[0][0] < 0.2
    assert ends[0][1] > 0.9


def test_a_post_draws_counts_as_known_then(record):
    book = Book(record)
    chart = fan_chart(book, record.targets[0], book.headline, date(2020, 4, 10), ident="x")
    counted = next(trace for trace in chart.figure["data"] if trace["name"] == "counted")
    assert counted["x"][-1] == "2020-04-10"
    assert ("previous", "said the time before") in chart.key
