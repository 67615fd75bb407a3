"""Where networks are trained: on a GPU if there is one, with the results of a CPU."""

import os

import torch

from reporter.errors import ModelError

VARIABLE = "REPORTER_DEVICE"
"""Environment variable that says where: one of `CHOICES`."""

CHOICES = ("auto", "cpu", "cuda")


def device() -> torch.device:
    """The device asked for by the environment; a GPU if there is one, where nothing is asked.

    Raises:
        ModelError: another device is asked for than there is.
    """
    asked = os.environ.get(VARIABLE) or "auto"
    if asked not in CHOICES:
        raise ModelError(f"{VARIABLE} is {asked!r}; allowed are {', '.join(CHOICES)}")
    if asked == "cuda" and not torch.cuda.is_available():
        raise ModelError(f"{VARIABLE} is 'cuda', but there is no GPU that torch can use")
    return torch.device("cuda" if asked != "cpu" and torch.cuda.is_available() else "cpu")
