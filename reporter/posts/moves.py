"""Why a forecast moved since the one before, as the record splits it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from reporter.dates import Cadence
from reporter.posts.book import Book, as_dates
from reporter.posts.words import Count, Words, period, say, signed, upper_first
from reporter.schema import PARTS

SAID = {"new_data": "new counts", "revised_history": "revised history", "refit": "refitting", "code": "changed code"}
"""The parts in the order and words of a sentence."""


@dataclass(frozen=True)
class Move:
    """How one model's forecast of one period moved.

    Attributes:
        parts: by the names of `schema.PARTS`; with `before` they add up to `after`, all as whole numbers.
    """

    title: str
    before: Count
    after: Count
    parts: Mapping[str, int]

    @property
    def change(self) -> int:
        """Now less before, as they are printed."""
        return round(self.after.value) - round(self.before.value)

    @property
    def change_words(self) -> Words:
        """The change with its sign."""
        return signed(self.change)

    @property
    def part_words(self) -> list[Words]:
        """The parts with their signs, in the order of `SAID`."""
        return [signed(self.parts[name]) for name in SAID]


@dataclass(frozen=True)
class Moved:
    """What moved the forecasts of one target at the headline place.

    Attributes:
        sentence: of the leading model.
        period: the nearest one that both forecasts speak of.
    """

    title: str
    period: str
    sentence: Words
    moves: list[Move]


def moved(book: Book, day: date) -> list[Moved]:
    """Why forecasts moved, for each target that has a split on record at the headline place."""
    frame = book.record.changes.get(day.isoformat())
    if frame is None:
        return []
    found = [_of_target(book, target, frame[frame["target"] == target]) for target in book.record.targets]
    return [one for one in found if one is not None]


def _of_target(book: Book, target: str, rows: pd.DataFrame) -> Moved | None:
    mine = rows[rows["location"] == book.headline.location]
    if mine.empty:
        return None
    nearest = mine[mine["target_end_date"] == mine["target_end_date"].min()]
    (end,) = set(as_dates(nearest["target_end_date"]))
    moves = {
        str(row["model_id"]): Move(
            book.model_title(str(row["model_id"])),
            Count(row["before"]),
            Count(row["after"]),
            {name: round(row[name]) for name in PARTS},
        )
        for row in nearest.to_dict("records")
    }
    order = [model for model in book.record.models if model in moves]
    order += sorted(set(moves) - set(order))
    title = upper_first(book.target_title(target))
    about = title if len(book.record.targets) > 1 else ""
    line = sentence(moves[book.lead_first(order)[0]], end, book.record.cadence, about)
    return Moved(title, period(end, book.record.cadence), line, [moves[model] for model in order])


def sentence(move: Move, end: date, cadence: Cadence, about: str = "") -> Words:
    """How far a forecast moved, and by what; `about` is the target where a feed has several.

    >>> parts = {"new_data": 52, "revised_history": 9, "refit": 4, "code": 0}
    >>> str(sentence(Move("Sigmoid", Count(1), Count(66), parts), date(2025, 11, 14), Cadence.DAY))
    'For Friday 14 November 2025 the forecast (Sigmoid) moved from 1 to 66 (+65): new counts +52, revised history +9, \
refitting +4, changed code 0.'
    """
    opening = f"{about}: for" if about else "For"
    start = opening, period(end, cadence), move.title
    listed = ", ".join(f"{words} {{}}" for words in SAID.values())
    if move.change:
        pattern = "{} {} the forecast ({}) moved from {} to {} ({}): " + listed + "."
        return say(pattern, *start, move.before, move.after, move.change_words, *move.part_words)
    if any(move.parts.values()):
        return say("{} {} the forecast ({}) stayed at {}: " + listed + ".", *start, move.after, *move.part_words)
    return say("{} {} the forecast ({}) stayed at {}, and nothing moved it.", *start, move.after)
