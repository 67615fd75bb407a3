"""Asking one source for what a feed follows: its downloads, and the counts they hold together."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from reporter import fetch
from reporter.downloads import Downloads
from reporter.errors import SourceError
from reporter.feeds import Feed
from reporter.sources import REGISTRY
from reporter.sources.base import Part, Source

Kept = Mapping[str, Mapping[str, str]]
"""What tells a source which answers we have, by `kept_under` of the address."""


@dataclass(frozen=True)
class Received:
    """What a source sent.

    Attributes:
        parts: the downloads that could be had, with their bodies; none if nothing has changed.
        validators: for the next time.
        lost: why others could not be had, which the source is whole without.
    """

    source: Source
    parts: tuple[tuple[Part, bytes], ...]
    validators: Kept
    lost: tuple[SourceError, ...] = ()

    def counts(self) -> pd.DataFrame:
        """The counts of all parts together.

        Raises:
            SourceError: one of them is not what the source publishes.
        """
        return self.source.combine([(part.parse or self.source.parse)(raw) for part, raw in self.parts])

    def log(self) -> pd.DataFrame | None:
        """The past vintages that are published with them; None if there are none.

        Raises:
            SourceError: as `counts`.
        """
        found = [] if self.source.changes is None else [self.source.changes(raw) for _, raw in self.parts]
        logs = [log for log in found if log is not None]
        return pd.concat(logs, ignore_index=True) if logs else None


def sources_of(feed: Feed) -> list[Source]:
    """The sources of a feed, in their order, at the settings' addresses."""
    sources = [REGISTRY[name] for name in feed.source]
    for number, url in enumerate(feed.url):
        # What lies at one address is read as the first of the downloads that it takes the place of.
        first = next(iter(sources[number].downloads(feed.target)), Part(url=url))
        sources[number] = replace(sources[number], url=url, parts=(replace(first, url=url, targets=()),))
    return sources


def ask(source: Source, feed: Feed, downloads: Downloads | None, kept: Kept) -> Received:
    """Download what a source publishes of a feed's targets, or read the publisher's own file.

    Args:
        downloads: None where nothing is downloaded: only a file at hand can be read then.
        kept: of an answer that was taken in and is still on record.

    Raises:
        SourceError: it cannot be had.
    """
    limits = fetch.Limits.within(feed.limits.seconds, feed.limits.megabytes)
    if feed.path is not None:
        path = Path(feed.path)
        return Received(source, ((Part(url=path.name), fetch.read_file(source, path, limits=limits)),), {})
    parts = source.downloads(feed.target)
    if not parts or downloads is None:
        raise SourceError(f"{source.name}: no address to pull from")
    answers, lost = _answers(source, parts, downloads, limits, kept)
    if all(answer.raw is None for answer in answers.values()):
        return Received(source, (), kept, lost)
    # A table is made of all its parts, so those that have not changed are wanted too.
    whole = {
        part: downloads.get(source, part, limits) if answer.raw is None else answer for part, answer in answers.items()
    }
    validators = {kept_under(part.url): answer.validators.as_json() for part, answer in whole.items()}
    return Received(source, tuple((part, answer.raw or b"") for part, answer in whole.items()), validators, lost)


def kept_under(url: str) -> str:
    """What an address goes by in a file that is published: it may hold a key."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def reach(source: Source, feed: Feed, downloads: Downloads) -> str:
    """Ask a source for what a feed follows, and take nothing in.

    Returns:
        What it has, in a few words.

    Raises:
        SourceError: it cannot be reached, or what it sent cannot be read.
    """
    received = ask(source, feed, downloads, {})
    counts = received.counts()
    mine = counts[counts["target"].isin(feed.target) & counts["observation"].notna()]
    if mine.empty:
        raise SourceError(f"{source.name}: no counts of what the feed follows")
    newest = mine["target_end_date"].max()
    return f"{source.name}: {len(mine)} counts of {mine['location'].nunique()} places, through {newest:%Y-%m-%d}"


def _answers(
    source: Source, parts: tuple[Part, ...], downloads: Downloads, limits: fetch.Limits, kept: Kept
) -> tuple[dict[Part, fetch.Answer], tuple[SourceError, ...]]:
    """What each part answers; those that the source is whole without may fail, but not all of them."""
    answers: dict[Part, fetch.Answer] = {}
    lost: list[SourceError] = []
    for part in parts:
        known = kept.get(kept_under(part.url))
        validators = None if known is None else fetch.Validators.from_json(known)
        try:
            answers[part] = downloads.get(source, part, limits, validators)
        except SourceError as error:
            if not part.optional:
                raise
            lost.append(error)
    if not answers:
        raise lost[0]
    return answers, tuple(lost)
