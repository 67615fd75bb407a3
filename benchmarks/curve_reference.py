"""The reference that `curve_fitting.py` holds our curves to: SciPy's `curve_fit`, one series and one start at a time.

Parameters of every family are four numbers: final size K, growth rate r, midpoint m, shape s (1 where there is none).

    logistic  K / (1 + exp(-r (t - m)))
    gompertz  K exp(-exp(-r (t - m)))
    richards  K (1 + s exp(-r (t - m))) ** (-1 / s)
"""

import hashlib
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeWarning, curve_fit, least_squares
from scipy.special import expit

Floats = npt.NDArray[np.float64]

FAMILIES = ("logistic", "gompertz", "richards")
MOST_CALLS = 2_000
LEAST_SHAPE = 1e-6
GOMPERTZ = -30.0
"""A shape whose logarithm is this or less makes a Gompertz curve to all digits, and would soon be zero."""
EDITION = "3"
"""Part of the cache's key: to be raised when what is computed here changes."""


def curve(family: str, t: Floats, at: Floats) -> Floats:
    """(T,) counts of one curve, `at` its four parameters."""
    return _curve(family, t, *_inner(family, at))


def sse(family: str, y: Floats, at: Floats) -> float:
    """Sum of squared errors of one curve through a row of counts, NaN where there is none."""
    known = np.isfinite(y)
    t = np.flatnonzero(known).astype(np.float64)
    with np.errstate(all="ignore"):
        return float(((curve(family, t, at) - y[known]) ** 2).sum())


def starts(y: Floats, number: int) -> Floats:
    """(number, 4) starting values: three as one would choose them by eye, and then random ones.

    Args:
        y: (T,) counts, NaN where there is none.
        number: how many.
    """
    known = np.flatnonzero(np.isfinite(y))
    counts = y[known]
    last, end = max(float(counts[-1]), 1.0), float(known[-1])
    steps = np.diff(counts) / np.diff(known)
    steepest = float(known[1:][steps.argmax()])
    half = float(known[int((counts >= last / 2).argmax())])
    # At its midpoint a logistic curve rises by a quarter of rate times final size.
    rate = float(np.clip(4 * steps.max() / (1.2 * last), 0.02, 0.5))
    chosen = [[1.2 * last, rate, steepest, 1.0], [2 * last, 0.1, half, 1.0], [10 * last, 0.2, end, 1.0]]
    rng = np.random.default_rng(len(y))
    while len(chosen) < number:
        size, r, s = (np.exp(rng.uniform(np.log(low), np.log(high))) for low, high in _SPANS)
        chosen.append([size * last, r, rng.uniform(0, 1.3 * end), s])
    return np.array(chosen[:number])


_SPANS = ((1.01, 30.0), (0.008, 0.5), (0.02, 30.0))


def once(family: str, y: Floats, start: Floats, *, bounded: bool = False, calls: int = 0) -> Floats | None:
    """One plain `curve_fit` with its Jacobian.

    Args:
        family: of `FAMILIES`.
        y: (T,) counts, NaN where there is none.
        start: four starting values.
        bounded: keep a shape positive by bounds (trf) and not by its logarithm (lm).
        calls: most calls of the function; 0 for SciPy's own limit.

    Returns:
        Four parameters, or None where SciPy gives up.
    """
    known = np.isfinite(y)
    t = np.flatnonzero(known).astype(np.float64)
    function: Any = _shaped if bounded else partial(_curve, family)
    how: dict[str, Any] = {"method": "lm", "p0": _inner(family, start), "jac": partial(_jacobian, family)}
    if bounded:
        bounds = ([-np.inf, -np.inf, -np.inf, LEAST_SHAPE], np.inf)
        how = {"method": "trf", "p0": start, "jac": _shaped_jacobian, "bounds": bounds}
    if calls:
        how["max_nfev" if bounded else "maxfev"] = calls
    try:
        found, _ = curve_fit(function, t, y[known], **how)
    except (RuntimeError, ValueError):
        return None
    return np.asarray(found) if bounded else _outer(family, found)


@dataclass(frozen=True)
class Reference:
    """The best fits of N series.

    Attributes:
        parameters: (N, 4) of the best one that is a rising curve.
        sse: (N,) its sum of squared errors, infinite where there is none.
        any_sse: (N,) the least of all, falling and negative curves included.
        failed: (N,) how many of the runs gave up.
    """

    parameters: Floats
    sse: Floats
    any_sse: Floats
    failed: Floats


