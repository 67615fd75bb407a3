"""Pulling a feed's counts from the first of its sources that has them."""

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
from reporter.supply import Told
from reporter.timeliness import State, timeliness


class _NotTakenError(SourceError):
    """What a source sent was not taken in.

    Attributes:
        setting: the limit that its counts are beyond, if that is why.
    """

    def __init__(self, source: Source, error: Exception) -> None:
        line = in_one_line(error)
        super().__init__(line if isinstance(error, SourceError) else f"{source.name}: {line}")
        self.setting = error.setting if isinstance(error, RefusedError) else None


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
        self._supply = supply.read(folder)
        self._failed: list[SourceError] = []
        self._reasons: list[str] = []

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
            if offer is None or not self._may_lead(offer):
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

    def _may_lead(self, offer: _Offer) -> bool:
        """Whether a source that the counts on record are not from may take over.

        One that stands behind the one in use must have more: else a day's failure would mix two releases.
        """
        name, in_use, order = offer.source.name, self._supply.in_use, self._feed.source
        known = self._counts.newest_known
        if known is None or name == (in_use or order[0]):
            return True
        preferred = in_use is not None and (in_use not in order or order.index(name) < order.index(in_use))
        if offer.newest > known or (preferred and offer.newest == known):
            return True
        self._reasons.append(f"{name}: its newest period, {offer.newest}, is not after that on record, {known}")
        return False

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
        raw = getattr(error, "raw", None)
        sent = raw is not None or isinstance(error, _NotTakenError)
        if raw is not None:
            aside.keep_aside(self._folder, source.name, self._today, str(error), [(source.url or "", raw)])
        setting = error.setting if isinstance(error, _NotTakenError) else None
        failing = (told or Told(self._today)).failing(self._today, str(error), sent=sent, setting=setting)
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
        if received is None and told is not None and told.newest is not None:
            told = told.unchanged(self._today)
            self._tell(source, told)
            return _Offer(source, told, told.newest or self._today)
        return None if received is None else self._read(source, told, received)

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
        if self._is_same(source) or told is None:
            self._failed += received.lost
        self._tell(source, replace(answered, validators={}))
        return _Offer(source, answered, newest, received, counts, log, belief, told)

    def _held(self, source: Source, told: Told | None, counts: pd.DataFrame, newest: date) -> str | None:
        """Hold counts to what was known. Returns why they are believed beyond a limit, if they are."""
        same = self._is_same(source)
        known = self._counts.newest_known
        if not same and known is not None and newest < known:
            return None  # it is not taken in anyway
        began = told.began if told is not None and same else None
        try:
            self._counts.check(source, counts, same_source=same, began=began)
        except RefusedError as error:
            insists = None if told is None else told.insists
            if error.setting is None or told is None or insists is None:
                raise
            now = insists.goes_on(error.setting, self._today, told.asked)
            if not now.is_believed(error.setting, self._feed.limits.believed, self._today):
                raise
            self._counts.check(source, counts, same_source=same, began=began, lifted=error.setting)
            return str(error)
        return None

    def _refuse(self, source: Source, received: Received, error: Exception) -> None:
        bodies = [(part.url, raw) for part, raw in received.parts]
        aside.keep_aside(self._folder, source.name, self._today, in_one_line(error), bodies)
        self._fail(source, _NotTakenError(source, error))

    def _is_same(self, source: Source) -> bool:
        """Whether the counts on record came from this source last, so far as is known."""
        in_use = self._supply.in_use
        return in_use == source.name or (in_use is None and not self._counts.vintages.as_ofs)

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
        source, same = offer.source, self._is_same(offer.source)
        before = self._supply
        reason = "; ".join(self._reasons) or f"{source.name} is back"
        self._supply = self._supply.using(source.name, reason, self._today)
        if offer.belief is not None:
            self._supply = self._supply.believing(source.name, offer.belief, self._today)
        if offer.counts is None or offer.received is None:
            return True
        # Kept before the counts are: a kill between must not make one source's counts look like another's. What the
        # source told is not: after a kill it is as if it had not been asked.
        self._tell(source, offer.before or Told(self._today))
        supply.keep(self._folder, self._supply)
        try:
            # What another source counted while it stood in was not withdrawn by this one.
            whole = same and not self._supply.switches
            taken = self._counts.record(offer.counts, offer.log, whole=whole)
        except RecordError:
            raise
        except Exception as error:  # noqa: BLE001 - as in `_read`
            self._supply = before
            self._refuse(source, offer.received, error)
            return False
        since = self._since(source, offer.newest, offer.before)
        self._tell(source, replace(offer.told, since=since, vintage=self._stamp if taken else ""))
        return True
