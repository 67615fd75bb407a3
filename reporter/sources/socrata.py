"""Socrata, which data.cdc.gov runs on: its JSON and how an answer is asked for page by page.

Every number is a text and a null has no key. `$limit` cuts an answer without a word, so a page that is full is followed
by the next; pages need an `$order`.
"""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import numpy as np

from reporter.errors import SourceError
from reporter.sources.base import Paging
from reporter.sources.columns import Column
from reporter.sources.reading import one_line, quoted, read_text, require_columns

_LIMIT = 1000  # rows, where none is asked for
_MOST_PAGES = 20  # a server that does not heed `$offset` would fill pages for ever


def is_csv(raw: bytes) -> bool:
    """Whether an answer is a table in CSV, and not JSON."""
    line = raw.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
    return not line.startswith((b"[", b"{")) and b"," in line


def read_json(name: str, raw: bytes, columns: tuple[str, ...]) -> dict[str, Column]:
    """Read rows of texts by their columns; where a row has no key, or a null, the text is blank.

    Args:
        name: the source's, for messages.
        columns: which some row must have.

    Raises:
        SourceError: the bytes are no whole list of rows, or not one has one of the columns.
    """
    rows = _rows(name, raw)
    found = list(dict.fromkeys(key for row in rows for key in row))
    require_columns(name, found, columns)
    return {column: _column([row.get(column) for row in rows]) for column in found}


def paging(name: str) -> Paging:
    """Ask for the next page while one is full: as long as `$limit` of its address.

    Args:
        name: the source's, for messages.
    """

    def following(url: str, raw: bytes) -> str | None:
        query = dict(parse_qsl(urlsplit(url).query))
        limit, offset = int(query.get("$limit", _LIMIT)), int(query.get("$offset", 0))
        if len(_rows(name, raw, least=0)) < limit:
            return None
        if offset >= (_MOST_PAGES - 1) * limit:
            raise SourceError(f"{name}: more than {_MOST_PAGES} pages of {limit} rows")
        rest = urlencode(query | {"$offset": offset + limit}, safe="$,:")
        return urlsplit(url)._replace(query=rest).geturl()

    def joined(pages: list[bytes]) -> bytes:
        inner = [page.removeprefix(b"\xef\xbb\xbf").strip()[1:-1] for page in pages]
        return b"[" + b",".join(rows for rows in inner if rows.strip()) + b"]"

    return Paging(following=following, joined=joined)


def _rows(name: str, raw: bytes, least: int = 1) -> list[dict[str, Any]]:
    try:
        rows = json.loads(read_text(name, raw))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{name}: not whole JSON: {one_line(str(error))}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(f"{name}: not a list of rows: {quoted(raw[:80].decode(errors='replace'))}")
    if len(rows) < least:
        raise SourceError(f"{name}: no rows")
    return rows


def _column(cells: list[Any]) -> Column:
    codes: dict[str, int] = {}
    places = [codes.setdefault("" if cell is None else str(cell), len(codes)) for cell in cells]
    return Column(list(codes), np.array(places, dtype=np.int64))
