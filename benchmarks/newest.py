"""The counts of a feed as bundled, and its newest history: what `refit.py` and `devices.py` begin from."""

from datetime import UTC, date, datetime
from pathlib import Path

from reporter.counts import FeedCounts
from reporter.feeds import Feed
from reporter.models.base import History

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
"""The time of a run: after the newest bundled vintage, and the same in every one."""


def newest(feed: Feed, number: int, folder: Path, dates: int = 1) -> tuple[list[date], History]:
    """The vintages of the newest reference dates, oldest first, and the history of the last one.

    Args:
        number: the feed's place in the settings.
        folder: an empty one, for the vintages.
    """
    FeedCounts(feed, number, folder, NOW.date(), None).take_in()
    counts = FeedCounts(feed, number, folder, NOW.date(), None)
    last = list(counts.reference_dates.items())[-dates:]
    return [as_of for _, as_of in last], counts.history(*last[-1])
