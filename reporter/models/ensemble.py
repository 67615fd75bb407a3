"""What all models say together: their quantiles averaged by past skill, and the ranges held to how past ones held."""

from collections.abc import Mapping

import numpy as np

from reporter.errors import ModelError
from reporter.models import calibration, weighing
from reporter.models.base import History, Quantiles
from reporter.models.past import Combined, Past, came
from reporter.models.series import bounded
from reporter.models.weighing import Weights
from reporter.schema import LEVELS, Floats

BLEND = "blend"
"""The model_id of the ensemble before calibration, whose ranges on record the calibration is learnt from."""

SILENT = "no model that it combines says anything about it"


class Blend:
    """The weighted mean of the models' quantiles, on the log1p scale.

    Averaging quantiles (Vincentization) keeps the shape and the width that the models have on average, where averaging
    probabilities would widen the ranges by how much they disagree (Lichtendahl et al. 2013, Management Science
    59:1594).
    """

    def learn(self, history: History, past: Past, horizons: int) -> Combined:
        """See `models.past.Combiner.learn`."""
        weights = weighing.weigh(history, past, came(history, past.references, horizons))
        return lambda start, told: told_of(start, blend(start, told, weights))


class Ensemble:
    """The blend, with its ranges widened or narrowed as its past ones held (`reporter.models.calibration`)."""

    def learn(self, history: History, past: Past, horizons: int) -> Combined:
        """See `models.past.Combiner.learn`."""
        truth = came(history, past.references, horizons)
        weights = weighing.weigh(history, past, truth)
        factors = calibration.learn(history, past.references, blended(history, past, weights, horizons), truth)

        def combined(start: History, told: Mapping[str, Floats]) -> Quantiles:
            spread = factors.of(start.targets, horizons)
            return told_of(start, calibration.stretched(blend(start, told, weights), spread))

        return combined


def blend(history: History, told: Mapping[str, Floats], weights: Weights) -> Floats:
    """Average what the members say.

    Args:
        history: where they start.
        told: model_id → (S, H, 23) counts, NaN where it says nothing.
        weights: of each, for every target and horizon; those that speak share the weight of those that do not.

    Returns:
        (S, H, 23) counts, non-decreasing in level; NaN where no member speaks.

    Raises:
        ModelError: there is no member.
    """
    if not told:
        raise ModelError("every model that it combines failed, or there is none")
    # Sorted, so that the order of the settings changes no byte.
    names = sorted(told)
    shares = weights.of(names, history.targets, next(iter(told.values())).shape[1])
    return averaged(np.stack([told[name] for name in names]), shares)


def averaged(values: Floats, shares: Floats) -> Floats:
    """The weighted mean on the log1p scale.

    Args:
        values: (M, ..., 23) counts; a forecast with a NaN in it is left out.
        shares: (M, ...) weights, above 0.

    Returns:
        (..., 23) counts, non-decreasing; NaN where all are left out.

    >>> two = np.array([[0.0] * 23, [3.0] * 23])
    >>> averaged(two, np.array([1.0, 1.0]))[0], averaged(two, np.array([0.0, 2.0]))[0]
    (np.float64(1.0), np.float64(3.0))
    """
    spoken = np.asarray(np.isfinite(values).all(axis=-1))
    kept = np.where(spoken, shares, 0.0)
    total = kept.sum(axis=0)
    logs = np.log1p(np.maximum(np.where(spoken[..., None], values, 0.0), 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (kept[..., None] * logs).sum(axis=0) / total[..., None]
    return np.asarray(np.maximum.accumulate(np.expm1(mean), axis=-1))


def blended(history: History, past: Past, weights: Weights, horizons: int) -> Floats:
    """(R, S, H, 23) the blend at earlier dates: as it is on record, else made with today's weights; NaN without either.

    What is on record was made with the weights of its day. Where it is made again the weights have seen the outcome,
    so that its errors are a little smaller than they would have been; this passes as the record grows.
    """
    r, s = len(past.references), len(history.targets)
    made = np.full((r, s, horizons, len(LEVELS)), np.nan)
    recorded = past.told.get(BLEND)
    for date in range(r):
        told = {name: past.told[name][date].astype(np.float64) for name in past.members}
        if recorded is not None and bool(np.isfinite(recorded[date]).any()):
            made[date] = recorded[date]
        elif told:
            made[date] = blend(history, told, weights)
    return made


def told_of(history: History, values: Floats) -> Quantiles:
    """Quantiles within what is possible: no total below what has been counted, or falling from a horizon to the next.

    Args:
        history: where they start.
        values: (S, H, 23) counts; NaN where nobody speaks.
    """
    spoken = np.isfinite(values).all(axis=(1, 2))
    kept = bounded(values, history)
    totals = history.cumulative
    floor = _newest(history)[totals, None, None]
    kept[totals] = np.maximum.accumulate(np.maximum(kept[totals], floor), axis=1)
    kept = bounded(kept, history)
    kept[~spoken] = np.nan
    return Quantiles(kept, {int(number): SILENT for number in np.flatnonzero(~spoken)})


def _newest(history: History) -> Floats:
    """(S,) the last count of each series, not below 0; 0 without any."""
    known = np.isfinite(history.counts)
    last = history.counts.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    found = np.take_along_axis(history.counts, last[:, None], axis=1)[:, 0]
    return np.where(known.any(axis=1), np.maximum(found, 0.0), 0.0)