def best(family: str, y: Floats, number: int) -> Floats:
    """(7,) the row of a `Reference` for one series."""
    ways = (True, False) if family == "richards" else (False,)
    found, failed = [], 0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", OptimizeWarning)
        for start in starts(y, number):
            for bounded in ways:
                # Where a bounded run has not ended after so many calls it creeps along a bound.
                result = once(family, y, start, bounded=bounded, calls=MOST_CALLS if not bounded else 1_000)
                failed += result is None
                # SciPy gives nothing where it gives up; the point it had got to is a fit as well.
                result = _polished(family, y, start) if result is None else result
                found.append((sse(family, y, result), result))
        found = [pair for pair in found if np.isfinite(pair[0])]
        least = min((value for value, _ in found), default=np.inf)
        rising = [pair for pair in found if pair[1][0] > 0 and pair[1][1] > 0]
        if not rising:
            return np.array([np.nan] * 4 + [np.inf, least, failed])
        value, at = min(rising, key=lambda pair: pair[0])
        finer = _polished(family, y, at)
        if (refined := sse(family, y, finer)) <= value and finer[0] > 0 and finer[1] > 0:
            value, at = refined, finer
    return np.array([*at, value, min(value, least), failed])


def reference(family: str, rows: Floats, number: int, cache: Path | None, workers: int) -> Reference:
    """The best fits of all rows, from the cache if they are there.

    Args:
        family: of `FAMILIES`.
        rows: (N, T) counts, NaN where there is none.
        number: starts each.
        cache: folder to keep results in.
        workers: processes.
    """
    key = hashlib.sha256(f"{EDITION} {family} {number} {rows.shape}".encode() + rows.tobytes()).hexdigest()[:20]
    path = None if cache is None else cache / f"{family}-{key}.npy"
    if path is not None and path.exists():
        table = np.load(path)
    else:
        began = time.perf_counter()
        with ProcessPoolExecutor(workers) as pool:
            table = np.array(list(pool.map(partial(best, family, number=number), rows, chunksize=20)))
        print(f"(reference: {family}, {len(rows)} series, {time.perf_counter() - began:.0f} s)", flush=True)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, table)
    return Reference(table[:, :4], table[:, 4], table[:, 5], table[:, 6])


def _polished(family: str, y: Floats, at: Floats) -> Floats:
    """Where a descent from a point ends, to the last digits, which `curve_fit` at its own tolerances does not give."""
    known = np.isfinite(y)
    t = np.flatnonzero(known).astype(np.float64)
    scale = max(float(np.abs(y[known]).max()), 1.0)
    unit = np.array([scale, 1.0, 1.0, 1.0])[: 4 if family == "richards" else 3]

    def residual(p: Floats) -> Floats:
        return np.asarray((_curve(family, t, *(p * unit)) - y[known]) / scale)

    def jacobian(p: Floats) -> Floats:
        return np.asarray(_jacobian(family, t, *(p * unit)) * unit / scale)

    tight = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15, "max_nfev": 500}
    how: Any = {"jac": jacobian, "method": "lm", **tight}
    try:
        result = least_squares(residual, _inner(family, at) / unit, **how)
    except ValueError:
        return at
    return _outer(family, result.x * unit)


def _inner(family: str, at: Floats) -> Floats:
    """The parameters that lm moves: without a shape, or with its logarithm."""
    return np.append(at[:3], np.log(at[3])) if family == "richards" else at[:3]


def _outer(family: str, inside: Floats) -> Floats:
    return np.append(inside[:3], np.exp(max(inside[3], GOMPERTZ)) if family == "richards" else 1.0)


def _curve(family: str, t: Floats, *inside: float) -> Floats:
    size, rate, midpoint = inside[:3]
    z = rate * (t - midpoint)
    if family == "logistic":
        return np.asarray(size * expit(z))
    if family == "gompertz":
        return np.asarray(size * np.exp(-np.exp(-np.maximum(z, -50.0))))
    log_shape = np.maximum(inside[3], GOMPERTZ)
    return np.asarray(size * np.exp(-np.logaddexp(0.0, log_shape - z) / np.exp(log_shape)))


def _jacobian(family: str, t: Floats, *inside: float) -> Floats:
    """(T, P) derivatives by final size, growth rate, midpoint and log shape."""
    size, rate, midpoint = inside[:3]
    lag = t - midpoint
    z = rate * lag
    if family == "logistic":
        share = expit(z)
        slope = size * share * expit(-z)
        return np.stack([share, slope * lag, -slope * rate], axis=1)
    if family == "gompertz":
        log = np.exp(-np.maximum(z, -50.0))
        share = np.exp(-log)
        slope = size * share * log
        return np.stack([share, slope * lag, -slope * rate], axis=1)
    log_shape = np.maximum(inside[3], GOMPERTZ)
    shape, u = np.exp(log_shape), log_shape - z
    soft = np.logaddexp(0.0, u)
    share = np.exp(-soft / shape)
    slope = size * share * expit(u) / shape
    return np.stack([share, slope * lag, -slope * rate, size * share * (soft - expit(u)) / shape], axis=1)


def _shaped(t: Floats, size: float, rate: float, midpoint: float, shape: float) -> Floats:
    return _curve("richards", t, size, rate, midpoint, np.log(shape))


def _shaped_jacobian(t: Floats, size: float, rate: float, midpoint: float, shape: float) -> Floats:
    return np.asarray(_jacobian("richards", t, size, rate, midpoint, np.log(shape)) / np.array([1.0, 1.0, 1.0, shape]))
