"""From counts as known at a date to what a model says: quantiles as hub rows, and what it tells besides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from reporter import marks, told
from reporter.dates import Cadence
from reporter.errors import ModelError
from reporter.models.base import History, Model, Quantiles
from reporter.models.past import Combiner, Past
from reporter.schema import FORECASTS, LEVELS, Floats, columns, is_cumulative


@dataclass(frozen=True)
class ModelRun:
    """What came of asking one model: its rows, or why there are none.

    Attributes:
        rows: hub rows (`schema.FORECASTS`); empty if the model failed, or refused every place.
        refused: (target, location) → why the model says nothing about it.
        error: why the model failed as a whole, or None.
        beside: what else it says, by the names of `schema.TOLD`: rows without `model_id`, of the series that it
            speaks of; nothing of what it does not tell.
    """

    rows: pd.DataFrame
    refused: dict[tuple[str, str], str]
    error: str | None = None
    beside: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def entry(self) -> dict[str, Any]:
        """What a receipt says of it."""
        entry: dict[str, Any] = {"status": "failed" if self.error else "refused" if self.rows.empty else "ok"}
        if self.error:
            entry["error"] = self.error
        if self.refused:
            entry["refused"] = [
                {"target": target, "location": location, "reason": reason}
                for (target, location), reason in sorted(self.refused.items())
            ]
        return entry


def build_history(
    counts: pd.DataFrame,
    series: list[tuple[str, str]],
    reference_date: date,
    cadence: Cadence,
    population: dict[str, float],
) -> History:
    """Lay counts out as one matrix, from the first period counted through `reference_date`, odd ones treated.

    Args:
        counts: a counts frame as known at one date; later periods than the reference date
            (not settled yet) are dropped.
        series: the (target, location) of each row wanted; one without counts is all NaN.
        population: location → persons.
    """
    settled = counts[counts["target_end_date"] <= pd.Timestamp(reference_date)]
    wide = settled.pivot(index=["target", "location"], columns="target_end_date", values="observation")
    first = wide.columns.min() if len(wide.columns) else pd.Timestamp(reference_date)
    dates = pd.date_range(end=reference_date, start=first, freq=f"{cadence.days}D", unit="s")
    if dates[-1] != pd.Timestamp(reference_date):
        raise ModelError(f"counts are not {cadence.value}ly: {first:%Y-%m-%d} to {reference_date}")
    index = pd.MultiIndex.from_tuples(series, names=["target", "location"])
    matrix = wide.reindex(index=index, columns=dates).to_numpy(dtype=np.float64, copy=True)
    matrix.flags.writeable = False
    treated = marks.treat(matrix, np.array([is_cumulative(target) for target, _ in series], dtype=np.bool_), cadence)
    treated.flags.writeable = False
    return History(
        cadence=cadence,
        dates=dates.to_numpy().astype("datetime64[D]"),
        targets=tuple(target for target, _ in series),
        locations=tuple(location for _, location in series),
        counts=treated,
        population=np.array([population.get(location, np.nan) for _, location in series]),
        published=None if np.array_equal(matrix, treated, equal_nan=True) else matrix,
    )


def run_model(make: Callable[[], Model], history: History, horizons: int, seed: int) -> ModelRun:
    """Make a model, ask it and hold it to its contract.

    Whatever a model raises is its own failure, named and not passed on: one model must not
    stop the others.
    """
    try:
        return _run(make().forecast(history, horizons, seed), history, horizons)
    except Exception as error:  # noqa: BLE001 - a model may fail in any way; the page names it
        return _failed(history, error)


def run_from(
    make: Callable[[], Model], learn_from: History, starts: Sequence[History], horizons: int, seed: int
) -> list[ModelRun]:
    """Make a model, let it learn once, and ask it from each of several histories. It fails for all of them or none."""
    try:
        told = make().learn(learn_from, horizons, seed)
        return [_run(told(start), start, horizons) for start in starts]
    except Exception as error:  # noqa: BLE001 - as in `run_model`
        return [_failed(start, error) for start in starts]


def run_combiner(
    make: Callable[[], Combiner],
    learn_from: History,
    past: Past,
    starts: Sequence[tuple[History, Mapping[str, Floats]]],
    horizons: int,
) -> list[ModelRun]:
    """Make a combiner, let it learn once, and combine what its members say from each of several histories.

    Args:
        make: makes it.
        learn_from: the history whose counts the past is held against.
        past: what was said before the last date of `learn_from`.
        starts: each history, and what the members say from there.
        horizons: how many periods ahead.
    """
    try:
        combined = make().learn(learn_from, past, horizons)
        return [_run(combined(start, told), start, horizons) for start, told in starts]
    except Exception as error:  # noqa: BLE001 - as in `run_model`
        return [_failed(start, error) for start, _ in starts]


def _run(quantiles: Quantiles, history: History, horizons: int) -> ModelRun:
    """What a model said, held to its contract."""
    values = _checked(quantiles, history, horizons)
    kept = [number for number in range(len(history.targets)) if number not in quantiles.refused]
    refused = {(history.targets[i], history.locations[i]): reason for i, reason in quantiles.refused.items()}
    return ModelRun(_rows(history, values, kept), refused, beside=told.rows(quantiles, history, kept))


def _failed(history: History, error: Exception) -> ModelRun:
    """No rows, and why."""
    reason = str(error) if isinstance(error, ModelError) else f"{type(error).__name__}: {error}"
    return ModelRun(_rows(history, np.empty((0, 0, 0)), []), {}, " ".join(reason.split()))


def _checked(quantiles: Quantiles, history: History, horizons: int) -> Floats:
    """The values, capped at the population and whole, as quantiles of a count are.

    So a range on a page, where counts have no decimals, is the very range that is scored.

    Raises:
        ModelError: shape, order, sign or finiteness is not as promised.
    """
    values = quantiles.values
    shape = (len(history.targets), horizons, len(LEVELS))
    if values.shape != shape:
        raise ModelError(f"gave quantiles of shape {values.shape}, not {shape}")
    spoken = np.ones(shape[0], dtype=bool)
    spoken[list(quantiles.refused)] = False
    if not np.isfinite(values[spoken]).all():
        raise ModelError("gave a quantile that is not finite")
    if (values[spoken] < 0).any():
        raise ModelError("gave a negative count")
    if (np.diff(values[spoken], axis=-1) < 0).any():
        raise ModelError("gave quantiles that cross")
    cap = np.where(np.isnan(history.population), np.inf, history.population)
    return np.asarray(np.round(np.minimum(values, cap[:, None, None])), dtype=np.float64)


def _rows(history: History, values: Floats, kept: list[int]) -> pd.DataFrame:
    """Hub rows of the kept series, in the order target, location, horizon, level."""
    reference = history.dates[-1]
    horizons = values.shape[1] if kept else 0
    index = pd.MultiIndex.from_product([kept, range(1, horizons + 1), LEVELS], names=["series", "horizon", "level"])
    frame = index.to_frame(index=False)
    steps = frame["horizon"].to_numpy(dtype=np.int64) * history.cadence.days
    rows = pd.DataFrame(
        {
            "reference_date": np.full(len(frame), reference).astype("datetime64[s]"),
            "target": [history.targets[i] for i in frame["series"]],
            "horizon": frame["horizon"].astype("int32"),
            "location": [history.locations[i] for i in frame["series"]],
            "target_end_date": (reference + steps.astype("timedelta64[D]")).astype("datetime64[s]"),
            "output_type": "quantile",
            "output_type_id": frame["level"].astype("float64"),
            "value": values[kept].reshape(-1) if kept else np.empty(0),
        }
    )
    return rows[columns(FORECASTS)].sort_values(["target", "location", "horizon", "output_type_id"], ignore_index=True)
