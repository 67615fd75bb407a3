"""Pulling a feed's counts from the first of its sources that has them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from reporter import aside, fingerprint, supply
from reporter.ask import Received, ask, sources_of
from reporter.counts import FeedCounts
from reporter.downloads import Downloads
from reporter.errors import RecordError, RefusedError, SettingsError, SourceError, in_one_line
from reporter.feeds import Feed
from reporter.sources.base import Source
from reporter.supply import Supply, Told
from reporter.timeliness import State, timeliness


class _NotTakenError(SourceError):
    """What a source sent was not taken in.

    Attributes:
        beyond: the limits that its counts are beyond, if that is why.
    """

    def __init__(self, line: str, beyond: Collection[str] = ()) -> None:
        super().__init__(line)
        self.beyond = tuple(beyond)


@dataclass(frozen=True)
class _Offer:
    """What a source has.

    Attributes:
        newest: its newest period end of what the feed follows.
        received: None if nothing has changed since it was taken in.
        counts: those received.
        log: past vintages received with them.
        belief: why the counts are beyond a limit and taken all the same.
        before: what the source told the time before.
    """

    source: Source
    told: Told
    newest: date
    received: Received | None = None
    counts: pd.DataFrame | None = None
    log: pd.DataFrame | None = None
    belief: str | None = None
    before: Told | None = None


class Pull:
    """One pull for one feed.

    Args:
        counts: of the feed, which take in what was pulled.
        folder: the feed's record.
        downloads: None where only a file at hand can be read.
    """

    def __init__(self, feed: Feed, counts: FeedCounts, folder: Path, today: date, downloads: Downloads | None) -> None:
        self._feed = feed
        self._counts = counts
        self._folder = folder
        self._today = today
        self._downloads = downloads
        self._supply = supply.read(folder) or self._begun()
        self._told_before = frozenset(self._supply.told)
        self._failed: list[SourceError] = []
        self._reasons: list[str] = []

    def _begun(self) -> Supply:
        """What can be said of the counts on record when nothing is kept of their sources."""
        as_ofs, order = self._counts.vintages.as_ofs, self._feed.source
        if not as_ofs:
            return Supply()
        known = len(order) == 1 or self._counts.is_archived(as_ofs[-1])
        return Supply(order[0], is_sole=True) if known else Supply(is_sole=False)

    def run(self) -> list[SourceError]:
        """Take in what the first source has that neither fails nor is stale; if all are stale, of the one in use.

        Returns:
            Why sources failed; nothing of one that ended long ago and is not there.

        Raises:
            RecordError: something on record was altered.
            SettingsError: a target or place of a `file` feed is not in its file.
        """
        stale: list[_Offer] = []
        for source in sources_of(self._feed):
            offer = self._attempt(source)
            if offer is None:
                continue
            if not self._may_lead(source.name, offer.newest):
                self._reasons.append(f"{source.name}: its newest period, {offer.newest}, is not after that on record")
                self._tell(source, replace(self._supply.told[source.name], waits=True))
                continue
            if self._state(offer.told) in {State.STALE, State.RETIRED}:
                self._reasons.append(f"{source.name}: nothing new since {offer.told.since}")
                stale.append(offer)
            elif self._take_in(offer):
                stale.clear()
                break
        stale.sort(key=lambda offer: offer.source.name != self._supply.in_use)
        if stale:
            self._take_in(stale[0])
        supply.keep(self._folder, self._supply)
        return self._failed

    def _may_lead(self, name: str, newest: date) -> bool:
        """Whether a source's counts are to be taken, so far as that hangs on their newest period.

        One that stands behind the one in use must have more: else a day's failure would mix two releases.
        """
        in_use, order = self._supply.in_use, self._feed.source
        known = self._counts.newest_known
        if known is None or name == (in_use or order[0]):
            return True
        preferred = in_use is not None and (in_use not in order or order.index(name) < order.index(in_use))
        return newest > known or (preferred and newest == known)

    def _state(self, told: Told | None) -> State:
        if told is None or told.newest is None or told.since is None:
            return State.FRESH
        step = self._feed.period.step
        return timeliness(told.newest, told.since, step, self._feed.patience, self._today).state

    def _tell(self, source: Source, told: Told) -> None:
        self._supply = replace(self._supply, told={**self._supply.told, source.name: told})

    def _fail(self, source: Source, error: SourceError) -> None:
        """Name a source's failure, unless it ended long ago and is not there."""
        told = self._supply.told.get(source.name)
        sent = error.raw is not None or isinstance(error, _NotTakenError)
        if error.raw is not None:
            where = source.url or Path(self._feed.path or "").name
            aside.keep_aside(self._folder, source.name, self._today, str(error), [(where, error.raw)])
        beyond = error.beyond if isinstance(error, _NotTakenError) else ()
        failing = (told or Told(self._today)).failing(self._today, str(error), sent=sent, beyond=beyond)
        self._tell(source, failing)
        self._reasons.append(str(error))
        if sent or self._state(told) is not State.RETIRED:
            self._failed.append(error)

    # ------------------------------------------------------------------ asking one source

    def _attempt(self, source: Source) -> _Offer | None:
        """Ask a source; None if it failed, which is named."""
        told = self._supply.told.get(source.name)
        kept = told.validators if told is not None and told.vintage == self._stamp else {}
        try:
            received = ask(source, self._feed, self._downloads, kept)
        except SourceError as error:
            self._fail(source, error)
            return None
        self._failed += received.lost
        if not received.parts and told is not None and told.newest is not None:
            unchanged = told.unchanged(self._today)
            self._tell(source, unchanged)
            return _Offer(source, unchanged, told.newest)
        return self._read(source, told, received)

    def _read(self, source: Source, told: Told | None, received: Received) -> _Offer | None:
        """Read what a source sent, and hold it to what was known; None if it is not taken, which is named."""
        try:
            counts, log = received.counts(), received.log()
            newest = self._counts.newest(source, counts)
            belief = self._held(source, told, counts, newest)
        except (SettingsError, RecordError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever upstream sent, it must not stop the feed
            self._refuse(source, received, error)
            return None
        since, began = self._since(source, newest, told), self._counts.began(counts)
        answered = Told(self._today, self._today, newest, since, began, validators=received.validators)
        self._tell(source, replace(answered, validators={}))
        return _Offer(source, answered, newest, received, counts, log, belief, told)

    def _held(self, source: Source, told: Told | None, counts: pd.DataFrame, newest: date) -> str | None:
        """Hold counts to what was known. Returns why they are believed beyond limits, if they are."""
        if not self._may_lead(source.name, newest):
            return None  # they are not taken anyway
        same = self._is_same(source)
        began = told.began if told is not None and same else None
        beyond: dict[str, str] = {}
        while True:
            try:
                self._counts.check(source, counts, same_source=same, began=began, lifted=beyond)
                break
            except RefusedError as error:
                if error.setting is None or error.setting in beyond:
                    raise
                beyond[error.setting] = str(error)
        insists = (told or Told(self._today)).insisting(beyond, self._today)
        if not all(one.is_believed(self._feed.limits.believed, self._today) for one in insists):
            raise _NotTakenError("; ".join(beyond.values()), beyond)
        return "; ".join(beyond.values()) or None

    def _refuse(self, source: Source, received: Received, error: Exception) -> None:
        bodies = [(part.url, raw) for part, raw in received.parts]
        aside.keep_aside(self._folder, source.name, self._today, in_one_line(error), bodies)
        if isinstance(error, _NotTakenError):
            self._fail(source, error)
        else:
            line = in_one_line(error)
            self._fail(source, _NotTakenError(line if isinstance(error, SourceError) else f"{source.name}: {line}"))

    def _is_same(self, source: Source) -> bool:
        """Whether the counts on record came from this source last, so far as is known."""
        in_use = self._supply.in_use
        return source.name == in_use or (in_use is None and not self._counts.vintages.as_ofs)

    def _since(self, source: Source, newest: date, told: Told | None) -> date:
        """When a source's newest period was first seen: here, in the record, or as long ago as its delay tells."""
        if told is not None and told.newest == newest and told.since is not None:
            return told.since
        held = self._counts.held_since(newest)
        if held is not None and held < self._today:
            return held
        seen_before = told is not None and told.newest is not None
        return self._today if seen_before else min(self._today, newest + timedelta(days=source.delay))

    # ------------------------------------------------------------------ taking in

    @property
    def _stamp(self) -> str:
        """What an answer was taken into, and by what: the vintages and the program."""
        return f"{self._counts.vintages.digest} {fingerprint.code_sha256()}"

    def _take_in(self, offer: _Offer) -> bool:
        """Record what a source has; False if that failed, which is named."""
        source, same, before = offer.source, self._is_same(offer.source), self._supply
        self._supply = before.using(source.name, self._reason(source), self._today)
        if offer.counts is None or offer.received is None:
            return True
        # Kept before the counts are: a kill between must not make one source's counts look like another's. What the
        # source told is not: after a kill it is as if it had not been asked.
        told = self._supply
        self._tell(source, offer.before or Told(self._today))
        supply.keep(self._folder, self._supply)
        try:
            # What another source counted while it stood in is not this one's to withdraw, unless it insists.
            whole = same and (before.is_sole or offer.belief is not None)
            taken = self._counts.record(offer.counts, offer.log, whole=whole)
        except RecordError:
            raise
        except Exception as error:  # noqa: BLE001 - as in `_read`
            self._supply = before
            self._refuse(source, offer.received, error)
            return False
        self._supply = told
        if offer.belief is not None:
            self._supply = self._supply.believing(source.name, offer.belief, self._today)
        since = self._since(source, offer.newest, offer.before)
        self._tell(source, replace(offer.told, since=since, vintage=self._stamp if taken else ""))
        return True

    def _reason(self, source: Source) -> str:
        """Why the counts come from a source now."""
        if self._reasons:
            return "; ".join(self._reasons)
        if source.name not in self._told_before:
            return f"the settings name {source.name} first"
        return f"{source.name} is back"
