"""Least-squares logistic curves through many series at once: a batched Levenberg-Marquardt solver."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reporter.schema import Floats

Bools = npt.NDArray[np.bool_]

LEAST = 4
"""Counts a curve of three parameters needs."""

MOST_ROUNDS = 100
SETTLED = 1e-10
"""A fit has converged when an accepted step lowers its SSE by less than this share, or moves it by less than this."""

STARTING_SIZES = (1.02, 1.3, 2.0, 8.0)
"""Final sizes, in multiples of the greatest count, that a fit may start from; the best one is taken."""

LOWEST = np.array([np.log(1e-3), np.log(1e-5), -1e5])
HIGHEST = np.array([np.log(1e8), np.log(20.0), 1e5])
"""Bounds of log final size (in multiples of the greatest count), log growth rate and midpoint."""


@dataclass(frozen=True)
class Fit:
    """Raw results of N fits; NaN where there was nothing to fit."""

    final_size: Floats
    growth_rate: Floats
    midpoint: Floats
    sse: Floats
    converged: Bools


def curve(t: Floats, final_size: Floats, growth_rate: Floats, midpoint: Floats) -> Floats:
    """final_size / (1 + exp(-growth_rate (t - midpoint))), without overflow."""
    return np.asarray(final_size * 0.5 * (1 + np.tanh(0.5 * growth_rate * (t - midpoint))))


def solve(counts: Floats) -> Fit:
    """Fit a logistic curve to each row by least squares on the counts.

    Levenberg (1944) and Marquardt (1963, J. SIAM 11:431: the diagonal of the normal matrix is inflated), in the logs
    of final size and growth rate, which keeps both positive; the Jacobian is analytic.

    Args:
        counts: (N, T) cumulative counts, t = 0 in the first column; NaN carries no weight.
    """
    n = len(counts)
    known = np.isfinite(counts)
    top = np.where(known, counts, 0.0).max(axis=1, initial=0.0)
    # Tiny counts would divide to infinity; nothing real is below a millionth of a person.
    able = (known.sum(axis=1) >= LEAST) & (top > 1e-6)  # noqa: PLR2004
    theta = np.full((n, 3), np.nan)
    sse = np.full(n, np.nan)
    converged = np.zeros(n, dtype=np.bool_)
    if able.any():
        scaled = np.where(known, counts, 0.0)[able] / top[able, None]
        weight = known[able].astype(np.float64)
        theta[able], sse[able], converged[able] = _descend(scaled, weight, _start(scaled, weight))
    with np.errstate(over="ignore"):  # beyond 1e150 a sum of squares is infinite, the fit is not
        return Fit(np.exp(theta[:, 0]) * top, np.exp(theta[:, 1]), theta[:, 2], sse * top * top, converged)


def _residual(y: Floats, weight: Floats, theta: Floats) -> Floats:
    t = np.arange(y.shape[1], dtype=np.float64)
    size, rate = np.exp(theta[:, 0:1]), np.exp(theta[:, 1:2])
    return weight * (curve(t, size, rate, theta[:, 2:3]) - y)


def _jacobian(weight: Floats, theta: Floats) -> Floats:
    """(N, 3, T) derivatives of the residual by log final size, log growth rate and midpoint."""
    lag = np.arange(weight.shape[1], dtype=np.float64) - theta[:, 2:3]
    size, rate = np.exp(theta[:, 0:1]), np.exp(theta[:, 1:2])
    share = 0.5 * (1 + np.tanh(0.5 * rate * lag))
    slope = size * share * (1 - share) * rate
    return np.stack([weight * size * share, weight * slope * lag, -weight * slope], axis=1)


def _start(y: Floats, weight: Floats) -> Floats:
    """(N, 3) starting values: for each possible final size a line through the logits, and the best of these."""
    t = np.arange(y.shape[1], dtype=np.float64)
    best = np.empty((len(y), 3))
    least = np.full(len(y), np.inf)
    for size in STARTING_SIZES:
        share = np.clip(y / size, 1e-4, 1 - 1e-4)
        w = weight * share * (1 - share) + 1e-9 * weight
        total = w.sum(axis=1)
        logit = np.log(share / (1 - share))
        t_mean, z_mean = (w * t).sum(axis=1) / total, (w * logit).sum(axis=1) / total
        spread = t - t_mean[:, None]
        rate = (w * spread * (logit - z_mean[:, None])).sum(axis=1) / (w * spread**2).sum(axis=1)
        rate = np.clip(rate, 1e-3, 5.0)
        trial = np.stack([np.full(len(y), np.log(size)), np.log(rate), t_mean - z_mean / rate], axis=1)
        sse = (_residual(y, weight, trial) ** 2).sum(axis=1)
        better = sse < least
        best[better], least[better] = trial[better], sse[better]
    return np.clip(best, LOWEST, HIGHEST)


def _descend(y: Floats, weight: Floats, theta: Floats) -> tuple[Floats, Floats, Bools]:
    """Lower each row's sum of squares until it settles; settled rows leave the batch."""
    theta = theta.copy()
    sse = (_residual(y, weight, theta) ** 2).sum(axis=1)
    damping = np.full(len(y), 1e-2)
    converged = np.zeros(len(y), dtype=np.bool_)
    active = np.arange(len(y))
    for _ in range(MOST_ROUNDS):
        here = theta[active]
        trial = np.clip(here + _step(y[active], weight[active], here, damping[active]), LOWEST, HIGHEST)
        new = (_residual(y[active], weight[active], trial) ** 2).sum(axis=1)
        old = sse[active]
        better = new <= old
        moved = np.abs(trial - here).max(axis=1)
        theta[active[better]], sse[active[better]] = trial[better], new[better]
        damping[active] = np.where(better, damping[active] * 0.2, damping[active] * 5.0).clip(1e-12, 1e12)
        # A rejected tiny step means that rounding, not the model, is in the way: the fit is as good as it gets.
        done = (better & (old - new <= SETTLED * old)) | (moved <= SETTLED)
        converged[active[done]] = True
        active = active[~done]
        if not len(active):
            break
    return theta, sse, converged


def _step(y: Floats, weight: Floats, theta: Floats, damping: Floats) -> Floats:
    """(N, 3) Levenberg-Marquardt steps."""
    jacobian = _jacobian(weight, theta)
    gradient = jacobian @ _residual(y, weight, theta)[:, :, None]
    normal = jacobian @ jacobian.transpose(0, 2, 1)
    diagonal = np.einsum("nii->ni", normal)
    # The small constant keeps a flat direction (a runaway final size) solvable.
    inflated = damping[:, None] * diagonal + 1e-14 + 1e-12 * diagonal.max(axis=1, keepdims=True)
    normal = normal + inflated[:, :, None] * np.eye(3)
    return np.asarray(-np.linalg.solve(normal, gradient)[:, :, 0])
