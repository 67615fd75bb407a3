"""The data page: sources, downloads and how first values are revised."""

import html
import math
import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from reporter import render, revisions
from reporter.charts import lags
from reporter.dates import Cadence
from reporter.posts.book import Book
from reporter.posts.data import feed_data
from reporter.posts.revising import change_words, first_sentence, in_100, settling_sentence, span_words, too_few
from reporter.schema import REVISIONS, to_frame
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes
from reporter.triangle import ChangeLog
from reporter.vintages import View


@pytest.fixture(scope="module")
def germany():
    """How Germany's cases are revised, under the target of the page's record."""
    changes = archive_changes(REGISTRY["rki"])
    target = "inc covid cases"
    view = View(changes, [target], ["DE"], Cadence.DAY, 2)
    log = ChangeLog(changes, Cadence.DAY)
    found = revisions.statistics(log, view.first, view.reference_dates, [(target, "DE")])
    return found.assign(target="cum confirmed cases")


@pytest.fixture
def revised(record, germany):
    return replace(record, revisions=germany, vintages=(date(2022, 9, 30), date(2025, 6, 30)))


MOVED = "A count, as first published, was raised later in"
TYPICAL = "The typical change (the median) is"
GREW = "grew by 51\u202f% or more."
SHRANK = "shrank by 20\u202f% or more."


def text_of(pages):
    words = re.sub(r"<[^>]+>", " ", pages["data/index.html"].decode())
    return re.sub(r"[ \n]+", " ", html.unescape(words))


def row(**values):
    return {"revised": 0.9, "raised": 0.73, "lowered": 0.04, "q05": -0.002, "q50": 0.08, "q95": 0.51} | values


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {},
            f"{MOVED} 73 of 100 cases and lowered in 4. {TYPICAL} +8.0\u202f%; one in twenty {GREW}",
        ),
        ({"revised": 0.0}, "No count was changed after it was first published."),
        (
            {"raised": 0.999, "lowered": 0.001, "q50": 0.0, "q95": 0.0, "q05": -0.2},
            f"{MOVED} more than 99 of 100 cases and lowered in less than one. {TYPICAL} none; one in twenty {SHRANK}",
        ),
        (
            {"q50": math.nan, "q95": math.nan, "q05": math.nan},
            f"{MOVED} 73 of 100 cases and lowered in 4.",
        ),
    ],
)
def test_first_values_in_a_sentence(values, said):
    assert str(first_sentence(row(**values))) == said


@pytest.mark.parametrize(
    ("close", "said"),
    [
        ([0.5, 0.96, 0.94, 0.95, 0.99], "From an age of 3 weeks on, a count changes by no more than 5\u202f% in 95 of"),
        ([0.95] * 3, "From the first day on, a count changes by no more than 5\u202f% in 95 of 100 cases or more."),
        ([0.2, 0.9], "Even of counts that were one week old, 10\u202f% still changed by more than 5\u202f%."),
    ],
)
def test_when_counts_settle_in_a_sentence(close, said):
    by_lag = pd.DataFrame({"lag": range(len(close)), "close": close})
    assert str(settling_sentence(by_lag, Cadence.WEEK)).startswith(said)


def test_too_few_is_said():
    assert str(too_few(0, Cadence.WEEK)).endswith(
        "that were seen both when they were new and once they were old, and none is there."
    )
    assert str(too_few(1, Cadence.DAY)).endswith("and only one day is there.")
    assert str(too_few(19, Cadence.WEEK)).endswith("and only 19 weeks are there.")


def test_a_share_in_a_hundred_is_never_rounded_to_all_or_nothing():
    for thousandth in range(1, 1000):
        assert in_100(thousandth / 1000) not in {"0", "100"}
    assert (change_words(-0.25), span_words(0, 0)) == ("\u221225\u202f%", "0")


