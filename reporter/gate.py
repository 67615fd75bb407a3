"""The gate: what upstream sent is held against the last vintage before it is stored."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter import keys
from reporter.errors import RefusedError
from reporter.keys import Ints, Pair
from reporter.schema import Floats, is_cumulative

_RECENT = 28  # days to the newest period: a place that had no count in them had gone before
_LONG = 91  # days between two vintages after which a place may well have become another, as Western Sahara did
_ROLLED = 31  # days: a table that lists some months drops one at once
_FEW = 100  # counts: a table that small may grow as it likes
_HANDFUL = 20  # counts: so many may always be rewritten
_NEGATIVE = 0.01  # share of cumulative counts: JHU had one of -1 among 173 countries on 2020-03-25
_NAMED = 5  # places in a message


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far counts may be from those of the last vintage; of a feed's `[feeds.limits]`, which has the defaults.

    Each holds for every target by itself. The defaults let every step from one vintage of the bundled archives to the
    next pass; `docs/pull.md` has the figures they rest on.

    Attributes:
        fewer_places: how many places that had counts in the newest 28 days may be without any. If the last vintage
            ends more than 91 days earlier, their counts fall under `fewer_counts` instead.
        fewer_counts: the share of counts that may be gone, of those that could still be listed.
        more_counts: how many times as many counts there may be from the first known period on, with as many again for
            each period since.
        rewritten: the share of counts other than 0 that may have more than doubled or halved.
    """

    fewer_places: int
    fewer_counts: float
    more_counts: float
    rewritten: float

    def without(self, setting: str) -> Self:
        """Lift one limit and keep the others."""
        lifted = {"fewer_places": sys.maxsize, "fewer_counts": 1.0, "more_counts": math.inf, "rewritten": 1.0}
        return type(self)(**{**asdict(self), setting: lifted[setting]})


@dataclass(frozen=True)
class _Table:
    """Counts, one of each key (`keys.Numbering`)."""

    key: Ints
    value: Floats

    @cached_property
    def day(self) -> npt.NDArray[np.int32]:
        """Days since 1970."""
        return keys.day_of(self.key)

    @cached_property
    def series(self) -> Ints:
        return keys.series_of(self.key)

    @property
    def first(self) -> int:
        return int(self.day.min())

    @property
    def newest(self) -> int:
        return int(self.day.max())

    def of(self, rows: npt.NDArray[np.bool_]) -> "_Table":
        return self if rows.all() else _Table(self.key[rows], self.value[rows])

    def since(self, day: int) -> "_Table":
        return self.of(self.day >= day)

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True)
class _Step:
    """One target from the last vintage to what is published now.

    What is published is `listed`; `after` and `before` are without blanks; `series` has the target and place of each.
    """

    where: str
    series: Sequence[Pair]
    listed: _Table
    after: _Table
    before: _Table


def check(
    name: str,
    counts: pd.DataFrame,
    known: pd.DataFrame,
    limits: Limits,
    *,
    today: date,
    same_source: bool = True,
    began: Mapping[str, date] | None = None,
) -> None:
    """Refuse counts that upstream cannot have meant.

    Args:
        name: the source's, for messages.
        counts: what it publishes now (`schema.COUNTS`), of the targets that are followed.
        known: the counts of the same targets as the last vintage has them; empty if there is none.
        limits: of the feed.
        today: no period may end after it.
        same_source: whether `known` is from the same source; if not, only the periods since both began are compared.
        began: of each target, the first period end that the same source's last accepted table listed. What is known
            from before it was no longer listed then. Of a target that is not in it, all of `known` is taken as listed.

    Raises:
        RefusedError: one line with what was found, what is allowed and, where there is one, the setting that says so.
    """
    _refuse_future(name, counts, today)
    numbering = keys.Numbering()
    then, now = _table(known, numbering), _table(counts, numbering)
    series = list(numbering)
    targets = sorted({target for target, _ in series})
    numbers = {target: number for number, target in enumerate(targets)}
    target_of = np.array([numbers[target] for target, _ in series], np.int64)
    for number, target in enumerate(targets):
        listed, before = now.of(target_of[now.series] == number), then.of(target_of[then.series] == number)
        after, before = listed.of(~np.isnan(listed.value)), before.of(~np.isnan(before.value))
        step = _Step(f"{name}: {_cut(target)}", series, listed, after, before)
        if len(after):
            _refuse_negative(step.where, after, cumulative=is_cumulative(target))
        if len(before):
            _compare(step, limits, same_source=same_source, began=(began or {}).get(target))
            if is_cumulative(target):
                _refuse_fallen(step)


