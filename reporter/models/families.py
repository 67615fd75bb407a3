"""The family of sigmoid curves that are fitted: shares g(z) of a final size, z = growth_rate (t - midpoint).

| family | g(z) | source |
|---|---|---|
| logistic | 1 / (1 + exp(-z)) | Verhulst 1838 |
| Gompertz | exp(-exp(-z)) | Gompertz 1825 |
| Richards | (1 + s exp(-z))^(-1/s), s > 0 | Richards 1959, J. Exp. Bot. 10:290 |

In this form of Richards' curve (Tjørve & Tjørve 2010, J. Theor. Biol. 267:417) new counts are at their peak at the
midpoint whatever the shape s; it is the logistic curve at s = 1 and tends to Gompertz's as s tends to 0. Early on it
grows by growth_rate / s a period.
"""

from typing import NamedTuple

import numpy as np

from reporter.schema import Floats

FAMILIES = ("logistic", "gompertz", "richards")

BEND = 0.3
"""A shape s is sought as its bend b, s = 0.3 (exp(b) - 1): on this scale s = 0 is near, and so is a great s."""

STEEP = 300.0
"""|z| beyond which exp would overflow once squared; the curves are flat there to all digits."""


class Slopes(NamedTuple):
    """A curve and its derivatives at (N, T) values of z, by z and by the bend of the shape (None without a shape)."""

    g: Floats
    z: Floats
    zz: Floats
    s: Floats | None = None
    ss: Floats | None = None
    zs: Floats | None = None


def shape_of(bend: Floats) -> Floats:
    """The shape of a bend."""
    return np.asarray(BEND * np.expm1(bend))


def bend_of(shape: Floats | float) -> Floats:
    """The bend of a shape."""
    return np.log1p(np.asarray(shape) / BEND)


def share(family: str, z: Floats, shape: Floats | float = 1.0) -> Floats:
    """g(z) of a family; `shape` matters to Richards' only."""
    if family == "richards":
        return np.asarray(np.exp(-_soft(np.log(shape) - z)[0] / shape))
    decay = np.exp(np.clip(-z, -STEEP, STEEP))
    return np.asarray(1 / (1 + decay) if family == "logistic" else np.exp(-decay))


def slopes(family: str, z: Floats, shape: Floats) -> Slopes:
    """G and its derivatives.

    Args:
        family: one of `FAMILIES`.
        z: (N, T).
        shape: (N, 1), of Richards' curve; not looked at otherwise.
    """
    if family == "richards":
        return _richards(z, shape)
    decay = np.exp(np.clip(-z, -STEEP, STEEP))
    if family == "logistic":
        g = 1 / (1 + decay)
        first = g * (1 - g)
        return Slopes(g, first, first * (1 - 2 * g))
    g = np.exp(-decay)
    first = g * decay
    return Slopes(g, first, first * (decay - 1))


def _richards(z: Floats, shape: Floats) -> Slopes:
    """With w = log s - z: log g = -log(1 + exp(w)) / s, which neither overflows nor cancels."""
    soft, rising = _soft(np.log(shape) - z)
    slope = rising / shape  # of log g by z
    turn = soft / shape - slope  # of log g by log s
    g = np.exp(-slope - turn)
    first = g * slope
    square = slope * rising
    scale = 1 + BEND / shape  # of log s by the bend, whose own slope is scale (1 - scale)
    by_log, twice = g * turn, g * (turn * turn - turn + square)
    return Slopes(
        g, first, first * (slope - 1 + rising),
        scale * by_log, scale * (scale * twice + (1 - scale) * by_log), scale * (first * turn - g * square),
    )  # fmt: skip


def _soft(w: Floats) -> tuple[Floats, Floats]:
    """log(1 + exp(w)), and its derivative."""
    risen = np.exp(np.minimum(w, STEEP))
    return np.log1p(risen) + np.maximum(w - STEEP, 0.0), risen / (1 + risen)
