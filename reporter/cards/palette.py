"""The colours of a card, no more than sixteen: those of the light pages, and steps between them for smooth edges."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.uint8]
Shares = npt.NDArray[np.float32] | npt.NDArray[np.float64]

_PAPER, _INK, _FORECAST = (252, 251, 248), (28, 27, 25), (29, 90, 156)
_LINE, _SURE, _LIKELY, _EDGE = (207, 203, 193), (219, 231, 244), (169, 198, 229), (125, 164, 207)

PAPER, LINE, SURE, LIKELY, EDGE = 0, 4, 5, 6, 7
INK = (1, 3)
"""A step and ink: more would smooth letters further, and make a card half as large again."""
MUTED = (1, 2)
"""The pages' muted grey, within a shade."""
FORECAST = (8, 9)
"""On paper."""
FORECAST_ON_BAND = (EDGE, 9)


def _between(first: Sequence[int], last: Sequence[int], share: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * share) for a, b in zip(first, last, strict=True))


COLOURS: tuple[tuple[int, ...], ...] = (
    _PAPER,
    *(_between(_PAPER, _INK, share) for share in (0.42, 0.685, 1.0)),
    _LINE,
    _SURE,
    _LIKELY,
    _EDGE,
    *(_between(_PAPER, _FORECAST, share) for share in (0.5, 1.0)),
)
"""Red, green and blue of each index."""

BYTES = bytes(part for colour in COLOURS for part in colour)


def lay(onto: Indices, cover: Shares, ramp: Sequence[int]) -> None:
    """Lay a colour onto a part of a card, where and as far as it covers it.

    Args:
        onto: of any shape; changed.
        cover: of the same shape, from 0 to 1.
        ramp: the colour's steps, the last of which covers whole.
    """
    steps = np.array([PAPER, *ramp], dtype=np.uint8)
    level = (cover * len(ramp) + 0.5).astype(np.uint8)
    np.copyto(onto, steps[level], where=level > 0)
