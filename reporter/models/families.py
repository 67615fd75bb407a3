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

STEEP = 300.0
"""|z| beyond which exp would overflow once squared; the curves are flat there to all digits."""


class Slopes(NamedTuple):
    """A curve and its derivatives at (N, T) values of z, by z and by the log of the shape (None without a shape)."""

    g: Floats
    z: Floats
    zz: Floats
    s: Floats | None = None
    ss: Floats | None = None
    zs: Floats | None = None


def share(family: str, z: Floats, shape: Floats | float = 1.0) -> Floats:
    """g(z) of a family; `shape` matters to Richards' only."""
    z = np.clip(z, -STEEP, STEEP)
    match family:
        case "logistic":
            return np.asarray(1 / (1 + np.exp(-z)))
        case "gompertz":
            return np.asarray(np.exp(-np.exp(-z)))
        case _:
            return np.asarray(np.exp(-np.log1p(shape * np.exp(-z)) / shape))


def slopes(family: str, z: Floats, shape: Floats) -> Slopes:
    """G and its derivatives.

    Args:
        family: one of `FAMILIES`.
        z: (N, T).
        shape: (N, 1), of Richards' curve; not looked at otherwise.
    """
    decay = np.exp(np.clip(-z, -STEEP, STEEP))
    if family == "logistic":
        g = 1 / (1 + decay)
        first = g * (1 - g)
        return Slopes(g, first, first * (1 - 2 * g))
    if family == "gompertz":
        g = np.exp(-decay)
        first = g * decay
        return Slopes(g, first, first * (decay - 1))
    inner = 1 + shape * decay
    slope = decay / inner  # of log g by z
    bend = np.log1p(shape * decay) / shape - slope  # of log g by log s
    g = np.exp(-slope - bend)
    first = g * slope
    square = shape * slope * slope
    return Slopes(
        g, first, first * (slope - 1 / inner), g * bend, g * (bend * bend - bend + square), first * bend - g * square
    )
