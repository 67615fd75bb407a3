"""What a season is with one thing changed: the rows of "What was tried" in docs/accuracy.md.

    python benchmarks/tried.py DATA --set simulated.SHARE=0.0 --models gru --half tuned --every 2

`--set` names a constant of a module of `reporter.models`, or a field of the networks' `Training`
(`training.rounds=200`); it may be repeated, and left out for the program as it is. All other options are those of
`hub_seasons.py`. One process does all, as the change is in this one alone, and nothing is kept.
"""

import argparse
import ast
import sys
import tempfile
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import hub_seasons

from reporter.models.recurrent import Rnn


def change(text: str) -> None:
    """Change one constant, or one field of `Training`, for as long as this process runs.

    Args:
        text: such as `simulated.SHARE=0.0`.
    """
    path, _, value = text.partition("=")
    owner, _, name = path.rpartition(".")
    found: Any = ast.literal_eval(value)
    if owner == "training":
        Rnn.training = replace(Rnn.training, **{name: found})
        return
    module = import_module(f"reporter.models.{owner}")
    if not hasattr(module, name):
        sys.exit(f"there is no {name} in {module.__name__}")
    setattr(module, name, found)


def main() -> None:
    """Change what is asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    changes, rest = parser.parse_known_args()
    for one in changes.set:
        change(one)
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = [sys.argv[0], *rest, "--workers", "1", "--out", str(Path(folder) / "out")]
        hub_seasons.main()


if __name__ == "__main__":
    main()
