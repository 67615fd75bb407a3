"""Where the fit of a curve begins: near the best of a grid of curves that all series share."""

from functools import cache

import numpy as np
import numpy.typing as npt

from reporter.models.descent import bounded, descend
from reporter.models.families import bend_of, shape_of, share
from reporter.models.leastsquares import BLOCK, Bools, Rows, blocks
from reporter.schema import Floats

GRAIN = 48
"""Points at which a series is looked at here, whatever its length."""

SHAPES = {
    "logistic": ((1.0,),),
    "gompertz": ((1.0,),),
    "richards": ((0.01, 0.2, 0.5, 1.0), (2.0, 5.0), (20.0, 100.0)),
}
"""Shapes on the grid. Richards' curve may have an optimum in each group: with a slow end, none, or an abrupt one."""

ROUGH = 1e-4
"""A start is good enough when a step is expected to lower its loss by less than this share."""

FEW_ROUNDS = 12


def starts(rows: Rows, known: Bools, family: str) -> list[Floats]:
    """Parameters to descend from, (N, P) each: of every optimum that a rough look at the rows shows."""
    sampled = _sampled(rows, known)
    few = np.full((len(sampled), 1), GRAIN - 1.0)
    found = []
    for group in range(len(SHAPES[family])):
        theta, curves = _grid(family, group)
        rough, start = Rows(sampled, None, few, few, few).centred(theta[_nearest(sampled, curves)])
        start, _, _ = descend(rough, bounded(rough, start, family), family, ROUGH, FEW_ROUNDS)
        found.append(rough.since(start, few))
    return [*found, _sudden(rows, known, found[0].shape[1])]


def _sampled(rows: Rows, known: Bools) -> Floats:
    """(N, GRAIN) each row from its first count to its last; holes take the count before.

    A row with fewer counts than points goes straight from one to the next: taken as stairs it would look like a step.
    """
    where = rows.last - rows.span * np.linspace(1.0, 0.0, GRAIN)
    before = np.minimum(np.floor(where), rows.last - 1)
    held, number = _held(known), before.astype(np.int64)
    low, high = (np.take_along_axis(rows.y, np.take_along_axis(held, n, axis=1), axis=1) for n in (number, number + 1))
    way = np.where(rows.span < GRAIN, where - before, np.round(where - before))
    return low + way * (high - low)


def _held(known: Bools) -> npt.NDArray[np.int64]:
    """(N, T) column of the newest count up to each."""
    return np.maximum.accumulate(np.where(known, np.arange(known.shape[1]), 0), axis=1)


def _sudden(rows: Rows, known: Bools, parameters: int) -> Floats:
    """(N, P) a step where a row rises most, which the points are too few to show."""
    jump = np.diff(np.take_along_axis(rows.y, _held(known), axis=1), axis=1).argmax(axis=1)[:, None] + 0.5
    theta = np.zeros((len(jump), parameters))
    theta[:, 1] = np.log(4.0 * rows.span[:, 0])
    theta[:, :1] = 4.0 * (rows.last - jump)
    return theta


@cache
def _grid(family: str, group: int) -> tuple[Floats, npt.NDArray[np.float32]]:
    """(M, 2 or 3) parameters on the grid, with z at the last point, and (M, GRAIN) their curves, each of norm 1."""
    time = np.linspace(-1.0, 0.0, GRAIN)
    found = []
    for shape in SHAPES[family][group]:
        for rate in np.geomspace(0.7, 3.0 * GRAIN, 14) * max(1.0, min(shape, 8.0)):
            step = max(0.9, rate / GRAIN)
            ends = np.arange(-8.0 * max(1.0, shape**0.5), rate + 3.0, step)
            found += [(end, np.log(rate), bend_of(shape)) for end in ends]
    theta = np.array(found)
    curves = share(family, theta[:, :1] + np.exp(theta[:, 1:2]) * time, shape_of(theta[:, 2:]))
    norm = np.linalg.norm(curves, axis=1, keepdims=True)
    usable = norm[:, 0] > 1e-9  # noqa: PLR2004 - a curve that is 0 everywhere fits nothing
    theta = theta if family == "richards" else theta[:, :2]
    return theta[usable], (curves / np.where(norm > 0, norm, 1.0))[usable].astype(np.float32)


def _nearest(y: Floats, curves: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """(N,) number of the curve that, times its best size, is nearest to each row."""
    rows = y.astype(np.float32)
    return np.concatenate([(rows[block] @ curves.T).argmax(axis=1) for block in blocks(len(y), 4 * BLOCK)])
