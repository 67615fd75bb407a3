"""Least-squares sigmoid curves through many series at once.

The final size enters a curve linearly, so that for given other parameters the best one is known in closed form
(variable projection: Golub & Pereyra 1973, SIAM J. Numer. Anal. 10:413). What is left, two parameters or three, is
first sought on a grid that all series share, a matrix product, then by Newton's method with the damping of Marquardt
(1963, J. SIAM 11:431) and exact second derivatives.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from reporter.models.families import share, slopes
from reporter.schema import Floats

Bools = npt.NDArray[np.bool_]

LEAST = {"logistic": 4, "gompertz": 4, "richards": 5}
"""Counts that a curve needs: one more than it has parameters."""

GRAIN = 48
"""Points at which a series is looked at on the grid, whatever its length."""

SHAPES = (0.01, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0, 100.0)
"""Shapes of Richards' curve on the grid."""

BLOCK = 128
"""Rows that are worked on together: what they need stays in the processor's cache."""

MOST_ROUNDS = 60
SETTLED = 1e-10
"""A fit has converged when a step is expected to lower its SSE by less than this share of it."""

STILL = 1e-11
"""Or when it moves no parameter by more than this."""

LONGEST = 2.0
"""Bound of a step in any parameter."""

FARTHEST = 18.0
"""Of a logistic curve z at the last count is at least minus this: it is an exponential to all digits that matter."""

GREATEST = 300.0
"""The log of the final size over the curve's last value is at most this. Gompertz's needs to go far to be an exponential."""

FASTEST = 20.0
"""Bound of the growth rate a period; a faster curve is a step from one period to the next."""

SLOWEST = 1e-3
"""Bound of the growth rate over the whole series."""

SHAPES_BETWEEN = (1e-6, 1e4)


@dataclass(frozen=True)
class Fit:
    """Raw results of N fits; NaN where there was nothing to fit.

    Attributes:
        final_size: (N,) in counts.
        growth_rate: (N,) per period.
        midpoint: (N,) in periods since the first column.
        shape: (N,) of Richards' curve; 1 otherwise.
        sse: (N,) sum of squared errors.
        converged: (N,) whether the solver settled.
    """

    final_size: Floats
    growth_rate: Floats
    midpoint: Floats
    shape: Floats
    sse: Floats
    converged: Bools


@dataclass
class _Rows:
    """Series in the units the solver works in: counts over the greatest one, time over the span.

    Attributes:
        y: (N, T) 0 where not known.
        weight: (N, T) 1 where known; None if all is.
        span: (N, 1) periods from the first count to the last.
        last: (N, 1) period of the last count.
        origin: (N, 1) period that is time 0: near the midpoint, so that it and the rate hardly depend on each other.
    """

    y: Floats
    weight: Floats | None
    span: Floats
    last: Floats
    origin: Floats

    def at(self, rows: "npt.NDArray[np.int64] | slice") -> "_Rows":
        weight = None if self.weight is None else self.weight[rows]
        return _Rows(self.y[rows], weight, self.span[rows], self.last[rows], self.origin[rows])

    @property
    def time(self) -> Floats:
        """(N, T) in spans since the origin."""
        return np.asarray((np.arange(self.y.shape[1]) - self.origin) / self.span)

    def since(self, theta: Floats, origin: Floats) -> Floats:
        """The same curves with z at another origin."""
        moved = theta.copy()
        moved[:, :1] += np.exp(theta[:, 1:2]) * (origin - self.origin) / self.span
        return moved


def solve(counts: Floats, family: str) -> Fit:
    """Fit a curve of a family to each row by least squares on the counts.

    Args:
        counts: (N, T) cumulative counts, t = 0 in the first column; NaN carries no weight.
        family: one of `families.FAMILIES`.
    """
    n, periods = counts.shape
    known = np.isfinite(counts)
    top = np.where(known, counts, 0.0).max(axis=1, initial=0.0)
    # Tiny counts would divide to infinity; nothing real is below a millionth of a person.
    able = (known.sum(axis=1) >= LEAST[family]) & (top > 1e-6)  # noqa: PLR2004
    size, rate, midpoint, shape, sse = np.full((5, n), np.nan)
    converged = np.zeros(n, dtype=np.bool_)
    if able.any():
        known = known[able]
        y = np.where(known, counts[able], 0.0) / top[able, None]
        first = known.argmax(axis=1)[:, None]
        last = periods - 1 - known[:, ::-1].argmax(axis=1)[:, None]
        weight = None if known.all() else known.astype(np.float64)
        ends = last.astype(np.float64)
        rows = _Rows(y, weight, ends - first, ends, ends)
        theta = _steepest(rows, known, _start(_resampled(y, known, first, last), family), family)
        middle = np.clip(ends - theta[:, :1] / np.exp(theta[:, 1:2]) * rows.span, first, ends)
        theta, rows = rows.since(theta, middle), replace(rows, origin=middle)
        theta, scaled, converged[able] = _descend(rows, theta, family)
        sizes = _best_size(rows, theta, family)
        speed = np.exp(theta[:, 1])
        size[able] = sizes * top[able]
        rate[able] = speed / rows.span[:, 0]
        midpoint[able] = rows.origin[:, 0] - theta[:, 0] / speed * rows.span[:, 0]
        shape[able] = np.exp(theta[:, 2]) if family == "richards" else 1.0
        with np.errstate(over="ignore"):  # beyond 1e150 a sum of squares is infinite, the fit is not
            sse[able] = scaled * top[able] ** 2
    return Fit(size, rate, midpoint, shape, sse, converged)


