"""Sigmoid curves through cumulative counts, as other parts and other programs fit them."""

from dataclasses import dataclass

import numpy as np

from reporter.errors import ModelError, TooShortError
from reporter.models import logistic
from reporter.models.logistic import Bools
from reporter.models.series import Ints, too_few
from reporter.schema import Floats

RUNAWAY = 20.0
"""A final size more than this many times the greatest count says only that the end is not in sight."""


@dataclass(frozen=True)
class Curves:
    """N fitted curves, final_size / (1 + exp(-growth_rate (t - midpoint))).

    Attributes:
        family: "logistic".
        final_size: (N,) what the count tends to, in counts.
        growth_rate: (N,) per period, early on.
        midpoint: (N,) period at which half the final size is reached, and new counts are at their peak.
        sse: (N,) sum of squared errors, in counts squared.
        converged: (N,) whether the solver settled.
        identified: (N,) whether it did and the final size is within 20 times the greatest count.

    Parameters are NaN where a row had nothing to fit.
    """

    family: str
    final_size: Floats
    growth_rate: Floats
    midpoint: Floats
    sse: Floats
    converged: Bools
    identified: Bools

    def at(self, t: Floats) -> Floats:
        """(N, T) cumulative counts at times `t`, (T,) or (N, T), in periods since the first."""
        column = (value[:, None] for value in (self.final_size, self.growth_rate, self.midpoint))
        return logistic.curve(t, *column)

    def of(self, rows: Ints) -> "Curves":
        """The curves of these rows."""
        return Curves(
            self.family, self.final_size[rows], self.growth_rate[rows], self.midpoint[rows],
            self.sse[rows], self.converged[rows], self.identified[rows],
        )  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """One fitted curve; the attributes are those of `Curves`, as plain numbers."""

    family: str
    final_size: float
    growth_rate: float
    midpoint: float
    sse: float
    converged: bool
    identified: bool

    def at(self, t: Floats) -> Floats:
        """Cumulative counts at times `t`, in periods since the first."""
        return logistic.curve(t, *np.array([self.final_size, self.growth_rate, self.midpoint]))


def fit_curves(counts: Floats, family: str = "logistic") -> Curves:
    """Fit a sigmoid to each row of cumulative counts by least squares, all rows in one batch.

    Args:
        counts: (N, T) cumulative counts, the first column is t = 0; NaN is not used.
        family: "logistic".

    Raises:
        ModelError: the family is unknown, or a count is infinite.
        TooShortError: T is below 4. (A row with fewer than 4 counts, or none above 0, is NaN in the result.)

    >>> import numpy as np
    >>> t = np.arange(30.0)
    >>> curves = fit_curves(5000 / (1 + np.exp(-0.25 * (t - 12)))[None])
    >>> float(curves.final_size[0].round(6)), float(curves.midpoint[0].round(6))
    (5000.0, 12.0)
    """
    if family != "logistic":
        raise ModelError(f"unknown curve {family!r}; known: 'logistic'")
    if counts.shape[1] < logistic.LEAST:
        raise TooShortError(too_few(counts.shape[1], logistic.LEAST))
    if np.isinf(counts).any():
        raise ModelError("a count is infinite")
    found = logistic.solve(counts)
    top = np.where(np.isfinite(counts), counts, 0.0).max(axis=1, initial=0.0)
    identified = found.converged & (found.final_size <= RUNAWAY * top)
    return Curves(
        family, found.final_size, found.growth_rate, found.midpoint, found.sse, found.converged, identified
    )  # fmt: skip


def fit_curve(counts: Floats, family: str = "logistic") -> Curve:
    """Fit a sigmoid to one series of cumulative counts: `fit_curves` for a single row.

    Args:
        counts: (T,) cumulative counts, the first is t = 0; NaN is not used.
        family: "logistic".

    Raises:
        ModelError: the family is unknown, or a count is infinite, or none is above 0.
        TooShortError: fewer than 4 counts.
    """
    counts = np.asarray(counts, dtype=np.float64)
    known = int(np.isfinite(counts).sum())
    curves = fit_curves(counts[None], family)
    if known < logistic.LEAST:
        raise TooShortError(too_few(known, logistic.LEAST))
    if np.isnan(curves.final_size[0]):
        raise ModelError("no count is above 0, so there is no curve to fit")
    return Curve(
        curves.family, float(curves.final_size[0]), float(curves.growth_rate[0]), float(curves.midpoint[0]),
        float(curves.sse[0]), bool(curves.converged[0]), bool(curves.identified[0]),
    )  # fmt: skip
