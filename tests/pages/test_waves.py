"""What the curves say of a wave: the sentences, exact and by law; the charts and the table; what a page may use."""

import html
import math
import re
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter import render
from reporter.dates import Cadence
from reporter.posts.book import Book
from reporter.posts.turning import looking_back, moves, moves_sentence
from reporter.posts.wave import AHEAD, SAME, Said, Wave
from reporter.posts.wavepart import sentences, wave_parts
from reporter.posts.waves import MOST, Course, courses
from reporter.posts.wavewords import ABOVE, growth_sentence, size_sentence, turn_sentence

DAY = date(2020, 4, 11)
CUMULATIVE, DAILY, WEEKLY = "cum confirmed cases", "inc covid deaths", "wk inc flu hosp"
NONE = Said()
BEGAN = Said(-30.0)
SINCE = ", which began on 12 March, is expected to come to"


def plain(text):
    """Narrow spaces and dashes as typed ones."""
    return str(text).replace("\u202f", " ").replace("\u2013", "-").replace("\u2212", "-")


def wave(day=DAY, cadence=Cadence.DAY, began=BEGAN, **said):
    return Wave(day, cadence, "logistic", began=began, **said)


def course(now, *before):
    return Course("sigmoid", now, before)


def put(back, periods, *, began=None, cadence=Cadence.DAY):
    """A forecast so many periods before, that put the turn so many periods after the newest reference date."""
    began = Said(-30.0 + back) if began is None else began
    return wave(DAY - back * cadence.step, cadence, began, turn=Said(periods + back))


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (
            (-1, -3, -2, 0, 2),
            "is put at 10 April, in the past, but not almost surely so (likely 9-11 April, almost surely 8-13 April).",
        ),
        ((-9, -12, -10, -8, -6), "was passed about 2 April (likely 1-3 April, almost surely 30 March - 5 April)."),
        (
            (0.3, -1, 0, 1, 2),
            "is put at 11 April, the newest day counted (likely 11-12 April, almost surely 10-13 April).",
        ),
        ((9, 2, 5, 12, 30), "is put at 20 April, still to come (likely 16-23 April, almost surely 13 April - 11 May)."),
        ((9, math.nan, 5, 12, 300), "is put at 20 April, still to come (likely 16-23 April)."),
        (
            (9, 2, 5, 12, 300),
            "is put at 20 April, still to come (likely 16-23 April, almost surely 13 April or later).",
        ),
        ((-9, math.nan, -10, -8, -6), "was passed about 2 April (likely 1-3 April, almost surely 5 April or earlier)."),
        ((9,), "is put at 20 April, still to come."),
        ((9, 9, 9, 9, 9), "is put at 20 April, still to come (likely 20 April, almost surely 20 April)."),
    ],
)  # fmt: skip
def test_the_turn_in_a_sentence(turn, expected):
    assert plain(turn_sentence(course(wave(turn=Said(*turn))))) == f"The turn {expected}"


@pytest.mark.parametrize("turn", [Said(), Said(71.0), Said(-31.0), Said(1e9), Said(-1e9)])
def test_a_turn_beyond_reason_or_before_its_wave_is_not_told(turn):
    now = wave(turn=turn)
    assert turn_sentence(course(now)) is None
    assert "When the wave turns, how fast it grows or falls and how far it goes cannot be told" in plain(
        sentences(course(now), DAILY)[0]
    )


def test_a_year_is_said_where_it_is_another_one():
    now = wave(date(2021, 1, 2), turn=Said(-5.0, -9.0, -6.0, -4.0, -1.0))
    assert plain(turn_sentence(course(now))) == (
        "The turn was passed about 28 December 2020 (likely 27-29 December 2020, almost surely 24 December 2020 - "
        "1 January)."
    )


