"""All places at a glance: which way, how right, where its tile stands, and what all that weighs."""

import gzip
import html
import re
import time
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import html5lib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter import charts, render, theme
from reporter.dates import Cadence
from reporter.evaluate import BASELINE
from reporter.posts import Kept, Standing
from reporter.posts.book import Book, Forecast, Place
from reporter.posts.everywhere import held_sentence, places_of
from reporter.posts.feedpage import MANY, feed_index, months
from reporter.posts.glance import MOST_DRAWN, Skill, glances, last_missed, skills_sentence
from reporter.posts.home import ListedPost
from reporter.posts.post import Link
from reporter.posts.tilegrids import COUNTRIES, STATES
from reporter.posts.tiles import NEAR, grid_of, plan
from reporter.posts.trend import FALL, LEVEL, NONE, OPEN, RISE, Trend, direction, period_of, trend, ways_sentence
from reporter.schema import LEVELS
from reporter.sources import codes as known_codes
from reporter.sources import states
from reporter.sources.base import bundled
from reporter.sources.jhu import places as jhu_places
from reporter.sources.who import places as who_places

NASTY = [
    "<script>alert(1)</script>",
    "\u202eright to left",
    "x" * 300,
    "\U0001f9a0 \u0007 'quoted' \"",
    "{{ 7 * 7 }} {}",
    "",
]
WEEKS = [date(2025, 4, 26) + timedelta(days=7 * n) for n in range(9)]
TARGETS = ("wk inc covid hosp", "wk inc flu hosp", "wk inc rsv hosp")


HTML = "{http://www.w3.org/1999/xhtml}"


def plain(text):
    return str(text).replace("\u202f", " ").replace("\u2212", "-").replace("\u2013", "-")


def a_record(made, weekly, places, targets=TARGETS, sizes=None):
    """Nine weeks of forecasts for many places; `places`: location → name."""
    rows, known = [], []
    for number, location in enumerate(places):
        for target in targets:
            values = {week: 1500 + 37 * number + round(900 * np.sin(n + number)) for n, week in enumerate(WEEKS)}
            values = sizes(location, values) if sizes else values
            known.append(
                made.counts({str(week): value for week, value in values.items()}, location=location, target=target)
            )
            for week in WEEKS:
                for model, factor in (("baseline", 1.0), ("sigmoid", 1.1)):
                    middle = (values[week] or 0) * factor
                    rows += made.said(
                        model, str(week), [middle] * 4, location=location, target=target, days=7, share=0.3
                    )
    counted = pd.concat(known, ignore_index=True)
    return made.scored(
        replace(
            weekly,
            name="many",
            targets=targets,
            horizons=4,
            headline=next(iter(places)),
            places=pd.DataFrame({"location": list(places), "name": list(places.values()), "population": 1e6}),
            receipts=[made.receipt(str(week), ("baseline", "sigmoid")) for week in WEEKS],
            forecasts=made.frame(rows),
            known={str(week): counted[counted["target_end_date"] <= pd.Timestamp(week)] for week in WEEKS},
            counted=counted,
            first=counted.dropna().assign(as_of=counted["target_end_date"]),
            latest=counted.dropna().assign(as_of=counted["target_end_date"]),
            failed=(),
            codes=known_codes.codes(list(places)),
        )
    )


@pytest.fixture(scope="module")
def us_places():
    table = states.places()
    return dict(zip(table["location"], table["name"], strict=True))


@pytest.fixture
def us(made, weekly, us_places):
    return a_record(made, weekly, us_places)


# ---------------------------------------------------------------------------- tiles


@pytest.mark.parametrize("grid", [STATES, COUNTRIES], ids=["states", "countries"])
def test_no_two_places_share_a_code_or_a_cell(grid):
    named = [code for code in grid.split() if code != "."]
    cells = grid_of(grid)
    assert len(named) == len(set(named)) == len(set(cells.values()))


