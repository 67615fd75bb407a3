"""Which model to believe: the scoreboard, rivals, and a backtest's report."""

import math
import posixpath
import re
from dataclasses import replace
from datetime import date, timedelta

import html5lib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter import evaluate, render
from reporter.dates import Cadence
from reporter.posts import spans, verdict
from reporter.posts.board import feed_board
from reporter.posts.book import Book
from reporter.posts.measures import Held, Measure, Skill
from reporter.posts.record import Peers
from reporter.posts.revised import turned_sentence
from reporter.posts.words import percent
from reporter.schema import LEVELS, MEDIAN

HTML = "{http://www.w3.org/1999/xhtml}"


def plain(text):
    """Narrow spaces and dashes as typed ones."""
    return str(text).replace("\u202f", " ").replace("\u2013", "-")


def measured(skill, low=math.nan, high=math.nan, tasks=70, **changes):
    given = {
        "model": "one", "tasks": tasks, "wis": 1.0, "skill": skill, "low": low, "high": high, "relative": skill,
        "log_skill": skill, "latest_skill": skill, "latest_tasks": tasks, "parts": (1.0, 0.0, 0.0), "error": 1.0,
        "held": {}, "own": tasks,
    }  # fmt: skip
    return Measure(**(given | changes))


def over_days(record, live):
    """The record's first forecasts again on eight days, what was said and counted a little higher each day."""
    part = record.forecasts[record.forecasts["reference_date"] == pd.Timestamp("2020-04-09")]
    count = record.first[record.first["target_end_date"] == pd.Timestamp("2020-04-10")]
    frames, receipts, counts = [], [], []
    for n in range(8):
        frame = part.copy()
        frame[list(LEVELS)] *= 1 + 0.01 * n
        frame[["reference_date", "target_end_date"]] += pd.Timedelta(days=n)
        frames.append(frame)
        day = date(2020, 4, 9) + timedelta(days=n)
        receipts.append(record.receipts[0] | {"reference_date": str(day), "live": live(n)})
        stamp = pd.Timestamp(day).as_unit("s")
        counts.append(
            count.assign(target_end_date=stamp, as_of=stamp, observation=count["observation"] * (1 + 0.01 * n))
        )
    known = pd.concat(counts, ignore_index=True)
    return replace(
        record,
        forecasts=pd.concat(frames, ignore_index=True),
        receipts=receipts,
        known={one["reference_date"]: known for one in receipts},
        first=known,
        latest=known,
    )


@pytest.fixture
def many(record, scored):
    """Eight reference dates, every other one live."""
    return scored(over_days(record, live=lambda n: n % 2 == 0))


@pytest.fixture
def rivalled(record, scored):
    """A season of our own forecasts and of two teams', one of which missed the last dates; and one before ours."""
    mine = scored(over_days(record, live=lambda _: False))
    theirs = mine.scores[mine.scores["model_id"] != "classic"].copy()
    theirs["model_id"] = theirs["model_id"].map({"baseline": "Hub-baseline", "sigmoid": "Team-<best>"}).astype(str)
    better = theirs["model_id"] == "Team-<best>"
    theirs.loc[better, ["wis", "dispersion", "overprediction", "underprediction"]] *= 0.5
    theirs = theirs[~(better & (theirs["reference_date"] > pd.Timestamp("2020-04-13")))]
    before = theirs.assign(
        reference_date=theirs["reference_date"] - pd.Timedelta(days=200),
        target_end_date=theirs["target_end_date"] - pd.Timedelta(days=200),
    )
    peers = Peers(
        "A hub & friends",
        "Teams <of> the hub, MIT",
        {mine.targets[0]: "Hub-baseline"},
        pd.concat([before, theirs], ignore_index=True),
        tuple(f"file{n}.csv, row 1: <no> count" for n in range(7)),
    )
    return replace(mine, peers=(peers,))


# ---------------------------------------------------------------------------- sentences


