"""Least-squares sigmoid curves through many series at once.

Each is sought on a grid of curves that all series share, a product of two matrices, and then by a descent from there.
`leastsquares` says what is minimised over what.
"""

from dataclasses import dataclass

import numpy as np

from reporter.models.descent import bounded, descend
from reporter.models.families import bend_of, shape_of
from reporter.models.leastsquares import Bools, Rows, losses, sizes
from reporter.models.starts import starts
from reporter.schema import Floats

LEAST = {"logistic": 4, "gompertz": 4, "richards": 5}
"""Counts that a curve needs: one more than it has parameters."""

SPECIAL = (("logistic", 1.0), ("gompertz", 0.02))
"""The other families, as shapes of Richards' curve."""

MOST_STARTS = {"logistic": 1, "gompertz": 1, "richards": 5}
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
        sse: (N,) sum of squared errors.
        converged: (N,) whether the solver settled.
        doubt: (N,) the greater standard error of log final size and log growth rate, for errors that are correlated
            from one count to the next as much as those of the fit.
    """

    final_size: Floats
    growth_rate: Floats
    midpoint: Floats
    shape: Floats
    sse: Floats
    converged: Bools
    doubt: Floats


def solve(counts: Floats, family: str) -> Fit:
    """Fit a curve of a family to each row by least squares on the counts.

    Args:
        counts: (N, T) cumulative counts, t = 0 in the first column; NaN carries no weight.
        family: one of `families.FAMILIES`.
    """
    n = len(counts)
    known = np.isfinite(counts)
    top = np.where(known, counts, 0.0).max(axis=1, initial=0.0)
    # Tiny counts would divide to infinity; nothing real is below a millionth of a person.
    able = np.flatnonzero((known.sum(axis=1) >= LEAST[family]) & (top > 1e-6))  # noqa: PLR2004
    # Rows of one length go together, as blocks are worked on up to the last count of any.
    able = able[np.argsort(known[able].sum(axis=1), kind="stable")]
    size, rate, midpoint, shape, sse, doubt = np.full((6, n), np.nan)
    converged = np.zeros(n, dtype=np.bool_)
    if len(able):
        y = np.where(known[able], counts[able], 0.0) / top[able, None]
        rows, theta, scaled, converged[able] = _settled(_laid_out(y, known[able]), known[able], family)
        scale, doubt[able] = sizes(rows, theta, family)
        speed = np.exp(theta[:, 1])
        size[able] = scale * top[able]
        rate[able] = speed / rows.span[:, 0]
        midpoint[able] = rows.origin[:, 0] - theta[:, 0] / speed * rows.span[:, 0]
        shape[able] = shape_of(theta[:, 2]) if family == "richards" else 1.0
        with np.errstate(over="ignore"):  # beyond 1e150 a sum of squares is infinite, the fit is not
            sse[able] = scaled * top[able] ** 2
    return Fit(size, rate, midpoint, shape, sse, converged, doubt)


def _laid_out(y: Floats, known: Bools) -> Rows:
    """Rows whose time begins at their last count."""
    last = known.shape[1] - 1.0 - known[:, ::-1].argmax(axis=1)[:, None]
    return Rows(y, None if known.all() else known.astype(np.float64), last - known.argmax(axis=1)[:, None], last, last)


_Found = tuple[Rows, Floats, Floats, Bools]
"""Rows, with the origin that the parameters are of, the parameters, the losses, and whether each settled."""


def _settled(rows: Rows, known: Bools, family: str) -> _Found:
    """Descend from the best start, and then from others that are nearly as good as what that came to."""
    trials = [bounded(rows, start, family) for start in starts(rows, known, family)]
    if family == "richards":
        for case, shape in SPECIAL:
            trials.append(bounded(rows, _shaped(starts(rows, known, case)[0], shape), family))
    everyone = np.arange(len(rows.y))
    begun = np.stack([losses(rows, trial, family) for trial in trials])
    order = begun.argsort(axis=0)
    there, theta = rows.centred(np.stack(trials)[order[0], everyone])
    theta, loss, converged = descend(there, theta, family)
    for place in order[1 : MOST_STARTS[family]]:
        again = np.flatnonzero(begun[place, everyone] <= PROMISING * loss)
        near, start = rows.at(again).centred(np.stack(trials)[place[again], again])
        found, lower, settled = descend(near, start, family)
        won = lower < loss[again]
        mine = again[won]
        there.origin[mine], theta[mine], loss[mine] = near.origin[won], found[won], lower[won]
        converged[mine] = settled[won]
    return there, theta, loss, converged


def _shaped(theta: Floats, shape: float) -> Floats:
    """(N, 3) the same curves as Richards'."""
    return np.concatenate([theta, np.full((len(theta), 1), bend_of(shape))], axis=1)
