"""Sentences, exact, for numbers given by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from reporter.dates import Cadence
from reporter.posts import judge, words
from reporter.posts.book import Book, slug, unique_slugs
from reporter.posts.home import card, newest_posts
from reporter.posts.post import post
from reporter.posts.standing import held_sentence
from reporter.schema import LEVELS

DAY = date(2020, 4, 11)


def plain(text):
    """Narrow spaces and dashes as typed ones."""
    return str(text).replace("\u202f", " ").replace("\u2013", "-").replace("\u2212", "-")


def quantiles(low, likely_low, median, likely_high, high):
    return np.interp(LEVELS, [0.025, 0.25, 0.5, 0.75, 0.975], [low, likely_low, median, likely_high, high])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((310, 430, 543, 660, 880), "about 540 (likely 430-660, almost surely 310-880)"),
        ((50_000, 50_945, 51_715, 52_946, 57_803), "about 51 700 (likely 50 900-52 900, almost surely 50 000-57 800)"),
        ((0, 1, 2, 3, 4), "about 2 (likely 1-3, almost surely 0-4)"),
        ((7, 7, 7, 7, 7), "7, one number and no range"),
    ],
)  # fmt: skip
def test_expectation(values, expected):
    assert plain(words.expectation(quantiles(*values))) == expected


def test_a_number_is_as_written_and_upstream_text_is_escaped():
    text = words.say("{}: {} & more", "<b>{}</b>", words.Count(526_396))
    assert text.__html__() == "&lt;b&gt;{}&lt;/b&gt;: 526\u202f396 &amp; more"
    assert text.plain == "<b>{}</b>: 526\u202f396 & more"


@pytest.mark.parametrize(
    ("was", "expected"),
    [
        (517, "5 too low (1.0 %), inside the likely range."),
        (512, "Exactly right, inside the likely range."),
        (400, "112 too high (28 %), outside the likely range, inside the wide one."),
        (10, "502 too high (5 020 %), outside both ranges: a miss."),
        (0, "512 too high, outside both ranges: a miss."),
    ],
)
def test_a_judged_forecast(was, expected):
    judged = judge.judge("sigmoid", "Sigmoid", quantiles(300, 450, 512, 600, 900), was)
    assert plain(judged.result) == expected


@pytest.mark.parametrize(("was", "verdict"), [(450, "likely"), (449.9, "sure"), (300, "sure"), (299.9, "miss")])
def test_the_ends_belong_to_a_range(was, verdict):
    assert judge.verdict(quantiles(300, 450, 512, 600, 900), was) == verdict


POINTS = [(date(2020, 4, 10 + n), value) for n, value in enumerate((496_535.0, 507_021.5, 526_333.9, 543_116.9))]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (526_396, "Its curve reaches 526 396 between Sunday 12 April 2020 and Monday 13 April 2020: a day late."),
        (507_021.5, "Its curve reaches 507 022 on time."),
        (501_000, "Its curve reaches 501 000 between Friday 10 April 2020 and Saturday 11 April 2020: half a day early."),  # noqa: E501
        (600_000, "Its curve does not reach 600 000 by Monday 13 April 2020, the last day it speaks of."),
        (496_535, None),
        (100, None),
    ],
)  # fmt: skip
def test_when_a_curve_reaches_a_count(count, expected):
    found = judge.crossing_sentence(POINTS, count, DAY, Cadence.DAY)
    assert (found if found is None else plain(found)) == expected


FALLING = [(date(2020, 4, 10 + n), value) for n, value in enumerate((90.0, 80.0, 60.0))]


@pytest.mark.parametrize(
    ("points", "count", "expected"),
    [
        (
            FALLING,
            70,
            "Its curve falls to 70 between Saturday 11 April 2020 and Sunday 12 April 2020: half a day late.",
        ),
        (FALLING, 80, "Its curve falls to 80 on time."),
        (FALLING, 50, "Its curve does not fall to 50 by Sunday 12 April 2020, the last day it speaks of."),
        (FALLING, 95, None),  # it began below
        ([*FALLING, (date(2020, 4, 13), 61.0)], 70, None),  # up and down: no day can be named
        ([(date(2020, 4, 10), 5.0), (date(2020, 4, 11), 5.0)], 5, None),
        (FALLING[:1], 70, None),
    ],
)  # fmt: skip
def test_when_a_falling_curve_reaches_a_count(points, count, expected):
    found = judge.crossing_sentence(points, count, DAY, Cadence.DAY)
    assert (found if found is None else plain(found)) == expected


def test_a_skipped_day_is_said():
    assert plain(judge.said_when(date(2020, 4, 10), DAY, Cadence.DAY)) == (
        "Said from the counts through Friday 10 April 2020, one day ahead."
    )
    assert plain(judge.said_when(date(2020, 4, 8), DAY, Cadence.DAY)).endswith(
        "3 days ahead. No forecast was made from the 2 days between."
    )


def test_how_often_the_ranges_held():
    assert plain(held_sentence(31, 57, 60, "one day ahead", "made live")) == (
        "In the last 60 forecasts one day ahead (made live) the likely range held 31 times, the wide one 57 times."
    )
    assert plain(held_sentence(0, 1, 1, "one day ahead", "made live")) == (
        "In the one forecast one day ahead so far (made live) the likely range did not hold, the wide one held."
    )


def test_targets_in_plain_words():
    assert words.target_words("cum confirmed cases", Cadence.DAY) == "confirmed cases so far"
    assert words.target_words("inc covid cases", Cadence.DAY) == "reported COVID-19 cases a day"
    assert words.target_words("wk inc rsv hosp", Cadence.WEEK) == "RSV hospital admissions a week"
    assert words.target_words("storks <a> day", Cadence.DAY) == "storks <a> day"


def test_slugs_are_safe_unique_and_never_a_date():
    found = unique_slugs(
        ["Korea, South", "Korea (South)", "2020-04-11", "\u2026", "../..", "Cura\u00e7ao", "korea-south-2"]
    )
    assert list(found.values()) == [
        "korea-south", "korea-south-2", "place-2020-04-11", "place", "place-2", "curacao", "korea-south-2-2",
    ]  # fmt: skip
    assert slug("a" * 200) == "a" * 60


# ---------------------------------------------------------------------------- the first author's day


def test_what_the_first_author_could_not_say(record):
    view = post(Book(record), DAY)
    assert plain(view.title) == (
        "United States: 526 396 counted, 517 153 forecast: inside the likely range; new counts expected to fall"
    )
    assert plain(view.sections[0].trend) == (
        "New counts, in the 3 days through Tuesday 14 April 2020 beside those in the 3 days before: expected to fall."
    )
    compared = view.sections[0].comparison
    assert [plain(line) for line in compared.lines] == [
        "9 243 too low (1.8 %), inside the likely range.",
        "Our curve reaches 526 396 between Saturday 11 April 2020 and Sunday 12 April 2020: half a day late.",
        "The forecast had given about 28 chances in 100 to a count this high.",
        "\u201cNo change\u201d would have said 496 535: 29 861 too low (5.7 %). We were closer, by 20 618.",
    ]
    assert [plain(line) for line in compared.others] == [
        (
            "First author's logistic: its curve reaches 526 396 between Sunday 12 April 2020 and Monday 13 April 2020:"
            " a day late."
        ),
    ]
    row = next(row for row in view.sections[0].rows if row.model == "classic")
    assert row.judged is not None
    assert (plain(row.judged.signed), plain(row.judged.share_words)) == ("-19 374", "3.7 % too low")


def test_a_post_scores_only_what_was_known_by_then(record):
    rows = {str(day): post(Book(record), day).sections[0].rows for day in Book(record).dates}
    tasks = {day: [row.standing.tasks if row.standing else 0 for row in found] for day, found in rows.items()}
    # Three places: nothing known on the first day, one horizon on the second, two and one on the third.
    assert tasks == {"2020-04-09": [0, 0, 0], "2020-04-10": [3, 3, 3], "2020-04-11": [9, 9, 9]}


def test_the_first_post_has_nothing_to_compare(record):
    view = post(Book(record), date(2020, 4, 9))
    assert view.sections[0].comparison.lead is None
    assert plain(view.sections[0].comparison.nothing) == (
        "This is the first forecast on record: there is nothing to compare yet."
    )
    assert plain(view.title) == "United States: 461 437 counted, about 485 000 expected next"


def test_a_failed_lead_is_named_and_the_next_model_leads(weekly):
    view = post(Book(weekly), date(2025, 2, 8))
    assert view.sections[0].expected_by == "No change"
    assert [row.trouble for row in view.sections[0].rows] == [None, "failed: gave a <negative> count", None]
    notes = [plain(line) for line in view.notes]
    assert "Sigmoid failed, and nothing is published for it: gave a <negative> count." in notes
    assert "gone says nothing about United States (something <else>): only zeros {so far}." in notes
    assert "Saturday 25 January 2025: no count, which is not zero. Published: nothing. In fitting: missing." in notes, (
        notes
    )


def test_cards_say_the_last_result(record, weekly, empty):
    books = [Book(one) for one in (record, weekly, empty)]
    cards = [card(book) for book in books]
    assert plain(cards[0].targets[0].last) == (
        "For Saturday 11 April 2020 we said 517 153; it was 526 396: 9 243 too low (1.8 %), inside the likely range."
    )
    assert plain(cards[0].targets[0].track.sentence) == (
        "In the last 2 forecasts one day ahead (made later from the data as of each day)"
        " the likely range held once, the wide one every time."
    )
    assert cards[1].targets[0].last is None
    assert cards[2].fresh is None
    assert [entry.link.href for entry in newest_posts(books)] == [
        "weekly/2025-02-08/", "made-up/2020-04-11/", "made-up/2020-04-10/", "made-up/2020-04-09/",
    ]  # fmt: skip


def test_a_range_whose_ends_are_the_same_is_one_number():
    values = np.r_[np.zeros(17), np.full(6, 2.0)]
    assert words.interval(values, 50).plain == "0"
    assert words.interval(values, 95).plain == "0\u20132"


def test_a_negative_count_is_noted(record):
    day = Book(record).dates[-1]
    frame = record.known[str(day)]
    mine = (frame["location"] == record.headline) & (frame["target_end_date"] == str(day))
    known = {**record.known, str(day): frame.assign(observation=frame["observation"].where(~mine, -5.0))}
    notes = [note.plain for note in post(Book(replace(record, known=known)), day).notes]
    assert any("the total fell. Published: \u22125 " in note for note in notes), notes
