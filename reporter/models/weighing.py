"""How much each model counts in an ensemble: weights by past scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reporter.dates import Cadence
from reporter.models.base import History
from reporter.models.past import Past
from reporter.models.series import Ints
from reporter.schema import LEVELS, Floats

POWER = 16.0
"""A model whose errors are half as large weighs 2 to this power as much."""

NATURAL = 0.5
"""Share of the score of counts; the rest is the score of log(1 + count), where small places tell as much as large."""

PRIOR = 24.0
"""Reference dates that every model is taken to have had before, with its errors of `BEFORE`."""

BEFORE = {"baseline": 1.4, "sigmoid": 1.25, "rnn": 1.12}
"""Errors over those of the best, on the dates that the ensemble was tuned on (docs/accuracy.md); 1 for other models."""

SHRINK = 24.0
"""Reference dates of the wider pool (all targets, then all horizons of a target) added to those of a narrower one."""

HALF_LIFE = {Cadence.DAY: 28.0, Cadence.WEEK: 12.0}
"""Periods after which a score counts half."""


@dataclass(frozen=True)
class Weights:
    """Weights of M models for G targets and H horizons.

    Attributes:
        names: the models, sorted.
        targets: (G,) the targets that were learnt from.
        values: (M, G, H) above 0, 1 for a model of average errors.
        pooled: (M,) of all targets and horizons together, for a target that was not learnt from.
    """

    names: tuple[str, ...]
    targets: tuple[str, ...]
    values: Floats
    pooled: Floats

    def of(self, names: Sequence[str], targets: Sequence[str], horizons: int) -> Floats:
        """(M', S, H') for other models, 1 where nothing was learnt of one, and the target of each series."""
        found = np.ones((len(names), len(targets), horizons))
        for number, name in enumerate(names):
            if name in self.names:
                place = self.names.index(name)
                found[number] = self.pooled[place]
                for group, target in enumerate(self.targets):
                    found[number, [one == target for one in targets]] = self._ahead(place, group, horizons)
        return found

    def _ahead(self, place: int, group: int, horizons: int) -> Floats:
        known = self.values[place, group]
        return known[np.minimum(np.arange(horizons), len(known) - 1)] if len(known) else np.ones(horizons)


def weigh(history: History, past: Past, truth: Floats) -> Weights:
    """Weights by how small each member's scores were, beside the average of all that forecast the same.

    The errors of a model over the average of those that forecast the same tasks: first over all targets and horizons,
    then by target, then by target and horizon, each shrunk towards the one before. Tasks are scored by the weighted
    interval score in units of the target's average, so that a target counts by its tasks and not by its size.

    Args:
        history: the counts as known now.
        past: what was said.
        truth: (R, S, H) what came of it; NaN where it is not known.
    """
    names, targets = tuple(sorted(past.members)), tuple(dict.fromkeys(history.targets))
    groups = np.array([targets.index(target) for target in history.targets], dtype=np.int64)
    horizons = truth.shape[2]
    scores = scored(past, names, truth, groups)
    fade = faded(history, past)[:, None, None]
    spoken = np.isfinite(scores)
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = np.where(spoken, scores, 0).sum(axis=0) / spoken.sum(axis=0)
    # Summed over dates and the series of a target: (M, G, H).
    mine = _by_group(np.where(spoken, scores, 0) * fade, groups, len(targets))
    theirs = _by_group(np.where(spoken, usual, 0) * fade, groups, len(targets))
    seen = _by_group(np.broadcast_to(np.isfinite(usual) * fade, scores.shape[1:])[None], groups, len(targets))[0]
    dates = float(np.sum(np.isfinite(usual).any(axis=(1, 2)) * fade[:, 0, 0]))
    a_date = seen / dates if dates else seen
    before = np.array([BEFORE.get(name, 1.0) for name in names])
    # Without any date yet the errors before are all there is.
    prior = PRIOR * a_date.sum() or PRIOR
    whole = _ratio(mine.sum(axis=(1, 2)), theirs.sum(axis=(1, 2)), prior, before / before.mean() if names else before)
    by_target = _ratio(mine.sum(axis=2), theirs.sum(axis=2), SHRINK * a_date.sum(axis=1), whole[:, None])
    ratio = _ratio(mine, theirs, SHRINK * a_date, by_target[:, :, None])
    return Weights(names, targets, (ratio**-POWER).reshape(-1, len(targets), horizons), whole**-POWER)


def faded(history: History, past: Past) -> Floats:
    """(R,) how much each reference date counts; the newest that can be judged at all about 1."""
    age = (history.dates[-1] - past.references) / np.timedelta64(history.cadence.days, "D")
    return np.asarray(0.5 ** (age.astype(np.float64) / HALF_LIFE[history.cadence]))


def scored(past: Past, names: Sequence[str], truth: Floats, groups: Ints) -> Floats:
    """The score of each forecast, in units of the average of its target.

    Args:
        past: what was said.
        names: of M models.
        truth: (R, S, H).
        groups: (S,) number of the target of each series.

    Returns:
        (M, R, S, H); NaN where nothing was said or has come. 0 throughout a target whose forecasts were all right.
    """
    found = np.zeros((len(names), *truth.shape))
    for share, scale in ((NATURAL, np.asarray), (1 - NATURAL, _logs)):
        observed, scores = scale(truth), np.empty_like(found)
        for number, name in enumerate(names):
            scores[number] = wis(scale(past.told[name].astype(np.float64)), observed)
        for group in range(groups.max(initial=-1) + 1):
            mine = scores[:, :, groups == group]
            known = np.isfinite(mine)
            unit = mine[known].mean() if known.any() else 0.0
            scores[:, :, groups == group] = mine / unit if unit > 0 else mine
        found += share * scores
    return found


def wis(quantiles: Floats, observed: Floats) -> Floats:
    """The weighted interval score: twice the pinball loss, averaged over the levels (`reporter.score`).

    Args:
        quantiles: (..., 23).
        observed: (...); NaN gives NaN.
    """
    total = np.zeros(observed.shape)
    for number, level in enumerate(LEVELS):
        error = observed - quantiles[..., number]
        total += np.maximum(level * error, (level - 1) * error)
    return 2 * total / len(LEVELS)


def _logs(counts: Floats) -> Floats:
    return np.asarray(np.log1p(np.maximum(counts, 0.0)))


def _by_group(values: Floats, groups: Ints, count: int) -> Floats:
    """(M, R, S, H) summed over dates and the series of each group: (M, G, H)."""
    found = np.zeros((values.shape[0], count, values.shape[3]))
    for group in range(count):
        found[:, group] = values[:, :, groups == group].sum(axis=(1, 2))
    return found


def _ratio(mine: Floats, theirs: Floats, prior: Floats | float, wider: Floats) -> Floats:
    """Errors over the average, with `prior` tasks in which they were `wider`; 1 where there is nothing to go by."""
    weight = np.broadcast_to(np.asarray(prior, dtype=np.float64), mine.shape)
    total = theirs + weight
    return np.where(total > 0, (mine + weight * wider) / np.where(total > 0, total, 1.0), wider)