def _compare(step: _Step, limits: Limits, *, same_source: bool, began: date | None) -> None:
    where, listed, after, before = step.where, step.listed, step.after, step.before
    if not len(after):
        raise RefusedError(f"{where}: no counts at all; the last vintage has {len(before)}")
    overlap = before.since(listed.first)
    if not after.value.any() and (overlap if len(overlap) else before).value.any():
        raise RefusedError(f"{where}: all {len(after)} counts are 0; in the last vintage they are not")
    if listed.newest < before.newest:
        raise RefusedError(
            f"{where}: ends on {_date(listed.newest)}, before the last vintage, which ends on {_date(before.newest)}"
        )
    if not same_source:
        begin, began = max(after.first, before.first), None
        step = replace(step, listed=listed.since(begin), after=after.since(begin), before=before.since(begin))
        if not len(step.before):
            return
    step = replace(step, before=_refuse_gone(step, limits))
    if len(step.before):
        found = _find(step.after.key, step.before.key)
        _refuse_fewer(step, found, _expected_from(step, began), limits)
        _refuse_more(step, limits)
        _refuse_rewritten(step, found, limits)


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


def _refuse_fallen(step: _Step) -> None:
    """Refuse totals that are all back at 0 in the newest period."""
    after, before = step.after, step.before
    newest, ended = after.since(after.newest), before.since(before.newest)
    total = ended.value[np.isin(ended.series, newest.series)].sum()
    if not newest.value.any() and total > 0:
        raise RefusedError(
            f"{step.where}: all totals are 0 on {_date(after.newest)}; in the last vintage they are {total:g}"
        )


def _refuse_gone(step: _Step, limits: Limits) -> _Table:
    """Refuse that places go that had counts of late.

    Returns:
        What is known, less the places that may go: their counts go with them.
    """
    after, before = step.after, step.before
    if after.newest - before.newest > _LONG:
        return before
    recent = before.since(before.newest - _RECENT + 1).series
    had = np.bincount(recent, minlength=len(step.series)) > 0
    gone = had & (np.bincount(after.series, minlength=len(step.series)) == 0)
    if gone.sum() > limits.fewer_places:
        places = [_cut(step.series[one][1]) for one in np.flatnonzero(gone)[:_NAMED]]
        names = ", ".join(places) + (", …" if gone.sum() > _NAMED else "")
        raise RefusedError(
            f"{step.where}: {gone.sum()} of {had.sum()} places gone, {names}; allowed: {limits.fewer_places}",
            "fewer_places",
        )
    return before.of(~gone[before.series])


