"""The newest value of every count of a change log, and what a table of counts changes of it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from reporter import keys
from reporter.keys import Ints, Numbering, Runs
from reporter.schema import COUNTS, Floats


@dataclass(frozen=True)
class News:
    """What a table of counts says otherwise than what is known.

    Attributes:
        keys: of `Known`, none twice.
        values: NaN is withdrawn.
    """

    keys: Ints
    values: Floats


class Known:
    """What is known of each count; a withdrawn one is NaN.

    Args:
        log: tables of `schema.CHANGES`, oldest first.
    """

    def __init__(self, log: Iterable[pa.Table]) -> None:
        self._numbering = Numbering()
        self._keys: Ints = np.zeros(0, np.int64)
        self._values: Floats = np.zeros(0)
        tables = list(log)
        if tables:
            table = pa.concat_tables(tables)
            days = table["target_end_date"].cast(pa.int32()).to_numpy().astype(np.int64)
            found = keys.runs(table["target"], table["location"])
            self._learn(self._numbering.keys(found, days), table["observation"].to_numpy())

    def news(self, counts: pd.DataFrame, found: Runs, *, whole: bool) -> News:
        """Find what a table of counts says otherwise.

        Args:
            counts: a counts frame, no key twice.
            found: its runs.
            whole: see `Vintages.add`.
        """
        days = counts["target_end_date"].to_numpy().astype("datetime64[D]").view(np.int64)
        values = counts["observation"].to_numpy(np.float64)
        told = self._numbering.keys(found, days)
        # A blank is news only where a value was known.
        news = ~np.isnan(values)
        gone = np.zeros(0, np.int64)
        if len(self._keys):
            where, there = self._find(told)
            before = np.where(there, self._values[where], np.nan)
            news = (news | ~np.isnan(before)) & (values != before)
            gone = self._gone(told, where[there]) if whole else gone
        if news.all() and not len(gone):
            return News(told, values)
        return News(np.append(told[news], gone), np.append(values[news], np.full(len(gone), np.nan)))

    def learn(self, news: News) -> None:
        """Take in what became known after everything before it."""
        if not len(self._keys):
            self._learn(news.keys, news.values)
            return
        where, there = self._find(news.keys)
        self._values[where[there]] = news.values[there]
        if not there.all():
            self._learn(news.keys[~there], news.values[~there])

    def table(self, news: News | None = None) -> pa.Table:
        """Lay news, or all that is known, out as a table of counts, sorted by `schema.KEY`, texts as dictionaries."""
        news = news or News(self._keys, self._values)
        told, values = _sorted(news)
        series = list(self._numbering)
        bounds = np.searchsorted(told, keys.first_key_of(np.arange(len(series) + 1)))
        lengths = np.diff(bounds)
        numbers = np.flatnonzero(lengths).tolist()
        by_name = sorted(numbers, key=series.__getitem__)
        if by_name != numbers:
            rows = np.concatenate([np.arange(bounds[number], bounds[number + 1]) for number in by_name])
            told, values = told[rows], values[rows]
        texts = [_texts([series[number][i] for number in by_name], lengths[by_name]) for i in (0, 1)]
        ends = pa.array(keys.day_of(told)).cast(pa.date32())
        return pa.table([*texts, ends, pa.array(values, from_pandas=True)], COUNTS.names)

    def _gone(self, told: Ints, there: Ints) -> Ints:
        """The keys of known values that a whole table lacks.

        Each is on its series' first day in the table or later; its target's if the table lists nothing of the series.
        """
        lacked = ~np.isnan(self._values)
        lacked[there] = False
        if not lacked.any():
            return self._keys[lacked]
        targets: dict[str, int] = {}
        target_of = np.array([targets.setdefault(target, len(targets)) for target, _ in self._numbering], np.int64)
        never = np.iinfo(np.int64).max
        first, begins = np.full(len(targets), never), np.full(len(target_of), never)
        np.minimum.at(begins, keys.series_of(told), keys.day_of(told))
        np.minimum.at(first, target_of, begins)
        begins = np.where(begins == never, first[target_of], begins)
        lacked &= keys.day_of(self._keys) >= begins[keys.series_of(self._keys)]
        return self._keys[lacked]

    def _learn(self, later: Ints, values: Floats) -> None:
        """Take in values, each later than those of its key before it."""
        if not len(self._keys) and (later[1:] > later[:-1]).all():
            self._keys, self._values = later, values.copy()  # they may be the caller's, or no one may write to them
            return
        together, both = np.append(self._keys, later), np.append(self._values, values)
        order = np.argsort(together, kind="stable")
        together, both = together[order], both[order]
        last = np.append(together[1:] > together[:-1], True)
        self._keys, self._values = together[last], both[last]

    def _find(self, told: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Where each key is, and whether it is there."""
        if not len(self._keys):
            return np.zeros(len(told), np.int64), np.zeros(len(told), bool)
        where = np.searchsorted(self._keys, told)
        where[where == len(self._keys)] = 0
        return where, self._keys[where] == told


def _sorted(news: News) -> tuple[Ints, Floats]:
    if (news.keys[1:] > news.keys[:-1]).all():
        return news.keys, news.values
    order = np.argsort(news.keys)
    return news.keys[order], news.values[order]


def _texts(words: list[str], lengths: Ints) -> pa.DictionaryArray:
    """Texts that repeat so and so often, each distinct one held once, in the order in which they come."""
    distinct = {word: number for number, word in enumerate(dict.fromkeys(words))}
    codes = np.array([distinct[word] for word in words], np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(np.repeat(codes, lengths)), pa.array(list(distinct), pa.string()))
