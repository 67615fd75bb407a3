"""The models, by the name settings and ledger know them under.

Modules are imported when a model is asked for, so that naming them costs nothing.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import NamedTuple

from reporter.models.base import Model


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
            methods="Three small Elman networks trained over all places and targets at once by the pinball loss, "
            "mixed 80 to 20 with the quantiles of past changes.",
            methods_long="Three Elman networks of 24 units are trained anew for each reference date over all places "
            "and targets at once, by the pinball loss on 23 levels, on log(1 + count) relative to the newest level. "
            "Newer windows are drawn more often, the newest level is shaken as revisions will shake it, and changes "
            "are kept within those seen in training. The quantiles are averaged over the networks and mixed 80 to "
            "20 with the quantiles of all past changes.",
            data_inputs="The counts of every target and place of the same source; the population of each place as "
            "an upper bound.",
        ),
    ),
}
"""By model_id."""


def load(name: str) -> Model:
    """Make the model registered as `name`."""
    module, _, attribute = REGISTRY[name].where.partition(":")
    model: Model = getattr(import_module(module), attribute)()
    return model


def modules(names: Iterable[str]) -> list[str]:
    """The modules that these models are in; names that are none are left out."""
    return [REGISTRY[name].where.partition(":")[0] for name in names if name in REGISTRY]
