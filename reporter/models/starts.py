"""Where the fit of a curve begins: the nearest of a grid of curves that all series share."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from reporter.models.families import share
from reporter.models.leastsquares import BLOCK, Bools, Rows, blocks
from reporter.schema import Floats

GRAIN = 48
"""Points at which a series is looked at on the grid, whatever its length."""

SHAPES = (0.01, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0, 100.0)
"""Shapes of Richards' curve on the grid."""


@dataclass(frozen=True)
class Starts:
    """Where a descent may begin.

    Attributes:
        sampled: (N, GRAIN) the rows, to be found on the grid.
        sudden: (N, 2) parameters that a curve of any family may have.
    """

    sampled: Floats
    sudden: Floats

    def of(self, family: str) -> list[Floats]:
        """Each (N, 2 or 3)."""
        grid = nearest(self.sampled, family)
        extra = np.zeros((len(grid), grid.shape[1] - 2))
        return [grid, np.concatenate([self.sudden, extra], axis=1)]


def sudden(rows: Rows, known: Bools) -> Floats:
    """(N, 2) a step where a row rises most, which the grid is too coarse to see."""
    held = np.maximum.accumulate(np.where(known, np.arange(known.shape[1]), 0), axis=1)
    jump = np.diff(np.take_along_axis(rows.y, held, axis=1), axis=1).argmax(axis=1)[:, None] + 0.5
    theta = np.zeros((len(jump), 2))
    theta[:, 1] = np.log(4.0 * rows.span[:, 0])
    theta[:, :1] = 4.0 * (rows.last - jump)
    return theta


def resampled(y: Floats, known: Bools, first: Floats, last: Floats) -> Floats:
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


def nearest(y: Floats, family: str) -> Floats:
    """(N, 2 or 3) the point of the grid whose curve, times its best size, is nearest to each row."""
    theta, curves = _grid(family)
    rows = y.astype(np.float32)
    best = np.concatenate([(rows[block] @ curves.T).argmax(axis=1) for block in blocks(len(y), 4 * BLOCK)])
    return theta[best]
