"""The first author's own method of April 2020, kept as he had it."""

import warnings

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from reporter.dates import Cadence
from reporter.errors import ModelError, TooShortError
from reporter.models import base
from reporter.models.series import bounded
from reporter.schema import LEVELS, Floats, is_cumulative

START = 1000
"""The curve starts on the first day above this many cases."""

LEAST = 5


class Classic:
    """A logistic curve through the cumulative counts, by least squares, one place at a time.

    f(t) = final_size / (1 + exp(-growth_rate (t - midpoint))), t = 0 on the first day above 1,000 (Verhulst 1838). He
    printed one number and no range, so all quantiles are that number. Incident targets are refused.
    """

    def forecast(self, history: base.History, horizons: int, seed: int) -> base.Quantiles:  # noqa: ARG002 - the contract's
        """See `base.Model.forecast`. `seed` changes nothing."""
        values = base.empty(history, horizons)
        refused: dict[int, str] = {}
        for i, (target, row) in enumerate(zip(history.targets, history.counts, strict=True)):
            if not is_cumulative(target):
                refused[i] = "this method is for cumulative counts only"
                continue
            try:
                values[i] = self._one(row, horizons, history.cadence)
            except ModelError as error:
                refused[i] = str(error)
        return base.Quantiles(bounded(values, history), refused)

    @staticmethod
    def _one(row: Floats, horizons: int, cadence: Cadence) -> Floats:
        """(H, 23) quantiles of one series, all equal to the curve."""
        curve = fit(row, cadence)
        start = int(np.flatnonzero(row > START)[0])
        t = np.arange(len(row), len(row) + horizons, dtype=np.float64) - start
        return np.repeat(logistic(t, *curve)[:, None], len(LEVELS), axis=1)


def logistic(t: Floats, final_size: float, growth_rate: float, midpoint: float) -> Floats:
    """The curve at times `t`."""
    with np.errstate(over="ignore"):  # an exponent too large is a count of 0
        return np.asarray(final_size / (1 + np.exp(-growth_rate * (t - midpoint))))


def fit(row: Floats, cadence: Cadence = Cadence.DAY) -> tuple[float, float, float]:
    """Fit the curve to one series of cumulative counts from the first one above 1,000.

    Args:
        row: (T,) counts, NaN where not reported.
        cadence: for the wording of errors.

    Returns:
        final_size (counts), growth_rate (per period), midpoint (periods after the first count above 1,000).

    Raises:
        TooShortError: fewer than 5 counts from then on.
        ModelError: no curve was found.
    """
    above = np.flatnonzero(row > START)
    start = int(above[0]) if len(above) else len(row)
    t = np.flatnonzero(np.isfinite(row[start:])).astype(np.float64)
    if not len(t):
        raise TooShortError(f"has not been above {START:,} yet")
    if len(t) < LEAST:
        unit = f"{cadence.value}{'' if len(t) == 1 else 's'}"
        raise TooShortError(f"only {len(t)} {unit} since the first above {START:,}; needs {LEAST}")
    counts = row[start:][t.astype(np.int64)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", OptimizeWarning)
            found, _ = curve_fit(logistic, t, counts, p0=[2 * counts.max(), 0.2, t[-1]], maxfev=10_000)
    except (RuntimeError, OptimizeWarning, ValueError) as error:
        raise ModelError("no S-shaped curve fits its counts") from error
    final_size, growth_rate, midpoint = (float(value) for value in found)
    if not np.isfinite(found).all() or final_size <= 0:
        raise ModelError("no S-shaped curve fits its counts")
    return final_size, growth_rate, midpoint