def _resampled(y: Floats, known: Bools, first: Floats, last: Floats) -> Floats:
    """(N, GRAIN) each row from its first count to its last; holes take the count before."""
    where = np.round(first + (last - first) * np.linspace(0.0, 1.0, GRAIN)).astype(np.int64)
    if not known.all():
        held = np.maximum.accumulate(np.where(known, np.arange(y.shape[1]), 0), axis=1)
        where = np.take_along_axis(held, where, axis=1)
    return np.take_along_axis(y, where, axis=1)


@cache
def _grid(family: str) -> tuple[Floats, npt.NDArray[np.float32]]:
    """(M, 2 or 3) parameters on the grid, and (M, GRAIN) their curves, each of norm 1."""
    time = np.linspace(-1.0, 0.0, GRAIN)
    found = []
    for shape in SHAPES if family == "richards" else (1.0,):
        for rate in np.geomspace(0.7, 3.0 * GRAIN, 14) * max(1.0, min(shape, 8.0)):
            step = max(0.9, rate / GRAIN)
            ends = np.arange(-8.0 * max(1.0, shape**0.5), rate + 3.0, step)
            found += [(end, np.log(rate), np.log(shape)) for end in ends]
    theta = np.array(found)
    curves = share(family, theta[:, :1] + np.exp(theta[:, 1:2]) * time, np.exp(theta[:, 2:]))
    norm = np.linalg.norm(curves, axis=1, keepdims=True)
    usable = norm[:, 0] > 1e-9  # noqa: PLR2004 - a curve that is 0 everywhere fits nothing
    theta = theta if family == "richards" else theta[:, :2]
    return theta[usable], (curves / np.where(norm > 0, norm, 1.0))[usable].astype(np.float32)


def _start(y: Floats, family: str) -> Floats:
    """(N, 2 or 3) the point of the grid whose curve, times its best size, is nearest to each row."""
    theta, curves = _grid(family)
    rows = y.astype(np.float32)
    best = np.concatenate([(rows[block] @ curves.T).argmax(axis=1) for block in _blocks(len(y), 4 * BLOCK)])
    return theta[best]


def _blocks(count: int, size: int) -> Iterator[slice]:
    return (slice(begin, begin + size) for begin in range(0, count, size))


def _steepest(rows: _Rows, known: Bools, theta: Floats, family: str) -> Floats:
    """Replace starts that fit worse than a step where a row rises most, which the grid is too coarse to see."""
    last = np.maximum.accumulate(np.where(known, np.arange(known.shape[1]), 0), axis=1)
    jump = np.diff(np.take_along_axis(rows.y, last, axis=1), axis=1).argmax(axis=1)[:, None] + 0.5
    sudden = np.zeros_like(theta)
    sudden[:, 1] = np.log(4.0 * rows.span[:, 0])
    sudden[:, :1] = np.exp(sudden[:, 1:2]) * (rows.last - jump) / rows.span
    theta, sudden = _bounded(rows, theta, family), _bounded(rows, sudden, family)
    return np.where((_losses(rows, sudden, family) < _losses(rows, theta, family))[:, None], sudden, theta)


def _bounded(rows: _Rows, theta: Floats, family: str) -> Floats:
    """The nearest parameters within the bounds."""
    theta = np.array(theta)
    for number in range(theta.shape[1] - 1, -1, -1):
        low, high = _bounds(rows, theta, number, family)
        theta[:, number] = np.clip(theta[:, number], low, high)
    return theta


def _leaving(rows: _Rows, theta: Floats, slope: Floats, family: str) -> Bools:
    """(N, P) parameters at a bound that a step against the slope would leave."""
    leaving = np.empty(theta.shape, dtype=np.bool_)
    for number in range(theta.shape[1]):
        low, high = _bounds(rows, theta, number, family)
        here, down = theta[:, number], slope[:, number]
        leaving[:, number] = ((here <= low) & (down > 0)) | ((here >= high) & (down < 0))
    return leaving


