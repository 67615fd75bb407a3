"""The data of a place's time machine: every past forecast, and the counts as each vintage had them."""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise

import numpy as np

from reporter.posts.book import Book, Place, Series
from reporter.posts.figures import WINDOW
from reporter.posts.hits import verdicts
from reporter.posts.judge import LIKELY, MISS, POINT, SURE
from reporter.posts.past import Ints, Log, Said, number_of
from reporter.posts.words import upper_first
from reporter.schema import Floats

FORMAT = 1
"""Raised when the meaning of what stands in the file changes."""

DIGITS = 4
"""Significant digits of a forecast's largest median; its other numbers are as exact."""

_CODES = {LIKELY: "l", SURE: "s", MISS: "m", POINT: "p", None: "-"}
_NEAR = 3
"""A gap of this many unchanged counts is cheaper to write out than to begin anew."""


def forecasts_json(book: Book, place: Place) -> bytes:
    """The file `forecasts.json` of a place; docs/record.md says what stands where."""
    record = book.record
    dates = [day for day in book.past.dates if day in book.receipts]
    base = number_of(dates[0]) if dates else 0
    contents = {
        "format": FORMAT,
        "feed": record.name,
        "location": place.location,
        "place": place.name,
        "cadence": record.cadence.value,
        "step": record.cadence.days,
        "window": WINDOW[record.cadence],
        "base": str(dates[0]) if dates else None,
        "dates": [number_of(day) - base for day in dates],
        "as_of": [number_of(book.as_of(day)) - base for day in dates],
        "live": "".join("1" if book.is_live(day) else "0" for day in dates),
        "models": [],
        "targets": [_target(book, (target, place.location), dates) for target in record.targets],
    }
    names = list(dict.fromkeys(model for one in contents["targets"] for model in one.pop("spoke")))  # type: ignore[attr-defined]
    contents["models"] = [book.model_title(model) for model in names]
    for one in contents["targets"]:  # type: ignore[attr-defined]
        for row in one["said"]:
            if row:
                row[0] = names.index(row[0])
    return (json.dumps(contents, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode()


def _target(book: Book, series: Series, dates: list[date]) -> dict[str, object]:
    said = book.past.said(series)
    rows, held = _said(said, verdicts(said, book.first.get(series, {})), dates)
    return {
        "target": series[0],
        "title": upper_first(book.target_title(series[0])),
        "spoke": list(dict.fromkeys(said.models)),
        "counts": list(_counts(book.past.log(series), book, dates)),
        "said": rows,
        "held": held,
    }


def _said(said: Said, verdicts: list[str | None], dates: list[date]) -> tuple[list[list[object] | None], list[str]]:
    """Of each date its model, its power of ten and five numbers a horizon; and a letter a horizon, how it held."""
    starts = np.flatnonzero(np.diff(said.references, prepend=-(10**9)))
    bounds = [*starts.tolist(), len(said.references)]
    at = {int(said.references[start]): (start, end) for start, end in pairwise(bounds)}
    tops = np.maximum.reduceat(np.abs(said.values[:, 2]), starts) if len(starts) else starts
    powers = [_power(float(top)) for top in tops]
    numbers = _whole(said.values, np.repeat(powers, np.diff(bounds)))
    power_at, horizons = dict(zip(at, powers, strict=True)), said.horizons.tolist()
    rows: list[list[object] | None] = []
    held: list[str] = []
    for day in dates:
        start, end = at.get(number_of(day), (0, 0))
        if start == end:
            rows.append(None)
            held.append("")
            continue
        row: list[object] = [said.models[start], power_at[number_of(day)]]
        letters = ""
        for place in range(start, end):
            for _ in range(len(letters) + 1, horizons[place]):
                row += [None] * 5
                letters += "-"
            row += numbers[place]
            letters += _CODES[verdicts[place]]
        rows.append(row)
        held.append(letters)
    return rows, held


def _power(top: float) -> int:
    """The power of ten in whose units the largest median has `DIGITS` digits; tenths at the finest above 1."""
    if top <= 0:
        return -1
    power = math.floor(math.log10(top)) - DIGITS + 1
    return max(power, -1) if top >= 1 else power


def _whole(values: Floats, powers: Ints) -> list[list[int]]:
    """The medians, and how far the other quantiles are from them, outwards."""
    units = np.rint(values / 10.0 ** powers[:, None]).astype(np.int64)
    middle = units[:, 2]
    columns = [middle, middle - units[:, 0], middle - units[:, 1], units[:, 3] - middle, units[:, 4] - middle]
    rows: list[list[int]] = np.stack(columns, axis=1).tolist()
    return rows


def _counts(log: Log, book: Book, dates: list[date]) -> Iterator[list[list[float | None]]]:
    """What each date's vintage, and then the newest of all, says otherwise than the one before.

    Runs of consecutive periods: the first one's end, then by how much each count grew; null is withdrawn, and the
    count after it, as of one that is new, grows from 0.
    """
    if not dates:
        return
    base, step = number_of(dates[0]), book.record.cadence.days
    vintages = np.array([number_of(book.as_of(day)) for day in dates], np.int64)
    kept = log.ends > base - WINDOW[book.record.cadence] * step
    ends, values = log.ends[kept], log.values[kept]
    # Which of the steps first knows a row; the last one knows all.
    steps = np.searchsorted(vintages, log.as_ofs[kept], side="left")
    last = np.append((ends[1:] != ends[:-1]) | (steps[1:] != steps[:-1]), True)[: len(ends)]
    ends, values, steps = ends[last], values[last], steps[last]
    order = np.lexsort((ends, steps))
    known: dict[int, float] = {}
    bounds = np.searchsorted(steps[order], np.arange(len(vintages) + 2)).tolist()
    for start, stop in pairwise(bounds):
        rows = order[start:stop]
        yield _runs(ends[rows], values[rows], known, base, step)


def _runs(ends: Ints, values: Floats, known: dict[int, float], base: int, step: int) -> list[list[float | None]]:
    runs: list[list[float | None]] = []
    before = None
    for end, value in zip(ends.tolist(), values.tolist(), strict=True):
        old, grown = known.get(end), None
        if value == value:  # noqa: PLR0124 - it is a number
            grown = _short(value - (old or 0.0))
            if grown == 0 and old is not None:
                continue
            known[end] = (old or 0.0) + grown
        elif old is not None:
            del known[end]
        else:
            continue
        if before is not None and end - before == step:
            runs[-1].append(grown)
        elif before is not None and (gap := _gap(before, end, step, known)) is not None:
            runs[-1] += [*[0] * gap, grown]
        else:
            runs.append([end - base, grown])
        before = end
    return runs


def _gap(before: int, end: int, step: int, known: Mapping[int, float]) -> int | None:
    """How many unchanged counts lie between two; None where they are too many, or one of them is not known."""
    between = range(before + step, end, step)
    if (end - before) % step or len(between) > _NEAR or not all(day in known for day in between):
        return None
    return len(between)


def _short(value: float) -> float:
    """A number without the noise of its last digits; whole ones as such."""
    whole = int(value)
    return whole if whole == value else float(f"{value:.9g}")