@pytest.mark.parametrize(
    ("before", "ending"),
    [
        ((put(7, 4.0),), "; a week ago it was put at 15 April."),
        ((put(7, 9.2),), "; a week ago it was put at the same day."),
        ((put(7, math.nan),), "; a week ago it could not be told."),
        ((put(7, 400.0),), "; a week ago it could not be told."),
        ((put(7, 4.0, began=Said(-60.0)),), "; a week ago the counts were not taken to be of this wave."),
        ((put(7, math.nan, began=Said(-60.0)),), "; a week ago the counts were not taken to be of this wave."),
        ((put(7, math.nan, began=NONE),), "; a week ago it could not be told."),
        ((put(7, 4.0, began=NONE),), "."),
        ((put(9, 5.0), put(6, 4.0)), "; 6 days ago it was put at 15 April."),
        ((put(3, 5.0), put(11, 4.0)), "."),
        ((), "."),
    ],
)
def test_what_was_said_a_week_ago(before, ending):
    found = plain(turn_sentence(course(wave(turn=Said(9.0)), *before)))
    assert found == f"The turn is put at 20 April, still to come{ending}"


def test_weeks_are_compared_with_the_week_before_and_four_weeks_before():
    def at(back, periods):
        return put(back, periods, cadence=Cadence.WEEK, began=Said(-9.0 + back))

    now = wave(cadence=Cadence.WEEK, began=Said(-9.0), turn=Said(2.2, 1.0, 2.0, 3.0, 6.0))
    found = plain(turn_sentence(course(now, at(5, -1.0), at(4, 1.0), at(1, 3.0))))
    assert found == (
        "The turn is put at the week to 25 April, still to come (likely the weeks to 25 April - 2 May, almost surely "
        "the weeks to 18 April - 23 May); a week ago it was put at the week to 2 May and 4 weeks ago it was put at the "
        "week to 18 April."
    )
    untold = [at(back, math.nan) for back in (4, 1)]
    found = plain(turn_sentence(course(now, *untold)))
    assert found.endswith("; a week ago and 4 weeks ago it could not be told.")


NEITHER = "neither doubling nor halving can be told; almost surely between"
ABOUT_LEVEL = "are about level: they are more than half a year from doubling or halving."


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ((0.11, 0.094, 0.1, 0.12, 0.126), " double every 6.3 days (likely 5.8-6.9, almost surely 5.5-7.4)."),
        ((-0.077, -0.1, -0.09, -0.07, -0.05), " halve every 9 days (likely 7.7-9.9, almost surely 6.9-14)."),
        ((0.69, 0.69, 0.69, 0.69, 0.69), " double every day (likely 1, almost surely 1)."),
        ((0.1, 1e-9, 0.05, 0.15, 0.2), " double every 6.9 days (likely 4.6-14, almost surely 3.5 or more)."),
        ((0.1, -0.1, -0.05, 0.15, 0.2), f": {NEITHER} halving every 6.9 days and doubling every 3.5 days."),
        ((0.1, 0.0, 0.0, 0.15, 0.2), f": {NEITHER} about level and doubling every 3.5 days."),
        (
            (-0.1, -0.2, -0.15, -0.05, 0.1),
            (
                " seem to halve every 6.9 days (likely 4.6-14), but may not; almost surely between halving every 3.5 "
                "days and doubling every 6.9 days."
            ),
        ),
        ((0.1, math.nan, -0.05, 0.15, math.nan), " double every 6.9 days."),
        ((0.0,), f" {ABOUT_LEVEL}"),
        ((1e-4, -1e-3, -1e-4, 1e-4, 1e-3), f" {ABOUT_LEVEL}"),
        ((1e-4, 1e-5, 1e-5, 0.1, 0.2), f" {ABOUT_LEVEL}"),
        ((19.0,), " double every under 0.1 days."),
    ],
)
def test_growth_in_a_sentence(rate, expected):
    assert plain(growth_sentence(wave(growth_rate=Said(*rate)), DAILY)) == f"New deaths{expected}"


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ((0.2, 0.1, 0.15, 0.25, 0.3), "Admissions double every 3.5 weeks (likely 2.8-4.6, almost surely 2.3-6.9)."),
        ((-0.7,), "Admissions halve every 6.9 days."),
        ((0.35, 0.3, 0.33, 0.37, 0.6), "Admissions double every 13.9 days (likely 13-15, almost surely 8.1-16)."),
    ],
)
def test_weekly_growth_is_told_in_weeks_or_where_it_is_fast_in_days(rate, expected):
    found = plain(growth_sentence(wave(cadence=Cadence.WEEK, growth_rate=Said(*rate)), WEEKLY))
    assert found == expected.replace("13.9", "14")