def test_the_states_are_all_there_and_fit_a_phone():
    cells = grid_of(STATES)
    assert set(cells) == set(states.codes()) - {"USA"} | set(states.TERRITORIES.values())
    assert max(column for _, column in cells.values()) < NEAR


def test_neighbours_stand_as_on_a_map():
    cells = grid_of(COUNTRIES)
    for west, east in (
        ("PT", "ES"),
        ("FR", "DE"),
        ("US", "GB"),
        ("DE", "PL"),
        ("IN", "CN"),
        ("CN", "JP"),
        ("BR", "ZA"),
    ):
        assert cells[west][1] < cells[east][1], (west, east)
    for north, south in (
        ("CA", "US"),
        ("US", "MX"),
        ("NO", "IT"),
        ("DZ", "NG"),
        ("NG", "ZA"),
        ("JP", "AU"),
        ("BR", "AR"),
    ):
        assert cells[north][0] < cells[south][0], (north, south)


def test_every_place_of_the_bundled_lists_has_a_tile_of_its_own():
    for table, without in ((jhu_places(), 40), (who_places(), 6), (states.places(), 0)):
        locations = table["location"].tolist()
        places = [Place(one, name, f"p{n}") for n, (one, name) in enumerate(zip(locations, table["name"], strict=True))]
        laid = plan(places, known_codes.codes(locations))
        assert {spot.place.location for spot in laid.spots} == set(locations)
        cells = [(spot.row, spot.column) for spot in laid.spots if spot.row is not None]
        assert len(cells) == len(set(cells))
        assert len(laid.spots) - len(cells) <= without
        assert all(0 < len(spot.label) <= 3 for spot in laid.spots)
        # Read as it is seen: from north to south, and then what has no place on the map.
        assert cells == sorted(cells)
        assert all(spot.row is None for spot in laid.spots[len(cells) :])


def test_the_style_sheet_knows_every_row_and_column():
    style = theme.assets(render.FOLDERS, None)["assets/style.css"].decode()
    for grid in (STATES, COUNTRIES):
        for row, column in grid_of(grid).values():
            assert f".r{row + 1} {{" in style
            assert f".c{column + 1} {{" in style


def test_empty_rows_and_columns_are_left_out():
    places = [Place(code, code, code.lower()) for code in ("AK", "FL", "HI", "TX")]
    laid = plan(places, {code: f"US-{code}" for code in ("AK", "FL", "HI", "TX")})
    found = {spot.place.location: (spot.row, spot.column) for spot in laid.spots}
    assert found == {"AK": (1, 1), "HI": (2, 1), "TX": (2, 2), "FL": (2, 3)}
    assert (laid.kind, laid.columns) == ("near", 3)
    beside = plan([*places, Place("XX", "Sea", "xx")], {code: f"US-{code}" for code in ("AK", "FL", "HI", "TX")})
    assert [(kind, len(spots)) for kind, spots in beside.parts] == [("near", 4), ("flow", 1)]


def test_places_without_codes_go_by_name_whatever_it_is():
    places = [Place(f"l{n}", name or f"l{n}", f"p{n}") for n, name in enumerate(NASTY)]
    laid = plan(places, {})
    assert [spot.place.name for spot in laid.spots] == sorted(place.name for place in places)
    assert laid.kind == "flow"
    assert all(spot.label for spot in laid.spots)


def test_two_letters_mean_what_most_of_their_company_does():
    assert known_codes.codes(["AL", "AK", "AZ"])["AL"] == "US-AL"
    assert known_codes.codes(["AL", "AT", "AZ"])["AL"] == "AL"
    assert known_codes.codes(["Korea, South", "DEU", "<b>"]) == {"Korea, South": "KR", "DEU": "DE"}
    assert known_codes.codes([]) == {}
    assert b"Albania" in bundled("who-places.csv")


# ---------------------------------------------------------------------------- which way


