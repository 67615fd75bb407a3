"""What every model must beat: nothing changes."""

import numpy as np

from reporter.dates import Cadence
from reporter.errors import TooShortError
from reporter.models import base, spread
from reporter.models.series import Ints, bounded, too_few
from reporter.schema import LEVELS, Floats, is_cumulative

RECENT = 60
"""Origins that past errors are taken from."""

LEAST = 5
WEEK = 7


class Baseline:
    """The last value again, with the spread of the errors that this made before.

    A daily count of new cases has a weekly rhythm, so there the last value of the same weekday stands in for the last
    one (the seasonal naive method; Hyndman & Athanasopoulos, Forecasting: principles and practice, 5.2). The median is
    exactly that value. The other quantiles add mirrored h-step differences of the last 60 periods, on the log1p
    scale, as the baseline of the US COVID-19 hub does on the natural one (Cramer et al. 2022, PNAS 119 e2113561119).
    """

    def forecast(self, history: base.History, horizons: int, seed: int) -> base.Quantiles:  # noqa: ARG002 - the contract's
        """See `base.Model.forecast`. `seed` changes nothing."""
        values = base.empty(history, horizons)
        refused: dict[int, str] = {}
        for i, (target, row) in enumerate(zip(history.targets, history.counts, strict=True)):
            season = WEEK if history.cadence is Cadence.DAY and not is_cumulative(target) else 1
            try:
                values[i] = no_change(row, horizons, season)
            except TooShortError as error:
                refused[i] = str(error)
        return base.Quantiles(bounded(values, history), refused)


def no_change(row: Floats, horizons: int, season: int) -> Floats:
    """Forecast one series.

    Args:
        row: (T,) counts, NaN where not reported.
        horizons: H, counted from the end of `row`.
        season: periods after which the rhythm repeats; 1 is none.

    Returns:
        (H, 23) quantiles.

    Raises:
        TooShortError: too few counts to know how large changes are.
    """
    known = np.flatnonzero(np.isfinite(row))
    least = LEAST if season == 1 else 2 * season
    if len(known) < least:
        raise TooShortError(too_few(len(known), least))
    counts = np.maximum(row[: known[-1] + 1], 0.0)
    logs = np.log1p(counts)
    result = np.empty((horizons, len(LEVELS)))
    for h in range(horizons):
        position = len(row) + h
        source = _latest_like(known, position, season)
        # expm1 of a sum of logs, written so that an offset of 0 gives exactly the count itself.
        growth = np.expm1(_offsets(logs, position - source, season))
        result[h] = counts[source] + (1 + counts[source]) * growth
    return result


def _latest_like(known: Ints, position: int, season: int) -> int:
    """The newest known position in the same phase of the season, or else the newest."""
    alike = known[(position - known) % season == 0]
    return int(alike[-1] if len(alike) else known[-1])


def _offsets(logs: Floats, lag: int, season: int) -> Floats:
    """(23,) quantiles of the change over `lag` periods, from those of the longest lag that was seen often enough."""
    for shorter in range(lag, 0, -season):
        changes = logs[shorter:] - logs[:-shorter]
        changes = changes[-RECENT:]
        if np.isfinite(changes).sum() >= spread.ENOUGH:
            return np.asarray(spread.offsets(changes[:, None, None], [0])[0, 0] * np.sqrt(lag / shorter))
    return np.zeros(len(LEVELS))