@pytest.mark.parametrize(
    ("target", "size", "expected"),
    [
        (
            CUMULATIVE,
            (134_275, 120_100, 130_000, 140_000, 160_400),
            (
                " is expected to end at about 134 000 cases in all "
                "(likely 130 000-140 000, almost surely 120 000-160 000)."
            ),
        ),
        (CUMULATIVE, (134_275,), " is expected to end at about 130 000 cases in all."),
        (
            CUMULATIVE,
            (1_980_000, 122_000, 352_000, 25_400_000, math.nan),
            (
                " is expected to end at about 2 000 000 cases in all "
                "(likely 350 000-25 000 000, almost surely 120 000 or more)."
            ),
        ),
        (
            CUMULATIVE,
            (82_700, 31_400, 58_800, math.nan, math.nan),
            " is expected to end at about 83 000 cases in all (likely 59 000 or more, almost surely 31 000 or more).",
        ),
        (DAILY, (0.4,), f"{SINCE} about 0 deaths {ABOVE}."),
        (DAILY, (12, 3, 11, 14, 30), f"{SINCE} about 12 deaths {ABOVE} (likely 11-14, almost surely 3-30)."),
        ("something", (500, math.nan, 450, 600, math.nan), f"{SINCE} about 500 counts {ABOVE} (likely 450-600)."),
    ],
)  # fmt: skip
def test_the_final_size_in_a_sentence(target, size, expected):
    assert plain(size_sentence(course(wave(final_size=Said(*size))), target)) == f"This wave{expected}"


def test_the_final_size_said_a_week_ago_stands_beside_it():
    older = wave(DAY - timedelta(days=7), began=Said(-23.0), final_size=Said(900.0, 800, 880, 920, 1000))
    untold = replace(older, final_size=NONE)
    other = replace(older, began=Said(-90.0))
    now = wave(began=Said(-30.0), final_size=Said(1234.0))
    about = f"This wave, which began on 12 March, is expected to come to about 1 200 deaths {ABOVE}"
    endings = {older: "; a week ago it was put at about 900.", untold: "; a week ago it could not be told.", other: "."}
    for before, ending in endings.items():
        assert plain(size_sentence(course(now, before), DAILY)) == about + ending
    assert plain(size_sentence(course(replace(now, began=NONE)), DAILY)) == (
        f"This wave is expected to come to about 1 200 deaths {ABOVE}."
    )


def test_only_what_cannot_be_told_is_said_not_to_be():
    (size, untold) = sentences(course(wave(final_size=Said(5000.0))), DAILY)
    assert "expected to come to about 5 000" in plain(size)
    assert str(untold) == "When the wave turns and how fast it grows or falls cannot be told from the counts yet."


# ------------------------------------------------------------------------- laws

LEVELS = st.lists(st.one_of(st.floats(-1e6, 1e6), st.floats(-3, 3)), min_size=5, max_size=5)


def ordered(values, told=(True,) * 4):
    low, lower, middle, upper, high = sorted(values)
    return Said(middle, *(v if t else math.nan for v, t in zip((low, lower, upper, high), told, strict=True)))


SAIDS = st.one_of(
    st.just(Said()), st.builds(ordered, LEVELS, st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()))
)
ENDS = st.one_of(st.floats(-400, 0), st.just(math.nan)).map(Said)


