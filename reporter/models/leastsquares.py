"""What a fit minimises: the squared error of curves whose final size is the best one, and its derivatives.

The final size enters a curve linearly, so that for given other parameters the best one is known in closed form
(variable projection: Golub & Pereyra 1973, SIAM J. Numer. Anal. 10:413). What is left are z at an origin, the log of
the growth rate over the span of a series and, for Richards' curve, the bend of its shape: two parameters or three.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reporter.models.families import shape_of, share, slopes
from reporter.schema import Floats

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

BLOCK = 128
"""Rows that are worked on together: what they need stays in the processor's cache."""

LEAST = 1e-9
"""No final size is below this share of the greatest count."""

EXACT = 1e-7
"""No count is taken to be known to more than this share of the greatest one."""

FLAT = 1e-14
"""A direction in which a curve changes less than this, squared, next to what its parameters do alone."""

FAINTEST = 1e-60
"""No parameter moves a curve by less than this, squared."""


@dataclass
class Rows:
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

    def at(self, rows: "npt.NDArray[np.int64] | slice") -> "Rows":
        """Those of these numbers."""
        weight = None if self.weight is None else self.weight[rows]
        return Rows(self.y[rows], weight, self.span[rows], self.last[rows], self.origin[rows])

    def trimmed(self) -> "Rows":
        """The same rows without the columns after the last count of all."""
        end = int(self.last.max()) + 1
        return replace(self, y=self.y[:, :end], weight=None if self.weight is None else self.weight[:, :end])

    @property
    def time(self) -> Floats:
        """(N, T) in spans since the origin."""
        return np.asarray((np.arange(self.y.shape[1]) - self.origin) / self.span)

    def known(self, values: Floats) -> Floats:
        """(N, T) values, 0 where a row is not known."""
        return values if self.weight is None else values * self.weight

    def since(self, theta: Floats, origin: Floats) -> Floats:
        """The same curves with z at another origin."""
        moved = theta.copy()
        moved[:, :1] += np.exp(theta[:, 1:2]) * (origin - self.origin) / self.span
        return moved

    def centred(self, theta: Floats) -> tuple["Rows", Floats]:
        """The same rows and curves with the origin at each curve's midpoint, or the end of the row next to it."""
        midpoint = self.origin - theta[:, :1] / np.exp(theta[:, 1:2]) * self.span
        origin = np.clip(midpoint, self.last - self.span, self.last)
        return replace(self, origin=origin), self.since(theta, origin)


def blocks(count: int, size: int) -> Iterator[slice]:
    """The numbers below `count`, `size` at a time."""
    return (slice(begin, begin + size) for begin in range(0, count, size))


class Slope(NamedTuple):
    """What a descent needs to know of N rows.

    Attributes:
        loss: (N,) sums of squared errors with the best size.
        gradient: (N, P) of the loss.
        hessian: (N, P, P) of the loss.
        gauss: (N, P, P) what Gauss and Newton's method takes for it.
    """

    loss: Floats
    gradient: Floats
    hessian: Floats
    gauss: Floats

    def at(self, rows: Ints) -> "Slope":
        """Those of these numbers."""
        return Slope(*(values[rows] for values in self))

    def put(self, rows: Ints, other: "Slope") -> None:
        """Take over those of these numbers."""
        for mine, theirs in zip(self, other, strict=True):
            mine[rows] = theirs


def slope(rows: Rows, theta: Floats, family: str) -> Slope:
    """The loss of each row and its derivatives.

    With r the residual, K the best size and b = <g, g>, the loss <y, y> - <y, g>²/b has the derivatives
    -2K <g_i, r> and 2K² <g_i, g_j> - 2K <g_ij, r> - 2 d_i d_j / b, d_i = <g_i, r> - K <g, g_i>.
    """
    n, p = theta.shape
    result = Slope(np.empty(n), np.empty((n, p)), np.empty((n, p, p)), np.empty((n, p, p)))
    for block in blocks(n, BLOCK):
        found = _moments(rows.at(block).trimmed(), theta[block], family)
        size, norm = found.size[:, None, None], found.norm[:, None, None]
        slanted = found.first - found.size[:, None] * found.across
        curved = size * (size * found.product - found.second)
        result.loss[block] = np.vecdot(found.error, found.error)
        result.gradient[block] = -2 * found.size[:, None] * found.first
        result.hessian[block] = 2 * (curved - slanted[:, :, None] * slanted[:, None] / norm)
        across = found.across[:, :, None] * found.across[:, None]
        result.gauss[block] = 2 * size * size * (found.product - across / norm)
    return result


def losses(rows: Rows, theta: Floats, family: str) -> Floats:
    """(N,) sums of squared errors with the best size."""
    result = np.empty(len(theta))
    for block in blocks(len(theta), BLOCK):
        part, at = rows.at(block).trimmed(), theta[block]
        z = at[:, :1] + np.exp(at[:, 1:2]) * part.time
        g = part.known(share(family, z, shape_of(at[:, 2:])))
        error = part.y - _best_size(part.y, g)[:, None] * g
        result[block] = np.vecdot(error, error)
    return result


