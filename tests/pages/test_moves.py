"""Why the forecast changed: the sentence, the table, and where neither is."""

import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter import render
from reporter.dates import Cadence
from reporter.posts.book import Book
from reporter.posts.moves import SAID, Move, moved, sentence
from reporter.posts.post import post
from reporter.posts.words import Count
from reporter.schema import PARTS

DAY = date(2020, 4, 11)
CUMULATIVE = "cum confirmed cases"


def plain(text):
    """Narrow spaces and minus signs as typed ones."""
    return str(text).replace("\u202f", " ").replace("\u2212", "-")


def numbers(text):
    """Every whole number of a text, spaces between thousands left out."""
    return [int(found.replace(" ", "")) for found in re.findall(r"[+-]?\d[\d ]*", text)]


def splits(*rows):
    """A frame of splits: (model, target, location, period end, before, code, revised, new, refit)."""
    names = ["model_id", "target", "location", "target_end_date", "before", *PARTS]
    frame = pd.DataFrame(rows, columns=names)
    frame["target_end_date"] = pd.to_datetime(frame["target_end_date"]).astype("datetime64[s]")
    return frame.assign(after=frame["before"] + frame[list(PARTS)].sum(axis=1))


@pytest.fixture
def split(record):
    """The record with the change of the newest day split."""
    frame = splits(
        ("baseline", CUMULATIVE, "US", "2020-04-12", 496_535.0, 0.0, 0.0, 29_861.0, 0.0),
        ("sigmoid", CUMULATIVE, "US", "2020-04-13", 1.0, 0.0, 0.0, 0.0, 1.0),
        ("sigmoid", CUMULATIVE, "US", "2020-04-12", 1_210.0, 0.0, 9.0, 52.0, 4.0),
        ("sigmoid", CUMULATIVE, "Korea, South", "2020-04-12", 7.0, 0.0, 0.0, -1.0, 0.0),
    )
    return replace(record, changes={str(DAY): frame})


def move(before, *parts):
    named = dict(zip(PARTS, parts, strict=True))
    return Move("Sigmoid", Count(before), Count(before + sum(parts)), named)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (
            move(1210, 0, 9, 52, 4),
            (
                "For Friday 14 November 2025 the forecast (Sigmoid) moved from 1 210 to 1 275 (+65): "
                "new counts +52, revised history +9, refitting +4, changed code 0."
            ),
        ),
        (
            move(2000, 1, -1100, 100, -1),
            (
                "For Friday 14 November 2025 the forecast (Sigmoid) moved from 2 000 to 1 000 (-1 000): "
                "new counts +100, revised history -1 100, refitting -1, changed code +1."
            ),
        ),
        (
            move(9, 0, 2, -2, 0),
            (
                "For Friday 14 November 2025 the forecast (Sigmoid) stayed at 9: "
                "new counts -2, revised history +2, refitting 0, changed code 0."
            ),
        ),
        (move(9, 0, 0, 0, 0), "For Friday 14 November 2025 the forecast (Sigmoid) stayed at 9, and nothing moved it."),
    ],
)
def test_a_change_in_words(one, expected):
    assert plain(sentence(one, date(2025, 11, 14), Cadence.DAY)) == expected


WHOLE = st.integers(-(10**9), 10**9)


@given(st.integers(0, 10**9), st.tuples(WHOLE, WHOLE, WHOLE, WHOLE))
def test_what_is_printed_adds_up(before, parts):
    one = move(before, *parts)
    text = plain(sentence(one, DAY, Cadence.DAY)).removeprefix("For Saturday 11 April 2020 ")
    found = numbers(text)
    if any(parts) and sum(parts):
        said, now, change, *printed = found
        assert said + change == now
        assert sum(printed) == change
        assert len(printed) == len(SAID)
        assert ("(+" in text) == (now > said)
        assert "moved" in text
    else:
        assert found[0] == before
        assert sum(found[1:]) == 0
        assert "stayed" in text
    assert "+0" not in text
    assert "-0" not in text


def test_the_post_says_why_the_leading_forecast_moved(split):
    (one,) = moved(Book(split), DAY)
    assert plain(one.sentence).startswith(
        "For Sunday 12 April 2020 the forecast (Sigmoid) moved from 1 210 to 1 275 (+65)"
    )
    assert [each.title for each in one.moves] == ["No change", "Sigmoid"]
    assert [plain(words) for words in one.moves[0].part_words] == ["+29 861", "0", "0", "0"]


def test_the_section_stands_on_the_post(site, split):
    text = render.pages(site, [split])["made-up/2020-04-11/index.html"].decode()
    section = text.split('id="changes"')[1].split("</section>")[0]
    assert "Why the forecast changed" in section
    assert "<td>+29\u202f861<td>" in section
    assert "data/made-up/changes/2020-04-11.parquet" not in text, "its receipt names none"


def test_without_a_split_nothing_is_said_of_one(record):
    assert moved(Book(record), DAY) == []
    view = post(Book(record), DAY)
    assert view.changes
    assert view.moved == []


def test_a_model_that_was_dropped_and_a_place_that_is_not_split(split):
    others = replace(split, models={"baseline": "No change"}, lead="baseline")
    (one,) = moved(Book(others), DAY)
    assert [each.title for each in one.moves] == ["No change", "sigmoid"]
    assert moved(Book(replace(split, headline="Nowhere")), DAY) == []


def test_targets_are_told_apart_and_one_may_have_none(weekly):
    flu = "wk inc flu hosp"
    frame = splits(("baseline", flu, "US", "2025-02-15", 150.0, 0.0, 0.0, 10.0, 0.0))
    (one,) = moved(Book(replace(weekly, changes={"2025-02-08": frame})), date(2025, 2, 8))
    assert plain(one.sentence) == (
        "Influenza hospital admissions a week: for the week to Saturday 15 February 2025 the forecast (No change) "
        "moved from 150 to 160 (+10): new counts +10, revised history 0, refitting 0, changed code 0."
    )


def test_a_later_split_changes_no_older_post(site, record, split):
    before, after = (render.pages(site, [one]) for one in (record, split))
    for day in ("09", "10"):
        path = f"made-up/2020-04-{day}/index.html"
        assert before[path] == after[path]
    assert before["made-up/2020-04-11/index.html"] != after["made-up/2020-04-11/index.html"]


def test_code_that_changed_under_the_same_version_is_noted(record):
    def notes(*hashes):
        receipts = [
            receipt | ({"code_sha256": code} if code else {})
            for receipt, code in zip(record.receipts, ("a", *hashes), strict=True)
        ]
        return [str(line) for line in post(Book(replace(record, receipts=receipts)), DAY).changes]

    line = "The program's code changed; its version did not."
    assert line in notes("a", "b")
    assert line not in notes("a", "a")
    assert line not in notes(None, "b"), "what an older receipt does not say is not guessed"
