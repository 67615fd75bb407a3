"""Several ways to forecast, mixed by how each did so far."""

from dataclasses import dataclass

import numpy as np

from reporter.models.leastsquares import Bools
from reporter.schema import Floats

POWER = 8.0
"""Weights go with the mean error to minus this power: a way whose errors are a tenth larger weighs half."""

PRIOR = 30.0
"""Past origins of its own that outweigh what did best over all places of a target."""

UNSURE = 10
"""The oldest origins have too few errors before them to weigh by; they take the weights of the first that has."""

SLACK = 1e-3
"""Errors this small, as a share of the mean error of all ways, are as good as none."""


@dataclass(frozen=True)
class Mixed:
    """What comes of a mixture.

    Attributes:
        points: (R, S, H) mixed forecasts, each by the weights of its own origin.
        then: (K, R, S) these weights.
        weights: (2, K, S) those to forecast with now, in the first regime and in the second.
    """

    points: Floats
    then: Floats
    weights: Floats


def mix(trials: Floats, actual: Floats, second: Bools) -> Mixed:
    """Mix K ways to forecast by the mean absolute errors each made before.

    At every origin only errors count that were known by then (Dawid 1984, J. R. Stat. Soc. A 147: the prequential
    principle), so that the errors of the mixture are errors of forecasts and not of a fit. The oldest `UNSURE` origins
    are the exception: their weights are those of a few origins later. Combining by past errors,
    not choosing the best: Bates & Granger 1969, Oper. Res. Q. 20. All horizons are weighed together.

    Args:
        trials: (K, R, S, H) forecasts of each way at R origins, newest first, of the series of one target.
        actual: (R, S, H) what came true, on the same scale; NaN where not known.
        second: (R, S) whether a series was in the second regime: each has weights of its own.
    """
    known = np.isfinite(actual)
    loss = np.where(known, np.abs(np.where(known, actual, 0.0) - trials), 0.0)
    regimes = np.stack([~second, second])
    sums = np.stack([_before(loss * mine[:, :, None]) for mine in regimes])
    counts = np.stack([_before((known & mine[:, :, None])[None].astype(np.float64)) for mine in regimes])
    weights = _weights(sums, counts, trials.shape[3])
    origins = np.arange(trials.shape[1])
    told = np.minimum(origins, max(len(origins) - UNSURE, 0))
    chosen = np.where(second, weights[1][:, told], weights[0][:, told])
    return Mixed(blend(trials, chosen), chosen, weights[:, :, 0])


def blend(trials: Floats, weights: Floats) -> Floats:
    """(..., H) the mean of (K, ..., H) trials under (K, ...) weights that sum to 1."""
    return np.asarray((weights[..., None] * trials).sum(axis=0))


def _before(values: Floats) -> Floats:
    """(K, R, S) sums over horizons and origins of (K, R, S, H) that were known at each origin, newest first."""
    k, r, s, horizons = values.shape
    due = np.zeros((k, r, s))
    for h in range(1, min(horizons, r - 1) + 1):
        due[:, : r - h] += values[:, h:, :, h - 1]
    return np.asarray(due[:, ::-1].cumsum(axis=1)[:, ::-1])


def _weights(sums: Floats, counts: Floats, horizons: int) -> Floats:
    """(2, K, R, S) from sums and (2, 1, R, S) numbers of absolute errors; equal ones where there are none."""
    pooled = sums.sum(axis=3, keepdims=True) / np.maximum(counts.sum(axis=3, keepdims=True), 1.0)
    prior = PRIOR * horizons
    mean = (sums + prior * pooled) / (counts + prior)
    mean = mean + np.maximum(SLACK * mean.mean(axis=1, keepdims=True), 1e-12)
    weights = (mean / mean.min(axis=1, keepdims=True)) ** -POWER
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
