"""The descent to the least squared error: Newton's method with exact second derivatives, for many series at once.

The step is damped as Marquardt (1963, J. SIAM 11:431) does; where the loss is not convex Gauss and Newton's matrix
takes the place of the Hessian. Parameters at a bound are left there while the loss falls beyond it.
"""

import numpy as np

from reporter.models.families import bend_of, shape_of
from reporter.models.leastsquares import Bools, Rows, Slope, slope
from reporter.schema import Floats

MOST_ROUNDS = 100

SETTLED = 1e-11
"""A fit has converged when a step is expected to lower its loss by less than this share of it."""

NOTHING = 1e-16
"""Or by less than this, where counts are at most 1."""

STILL = 1e-11
"""Or when it moves no parameter by more than this."""

PATIENCE = 12
STALLED = 1e-6
"""Or when this many rounds lowered its loss by less than this share of it: an abrupt end between two periods, say."""

HOPE = 10
"""A step is hoped to lower the loss by no more than so many times what is expected of it."""

EARLY = 5
"""Rounds before anybody gives up."""

GAIN = 1e-4
"""Less than this share of a loss is not worth going on for."""

LONGEST = 2.0
"""Bound of a step in any parameter."""

FARTHEST = 14.0
"""A logistic curve's z at the last count is at least minus this: before, it is an exponential to all digits."""

GREATEST = 120.0
"""Bound of the log of final size over last value, for Gompertz's curve has to go far to be an exponential."""

FASTEST = 64.0
"""Bound of the growth rate a period; a faster curve is a step from one period to the next."""

SLOWEST = 1e-3
"""Bound of the growth rate over the whole series."""

SHAPES_BETWEEN = (1e-5, 1e4)
BENDS_BETWEEN = (float(bend_of(SHAPES_BETWEEN[0])), float(bend_of(SHAPES_BETWEEN[1])))


def bounded(rows: Rows, theta: Floats, family: str) -> Floats:
    """The nearest parameters within the bounds."""
    theta = np.array(theta)
    for number in range(theta.shape[1] - 1, -1, -1):
        low, high = _bounds(rows, theta, number, family)
        theta[:, number] = np.clip(theta[:, number], low, high)
    return theta


def _leaving(rows: Rows, theta: Floats, gradient: Floats, family: str) -> Bools:
    """(N, P) parameters at a bound that a step against the gradient would leave."""
    leaving = np.empty(theta.shape, dtype=np.bool_)
    for number in range(theta.shape[1]):
        low, high = _bounds(rows, theta, number, family)
        here, down = theta[:, number], gradient[:, number]
        leaving[:, number] = ((here <= low) & (down > 0)) | ((here >= high) & (down < 0))
    return leaving


def _reach(rows: Rows, theta: Floats, step: Floats, family: str) -> Floats:
    """(N, 1) share of each step that meets the first bound: one cut in a single parameter would leave the valley."""
    shares = np.ones((len(theta), 1))
    for number in range(theta.shape[1]):
        low, high = _bounds(rows, theta, number, family)
        ahead = theta[:, number] + step[:, number]
        room = np.where(ahead < low, low, np.where(ahead > high, high, ahead)) - theta[:, number]
        cut = np.where(
            (room != 0) & (room != step[:, number]), room / np.where(step[:, number], step[:, number], 1.0), 1.0
        )
        shares[:, 0] = np.minimum(shares[:, 0], np.where(cut > 0, cut, 1.0))
    return shares


def _bounds(rows: Rows, theta: Floats, number: int, family: str) -> tuple[Floats | float, Floats | float]:
    """Least and greatest value of a parameter, (N,) each or the same for all, given those after it."""
    match number:
        case 2:
            return BENDS_BETWEEN
        case 1:
            # What ends abruptly rises to its end by rate / shape a period, and its rate is that of the end.
            return np.log(SLOWEST), np.log(FASTEST * rows.span[:, 0] * (50.0 if family == "richards" else 1.0))
        case _:
            since = np.exp(theta[:, 1:2]) * (rows.last - rows.origin) / rows.span
            return _lowest(theta, family) - since[:, 0], np.inf


def _lowest(theta: Floats, family: str) -> Floats:
    """(N,) least z at the last count."""
    match family:
        case "logistic":
            return np.full(len(theta), -FARTHEST)
        case "gompertz":
            return np.full(len(theta), -np.log(GREATEST))
        case _:
            shape = shape_of(theta[:, 2])
            return np.asarray(np.log(shape) - np.log(np.expm1(np.minimum(GREATEST * shape, FARTHEST))))