def test_the_page_says_what_was_measured(site, revised, germany):
    pages = render.pages(site, [revised])
    text, first = text_of(pages), germany[germany["known"] == "first"].iloc[0]
    assert f"raised later in {first['raised'] * 100:.0f} of 100 cases and lowered in 1." in text
    assert f"+{100 * first['q50']:.1f}\u202f%; one in twenty grew by {100 * first['q95']:.0f}\u202f% or more." in text
    assert "This rests on 945 counts: 945 days of 27 September 2022 to 30 May 2025 at 3 places" in text
    assert "as known on 30 June 2025, 28 days later or more." in text
    assert "the chart is cut" in text
    assert (
        "The middle of the changes still to come goes from +83\u202f% at 0 days to" in pages["data/index.html"].decode()
    )


def test_a_feed_without_revisions_says_why_not(site, record, empty):
    text = text_of(render.pages(site, [replace(record, vintages=(date(2020, 4, 12),)), empty]))
    assert "Nothing can be said yet of how first values are revised" in text
    assert "There is no forecast on record yet, and nothing to download." in text
    assert "3 places, as they were known on 12 April 2020." in text


def test_few_periods_are_not_enough_however_many_places_there_are(record, germany):
    few = germany.assign(periods=germany["periods"].clip(upper=19), counts=5000)
    (found,) = feed_data(Book(replace(record, revisions=few, vintages=(date(2025, 6, 30),))), "f0").revising
    assert found.sentence is None
    assert found.chart is None
    assert "only 19 days are there" in str(found.rests)


def test_every_target_has_its_own_words(weekly, germany):
    flu = germany.assign(target=weekly.targets[0])
    both = pd.concat([flu, flu.assign(target=weekly.targets[1], location="US")])
    found = feed_data(Book(replace(weekly, revisions=both, vintages=(date(2025, 6, 30),))), "f0").revising
    assert [one.sentence is None for one in found] == [False, True]
    assert found[0].rows[0].known == "First value"
    assert found[0].rows[1].known == "The same day"


@pytest.mark.parametrize("page", ["data/index.html"])
def test_every_download_is_there(april_site, page):
    links = re.findall(r'href="\.\./(data/[^"]+\.\w+)"', (april_site / page).read_text())
    assert len(links) > 12
    for link in links:
        assert (april_site / link).is_file(), link
    kinds = {link.split("/")[2] for link in links}
    folder = {path.name for path in (april_site / "data" / "april").iterdir()}
    assert kinds == folder


def test_a_change_beyond_the_chart_is_cut_and_said():
    def change(lag, most):
        return lags.Change(lag, 0.1, (0.0, 0.2), most, "")

    small, wide = change(0, (-0.1, 0.3)), change(1, (-1.0, 40.0))
    assert not lags.is_cut([small, small])
    assert lags.is_cut([small, wide])
    figure = lags.lags([small, wide], 0)
    low, high = figure["layout"]["yaxis"]["range"]
    assert all(low <= y <= high for trace in figure["data"] for y in trace["y"])
    assert "0" in figure["layout"]["yaxis"]["ticktext"]


@pytest.mark.parametrize("top", [0.0, 0.004, 0.03, 0.4, 2.9, 900.0])
@pytest.mark.parametrize("bottom", [0.0, -0.004, -0.3, -1.0])
def test_a_chart_of_any_changes_has_few_ticks_and_zero_among_them(top, bottom):
    ends = (bottom, top)
    figure = lags.lags([lags.Change(lag, 0.0, ends, ends, "") for lag in range(3)], 7)
    ticks = figure["layout"]["yaxis"]["ticktext"]
    assert "0" in ticks
    assert 2 <= len(ticks) <= 6
    assert figure["layout"]["annotations"] == []


def test_an_empty_frame_of_revisions_has_its_columns():
    frame = to_frame(REVISIONS.empty_table(), REVISIONS)
    assert list(frame.columns) == REVISIONS.names
