"""What calibration did to the ensemble's ranges: how often they held before and after it."""

from dataclasses import dataclass

import pandas as pd

from reporter.charts import number
from reporter.posts.book import Book
from reporter.posts.standing import kind_words
from reporter.posts.verdict import score_words, tasks_words
from reporter.posts.words import NARROW, Words, percent, say, upper_first

BEFORE, AFTER = "blend", "ensemble"
"""The model_id of the ensemble before calibration, and after it."""

_TASK = ["target", "live", "location", "reference_date", "horizon"]
_MEANS = ["covered_50", "covered_95", "wis"]


@dataclass(frozen=True)
class CalibratedRow:
    """One target, on live or on backfilled forecasts; the shares that held and the mean score, before → after."""

    title: str
    kind: str
    likely: str
    wide: str
    wis: str
    tasks: str


@dataclass(frozen=True)
class Calibrated:
    """What calibration did, for one feed."""

    ident: str
    findings: list[Words]
    rows: list[CalibratedRow]


def calibrated(book: Book, scores: pd.DataFrame, ident: str) -> Calibrated | None:
    """Compare the ensemble before and after calibration, on the tasks of both; None where there are none.

    Args:
        book: the feed's.
        scores: rows of `evaluate.SCORES`; those against first values count.
        ident: of the block, unique on the page.
    """
    first = scores[scores["against"] == "first"]
    before, after = (first.loc[first["model_id"] == model, [*_TASK, *_MEANS]] for model in (BEFORE, AFTER))
    both = before.merge(after, on=_TASK, suffixes=("_before", "_after"))
    rows = [
        _row(mine, book.target_title(target), live=live)
        for target in book.record.targets
        for live in (True, False)
        if not (mine := both[(both["target"] == target) & (both["live"] == live)]).empty
    ]
    found = [(live, both[both["live"] == live]) for live in (True, False)]
    findings = [_finding(mine, live=live) for live, mine in found if not mine.empty]
    return Calibrated(ident, findings, rows) if rows else None


def _pairs(mine: pd.DataFrame) -> list[tuple[float, float]]:
    """The means of each of `_MEANS` before and after."""
    return [(float(mine[f"{name}_before"].mean()), float(mine[f"{name}_after"].mean())) for name in _MEANS]


def _row(mine: pd.DataFrame, title: str, *, live: bool) -> CalibratedRow:
    likely, wide, wis = _pairs(mine)
    return CalibratedRow(
        title=upper_first(title),
        kind="made live" if live else "made later",
        likely=f"{_bare(likely[0])} \u2192 {percent(likely[1])}",
        wide=f"{_bare(wide[0])} \u2192 {percent(wide[1])}",
        wis=f"{score_words(wis[0])} \u2192 {score_words(wis[1])}",
        tasks=number(len(mine)),
    )


def _bare(share: float) -> str:
    """A share in percent, whose sign stands after the next."""
    return percent(share).removesuffix(f"{NARROW}%")


def _finding(mine: pd.DataFrame, *, live: bool) -> Words:
    """What the ranges held before and after, and whether the error grew or shrank."""
    likely, wide, wis = _pairs(mine)
    held = [f"{percent(before)} of counts before and {percent(after)} after" for before, after in (likely, wide)]
    return say(
        f"Forecasts {kind_words(live=live)}: the 50{NARROW}% ranges held {held[0]}, the 95{NARROW}% ranges {held[1]}; "
        f"{_errors(*wis)} ({tasks_words(len(mine))})."
    )


def _errors(before: float, after: float) -> str:
    """How the mean score moved.

    >>> _errors(10.0, 9.0), _errors(10.0, 10.0), _errors(0.0, 1.0)
    ('the error (WIS) became 10\u202f% smaller', 'the error (WIS) stayed as it was', 'the error (WIS) grew from 0')
    """
    if before == after:
        return "the error (WIS) stayed as it was"
    if before == 0:
        return "the error (WIS) grew from 0"
    way = "smaller" if after < before else "larger"
    return f"the error (WIS) became {percent(abs(after / before - 1))} {way}"
