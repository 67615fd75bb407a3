"""Where in a forecast a count fell: the chance that the forecast had given to one as low, or as high."""

import numpy as np

from reporter.posts.words import Words, has_range, say
from reporter.schema import LEVELS, Floats

MIDDLE = 0.4
"""A count with at least this chance on both sides fell near the middle."""


def tails(quantiles: Floats, was: float) -> tuple[float, float]:
    """The chances that a forecast gives to a count as low as `was` or lower, and as high or higher.

    Between two quantiles the chance grows evenly; where several quantiles are the same number, that number holds all of
    their chance, so that the two add up to more than 1. Beyond the outermost quantiles a chance is 0: less than their
    level.

    Args:
        quantiles: in the levels of `schema.LEVELS`, none below the one before.

    >>> import numpy as np
    >>> low, high = tails(np.linspace(100, 200, len(LEVELS)), 150)
    >>> round(low, 3), round(high, 3)
    (0.5, 0.5)
    """
    values, first = np.unique(quantiles, return_index=True)
    last = np.append(first[1:], len(quantiles)) - 1
    levels = np.array(LEVELS)
    as_low = float(np.interp(was, values, levels[last], left=0.0, right=1.0))
    as_high = 1 - float(np.interp(was, values, levels[first], left=0.0, right=1.0))
    return as_low, as_high


def fell(quantiles: Floats, was: float) -> Words | None:
    """Where in a forecast a count fell, in a sentence; None for a forecast without a range."""
    if not has_range(quantiles):
        return None
    as_low, as_high = tails(quantiles, was)
    chance, side = (as_low, "low") if as_low < as_high else (as_high, "high")
    if chance >= MIDDLE:
        return say("It fell near the middle of the forecast.")
    in_hundred = round(100 * chance)
    if chance < LEVELS[0]:
        return say("The forecast had given less than 1 chance in 100 to a count this " + side + ".")
    some = "1 chance" if in_hundred == 1 else f"{in_hundred} chances"
    return say("The forecast had given about " + some + " in 100 to a count this " + side + ".")
