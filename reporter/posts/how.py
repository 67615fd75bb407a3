"""How we know: the models of the feeds, in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from reporter.posts.book import Book, slug
from reporter.posts.record import Method
from reporter.posts.words import listing


@dataclass(frozen=True)
class Explained:
    """A model, and the feeds that it forecasts for.

    Attributes:
        ident: what a link to it ends with.
        leads: the feeds whose pages it leads, named in a row; empty where it leads none.
    """

    ident: str
    title: str
    method: Method
    feeds: str
    leads: str


@dataclass(frozen=True)
class How:
    """What the page says that depends on the settings."""

    models: list[Explained]


def how(books: Iterable[Book]) -> How:
    """Every model of every feed, in the order in which the settings first name them."""
    records = [book.record for book in books]
    first = {model: record for record in records[::-1] for model in record.methods}
    order = list(dict.fromkeys(model for record in records for model in record.methods))
    explained = [
        Explained(
            ident=f"model-{slug(model)}",
            title=first[model].models[model],
            method=first[model].methods[model],
            feeds=listing([record.title for record in records if model in record.methods]),
            leads=listing([record.title for record in records if model == record.lead and model in record.methods]),
        )
        for model in order
    ]
    return How(explained)
