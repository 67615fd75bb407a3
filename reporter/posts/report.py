"""What a backtest's report says of itself, above the same board as the site's."""

from dataclasses import dataclass
from datetime import date

from reporter.charts import number
from reporter.dates import parse_date
from reporter.posts.board import FeedBoard, feed_board
from reporter.posts.book import Book, written
from reporter.posts.words import listing


@dataclass(frozen=True)
class Report:
    """A backtest's page.

    Attributes:
        asked: what was asked, as (label, words).
        failed: what went wrong, one line each.
    """

    title: str
    feed: str
    asked: list[tuple[str, str]]
    failed: tuple[str, ...]
    board: FeedBoard


def report(book: Book) -> Report:
    """The report of one feed's record."""
    record = book.record
    return Report(
        title=f"Backtest: {record.title}",
        feed=record.name,
        asked=_asked(book),
        failed=record.failed,
        board=feed_board(book, past=True, whole=True),
    )


def _asked(book: Book) -> list[tuple[str, str]]:
    record = book.record
    vintages = [parse_date(receipt["vintage"]["as_of"]) for receipt in record.receipts]
    live = sum(book.is_live(day) for day in book.dates)
    kind = "all made later (backfilled)" if not live else f"{number(live)} made live, the rest later (backfilled)"
    return [
        ("Feed", record.name),
        ("Counted", listing([book.target_title(target) for target in record.targets])),
        ("Vintages", _span(vintages)),
        ("Reference dates", f"{number(len(book.dates))}, {_span(book.dates)}" if book.dates else "none"),
        ("Forecasts", kind if book.dates else "none"),
        ("Models", listing([book.model_title(model) for model in record.models])),
        (
            "Horizons",
            f"up to {number(record.horizons)} {record.cadence.value}{'' if record.horizons == 1 else 's'} ahead",
        ),
        ("Places", number(len(book.places))),
    ]


def _span(days: list[date]) -> str:
    """The first and the last of days in words."""
    if not days:
        return "none"
    first, last = written(min(days)), written(max(days))
    return first if first == last else f"{first} to {last}"
