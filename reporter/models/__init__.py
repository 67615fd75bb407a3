"""The models, by the name settings and ledger know them under.

Modules are imported when a model is asked for, so that naming them costs nothing.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

from reporter.models.base import Model
from reporter.models.past import Combiner


class About(NamedTuple):
    """What a hub's model metadata says of a model, in its field names."""

    methods: str
    """In at most 200 characters."""
    methods_long: str
    data_inputs: str
    ensemble_of_models: bool = False


class Entry(NamedTuple):
    """A registered model: what a reader knows it under, where its class is, and how it works in words."""

    title: str
    where: str
    about: About
    revisions: bool = False
    """Whether it learns from how counts were revised: from `History.triangle`."""
    combines: bool = False
    """Whether it is made of what the other models say and said (`models.past.Combiner`)."""
    pointlike: bool = False
    """Whether it gives one number and no range, which no ensemble has a use for."""


_READ = (
    "The counts of every target and place of the same source, as they are known and as they were first published; the "
    "population of each place, as an input and an upper bound."
)

REGISTRY: dict[str, Entry] = {
    "baseline": Entry(
        "No change",
        "reporter.models.baseline:Baseline",
        About(
            methods="No change from the last value (for daily new cases: of the same weekday), "
            "with the spread of its own past errors.",
            methods_long="The median is the last value; for new cases a day it is the last value of the same weekday. "
            "The quantiles are the method's own past errors at each horizon: changes of log(1 + count) over the "
            "newest 60 origins, mirrored, so that the median is exactly no change.",
            data_inputs="The counts it forecasts, each place alone.",
        ),
    ),
    "classic": Entry(
        "First author's logistic",
        "reporter.models.classic:Classic",
        About(
            methods="Least squares of a three-parameter logistic on the cumulative counts of each place alone; "
            "a point forecast, given as every quantile.",
            methods_long="final_size / (1 + exp(-growth_rate (t - midpoint))) is fitted by least squares to the "
            "cumulative counts of each place from the first day above 1,000. The method gives one number and no "
            "range, so all quantiles are that number.",
            data_inputs="The cumulative counts it forecasts, each place alone.",
        ),
        pointlike=True,
    ),
    "sigmoid": Entry(
        "Sigmoid",
        "reporter.models.sigmoid:Sigmoid",
        About(
            methods="A logistic and a Gompertz curve fitted to the wave under way, mixed with damped growth by how "
            "each did at past origins, with the spread of its own past errors.",
            methods_long="The counts of each period since the last trough are summed and a logistic and a Gompertz "
            "curve are fitted by least squares. They give the shape of what follows, the newest counts the level. "
            "How many counts that level is the mean of, and what share of either curve's change or of the newest "
            "growth, damped, to follow, is mixed by the errors each made at past origins, for rises and falls apart. "
            "The quantiles are the mixture's own past errors, pooled over the places of a target and scaled to each.",
            data_inputs="The counts it forecasts, of all places of the target; the population of each place as an "
            "upper bound.",
        ),
    ),
    "rnn": Entry(
        "Recurrent network",
        "reporter.models.recurrent:Rnn",
        About(
            methods="Small Elman networks trained over all places and targets at once by the pinball loss, on counts "
            "as they were first seen, mixed with the quantiles of past changes.",
            methods_long="Several small Elman networks are trained anew for each reference date over all places and "
            "targets at once, by the pinball loss on 23 levels, on log(1 + count) relative to the newest level. Beside "
            "the place's counts they read the total of all places, its other targets and the time of the year. Newer "
            "windows are drawn more often, each altered as its counts were revised after they were first published, so "
            "that the forecast is of what counts will become. Each network leaves out other stretches of time. Their "
            "quantiles, which cannot cross, are averaged, mixed with the quantiles of all past changes and kept within "
            "the changes seen in training.",
            data_inputs=_READ,
        ),
        revisions=True,
    ),
    "gru": Entry(
        "Gated recurrent network",
        "reporter.models.recurrent:Gru",
        About(
            methods="Small networks of gated recurrent units trained over all places and targets at once by the "
            "pinball loss, on counts as they were first seen, mixed with the quantiles of past changes.",
            methods_long="The recurrent network `rnn` with gated recurrent units (GRU) in place of Elman's: the same "
            "inputs, revisions, training and quantiles. Gates, which it learns as well, let it keep what it saw many "
            "periods before.",
            data_inputs=_READ,
        ),
        revisions=True,
    ),
    "lstm": Entry(
        "Long short-term memory",
        "reporter.models.recurrent:Lstm",
        About(
            methods="Small networks with a long short-term memory trained over all places and targets at once by the "
            "pinball loss, on counts as they were first seen, mixed with past changes.",
            methods_long="The recurrent network `rnn` with long short-term memory cells (LSTM) in place of Elman's: "
            "the same inputs, revisions, training and quantiles. Its cells hold a state apart from what they tell.",
            data_inputs=_READ,
        ),
        revisions=True,
    ),
    "blend": Entry(
        "Ensemble before calibration",
        "reporter.models.ensemble:Blend",
        About(
            methods="Weighted average of the quantiles of all other models on the log scale; weights by past skill, "
            "by target and horizon.",
            methods_long="Each quantile is the mean of the models' quantiles of log(1 + count), weighted by how small "
            "each one's weighted interval scores were at the reference dates on record, as far as their counts are "
            "known by now; older dates count less. Weights are by target and horizon, shrunk towards those over all "
            "of them, and those towards equal ones. Point forecasts are left out.",
            data_inputs="The forecasts on record of the other models, and the counts they were of.",
            ensemble_of_models=True,
        ),
        combines=True,
    ),
    "ensemble": Entry(
        "Ensemble",
        "reporter.models.ensemble:Ensemble",
        About(
            methods="Weighted average of the quantiles of all other models on the log scale, weights by past skill; "
            "its ranges are widened or narrowed as its own past ones held.",
            methods_long="Quantiles are averaged as in `blend`: on the scale of log(1 + count), weighted by past "
            "skill, by target and horizon. Then the distance of each quantile from the median is multiplied so that "
            "the past ranges of the blend would have held as often as they should have, likely and wide ones apart; "
            "the factors are shrunk towards 1 while few dates are on record.",
            data_inputs="The forecasts on record of the other models, and the counts they were of.",
            ensemble_of_models=True,
        ),
        combines=True,
    ),
}
"""By model_id."""


def load(name: str) -> Model:
    """Make the model registered as `name`."""
    model: Model = _made(name)
    return model


def load_combiner(name: str) -> Combiner:
    """Make the combiner registered as `name`."""
    combiner: Combiner = _made(name)
    return combiner


def _made(name: str) -> Any:
    module, _, attribute = REGISTRY[name].where.partition(":")
    return getattr(import_module(module), attribute)()


def plain(names: Iterable[str]) -> tuple[str, ...]:
    """Those that forecast from counts alone, and so need nobody else."""
    return tuple(name for name in names if not REGISTRY[name].combines)


def combiners(names: Iterable[str]) -> tuple[str, ...]:
    """Those that are made of what the others say."""
    return tuple(name for name in names if REGISTRY[name].combines)


def members(names: Iterable[str]) -> tuple[str, ...]:
    """Those that a combiner is made of: the plain ones that give ranges."""
    return tuple(name for name in plain(names) if not REGISTRY[name].pointlike)


def modules(names: Iterable[str]) -> list[str]:
    """The modules that these models are in; names that are none are left out."""
    return [REGISTRY[name].where.partition(":")[0] for name in names if name in REGISTRY]
