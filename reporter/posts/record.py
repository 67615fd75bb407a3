"""What the pages are made from: the input contract, filled by `reporter.gather`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from reporter.dates import Cadence
from reporter.schema import CHANGES, ESTIMATES, FORECASTS, LESSONS, REVISIONS, to_frame
from reporter.switches import Belief, Switch
from reporter.timeliness import Timeliness

SAID_LEVELS = {0.025: "q025", 0.25: "q25", 0.5: "median", 0.75: "q75", 0.975: "q975"}
"""The quantile levels that are looked back at, and their columns in `SAID`."""

SAID = pa.schema(
    [
        *(FORECASTS.field(name) for name in ("reference_date", "target", "location")),
        pa.field("model_id", pa.string()),
        *(FORECASTS.field(name) for name in ("horizon", "target_end_date")),
        *(pa.field(name, pa.float64()) for name in SAID_LEVELS.values()),
    ]
)
"""What the leading model said at every reference date that a place's page looks back at."""


@dataclass(frozen=True)
class Site:
    """What every page says of the blog.

    Attributes:
        licence: of the forecasts; None where nobody gave one.
        theme: the folder of the publisher's own templates and styles.
    """

    title: str
    base_url: str
    version: str
    licence: str | None = None
    theme: Path | None = None


@dataclass(frozen=True)
class Attribution:
    """Whom a feed's counts come from, and under which licence."""

    title: str
    text: str
    licence: str
    licence_url: str | None
    url: str | None


@dataclass(frozen=True)
class Upstream:
    """One source of a feed, and what it last said; dates are None before it was first asked.

    Attributes:
        in_use: whether the counts came from it last.
        asked: when it was last asked.
        answered: when it last sent what could be taken in, or said that nothing had changed.
        newest: the newest period end it then held.
        since: when that period was first seen.
        failed: why it failed when it was last asked; None if it did not.
        failing_since: when it was first asked in vain.
        waits: whether it answered and was not taken from, as the record has what it has, and more, of another source.
    """

    name: str
    attribution: Attribution
    in_use: bool = False
    asked: date | None = None
    answered: date | None = None
    newest: date | None = None
    since: date | None = None
    failed: str | None = None
    failing_since: date | None = None
    waits: bool = False


@dataclass(frozen=True)
class Peers:
    """Other teams' forecasts of what a feed forecasts, from one hub.

    Attributes:
        title: the hub's name.
        attribution: whom the forecasts come from, and under which licence.
        baseline: the hub's own baseline for each target (target → model_id); none where it has none.
        scores: frame of `evaluate.SCORES`, in our reference dates and horizons.
        refused: submissions that broke a rule, one line each.
    """

    title: str
    attribution: str
    baseline: Mapping[str, str]
    scores: pd.DataFrame
    refused: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """A page whose files are as they should be and need not be made again.

    Attributes:
        key: a hash of all that they were made from.
        files: their sizes in bytes, by their paths in the page's folder.
        title: of a post, in plain words.
        html: the same with its numbers marked up.
    """

    key: str
    files: Mapping[str, int]
    title: str = ""
    html: str = ""

    def __str__(self) -> str:
        return self.title

    def __html__(self) -> str:
        return self.html


@dataclass(frozen=True)
class Method:
    """How a model works, in words.

    Attributes:
        short: in a sentence or two.
        long: so that somebody could make it again.
        reads: what it is made from.
    """

    short: str
    long: str
    reads: str


@dataclass(frozen=True)
class Standing:
    """What of a feed's pages stands as it would be made again.

    Attributes:
        made_by: a hash of all that a post's page is made of besides the record: code, templates, settings; empty
            where nothing is to be kept.
        made_from: the same of all that the feed's other pages are made from, its newest counts and forecasts included.
        pieced_from: the same of its pieces of the pages that feeds share, what failed in the run included.
        pages: the pages that stand, by their addresses.
        pieces: the feed's pieces of the pages that feeds share, by name, as HTML.
        events: the feed's newest events, by the names of their fields; only where all pages stand.
        whole: all of them stand.
    """

    made_by: str = ""
    made_from: str = ""
    pieced_from: str = ""
    pages: Mapping[str, Kept] = field(default_factory=dict)
    pieces: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[Mapping[str, Any]] = ()
    whole: bool = False


