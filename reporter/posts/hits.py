"""How the forecasts of one place held, one period ahead: a calendar, and how many of each kind in a sentence."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from reporter.charts import calendar, number
from reporter.dates import Cadence, day_in_words
from reporter.posts.book import Book, Place, Series
from reporter.posts.judge import LIKELY, MISS, POINT, SURE
from reporter.posts.past import Said, day_of
from reporter.posts.words import Words, listing, periods, say, upper_first
from reporter.schema import Floats

_WORDS = {
    "likely": "inside the likely range",
    "more": "above it, inside the wide one",
    "less": "below it, inside the wide one",
    "over": "above both: a miss",
    "under": "below both: a miss",
    "point": "no range to hold",
}
LINKED = 30
"""So many of the newest cells lead to the post of their day; all of them stand in the table."""


@dataclass(frozen=True)
class Cell:
    """One judged forecast one period ahead.

    Attributes:
        kind: of `charts.calendar.MARKS`.
        live: how it was made.
    """

    day: date
    kind: str
    live: bool


@dataclass(frozen=True)
class Hits:
    """The calendar of a series.

    Attributes:
        svg: inline SVG.
        size: its width and height.
        links: (address from the feed's folder, x, y, tip) of cells that lead to a post.
        sentence: how many of each kind, in words.
        key: what the cells look like, as (kind, words).
        side: of a cell.
    """

    svg: str
    size: tuple[int, int]
    links: list[tuple[str, int, int, str]]
    sentence: Words
    key: list[tuple[str, str]]
    side: int = calendar.SIDE


def verdicts(said: Said, first: Mapping[date, float]) -> list[str | None]:
    """Of each row the narrowest range that held the first value, as `judge.verdict`; None where nothing came."""
    was = np.array([first.get(day_of(end), np.nan) for end in said.ends.tolist()])
    low, q25, _, q75, high = said.values.T
    found = np.where((low <= was) & (was <= high), SURE, MISS)
    found = np.where((q25 <= was) & (was <= q75), LIKELY, found)
    found = np.where(low == high, POINT, found)
    return [None if gone else str(word) for gone, word in zip(np.isnan(was), found, strict=True)]


def cells(book: Book, series: Series) -> list[Cell]:
    """Every judged forecast of the lead one period ahead, oldest first."""
    said, first = book.past.said(series), book.first.get(series, {})
    lead = book.record.lead
    found = []
    for row, verdict in enumerate(verdicts(said, first)):
        if said.horizons[row] != 1 or said.models[row] != lead or verdict is None:
            continue
        day, reference = day_of(int(said.ends[row])), day_of(int(said.references[row]))
        if reference in book.receipts:
            found.append(Cell(day, kind(verdict, said.values[row], first[day]), book.is_live(reference)))
    return found


def kind(verdict: str, quantiles: Floats, was: float) -> str:
    """What the cell of a forecast looks like.

    Args:
        verdict: of `judge.verdict`.
        quantiles: in the order of `SAID_LEVELS`.
        was: the count.
    """
    if verdict in (LIKELY, POINT):
        return {LIKELY: "likely", POINT: "point"}[verdict]
    above = was > quantiles[2]
    return {(SURE, True): "more", (SURE, False): "less", (MISS, True): "over", (MISS, False): "under"}[verdict, above]


def hits(book: Book, target: str, place: Place, ident: str) -> Hits | None:
    """The calendar of a place; None where nothing was judged."""
    judged, cadence = cells(book, (target, place.location)), book.record.cadence
    if not judged:
        return None
    newest = judged[-1].day
    since = calendar.shown(newest, cadence)
    judged = [cell for cell in judged if cell.day >= since]
    held = {cell.day: cell.kind for cell in judged}
    title = f"{upper_first(book.target_title(target))}, {place.name}: which forecasts held"
    sentence = _sentence(judged, cadence)
    layout = calendar.laid_out(held, newest, cadence)
    svg = calendar.drawn(layout, held, ident, title, str(sentence))
    links = [
        (f"../{cell.day}/", *layout.places[cell.day], f"{day_in_words(cell.day, year=False)}: {_WORDS[cell.kind]}")
        for cell in judged[-LINKED:]
        if cell.day in book.receipts and cell.day in layout.places
    ]
    there = [(one, words) for one, words in _WORDS.items() if one in held.values()]
    return Hits(svg, layout.size, links, sentence, there)


def _sentence(judged: list[Cell], cadence: Cadence) -> Words:
    """How many forecasts one period ahead held, and which way the others erred."""
    counts = Counter(cell.kind for cell in judged)
    ahead = periods(1, cadence)
    of = f"the forecast {ahead} ahead" if len(judged) == 1 else f"{number(len(judged))} forecasts {ahead} ahead"
    parts = [
        f"{number(counts[one])} {_were(counts[one])} {words}"
        for one, words in (
            ("likely", "inside the likely range"),
            ("more", "above it but inside the wide one"),
            ("less", "below it but inside the wide one"),
            ("over", "above both"),
            ("under", "below both"),
            ("point", "one number without a range"),
        )
        if counts[one]
    ]
    since = day_in_words(judged[0].day, weekday=False)
    where = f"Of {of} since {since}" if len(judged) > 1 else f"Of {of}, for {since}"
    return say(f"{where}, {listing(parts)}.")


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
