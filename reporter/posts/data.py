"""The data page: where counts come from, what can be downloaded, and how much first values are revised."""

from dataclasses import dataclass

from reporter.dates import day_in_words, kept_under, month_of
from reporter.posts.book import Book, written
from reporter.posts.post import Link
from reporter.posts.record import Attribution
from reporter.posts.revising import Revising, revising
from reporter.posts.words import Count, Words, listing, say, upper_first


@dataclass(frozen=True)
class Download:
    """Files of one kind: a link to the newest of them, and what they hold."""

    links: list[Link]
    what: Words


@dataclass(frozen=True)
class FeedData:
    """A feed's part of the page."""

    feed: str
    title: str
    source: Attribution
    counted: Words
    models: str
    as_of: str | None
    files: list[Download]
    revising: list[Revising]


def feed_data(book: Book, ident: str) -> FeedData:
    """All that the page says of one feed.

    Args:
        ident: what its ids begin with, unique on the page.
    """
    record = book.record
    newest = max(record.vintages, default=None)
    receipt = book.receipts[book.dates[-1]] if book.dates else None
    return FeedData(
        feed=record.name,
        title=record.title,
        source=record.source,
        counted=_counted(book),
        models=listing(list(record.models.values())),
        as_of=None if receipt is None else written(receipt["vintage"]["as_of"]),
        files=_files(book) if book.dates else [],
        revising=[] if newest is None else [
            revising(book, target, newest, f"{ident}r{number}-") for number, target in enumerate(record.targets)
        ],
    )  # fmt: skip


def _counted(book: Book) -> Words:
    """What is counted, where, and from which vintages that is known."""
    record, places = book.record, len(book.record.places)
    what = listing([book.target_title(target) for target in record.targets])
    where = f"at {Count(places)} places" if places != 1 else "in {}"
    named = [book.places[location].name for location in record.places["location"]] if places == 1 else []
    if not record.vintages:
        return say(f"{{}}, {where}. Nothing is on record yet.", upper_first(what), *named)
    oldest, newest = (day_in_words(day, weekday=False) for day in (min(record.vintages), max(record.vintages)))
    number_of = len(record.vintages)
    when = f"on {oldest}" if number_of == 1 else f"on {Count(number_of)} dates from {oldest} to {newest}"
    return say(f"{{}}, {where}, as they were known {when}.", upper_first(what), *named)


def _files(book: Book) -> list[Download]:
    """What is in the feed's folder of the record, the newest of each kind; a date of it is on record."""
    record, newest = book.record, book.dates[-1]
    receipt = book.receipts[newest]
    spoke = [model for model, entry in receipt["models"].items() if "sha256" in entry]
    asked = any(one.asked is not None for one in record.upstreams)

    def links(*paths: str) -> list[Link]:
        return [Link(path, f"data/{record.name}/{path}") for path in paths]

    def beside(name: str) -> list[Link]:
        newest_of = [day for day in book.dates if book.receipts[day].get(name)][-1:]
        return links(*(f"{name}/{kept_under(day, newest)}.parquet" for day in newest_of))

    month = "One file a day, and one a month once that is long over"
    found = [
        (
            links(f"vintages/{max(record.vintages)}.parquet") if record.vintages else [],
            f"The counts as known at each date: what was new or had changed since the vintage before. {month}.",
        ),
        (
            links(*(f"model-output/{model}/{newest}-{model}.parquet" for model in spoke)),
            f"Every forecast ever made, 23 quantiles each. {month}.",
        ),
        (
            links(f"receipts/{newest}.json"),
            f"What the forecasts of a date were made from, when, and with what, with hashes of all of it. {month}.",
        ),
        (beside("changes"), f"Why each median moved since the forecast before. {month}."),
        (
            beside("estimates"),
            f"What models of curves said of each wave: its beginning, turn, growth and final size. {month}.",
        ),
        (beside("lessons"), f"How the networks learnt: their losses, and what they leaned on. {month}."),
        (
            links("target-data/time-series.parquet", "target-data/oracle-output.parquet"),
            "The latest counts, and those of them that forecasts are held against.",
        ),
        (
            links(f"scores.parquet/{month_of(newest)}.parquet"),
            "How right every forecast was, against first and latest values. One file a month of reference dates.",
        ),
        (
            links(f"said.parquet/{month_of(newest)}.parquet"),
            "What led at each date, in five quantiles: what the pages of places look back at. One file a month.",
        ),
        (
            links("peer-scores.parquet") if record.peers else [],
            "The same of other teams\u2019 forecasts.",
        ),
        (links("revisions.csv"), "How much first values are revised, by age and place: the figures above."),
        (
            links("hub-config/tasks.json", "hub-config/admin.json", "hub-config/target-data.json"),
            "What makes the folder a forecast hub that other people\u2019s tools can read (hubverse).",
        ),
        (
            links(*(f"model-metadata/{model}.yml" for model in spoke)),
            "What each model is, who answers for it, and under which licence its forecasts are.",
        ),
        (links("runs.jsonl"), "Every run: how long it took, what was new, what failed."),
        (links("series.json"), "Every place and target that was ever forecast, and since when."),
        (links("sources.json") if asked else [], "What each source last said, and which one is in use."),
    ]
    return [Download(listed, say(what)) for listed, what in found if listed]
