"""Least-squares sigmoid curves through many series at once.

Each is sought on a grid of curves that all series share, a product of two matrices, and then by a descent from there.
`leastsquares` says what is minimised over what.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reporter.models.descent import GAIN, SHAPES_BETWEEN, bounded, descend
from reporter.models.families import bend_of, shape_of
from reporter.models.leastsquares import Bools, Ints, Rows, losses, sizes
from reporter.models.starts import starts
from reporter.schema import Floats

LEAST = {"logistic": 4, "gompertz": 4, "richards": 5}
"""Counts that a curve needs: one more than it has parameters."""

SPECIAL = (("logistic", 1.0), ("gompertz", SHAPES_BETWEEN[0]))
"""The other families, as shapes of Richards' curve."""

MOST_STARTS = {"logistic": 1, "gompertz": 1, "richards": 4}
"""Starts that are descended from, at most."""

PROMISING = 1.5
"""A further start is when its loss is within this many times what the ones before came to."""


@dataclass(frozen=True)
class Fit:
    """Raw results of N fits; NaN where there was nothing to fit.

    Attributes:
        final_size: (N,) in counts.
        growth_rate: (N,) per period.
        midpoint: (N,) in periods since the first column.
        shape: (N,) of Richards' curve; 1 otherwise.
        sse: (N,) sum of squared errors; infinite where the counts are beyond 1e150.
        converged: (N,) whether the solver settled.
        size_error: (N,) standard error of the log of the final size, for errors that are correlated from one count to
            the next as much as those of the fit.
        rate_error: (N,) the same of the log of the growth rate.
        midpoint_error: (N,) the same of the midpoint, in periods.
    """

    final_size: Floats
    growth_rate: Floats
    midpoint: Floats
    shape: Floats
    sse: Floats
    converged: Bools
    size_error: Floats
    rate_error: Floats
    midpoint_error: Floats


def solve(counts: Floats, family: str) -> Fit:
    """Fit a curve of a family to each row by least squares on the counts.

    Args:
        counts: (N, T) cumulative counts, t = 0 in the first column; NaN carries no weight.
        family: one of `families.FAMILIES`.
    """
    n = len(counts)
    known = np.isfinite(counts)
    y = np.where(known, counts, 0.0)
    able = np.flatnonzero((known.sum(axis=1) >= LEAST[family]) & (y > 0).any(axis=1))
    # Rows of one length go together, as blocks are worked on up to the last count of any.
    able = able[np.argsort(known[able].sum(axis=1), kind="stable")]
    size, rate, midpoint, shape, sse, *errors = np.full((8, n), np.nan)
    converged = np.zeros(n, dtype=np.bool_)
    if len(able):
        top = np.abs(y[able]).max(axis=1)
        laid_out = _laid_out(y[able] / top[:, None], known[able])
        rows, theta, scaled, converged[able] = _settled(laid_out, known[able], family)
        scale, error = sizes(rows, theta, family)
        speed = np.exp(theta[:, 1])
        size[able] = scale * top
        with np.errstate(over="ignore"):  # beyond 1e150 a sum of squares is infinite, the fit is not
            sse[able] = scaled * top * top
        rate[able] = speed / rows.span[:, 0]
        midpoint[able] = rows.origin[:, 0] - theta[:, 0] / speed * rows.span[:, 0]
        shape[able] = shape_of(theta[:, 2]) if family == "richards" else 1.0
        period = rows.span[:, 0] / speed
        errors[0][able], errors[1][able] = error[:, 0], error[:, 2]
        errors[2][able] = period * np.hypot(error[:, 1], theta[:, 0] * error[:, 2])
    return Fit(size, rate, midpoint, shape, sse, converged, *errors)


def _laid_out(y: Floats, known: Bools) -> Rows:
    """Rows whose time begins at their last count."""
    last = known.shape[1] - 1.0 - known[:, ::-1].argmax(axis=1)[:, None]
    return Rows(y, None if known.all() else known.astype(np.float64), last - known.argmax(axis=1)[:, None], last, last)


class _Found(NamedTuple):
    """What N descents came to.

    Attributes:
        rows: with the origin that the parameters are of.
        theta: (N, P) parameters.
        loss: (N,).
        converged: (N,) whether each settled.
    """

    rows: Rows
    theta: Floats
    loss: Floats
    converged: Bools

    def improve(self, rows: Rows, again: Ints, begin: Floats, family: str) -> None:
        """Descend from other parameters of some rows, and take over what is better."""
        near, start = rows.at(again).centred(bounded(rows.at(again), begin, family))
        theta, loss, converged = descend(near, start, family, beat=self.loss[again])
        # What was given up may have come to a little less without having settled.
        won = loss < (1 - GAIN) * self.loss[again]
        mine = again[won]
        self.rows.origin[mine], self.theta[mine] = near.origin[won], theta[won]
        self.loss[mine], self.converged[mine] = loss[won], converged[won]


def _settled(rows: Rows, known: Bools, family: str) -> _Found:
    """Descend from the best start, and then from others that are nearly as good as what that came to."""
    trials = starts(rows, known, family)
    if family == "richards":
        # So that it is never worse than its special cases.
        for case, shape in SPECIAL:
            special = _settled(rows, known, case)
            trials.append(_shaped(special.rows.since(special.theta, rows.origin), shape))
    trials = [bounded(rows, trial, family) for trial in trials]
    begun = np.stack([losses(rows, trial, family) for trial in trials])
    order, everyone = begun.argsort(axis=0), np.arange(len(rows.y))
    there, theta = rows.centred(np.stack(trials)[order[0], everyone])
    found = _Found(there, *descend(there, theta, family))
    for place in order[1 : MOST_STARTS[family]]:
        again = np.flatnonzero(begun[place, everyone] <= PROMISING * found.loss)
        found.improve(rows, again, np.stack(trials)[place[again], again], family)
    return found


def _shaped(theta: Floats, shape: float) -> Floats:
    """(N, 3) the same curves as Richards'."""
    return np.concatenate([theta, np.full((len(theta), 1), bend_of(shape))], axis=1)
