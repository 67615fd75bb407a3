"""Share cards as PNG: 1200 by 630 pixels in a dozen colours, the same bytes for the same card."""

from reporter.cards.drawing import HEIGHT, WIDTH, draw

__all__ = ["HEIGHT", "WIDTH", "draw"]