@pytest.mark.parametrize(
    ("best", "dates", "past", "expected"),
    [
        (
            measured(0.734, 0.63, 0.88, 1166), 8, False,
            ("Believe this one today: X. Its errors were 27 % smaller than those of “no change”"
            " (skill 0.73, 90 % interval 0.63 to 0.88, 1 166 tasks)."),
        ),
        (
            measured(0.734, 0.63, 0.88), 8, True,
            ("The one to believe was X: its errors were 27 % smaller than those of “no change”"
            " (skill 0.73, 90 % interval 0.63 to 0.88, 70 tasks)."),
        ),
        (
            measured(0.93, 0.81, 1.05), 8, False,
            ("No model is clearly better than “no change”. X leads: its errors were 7.0 % smaller than those of"
            " “no change” (skill 0.93, 90 % interval 0.81 to 1.05, 70 tasks), but the interval includes 1."),
        ),
        (
            measured(0.8, tasks=1), 1, False,
            ("X leads so far: its errors were 20 % smaller than those of “no change” (skill 0.80, 1 task)."
            " One reference date cannot tell that from luck."),
        ),
        (
            measured(1.07, 0.9, 1.2), 8, False,
            ("Nothing beats “no change”: the errors of the next best, X, were 7.0 % larger"
            " (skill 1.07, 90 % interval 0.90 to 1.20, 70 tasks)."),
        ),
        (None, 8, False, "No model can be told from “no change”: none has forecasts of the same tasks to compare."),
    ],
)  # fmt: skip
def test_whom_to_believe(best, dates, past, expected):
    assert plain(verdict.believe(best, "X", dates, past=past)) == expected


@settings(deadline=None)
@given(
    skill=st.floats(0.001, 5),
    below=st.floats(0, 1),
    above=st.floats(1, 3),
    tasks=st.integers(1, 10**6),
    past=st.booleans(),
    known=st.booleans(),
)
def test_no_sentence_claims_more_than_its_numbers_hold(skill, below, above, tasks, past, known):
    low, high = (skill * below, skill * above) if known else (math.nan, math.nan)
    said = plain(verdict.believe(measured(skill, low, high, tasks), "{X}", 8, past=past))
    surely = "elieve" in said
    assert surely == (known and high < 1)
    assert ("Nothing beat" in said) == (skill >= 1)
    assert ("includes 1" in said) == (known and skill < 1 <= high)
    assert "{X}" in said
    assert "nan" not in said
    assert verdict.tasks_words(tasks).replace("\u202f", " ") in said


@settings(deadline=None)
@given(st.floats(0, 10))
def test_a_skill_in_words_is_on_its_side_of_1(value):
    text = verdict.skill_words(value)
    if text.startswith("just"):
        assert text == ("just over 1" if value > 1 else "just under 1")
        assert abs(value - 1) < 0.001
    elif value == 1:
        assert text == "1"
    else:
        assert (float(text) > 1) == (value > 1)
        assert float(text) == pytest.approx(value, abs=0.0051)


def test_who_is_ahead_of_the_next_best():
    assert plain(verdict.beside("Y", Skill(0.86, 0.73, 1.03, 70))) == (
        "Beside the next best, Y, its errors were 0.86 times as large (90 % interval 0.73 to 1.03, 70 tasks):"
        " which of the two is better is open."
    )
    assert plain(verdict.beside("Y", Skill(0.86, 0.73, 0.93, 70))).endswith(": it is clearly ahead.")
    assert plain(verdict.beside("Y", Skill(1.2, 1.1, 1.3, 70))).endswith(": the next is clearly ahead there.")
    assert plain(verdict.beside("Y", None)) == "Y is next."


def test_who_is_best_among_rivals():
    rows = [("Team", False, 0.354), ("Ours", True, 0.391), ("Hub", False, 1.0)]
    assert plain(verdict.among_rivals(rows, 848)) == (
        "On the 848 tasks that all of them forecast, Team is the best (relative WIS 0.354);"
        " the best of ours, Ours, is number 2 of 3 (0.391)."
    )
    assert "Ours, ours, is the best of 3" in plain(verdict.among_rivals([rows[1], rows[0], rows[2]], 848))
    assert "No task was forecast by all" in plain(verdict.among_rivals(rows, 0))


