"""How much first values are revised, in sentences, a chart and a table."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from reporter.charts import lags, number
from reporter.dates import Cadence, day_in_words
from reporter.posts.book import Book
from reporter.posts.figures import Chart
from reporter.posts.words import Count, Words, join, percent, periods, say, upper_first

LEAST = 20
"""Periods without which nothing is said."""

STAYS = 0.95
"""The share of counts that has to have all but settled."""

WORTH = 0.01
"""A fall of one in twenty that is smaller is not worth a sentence."""

_LISTED = (*range(8), 10, 14, 21, 28)
"""Lags of the table; the chart has all."""


@dataclass(frozen=True)
class LagRow:
    """What became of the counts that were known at one lag."""

    known: str
    raised: str
    lowered: str
    middle: str
    half: str
    most: str
    close: str
    counts: str


@dataclass(frozen=True)
class Revising:
    """How one target is revised.

    Attributes:
        sentences: None where nothing can be said; `rests` says why then.
    """

    ident: str
    title: str
    sentence: Words | None
    settling: Words | None
    rests: Words
    chart: Chart | None
    rows: list[LagRow]
    step: str


def revising(book: Book, target: str, newest: date, ident: str) -> Revising:
    """All that is said of a target's revisions.

    Args:
        newest: the newest vintage.
        ident: what its ids begin with.
    """
    cadence = book.record.cadence
    mine = book.record.revisions
    mine = mine[(mine["target"] == target) & mine["location"].isna()]
    first = mine[mine["known"] == "first"].to_dict("records")
    by_lag = mine[mine["known"] == "lag"].sort_values("lag")
    title = upper_first(book.target_title(target))
    seen = int(first[0]["periods"]) if first else 0
    most = int(by_lag["lag"].max()) if len(by_lag) else 0
    if seen < LEAST:
        return Revising(ident, title, None, None, too_few(seen, cadence), None, [], cadence.value)
    places = len(book.record.places)
    return Revising(
        ident=ident,
        title=title,
        sentence=first_sentence(first[0]),
        settling=settling_sentence(by_lag, cadence),
        rests=_rests(first[0], cadence, places, most, newest),
        chart=_chart(by_lag, int(first[0]["lag"]), cadence, title, ident),
        rows=[_row("first value", first[0]), *_lag_rows(by_lag, cadence)],
        step=cadence.value,
    )


def first_sentence(row: dict[Any, Any]) -> Words:
    """What became of first values."""
    if not row["revised"]:
        return say("No count was changed after it was first published.")
    moved = say(
        f"A count, as first published, was raised later in {in_100(row['raised'])} of 100 cases and lowered in "
        f"{in_100(row['lowered'])}."
    )
    if math.isnan(row["q50"]):
        return moved
    typical = "none" if row["q50"] == 0 else change_words(row["q50"])
    sides = []
    if row["q95"] > 0:
        sides.append(f"one in twenty grew by {percent(row['q95'])} or more")
    if row["q05"] <= -WORTH:
        sides.append(f"one in twenty shrank by {percent(row['q05'])} or more")
    return join([moved, "; ".join([f"The typical change (the median) is {typical}", *sides]) + "."])


def settling_sentence(by_lag: pd.DataFrame, cadence: Cadence) -> Words | None:
    """When counts have all but settled."""
    rows = by_lag.dropna(subset="close").to_dict("records")
    if not rows:
        return None
    last = rows[-1]
    if last["close"] < STAYS:
        share, age = percent(1 - last["close"]), periods(int(last["lag"]), cadence)
        return say(f"Even of counts that were {age} old, {share} still changed by more than 5\u202f%.")
    since = last
    for row in reversed(rows):
        if row["close"] < STAYS:
            break
        since = row
    age = "the first day" if since["lag"] == 0 else f"an age of {periods(int(since['lag']), cadence)}"
    return say(f"From {age} on, a count changes by no more than 5\u202f% in 95 of 100 cases or more.")


def too_few(seen: int, cadence: Cadence) -> Words:
    """Why nothing is said."""
    there = f"only {periods(seen, cadence)} are" if seen != 1 else f"only one {cadence.value} is"
    had = "none is" if seen == 0 else there
    return say(
        f"Nothing can be said yet of how first values are revised: that takes {LEAST} {cadence.value}s that were seen "
        f"both when they were new and once they were old, and {had} there."
    )


def _rests(row: dict[Any, Any], cadence: Cadence, places: int, most: int, newest: date) -> Words:
    """What the figures rest on."""
    since, through = (day_in_words(row[name].date(), weekday=False) for name in ("since", "through"))
    ends = "of" if cadence is Cadence.DAY else "that ended"
    where = "" if places == 1 else f" at {number(places)} places"
    return say(
        f"This rests on {{}} counts: {periods(int(row['periods']), cadence)} {ends} {since} to {through}{where}, as "
        f"first published and as known on {day_in_words(newest, weekday=False)}, {periods(most, cadence)} later or "
        "more.",
        Count(row["counts"]),
    )


def _chart(by_lag: pd.DataFrame, first: int, cadence: Cadence, title: str, ident: str) -> Chart | None:
    rows = by_lag[by_lag["periods"] >= LEAST].dropna(subset="q50").to_dict("records")
    if len(rows) < 2:  # noqa: PLR2004 - a line
        return None
    changes = [
        lags.Change(
            lag=int(row["lag"]),
            middle=row["q50"],
            half=(row["q25"], row["q75"]),
            most=(row["q025"], row["q975"]),
            text="<br>".join(
                [
                    f"as known {periods(int(row['lag']), cadence)} later",
                    f"the middle {change_words(row['q50'])}",
                    f"half {span_words(row['q25'], row['q75'])}",
                    f"19 in 20 {span_words(row['q025'], row['q975'])}",
                ]
            ),
        )
        for row in rows
    ]
    ends = [f"{change_words(row['q50'])} at {periods(int(row['lag']), cadence)}" for row in (rows[0], rows[-1])]
    cut = lags.is_cut(changes)
    axis = f"From left to right the age of a count: {cadence.value}s from the end of its {cadence.value}."
    return Chart(
        ident=f"{ident}lags",
        figure=lags.lags(changes, first),
        title=f"What became of counts, by how old they were: {title}",
        description=f"The middle of the changes still to come goes from {ends[0]} to {ends[1]}.",
        key=(("counted", "the middle change"), ("likely", "half of all"), ("sure", "19 in 20")),
        note=say(axis + (" Beyond +300\u202f% and \u221275\u202f% the chart is cut; the table is not." if cut else "")),
    )


def _lag_rows(by_lag: pd.DataFrame, cadence: Cadence) -> list[LagRow]:
    rows = by_lag[by_lag["lag"].isin(_LISTED)].to_dict("records")
    return [_row(f"{periods(int(row['lag']), cadence)} on" if row["lag"] else "the same day", row) for row in rows]


def _row(known: str, row: dict[Any, Any]) -> LagRow:
    return LagRow(
        known=upper_first(known),
        raised=percent(row["raised"]),
        lowered=percent(row["lowered"]),
        middle=change_words(row["q50"]),
        half=span_words(row["q25"], row["q75"]),
        most=span_words(row["q025"], row["q975"]),
        close="\u2013" if math.isnan(row["close"]) else percent(row["close"]),
        counts=number(row["counts"]),
    )


def in_100(share: float) -> str:
    """A share in a hundred cases; never a false 0 or 100.

    >>> in_100(0.731), in_100(0.002), in_100(1.0), in_100(0.998)
    ('73', 'less than one', '100', 'more than 99')
    """
    if 0 < share <= 0.005:  # noqa: PLR2004 - would round to 0
        return "less than one"
    return "more than 99" if 0.995 <= share < 1 else number(100 * share)  # noqa: PLR2004 - would round to 100


def change_words(change: float) -> str:
    r"""A relative change with its sign.

    >>> ascii(change_words(0.08)), ascii(change_words(float("nan")))
    ("'+8.0\\u202f%'", "'\\u2013'")
    """
    if math.isnan(change):
        return "\u2013"
    if change == 0:
        return "0"
    return f"{'+' if change > 0 else chr(0x2212)}{percent(change)}"


def span_words(low: float, high: float) -> str:
    """Two changes, the smaller first."""
    return change_words(low) if low == high else f"{change_words(low)} to {change_words(high)}"
