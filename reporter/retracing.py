"""Which date's change is explained, from what, and what is put on record of it."""

from datetime import date
from typing import Any

import pandas as pd

from reporter import models
from reporter.counts import FeedCounts
from reporter.errors import ModelError
from reporter.explain import Retrace, Steps, failures, split
from reporter.feeds import Feed
from reporter.ledger import Ledger


def is_last(feed: Feed, counts: FeedCounts, until: date) -> bool:
    """Whether the newest date a run forecasts is the last for now: not so while a finished story is being told.

    A story with an `end` is replayed as if day by day, whatever a run sees of it; only its last date is explained.

    Args:
        feed: its settings.
        counts: its counts, of which at least one vintage is there.
        until: the run forecasts from no later vintage.
    """
    return not feed.archive or feed.end is None or min(counts.vintages.as_ofs[-1], until) >= feed.end


def retrace_to(reference: date, as_of: date, feed: Feed, counts: FeedCounts, ledger: Ledger) -> Retrace | None:
    """The way from the newest forecast on record to that of `reference`; None where the one does not reach the other.

    Args:
        reference: the date that is forecast, after all on record.
        as_of: the vintage it is forecast from.
        feed: its settings, as today's code has them.
        counts: its counts.
        ledger: its record.
    """
    receipts = ledger.receipts()
    if not receipts:
        return None
    then = receipts[-1]
    before = date.fromisoformat(then["reference_date"])
    if before + feed.horizons * feed.period.step <= reference:
        return None
    try:
        old = counts.history(before, date.fromisoformat(then["vintage"]["as_of"]))
        starts = (old, counts.history(before, as_of), counts.history(reference, as_of))
    except ModelError:  # what today's settings follow was not counted in even periods then
        return None
    spoke = tuple(name for name in feed.models if "sha256" in then["models"].get(name, {}))
    plain, combiners = models.plain(spoke), models.combiners(spoke)
    return Retrace(old, starts, feed.horizons, plain, then["seed"], combiners)


def explained(
    reference: date, rows: dict[str, pd.DataFrame], steps: Steps, ledger: Ledger
) -> tuple[pd.DataFrame | None, dict[str, Any] | None]:
    """Why medians moved since the newest date on record, and what a receipt says of it; None if none can be compared.

    Args:
        reference: today's reference date.
        rows: model_id → today's hub rows.
        steps: what models say at the stages between.
        ledger: the record, without today.
    """
    before = ledger.reference_dates[-1]
    said = ledger.forecasts(since=before)
    frame = split(reference, said[said["reference_date"] == pd.Timestamp(before)], steps, rows)
    if frame.empty:
        return None, None
    failed = failures(steps)
    return frame, {"since": str(before), **({"failed": failed} if failed else {})}