@given(SAIDS, SAIDS, SAIDS, ENDS, ENDS, st.sampled_from(Cadence), st.sampled_from([CUMULATIVE, DAILY, WEEKLY, "x"]))
def test_no_sentence_is_ever_odd(turn, rate, older_turn, began, older_began, cadence, target):
    size = Said(*(abs(value) for value in (turn.estimate,)))
    now = wave(cadence=cadence, began=began, turn=turn, growth_rate=rate, final_size=size)
    before = [
        wave(DAY - n * cadence.step, cadence, older_began, turn=older_turn, growth_rate=rate, final_size=size)
        for n in range(60, 0, -1)
    ]
    text = "\n".join(plain(line) for line in sentences(course(now, *before), target))
    assert text
    assert not re.search(r"\b(nan|inf|None|will|NaN)\b", text)
    assert not re.search(r"(?<![\d.])1 (days|weeks)\b", text)
    assert not re.search(r"[({]\)|  |;;|\.\.| ,| \.", text)
    assert all(line.endswith(".") for line in text.splitlines())


@given(LEVELS)
def test_growth_has_the_right_direction_and_ranges_hold_the_estimate(values):
    said = ordered(values)
    text = plain(growth_sentence(wave(growth_rate=said), DAILY))
    verb = re.search(r"\b(double|halve) every (under 0\.1|[\d. ]*\d|day)", text)
    if verb is None:
        assert "level" in text or "neither" in text
        return
    assert (verb[1] == "double") == (said.estimate > 0)
    assert ("seem to" in text) == (said.q025 * said.q975 <= 0), "one direction, almost surely, or likely"
    text = text.split("; almost surely")[0]

    def number(words):
        return 0.05 if words.startswith("under") else 1.0 if words == "day" else float(words.replace(" ", ""))

    for _, low, high in re.findall(r"(likely|surely) ([\d. ]*\d|under 0\.1)(?:-([\d. ]*\d)| or more)?", text):
        top = number(high) if high else math.inf if "or more" in text else number(low)
        assert number(low) <= number(verb[2]) <= top


@given(LEVELS)
def test_sizes_hold_the_estimate_as_they_are_printed(values):
    text = plain(size_sentence(course(wave(final_size=ordered([abs(value) for value in values]))), CUMULATIVE))
    about, *ends = [
        [int(number.replace(" ", "")) for number in found.split("-")]
        for found in re.findall(r"(?:about|likely|surely) (\d[\d -]*\d|\d)", text)
    ]
    assert len(ends) == 2
    assert all(end[0] <= about[0] <= end[-1] for end in ends)


@given(st.floats(-1e4, 1e4), SAIDS)
def test_the_turn_is_past_or_still_to_come_as_it_is_dated(estimate, ranges):
    now = wave(began=NONE, turn=replace(ranges, estimate=estimate))
    line = turn_sentence(course(now))
    if line is None:
        assert not -730 <= estimate <= AHEAD.days
        return
    expected = DAY + timedelta(days=round(estimate))
    assert now.turns_on == expected
    text = plain(line)
    assert ("still to come" in text) == (expected > DAY)
    assert ("was passed" in text or "in the past" in text) == (expected < DAY)


# ------------------------------------------------------------------------- history


def daily(days, turns_at):
    """A forecast on each of the newest days, by how many days ago; each puts the turn at the day given."""
    return [put(back, float(turns_at(back)), began=Said(back - 60.0)) for back in range(days - 1, -1, -1)]


def sure(one, most):
    """The same with a turn that is sure to so many periods."""
    return replace(one, turn=replace(one.turn, q025=one.turn.estimate - most, q975=one.turn.estimate + most))


def test_how_often_the_turn_moved():
    waves = [sure(one, 2) for one in daily(15, lambda back: -back)]
    waves[3] = replace(waves[3], turn=NONE)
    found = moves(course(waves[-1], *waves[:-1]))
    assert (found.told, found.untold, found.earliest, found.latest) == (14, 1, DAY - timedelta(days=14), DAY)
    assert (found.compared, found.outside) == (7, 7), "each week it was put a week later, and the ranges reach two days"
    assert plain(moves_sentence(found, waves[-1])) == (
        "In 14 forecasts of this wave since 28 March the turn was put at 28 March at the earliest and at 11 April at "
        "the latest; one other could not tell. Of 7 that can be held against one a week before, all put it outside "
        "what was almost sure then."
    )
    *before, now = waves
    before[5] = replace(before[5], began=NONE, turn=NONE)
    before[8] = replace(before[8], began=Said(-99.0))
    found = moves(course(now, *before))
    assert (found.told, found.untold) == (12, 2), "one was of another wave; one could not tell of any"
    assert moves(course(now, *(replace(one, turn=NONE) for one in before[:5]), *before[5:])).untold == 0, "since then"


