"""Time the same backtest on one worker, on two and, if asked, on a Ray cluster, in turns.

    python benchmarks/workers.py --feed us-admissions --from 2025-02-01 --rounds 3
    python benchmarks/workers.py --feed us-2020 --from 2020-03-27 --to 2020-04-13 --cluster 127.0.0.1:6379

Prints seconds, processor seconds and the load of the machine before each run, then how many times as fast as one
worker each engine was, round by round. Every run must end in the same bytes. Other work on the machine distorts
the ratios; processor seconds say by how much: a machine with nothing else to do needs about those, divided by workers.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import reporter
from reporter import config


def run(engine: list[str], options: argparse.Namespace, out: Path) -> tuple[float, float]:
    """Seconds and processor seconds of one backtest. A cluster's processor seconds are not seen."""
    command = [sys.executable, "-m", "reporter", "backtest", "--config", str(options.config), "--feed", options.feed]
    command += ["--now", "2026-11-20T06:00:00Z", "--site", str(out / "none"), "--out", str(out), *engine]
    for name in ("from", "to", "models"):
        command += [f"--{name}", getattr(options, name)] if getattr(options, name) else []
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command line
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tree(folder: Path) -> dict[str, bytes]:
    """Every file that must not depend on the engine."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in {"runs.jsonl", ".lock"})
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=config.bundled())
    parser.add_argument("--feed", default="us-admissions")
    for name in ("from", "to", "models", "cluster"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    engines = {"1 worker": ["--workers", "1"], "2 workers": ["--workers", "2"]}
    if options.cluster:
        engines["cluster"] = ["--cluster", options.cluster]
    print(f"{reporter.__version__}, {os.cpu_count()} cores: {options.feed} {getattr(options, 'from')} to {options.to}")
    print("round  engine      seconds  processor  load")
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    trees = []
    for number in range(options.rounds):
        for name, engine in engines.items():
            with tempfile.TemporaryDirectory() as folder:
                load = os.getloadavg()[0]
                wall, processor = run(engine, options, Path(folder))
                trees.append(tree(Path(folder)))
            seconds[name].append(wall)
            print(f"{number + 1:>5}  {name:<10} {wall:>8.1f} {processor:>10.1f} {load:>5.1f}", flush=True)
    print("same bytes" if all(one == trees[0] for one in trees) else "OTHER BYTES")
    for name, walls in seconds.items():
        ratios = [one / other for one, other in zip(seconds["1 worker"], walls, strict=True)]
        shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{name:<10} {statistics.median(ratios):.2f} times as fast as 1 worker (median of {shown})")


if __name__ == "__main__":
    main()
