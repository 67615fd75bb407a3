"""The track record beside a range: how often the ranges of the newest forecasts held."""

from dataclasses import dataclass
from datetime import date

from reporter.charts import number
from reporter.posts.book import Book, Series
from reporter.posts.comparison import judgements, lead_of
from reporter.posts.judge import LIKELY, MISS, POINT
from reporter.posts.standing import held_sentence, kind_words
from reporter.posts.words import Words, join, periods

WITHIN = {"day": 60, "week": 52}
"""Among how many of the newest reference dates judged forecasts are counted."""

FEW = 10
"""With fewer forecasts nothing is said of how many a right range would have held."""


@dataclass(frozen=True)
class Track:
    """How often the lead's two ranges held, one period ahead.

    Attributes:
        tasks: the forecasts that are counted, all live or all backfilled.
        ahead: how far ahead, in words.
    """

    likely: int
    wide: int
    tasks: int
    ahead: str
    live: bool

    @property
    def sentence(self) -> Words:
        """The record, and what right ranges would have held."""
        words = held_sentence(self.likely, self.wide, self.tasks, self.ahead, kind_words(live=self.live))
        if self.tasks < FEW:
            return words
        right = f"Right ranges hold about {number(0.5 * self.tasks)} and {number(0.95 * self.tasks)} times in so many."
        return join([words, right])

    @property
    def likely_words(self) -> str:
        """The record of the likely range, for a table."""
        return f"{number(self.likely)} of {number(self.tasks)}"

    @property
    def wide_words(self) -> str:
        """The record of the wide range, for a table."""
        return f"{number(self.wide)} of {number(self.tasks)}"


def track(book: Book, series: Series, day: date) -> Track | None:
    """How the lead did on a series, by `day` and as counted then, on forecasts of that day's kind.

    None where none of its forecasts with a range can be judged.
    """
    record = book.record
    live, through = book.is_live(day), book.dates.index(day) + 1
    results: list[str] = []
    for earlier in book.dates[max(through - WITHIN[record.cadence.value], 0) : through]:
        reference = book.judged(earlier)
        if reference is None or earlier - reference != record.cadence.step or book.is_live(reference) != live:
            continue
        lead = lead_of(book, judgements(book, series, earlier))
        if lead is not None and lead.model == record.lead and lead.verdict != POINT:
            results.append(lead.verdict)
    if not results:
        return None
    wide = len(results) - results.count(MISS)
    return Track(results.count(LIKELY), wide, len(results), f"{periods(1, record.cadence)} ahead", live)
