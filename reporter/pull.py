"""Pulling a feed's counts from the first of its sources that has them."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from reporter import aside, fetch, supply
from reporter.counts import FeedCounts
from reporter.errors import RecordError, RefusedError, SettingsError, SourceError, in_one_line
from reporter.feeds import Feed
from reporter.sources import REGISTRY
from reporter.sources.base import Part, Source
from reporter.supply import Told
from reporter.timeliness import State, timeliness

_AT_A_TIME = 8


class Downloads:
    """What is downloaded in one run: each thing once, however many feeds ask for it, from any thread.

    Args:
        environ: where tokens are looked up.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._done: dict[object, _Once] = {}

    def get(
        self, source: Source, part: Part, limits: fetch.Limits, validators: fetch.Validators | None = None
    ) -> fetch.Answer:
        """Download a part of a source, or find that it has not changed.

        Raises:
            SourceError: it cannot be had.
        """
        with self._lock:
            once = self._done.setdefault((part.url, validators, limits), _Once())
        return once.get(
            lambda: fetch.download(source, part, environment=self._environ, validators=validators, limits=limits)
        )


class _Once:
    """A result that is worked out by whoever asks first; the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._result: fetch.Answer | SourceError | None = None

    def get(self, work: Callable[[], fetch.Answer]) -> fetch.Answer:
        with self._lock:
            if self._result is None:
                try:
                    self._result = work()
                except SourceError as error:
                    self._result = error
            if isinstance(self._result, SourceError):
                raise self._result
            return self._result


@dataclass(frozen=True)
class _Offer:
    """What a source has.

    Attributes:
        counts: None if they have not changed since they were taken in.
        log: past vintages that it publishes with them.
        is_behind: another source had later periods already.
    """

    source: Source
    told: Told
    counts: pd.DataFrame | None = None
    log: pd.DataFrame | None = None
    is_behind: bool = False


class Pull:
    """One pull for one feed.

    Args:
        counts: of the feed, which take in what was pulled.
        folder: the feed's record.
    """

    def __init__(self, feed: Feed, counts: FeedCounts, folder: Path, today: date, downloads: Downloads) -> None:
        self._feed = feed
        self._counts = counts
        self._folder = folder
        self._today = today
        self._downloads = downloads
        self._limits = fetch.Limits.within(feed.limits.seconds, feed.limits.megabytes)
        self._supply = supply.read(folder)

    def run(self) -> list[SourceError]:
        """Take in what the first source has that neither fails nor is stale; the first stale one if all are.

        Returns:
            Why sources failed; nothing of one that was retired before.

        Raises:
            RecordError: something on record was altered.
        """
        failed: list[SourceError] = []
        chosen: _Offer | None = None
        reasons: list[str] = []
        for source in sources_of(self._feed):
            told = self._supply.told.get(source.name)
            try:
                offer = self._ask(source, told)
            except SourceError as error:
                self._tell(source, (told or Told(self._today)).failing(self._today, error))
                reasons.append(str(error))
                if self._state(told) is not State.RETIRED:
                    failed.append(error)
                continue
            self._tell(source, offer.told)
            if offer.is_behind:
                reasons.append(f"{source.name}: its newest period, {offer.told.newest}, is not the newest on record")
                continue
            if self._state(offer.told) in {State.FRESH, State.LATE}:
                chosen = offer
                break
            chosen = chosen or offer
            reasons.append(f"{source.name}: nothing new since {offer.told.since}")
        if chosen is not None:
            self._take_in(chosen, "; ".join(reasons) or f"{chosen.source.name} is back")
        supply.keep(self._folder, self._supply)
        return failed

    def _tell(self, source: Source, told: Told) -> None:
        self._supply = replace(self._supply, told={**self._supply.told, source.name: told})

    def _state(self, told: Told | None) -> State:
        if told is None or told.newest is None or told.since is None:
            return State.FRESH
        step = self._feed.period.step
        return timeliness(told.newest, told.since, step, self._feed.patience, self._today).state

    # ------------------------------------------------------------------ asking one source

    def _ask(self, source: Source, told: Told | None) -> _Offer:
        """Ask a source for its counts, and hold them to what was known.

        Raises:
            SourceError: it cannot be reached, or what it sent is not taken; that is kept aside.
        """
        parts = parts_of(source, self._feed)
        answers = self._answers(source, parts, told)
        if told is not None and answers is None:
            behind = told.newest is not None and self._is_behind(source, told.newest)
            return _Offer(source, told.unchanged(self._today), is_behind=behind)
        raws = [answer.raw or b"" for answer in answers or ()]
        try:
            offer = self._offer(source, told, counts_of(source, parts, raws))
            log = None if offer.counts is None else _log(source, raws)
        except (SettingsError, RecordError):
            raise
        except Exception as error:
            bodies = [(part.url, raw) for part, raw in zip(parts, raws, strict=True)]
            aside.keep_aside(self._folder, source.name, self._today, in_one_line(error), bodies)
            if isinstance(error, SourceError):
                raise
            # Whatever upstream sent, it must not stop the feed.
            raise SourceError(f"{source.name}: {in_one_line(error)}") from error
        validators = {part.url: one.validators.as_json() for part, one in zip(parts, answers or (), strict=True)}
        return replace(offer, log=log, told=replace(offer.told, validators=validators))

    def _offer(self, source: Source, told: Told | None, counts: pd.DataFrame) -> _Offer:
        """Hold counts to what was known."""
        newest = self._counts.newest(source, counts)
        answered = Told(self._today, self._today, newest, self._since(source, newest, told))
        if self._is_behind(source, newest):
            return _Offer(source, answered, is_behind=True)
        same = self._is_same(source)
        try:
            self._counts.check(source, counts, same_source=same)
        except RefusedError as error:
            if error.setting is None or not self._insists(told):
                raise
            self._counts.check(source, counts, same_source=same, limited=False)
            self._supply = self._supply.believing(source.name, str(error), self._today)
        return _Offer(source, answered, counts)

    def _insists(self, told: Told | None) -> bool:
        """Whether a source has sent counts beyond the limits for so long that it must mean them."""
        since = None if told is None else told.refused_since
        return since is not None and self._today >= since + timedelta(days=self._feed.limits.believed)

    def _is_behind(self, source: Source, newest: date) -> bool:
        return not self._is_same(source) and self._counts.is_behind(newest)

    def _answers(self, source: Source, parts: Sequence[Part], told: Told | None) -> list[fetch.Answer] | None:
        """What each part answers; None if none has changed since it was taken in."""
        known = told.validators if told is not None and told.vintage == self._counts.vintages.digest else {}
        found = []
        for part in parts:
            validators = fetch.Validators.from_json(known[part.url]) if part.url in known else None
            found.append(self._downloads.get(source, part, self._limits, validators))
        if all(answer.raw is None for answer in found):
            return None
        # A table is made of all its parts, so those that have not changed are wanted too.
        return [
            self._downloads.get(source, part, self._limits) if answer.raw is None else answer
            for part, answer in zip(parts, found, strict=True)
        ]

    def _is_same(self, source: Source) -> bool:
        """Whether the counts on record came from this source last."""
        return (self._supply.in_use or self._feed.source[0]) == source.name

    def _since(self, source: Source, newest: date, told: Told | None) -> date:
        """When a source's newest period was first seen: here, in the record, or as long ago as its delay tells."""
        if told is not None and told.newest == newest and told.since is not None:
            return told.since
        held = self._counts.held_since(newest)
        if held is not None:
            return held
        seen_before = told is not None and told.newest is not None
        return self._today if seen_before else min(self._today, newest + timedelta(days=source.delay))

    # ------------------------------------------------------------------ taking in

    def _take_in(self, offer: _Offer, reason: str) -> None:
        name = offer.source.name
        if offer.counts is not None:
            whole = self._is_same(offer.source)
            taken = self._counts.record(offer.counts, offer.log, whole=whole)
            digest = self._counts.vintages.digest if taken else ""
            self._tell(offer.source, replace(offer.told, vintage=digest))
        self._supply = self._supply.using(name, reason, self._today)


