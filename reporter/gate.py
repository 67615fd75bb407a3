"""The gate: what upstream sent is held against the last vintage before it is stored."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter.errors import RefusedError
from reporter.schema import Floats, is_cumulative

_Whole = npt.NDArray[np.int64]

_RECENT = 28  # days to the newest period: a place that had no count in them had gone before
_LONG = 91  # days between two vintages after which a place may well have become another, as Western Sahara did
_FEW = 100  # counts: a table that small may grow as it likes
_HANDFUL = 20  # counts: so many may always be rewritten
_NEGATIVE = 0.01  # share of cumulative counts: JHU had one of -1 among 173 countries on 2020-03-25
_NAMED = 5  # places in a message


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far counts may be from those of the last vintage; a feed's `[feeds.limits]`.

    Each holds for every target by itself. The defaults let every step through from one vintage of the bundled
    archives to the next, of which there are 943 (RKI), 94 (NHSN) and 158 (JHU). Of the counts that are not 0 in both,
    so many more than doubled or halved: 0.4 % or fewer in all steps but two, which are 1.5 % (NHSN on 2024-11-22, when
    reporting had become mandatory) and 22 % (RKI on 2022-10-11, when every date had been wrong by one day). It hardly
    grows with the time between two vintages: 2.8 % from the first to the last of JHU, 2.1 % of NHSN's influenza. A
    wrong column makes it 80 to 86 %, places in a wrong order 75 to 85 %.

    Attributes:
        fewer_places: how many places that had counts in the newest 28 days may be without any. If the last vintage
            ends more than 91 days earlier, their counts fall under `fewer_counts` instead.
        fewer_counts: the share of counts that may be gone.
        more_counts: how many times as many counts there may be, with as many again for each period since.
        rewritten: the share of counts other than 0 that may have more than doubled or halved.
    """

    fewer_places: int = 0
    fewer_counts: float = 0.05
    more_counts: float = 2.0
    rewritten: float = 0.4

    @classmethod
    def none(cls) -> Self:
        """No limits: what is refused still is what no upstream can mean."""
        return cls(fewer_places=sys.maxsize, fewer_counts=1.0, more_counts=math.inf, rewritten=1.0)


@dataclass(frozen=True)
class _Table:
    """Counts of one target that are not blank: arrays of one length, places as numbers, days since 1970."""

    place: _Whole
    day: _Whole
    value: Floats

    @property
    def newest(self) -> int:
        return int(self.day.max())

    def of(self, rows: npt.NDArray[np.bool_]) -> "_Table":
        return _Table(self.place[rows], self.day[rows], self.value[rows])


def check(
    name: str, counts: pd.DataFrame, known: pd.DataFrame, limits: Limits, *, today: date, same_source: bool = True
) -> None:
    """Refuse counts that upstream cannot have meant.

    Args:
        name: the source's, for messages.
        counts: what it publishes now (`schema.COUNTS`), of the targets that are followed.
        known: the counts of the same targets as the last vintage has them; empty if there is none.
        limits: of the feed.
        today: no period may end after it.
        same_source: whether `known` is from the same source; if not, only the periods since both began are compared.

    Raises:
        RefusedError: one line with what was found, what is allowed and, where there is one, the setting that says so.
    """
    _refuse_future(name, counts, today)
    (target, target_then), targets = _numbered(counts["target"], known["target"])
    (place, place_then), places = _numbered(counts["location"], known["location"])
    now = _Table(place, _days(counts), counts["observation"].to_numpy("float64"))
    then = _Table(place_then, _days(known), known["observation"].to_numpy("float64"))
    for number, text in enumerate(targets):
        where = f"{name}: {_cut(text)}"
        listed, before = now.of(target == number), then.of(target_then == number)
        after, before = listed.of(~np.isnan(listed.value)), before.of(~np.isnan(before.value))
        if after.day.size:
            _refuse_negative(where, after, cumulative=is_cumulative(str(text)))
        if before.day.size:
            _compare(where, (after, before), listed, places, limits, same_source=same_source)
            if after.day.size and is_cumulative(str(text)):
                _refuse_fallen(where, after, before)


def _compare(
    where: str,
    tables: tuple[_Table, _Table],
    listed: _Table,
    places: Sequence[object],
    limits: Limits,
    *,
    same_source: bool,
) -> None:
    after, before = tables
    if not after.day.size:
        raise RefusedError(f"{where}: no counts at all; the last vintage has {before.day.size}")
    if not after.value.any() and before.value.any():
        raise RefusedError(f"{where}: all {after.value.size} counts are 0; in the last vintage they are not")
    if listed.newest < before.newest:
        raise RefusedError(
            f"{where}: ends on {_date(listed.newest)}, before the last vintage, which ends on {_date(before.newest)}"
        )
    if not same_source:
        begin = max(after.day.min(), before.day.min())
        after, before = after.of(after.day >= begin), before.of(before.day >= begin)
    if not after.day.size or not before.day.size:
        return
    before = _refuse_gone(where, after, before, places, limits)
    if before.day.size:
        found = pd.Index(_keys(before)).get_indexer(pd.Index(_keys(after)))
        _refuse_fewer(where, found, before, limits)
        _refuse_more(where, after, before, limits)
        _refuse_rewritten(where, after.value[found >= 0], before.value[found[found >= 0]], limits)


