"""What a network tells of its training: how its loss fell, and which inputs it leaned on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reporter.schema import Floats

Values = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Lesson:
    """How a network learnt on one day. Losses are means over its members.

    Attributes:
        rounds: (R,) steps of the training after which the losses were taken, rising, from 0 on.
        trained: (R,) mean pinball loss a level, in units of the usual change, on windows that a member learnt from.
        held_out: (R,) the same on windows that were left out of the member's training.
        inputs: (F,) what the network reads, in plain words that end a sentence, such as "the newest value"; may be
            empty.
        leaned: (F,) how much greater the held-out loss becomes when an input is shuffled among the windows, as a
            ratio less 1: 0.1 is a tenth worse. Below 0 where the network does better without.
    """

    rounds: npt.NDArray[np.int64]
    trained: Floats
    held_out: Floats
    inputs: tuple[str, ...]
    leaned: Floats


def leaning(
    inputs: Values,
    parts: Sequence[npt.NDArray[np.bool_]],
    loss: Callable[[Values], float],
    draws: np.random.Generator,
) -> Floats:
    """How much a network leans on each part of what it reads: permutation importance.

    Breiman 2001, Machine Learning 45:5-32, section 10: the loss with a part shuffled over that with nothing shuffled,
    less 1. What belongs to a part is shuffled together, so that it stays a whole that occurs.

    Args:
        inputs: (N, ...) windows that the network did not learn from.
        parts: for each part (...), which of a window's values belong to it.
        loss: of (N, ...) windows, against what came after the windows as they were.
        draws: where the orders come from.

    Returns:
        (len(parts),) 0 for all where the loss of the windows as they are is 0.
    """
    plain = loss(inputs)
    if plain == 0:
        return np.zeros(len(parts))
    found = []
    for part in parts:
        shuffled = inputs.copy()
        shuffled[:, part] = inputs[draws.permutation(len(inputs))][:, part]
        found.append(loss(shuffled) / plain - 1)
    return np.array(found)
