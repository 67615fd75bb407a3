"""The combiners of one feed in one run: what they are given, in the order of reference dates, and what they took."""

import time
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property, partial

import pandas as pd

from reporter import models
from reporter.explain import Retrace, Steps
from reporter.feeds import Feed
from reporter.forecast import ModelRun, run_combiner
from reporter.ledger import Ledger
from reporter.models.base import History
from reporter.remembered import COLUMNS, Remembered, quantiles
from reporter.schema import Floats

Timed = dict[str, tuple[ModelRun, float]]
"""With each model's run the seconds it took."""


class Combining:
    """Combines what the feed's plain models say; where the feed has no combiner, it does and keeps nothing.

    Workers forecast many dates side by side. A combiner needs what was said at the dates before, so its turn comes
    here, in the process that keeps the record, once these are on record.

    Args:
        feed: its settings.
        ledger: its record, read when first needed and from then on told of (`remember`).
    """

    def __init__(self, feed: Feed, ledger: Ledger) -> None:
        self.names = models.combiners(feed.models)
        self._members = models.members(feed.models)
        self._feed = feed
        self._ledger = ledger
        self._waiting: dict[date, History] = {}

    def expect(self, reference: date, history: History) -> None:
        """Keep the history that the forecasts of a date are made from, until they are there."""
        if self.names:
            self._waiting[reference] = history

    def complete(self, reference: date, runs: Timed) -> Timed:
        """What the plain models said of a date, and what the combiners make of it."""
        history = self._waiting.pop(reference, None)
        if history is None:
            return runs
        told = {name: run for name, (run, _) in runs.items()}
        found = self._combined(self.names, history, [(history, told)])
        return runs | {name: (run, seconds) for name, ((run,), seconds) in found.items()}

    def retrace(self, way: Retrace, steps: Steps) -> tuple[Steps, float]:
        """What the combiners say at the stages between two dates; with that the seconds it took.

        They learn from what was known and on record at the date before.
        """
        if not way.combiners:
            return {}, 0.0
        starts = [
            (start, {name: runs[stage] for name, runs in steps.items()}) for stage, start in enumerate(way.starts)
        ]
        found = self._combined(way.combiners, way.learn_from, starts)
        return {name: runs for name, (runs, _) in found.items()}, sum(seconds for _, seconds in found.values())

    def remember(self, reference: date, rows: Mapping[str, pd.DataFrame]) -> None:
        """Take note of what was put on record of a date: model_id → hub rows."""
        if self.names and "_remembered" in self.__dict__:
            self._remembered.add(reference, rows)

    def _combined(
        self, names: Sequence[str], learn_from: History, starts: Sequence[tuple[History, Mapping[str, ModelRun]]]
    ) -> dict[str, tuple[list[ModelRun], float]]:
        """What each combiner says from each start, and the seconds it took; the first gathers what all need."""
        horizons, began = self._feed.horizons, time.perf_counter()
        past = self._remembered.past(learn_from, horizons)
        given = [(start, self._given(runs, start)) for start, runs in starts]
        found = {}
        for name in names:
            runs = run_combiner(partial(models.load_combiner, name), learn_from, past, given, horizons)
            ended = time.perf_counter()
            found[name], began = (runs, ended - began), ended
        return found

    def _given(self, runs: Mapping[str, ModelRun], history: History) -> dict[str, Floats]:
        """What the members say; one that failed is left out."""
        said = {name: runs[name] for name in self._members if name in runs and not runs[name].error}
        return {name: quantiles(run.rows, history, self._feed.horizons) for name, run in said.items()}

    @cached_property
    def _remembered(self) -> Remembered:
        found = Remembered(self._feed.period, self._feed.models, self._members)
        for receipt in self._ledger.receipts()[-Remembered.size(self._feed.period) :]:
            told = {model: table.select(COLUMNS).to_pandas() for model, table in self._ledger.of(receipt)}
            found.add(date.fromisoformat(receipt["reference_date"]), told)
        return found
