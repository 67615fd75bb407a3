"""Sigmoid curves through cumulative counts, as other parts and other programs fit them."""

from dataclasses import dataclass

import numpy as np

from reporter.errors import ModelError, TooShortError
from reporter.models import families, solver
from reporter.models.leastsquares import Bools
from reporter.models.series import Ints, too_few
from reporter.schema import Floats

RUNAWAY = 20.0
"""A final size more than this many times the greatest count says only that the end is not in sight."""

MOST = 1e250
"""Greatest count: a curve through greater ones could have a final size beyond all numbers."""

DOUBTFUL = 0.5
"""Nor is it in sight where the standard error of its log, or of the log of the growth rate, is more than this."""


@dataclass(frozen=True)
class Curves:
    """N fitted curves, final_size g(growth_rate (t - midpoint)), with g as `families` has it.

    Attributes:
        family: "logistic", "gompertz" or "richards".
        final_size: (N,) what the count tends to, in counts.
        growth_rate: (N,) per period: of the logistic curve early on, of Richards' `shape` times that; in every family
            also the rate at which what is missing to the final size shrinks late.
        midpoint: (N,) period at which new counts are at their peak; of the logistic curve half the final size is
            reached then.
        shape: (N,) of Richards' curve: 1 is logistic, near 0 is Gompertz. None in the other families.
        sse: (N,) sum of squared errors, in counts squared; infinite where the counts are beyond 1e150.
        converged: (N,) whether the solver settled.
        identified: (N,) whether it did, and the parameters can be told from the counts: the final size is within 20
            times the greatest count, and the standard errors of its log and of the log growth rate are within 0.5.
        final_size_error: (N,) standard error of the log of the final size. The residuals of cumulative counts are
            correlated, which it allows for as far as their correlation from one count to the next tells.
        midpoint_error: (N,) the same of the midpoint, in periods.

    Parameters are NaN where a row had nothing to fit.
    """

    family: str
    final_size: Floats
    growth_rate: Floats
    midpoint: Floats
    shape: Floats | None
    sse: Floats
    converged: Bools
    identified: Bools
    final_size_error: Floats
    midpoint_error: Floats

    def at(self, t: Floats) -> Floats:
        """(N, T) cumulative counts at times `t`, (T,) or (N, T), in periods since the first."""
        size, rate, midpoint = (value[:, None] for value in (self.final_size, self.growth_rate, self.midpoint))
        shape = 1.0 if self.shape is None else self.shape[:, None]
        return np.asarray(size * families.share(self.family, rate * (t - midpoint), shape))

    def of(self, rows: Ints) -> "Curves":
        """The curves of these rows."""
        return Curves(
            self.family, self.final_size[rows], self.growth_rate[rows], self.midpoint[rows],
            None if self.shape is None else self.shape[rows],
            self.sse[rows], self.converged[rows], self.identified[rows],
            self.final_size_error[rows], self.midpoint_error[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """One fitted curve; the attributes are those of `Curves`, as plain numbers."""

    family: str
    final_size: float
    growth_rate: float
    midpoint: float
    shape: float | None
    sse: float
    converged: bool
    identified: bool
    final_size_error: float
    midpoint_error: float

    def at(self, t: Floats) -> Floats:
        """Cumulative counts at times `t`, in periods since the first."""
        z = self.growth_rate * (t - self.midpoint)
        return np.asarray(self.final_size * families.share(self.family, z, 1.0 if self.shape is None else self.shape))


def fit_curves(counts: Floats, family: str = "logistic") -> Curves:
    """Fit a sigmoid to each row of cumulative counts by least squares, all rows in one batch.

    Args:
        counts: (N, T) cumulative counts, the first column is t = 0; NaN is not used.
        family: "logistic", "gompertz" or "richards".

    Raises:
        ModelError: the family is unknown, a count is infinite, beyond 1e250 or no number, or `counts` is no table of
            rows.
        TooShortError: T is below 4 (5 for Richards' curve). A row with fewer counts, or none above 0, is NaN in the
            result.

    >>> import numpy as np
    >>> t = np.arange(30.0)
    >>> curves = fit_curves(5000 / (1 + np.exp(-0.25 * (t - 12)))[None])
    >>> float(curves.final_size[0].round(6)), float(curves.midpoint[0].round(6))
    (5000.0, 12.0)
    """
    if family not in families.FAMILIES:
        raise ModelError(f"unknown curve {family!r}; known: {', '.join(map(repr, families.FAMILIES))}")
    counts = _numbers(counts)
    if counts.ndim != 2:  # noqa: PLR2004
        raise ModelError(f"counts of shape {counts.shape}, not a row for each series")
    least = solver.LEAST[family]
    if counts.shape[1] < least:
        raise TooShortError(too_few(counts.shape[1], least))
    if (np.abs(counts) > MOST).any():
        raise ModelError(f"a count is infinite, or beyond {MOST:g}")
    found = solver.solve(counts, family)
    top = np.where(np.isfinite(counts), counts, 0.0).max(axis=1, initial=0.0)
    identified = (
        found.converged
        & (found.final_size <= RUNAWAY * top)
        & (np.maximum(found.size_error, found.rate_error) <= DOUBTFUL)
    )
    return Curves(
        family, found.final_size, found.growth_rate, found.midpoint, found.shape if family == "richards" else None,
        found.sse, found.converged, identified, found.size_error, found.midpoint_error,
    )  # fmt: skip


def fit_curve(counts: Floats, family: str = "logistic") -> Curve:
    """Fit a sigmoid to one series of cumulative counts: `fit_curves` for a single row.

    Args:
        counts: (T,) cumulative counts, the first is t = 0; NaN is not used.
        family: "logistic", "gompertz" or "richards".

    Raises:
        ModelError: the family is unknown, a count is infinite or none is above 0, or `counts` is not one row.
        TooShortError: fewer than 4 counts (5 for Richards' curve).
    """
    counts = _numbers(counts)
    if counts.ndim != 1:
        raise ModelError(f"counts of shape {counts.shape}, not one series")
    curves = fit_curves(counts[None], family)
    known, least = int(np.isfinite(counts).sum()), solver.LEAST[family]
    if known < least:
        raise TooShortError(too_few(known, least))
    if np.isnan(curves.final_size[0]):
        raise ModelError("no count is above 0, so there is no curve to fit")
    return Curve(
        family, float(curves.final_size[0]), float(curves.growth_rate[0]), float(curves.midpoint[0]),
        None if curves.shape is None else float(curves.shape[0]),
        float(curves.sse[0]), bool(curves.converged[0]), bool(curves.identified[0]),
        float(curves.final_size_error[0]), float(curves.midpoint_error[0]),
    )  # fmt: skip


def _numbers(counts: Floats) -> Floats:
    """Counts as float64, whatever numbers they are given as.

    Raises:
        ModelError: they are no real numbers, or rows of different lengths.
    """
    try:
        if np.iscomplexobj(counts):
            raise ModelError("a count is complex")
        return np.asarray(counts, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"counts are not numbers: {error}") from error