def _bounds(rows: _Rows, theta: Floats, number: int, family: str) -> tuple[Floats | float, Floats | float]:
    """Least and greatest value of a parameter, (N,) each or the same for all, given those after it."""
    match number:
        case 2:
            return np.log(SHAPES_BETWEEN[0]), np.log(SHAPES_BETWEEN[1])
        case 1:
            # What ends abruptly rises to its end by rate / shape a period, and its rate is that of the end.
            return np.log(SLOWEST), np.log(FASTEST * rows.span[:, 0] * (50.0 if family == "richards" else 1.0))
        case _:
            return _lowest(theta, family) - (np.exp(theta[:, 1:2]) * (rows.last - rows.origin) / rows.span)[:, 0], np.inf


def _lowest(theta: Floats, family: str) -> Floats:
    """(N,) least z at the last count."""
    match family:
        case "logistic":
            return np.full(len(theta), -FARTHEST)
        case "gompertz":
            return np.full(len(theta), -np.log(GREATEST))
        case _:
            shape = np.exp(theta[:, 2])
            return np.asarray(theta[:, 2] - np.log(np.expm1(np.minimum(GREATEST * shape, FARTHEST))))


def _curve(rows: _Rows, theta: Floats, family: str) -> Floats:
    """(N, T) shares of the final size, 0 where not known."""
    z = theta[:, :1] + np.exp(theta[:, 1:2]) * rows.time
    g = share(family, z, np.exp(theta[:, 2:]) if family == "richards" else 1.0)
    return g if rows.weight is None else g * rows.weight


def _best_size(rows: _Rows, theta: Floats, family: str) -> Floats:
    """(N,) the size that fits best, at least a trifle."""
    sizes = np.empty(len(theta))
    for block in _blocks(len(theta), BLOCK):
        sizes[block] = _size(rows.at(block).y, _curve(rows.at(block), theta[block], family))
    return sizes


def _size(y: Floats, g: Floats) -> Floats:
    return np.asarray(np.maximum(np.einsum("nt,nt->n", y, g) / np.maximum(np.einsum("nt,nt->n", g, g), 1e-300), 1e-9))


def _losses(rows: _Rows, theta: Floats, family: str) -> Floats:
    """(N,) sums of squared errors with the best size."""
    result = np.empty(len(theta))
    for block in _blocks(len(theta), BLOCK):
        part = rows.at(block)
        g = _curve(part, theta[block], family)
        error = part.y - _size(part.y, g)[:, None] * g
        result[block] = np.einsum("nt,nt->n", error, error)
    return result


def _derivatives(rows: _Rows, theta: Floats, family: str) -> tuple[Floats, Floats, Floats]:
    """(N, P) gradient of the loss with the best size, (N, P, P) its Hessian, and that of Gauss and Newton.

    With r the residual, K the best size and b = <g, g>, the loss -<y, g>²/b has the derivatives
    -2K <g_i, r> and 2K² <g_i, g_j> - 2K <g_ij, r> - 2 d_i d_j / b, d_i = <g_i, r> - K <g, g_i>.
    """
    n, p = theta.shape
    gradient, hessian, gauss = np.empty((n, p)), np.empty((n, p, p)), np.empty((n, p, p))
    for block in _blocks(n, BLOCK):
        gradient[block], hessian[block], gauss[block] = _derivatives_of(rows.at(block), theta[block], family)
    return gradient, hessian, gauss


def _derivatives_of(rows: _Rows, theta: Floats, family: str) -> tuple[Floats, Floats, Floats]:
    n, p = theta.shape
    # By z the curve depends on the parameters through z alone: dz = (1, x, 0), d²z/d(log rate)² = x.
    x = np.exp(theta[:, 1:2]) * rows.time
    xx = x * x
    curve = slopes(family, theta[:, :1] + x, np.exp(theta[:, 2:]))
    g = curve.g if rows.weight is None else curve.g * rows.weight
    size = _size(rows.y, g)[:, None]
    error = rows.y - size * g
    by_error, by_curve = error * curve.z, g * curve.z
    squares = curve.z * curve.z
    if rows.weight is not None:
        squares *= rows.weight
    bent = error * curve.zz
    first, across = np.empty((2, n, p))
    second, product = np.empty((2, n, p, p))
    first[:, 0], first[:, 1] = by_error.sum(axis=1), _dot(by_error, x)
    across[:, 0], across[:, 1] = by_curve.sum(axis=1), _dot(by_curve, x)
    product[:, 0, 0], product[:, 0, 1], product[:, 1, 1] = squares.sum(axis=1), _dot(squares, x), _dot(squares, xx)
    second[:, 0, 0], second[:, 0, 1] = bent.sum(axis=1), _dot(bent, x)
    second[:, 1, 1] = _dot(bent, xx) + first[:, 1]
    if curve.s is not None and curve.ss is not None and curve.zs is not None:
        shaped = curve.s if rows.weight is None else curve.s * rows.weight
        mixed, turned = shaped * curve.z, error * curve.zs
        first[:, 2], across[:, 2] = _dot(error, curve.s), _dot(g, curve.s)
        product[:, 0, 2], product[:, 1, 2] = mixed.sum(axis=1), _dot(mixed, x)
        product[:, 2, 2] = _dot(shaped, curve.s)
        second[:, 0, 2], second[:, 1, 2], second[:, 2, 2] = turned.sum(axis=1), _dot(turned, x), _dot(error, curve.ss)
    for i in range(p):
        for j in range(i):
            product[:, i, j], second[:, i, j] = product[:, j, i], second[:, j, i]
    norm = np.maximum(np.einsum("nt,nt->n", g, g), 1e-300)[:, None, None]
    slanted = first - size * across
    size = size[:, :, None]
    hessian = 2 * (size * (size * product - second) - slanted[:, :, None] * slanted[:, None] / norm)
    gauss = 2 * size * size * (product - across[:, :, None] * across[:, None] / norm)
    return -2 * size[:, :, 0] * first, hessian, gauss


