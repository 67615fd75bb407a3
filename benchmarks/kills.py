"""Kill backtests and builds at random moments, let them finish, and count how many end in the same bytes.

    python benchmarks/kills.py --runs 50

Each run begins in an empty folder. Its whole group of processes is killed (SIGKILL) at a random moment of the time an
unkilled run takes, in half of the runs once more while it resumes, and then it is left to finish. Every byte but
those of `runs.jsonl` must be those of a run that was never killed. The first and last run use other numbers of workers.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

SETTINGS = """
[[feeds]]
name = "april"
source = "file"
path = "april.csv"
target = "cum confirmed cases"
cadence = "day"
horizons = 7
start = "2020-04-03"
end = "2020-04-12"
archive = true
models = ["baseline", "sigmoid"]
"""
NOW = ["--now", "2026-11-20T06:00:00Z"]
COMMANDS = {
    "backtest": ["backtest", "--feed", "april", "--from", "2020-04-03", "--to", "2020-04-12", *NOW],
    "build": ["build", "--offline", *NOW],
}


def start(folder: Path, command: list[str], out: Path, workers: int) -> subprocess.Popen[bytes]:
    """Begin in a group of processes of its own."""
    return subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-m", "reporter", *command, "--out", str(out), "--workers", str(workers)],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def finish(process: subprocess.Popen[bytes]) -> None:
    """Let it end, well."""
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"exit {process.returncode}: {errors.decode()}")


def kill(process: subprocess.Popen[bytes], after: float) -> bool:
    """Kill the group after some seconds; whether it was still at work."""
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def tree(folder: Path) -> dict[str, bytes]:
    """Every file whose bytes must not depend on kills."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in {"runs.jsonl", ".lock"})
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def rounds(folder: Path, name: str, runs: int, draws: random.Random) -> None:
    """Kill and finish one command many times over, and print how it ended."""
    began = time.perf_counter()
    finish(start(folder, COMMANDS[name], folder / f"{name}-whole", 2))
    seconds = time.perf_counter() - began
    whole, alike, kills, written = tree(folder / f"{name}-whole"), 0, 0, []
    for run in range(runs):
        out = folder / f"{name}-{run}"
        for _ in range(1 + run % 2):
            kills += kill(start(folder, COMMANDS[name], out, 1 + run % 3), draws.uniform(0, seconds))
            written.append(len(tree(out)) if out.exists() else 0)
        finish(start(folder, COMMANDS[name], out, 1 + (run + 1) % 3))
        same = tree(out) == whole
        alike += same
        if not same:
            print(f"{name} {run}: other bytes, kept in {out}", flush=True)
    print(f"{name}: {alike} of {runs} ended in the bytes of an unkilled run of {len(whole)} files, after {kills} kills")
    print(f"  files there when killed: {sorted(written)}", flush=True)


def main() -> None:
    """Run both commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    changes = archive_changes(REGISTRY["jhu"])
    mine = changes["location"].isin(["US", "Italy", "Sweden"]) & (changes["target"] == "cum confirmed cases")
    changes[mine & (changes["as_of"] <= "2020-04-14")].to_csv(folder / "april.csv", index=False)
    (folder / "reporter.toml").write_text(SETTINGS, encoding="utf-8")
    for name in COMMANDS:
        rounds(folder, name, options.runs, random.Random(options.seed))  # noqa: S311 - moments, no secrets


if __name__ == "__main__":
    main()