def sizes(rows: Rows, theta: Floats, family: str) -> tuple[Floats, Floats]:
    """(N,) the sizes that fit best, and (N, 3) the standard errors of their logs, of z at the origin and the log rates.

    The inverse of the normal matrix gives the variances for independent errors; errors with correlation c from one
    count to the next say as much as (1 - c) / (1 + c) as many independent ones.
    """
    p = theta.shape[1]
    best, errors = np.empty(len(theta)), np.empty((len(theta), 3))
    for block in blocks(len(theta), BLOCK):
        part, at = rows.at(block).trimmed(), theta[block]
        x = np.exp(at[:, 1:2]) * part.time
        curve = slopes(family, at[:, :1] + x, shape_of(at[:, 2:]))
        g = part.known(curve.g)
        size = _best_size(part.y, g)
        # Term by term: in the sums of `_moments` next to nothing is left of the digits that tell the rate of a step.
        along = [g, part.known(curve.z), part.known(x * curve.z)] + ([] if curve.s is None else [part.known(curve.s)])
        jacobian = size[:, None, None] * np.stack(along, axis=1)
        normal = jacobian @ jacobian.transpose(0, 2, 1)
        diagonal = np.maximum(np.einsum("nii->ni", normal), FAINTEST)
        root = np.sqrt(diagonal)
        # A flat direction is one in which a parameter can go anywhere.
        alone = normal / (root[:, :, None] * root[:, None]) + FLAT * np.eye(p + 1)
        inverse = np.einsum("nii->ni", np.linalg.inv(alone))
        # No inverse of a matrix with ones along its diagonal has less than one there, but for rounding.
        spread = (np.where(inverse > 1 - FLAT, inverse, 1 / FLAT) / diagonal)[:, :3]
        error = part.y - size[:, None] * g
        squares = np.vecdot(error, error)
        alike = np.vecdot(error[:, 1:], error[:, :-1]) / np.maximum(squares, 1e-300)
        repeated = np.maximum((1 + alike) / np.maximum(1 - alike, 1e-3), 1.0)
        count = part.y.shape[1] if part.weight is None else part.weight.sum(axis=1)
        variance = np.maximum(squares / np.maximum(count - p - 1, 1) * repeated, EXACT**2)
        best[block] = size
        errors[block] = np.sqrt(variance[:, None] * spread)
    return best, errors


class _Moments(NamedTuple):
    """Sums over time of products of a curve g, its derivatives g_i and g_ij by the parameters, and the residual r.

    Attributes:
        error: (N, T) r, 0 where not known.
        size: (N,) the best size.
        norm: (N,) <g, g>.
        first: (N, P) <g_i, r>.
        across: (N, P) <g, g_i>.
        second: (N, P, P) <g_ij, r>.
        product: (N, P, P) <g_i, g_j>.
    """

    error: Floats
    size: Floats
    norm: Floats
    first: Floats
    across: Floats
    second: Floats
    product: Floats


def _moments(rows: Rows, theta: Floats, family: str) -> _Moments:
    n, p = theta.shape
    periods = rows.y.shape[1]
    # Sums with the powers of x = rate * time come from those with the powers of a time that all rows share.
    shared = np.arange(periods) - 0.5 * (periods - 1)
    powers = np.stack([np.ones(periods), shared, shared * shared], axis=1)
    scale = (np.exp(theta[:, 1:2]) / rows.span)[:, 0]
    off = scale * (rows.origin[:, 0] - 0.5 * (periods - 1))

    def sums(values: Floats) -> tuple[Floats, Floats, Floats]:
        zero, one, two = (values @ powers).T
        return zero, scale * one - off * zero, scale * (scale * two - 2 * off * one) + off * off * zero

    # By z the curve depends on the parameters through z alone: dz = (1, x, 0), d²z/d(log rate)² = x.
    curve = slopes(family, theta[:, :1] - off[:, None] + scale[:, None] * shared, shape_of(theta[:, 2:]))
    g = rows.known(curve.g)
    norm = np.maximum(np.vecdot(g, g), 1e-300)
    size = np.maximum(np.vecdot(rows.y, g) / norm, LEAST)
    error = rows.y - size[:, None] * g
    first, across = np.empty((2, n, p))
    second, product = np.empty((2, n, p, p))
    first[:, 0], first[:, 1], _ = sums(error * curve.z)
    across[:, 0], across[:, 1], _ = sums(g * curve.z)
    product[:, 0, 0], product[:, 0, 1], product[:, 1, 1] = sums(rows.known(curve.z * curve.z))
    second[:, 0, 0], second[:, 0, 1], second[:, 1, 1] = sums(error * curve.zz)
    second[:, 1, 1] += first[:, 1]
    if curve.s is not None and curve.ss is not None and curve.zs is not None:
        shaped = rows.known(curve.s)
        first[:, 2], across[:, 2] = np.vecdot(error, curve.s), np.vecdot(g, curve.s)
        product[:, 0, 2], product[:, 1, 2], _ = sums(shaped * curve.z)
        product[:, 2, 2] = np.vecdot(shaped, curve.s)
        second[:, 0, 2], second[:, 1, 2], _ = sums(error * curve.zs)
        second[:, 2, 2] = np.vecdot(error, curve.ss)
    for i in range(p):
        for j in range(i):
            product[:, i, j], second[:, i, j] = product[:, j, i], second[:, j, i]
    return _Moments(error, size, norm, first, across, second, product)


def _best_size(y: Floats, g: Floats) -> Floats:
    """(N,) the size that fits best, at least a trifle."""
    return np.asarray(np.maximum(np.vecdot(y, g) / np.maximum(np.vecdot(g, g), 1e-300), LEAST))