def quantiles(low, middle, high):
    """23 quantiles whose likely range is given."""
    return np.interp(
        LEVELS, [0.01, 0.25, 0.5, 0.75, 0.99], [max(2 * low - middle, 0), low, middle, high, 2 * high - middle]
    )


@pytest.fixture
def spoken(weekly, made):
    """What is made of one count and one likely range."""

    def speak(was, ranges, target="wk inc flu hosp", before=None):
        week = WEEKS[-1]
        values = {str(week): was} | ({} if before is None else {str(week - timedelta(days=7)): before})
        known = made.counts(values, target=target)
        record = replace(weekly, known={str(week): known}, receipts=[made.receipt(str(week), ("sigmoid",))])
        ahead = {week + timedelta(days=7 * n): quantiles(*one) for n, one in enumerate(ranges, start=1)}
        return trend(Book(record), (target, "US"), week, Forecast("sigmoid", week, ahead) if ahead else None)

    return speak


@pytest.mark.parametrize(
    ("was", "likely", "way", "words", "line", "share"),
    [
        (100, (110, 120, 130), RISE, "expected to rise", "100, then about 120 (110-130)", "+20 %"),
        (100, (70, 80, 90), FALL, "expected to fall", "100, then about 80 (70-90)", "-20 %"),
        (100, (90, 101, 110), OPEN, "may rise or fall", "100, then about 101 (90-110)", "+1.0 %"),
        (100, (97, 100, 103), LEVEL, "about level", "100, then about 100 (97-103)", "0 %"),
        (0, (0, 0, 2), OPEN, "may rise", "0, then about 0 (0-2)", "-"),
        (0, (0, 0, 0), NONE, "one number, no range", "0, then 0", "-"),
        (None, (1, 2, 3), NONE, "no count to compare with", "no count, then about 2 (1-3)", "-"),
        (10, None, NONE, "no forecast", "10", "-"),
        (None, None, NONE, "no forecast", "no count", "-"),
        # The ends are compared as they are printed: 100.4 is printed as 100, and 100 is no rise above 100.
        (100, (100.4, 104, 109), OPEN, "may rise", "100, then about 104 (100-109)", "+4.0 %"),
    ],
)  # fmt: skip
def test_a_direction_is_claimed_only_if_the_likely_range_is_on_one_side(spoken, was, likely, way, words, line, share):
    found = spoken(was, [likely] if likely else [])
    assert (found.way, found.words, plain(found.line), plain(found.share_words)) == (way, words, line, share)


def test_a_count_that_only_rises_is_judged_by_its_new_counts(spoken):
    cumulative = "cum confirmed cases"
    assert spoken(1000, [(1040, 1050, 1060)], cumulative, before=900).way == FALL
    assert spoken(1000, [(1140, 1150, 1160)], cumulative, before=900).way == RISE
    assert spoken(1000, [(1140, 1150, 1160)], cumulative).words == "nothing to compare with"
    assert plain(spoken(1000, [(1140, 1150, 1160)], cumulative, before=900).share_words) == "+50 %"


def test_a_week_on_is_the_same_day_of_the_week():
    day = date(2025, 6, 21)
    one = np.zeros(23)
    daily = Forecast("m", day, {day + timedelta(days=n): one for n in range(1, 11)})
    short = Forecast("m", day, {day + timedelta(days=n): one for n in range(1, 4)})
    late = Forecast("m", day, {day + timedelta(days=14): one})
    assert [(period_of(one) - day).days for one in (daily, short, late)] == [7, 3, 14]


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_what_is_claimed_is_so(one, other, now):
    low, high = sorted((one, other))
    way, words = direction(low, high, now)
    assert (way == RISE) == (now < low)
    assert (way == FALL) == (now > high)
    assert ("rise" in words) <= (high > now)
    assert ("fall" in words) <= (low < now)


ONE = {way: Trend(None, way=way) for way in (RISE, FALL, LEVEL, OPEN, NONE)}