def test_a_turn_that_never_moved():
    waves = [replace(one, turn=replace(one.turn, q025=-99.0, q975=99.0)) for one in daily(8, lambda _: -3)]
    *before, now = waves
    assert plain(moves_sentence(moves(course(now, *before)), now)) == (
        "In 8 forecasts of this wave since 4 April the turn was put at 8 April each time. The one that can be held "
        "against a forecast a week before put it within what was almost sure then."
    )
    assert moves(course(now)) is None
    assert moves(course(*(replace(one, turn=NONE) for one in (now, *before)))) is None


def test_weekly_turns_are_held_against_the_week_before():
    weeks = [put(back, -3.0 * (back < 2), cadence=Cadence.WEEK, began=Said(-9.0 + back)) for back in (3, 2, 1, 0)]
    waves = [sure(one, 1) for one in weeks]
    found = moves(course(waves[-1], *waves[:-1]))
    assert (found.compared, found.outside) == (3, 1)


def test_a_turn_that_is_known_by_now_is_held_against_what_was_said_before():
    *before, now = daily(46, lambda back: -31 + (back > 30) * (back - 40))
    found = looking_back(course(now, *before))
    assert plain(found) == (
        "All forecasts of the last four weeks put the turn in the past, now at 11 March. Held against that, the "
        "forecast 14 days before it was 5 days too late and the forecast 7 days before it was 2 days too early."
    )
    assert looking_back(course(now, *before[20:])) is None, "four weeks are not on record"
    still = [replace(one, turn=Said(3.0)) if one.reference == DAY - timedelta(days=20) else one for one in before]
    assert looking_back(course(now, *still)) is None, "one put it ahead"
    assert looking_back(course(now, *before[:-10], replace(before[-10], began=NONE), *before[-9:])) is None


def test_waves_are_the_same_where_they_began_together():
    now = wave(began=Said(-30.0))
    for days, same in ((0, True), (SAME[Cadence.DAY].days, True), (SAME[Cadence.DAY].days + 1, False)):
        other = wave(DAY - timedelta(days=4), began=Said(-26.0 - days))
        assert now.is_of(other) is same
    assert now.is_of(wave(began=NONE)) is None


# ------------------------------------------------------------------------- on pages


def section(page):
    return page.split('wave0-title">')[1].split("</section>")[0]


def text_of(page):
    return plain(re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page))))


def test_the_post_and_the_place_say_it_with_charts_and_a_table(site, record):
    pages = render.pages(site, [record])
    post, place = (pages[f"made-up/{name}/index.html"].decode() for name in ("2020-04-11", "us"))
    for page, charts in ((post, 1), (place, 3)):
        found = section(page)
        assert "The turn is put at 10 April, in the past, but not almost surely so" in text_of(found)
        assert "New cases double every 13.9 days".replace("13.9", "14") in text_of(found)
        assert "to end at about 900 000 cases in all (almost surely 800 000 or more)." in text_of(found)
        assert "In 3 forecasts of this wave since 9 April the turn was put at 10 April each time." in text_of(found)
        assert found.count("<figure") == found.count('class="plot"') == charts
        assert found.count("<tr><th scope=row>") == 3
        assert "(Sigmoid; curve: logistic; the ranges of the turn and the size are where it may put them" in text_of(
            found
        )


def test_growth_that_may_be_either_is_said_so_in_the_table(site, record):
    other = record.estimates.copy()
    other.loc[other["quantity"] == "growth_rate", "q025"] = -0.1
    found = section(render.pages(site, [replace(record, estimates=other)])["made-up/us/index.html"].decode())
    assert found.count("<td>either way<td>") == 3
    assert "New cases seem to double every 14 days (likely 12-17), but may not; almost surely" in text_of(found)


