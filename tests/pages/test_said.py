"""Sentences of *we said / it was*: laws that hold for any numbers, and cases worked by hand."""

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.posts.book import Book
from reporter.posts.comparison import beside_no_change
from reporter.posts.fell import MIDDLE, fell, tails
from reporter.posts.judge import LIKELY, MISS, SURE, judge
from reporter.posts.standing import held_sentence, times
from reporter.posts.track import Track, track
from reporter.posts.trend import compared, heading
from reporter.posts.words import Count, expectation, step_of
from reporter.schema import INTERVALS, LEVELS, MEDIAN

counts = st.integers(0, 2_000_000)
forecasts = st.lists(st.floats(0, 1e6), min_size=len(LEVELS), max_size=len(LEVELS)).map(np.sort)


def plain(text):
    """Narrow spaces and dashes as typed ones."""
    return str(text).replace("\u202f", " ").replace("\u2013", "-").replace("\u2212", "-")


def whole(text):
    """The whole numbers of a sentence."""
    return [int(found.replace(" ", "")) for found in re.findall(r"\d+(?: \d{3})*", text)]


def steps(low, likely_low, median, likely_high, high):
    return np.interp(LEVELS, [0.025, 0.25, 0.5, 0.75, 0.975], [low, likely_low, median, likely_high, high])


# ---------------------------------------------------------------------------- where it fell


@pytest.mark.parametrize(
    ("was", "expected"),
    [
        (512, "It fell near the middle of the forecast."),
        (450, "The forecast had given about 25 chances in 100 to a count this low."),
        (900, "The forecast had given about 3 chances in 100 to a count this high."),
        (901, "The forecast had given less than 1 chance in 100 to a count this high."),
        (0, "The forecast had given less than 1 chance in 100 to a count this low."),
    ],
)
def test_where_a_count_fell(was, expected):
    assert plain(fell(steps(300, 450, 512, 600, 900), was)) == expected


def test_one_chance_is_singular():
    values = np.arange(len(LEVELS), dtype=float)
    assert plain(fell(values, 0.0)) == "The forecast had given about 1 chance in 100 to a count this low."


def test_a_number_that_many_quantiles_share_holds_their_chance():
    quantiles = np.r_[np.zeros(15), np.arange(1.0, 9.0)]  # nothing up to the level 0.65
    as_low, as_high = tails(quantiles, 0.0)
    assert (as_low, as_high) == pytest.approx((LEVELS[14], 1.0), abs=0.02)
    assert plain(fell(quantiles, 0.0)) == "It fell near the middle of the forecast."


@given(forecasts, counts)
def test_chances_are_chances_and_the_side_is_the_smaller(quantiles, was):
    as_low, as_high = tails(quantiles, was)
    assert 0 <= as_low <= 1
    assert 0 <= as_high <= 1
    assert as_low + as_high >= 1 - 1e-9 or was < quantiles[0] or was > quantiles[-1]
    said = fell(quantiles, was)
    if said is None:
        assert quantiles[0] == quantiles[-1]
    elif "this low" in plain(said):
        assert as_low < MIDDLE
        assert was <= quantiles[MEDIAN]
    elif "this high" in plain(said):
        assert as_high < MIDDLE
        assert was >= quantiles[MEDIAN]
    else:
        assert min(as_low, as_high) >= MIDDLE


# ---------------------------------------------------------------------------- how far off, and whether it held


@given(forecasts, counts)
def test_a_result_says_what_a_reader_finds_who_subtracts(quantiles, was):
    one = judge("model", "Model", quantiles, was)
    text = plain(one.result)
    assert text.endswith(".")
    said = round(float(quantiles[MEDIAN]))
    if said == was:
        assert text.startswith("Exactly right")
    else:
        assert whole(text)[0] == abs(said - was)
        assert ("too high" in text) == (said > was)
        assert ("too low" in text) == (said < was)
    held = {
        name: quantiles[low] <= was <= quantiles[high] for name, (low, high) in INTERVALS.items() if name in (50, 95)
    }
    if quantiles[0] != quantiles[-1]:
        assert one.verdict == (LIKELY if held[50] else SURE if held[95] else MISS)
        assert ("a miss" in text) == (not held[95])


