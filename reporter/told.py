"""What models say besides their quantiles, held to what is promised of it and laid out as rows of `schema.TOLD`."""

import numpy as np
import pandas as pd

from reporter.errors import ModelError
from reporter.models.base import Estimates, History, Quantiles
from reporter.models.lesson import Lesson
from reporter.schema import QUANTITIES, Floats

_SAID = ("estimate", "q025", "q25", "q75", "q975")
_ASCENDING = [1, 2, 0, 3, 4]
"""The columns of an estimate in the order of its values, and the order in which these ascend."""

_FINE = 2.0**20
"""Steps between a power of two and the next that an estimate is rounded to: six digits, and four bytes of zeros."""


def rows(quantiles: Quantiles, history: History, kept: list[int]) -> dict[str, pd.DataFrame]:
    """All that a model says besides its quantiles, by the names of `schema.TOLD`; nothing if it refuses every series.

    Args:
        quantiles: what it said.
        history: what it was asked of.
        kept: the series that it speaks of.

    Returns:
        Frames of the columns of `schema.TOLD` without `model_id`.

    Raises:
        ModelError: something is not as `models.base` promises.
    """
    said = {}
    if kept and quantiles.estimates is not None:
        said["estimates"] = _checked_estimates(quantiles.estimates, history, kept)
    if kept and quantiles.lesson is not None:
        said["lessons"] = _checked_lesson(quantiles.lesson, history)
    return said


def _checked_lesson(lesson: Lesson, history: History) -> pd.DataFrame:
    """How a network learnt: a row for each round, then one for each input, in their order.

    Raises:
        ModelError: shape, order, sign or finiteness is not as promised.
    """
    rounds, losses = np.asarray(lesson.rounds), {"trained": lesson.trained, "held_out": lesson.held_out}
    if rounds.ndim != 1 or not len(rounds) or (rounds < 0).any() or (np.diff(rounds) <= 0).any():
        raise ModelError(f"gave losses of rounds {rounds.tolist()}, which do not rise from 0 or more")
    for name, loss in losses.items():
        if loss.shape != rounds.shape or not np.isfinite(loss).all() or (loss < 0).any():
            raise ModelError(f"gave {name} losses that are not {len(rounds)} finite numbers of 0 or more")
    named = lesson.inputs
    if len(set(named)) < len(named) or not all(name.strip() for name in named):
        raise ModelError(f"gave inputs without a name of their own: {list(named)}")
    if lesson.leaned.shape != (len(named),) or not np.isfinite(lesson.leaned).all() or (lesson.leaned < -1).any():
        raise ModelError(f"leaned on {len(named)} inputs by what are not as many finite ratios less 1")
    none = np.full(len(named), np.nan)
    return pd.DataFrame(
        {
            "reference_date": np.full(len(rounds) + len(named), history.dates[-1]).astype("datetime64[s]"),
            "kind": ["loss"] * len(rounds) + ["input"] * len(named),
            "input": [""] * len(rounds) + list(named),
            "round": np.concatenate([rounds, np.zeros(len(named))]).astype(np.int32),
            **{name: _coarse(np.concatenate([loss, none])) for name, loss in losses.items()},
            "leaned": _coarse(np.concatenate([np.full(len(rounds), np.nan), lesson.leaned])),
        }
    )


def _checked_estimates(estimates: Estimates, history: History, kept: list[int]) -> pd.DataFrame:
    """What a model says of the waves of the series that it speaks of, final sizes capped at the population.

    Returns:
        A frame of `schema.ESTIMATES` without `model_id`, in the order target, location, quantity.

    Raises:
        ModelError: quantities, shape, order, sign or finiteness is not as promised.
    """
    if set(estimates.values) != set(QUANTITIES) or len(estimates.families) != len(history.targets):
        found = f"{len(estimates.families)} families and {sorted(estimates.values)}"
        raise ModelError(f"gave estimates of {found}, not {len(history.targets)} and {sorted(QUANTITIES)}")
    shape = (len(history.targets), len(_SAID))
    for quantity, values in estimates.values.items():
        if values.shape != shape:
            raise ModelError(f"gave estimates of {quantity} of shape {values.shape}, not {shape}")
        _check_said(quantity, values[kept])
    cap = np.where(np.isnan(history.population), np.inf, history.population)[:, None]
    said = {**estimates.values, "final_size": np.minimum(estimates.values["final_size"], cap)}
    order = sorted(kept, key=lambda i: (history.targets[i], history.locations[i]))
    values = np.stack([said[quantity][order] for quantity in QUANTITIES], axis=1).reshape(-1, len(_SAID))
    places = [i for i in order for _ in QUANTITIES]
    return pd.DataFrame(
        {
            "reference_date": np.full(len(places), history.dates[-1]).astype("datetime64[s]"),
            "target": [history.targets[i] for i in places],
            "location": [history.locations[i] for i in places],
            "family": [estimates.families[i] for i in places],
            "quantity": [*QUANTITIES] * len(order),
            **dict(zip(_SAID, _coarse(values).T, strict=True)),
        }
    )


def _check_said(quantity: str, values: Floats) -> None:
    """Hold the estimates of one quantity, (S, 5), to what is promised of them; raises ModelError."""
    if np.isinf(values).any():
        raise ModelError(f"gave an estimate of {quantity} that is infinite")
    if (np.isnan(values[:, 0]) & np.isfinite(values[:, 1:]).any(axis=1)).any():
        raise ModelError(f"gave a range of {quantity} without an estimate")
    # A level that is not told may stand between two that are, so each is held against the highest below it.
    highest = np.fmax.accumulate(values[:, _ASCENDING], axis=1)
    if (values[:, _ASCENDING] < highest).any():
        raise ModelError(f"gave levels of {quantity} that cross, or an estimate outside of them")
    if quantity == "began" and (values > 0).any():
        raise ModelError("gave a wave that begins after the reference date")
    if quantity == "final_size" and (values < 0).any():
        raise ModelError("gave a negative final size")


def _coarse(values: Floats) -> Floats:
    """The values to six significant digits, in binary, where that saves half of their bytes; their order stays."""
    mantissa, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.round(mantissa * _FINE) / _FINE, exponent))