@pytest.mark.parametrize(
    ("ways", "sentence"),
    [
        ([RISE], "expected to rise."),
        ([OPEN], "the likely range leaves it open."),
        ([FALL] * 2, "expected to fall in both places."),
        ([RISE] * 31 + [FALL] * 9 + [OPEN] * 13,
         "expected to rise in 31 of 53 places, to fall in 9; in 13 the likely range leaves it open."),
        ([FALL] + [LEVEL] * 2, "expected to fall in one of 3 places, to stay within 5 % in 2."),
        ([OPEN] * 4, "in all 4 places the likely range leaves it open."),
        ([OPEN, NONE], "in one of 2 places the likely range leaves it open; in one no direction can be told."),
    ],
)  # fmt: skip
def test_the_ways_of_all_places_in_a_sentence(ways, sentence):
    assert plain(ways_sentence([ONE[way] for way in ways])) == sentence


@given(st.lists(st.sampled_from([RISE, FALL, LEVEL, OPEN, NONE]), min_size=2, max_size=70))
def test_the_numbers_of_a_sentence_add_up(ways):
    text = plain(ways_sentence([ONE[way] for way in ways])).replace("within 5 %", "")
    if re.search(r"\b(all|both)\b", text):
        assert len(set(ways)) == 1
        return
    found = [1 if one == "one" else int(one) for one in re.findall(r"in (one|\d+)", text)]
    assert sum(found) == len(ways)
    assert f"of {len(ways)} places" in text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([0.5] * 2, "So far “no change” was beaten by M in both places ("),
        ([0.5, 1.2, 1.0], "So far “no change” was beaten by M in one of 3 places, and not in 2 ("),
        ([0.5, 1.2, None], "was beaten by M in one of 3 places, not in one, and not known of one ("),
        ([1.5, 1.2], "was beaten by M in none of 2 places ("),
        ([0.5], "So far M was better than “no change” ("),
        ([1.0], "So far M was not better than “no change” ("),
        ([None, None], "How right M was cannot be said yet: nothing it forecast has been counted."),
    ],
)
def test_where_it_was_right_in_a_sentence(values, sentence):
    assert sentence in str(skills_sentence("M", [Skill(value, 9 if value else 0) for value in values], live=True))


def test_where_no_change_was_exactly_right_it_is_not_said_that_nothing_was_counted(record):
    scores = record.scores.assign(wis=record.scores["wis"].where(record.scores["model_id"] != BASELINE, 0.0))
    (one,) = glances(Book(replace(record, scores=scores)))
    skill = one.rows["US"].skill
    assert (skill.value, skill.tasks > 0, skill.shade) == (None, True, NONE)
    assert skill.told == f"no skill can be told, for \u201cno change\u201d was exactly right: {skill.tasks} tasks"
    assert str(one.skills).endswith("can be told: \u201cno change\u201d was exactly right so far.")


def test_skill_is_of_forecasts_of_one_kind_and_says_how_many(record):
    (one,) = glances(Book(record))
    skill = one.rows["US"].skill
    assert skill.value == pytest.approx(0.43, abs=0.3)
    assert skill.told == f"skill {skill.words}, {skill.tasks} tasks"
    live = replace(record, receipts=[*record.receipts[:-1], record.receipts[-1] | {"live": True}])
    (one,) = glances(Book(live))
    assert one.rows["US"].skill == Skill()
    assert Skill().told == "nothing counted yet"
    assert (plain(Skill().words), Skill().shade, Skill().number) == ("-", NONE, "-1")
    assert [Skill(value, 1).shade for value in (0.5, 0.95, 1.0, 3.0)] == ["much", "some", "worse", "worse"]
    assert [Skill(value, 1).short for value in (0.5, 9.996, 123.4)] == ["0.50", "10", "123"]


# ---------------------------------------------------------------------------- small multiples


