"""Odd counts in words: what was marked, what was usual there, and what was done about it."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

import numpy as np

from reporter import marks
from reporter.dates import Cadence, day_in_words
from reporter.posts.book import Book, Series
from reporter.posts.words import Count, Words, listing, periods, say, signed
from reporter.schema import is_cumulative

MOST_LISTED = 10
"""Rows of a list of marks; older ones are counted."""

RUNS = ("zeros", "missing")
"""Kinds whose periods in a row are one row."""


@dataclass(frozen=True)
class Odd:
    """A marked period.

    Attributes:
        value: as published; None where nothing was.
        new: counts of the period; None where it cannot be said.
        usual: counts a period around it; None where nothing says it.
        provisional: whether it is too new to tell.
        acts: whether models see something else.
    """

    day: date
    kind: marks.Kind
    value: float | None
    new: float | None
    usual: float | None
    provisional: bool
    acts: bool


@dataclass(frozen=True)
class MarkRow:
    """A row of the list of marks."""

    when: str
    what: str
    published: Words
    usual: Words
    done: str


@dataclass(frozen=True)
class MarkList:
    """The marks on one series: the newest in rows, and how many more there are."""

    rows: list[MarkRow]
    more: str | None


def find(counts: dict[date, float], target: str, reference: date, cadence: Cadence) -> list[Odd]:
    """The marks on one series as known at a date, oldest first.

    Args:
        counts: by period end.
        target: in hub words.
        reference: the last period looked at.
        cadence: of the periods.
    """
    if not counts:
        return []
    steps = (reference - min(counts)) // cadence.step
    days = [reference - n * cadence.step for n in range(steps, -1, -1)]
    row = np.array([[counts.get(day, np.nan) for day in days]], dtype=np.float64)
    cumulative = np.array([is_cumulative(target)])
    found = marks.find(row, cumulative, cadence)
    acts = marks.acts(found, cumulative, cadence)[0]
    return [
        Odd(
            days[column],
            marks.KINDS[found.kind[0, column]],
            counts.get(days[column]),
            _known(found.new[0, column]),
            _known(found.usual[0, column]),
            bool(found.provisional[0, column]),
            bool(acts[column]),
        )
        for column in np.flatnonzero(found.kind[0] != marks.NONE).tolist()
    ]


def marks_on(book: Book, series: Series, reference: date) -> list[Odd]:
    """The marks on one series as known when `reference` was forecast from; looked for once."""
    found = book.marks.get((reference, series))
    if found is None:
        counts = book.known(reference, series)
        found = book.marks[reference, series] = find(counts, series[0], reference, book.record.cadence)
    return found


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def mark_list(found: list[Odd], target: str, cadence: Cadence) -> MarkList:
    """Marks in rows, newest first; periods in a row of one kind, and days of the week, are one row."""
    rests = [odd for odd in found if odd.kind == "weekday"]
    others = [odd for odd in found if odd.kind != "weekday"]
    stretches: list[list[Odd]] = [rests] if rests else []
    place = {odd.day: number for number, odd in enumerate(others)}
    for _, group in groupby(others, key=lambda odd: _run_of(odd, place[odd.day], cadence)):
        stretches.append(list(group))
    stretches.sort(key=lambda stretch: stretch[-1].day, reverse=True)
    rows = [_row(stretch, cumulative=is_cumulative(target), cadence=cadence) for stretch in stretches[:MOST_LISTED]]
    return MarkList(rows, more_words(len(stretches) - len(rows)))


def _run_of(odd: Odd, number: int, cadence: Cadence) -> tuple[object, ...]:
    """The same for periods of one run, and for no others."""
    if odd.kind not in RUNS:
        return (odd.day,)
    return (odd.kind, odd.provisional, odd.day - number * cadence.step)


def more_words(number_of: int) -> str | None:
    """How many marks are not listed.

    >>> more_words(0), more_words(1), more_words(12)
    (None, 'One older mark is not listed.', '12 older marks are not listed.')
    """
    if number_of <= 0:
        return None
    return "One older mark is not listed." if number_of == 1 else f"{Count(number_of)} older marks are not listed."


def _row(stretch: list[Odd], *, cumulative: bool, cadence: Cadence) -> MarkRow:
    newest = stretch[-1]
    return MarkRow(
        when=_when(stretch, cadence),
        what=_what(stretch, cumulative=cumulative, cadence=cadence),
        published=_published(newest, cumulative=cumulative),
        usual=_usual(newest, cumulative=cumulative),
        done=done(newest, cadence, cumulative=cumulative),
    )


def _when(stretch: list[Odd], cadence: Cadence) -> str:
    """One day, or the first and last of several and how many they are."""
    first, last = stretch[0].day, stretch[-1].day
    if first == last:
        return day_in_words(last)
    return f"{day_in_words(first)} to {day_in_words(last)}, {periods(len(stretch), cadence)}"


def drawn(found: list[Odd]) -> list[Odd]:
    """Those that a chart shows: a gap shows itself, and a day of rest comes every week."""
    return [odd for odd in found if odd.kind not in ("missing", "weekday")]


def why(odd: Odd, target: str, cadence: Cadence) -> str:
    """What a mark says of a count, in a few words."""
    return _what([odd], cumulative=is_cumulative(target), cadence=cadence)


def _what(stretch: list[Odd], *, cumulative: bool, cadence: Cadence) -> str:
    newest = stretch[-1]
    if newest.kind == "weekday":
        days = dict(sorted((odd.day.weekday(), f"{day_in_words(odd.day).split()[0]}s") for odd in stretch))
        return f"nothing is reported on {listing(list(days.values()))}"
    words: dict[marks.Kind, str] = {
        "missing": "no count, which is not zero",
        "negative": "the total fell" if cumulative else "a negative count",
        "zeros": f"nothing new {'after' if newest.provisional else 'between'} counts well above zero",
        "dump": f"the counts of several {cadence.value}s at once",
        "spike": "far above the counts around it",
    }
    return words[newest.kind]


def _published(odd: Odd, *, cumulative: bool) -> Words:
    if odd.value is None:
        return say("nothing")
    if cumulative and odd.new is not None:
        return say("{} ({})", Count(odd.value), signed(odd.new))
    return Words((Count(odd.value),))


def _usual(odd: Odd, *, cumulative: bool) -> Words:
    if odd.usual is None or odd.kind == "weekday":
        return Words(("\u2013",))
    return signed(odd.usual) if cumulative else Words((Count(odd.usual),))


def done(odd: Odd, cadence: Cadence, *, cumulative: bool) -> str:
    """What models see instead."""
    how = marks.how(odd.kind, cadence, cumulative=cumulative)
    if odd.kind == "missing":
        return "missing"
    if how is None:
        return "as published"
    return how if odd.acts else "as published: too new to tell"
