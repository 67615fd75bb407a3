"""Least-squares sigmoid curves through many series at once.

Each is sought on a grid of curves that all series share, a product of two matrices, and then by a descent from there.
`leastsquares` says what is minimised over what.
"""

from dataclasses import dataclass, replace

import numpy as np

from reporter.models.descent import SHAPES_BETWEEN, bounded, descend
from reporter.models.families import bend_of, shape_of
from reporter.models.leastsquares import Bools, Rows, losses, sizes
from reporter.models.starts import starts
from reporter.schema import Floats

LEAST = {"logistic": 4, "gompertz": 4, "richards": 5}
"""Counts that a curve needs: one more than it has parameters."""

SPECIAL = (("logistic", 1.0), ("gompertz", SHAPES_BETWEEN[0]))
"""The other families, as shapes of Richards' curve."""

NEARBY = 0.02
"""Shape of Richards' curve near Gompertz's from which a descent still finds its way."""


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
    able = (known.sum(axis=1) >= LEAST[family]) & (top > 1e-6)  # noqa: PLR2004
    size, rate, midpoint, shape, sse, doubt = np.full((6, n), np.nan)
    converged = np.zeros(n, dtype=np.bool_)
    if able.any():
        y = np.where(known[able], counts[able], 0.0) / top[able, None]
        found = _nested if family == "richards" else _settled
        rows, theta, scaled, converged[able] = found(_laid_out(y, known[able]), known[able], family)
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
    """Descend from the best start."""
    return _from_best(rows, starts(rows, known, family), family)


def _from_best(rows: Rows, trials: list[Floats], family: str) -> _Found:
    trials = [bounded(rows, trial, family) for trial in trials]
    best = np.stack([losses(rows, trial, family) for trial in trials]).argmin(axis=0)
    rows, theta = rows.centred(np.stack(trials)[best, np.arange(len(best))])
    return rows, *descend(rows, theta, family)


def _nested(rows: Rows, known: Bools, family: str) -> _Found:
    """Fit Richards' curve, and never worse than its special cases.

    Towards Gompertz's curve the loss hardly depends on the shape any more, and a descent may end on the way; towards
    an exponential all three are the same. What ended there is held against the special cases.
    """
    trials = starts(rows, known, family)
    for case, shape in SPECIAL:
        trials += [_shaped(start, max(shape, NEARBY)) for start in starts(rows, known, case)[:1]]
    there, theta, loss, converged = _from_best(rows, trials, family)
    doubtful = np.flatnonzero(~converged | (theta[:, 2] < bend_of(2 * NEARBY)))
    for case, shape in SPECIAL:
        part = there.at(doubtful)
        found, curve, _, _ = _settled(replace(part, origin=part.last), known[doubtful], case)
        again = bounded(part, _shaped(found.since(curve, part.origin), shape), family)
        worse = losses(part, again, family) < loss[doubtful]
        mend = doubtful[worse]
        if len(mend):
            theta[mend], loss[mend], converged[mend] = descend(there.at(mend), again[worse], family)
    return there, theta, loss, converged


def _shaped(theta: Floats, shape: float) -> Floats:
    """(N, 3) the same curves as Richards'."""
    return np.concatenate([theta, np.full((len(theta), 1), bend_of(shape))], axis=1)