def a_mini(**changes):
    day = date(2025, 6, 28)
    given = {
        "start": day - timedelta(days=49),
        "end": day + timedelta(days=28),
        "cadence": Cadence.WEEK,
        "counts": {day - timedelta(days=7 * n): 50.0 + 9 * n for n in range(7, -1, -1)},
        "reference": day,
        "ahead": {day + timedelta(days=7 * n): np.linspace(30, 90, 23) for n in range(1, 5)},
        "missed": day - timedelta(days=14),
    }
    return charts.mini(charts.Mini(**(given | changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"counts": {}, "missed": None},
        {"ahead": {}},
        {"counts": {}, "ahead": {}},
        {"counts": {date(2025, 6, 28): 0.0}, "ahead": {date(2025, 7, 5): np.zeros(23)}},
        {"counts": {date(2025, 5, 10): 3.0, date(2025, 6, 28): 1e9}},
        {"ahead": {date(2025, 7, 5): np.full(23, 7.0)}},
    ],
)
def test_a_small_multiple_can_be_drawn_of_anything(changes):
    drawn = a_mini(**changes)
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    assert root.get("aria-hidden") == "true"
    assert not re.search(r"nan|inf|\.\d|style=", drawn)


def test_a_small_multiple_marks_the_miss_and_breaks_at_gaps():
    assert drawn_classes(a_mini()) == ["s", "l", "m", "c", "x", "o"]
    assert drawn_classes(a_mini(missed=None)) == ["s", "l", "m", "c"]
    day = date(2025, 6, 28)
    gap = {day - timedelta(days=7 * n): 50.0 for n in (7, 6, 3, 2, 1, 0)}
    (counted,) = re.findall(r'class="c" d="([^"]+)"', a_mini(counts=gap))
    assert counted.count("M") == 2


def drawn_classes(drawn):
    return re.findall(r'<path class="(\w)"', drawn)


def test_the_last_miss_is_the_newest_count_outside_what_was_said(us):
    book = Book(us)
    judged = list(pairwise(reversed(WEEKS)))
    found = last_missed(book, (TARGETS[0], "US"), judged)
    misses = []
    for day, reference in judged:
        said = book.forecasts(reference, (TARGETS[0], "US"))["sigmoid"].ahead[day]
        if not said[1] <= book.counted((TARGETS[0], "US"), day) <= said[-2]:
            misses.append(day)
    assert misses
    assert found == max(misses)
    assert last_missed(book, (TARGETS[0], "nowhere"), judged) is None


# ---------------------------------------------------------------------------- the page


def parsed(data):
    parser = html5lib.HTMLParser(strict=False)
    document = parser.parse(data.decode())
    assert parser.errors == []
    return document


def of_class(document, tag, name):
    return [
        e for e in document.iter(f"{{http://www.w3.org/1999/xhtml}}{tag}") if name in (e.get("class") or "").split()
    ]


def texts(element):
    return plain(" ".join("".join(element.itertext()).split()))


def test_all_of_it_is_on_the_feeds_page_and_light(site, us, us_places):
    page = render.pages(site, [us])["many/index.html"]
    assert len(gzip.compress(page)) < 60_000
    document = parsed(page)
    assert len(of_class(document, "svg", "mini") or re.findall(rb'<svg class="mini"', page)) == 3 * len(us_places)
    for drawn in re.findall(rb'<svg class="mini".*?</svg>', page):
        assert len(drawn) <= 700
    maps, minis, tables = (
        of_class(document, "ol", "tiles"),
        of_class(document, "ol", "minis"),
        of_class(document, "table", "everywhere"),
    )
    assert (len(maps), len(minis), len(tables)) == (6, 3, 3)
    assert all(len(list(one)) == len(us_places) for one in maps + minis)
    (texas,) = [texts(one) for one in minis[0] if texts(one).startswith("Texas")]
    book = Book(us)
    row = glances(book)[0].rows["48"]
    assert plain(row.trend.line) in texas
    assert texas.endswith(row.trend.words)
    cells = [[texts(cell) for cell in tr] for tr in tables[0].iter(f"{HTML}tr")]
    (found,) = [one for one in cells if one[0] == "Texas"]
    assert found == ["Texas", *map(plain, (row.trend.was, row.trend.about, row.trend.likely, row.trend.share_words,
                                           row.trend.words, row.skill.words, row.skill.tasks))]  # fmt: skip
    assert b"style=" not in re.sub(rb"<head>.*?</head>", b"", page, flags=re.DOTALL)