@pytest.mark.parametrize(
    ("held", "word"),
    [(40, "as it should"), (39, "too seldom"), (60, "as it should"), (61, "too often")],
)
def test_a_range_outside_chance_is_said_in_words(held, word):
    assert verdict.held_words(Held(held, 100, 0.4, 0.6)) == word


def test_turned_verdicts_are_counted():
    assert plain(turned_sentence(18, 10, 210)) == (
        "Of 210 forecasts judged by both values, revisions turned the verdict on 28 (13 %):"
        " 18 look better now, 10 worse."
    )
    assert "of 9 forecasts, all are judged alike" in plain(turned_sentence(0, 0, 9))
    assert "No forecast has been judged by both" in plain(turned_sentence(0, 0, 0))


# ---------------------------------------------------------------------------- groups


@pytest.mark.parametrize(
    ("days", "cadence", "unit"),
    [
        (13, Cadence.DAY, "reference date"),
        (90, Cadence.DAY, "week of reference dates"),
        (400, Cadence.DAY, "month of reference dates"),
        (60, Cadence.WEEK, "month of reference dates"),
        (300, Cadence.WEEK, "quarter of reference dates"),
        (5000, Cadence.DAY, "year of reference dates"),
    ],
)
def test_a_chart_over_time_has_few_points_that_lose_no_task(days, cadence, unit):
    dates = [date(2020, 1, 4) + n * cadence.step for n in range(days)]
    assert spans.unit_of(dates, cadence) == unit
    totals = pd.DataFrame(
        {
            "model_id": "one",
            "horizon": 1,
            "reference_date": pd.to_datetime(dates).as_unit("s"),
            "tasks": 1,
            "total": 1.0,
            "total_baseline": 2.0,
        }
    )
    cells = spans.over_time(totals, unit)
    assert len(cells) <= spans.MOST
    assert sum(found["one"].tasks for found in cells.values()) == days
    assert {found["one"].skill for found in cells.values()} == {0.5}
    ends = [end for end, _ in cells]
    assert ends == sorted(ends)
    assert ends[-1] == dates[-1]


# ---------------------------------------------------------------------------- the board


def test_live_and_backfilled_stand_apart(many):
    sections = feed_board(Book(many)).sections
    assert [section.live for section in sections] == [True, False]
    first = many.scores[many.scores["against"] == "first"]
    for section in sections:
        table = evaluate.skill(first[first["live"] == section.live])
        sigmoid = next(row for row in section.rows if row.title == "Sigmoid")
        assert sigmoid.tasks == str(int(table.loc["sigmoid", "tasks"]))
        assert sigmoid.skill == verdict.skill_words(table.loc["sigmoid", "skill"])
    # What was made live says nothing about what was made later.
    worse = many.scores.copy()
    worse.loc[worse["live"], ["wis", "log_wis", "dispersion"]] *= 7
    again = feed_board(Book(replace(many, scores=worse))).sections
    assert again[0].rows != sections[0].rows
    assert again[1].rows == sections[1].rows
    assert plain(again[1].believe) == plain(sections[1].believe)


def test_a_kind_without_tasks_is_left_out(record, weekly):
    assert [section.live for section in feed_board(Book(record)).sections] == [False]
    assert feed_board(Book(weekly)).sections == []


def test_a_model_without_ranges_has_none_on_the_board(record):
    (section,) = feed_board(Book(record)).sections
    held = {row.title: row.held for row in section.rows}
    assert held["First author's logistic"] == ()
    assert [nominal for nominal, *_ in held["Sigmoid"]] == [50, 80, 95]
    assert "First author's logistic" not in [name for name, _ in section.pit]
    assert section.beside is not None


