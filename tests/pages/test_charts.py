"""Figures that Plotly takes, and the same figures as SVG."""

import json
import re
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import plotly.graph_objects as go
import pytest
from drawn import DAY, EXPECTED, FAR_APART, FIGURES, LEANED, LOSS, RATES, SIZES, SKILLS, TURNS, a_fan, said

from reporter import charts
from reporter.charts import courses, learning, scoring, spreads, vintages
from reporter.charts.axes import exact
from reporter.posts.book import Book
from reporter.posts.figures import fan_chart
from reporter.render import FOLDERS
from reporter.schema import INTERVALS, MEDIAN


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_plotly_takes_the_figure_and_json_too(make):
    figure = charts.whole(make())
    go.Figure(figure)
    json.dumps(figure, allow_nan=False)


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_the_svg_is_xml_and_says_what_it_shows(make):
    root = ET.fromstring(charts.svg(make(), "one", "<title> & more", 'says "so"'))  # noqa: S314 - our own
    assert root.find("title").text == "<title> & more"
    assert root.find("desc").text == 'says "so"'
    assert root.get("aria-labelledby") == "one-t one-d"
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
    assert len(re.findall(r'class="\w d"', drawn)) == 2  # the rule at 1, and the third line
    assert re.search(r'class="i d"[^>]* d="M0 \d+H1000"', drawn)
    assert re.search(r'class="m t" d="M\d+ 0V1000"', charts.svg(FIGURES["fan"](), "one", "t", "d"))


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_nothing_is_styled_in_place_and_every_class_is_in_the_style_sheet(make):
    """A page's Content-Security-Policy allows no style attribute."""
    drawn = charts.svg(make(), "one", "t", "d") + charts.bar(np.linspace(80, 120, 23), 300.0, 0.5)
    assert "style" not in drawn
    rules = next(folder / "assets" / "style.css" for folder in FOLDERS if folder.is_dir()).read_text()
    used = {name for classes in re.findall('class="([^"]+)"', drawn) for name in classes.split()} - {"plot", "bar"}
    assert {name for name in used if not re.search(rf"\.(plot|bar) \w*\.{name}\b", rules)} == set()


def test_bands_are_told_apart_without_colour():
    figure = charts.whole(charts.fan(a_fan()))
    wide, likely = (trace["line"]["dash"] for trace in figure["data"] if "fill" in trace)
    assert (wide, likely) == ("2px,3px", "solid")
    drawn = charts.svg(charts.fan(a_fan()), "one", "t", "d")
    assert len(re.findall('class="e S t"', drawn)) == len(re.findall('class="e L"', drawn)) == 1


def test_a_touch_says_what_the_tables_say():
    """The very count, however many digits it has; the browser writes it from the same numbers."""
    quantiles = 1234567.0 + np.linspace(-4000.4, 9000.4, 23)
    counted = {DAY: 1234567.0, DAY - timedelta(days=1): 0.0, DAY - timedelta(days=3): 12.5}
    given = a_fan(counts=counted, ahead={DAY + timedelta(days=1): quantiles}, revised={DAY: 1200001.0})
    about = f"Sunday 12 April 2020<br>about {charts.number(quantiles[MEDIAN])}"
    told = {text for trace in charts.whole(charts.fan(given))["data"] for text in trace.get("text", [])}
    low, high = (charts.number(quantiles[place]) for place in INTERVALS[50])
    lowest, highest = (charts.number(quantiles[place]) for place in INTERVALS[95])
    assert told == {
        "",
        "Saturday 11 April 2020<br>counted 1\u202f234\u202f567<br>at first 1\u202f200\u202f001",
        "Friday 10 April 2020<br>counted 0",
        "Wednesday 8 April 2020<br>counted 12",
        f"{about}<br>likely {low}\u2013{high}<br>almost surely {lowest}\u2013{highest}",
    }


def test_a_number_of_a_chart_is_written_as_the_count_it_stands_for():
    random = np.random.default_rng(7)
    values = [*(10 ** random.uniform(-3, 9, 2000)), 0.5, 1.5, 2.4999999, 123.49999, 9999.4999, -0.4, 0.0]
    assert all(charts.number(exact(value)) == charts.number(value) for value in values)


def test_a_packed_figure_is_short_and_cannot_end_its_script():
    packed = charts.packed(charts.fan(a_fan()))
    assert len(packed) < 1000
    hostile = "</script><script>alert(1)</script> & \u2028 \U0001f4a5 \u202e"
    packed = charts.packed(charts.fan(a_fan(odd={DAY: hostile})))
    assert not set("<>&\u2028\u2029") & set(packed)
    assert json.loads(packed)["t"][-1]["t"] == [f"Saturday 11 April 2020\ncounted 120\nmarked: {hostile}"]


def test_axis_labels_are_few_and_inside():
    for days in (3, 20, 60, 99, 101, 300, 1500):
        axis = charts.fan(a_fan(counts={DAY - timedelta(days=n): 1.0 for n in range(days)}))["layout"]["xaxis"]
        assert 1 <= len(axis["ticktext"]) <= 7, days
        assert axis["range"][0] < axis["tickvals"][0]
        assert axis["tickvals"][-1] < axis["range"][1]


@pytest.mark.parametrize("most", [80, 8_000, 800_000, 8_000_000])
def test_no_count_is_drawn_over_the_labels_of_a_phone(most):
    """A phone's chart is 324 pixels wide; a digit of its labels is no wider than 6 of them."""
    counts = {DAY - timedelta(days=n): float(most) for n in range(60)}
    layout = charts.fan(a_fan(counts=counts))["layout"]
    first, last = (date.fromisoformat(end[:10]) for end in layout["xaxis"]["range"])
    before = (min(counts) - first).days / (last - first).days * 324
    widest = max(len(text) * 6 - 3 * text.count("\u202f") for text in layout["yaxis"]["ticktext"])
    assert before >= widest


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