def _dot(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.einsum("nt,nt->n", one, other))


def _descend(rows: _Rows, theta: Floats, family: str) -> tuple[Floats, Floats, Bools]:
    """Lower each row's loss until it settles; settled rows leave the batch."""
    theta = theta.copy()
    loss = _losses(rows, theta, family)
    damping = np.full(len(theta), 1e-3)
    converged = np.zeros(len(theta), dtype=np.bool_)
    active = np.arange(len(theta))
    gradient, hessian, gauss = _derivatives(rows, theta, family)
    for _ in range(MOST_ROUNDS):
        here, part = theta[active], rows.at(active)
        slope, bends = gradient[active], (hessian[active], gauss[active])
        free = ~_leaving(part, here, slope, family)
        step, expected = _step(slope, *bends, damping[active], free)
        stuck = _leaving(part, here, -step, family) & free
        again = stuck.any(axis=1)
        if again.any():
            free[again] &= ~stuck[again]
            step[again], expected[again] = _step(
                slope[again], *(bend[again] for bend in bends), damping[active[again]], free[again]
            )
        trial = _bounded(part, here + step, family)
        new = _losses(part, trial, family)
        better = new < loss[active]
        # A tiny step that does not help: rounding, not the model, is in the way.
        done = (expected <= SETTLED * loss[active]) | (np.abs(trial - here).max(axis=1) <= STILL)
        gained = active[better]
        theta[gained], loss[gained] = trial[better], new[better]
        damping[active] = np.where(better, damping[active] * 0.1, damping[active] * 8.0).clip(1e-12, 1e14)
        converged[active[done]] = True
        moved = active[better & ~done]
        if len(moved):
            gradient[moved], hessian[moved], gauss[moved] = _derivatives(rows.at(moved), theta[moved], family)
        active = active[~done]
        if not len(active):
            break
    return theta, loss, converged


def _step(gradient: Floats, hessian: Floats, gauss: Floats, damping: Floats, free: Bools) -> tuple[Floats, Floats]:
    """(N, P) damped Newton steps, of Gauss and Newton where the loss is not convex, and (N,) by how much they lower it.

    Args:
        free: (N, P) the parameters that may be moved.
    """
    p = gradient.shape[1]
    both = free[:, :, None] & free[:, None]
    slope = np.where(free, gradient, 0.0)
    hessian, gauss = np.where(both, hessian, np.eye(p)), np.where(both, gauss, np.eye(p))
    diagonal = np.einsum("nii->ni", gauss)
    matrix = np.where(_convex(hessian)[:, None, None], hessian, gauss)
    # The small constant keeps a flat direction (a runaway final size) solvable.
    inflated = damping[:, None] * diagonal + 1e-14 * (1 + diagonal.max(axis=1, keepdims=True))
    step = -np.linalg.solve(matrix + inflated[:, :, None] * np.eye(p), slope[:, :, None])[:, :, 0]
    # Cut where it is too long; as a whole where the rest would not lead down.
    cut = np.clip(step, -LONGEST, LONGEST)
    shrunk = step * np.minimum(1.0, LONGEST / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
    step = np.where((cut * slope).sum(axis=1, keepdims=True) < 0, cut, shrunk)
    return step, np.asarray(-0.5 * (step * slope).sum(axis=1))


def _convex(matrix: Floats) -> Bools:
    """(N,) whether symmetric matrices are positive definite, by their leading minors."""
    positive = matrix[:, 0, 0] > 0
    for size in range(2, matrix.shape[1] + 1):
        positive &= np.linalg.det(matrix[:, :size, :size]) > 0
    return positive
