"""What the pages of a feed are made from, gathered from its record."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from reporter import evaluate, files, index, models, peers, said, scores, supply, tasks, upkeep
from reporter.ask import sources_of
from reporter.config import Site
from reporter.counts import FeedCounts
from reporter.dates import parse_date
from reporter.feeds import Feed
from reporter.ledger import LEDGER, Ledger, Receipt
from reporter.posts import Attribution, FeedRecord, Method, Standing, Upstream
from reporter.posts.book import LOOKBACK
from reporter.schema import COUNTS, SPLITS, TOLD, to_frame
from reporter.sources.base import Source
from reporter.sources.codes import codes
from reporter.supply import Supply
from reporter.timeliness import State, Timeliness, timeliness
from reporter.vintages import View

_SAID = ("asked", "answered", "since", "failed", "failing_since", "waits")


def feed_record(
    feed: Feed,
    counts: FeedCounts,
    ledger: Ledger,
    folder: Path,
    failed: Iterable[str],
    *,
    site: Site,
    licence: str | None = None,
    number: int = 0,
    published: upkeep.Published | None = None,
    posts: bool = True,
) -> FeedRecord:
    """All that a feed's pages are made from.

    Of a feed whose pages all stand only what is quickly had is read; the rest would be when asked for.

    Args:
        folder: the feed's record.
        licence: of the forecasts.
        number: the feed's place in the settings.
        published: the site, where pages of earlier runs may stand; None wants all made again.
        posts: whether posts are to be made; without them only the newest forecasts are read.

    Raises:
        RecordError: something on record was altered or is gone.
    """
    receipts, view, kept_supply = ledger.receipts(), counts.view, supply.read(folder) or Supply()
    as_ofs = {receipt["reference_date"]: date.fromisoformat(receipt["vintage"]["as_of"]) for receipt in receipts}
    moments = {parse_date(day): as_of for day, as_of in as_ofs.items()}
    quick: dict[str, Any] = {
        "headline": headline(feed, counts, receipts),
        "places": counts.places,
        "receipts": receipts,
        "known": _Known(view, as_ofs),
        "changes": _Changes(ledger, {one["reference_date"]: one for one in receipts if one.get("changes")}),
        "vintages": tuple(counts.vintages.as_ofs),
        "timeliness": _timeliness(feed, counts, kept_supply),
        "upstreams": tuple(_upstreams(feed, kept_supply, counts.settle * feed.period.step)),
        "switches": kept_supply.switches,
        "beliefs": kept_supply.beliefs,
        "codes": codes(counts.places["location"].tolist()),
    }
    failed = [*failed, *_newest_failures(receipts)]
    standing = Standing()
    if published is not None:
        made_by = upkeep.made_by(site, feed, counts.places, licence)
        newest = [receipts[-1:], ledger.digest(receipts[-LOOKBACK:]), upkeep.digest_of(counts.changes)]
        shown = [quick[name] for name in ("headline", "vintages", "timeliness", "switches", "beliefs")]
        made_from = upkeep.digest([made_by, upkeep.settings_of(feed), *newest, *shown])
        # On which day a source was asked shows on the status page alone, which every run makes.
        asked = [(one.asked is None, replace(one, asked=None, answered=None)) for one in quick["upstreams"]]
        told = [number, failed, asked, files.hash_of(folder / peers.NAME)]
        standing = published.standing(feed.name, made_by, made_from, upkeep.digest([made_from, *told]), receipts)
    since = upkeep.wanted_since(feed.name, receipts, standing) if posts else max(ledger.reference_dates, default=None)
    slow: dict[str, Callable[[], object]] = {
        "forecasts": lambda: tasks.wide(ledger.forecasts(since)),
        "series": lambda: index.indexed(folder, ledger).since,
        "counted": lambda: view.at({day: as_of for day, as_of in moments.items() if since is None or day >= since}),
        "first": lambda: view.first,
        "latest": lambda: view.latest,
        "scores": lambda: scores.read(folder / scores.NAME),
        "peers": lambda: tuple(peers.peers_on_record(feed, folder / peers.NAME)),
        "revisions": lambda: counts.revisions,
        **{name: partial(ledger.told, name, since) for name in TOLD},
        "said": lambda: said.read(folder / said.NAME),
        "history": lambda: view.log,
        **({"log": lambda: view.since(_oldest_shown(receipts))} if posts and receipts else {}),
    }
    read = quick | {"since": since, "standing": standing}
    if standing.whole:
        return _record(feed, failed, read, slow)
    return _record(feed, failed, read | {name: ask() for name, ask in slow.items()})


def _oldest_shown(receipts: list[Receipt]) -> date:
    """The oldest reference date whose forecasts a page may always look at."""
    return parse_date(receipts[-LOOKBACK:][0]["reference_date"])


def headline(feed: Feed, counts: FeedCounts, receipts: list[Receipt]) -> str:
    """The place that leads: the settings', else the one that led from the first receipt on, else the first."""
    if feed.headline is not None:
        return feed.headline
    return str(receipts[0]["headline"]) if receipts else next(iter(counts.locations), "")


def nothing(feed: Feed, failed: Iterable[str]) -> FeedRecord:
    """A record without anything in it but what failed."""
    counts = to_frame(COUNTS.empty_table(), COUNTS)
    return _record(
        feed,
        failed,
        {
            "headline": "",
            "places": pd.DataFrame({"location": [], "name": [], "population": []}),
            "receipts": [],
            "forecasts": tasks.wide(to_frame(LEDGER.empty_table(), LEDGER)),
            "known": {},
            "counted": counts,
            "first": counts,
            "latest": counts,
            "scores": to_frame(evaluate.SCORES.empty_table(), evaluate.SCORES),
        },
    )


