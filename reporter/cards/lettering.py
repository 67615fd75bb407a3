"""Text on a card: fonts that ship with us, lines broken between words."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reporter.cards.palette import Indices, Shares, lay

_FOLDER = Path(__file__).parent.parent / "data" / "fonts"

LARGE = 32
"""Pixels: in such letters one pixel more between two is not seen, but a step at an edge is; smaller ones are cut to
whole pixels, as their hints have it: crisper, and a third fewer bytes."""

_SOFT = 0.14
"""How far from half covered a pixel of a letter's edge may be to be drawn as a step between; no step is near enough
for the eye to miss the others, and half of them make a fifth of a card."""

ELLIPSIS = "\u2026"


@cache
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """One of the two fonts in a size in pixels.

    Raises:
        OSError: the installation has no fonts.
    """
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(_FOLDER / name, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _word(word: str, size: int, *, bold: bool) -> float:
    """How wide a word is; words repeat from card to card."""
    return float(font(size, bold=bold).getlength(word))


def width(text: str, size: int, *, bold: bool = False) -> float:
    """How wide a line is, in pixels, to within the kerning at spaces."""
    words = text.split(" ")
    return sum(_word(word, size, bold=bold) for word in words) + (len(words) - 1) * _word(" ", size, bold=bold)


def cut(text: str, size: int, room: float, *, bold: bool = False) -> str:
    """The text, or as much of it as there is room for and an ellipsis; between words where it has any."""
    if width(text, size, bold=bold) <= room:
        return text
    words = text.split(" ")
    while len(words) > 1:
        words.pop()
        shorter = " ".join(words).rstrip(",;:") + ELLIPSIS
        if width(shorter, size, bold=bold) <= room:
            return shorter
    letters = words[0]
    while letters and width(letters + ELLIPSIS, size, bold=bold) > room:
        letters = letters[:-1]
    return letters + ELLIPSIS


def wrapped(text: str, size: int, room: float, *, bold: bool = False) -> list[str]:
    """The text in lines, broken between words; a word longer than a line is one line too long."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def fitted(text: str, sizes: Sequence[tuple[int, int]], room: float) -> tuple[int, list[str]]:
    """The largest size in which a bold text fits, and its lines.

    Args:
        text: one paragraph.
        sizes: size and how many lines of it there is room for, largest first; in the last the text is cut.
        room: pixels.
    """
    size, most, lines = 0, 0, [text]
    for size, most in sizes:
        lines = wrapped(text, size, room, bold=True)
        if len(lines) <= most and all(width(line, size, bold=True) <= room for line in lines):
            return size, lines
    kept = [cut(line, size, room, bold=True) for line in lines[:most]]
    if len(lines) > most and not kept[-1].endswith(ELLIPSIS):
        kept[-1] = cut(kept[-1] + " " + lines[most], size, room, bold=True)
    return size, kept


@cache
def _glyph(letter: str, size: int, *, bold: bool) -> Shares:
    """How far a letter covers the pixels of its line, from its own left edge on."""
    drawn = font(size, bold=bold)
    reach = size // 4
    image = Image.new("L", (round(drawn.getlength(letter)) + 2 * reach, height(size)))
    onto = ImageDraw.Draw(image)
    if size < LARGE:
        onto.fontmode = "1"
    onto.text((reach, 0), letter, fill=255, font=drawn)
    cover = np.asarray(image) / 255
    return np.where(abs(cover - 0.5) < _SOFT, 0.5, cover > 0.5)  # noqa: PLR2004


@cache
def _inked(letter: str, size: int, ramp: tuple[int, ...], *, bold: bool) -> tuple[int, Indices]:
    """A letter in the colours of a ramp, cut to what is inked, and how far right of its left edge that is."""
    cover = _glyph(letter, size, bold=bold)
    columns = np.flatnonzero(cover.any(axis=0))
    if not len(columns):
        return 0, np.zeros((0, 0), dtype=np.uint8)
    first, last = int(columns[0]) & ~1, int(columns[-1]) + 1
    letters = np.zeros((cover.shape[0], last - first), dtype=np.uint8)
    lay(letters, cover[:, first:last], ramp)
    return first - size // 4, letters


def height(size: int) -> int:
    """How high a line is, in pixels."""
    return sum(font(size).getmetrics())


def write(
    onto: Indices, text: str, left: int, top: int, size: int, ramp: tuple[int, ...], *, bold: bool = False
) -> None:
    """Write a line of text, its upper left corner where it is told; what is beyond the edges is cut.

    Large letters begin at even columns, so that two of a kind are the same bytes in a file of two pixels a byte.
    """
    at, before = float(left), ""
    step = 2 if size >= LARGE else 1
    for letter in text:
        at += _kerning(before + letter, size, bold=bold) if before else 0.0
        shift, letters = _inked(letter, size, ramp, bold=bold)
        column = step * round((at + shift) / step)
        letters = letters[max(-top, 0) :, max(-column, 0) :]
        row, column = max(top, 0), max(column, 0)
        part = onto[row : row + letters.shape[0], column : column + letters.shape[1]]
        letters = letters[: part.shape[0], : part.shape[1]]
        np.copyto(part, letters, where=letters > 0)
        at, before = at + _word(letter, size, bold=bold), letter


@cache
def _kerning(pair: str, size: int, *, bold: bool) -> float:
    """How much nearer than their widths two letters stand."""
    return _word(pair, size, bold=bold) - sum(_word(letter, size, bold=bold) for letter in pair)
