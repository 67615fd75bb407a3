"""Texts of pictures: only what the fonts that ship with us can draw, in one direction."""

import unicodedata

_RANGES = (
    (0x0020, 0x007E), (0x00A0, 0x024F), (0x0300, 0x036F), (0x0370, 0x03FF), (0x0400, 0x04FF), (0x1E00, 0x1EFF),
    (0x2000, 0x200A), (0x2010, 0x2027), (0x202F, 0x202F), (0x2030, 0x205E), (0x2070, 0x209F), (0x20A0, 0x20BF),
    (0x2122, 0x2122), (0x2190, 0x2199), (0x2212, 0x2212), (0x2248, 0x2248), (0x2260, 0x2260), (0x2264, 0x2265),
)  # fmt: skip
"""What `benchmarks/card_fonts.sh` leaves in the fonts."""

MISSING = "\ufffd"
"""What stands for characters the fonts lack."""

MOST = 400
"""Characters of a text that are looked at: a picture has room for no more."""


def drawable(text: str) -> str:
    r"""A text as the fonts can draw it: controls and marks of direction are dropped, the rest shown as missing.

    >>> ascii(drawable("Caf\u00e9\u202e\n\U0001f637\U0001f637 a\u200bb"))
    "'Caf\\xe9 \\ufffd ab'"
    """
    if text.isascii() and text.isprintable():
        return text[:MOST]
    shown = ""
    for letter in unicodedata.normalize("NFC", text[:MOST]):
        if any(first <= ord(letter) <= last for first, last in _RANGES):
            shown += letter
        elif letter in "\t\n\r":
            shown += " "
        elif unicodedata.category(letter) not in ("Cc", "Cf", "Mn", "Me") and not shown.endswith(MISSING):
            shown += MISSING
    return shown


def named(name: str, location: str) -> str:
    """A place's name, or its id where the fonts cannot draw most of the name."""
    letters = [letter for letter in name[:MOST] if letter.isalnum()]
    known = [letter for letter in letters if drawable(letter) == letter]
    return name if 2 * len(known) >= len(letters) else location