def failure(feed: str, model: str, reference: str, error: str) -> str:
    """The line that names a model's failure."""
    return f"{feed}: {model} failed for {reference}: {error}"


def failures(receipt: Receipt) -> list[str]:
    """A line for each model that failed, as a receipt says."""
    feed, reference = receipt["feed"], receipt["reference_date"]
    entries = receipt["models"].items()
    return [failure(feed, name, reference, entry["error"]) for name, entry in entries if "error" in entry]


def _attribution(feed: Feed, source: Source) -> Attribution:
    text = feed.attribution or source.attribution
    return Attribution(source.title, text, source.licence, source.licence_url, source.page or _public(source.url))


def _public(url: str | None) -> str | None:
    """An address that may stand on a page: a query or a user's name may hold a key."""
    return None if url is None or "?" in url or "@" in url.partition("//")[2].partition("/")[0] else url


def _upstreams(feed: Feed, kept: Supply, settle: timedelta) -> Iterator[Upstream]:
    """What each source last said; its newest period is the newest settled one."""
    for source in sources_of(feed):
        told, attribution = kept.told.get(source.name), _attribution(feed, source)
        if told is None:
            yield Upstream(source.name, attribution)
            continue
        said = {name: getattr(told, name) for name in _SAID}
        newest = told.newest and told.newest - settle
        yield Upstream(source.name, attribution, in_use=source.name == kept.in_use, newest=newest, **said)


def _timeliness(feed: Feed, counts: FeedCounts, kept: Supply) -> Timeliness | None:
    """How timely the counts are: as the source in use told, or else as the record has them."""
    told = kept.told.get(kept.in_use or "")
    dates = counts.view.reference_dates
    if feed.archive or (not dates and told is None):
        return None
    if told is not None and told.newest is not None and told.since is not None:
        newest = told.newest - counts.settle * feed.period.step
        found = timeliness(newest, told.since, feed.period.step, feed.patience, counts.today)
        # A source that goes on sending something has not ended, even if it cannot be taken.
        return replace(found, state=State.STALE) if found.state is State.RETIRED and told.sent else found
    newest, since = list(dates.items())[-1]
    found = timeliness(newest, since, feed.period.step, feed.patience, counts.today)
    # Of a source that was never asked it cannot be said that it was retired.
    return replace(found, state=State.STALE) if found.state is State.RETIRED else found


def _record(
    feed: Feed, failed: Iterable[str], read: dict[str, Any], asked: Mapping[str, Callable[[], object]] | None = None
) -> FeedRecord:
    main, *others = (_attribution(feed, source) for source in sources_of(feed))
    instead = "".join(f" Where that fails: {other.text}." for other in others)
    maker = FeedRecord if asked is None else partial(_Asked, asked)
    return maker(
        name=feed.name,
        title=feed.title or feed.name,
        targets=feed.target,
        cadence=feed.period,
        horizons=feed.horizons,
        lead=feed.leading,
        models={name: models.REGISTRY[name].title for name in feed.models},
        methods={name: _method(name) for name in feed.models},
        archive=feed.archive,
        patience=feed.patience,
        source=replace(main, text=f"{main.text}.{instead}".removesuffix(".")) if others else main,
        failed=tuple(failed),
        **read,
    )


def _method(name: str) -> Method:
    about = models.REGISTRY[name].about
    return Method(about.methods, about.methods_long, about.data_inputs)


def _newest_failures(receipts: list[Receipt]) -> list[str]:
    """The models that failed for the newest forecast.

    Read off the record and not off the run, so that the page says the same when it is built again.
    """
    return failures(receipts[-1]) if receipts else []


class _Asked(FeedRecord):
    """A feed's record of which some is read only if it is asked for."""

    def __init__(self, asked: Mapping[str, Callable[[], object]], **read: object) -> None:
        self.__dict__.update(read | {"_asked": asked})

    def __getattribute__(self, name: str) -> object:
        own = object.__getattribute__(self, "__dict__")
        if name not in own and name in own.get("_asked", {}):
            own[name] = own["_asked"][name]()
        return object.__getattribute__(self, name)


class _Known(Mapping[str, pd.DataFrame]):
    """Counts as known at each reference date, looked up when asked for: years of them would fill the memory."""

    def __init__(self, view: View, as_ofs: dict[str, date]) -> None:
        self._view = view
        self._as_ofs = as_ofs

    def __getitem__(self, reference: str) -> pd.DataFrame:
        return self._view.as_of(self._as_ofs[reference])

    def __iter__(self) -> Iterator[str]:
        return iter(self._as_ofs)

    def __len__(self) -> int:
        return len(self._as_ofs)


class _Changes(Mapping[str, pd.DataFrame]):
    """Why medians moved, by reference date, read when asked for."""

    def __init__(self, ledger: Ledger, receipts: dict[str, Receipt]) -> None:
        self._ledger = ledger
        self._receipts = receipts

    def __getitem__(self, reference: str) -> pd.DataFrame:
        found = self._ledger.changes(self._receipts[reference])
        return to_frame(SPLITS.empty_table(), SPLITS) if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._receipts)

    def __len__(self) -> int:
        return len(self._receipts)
