"""Verdicts that a revision turned: counted over all places, and listed for the one that leads."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from reporter.evaluate import VERDICTS
from reporter.posts.book import Book
from reporter.posts.words import Count, Words, percent, period, periods, say

MOST = 20
"""Rows of the list."""

_SHORT = {"miss": "a miss", "wide": "wide range only", "likely": "inside"}


@dataclass(frozen=True)
class TurnedRow:
    """One forecast, what the first and the latest value made of it."""

    model: str
    when: str
    ahead: str
    said: Count
    first: Count
    latest: Count
    then: str
    now: str
    now_verdict: str


@dataclass(frozen=True)
class Turned:
    """The verdicts of one target that revisions turned."""

    sentence: Words
    rows: list[TurnedRow]


def turned_of(found: pd.DataFrame, judged: int, book: Book) -> Turned:
    """Say how many verdicts turned, and list the newest of the headline place.

    Args:
        found: of `evaluate.turned`: one target, one kind, models with ranges.
        judged: how many forecasts were judged by both values.
    """
    here = found[found["location"] == book.headline.location].head(MOST)
    return Turned(
        sentence=turned_sentence(*_directions(found), judged),
        rows=[_row(book, row) for row in here.to_dict("records")],
    )


def _row(book: Book, row: dict[Any, Any]) -> TurnedRow:
    cadence, end = book.record.cadence, row["target_end_date"].date()
    return TurnedRow(
        model=book.model_title(row["model_id"]),
        when=period(end, cadence),
        ahead=f"{periods(row['horizon'], cadence)} ahead",
        said=Count(row["median"]),
        first=Count(row["first"]),
        latest=Count(row["latest"]),
        then=_SHORT[row["verdict_first"]],
        now=_SHORT[row["verdict_latest"]],
        now_verdict=row["verdict_latest"],
    )


def _directions(found: pd.DataFrame) -> tuple[int, int]:
    """How many verdicts turned for the better, and for the worse."""
    then, now = (pd.Categorical(found[f"verdict_{by}"], VERDICTS).codes for by in ("first", "latest"))
    better = int((now > then).sum())
    return better, len(found) - better


def turned_sentence(better: int, worse: int, judged: int) -> Words:
    """How many verdicts a revision turned, and which way."""
    if not judged:
        return say("No forecast has been judged by both the first and the latest value yet.")
    if not better + worse:
        return say(
            "No revision has turned a verdict: of {} forecasts, all are judged alike by both values.", Count(judged)
        )
    share = percent((better + worse) / judged)
    pattern = f"Of {{}} forecasts judged by both values, revisions turned the verdict on {{}} ({share}): "
    return say(pattern + "{} look better now, {} worse.", *map(Count, (judged, better + worse, better, worse)))