@dataclass(frozen=True)
class FeedRecord:
    """All that one feed's pages are made from.

    Attributes:
        targets: what is counted, in hub words.
        headline: the location its posts lead with.
        lead: the model whose forecast leads.
        models: model_id → title, in the settings' order; a receipt may name more (dropped ones).
        archive: a finished story, never stale.
        places: frame of location, name, population (NaN unknown), in the settings' order.
        receipts: every receipt, oldest reference date first.
        since: the first reference date whose forecasts are here; earlier ones are on record but were not read.
        forecasts: one row a task: model_id, target, location, reference_date, horizon,
            target_end_date, and a column for each level of `schema.LEVELS` (floats).
        known: reference date as text → counts frame as known at the vintage it was forecast from
            (periods after the reference date are there, but not settled yet).
        counted: counts frame of the reference dates from `since` on, each as known when it was forecast from.
        first, latest: counts frames of first and latest values.
        scores: frame of `evaluate.SCORES`.
        peers: other teams' forecasts.
        series: (target, location) of every forecast on record → its first reference date; None looks among `forecasts`.
        standing: the pages that need no rendering.
        failed: what went wrong in this run, and the models that failed for the newest forecast, one line each.
        timeliness: how timely its counts are; None of a finished story, and before the first count.
        patience: days after the expected date at which its source is late, stale and retired.
        upstreams: its sources, in the settings' order.
        switches: every change of the source in use, oldest first.
        beliefs: counts beyond the limits that were taken in all the same, oldest first.
        changes: reference date as text → frame of `schema.SPLITS`, where the change since the date before is on record.
        vintages: the dates of all vintages, oldest first.
        revisions: frame of `schema.REVISIONS`: how much counts are revised after they were first published.
        estimates: frame of `schema.ESTIMATES` from `since` on: what models of curves said of the waves.
        lessons: frame of `schema.LESSONS` from `since` on: how networks learnt.
        said: frame of `SAID`, by rising reference date: what led at the newest dates, however far back.
        history: frame of `schema.CHANGES` sorted by key and then vintage: every count that was ever known.
        codes: location → its standard code (`sources.codes`), where it has one.
        log: frame of `schema.CHANGES`, every vintage of the periods since the 61st newest reference date.
        methods: model_id → how it works.
    """

    name: str
    title: str
    targets: tuple[str, ...]
    cadence: Cadence
    horizons: int
    headline: str
    lead: str
    models: Mapping[str, str]
    archive: bool
    source: Attribution
    places: pd.DataFrame
    receipts: list[dict[str, Any]]
    forecasts: pd.DataFrame
    known: Mapping[str, pd.DataFrame]
    counted: pd.DataFrame
    first: pd.DataFrame
    latest: pd.DataFrame
    scores: pd.DataFrame
    failed: tuple[str, ...]
    peers: tuple[Peers, ...] = field(default_factory=tuple)
    since: date | None = None
    series: Mapping[tuple[str, str], date] | None = field(default_factory=lambda: None)
    standing: Standing = Standing()
    timeliness: Timeliness | None = None
    patience: tuple[int, int, int] = (2, 7, 90)
    upstreams: tuple[Upstream, ...] = ()
    switches: tuple[Switch, ...] = ()
    beliefs: tuple[Belief, ...] = ()
    changes: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    vintages: tuple[date, ...] = ()
    revisions: pd.DataFrame = field(default_factory=lambda: to_frame(REVISIONS.empty_table(), REVISIONS))
    estimates: pd.DataFrame = field(default_factory=lambda: to_frame(ESTIMATES.empty_table(), ESTIMATES))
    lessons: pd.DataFrame = field(default_factory=lambda: to_frame(LESSONS.empty_table(), LESSONS))
    said: pd.DataFrame = field(default_factory=lambda: to_frame(SAID.empty_table(), SAID))
    codes: Mapping[str, str] = field(default_factory=dict)
    log: pd.DataFrame = field(default_factory=lambda: to_frame(CHANGES.empty_table(), CHANGES))
    methods: Mapping[str, Method] = field(default_factory=dict)
    history: pd.DataFrame = field(default_factory=lambda: to_frame(CHANGES.empty_table(), CHANGES))
