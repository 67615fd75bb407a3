"""How much the first values of one place moved since: a sentence, a chart and a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median

from reporter import charts
from reporter.charts import number
from reporter.dates import Cadence, day_in_words
from reporter.posts.book import Book, Place
from reporter.posts.figures import Chart
from reporter.posts.revising import change_words
from reporter.posts.words import Count, Words, join, period, periods, say, upper_first

NEWEST = {Cadence.DAY: 42, Cadence.WEEK: 30}
"""How many of the newest periods are looked at."""

LISTED = 10
"""Rows of the table: the newest of those that were changed."""


@dataclass(frozen=True)
class Change:
    """A count that was changed after it was first published."""

    when: str
    first: Count
    latest: Count
    change: str


@dataclass(frozen=True)
class Firsts:
    """What became of a place's first values; no chart where nothing moved."""

    sentence: Words
    chart: Chart | None
    rows: list[Change]


def firsts(book: Book, target: str, place: Place, ident: str) -> Firsts | None:
    """What became of the first values of the newest periods; None before there are two."""
    series, cadence = (target, place.location), book.record.cadence
    newest, since = book.dates[-1], book.dates[-1] - NEWEST[cadence] * cadence.step
    latest = book.latest.get(series, {})
    # What was published before the first vintage was never seen when it was new.
    start = max(since, min(book.record.vintages, default=book.dates[0] - cadence.step))
    found = book.first.get(series, {})
    first = {day: value for day, value in found.items() if start < day <= newest and day in latest}
    if len(first) < 2:  # noqa: PLR2004 - periods
        return None
    moved = {day: value for day, value in first.items() if latest[day] != value}
    sentence = _sentence(first, moved, latest, cadence)
    if not moved:
        return Firsts(sentence, None, [])
    chart = Chart(
        ident=ident,
        figure=charts.firsts.firsts(first, {day: latest[day] for day in first}),
        title=upper_first(f"{book.target_title(target)}, {place.name}: first and latest values"),
        description=str(sentence),
        key=(("hollow", "first value"), ("counted", "latest value")),
        interactive=False,
    )
    rows = [
        Change(day_in_words(day, year=False), Count(first[day]), Count(latest[day]), _share(first[day], latest[day]))
        for day in sorted(moved, reverse=True)[:LISTED]
    ]
    return Firsts(sentence, chart, rows)


def _sentence(
    first: Mapping[date, float], moved: Mapping[date, float], latest: Mapping[date, float], cadence: Cadence
) -> Words:
    of = f"Of the newest {periods(len(first), cadence)}\u2019 first values"
    if not moved:
        return say(f"{of} none was changed later.")
    raised = sum(latest[day] > value for day, value in moved.items())
    lowered = len(moved) - raised
    sides = [f"{number(many)} {word}" for many, word in ((raised, "raised"), (lowered, "lowered")) if many]
    words = say(f"{of} {' and '.join(sides)} later.")
    shares = {day: abs(latest[day] / value - 1) for day, value in moved.items() if value > 0}
    if not shares:
        return words
    most = max(shares, key=lambda day: shares[day])
    largest = change_words(latest[most] / first[most] - 1)
    if len(shares) == 1:
        return join([words, say(f"That of {period(most, cadence)} moved by {largest}.")])
    typical = change_words(median(shares.values())).removeprefix("+")
    line = f"Those that moved did so by {typical} (the median), most of all that of {period(most, cadence)}: {largest}."
    return join([words, say(line)])


def _share(first: float, latest: float) -> str:
    return change_words(latest / first - 1) if first > 0 else "\u2013"
