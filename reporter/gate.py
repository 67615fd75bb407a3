"""The gate: what upstream sent is held against the last vintage before it is stored."""

from dataclasses import dataclass
from datetime import date

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far counts may be from those of the last vintage; a feed's `[feeds.limits]`.

    Each holds for every target by itself.

    Attributes:
        fewer_places: how many places that had counts may be without any.
        fewer_counts: the share of counts that may be gone.
        more_counts: how many times as many there may be, apart from those of new periods.
        rewritten: the share of counts that may have more than doubled or halved.
    """

    fewer_places: int = 0
    fewer_counts: float = 0.05
    more_counts: float = 2.0
    rewritten: float = 0.4


def check(
    name: str, counts: pd.DataFrame, known: pd.DataFrame, limits: Limits, *, today: date, same_source: bool = True
) -> None:
    """Refuse counts that upstream cannot have meant.

    Args:
        name: the source's, for messages.
        counts: what it publishes now (`schema.COUNTS`), of the targets that are followed.
        known: the counts of the same targets as the last vintage has them; empty if there is none.
        limits: of the feed.
        today: no period may end after it.
        same_source: whether `known` is from the same source; if not, only the periods that both count are compared.

    Raises:
        RefusedError: one line with what was found, what is allowed and the setting that changes it.
    """