def _expected_from(step: _Step, began: date | None) -> int:
    """The first day whose counts are missed if they are gone.

    A table of the last so and so many days or months begins later each time: as far as it ends later, and a month, or
    a third of what was listed, more. If it begins later than that, everything since the last one's first day is missed.
    """
    first, before = step.listed.first, step.before
    was = max(before.first, before.first if began is None else int(np.datetime64(began, "D").astype(np.int64)))
    moved = step.listed.newest - before.newest
    slack = min(_ROLLED, max(0, before.newest - was) // 3)
    return first if was < first <= was + moved + slack else was


def _expected_by_series(step: _Step, since: int) -> Ints:
    """The first day of each series whose counts are missed if they are gone.

    A table may list the last so many days of each place, whose ends differ. As long as the table begins where it may, a
    series that spans nine tenths of the longest, and at most a month less, is missed from its own first day on.
    """
    begins = np.full(len(step.series), since, np.int64)
    if step.listed.first > since:
        return begins
    first, last = np.full(len(begins), np.iinfo(np.int64).max), np.full(len(begins), np.iinfo(np.int64).min)
    np.minimum.at(first, step.listed.series, step.listed.day)
    np.maximum.at(last, step.listed.series, step.listed.day)
    there = np.unique(step.listed.series)
    spans = last[there] - first[there]
    whole = there[spans >= spans.max() - min(_ROLLED, spans.max() // 10)]
    begins[whole] = np.maximum(since, first[whole])
    return begins


def _refuse_fewer(step: _Step, found: Ints, since: int, limits: Limits) -> None:
    expected = step.before.day >= _expected_by_series(step, since)[step.before.series]
    there = np.zeros(len(step.before), bool)
    there[found[found >= 0]] = True
    gone, listed = np.count_nonzero(expected & ~there), np.count_nonzero(expected)
    if gone > limits.fewer_counts * listed:
        raise RefusedError(
            f"{step.where}: {gone} of the last vintage's {listed} counts are gone; "
            f"allowed: a share of {limits.fewer_counts:g}",
            "fewer_counts",
        )


def _refuse_more(step: _Step, limits: Limits) -> None:
    """Refuse many more counts than there were; history from before all that is known does not count."""
    begin = max(step.listed.first, step.before.first)
    after, before = step.after.since(begin), step.before.since(begin)
    if not len(before):
        return  # a table that lists nothing known any more
    added = np.unique(after.day[after.day > before.newest]).size
    periods = np.unique(before.day).size
    expected = len(before) * (1 + added / periods)
    if len(after) > max(_FEW, limits.more_counts * expected + periods + added):
        raise RefusedError(
            f"{step.where}: {len(after)} counts where {expected:.0f} were to be expected; "
            f"allowed: {limits.more_counts:g} times as many",
            "more_counts",
        )


def _refuse_rewritten(step: _Step, found: Ints, limits: Limits) -> None:
    after, before = step.after.value[found >= 0], step.before.value[found[found >= 0]]
    larger = np.maximum(np.abs(after), np.abs(before))
    rewritten = int((np.abs(after - before) > larger / 2).sum())
    counted = int(np.count_nonzero(larger))
    if rewritten > max(_HANDFUL, limits.rewritten * counted):
        raise RefusedError(
            f"{step.where}: {rewritten} of {counted} counts more than doubled or halved since the last vintage; "
            f"allowed: a share of {limits.rewritten:g}",
            "rewritten",
        )


def _table(frame: pd.DataFrame, numbering: keys.Numbering) -> _Table:
    days = frame["target_end_date"].to_numpy("datetime64[D]").astype(np.int64)
    found = keys.runs(frame["target"], frame["location"])
    return _Table(numbering.keys(found, days), frame["observation"].to_numpy("float64"))


def _find(told: Ints, known: Ints) -> Ints:
    """Where in what is known each key is; -1 where it is not."""
    order = None if (known[1:] > known[:-1]).all() else np.argsort(known)
    where = np.searchsorted(known, told, sorter=order).clip(max=len(known) - 1)
    where = where if order is None else order[where]
    found: Ints = np.where(known[where] == told, where, -1)
    return found


def _date(day: int) -> np.datetime64:
    return np.datetime64(day, "D")


def _cut(text: object) -> str:
    """Upstream's text in quotes, escaped and cut."""
    quoted = repr(str(text))
    return quoted if len(quoted) <= 60 else quoted[:59] + "…"  # noqa: PLR2004 - as long as a name may be
