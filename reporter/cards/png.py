"""A card's pixels as a PNG file: two pixels a byte, each row as it is.

The compression finds what repeats from row to row better in the rows themselves than in their differences; harder
compression would win a twentieth and take four times as long.
"""

import struct
import zlib

import numpy as np

from reporter.cards.palette import BYTES, Indices

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS, _BY_INDEX = 4, 3
_LEVEL, _WINDOW = 7, 13
"""What repeats does so within a few rows: a window of eight kilobytes finds it, and is soon searched."""


def encoded(pixels: Indices) -> bytes:
    """Write a picture.

    Args:
        pixels: rows of indices into `palette.COLOURS`, an even number a row.

    Source:
        PNG Specification, third edition (W3C, 2025), sections 9 and 11.
    """
    high, wide = pixels.shape
    rows = np.zeros((high, 1 + wide // 2), dtype=np.uint8)
    rows[:, 1:] = (pixels[:, ::2] << _BITS) | pixels[:, 1::2]
    header = struct.pack(">IIBBBBB", wide, high, _BITS, _BY_INDEX, 0, 0, 0)
    data = zlib.compress(rows.tobytes(), _LEVEL, _WINDOW)
    parts = ((b"IHDR", header), (b"PLTE", BYTES), (b"IDAT", data), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
