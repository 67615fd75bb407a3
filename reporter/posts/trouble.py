"""What went wrong in a run: a sentence for readers, and beside it the line for whoever runs the blog."""

from collections.abc import Iterator
from dataclasses import dataclass

from reporter.dates import day_in_words
from reporter.posts.book import Book
from reporter.posts.record import Upstream


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong.

    Attributes:
        sentence: what it means for the page.
        line: what happened, in the run's own words.
    """

    sentence: str
    line: str


def troubles(book: Book) -> list[Trouble]:
    """What went wrong in the run, in its order."""
    return [Trouble(next(_sentences(book, line)), line) for line in book.record.failed]


def is_of(line: str, one: Upstream) -> bool:
    """Whether a line says why a source failed."""
    return one.failed is not None and line.endswith(one.failed)


def _sentences(book: Book, line: str) -> Iterator[str]:
    """What can be said of a line, the most telling first."""
    record = book.record
    for one in record.upstreams:
        if is_of(line, one):
            yield _of_source(book, one)
    for one in record.upstreams:
        if one.failed is None and line.startswith(f"{record.name}: {one.name}: "):
            yield f"A part of what {_short(one)} publishes could not be had this time; the rest was used."
    for model, entry in (record.receipts[-1]["models"] if record.receipts else {}).items():
        if "error" in entry and line.startswith(f"{record.name}: {model} failed for "):
            yield f"The model {book.model_title(model)} failed, and nothing new is published for it."
    for peer in record.peers:
        if line.startswith(f"{record.name}: {peer.title}: "):
            yield f"Other teams\u2019 forecasts could not be read ({peer.title}); their scores are those of before."
    yield "Something went wrong in this run. For whoever runs this blog:"


def _of_source(book: Book, one: Upstream) -> str:
    record = book.record
    failed = f"Nothing new could be taken from {_short(one)} this time"
    instead = [other for other in record.upstreams if other.in_use and other.failed is None]
    if instead:
        return f"{failed}; the counts come from {_short(instead[0])} instead."
    if not record.vintages:
        return f"{failed}, and there are no counts from before."
    return f"{failed}; the counts are those of {day_in_words(max(record.vintages), weekday=False)}."


def _short(one: Upstream) -> str:
    """A source's name in a sentence: without what it counts."""
    return "the file of counts" if one.name == "file" else one.attribution.title.partition(":")[0]
