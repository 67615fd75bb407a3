"""A share card: the blog, the finding in large type, the chart, where data ends."""

import numpy as np

from reporter.cards import chart
from reporter.cards.lettering import cut, fitted, write
from reporter.cards.palette import INK, LINE, MUTED, PAPER
from reporter.cards.png import encoded
from reporter.posts.share import ShareCard

WIDTH, HEIGHT = 1200, 630
"""Pixels: what networks and messengers show without cutting."""

_EDGE = 64
_ROOM = WIDTH - 2 * _EDGE
_SIZES = ((50, 2), (42, 3), (36, 4))
"""Of the finding: pixels, and how many lines of them there is room for."""


def draw(card: ShareCard) -> bytes:
    """Draw a card as PNG.

    Raises:
        OSError: the installation has no fonts.
    """
    canvas = np.full((HEIGHT, WIDTH), PAPER, dtype=np.uint8)
    write(canvas, cut(card.brand, 26, _ROOM, bold=True), _EDGE, 38, 26, INK, bold=True)
    canvas[86:88, _EDGE:-_EDGE] = LINE
    size, lines = fitted(card.finding, _SIZES, _ROOM)
    top = 108
    for line in lines:
        write(canvas, line, _EDGE, top, size, INK, bold=True)
        top += round(1.22 * size)
    if card.about:
        write(canvas, cut(card.about, 25, _ROOM), _EDGE, top + 8, 25, MUTED)
        top += 42
    if card.through:
        write(canvas, cut(card.through, 22, _ROOM), _EDGE, HEIGHT - 66, 22, MUTED)
    if card.sketch is not None:
        chart.draw(canvas[top + 24 : HEIGHT - 78, _EDGE:-_EDGE], card.sketch)
    return encoded(canvas)