def test_without_a_baseline_no_skill_is_made_up(record):
    scores = record.scores[record.scores["model_id"] != "baseline"]
    (section,) = feed_board(Book(replace(record, scores=scores))).sections
    assert plain(section.believe).startswith("No model can be told from")
    assert section.skill is section.horizon is section.time is None
    assert {row.skill for row in section.rows} == {"\u2013"}
    assert {row.tasks for row in section.rows} == {"9"}


def test_a_model_that_answered_little_is_not_the_one_to_believe(many):
    scores = many.scores[many.scores["live"]]
    classic, few = scores["model_id"] == "classic", scores["reference_date"] == pd.Timestamp("2020-04-09")
    scores = scores[~classic | few].copy()
    scores.loc[scores["model_id"] == "classic", "wis"] = 0.001
    (section,) = feed_board(Book(replace(many, scores=scores))).sections
    assert section.rows[0].title == "First author's logistic"
    assert "Sigmoid" in plain(section.believe)


def test_a_verdict_that_a_revision_turned_is_listed(record, scored):
    latest = record.latest.assign(observation=record.latest["observation"] * 1.3)
    revised = scored(replace(record, latest=latest))
    (section,) = feed_board(Book(revised)).sections
    found = evaluate.turned(revised.scores)
    here = found[(found["location"] == "US") & (found["model_id"] != "classic")]
    assert 0 < len(here) <= 20
    assert len(section.turned.rows) == len(here)
    row = section.turned.rows[0]
    assert plain(row.when) == "Saturday 11 April 2020"
    assert plain(row.latest) == "684 315"
    assert plain(row.first) == "526 396"
    assert row.said.value == 496_535
    assert row.then != row.now
    assert "Against the latest values" in plain(section.latest)
    assert section.turned.sentence.plain.startswith("Of ")


# ---------------------------------------------------------------------------- rivals


def test_rivals_stand_beside_ours_on_common_tasks(rivalled):
    (found,) = feed_board(Book(rivalled)).rivals
    now, before = found.tables
    titles = [row.title for row in now.rows]
    assert titles[0] == "Team-<best>"
    assert sorted(titles) == ["First author's logistic", "Hub-baseline", "No change", "Sigmoid", "Team-<best>"]
    rows = {row.title: row for row in now.rows}
    assert (rows["Sigmoid"].whose, rows["Team-<best>"].whose) == ("ours, made later", "theirs")
    assert rows["Hub-baseline"].skill == rows["No change"].skill == "1.000"
    assert float(rows["Team-<best>"].common) == pytest.approx(float(rows["Sigmoid"].common) / 2, abs=0.001)
    assert int(rows["Team-<best>"].tasks) < int(rows["Sigmoid"].tasks)
    assert now.shared == rows["Team-<best>"].tasks
    assert "made later" in plain(now.intro)
    assert "submitted at the time" in plain(now.intro)
    assert {row.whose for row in before.rows} == {"theirs"}
    assert plain(before.intro).endswith("We have none of these dates.")
    assert now.when == "9 April 2020 to 15 April 2020"


def test_relative_wis_is_that_of_the_score_table(rivalled):
    (found,) = feed_board(Book(rivalled)).rivals
    theirs = rivalled.peers[0].scores
    season = theirs[(theirs["against"] == "first") & (theirs["reference_date"] < pd.Timestamp("2020-01-01"))]
    table = evaluate.skill(season, "Hub-baseline")
    rows = {row.title: row for row in found.tables[1].rows}
    assert rows["Team-<best>"].skill == f"{table.loc['Team-<best>', 'skill']:.3f}"
    assert rows["Team-<best>"].tasks == str(int(table.loc["Team-<best>", "tasks"]))