def test_a_row_of_a_post_is_light_and_says_what_it_is(site, us):
    page = render.pages(site, [us])[f"many/{WEEKS[-1]}/index.html"]
    rows = re.findall(rb"<tr><th scope=row><a.*", page)
    assert len(rows) == 3 * len(us.places)
    assert sum(map(len, rows)) / len(rows) <= 200
    (table, *_) = of_class(parsed(page), "table", "judged")
    (texas,) = [tr for tr in table.iter(f"{HTML}tr") if texts(tr[0]) == "Texas"]
    first = us.counted[(us.counted["location"] == "48") & (us.counted["target"] == TARGETS[0])]["observation"].tolist()
    assert texts(texas[2]).replace(" ", "") == str(round(first[-1]))
    assert texas[0][0].get("href") == "../48/"
    assert texts(texas[3]) in {"inside", "wide range only", "a miss"}
    assert (texas[3].get("class") == "miss") == (texts(texas[3]) == "a miss")


def test_misses_come_first_and_are_counted(us):
    found = places_of(Book(us), TARGETS[0], WEEKS[-1])
    order = [{"miss": 0, "sure": 1}.get(row.judged.verdict, 2) for row in found.rows]
    assert order == sorted(order)
    misses = sum(row.judged.verdict == "miss" for row in found.rows)
    assert misses > 1
    assert f"outside both in {misses}" in plain(found.held)


@pytest.mark.parametrize(
    ("verdicts", "places", "sentence"),
    [
        ({"likely": 2}, 2, "The count was inside the likely range in both places."),
        ({"miss": 1}, 2, "The count was outside both in one of 2 places; in one there is nothing to judge."),
        ({"likely": 1, "sure": 1, "miss": 1}, 3,
         ("The count was inside the likely range in one of 3 places, in the wide range only in one and "
         "outside both in one.")),
        ({"point": 3}, 3, "The count was beside one number without a range in all 3 places."),
    ],
)  # fmt: skip
def test_how_many_held(verdicts, places, sentence):
    assert str(held_sentence(verdicts, places)) == sentence


def test_nasty_names_show_as_text(site, made, weekly):
    names = {f"<l{n}>\"'": name or "  " for n, name in enumerate(NASTY)}
    record = a_record(made, weekly, names, TARGETS[:1])
    pages = render.pages(site, [record])
    document = parsed(pages["many/index.html"].replace(b"\x07", b""))
    shown = texts(of_class(document, "ol", "minis")[0])
    names = {location: name if name.strip() else location for location, name in names.items()}
    for name in names.values():
        assert plain(" ".join(name.replace("\x07", "").split())) in shown
    assert not [e for e in document.iter(f"{HTML}script") if "alert" in (e.text or "")]
    titles = [a.get("title") for a in document.iter(f"{HTML}a") if a.get("title")]
    assert any(title.startswith(NASTY[0]) for title in titles)
    assert html.escape(NASTY[0], quote=False).encode() in pages[f"many/{WEEKS[-1]}/index.html"]


def test_one_place_has_no_map(site, made, weekly):
    record = a_record(made, weekly, {"DE": "Germany"}, TARGETS[:1])
    document = parsed(render.pages(site, [record])["many/index.html"])
    assert not of_class(document, "ol", "tiles")
    assert not of_class(document, "table", "everywhere")
    assert len(list(of_class(document, "ol", "minis")[0])) == 1
    assert "0 of" not in texts(document)


