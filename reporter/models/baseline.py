"""What every model must beat: nothing changes."""

import numpy as np

from reporter.dates import Cadence
from reporter.errors import TooShortError
from reporter.models import base, spread
from reporter.models.series import NOT_LEARNT, Ints, bounded, too_few
from reporter.schema import LEVELS, Floats, is_cumulative

RECENT = 60
"""Origins that past errors are taken from."""

LEAST = 5
WEEK = 7


class Baseline(base.Learner):
    """The last value again, with the spread of the errors that this made before.

    A daily count of new cases has a weekly rhythm, so there the last value of the same weekday stands in for the last
    one (the seasonal naive method; Hyndman & Athanasopoulos, Forecasting: principles and practice, 5.2). The median is
    exactly that value. The other quantiles add mirrored h-step differences of the last 60 periods, on the log1p
    scale, as the baseline of the US COVID-19 hub does on the natural one (Cramer et al. 2022, PNAS 119 e2113561119).

    Those differences are what it learns; the last value is where a forecast starts.
    """

    def learn(self, history: base.History, horizons: int, seed: int) -> base.Learnt:  # noqa: ARG002 - the contract's
        """See `base.Model.learn`. `seed` changes nothing."""
        known = base.numbers(history)

        def tell(start: base.History) -> base.Quantiles:
            values = base.empty(start, horizons)
            refused: dict[int, str] = {}
            for i, (target, location, row) in enumerate(zip(start.targets, start.locations, start.counts, strict=True)):
                season = WEEK if start.cadence is Cadence.DAY and not is_cumulative(target) else 1
                number = known.get((target, location))
                if number is None:
                    refused[i] = NOT_LEARNT
                    continue
                try:
                    values[i] = no_change(row, horizons, season, history.counts[number])
                except TooShortError as error:
                    refused[i] = str(error)
            return base.Quantiles(bounded(values, start), refused)

        return tell


def no_change(row: Floats, horizons: int, season: int, past: Floats | None = None) -> Floats:
    """Forecast one series.

    Args:
        row: (T,) counts, NaN where not reported.
        horizons: H, counted from the end of `row`.
        season: periods after which the rhythm repeats; 1 is none.
        past: (T',) counts that the size of changes is learnt from; `row` itself if left out.

    Returns:
        (H, 23) quantiles.

    Raises:
        TooShortError: too few counts to know how large changes are.
    """
    least = LEAST if season == 1 else 2 * season
    logs = np.log1p(_counts(row if past is None else past, least))
    counts = _counts(row, least)
    known = np.flatnonzero(np.isfinite(row))
    result = np.empty((horizons, len(LEVELS)))
    for h in range(horizons):
        position = len(row) + h
        source = _latest_like(known, position, season)
        # expm1 of a sum of logs, written so that an offset of 0 gives exactly the count itself.
        growth = np.expm1(_offsets(logs, position - source, season))
        result[h] = counts[source] + (1 + counts[source]) * growth
    return result


def _counts(row: Floats, least: int) -> Floats:
    """The counts through the last one, none below 0.

    Raises:
        TooShortError: fewer than `least`.
    """
    known = np.flatnonzero(np.isfinite(row))
    if len(known) < least:
        raise TooShortError(too_few(len(known), least))
    return np.maximum(row[: known[-1] + 1], 0.0)


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