def test_rivals_without_their_baseline_are_held_against_ours(rivalled):
    (peers,) = rivalled.peers
    without = replace(peers, scores=peers.scores[peers.scores["model_id"] != "Hub-baseline"])
    (found,) = feed_board(Book(replace(rivalled, peers=(without,)))).rivals
    now, before = found.tables
    assert now.baseline == "No change"
    assert {row.title: row.skill for row in now.rows}["No change"] == "1.000"
    assert {row.skill for row in before.rows} == {"\u2013"}
    assert plain(before.finding).endswith("nothing can be compared.")
    nothing = replace(peers, scores=peers.scores.head(0))
    (found,) = feed_board(Book(replace(rivalled, peers=(nothing,)))).rivals
    assert found.tables == []


def test_our_live_and_backfilled_forecasts_never_share_a_table(rivalled):
    scores = rivalled.scores.copy()
    scores["live"] = scores["reference_date"] > pd.Timestamp("2020-04-11")
    (found,) = feed_board(Book(replace(rivalled, scores=scores))).rivals
    kinds = [{row.whose for row in table.rows if row.ours} for table in found.tables]
    assert kinds == [{"ours, live"}, {"ours, made later"}, set()]


def test_the_page_credits_rivals_and_names_the_refused(site, rivalled):
    text = render.pages(site, [rivalled])["scoreboard/index.html"].decode()
    assert "A hub &amp; friends" in text
    assert "Teams &lt;of&gt; the hub, MIT" in text
    assert "Team-&lt;best&gt;" in text
    assert "Submissions that were refused: 7" in text
    assert text.count("row 1: &lt;no&gt; count") == 5
    assert "and 2 more" in text
    well_formed(text)


# ---------------------------------------------------------------------------- pages