def test_ranges_are_explained_where_there_are_any_and_the_curve_has_its_name(site, record):
    other = record.estimates.assign(family="gompertz")
    other.loc[other["quantity"].isin(["turn", "final_size"]), ["estimate", "q025", "q25", "q75", "q975"]] = math.nan
    found = section(render.pages(site, [replace(record, estimates=other)])["made-up/us/index.html"].decode())
    assert "(Sigmoid; curve: Gompertz; what the words mean)" in text_of(found)


def test_the_link_to_the_file_stands_where_the_receipt_names_one(site, record):
    named = [one | {"estimates": {"sha256": "ab" * 32}} for one in record.receipts]
    for receipts, there in ((named, True), (record.receipts, False)):
        pages = render.pages(site, [replace(record, receipts=receipts)])
        assert ("data/made-up/estimates/2020-04-11.parquet" in pages["made-up/2020-04-11/index.html"].decode()) is there
        assert ("data/made-up/estimates/2020-04-11.parquet" in pages["data/index.html"].decode()) is there


def test_without_estimates_nothing_is_said(site, record):
    pages = render.pages(site, [replace(record, estimates=record.estimates.head(0))])
    assert not any(b"The wave under way" in data for data in pages.values())


def test_one_forecast_has_sentences_and_no_chart(site, record):
    pages = render.pages(site, [record])
    found = section(pages["made-up/2020-04-09/index.html"].decode())
    assert "The turn is put at 10 April, still to come" in text_of(found)
    assert "<figure" not in found
    assert "<table" not in found


def test_what_is_said_later_changes_no_older_post(site, record):
    newest = record.estimates["reference_date"] == pd.Timestamp(DAY)
    other = record.estimates.copy()
    other.loc[newest, "estimate"] -= 3
    before, after = (render.pages(site, [one]) for one in (record, replace(record, estimates=other)))
    for day in ("09", "10"):
        assert before[f"made-up/2020-04-{day}/index.html"] == after[f"made-up/2020-04-{day}/index.html"]
    assert before["made-up/2020-04-11/index.html"] != after["made-up/2020-04-11/index.html"]


def test_an_upstream_name_is_escaped(site, record, estimated):
    hostile = "</script><b>"
    more = estimated(hostile, "2020-04-11", family=hostile, turn=(3.0,))
    text = render.pages(site, [replace(record, estimates=pd.concat([record.estimates, more]))])
    page = text["made-up/us/index.html"].decode()
    assert hostile not in page
    assert "&lt;/script&gt;&lt;b&gt;; curve: &lt;/script&gt;" in page


def long_record(record, estimated, days):
    """A record of many dates with the same wave; only its dates and estimates are looked at."""
    dates = [DAY - timedelta(days=back) for back in range(days - 1, -1, -1)]
    receipts = [{"reference_date": str(day), "live": False} for day in dates]
    waves = [estimated("sigmoid", str(day), began=(0.0,), turn=(5.0 - n % 3,)) for n, day in enumerate(dates)]
    waves = [rows.assign(estimate=rows["estimate"].where(rows["quantity"] != "began", -5.0)) for rows in waves]
    return replace(record, receipts=receipts, estimates=pd.concat(waves, ignore_index=True))


def test_a_page_looks_no_farther_back_than_is_read(record, estimated):
    """So that a post is the same whether a run reads all of the record or its end only."""
    full = long_record(record, estimated, MOST + 40)
    dates = [date.fromisoformat(receipt["reference_date"]) for receipt in full.receipts]
    cut = replace(full, estimates=full.estimates[full.estimates["reference_date"] >= pd.Timestamp(dates[-MOST])])
    series = (CUMULATIVE, "US")
    (one,), (other,) = (list(courses(Book(record), series, DAY)) for record in (full, cut))
    assert repr(one) == repr(other), "NaN is not equal to NaN"
    assert len(one.before) == MOST - 1
    whole, part = (
        wave_parts(Book(of), CUMULATIVE, Book(of).headline, DAY, "x-", every_chart=True) for of in (full, cut)
    )
    assert whole == part
    assert list(courses(Book(full), series, DAY + timedelta(days=1))) == []
