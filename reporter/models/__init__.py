"""The models, by the name settings and ledger know them under.

Modules are imported when a model is asked for, so that naming them costs nothing.
"""

from importlib import import_module

from reporter.models.base import Model

REGISTRY: dict[str, str] = {
    "baseline": "reporter.models.baseline:Baseline",
    "classic": "reporter.models.classic:Classic",
    "sigmoid": "reporter.models.sigmoid:Sigmoid",
    "rnn": "reporter.models.recurrent:Rnn",
}
"""model_id → where its class is."""


def load(name: str) -> Model:
    """Make the model registered as `name`."""
    module, _, attribute = REGISTRY[name].partition(":")
    model: Model = getattr(import_module(module), attribute)()
    return model
