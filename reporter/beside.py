"""The files beside a page: its share card, and its numbers as CSV and parquet."""

from collections.abc import Sequence

from reporter import cards, sheets
from reporter.posts import share
from reporter.posts.book import Book
from reporter.posts.home import Card
from reporter.posts.numbers import Row, feed_rows, place_rows, post_rows
from reporter.posts.place import PlacePage
from reporter.posts.post import Post

CARD, CSV, PARQUET = "card.png", "data.csv", "data.parquet"

Files = dict[str, bytes]
"""Name in the page's folder → contents."""


def of_feed(brand: str, book: Book, shown: Card) -> Files:
    """Of a feed's own page."""
    return _files(book, share.feed_card(brand, book, shown), feed_rows(book))


def of_post(brand: str, book: Book, view: Post) -> Files:
    """Of a post; like it they use no count that was not known then."""
    return _files(book, share.post_card(brand, book, view), post_rows(book, view))


def of_place(brand: str, book: Book, view: PlacePage) -> Files:
    """Of a place's page."""
    return _files(book, share.place_card(brand, book, view), place_rows(book, view))


def _files(book: Book, card: share.ShareCard, rows: Sequence[Row]) -> Files:
    csv = sheets.comma_separated(rows, targets=len(book.record.targets) > 1)
    return {CARD: cards.draw(card), CSV: csv, PARQUET: sheets.parquet(rows)}