@given(forecasts, forecasts, counts)
def test_no_change_is_compared_as_the_numbers_are(ours, theirs, was):
    lead, baseline = judge("model", "Model", ours, was), judge("baseline", "No change", theirs, was)
    text = plain(beside_no_change(lead, baseline))
    nearer = abs(baseline.error) - abs(lead.error)
    assert ("We were closer" in text) == (nearer > 0)
    assert ("It was closer" in text) == (nearer < 0)
    if nearer:
        assert whole(text)[-1] == abs(nearer)
    assert whole(text)[0] == baseline.said.value.__round__()


def test_a_hostile_model_is_named_as_text():
    lead = judge("a", "<b>", steps(1, 2, 3, 4, 5), 3)
    baseline = judge("b", "<script>{}", steps(1, 2, 2, 4, 5), 3)
    assert beside_no_change(lead, baseline).__html__().startswith("\u201c&lt;script&gt;{}\u201d would have said ")


@given(forecasts)
def test_what_is_expected_is_rounded_and_ordered(quantiles):
    text = plain(expectation(quantiles))
    numbers = whole(text.replace("-", " to "))
    if "no range" in text:
        assert numbers == [round(float(quantiles[MEDIAN]))]
        return
    likely, sure = (re.search(pattern, text)[1] for pattern in (r"likely ([\d -]+)", r"almost surely ([\d -]+)"))
    ends = [whole(part) for part in (*likely.split("-"), *sure.split("-"))]
    assert all(len(end) == 1 for end in ends)
    assert whole(likely.split("-")[0]) <= whole(likely.split("-")[-1])
    assert whole(sure.split("-")[0]) <= whole(likely.split("-")[0])
    assert whole(sure.split("-")[-1]) >= whole(likely.split("-")[-1])


# ---------------------------------------------------------------------------- which way


def trending(low, high, was):
    return compared(Count(was), date(2025, 2, 15), steps(low, low, (low + high) / 2, high, high), was)


@given(forecasts, counts)
def test_a_direction_is_claimed_only_where_the_likely_range_is_on_one_side(quantiles, was):
    found = compared(Count(was), date(2025, 2, 15), quantiles, was)
    low, high = (float(quantiles[i]) for i in INTERVALS[50])
    step = step_of(quantiles)
    said = heading("wk inc flu hosp", found)
    if said.endswith("rise"):
        assert low + step / 2 >= was
    elif said.endswith("fall"):
        assert high - step / 2 <= was
    else:
        assert said == ""


def test_a_headline_of_a_rising_count_speaks_of_new_counts():
    assert heading("cum confirmed cases", trending(20, 30, 10)) == "; new counts expected to rise"
    assert heading("wk inc flu hosp", trending(5, 8, 10)) == "; expected to fall"
    assert heading("wk inc flu hosp", trending(5, 30, 10)) == ""
    assert heading("wk inc flu hosp", trending(10, 10, 10)) == ""


# ---------------------------------------------------------------------------- the record beside the range


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n))))
def test_how_often_is_told_as_it_was(found):
    tasks, one, other = found
    likely, wide = sorted((one, other))
    text = plain(held_sentence(likely, wide, tasks, "one day ahead", "made live"))
    assert text.endswith(".")
    assert "1 times" not in re.sub(r"\d1 times", "", text)
    assert "0 times" not in re.sub(r"\d0 times", "", text)
    if tasks > 1:
        assert whole(text)[0] == tasks
        assert times(wide, tasks) in text or likely == wide == tasks


def test_the_record_says_what_right_ranges_would_hold():
    found = Track(31, 57, 60, "one day ahead", live=True)
    assert plain(found.sentence) == (
        "In the last 60 forecasts one day ahead (made live) the likely range held 31 times, the wide one 57 times."
        " Right ranges hold about 30 and 57 times in so many."
    )
    assert (found.likely_words, found.wide_words) == ("31 of 60", "57 of 60")
    assert "Right ranges" not in plain(replace(found, likely=3, wide=5, tasks=9).sentence)


def test_a_record_counts_what_was_judged_by_then(record):
    book = Book(record)
    series = (record.targets[0], "US")
    found = [track(book, series, day) for day in book.dates]
    assert found[0] is None
    assert [(one.likely, one.wide, one.tasks) for one in found[1:]] == [(0, 1, 1), (1, 2, 2)]


def test_live_and_backfilled_are_not_counted_together(record):
    receipts = [dict(one) for one in record.receipts]
    receipts[0]["live"] = True
    mixed = Book(replace(record, receipts=receipts))
    found = track(mixed, (record.targets[0], "US"), mixed.dates[-1])
    assert (found.tasks, found.live) == (1, False)
