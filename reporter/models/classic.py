"""The first author's own method of April 2020, kept as he had it."""

import warnings

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from reporter.dates import Cadence
from reporter.errors import ModelError, TooShortError
from reporter.models import base
from reporter.models.series import NOT_LEARNT, bounded
from reporter.schema import Floats, is_cumulative

START = 1000
"""The curve starts on the first day above this many cases."""

LEAST = 5


class Classic(base.Learner):
    """A logistic curve through the cumulative counts, by least squares, one place at a time.

    f(t) = final_size / (1 + exp(-growth_rate (t - midpoint))), t = 0 on the first day above 1,000 (Verhulst 1838). He
    printed one number and no range, so all quantiles are that number. Incident targets are refused.

    He took the counts as they were published, and so does this. All of it is learnt: a curve that was fitted before
    goes on as it was, whatever has been counted since.
    """

    def learn(self, history: base.History, horizons: int, seed: int) -> base.Learnt:  # noqa: ARG002 - the contract's
        """See `base.Model.learn`. `seed` changes nothing."""
        curves: dict[tuple[str, str], tuple[int, tuple[float, float, float]]] = {}
        reasons: dict[tuple[str, str], str] = {}
        for series, number in base.numbers(history).items():
            row = history.as_published[number]
            if not is_cumulative(series[0]):
                reasons[series] = "this method is for cumulative counts only"
                continue
            try:
                curves[series] = int(np.argmax(row > START)), fit(row, history.cadence)
            except ModelError as error:
                reasons[series] = str(error)

        def tell(start: base.History) -> base.Quantiles:
            values = base.empty(start, horizons)
            refused: dict[int, str] = {}
            # Periods since the first of the history that was learnt from.
            here = int((start.dates[-1] - history.dates[0]) // np.timedelta64(history.cadence.days, "D"))
            for series, number in base.numbers(start).items():
                if series not in curves:
                    refused[number] = reasons.get(series, NOT_LEARNT)
                    continue
                first, curve = curves[series]
                t = np.arange(here + 1, here + 1 + horizons, dtype=np.float64) - first
                values[number] = logistic(t, *curve)[:, None]
            return base.Quantiles(bounded(values, start), refused)

        return tell


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
