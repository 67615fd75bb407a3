"""The models, by the name settings and ledger know them under.

Modules are imported when a model is asked for, so that naming them costs nothing.
"""

from importlib import import_module
from typing import NamedTuple

from reporter.models.base import Model


class Entry(NamedTuple):
    """A registered model: what a reader knows it under, and where its class is."""

    title: str
    where: str


REGISTRY: dict[str, Entry] = {
    "baseline": Entry("No change", "reporter.models.baseline:Baseline"),
    "classic": Entry("First author's logistic", "reporter.models.classic:Classic"),
    "sigmoid": Entry("Sigmoid", "reporter.models.sigmoid:Sigmoid"),
    "rnn": Entry("Recurrent network", "reporter.models.recurrent:Rnn"),
}
"""By model_id."""


def load(name: str) -> Model:
    """Make the model registered as `name`."""
    module, _, attribute = REGISTRY[name].where.partition(":")
    model: Model = getattr(import_module(module), attribute)()
    return model
