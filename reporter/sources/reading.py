"""Reading upstream's bytes as text, rows, dates and numbers, and refusing them with a reason."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date

import numpy as np
import pandas as pd

from reporter.dates import parse_date
from reporter.errors import SourceError

_HTML = re.compile(rb"<html|<!doctype", re.IGNORECASE)
_HTML_WITHIN = 512  # bytes; error pages begin with a newline, a space or an XML declaration
_CONFLICT = (b"<<<<<<<", b">>>>>>>")  # at the start of a line: a merge that someone committed half-way
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?Z?", re.ASCII)
_DAY = len("2020-02-24")
_NAMED = 8  # columns of a wrong header that a message names: JHU has 1,147


def refuse_page(name: str, raw: bytes) -> None:
    """Refuse what every HTTP client accepts in place of data.

    Raises:
        SourceError: the answer is empty, a web page or a merge that git could not finish.
    """
    if not raw.strip():
        raise SourceError(f"{name}: the answer is empty")
    if _HTML.search(raw[:_HTML_WITHIN]):
        raise SourceError(f"{name}: the answer is a web page, not data")
    if any(mark[:1] in raw and (raw.startswith(mark) or b"\n" + mark in raw) for mark in _CONFLICT):
        raise SourceError(f"{name}: git conflict markers in the answer")


def read_text(name: str, raw: bytes) -> str:
    """Decode an answer, with or without a byte order mark.

    Raises:
        SourceError: it is empty, a web page or not UTF-8.
    """
    refuse_page(name, raw)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{name}: not UTF-8 text at byte {error.start}") from None


def read_csv(name: str, raw: bytes, columns: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Read a comma-separated file as its header and its rows, every cell as text.

    pandas would fill up a row that was cut, and read Namibia's `NA` as missing.

    Args:
        name: the source's, for messages.
        raw: the file; line endings, a byte order mark and blank lines do not matter.
        columns: which the header must have.

    Raises:
        SourceError: it is empty, a web page or not UTF-8; the header lacks a column or has one twice;
            there are no rows, or one is not as wide as the header.
    """
    reader = csv.reader(io.StringIO(read_text(name, raw), newline=""), strict=True)
    lines: list[list[str]] = []
    try:
        for line in reader:
            if lines and line and len(line) != len(lines[0]):
                raise SourceError(f"{name}: line {reader.line_num} has {len(line)} cells, the header {len(lines[0])}")
            if line:
                lines.append(line)
    except csv.Error as error:
        raise SourceError(f"{name}: line {reader.line_num} is not comma-separated text: {error}") from None
    header = [cell.strip() for cell in lines[0]] if lines else []
    check_header(name, header, columns)
    if len(lines) == 1:
        raise SourceError(f"{name}: no rows below the header")
    return header, lines[1:]


def read_header(name: str, raw: bytes, columns: Sequence[str]) -> list[str]:
    """Read the header of a comma-separated file and nothing below it.

    Raises:
        SourceError: as `read_csv`, so far as the header shows it.
    """
    line = read_text(name, raw).lstrip("\r\n").partition("\n")[0]
    try:
        header = [cell.strip() for cell in next(csv.reader(io.StringIO(line), strict=True), [])]
    except csv.Error as error:
        raise SourceError(f"{name}: the header is not comma-separated text: {error}") from None
    check_header(name, header, columns)
    return header


def check_header(name: str, header: Sequence[str], columns: Sequence[str]) -> None:
    """Demand columns of a header, and each once.

    Raises:
        SourceError: it lacks one or has one twice.
    """
    require_columns(name, header, columns)
    if len(set(header)) != len(header):
        twice = next(column for column in header if header.count(column) > 1)
        raise SourceError(f"{name}: the column {quoted(twice)} appears twice")


def require_columns(name: str, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Demand columns of what upstream sent.

    Raises:
        SourceError: one is missing; the message lists missing and found ones.
    """
    missing = [column for column in wanted if column not in found]
    if missing:
        raise SourceError(f"{name}: missing columns {listed(missing)}; found {listed(found)}")


def to_dates(name: str, texts: Sequence[str], read: Callable[[str], date]) -> pd.Series:
    """Read dates as datetime64[s].

    Args:
        name: the source's, for messages.
        texts: may repeat; each distinct one is read once.
        read: raises ValueError for what is not a date.

    Raises:
        SourceError: with the first text that is not a date.
    """
    known: dict[str, date] = {}
    for text in dict.fromkeys(texts):
        try:
            known[text] = read(text)
        except ValueError:
            raise SourceError(f"{name}: not a date: {quoted(text)}") from None
    return pd.Series(np.array([known[text] for text in texts], dtype="datetime64[s]"))


def parse_midnight(text: str) -> date:
    """Read a date, or a moment that is the beginning of one.

    Raises:
        ValueError: it is neither.

    >>> parse_midnight("2020-02-24T00:00:00Z")
    datetime.date(2020, 2, 24)
    """
    day, clock = text[:_DAY], text[_DAY:]
    if clock and not _MIDNIGHT.fullmatch(clock):
        raise ValueError("not the beginning of a day")
    return parse_date(day)


def to_numbers(name: str, texts: Iterable[str], *, blank: Sequence[str] = ("",), signed: bool = False) -> pd.Series:
    """Read counts as float64; a blank is NaN, never zero.

    Args:
        name: the source's, for messages.
        texts: in any notation of a decimal number.
        blank: those that say that nothing is known.
        signed: whether a count may be below zero, as a correction.

    Raises:
        SourceError: with the first text that is not a finite number, or is one below zero.
    """
    column = pd.Series([text.strip() for text in texts], dtype="str")
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    wrong = ~np.isfinite(numbers) & ~column.isin(list(blank))
    if wrong.any():
        raise SourceError(f"{name}: not a number: {quoted(column[wrong].iloc[0])}")
    if not signed and (numbers < 0).any():
        raise SourceError(f"{name}: a count below zero: {quoted(column[numbers < 0].iloc[0])}")
    return numbers


def one_line(text: str, longest: int = 300) -> str:
    r"""Put upstream's words on one line of bounded length.

    >>> one_line("bad\n\n gateway")
    'bad gateway'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def quoted(text: str) -> str:
    r"""Put upstream's text in quotes, escaped and cut.

    >>> print(quoted("a\nb"))
    'a\nb'
    """
    return one_line(repr(text), 60)


def listed(columns: Sequence[str]) -> str:
    """Quote the first few columns, and say how many more there are."""
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    return (", ".join(quoted(column) for column in columns[:_NAMED]) or "none") + more