def well_formed(text):
    parser = html5lib.HTMLParser(strict=False)
    document = parser.parse(text)
    assert not parser.errors, parser.errors[:3]
    ids = [element.get("id") for element in document.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    return document


def test_two_feeds_and_two_kinds_share_a_page(site, many, record):
    text = render.pages(site, [many, replace(record, name="other")])["scoreboard/index.html"].decode()
    document = well_formed(text)
    svgs = [e for e in document.iter("{http://www.w3.org/2000/svg}svg") if e.get("role") == "img"]
    assert len(svgs) >= 15
    assert all(svg.find("{http://www.w3.org/2000/svg}desc").text for svg in svgs)
    words = " ".join("".join(document.find(f"{HTML}body").itertext()).split())
    assert "forecasts made live" in words
    assert "forecasts made later from the data as of each day" in words
    assert not re.search(r"\bwill\b|\bnan\b|\bNone\b", words)
    for table in document.iter(f"{HTML}table"):
        caption = "".join(table.find(f"{HTML}caption").itertext())
        assert re.search(r"against first values|first and the latest|tasks that|share of counts", caption), caption


def test_an_empty_scoreboard_says_so(site, empty, weekly):
    text = render.pages(site, [empty, weekly])["scoreboard/index.html"].decode()
    assert "Nothing that was forecast has been counted yet." in text


def test_a_report_stands_alone(site, rivalled):
    files = render.report(site, rivalled)
    document = well_formed(files["index.html"].decode())
    for element in document.iter():
        for name in ("href", "src", "data-plotly"):
            link = element.get(name)
            if link is not None and not link.startswith(("#", "https://")):
                assert posixpath.normpath(link) in files, link
    assert not [e for e in document.iter(f"{HTML}link") if e.get("rel") == "canonical"]
    words = plain(" ".join("".join(document.find(f"{HTML}body").itertext()).split()))
    assert "Backtest: April 2020 <so far>" in words
    assert "Reference dates8, Thursday 9 April 2020 to Thursday 16 April 2020" in words
    assert "all made later (backfilled)" in words
    assert "No change, First author's logistic and Sigmoid" in words
    assert "today" not in words
    assert render.report(site, rivalled) == files


def test_a_report_of_nothing_says_so(site, empty):
    words = render.report(site, empty)["index.html"].decode()
    assert "Nothing that it forecast has been counted yet." in words
    assert "the source sent no counts" in words


def test_a_chart_shows_names_as_text(many):
    hostile = replace(many, models={**many.models, "sigmoid": "<b>S</b> & co"})
    section = feed_board(Book(hostile)).sections[0]
    for chart in (section.skill, section.parts, section.held, section.time):
        assert "&lt;b&gt;S&lt;/b&gt; &amp; co" in chart.svg
        assert "<b>" not in chart.svg
        layout = chart.figure["layout"]
        shown = [text for trace in chart.figure["data"] for text in trace.get("text", [])]
        shown += [*layout["yaxis"]["ticktext"], *(one["text"] for one in layout["annotations"])]
        assert any("&lt;b&gt;S&lt;/b&gt; &amp; co" in text for text in shown)
        assert not any("<b>" in text for text in shown)
        assert np.isfinite([v for t in chart.figure["data"] for v in t["y"] if v is not None]).all()


# ---------------------------------------------------------------------------- before and after calibration


@pytest.fixture
def combined(record, scored):
    """An ensemble whose ranges were three times as wide before calibration; one of its tasks is missing before it."""
    mine = record.forecasts[record.forecasts["model_id"] == "sigmoid"]
    before = mine.assign(model_id="blend")
    middle = before[LEVELS[MEDIAN]]
    for level in LEVELS:
        before[level] = middle + 3 * (before[level] - middle)
    both = pd.concat([record.forecasts, before.iloc[1:], mine.assign(model_id="ensemble")], ignore_index=True)
    titles = {**record.models, "blend": "Ensemble before calibration", "ensemble": "Ensemble"}
    return scored(replace(record, forecasts=both, models=titles))


def test_the_scoreboard_says_what_calibration_did(combined, site):
    board = feed_board(Book(combined))
    found = board.calibrated
    (row,) = found.rows
    first = combined.scores[combined.scores["against"] == "first"]
    pair = {name: first[first["model_id"] == name].reset_index(drop=True) for name in ("blend", "ensemble")}
    assert int(row.tasks) == len(pair["blend"]) == len(pair["ensemble"]) - 1
    common = pair["blend"].merge(pair["ensemble"], on=["location", "reference_date", "horizon"])
    for words, name in ((row.likely, "covered_50"), (row.wide, "covered_95")):
        before, after = (plain(percent(common[f"{name}_{side}"].mean())) for side in "xy")
        assert plain(words) == f"{before.removesuffix(' %')} → {after}"
    assert row.kind == "made later"
    (sentence,) = map(plain, found.findings)
    smaller = percent(1 - common["wis_y"].mean() / common["wis_x"].mean())
    assert plain(f"the error (WIS) became {smaller} smaller ({len(common)} tasks)") in sentence
    pages = render.pages(site, [combined])
    page = pages["scoreboard/index.html"].decode()
    assert page.count("The ensemble before and after calibration") == 1
    assert row.likely in page
    assert row.wis in page
    html5lib.HTMLParser(strict=True).parse(page)


def test_live_and_backfilled_are_calibrated_apart(combined, scored):
    live = {"2020-04-09": True, "2020-04-10": False, "2020-04-11": False}
    mixed = scored(
        replace(combined, receipts=[one | {"live": live[one["reference_date"]]} for one in combined.receipts])
    )
    found = feed_board(Book(mixed)).calibrated
    assert [row.kind for row in found.rows] == ["made live", "made later"]
    assert [plain(one)[:19] for one in found.findings] == ["Forecasts made live", "Forecasts made late"]


def test_without_both_there_is_no_such_block(combined, record, scored, site):
    assert feed_board(Book(record)).calibrated is None
    alone = scored(replace(combined, forecasts=combined.forecasts[combined.forecasts["model_id"] != "blend"]))
    assert feed_board(Book(alone)).calibrated is None
    assert b"before and after calibration" not in render.pages(site, [alone])["scoreboard/index.html"]


def test_the_ensembles_compared_are_models_there_are():
    from reporter import models
    from reporter.posts.calibrated import AFTER, BEFORE

    assert {BEFORE, AFTER} == set(models.combiners(models.REGISTRY))
