"""Seals: a file that carries the hash of its own bytes, so that any altered byte shows.

The hash is taken over the file with 64 zeros in the hash's place; the last seal in a file counts.
"""

import hashlib

_MARK = b"sealed-sha256:"
_ZEROS = b"0" * 64

BLANK = (_MARK + _ZEROS).decode()
"""What a file's maker puts where the seal shall be."""


def sealed(data: bytes) -> bytes:
    """Fill in the seal of a file that was made with `BLANK` in it.

    >>> is_whole(sealed(BLANK.encode())), is_whole(sealed(BLANK.encode()) + b" ")
    (True, False)
    """
    at = data.rindex(BLANK.encode()) + len(_MARK)
    return data[:at] + hashlib.sha256(data).hexdigest().encode() + data[at + len(_ZEROS) :]


def is_whole(data: bytes) -> bool:
    """Whether a file has a seal and every byte is as it was when it was sealed."""
    at = data.rfind(_MARK) + len(_MARK)
    if at < len(_MARK):
        return False
    view, end = memoryview(data), at + len(_ZEROS)
    digest = hashlib.sha256(view[:at])
    digest.update(_ZEROS)
    digest.update(view[end:])
    return digest.hexdigest().encode() == data[at:end]
