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

BLOCK = 128
"""Rows that are worked on together: what they need stays in the processor's cache."""

EXACT = 1e-7
"""No count is taken to be known to more than this share of the greatest one."""


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


def losses(rows: Rows, theta: Floats, family: str) -> Floats:
    """(N,) sums of squared errors with the best size."""
    result = np.empty(len(theta))
    for block in blocks(len(theta), BLOCK):
        part, at = rows.at(block), theta[block]
        z = at[:, :1] + np.exp(at[:, 1:2]) * part.time
        g = part.known(share(family, z, shape_of(at[:, 2:])))
        error = part.y - _best_size(part.y, g)[:, None] * g
        result[block] = _dot(error, error)
    return result


def derivatives(rows: Rows, theta: Floats, family: str) -> tuple[Floats, Floats, Floats]:
    """(N, P) gradient of the loss with the best size, (N, P, P) its Hessian, and that of Gauss and Newton.

    With r the residual, K the best size and b = <g, g>, the loss <y, y> - <y, g>²/b has the derivatives
    -2K <g_i, r> and 2K² <g_i, g_j> - 2K <g_ij, r> - 2 d_i d_j / b, d_i = <g_i, r> - K <g, g_i>.
    """
    n, p = theta.shape
    gradient, hessian, gauss = np.empty((n, p)), np.empty((n, p, p)), np.empty((n, p, p))
    for block in blocks(n, BLOCK):
        found = _moments(rows.at(block), theta[block], family)
        size, norm = found.size[:, None, None], found.norm[:, None, None]
        slanted = found.first - found.size[:, None] * found.across
        curved = size * (size * found.product - found.second)
        gradient[block] = -2 * found.size[:, None] * found.first
        hessian[block] = 2 * (curved - slanted[:, :, None] * slanted[:, None] / norm)
        gauss[block] = 2 * size * size * (found.product - found.across[:, :, None] * found.across[:, None] / norm)
    return gradient, hessian, gauss


def sizes(rows: Rows, theta: Floats, family: str) -> tuple[Floats, Floats]:
    """(N,) the sizes that fit best, and (N,) the greater standard error of their logs and of the log growth rates.

    The inverse of the normal matrix gives the variances for independent errors; errors with correlation c from one
    count to the next say as much as (1 - c) / (1 + c) as many independent ones.
    """
    p = theta.shape[1]
    best, doubt = np.empty((2, len(theta)))
    for block in blocks(len(theta), BLOCK):
        part = rows.at(block)
        found = _moments(part, theta[block], family)
        normal = np.empty((len(found.size), p + 1, p + 1))
        normal[:, 0, 0], normal[:, 0, 1:], normal[:, 1:, 0] = found.norm, found.across, found.across
        normal[:, 1:, 1:] = found.product
        diagonal = np.einsum("nii->ni", normal)
        # A flat direction is one in which a parameter can go anywhere.
        normal += (1e-13 * diagonal + 1e-200)[:, :, None] * np.eye(p + 1)
        spread = np.einsum("nii->ni", np.linalg.inv(normal))[:, :3:2].max(axis=1)
        squares = _dot(found.error, found.error)
        alike = _dot(found.error[:, 1:], found.error[:, :-1]) / np.maximum(squares, 1e-300)
        repeated = np.maximum((1 + alike) / np.maximum(1 - alike, 1e-3), 1.0)
        count = part.y.shape[1] if part.weight is None else part.weight.sum(axis=1)
        variance = np.maximum(squares / np.maximum(count - p - 1, 1) * repeated, EXACT**2) * np.maximum(spread, 0.0)
        best[block], doubt[block] = found.size, np.sqrt(variance) / found.size
    return best, doubt


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
    # By z the curve depends on the parameters through z alone: dz = (1, x, 0), d²z/d(log rate)² = x.
    x = np.exp(theta[:, 1:2]) * rows.time
    xx = x * x
    curve = slopes(family, theta[:, :1] + x, shape_of(theta[:, 2:]))
    g = rows.known(curve.g)
    size = _best_size(rows.y, g)
    error = rows.y - size[:, None] * g
    by_error, by_curve, bent = error * curve.z, g * curve.z, error * curve.zz
    squares = rows.known(curve.z * curve.z)
    first, across = np.empty((2, n, p))
    second, product = np.empty((2, n, p, p))
    first[:, 0], first[:, 1] = by_error.sum(axis=1), _dot(by_error, x)
    across[:, 0], across[:, 1] = by_curve.sum(axis=1), _dot(by_curve, x)
    product[:, 0, 0], product[:, 0, 1], product[:, 1, 1] = squares.sum(axis=1), _dot(squares, x), _dot(squares, xx)
    second[:, 0, 0], second[:, 0, 1] = bent.sum(axis=1), _dot(bent, x)
    second[:, 1, 1] = _dot(bent, xx) + first[:, 1]
    if curve.s is not None and curve.ss is not None and curve.zs is not None:
        shaped, turned = rows.known(curve.s), error * curve.zs
        mixed = shaped * curve.z
        first[:, 2], across[:, 2] = _dot(error, curve.s), _dot(g, curve.s)
        product[:, 0, 2], product[:, 1, 2] = mixed.sum(axis=1), _dot(mixed, x)
        product[:, 2, 2] = _dot(shaped, curve.s)
        second[:, 0, 2], second[:, 1, 2], second[:, 2, 2] = turned.sum(axis=1), _dot(turned, x), _dot(error, curve.ss)
    for i in range(p):
        for j in range(i):
            product[:, i, j], second[:, i, j] = product[:, j, i], second[:, j, i]
    return _Moments(error, size, np.maximum(_dot(g, g), 1e-300), first, across, second, product)


def _best_size(y: Floats, g: Floats) -> Floats:
    """(N,) the size that fits best, at least a trifle."""
    return np.asarray(np.maximum(_dot(y, g) / np.maximum(_dot(g, g), 1e-300), 1e-9))


def _dot(one: Floats, other: Floats) -> Floats:
    """(N,) sums over time of products."""
    return np.asarray(np.einsum("nt,nt->n", one, other))