def descend(
    rows: Rows,
    theta: Floats,
    family: str,
    settled: float = SETTLED,
    rounds: int = MOST_ROUNDS,
    beat: Floats | None = None,
) -> tuple[Floats, Floats, Bools]:
    """Lower each row's loss until it settles; settled rows leave the batch.

    Args:
        rows: N of them.
        theta: (N, P) where to begin.
        family: of the curves.
        settled: as `SETTLED`.
        rounds: as `MOST_ROUNDS`.
        beat: (N,) losses that are known already: a row that is not about to come to less is given up.

    Returns:
        (N, P) parameters, (N,) losses, and (N,) whether they settled within so many rounds.
    """
    theta = theta.copy()
    damping = np.full(len(theta), 1e-3)
    converged = np.zeros(len(theta), dtype=np.bool_)
    active = np.arange(len(theta))
    slopes = slope(rows, theta, family)
    before = slopes.loss.copy()
    for number in range(1, rounds + 1):
        here, part, now, damped = theta[active], rows.at(active), slopes.at(active), damping[active]
        trial, expected = _trial(part, here, now, damped, family)
        new = slope(part, trial, family)
        done = (expected <= settled * now.loss + NOTHING) | (np.abs(trial - here).max(axis=1) <= STILL)
        # The last step is a good one, though rounding may hide that it helped.
        better = (new.loss < now.loss) | (done & (new.loss <= (1 + 1e-12) * now.loss))
        gained = np.flatnonzero(better)
        theta[active[gained]] = trial[gained]
        slopes.put(active[gained], new.at(gained))
        eased, tightened = np.maximum(0.1 * damped, 1e-8), np.maximum(8.0 * damped, 1e-3)
        damping[active] = np.where(better, eased, np.minimum(tightened, 1e14))
        if beat is not None and number > EARLY:
            done |= now.loss - HOPE * expected > (1 - GAIN) * beat[active]
        if number % PATIENCE == 0:
            loss = slopes.loss[active]
            done |= before[active] - loss <= STALLED * loss
            before[active] = loss
        converged[active[done]] = True
        active = active[~done]
        if not len(active):
            break
    return theta, slopes.loss, converged


def _trial(rows: Rows, here: Floats, now: Slope, damping: Floats, family: str) -> tuple[Floats, Floats]:
    """(N, P) parameters one step ahead, within the bounds, and (N,) by how much they are expected to lower the loss."""
    free = ~_leaving(rows, here, now.gradient, family)
    step, expected = _step(now, damping, free)
    # What another parameter's step would take over a bound stays there, and the others are asked again.
    stuck = _leaving(rows, here, -step, family) & free
    again = np.flatnonzero(stuck.any(axis=1))
    if len(again):
        free &= ~stuck
        step[again], expected[again] = _step(now.at(again), damping[again], free[again])
    return bounded(rows, here + step * _reach(rows, here, step, family), family), expected


def _step(now: Slope, damping: Floats, free: Bools) -> tuple[Floats, Floats]:
    """(N, P) damped Newton steps, of Gauss and Newton where the loss is not convex, and (N,) by how much they lower it.

    Args:
        free: (N, P) the parameters that may be moved.
    """
    p = free.shape[1]
    both = free[:, :, None] & free[:, None]
    gradient = np.where(free, now.gradient, 0.0)
    hessian, gauss = np.where(both, now.hessian, np.eye(p)), np.where(both, now.gauss, np.eye(p))
    diagonal = np.einsum("nii->ni", gauss)
    matrix = np.where(_convex(hessian)[:, None, None], hessian, gauss)
    # The small constant keeps a flat direction (a runaway final size) solvable.
    inflated = damping[:, None] * diagonal + 1e-14 * (1 + diagonal.max(axis=1, keepdims=True))
    step = -np.linalg.solve(matrix + inflated[:, :, None] * np.eye(p), gradient[:, :, None])[:, :, 0]
    # Cut where it is too long; as a whole where the rest would not lead down.
    cut = np.clip(step, -LONGEST, LONGEST)
    shrunk = step * np.minimum(1.0, LONGEST / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300))
    step = np.where((cut * gradient).sum(axis=1, keepdims=True) < 0, cut, shrunk)
    return step, np.asarray(-0.5 * (step * gradient).sum(axis=1))


def _convex(matrix: Floats) -> Bools:
    """(N,) whether symmetric matrices are positive definite, by their leading minors."""
    positive = matrix[:, 0, 0] > 0
    for size in range(2, matrix.shape[1] + 1):
        positive &= np.linalg.det(matrix[:, :size, :size]) > 0
    return positive