def sources_of(feed: Feed) -> list[Source]:
    """The sources of a feed, in their order, at the settings' addresses."""
    sources = [REGISTRY[name] for name in feed.source]
    for number, url in enumerate(feed.url):
        # What lies at one address is read as the first of the downloads that it takes the place of.
        first = next(iter(sources[number].downloads(feed.target)), Part(url=url))
        sources[number] = replace(sources[number], url=url, parts=(replace(first, url=url, targets=()),))
    return sources


def parts_of(source: Source, feed: Feed) -> tuple[Part, ...]:
    """What has to be downloaded of a source for a feed.

    Raises:
        SourceError: it has no address.
    """
    parts = source.downloads(feed.target)
    if not parts:
        raise SourceError(f"{source.name}: no address to pull from")
    return parts


def counts_of(source: Source, parts: Sequence[Part], raws: Sequence[bytes]) -> pd.DataFrame:
    """The counts that a source's downloads hold together.

    Raises:
        SourceError: one of them is not what the source publishes.
    """
    read = [(part.parse or source.parse)(raw) for part, raw in zip(parts, raws, strict=True)]
    return source.combine(read)


def reach(source: Source, feed: Feed, downloads: Downloads) -> str:
    """Ask a source for what a feed follows, and take nothing in.

    Returns:
        What it has, in a few words.

    Raises:
        SourceError: it cannot be reached, or what it sent cannot be read.
    """
    parts, limits = parts_of(source, feed), fetch.Limits.within(feed.limits.seconds, feed.limits.megabytes)
    counts = counts_of(source, parts, [downloads.get(source, part, limits).raw or b"" for part in parts])
    mine = counts[counts["target"].isin(feed.target) & counts["observation"].notna()]
    if mine.empty:
        raise SourceError(f"{source.name}: no counts of what the feed follows")
    newest = mine["target_end_date"].max()
    return f"{source.name}: {len(mine)} counts of {mine['location'].nunique()} places, through {newest:%Y-%m-%d}"


def side_by_side(works: Sequence[Callable[[], None]]) -> None:
    """Do some work that mostly waits, eight at a time.

    The threads die with the process: what they do may be killed at any moment.

    Raises:
        BaseException: the first that one of them raised, once all are done.
    """
    raised: dict[int, BaseException] = {}
    waiting, lock = iter(enumerate(works)), threading.Lock()

    def run() -> None:
        while True:
            with lock:
                number, work = next(waiting, (-1, None))
            if work is None:
                return
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - it is raised again where it is seen
                raised[number] = error

    threads = [threading.Thread(target=run, daemon=True) for _ in range(min(len(works), _AT_A_TIME))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _, error in sorted(raised.items()):
        raise error


def _log(source: Source, bodies: Sequence[bytes]) -> pd.DataFrame | None:
    """The past vintages that a source publishes, of all its parts; None if it publishes none."""
    found = [] if source.changes is None else [source.changes(raw) for raw in bodies]
    logs = [log for log in found if log is not None]
    return pd.concat(logs, ignore_index=True) if logs else None
