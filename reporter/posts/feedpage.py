"""A feed's own page: all its places at a glance, every post, every place."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from reporter.dates import day_in_words
from reporter.posts.book import Book
from reporter.posts.freshness import Freshness, freshness
from reporter.posts.glance import Glance, glances
from reporter.posts.home import ListedPost, listed
from reporter.posts.post import Link
from reporter.posts.record import Attribution
from reporter.posts.words import Count, Words, say

NEWEST = 14
"""Posts listed one by one; older ones go by months, where there are many."""

MANY = 45
"""More posts than this are many."""


@dataclass(frozen=True)
class Month:
    """The posts of a month, newest first."""

    title: Words
    posts: list[ListedPost]


@dataclass(frozen=True)
class FeedIndex:
    """Every page of a feed."""

    feed: str
    title: str
    lead: str
    address: str
    fresh: Freshness
    source: Attribution
    newest: ListedPost
    glances: list[Glance]
    posts: list[ListedPost]
    months: list[Month]
    places: list[Link]


def feed_index(book: Book) -> FeedIndex:
    """Every place at a glance, every post, newest first, and every place of a feed."""
    record, posts = book.record, listed(book)
    first = posts if len(posts) <= MANY else posts[:NEWEST]
    return FeedIndex(
        feed=record.name,
        title=record.title,
        lead=book.model_title(record.lead),
        address=f"{record.name}/",
        fresh=freshness(book, book.dates[-1]),
        source=record.source,
        newest=posts[0],
        glances=glances(book),
        posts=first,
        months=months(posts[len(first) :]),
        places=[Link(place.name, f"{place.slug}/") for place in book.places.values()],
    )


def months(posts: list[ListedPost]) -> list[Month]:
    """Posts by the month of their dates."""
    grouped = ((day, list(some)) for day, some in groupby(posts, lambda post: post.day.replace(day=1)))
    return [Month(_titled(day, len(some)), some) for day, some in grouped]


def _titled(month: date, posts: int) -> Words:
    name = day_in_words(month, weekday=False).partition(" ")[2]
    return say(name + ": one post") if posts == 1 else say(name + ": {} posts", Count(posts))
