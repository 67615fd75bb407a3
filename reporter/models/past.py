"""What models said before, what came of it, and the contract of those that combine the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from reporter.dates import Cadence
from reporter.models.base import History, Quantiles
from reporter.schema import Floats

NEWEST = {Cadence.DAY: 60, Cadence.WEEK: 40}
"""How many reference dates a combiner looks back on."""

Told = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Past:
    """What the models of a feed said at earlier reference dates, as it is on record, on the series of one history.

    Attributes:
        references: (R,) datetime64[D], earlier than the last date of the history, oldest first, at most `NEWEST`.
        told: model_id → (R, S, H, 23) quantiles in counts, of every model of the feed, combiners too; NaN where it said
            nothing.
        members: the models that a combiner is made of: not the combiners, nor those that give one number and no range.
    """

    references: npt.NDArray[np.datetime64]
    told: Mapping[str, Told]
    members: tuple[str, ...]


Combined = Callable[[History, Mapping[str, Floats]], Quantiles]
"""What a combiner has learnt: from a history and what its members say from there, (S, H, 23) by model_id and NaN where
one refused, to a forecast. A member that failed is left out. A series no member speaks of is refused.

Raises ModelError if there is no member at all.
"""


class Combiner(Protocol):
    """A model that is made of what others say. Stateless: the same arguments give the same bytes."""

    def learn(self, history: History, past: Past, horizons: int) -> Combined:
        """Learn how to combine, once, to combine several forecasts.

        Args:
            history: the counts as known now, which past forecasts are held against.
            past: what was said at earlier reference dates, on the series of `history`.
            horizons: H.

        Raises:
            ModelError: nothing at all can be learnt; the message says why.
        """
        ...


def came(history: History, references: npt.NDArray[np.datetime64], horizons: int) -> Floats:
    """What was counted of the periods that forecasts were of, as it is known now.

    Args:
        history: the counts; nothing after its last date is looked at.
        references: (R,) datetime64[D].
        horizons: H.

    Returns:
        (R, S, H) counts as published; NaN where the period is not over by the last date of `history`, was not
        counted, or is none of its periods.

    >>> day, counts = np.datetime64("2026-01-01"), np.array([[5.0, 6.0, 7.0]])
    >>> three = History(Cadence.DAY, day + np.arange(3), ("inc covid cases",), ("DE",), counts, np.array([np.nan]))
    >>> came(three, np.array([day, day + 1]), 2)[:, 0].tolist()
    [[6.0, 7.0], [7.0, nan]]
    """
    step = np.timedelta64(history.cadence.days, "D")
    since = references - history.dates[0]
    ahead = since // step
    places = ahead[:, None] + np.arange(1, horizons + 1)
    there = (places >= 0) & (places < len(history.dates)) & (since == ahead * step)[:, None]
    found = history.as_published[:, np.where(there, places, 0)]
    return np.asarray(np.where(there[:, None], found.transpose(1, 0, 2), np.nan))
