"""When a feed's counts stopped coming for longer than the settings' patience, and when they came again."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from reporter.posts.book import LOOKBACK, Book, as_dates
from reporter.timeliness import State


@dataclass(frozen=True)
class Pause:
    """A pause between counts that lasted beyond the patience.

    Attributes:
        newest: the newest period counted before it.
        expected: when the next was expected.
        stale: the day on which it was called stale.
        ended: the vintage that ended it; None if it goes on.
        came: the newest period then.
    """

    newest: date
    expected: date
    stale: date
    ended: date | None = None
    came: date | None = None


def pauses(book: Book) -> list[Pause]:
    """Every pause since the forecasts began, among those the last `LOOKBACK` reference dates saw, oldest first.

    A finished story has none.
    """
    record = book.record
    if record.archive:
        return []
    since = date.fromisoformat(book.receipts[book.dates[-LOOKBACK:][0]]["vintage"]["as_of"])
    seen = [(as_of, end) for as_of, end in _seen(book) if as_of >= since]
    found = []
    for (as_of, newest), (after, came) in pairwise(seen):
        pause = _after(book, as_of, newest)
        if after >= pause.stale:
            found.append(Pause(newest, pause.expected, pause.stale, after, came))
    now = record.timeliness
    if seen and now is not None and now.state in (State.STALE, State.RETIRED):
        found.append(_after(book, *seen[-1]))
    return found


def _after(book: Book, as_of: date, newest: date) -> Pause:
    expected = as_of + book.record.cadence.step
    return Pause(newest, expected, expected + timedelta(days=book.record.patience[1] + 1))


def _seen(book: Book) -> list[tuple[date, date]]:
    """Each vintage that brought a newer period than those before, oldest first, and that period."""
    first = book.record.first.dropna(subset="observation")
    newest = first.groupby("as_of")["target_end_date"].max().cummax().drop_duplicates().reset_index()
    return list(zip(as_dates(newest["as_of"]), as_dates(newest["target_end_date"]), strict=True))