def test_zeros_gaps_and_silence_have_words(site, made, weekly):
    def sizes(location, values):
        if location == "AL":
            return dict.fromkeys(values, 0)
        return values | {WEEKS[-1]: None} if location == "AK" else values

    record = a_record(made, weekly, {"AL": "Alabama", "AK": "Alaska", "AZ": "Arizona"}, TARGETS[:1], sizes)
    silent = record.forecasts[
        (record.forecasts["location"] != "AZ") | (record.forecasts["reference_date"] < "2025-06-21")
    ]
    (one,) = glances(Book(replace(record, forecasts=silent)))
    assert {place: row.trend.words for place, row in one.rows.items()} == {
        "AL": "one number, no range",
        "AK": "no count to compare with",
        "AZ": "no forecast",
    }
    assert one.plan.kind == "near"
    parsed(render.pages(site, [replace(record, forecasts=silent)])["many/index.html"])


def test_very_many_places_are_in_the_table_and_the_first_are_drawn(made, weekly):
    record = a_record(made, weekly, {f"P{n}": f"Place {n}" for n in range(MOST_DRAWN + 20)}, TARGETS[:1])
    (one,) = glances(Book(record))
    assert (len(one.rows), len(one.drawn)) == (MOST_DRAWN + 20, MOST_DRAWN)
    assert plain(one.left_out) == "The first 180 of 200 places are drawn; the table has all of them."


def test_it_is_quick(us):
    book = Book(us)
    feed_index(book)
    started = time.process_time()
    feed_index(book)
    # 159 multiples, tiles and rows of tables: about 60 ms; the limit leaves room for a busy machine.
    assert time.process_time() - started < 0.5


def test_clear_directions_come_first_and_then_the_greatest_change(us):
    (one, *_) = glances(Book(us))
    order = [row.trend.way in {RISE, FALL} for row, _ in one.drawn]
    assert order == sorted(order, reverse=True)
    changes = [abs(row.trend.change) for (row, _), clear in zip(one.drawn, order, strict=True) if clear]
    assert changes == sorted(changes, reverse=True)
    assert plain(one.order).endswith("change per 100 000 people.")


def test_old_posts_go_by_month_where_there_are_many():
    days = [date(2025, 6, 28) - timedelta(days=n) for n in range(40)]
    found = months([ListedPost(Link("a", f"f/{day}/"), day, "", "") for day in days])
    assert [plain(month.title) for month in found] == ["June 2025: 28 posts", "May 2025: 12 posts"]
    assert plain(months([ListedPost(Link("a", "f/"), days[0], "", "")])[0].title) == "June 2025: one post"
    assert MANY > 40


def test_a_thousand_posts_are_all_there_and_light(site, record):
    newest = date(2020, 4, 11)
    older = [newest - timedelta(days=n) for n in range(999, 0, -1)]
    titles = {
        day: f"United States: {n * 7919 % 90_000} counted, {n * 104_729 % 90_000} forecast: inside"
        for n, day in enumerate(older)
    }
    receipt = record.receipts[-1]
    many = replace(
        record,
        receipts=[*(receipt | {"reference_date": str(day), "previous_sha256": "0" * 64} for day in older), receipt],
        standing=Standing(pages={f"made-up/{day}/": Kept("key", {}, title, title) for day, title in titles.items()}),
    )
    page = render.pages(site, [many])["made-up/index.html"]
    assert len(gzip.compress(page)) < 60_000
    document = parsed(page)
    listed = [a for entry in of_class(document, "ol", "posts") for a in entry.iter(f"{HTML}a")]
    assert [a.get("href") for a in listed] == [f"{day}/" for day in (newest, *reversed(older))]
    assert [texts(a) for a in listed[1:]] == list(reversed(titles.values()))
