"""Real kills: a build that is ended at any moment and built again gives the bytes of one build."""

import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from reporter import audit
from reporter.errors import RecordError

NOW = "2026-11-20T06:00:00Z"
MOMENTS = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)


@pytest.fixture
def start(april, tmp_path):
    """Starts `reporter build` in a process of its own."""
    april.to_csv(tmp_path / "april.csv", index=False)
    settings = f"""
[[feeds]]
name = "april"
source = "file"
path = "{tmp_path / "april.csv"}"
target = "cum confirmed cases"
cadence = "day"
horizons = 7
start = "2020-03-20"
models = ["baseline", "sigmoid", "blend", "ensemble"]
archive = true
"""
    (tmp_path / "reporter.toml").write_text(settings)

    def run(out):
        command = [sys.executable, "-m", "reporter", "build", "--offline", "--now", NOW, "--workers", "2"]
        command += ["--config", str(tmp_path / "reporter.toml"), "--out", str(out)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    return run


def test_a_forecast_without_a_receipt_is_gone_when_the_window_has_moved(april, tmp_path, build_file_feed, tree):
    """As a first build leaves it that is killed between its first forecast and the receipt."""
    feed = {"start": None, "end": None, "backfill": 1, "models": ["baseline"]}
    day = pd.Timestamp("2020-04-12")
    first = build_file_feed(april[april["as_of"] <= day], "first", **feed) / "data" / "april"
    killed = tmp_path / "site" / "data" / "april"
    for name in ("vintages", "model-output"):
        shutil.copytree(first / name, killed / name)
    (ghost,) = killed.glob("model-output/*/*.parquet")
    with pytest.raises(RecordError, match=f"{ghost.name} is not on record"):
        audit.check_record(killed)
    build_file_feed(april, "site", **feed)
    assert not ghost.exists()
    assert audit.check_record(killed).startswith("1 forecast dates")
    assert tree(killed) == tree(build_file_feed(april, "whole", **feed) / "data" / "april")


def written(out):
    return sum(1 for path in out.rglob("*") if path.is_file())


def finish(process):
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()


def test_a_killed_build_built_again_gives_the_same_bytes(start, tmp_path, tree):
    finish(start(tmp_path / "whole"))
    whole = tree(tmp_path / "whole")
    killed = 0
    for moment in MOMENTS:
        out = tmp_path / f"killed-{moment}"
        process = start(out)
        while process.poll() is None and written(out) < moment * len(whole):
            time.sleep(0.001)
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)  # workers must not outlive it and hold the pipe
        finish(start(out))
        assert tree(out) == whole
    assert killed >= len(MOMENTS) - 1