def _refuse_future(name: str, counts: pd.DataFrame, today: date) -> None:
    newest = counts["target_end_date"].max()
    if newest > pd.Timestamp(today):
        raise RefusedError(f"{name}: a period that ends on {newest:%Y-%m-%d}, which is after today, {today}")


def _refuse_negative(where: str, after: _Table, *, cumulative: bool) -> None:
    below = after.value < 0
    if not below.any():
        return
    newest = below[after.day == after.newest]
    if below.sum() > np.count_nonzero(after.value) / 2 or (cumulative and max(below.mean(), newest.mean()) > _NEGATIVE):
        most = f"a share of {_NEGATIVE:g} of totals" if cumulative else "half of those that are not 0"
        raise RefusedError(f"{where}: {below.sum()} of {below.size} counts are below 0; allowed: {most}")


def _refuse_fallen(where: str, after: _Table, before: _Table) -> None:
    """Refuse totals that are all back at 0 in the newest period."""
    newest, ended = after.of(after.day == after.newest), before.of(before.day == before.newest)
    total = ended.value[np.isin(ended.place, newest.place)].sum()
    if not newest.value.any() and total > 0:
        raise RefusedError(
            f"{where}: all totals are 0 on {_date(after.newest)}; in the last vintage they are {total:g}"
        )


def _refuse_gone(where: str, after: _Table, before: _Table, places: Sequence[object], limits: Limits) -> _Table:
    """Refuse that places go.

    Returns:
        What was known of the places that have not gone, before or now: of the others all counts are missed for ever.
    """
    late = before.place[before.day > before.newest - _RECENT]
    had = np.bincount(late, minlength=len(places)) > 0
    if after.newest - before.newest > _LONG:
        return before.of(had[before.place])
    has = np.bincount(after.place, minlength=len(places)) > 0
    gone = np.flatnonzero(had & ~has)
    if gone.size > limits.fewer_places:
        names = ", ".join(_cut(places[one]) for one in gone[:_NAMED]) + (", …" if gone.size > _NAMED else "")
        raise RefusedError(
            f"{where}: {gone.size} of {had.sum()} places gone, {names}; allowed: {limits.fewer_places}",
            "fewer_places",
        )
    return before.of((had & has)[before.place])


def _refuse_fewer(where: str, found: _Whole, before: _Table, limits: Limits) -> None:
    gone = before.day.size - np.count_nonzero(found >= 0)
    if gone > limits.fewer_counts * before.day.size:
        raise RefusedError(
            f"{where}: {gone} of the last vintage's {before.day.size} counts are gone; "
            f"allowed: a share of {limits.fewer_counts:g}",
            "fewer_counts",
        )


def _refuse_more(where: str, after: _Table, before: _Table, limits: Limits) -> None:
    added = np.unique(after.day[after.day > before.newest]).size
    expected = before.day.size * (1 + added / np.unique(before.day).size)
    if after.day.size > max(_FEW, limits.more_counts * expected):
        raise RefusedError(
            f"{where}: {after.day.size} counts where {expected:.0f} were to be expected; "
            f"allowed: {limits.more_counts:g} times as many",
            "more_counts",
        )


def _refuse_rewritten(where: str, after: Floats, before: Floats, limits: Limits) -> None:
    larger = np.maximum(np.abs(after), np.abs(before))
    rewritten = int((np.abs(after - before) > larger / 2).sum())
    counted = int(np.count_nonzero(larger))
    if rewritten > max(_HANDFUL, limits.rewritten * counted):
        raise RefusedError(
            f"{where}: {rewritten} of {counted} counts more than doubled or halved since the last vintage; "
            f"allowed: a share of {limits.rewritten:g}",
            "rewritten",
        )


def _keys(table: _Table) -> _Whole:
    return table.place * 2**32 + table.day


def _days(frame: pd.DataFrame) -> _Whole:
    return frame["target_end_date"].to_numpy("datetime64[D]").astype(np.int64)


def _numbered(one: pd.Series, other: pd.Series) -> tuple[tuple[_Whole, _Whole], list[object]]:
    """Two columns as numbers of their texts, which are few; and the texts."""
    numbered = [
        (column.cat.codes.to_numpy(), column.cat.categories)
        if isinstance(column.dtype, pd.CategoricalDtype)
        else pd.factorize(column)
        for column in (one, other)
    ]
    texts = pd.Index(np.concatenate([np.asarray(texts, dtype=object) for _, texts in numbered])).unique()
    places = [texts.get_indexer(pd.Index(np.asarray(those, dtype=object))).astype(np.int64) for _, those in numbered]
    codes = [place[number] if number.size else number for (number, _), place in zip(numbered, places, strict=True)]
    return (codes[0].astype(np.int64), codes[1].astype(np.int64)), list(texts)


def _date(day: int) -> np.datetime64:
    return np.datetime64(day, "D")


def _cut(text: object) -> str:
    """Upstream's text in quotes, escaped and cut."""
    quoted = repr(str(text))
    return quoted if len(quoted) <= 60 else quoted[:59] + "…"  # noqa: PLR2004 - as long as a name may be
