"""Hold what the networks say on a GPU to what they say on the processor: same seed, same history, trained anew on each.

    python benchmarks/devices.py

Each device has a process of its own, with `REPORTER_DEVICE` set to `cpu` or `cuda`. For each network and feed it
prints the seconds, and the greatest relative difference of any quantile (the difference over the processor's quantile,
or over one count where that is less). More than `--most`, or a network that never touched the GPU, is exit code 1;
without a GPU nothing can be compared, and the exit code is 0.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from newest import newest

from reporter import config, models
from reporter.schema import Floats

FEEDS = ("us-admissions", "germany-cases")
MODULE = "reporter.models.recurrent"
DEVICES = ("cpu", "cuda")


def networks() -> list[str]:
    """The registered models that are networks."""
    return [name for name, entry in models.REGISTRY.items() if entry.where.startswith(f"{MODULE}:")]


def difference(one: Floats, other: Floats) -> float:
    """The greatest relative difference of quantiles, infinite where one device refused what the other told.

    Args:
        one: (S, H, 23) counts; the difference is relative to them.
        other: likewise.
    """
    if (np.isnan(one) != np.isnan(other)).any():
        return float("inf")
    told = ~np.isnan(one)
    apart = np.abs(other - one)[told] / np.maximum(one[told], 1)
    return float(apart.max(initial=0))


def tell(device: str, path: Path, chosen: list[str]) -> None:
    """Train the networks and write what they say, their seconds and how much of the GPU's memory each took."""
    import torch  # noqa: PLC0415 - in the process of its own that `REPORTER_DEVICE` was set for

    settings = config.load(config.bundled())
    found: dict[str, Floats] = {}
    for number, feed in enumerate(settings.feeds):
        if feed.name in FEEDS:
            with tempfile.TemporaryDirectory() as folder:
                asking = feed.model_copy(update={"models": tuple(chosen), "lead": None})
                _, history = newest(asking, number, Path(folder))
            for name in chosen:
                if device == "cuda":
                    torch.cuda.reset_peak_memory_stats()
                began = time.perf_counter()
                told = models.load(name).forecast(history, feed.horizons, seed=1).values
                taken = time.perf_counter() - began
                memory = torch.cuda.max_memory_allocated() if device == "cuda" else 0
                found |= {f"{feed.name} {name}": told, f"{feed.name} {name} cost": np.array([taken, memory])}
    np.savez(path, **found)  # type: ignore[arg-type] # its stubs take no mapping of arrays


def compared(told: dict[str, dict[str, Floats]], chosen: list[str], most: float) -> bool:
    """Print a row for each feed and network; whether all of them agree."""
    print("| feed | model | processor s | GPU s | GPU MB | greatest relative difference |\n|---|---|---|---|---|---|")
    agree = True
    for name in (f"{feed} {model}" for feed in FEEDS for model in chosen):
        (ours, _), (theirs, memory) = (told[device][f"{name} cost"] for device in DEVICES)
        apart = difference(told["cpu"][name], told["cuda"][name])
        said = f"{apart:.1e}" if memory else "never touched the GPU"
        agree &= bool(memory) and apart <= most
        print(f"| {name.replace(' ', ' | ')} | {ours:.1f} | {theirs:.1f} | {memory / 1e6:.0f} | {said} |")
    return agree


def main() -> None:
    """Compare the devices, or be the process of one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=lambda text: text.split(","), default=networks(), help="default: all networks")
    parser.add_argument("--most", type=float, default=1e-3)
    parser.add_argument("--tell", nargs=2, metavar=("DEVICE", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tell:
        tell(options.tell[0], Path(options.tell[1]), options.models)
        return
    import torch  # noqa: PLC0415 - the processes above need it on their own terms

    if not torch.cuda.is_available():
        print("there is no GPU here: nothing to compare")
        return
    told = {}
    with tempfile.TemporaryDirectory() as folder:
        for device in DEVICES:
            path = Path(folder) / f"{device}.npz"
            command = [sys.executable, __file__, "--models", ",".join(options.models), "--tell", device, str(path)]
            subprocess.run(command, check=True, env=os.environ | {"REPORTER_DEVICE": device})  # noqa: S603 - this file
            told[device] = dict(np.load(path))
    if not compared(told, options.models, options.most):
        sys.exit(1)


if __name__ == "__main__":
    main()
