"""A misbehaving upstream, from the command line: what is stored and published stays, and one line says why."""

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import upstream as up
from faults import FAULTS, Fault, Given, csv
from upstream import Upstream

from reporter.cli import main

FIRST, SECOND = "2020-04-12T06:00:00Z", "2020-04-13T06:00:00Z"
PROGRESS = re.compile(r"(sound|faulty|pages): \d+ of \d+")


Begin = Callable[[], tuple["subprocess.Popen[str]", threading.Event]]


@dataclass(frozen=True)
class Yesterday:
    """A site of two feeds that was built yesterday, and the upstreams of both."""

    folder: Path
    given: Given
    faulty: Upstream
    sound: Upstream


@pytest.fixture(scope="module")
def yesterday(april: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yesterday]:
    two = april[april["location"].isin(["Italy", "Korea, South"])]
    counts = two.drop_duplicates(["location", "target_end_date"], keep="last").drop(columns="as_of")
    days = [counts[counts["target_end_date"] <= f"2020-04-{day}"] for day in (12, 11, 10)]
    given = Given(*days)
    faulty, sound = (Upstream(up.answer(csv(given.yesterday), ETag='"yesterday"')) for _ in range(2))
    folder = tmp_path_factory.mktemp("yesterday")
    settle(folder, {"faulty": faulty.url, "sound": sound.url})
    assert build(folder, FIRST) == (0, [])
    yield Yesterday(folder, given, faulty, sound)
    faulty.close()
    sound.close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def settle(folder: Path, urls: dict[str, str], seconds: int = 1) -> None:
    """Write the settings."""
    feeds = [
        f"""
[[feeds]]
name = "{name}"
source = "file"
url = "{url}"
target = "cum confirmed cases"
cadence = "day"
horizons = 3
models = ["baseline"]
limits = {{ seconds = {seconds}, megabytes = 1 }}
"""
        for name, url in urls.items()
    ]
    (folder / "reporter.toml").write_text("".join(feeds), encoding="utf-8")


def arguments(folder: Path, now: str) -> list[str]:
    """Those of `reporter`."""
    given = ["--config", folder / "reporter.toml", "--out", folder / "site", "--now", now, "--workers", "1"]
    return ["build", *map(str, given)]


def build(folder: Path, now: str) -> tuple[int, list[str]]:
    """The exit code and the lines on stderr but those of progress; in this process, which saves a second."""
    errors, before = io.StringIO(), sys.argv
    sys.argv = ["reporter", *arguments(folder, now)]
    try:
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
            main()
    except SystemExit as end:
        return end.code, [line for line in errors.getvalue().splitlines() if not PROGRESS.match(line)]
    finally:
        sys.argv = before
    raise AssertionError("unreachable: the command line ends in an exit code")


def kept(folder: Path, tree) -> dict[str, bytes]:
    """The faulty feed's record and pages."""
    files = tree(folder / "site")
    record = ("data/faulty/vintages/", "data/faulty/model-output/", "data/faulty/receipts/")
    return {path: data for path, data in files.items() if path.startswith((*record, "faulty/"))}


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_build_lives_with_it(fault: Fault, yesterday: Yesterday, tmp_path: Path, tree) -> None:
    shutil.copytree(yesterday.folder, tmp_path, dirs_exist_ok=True)
    yesterday.sound.says(up.answer(yesterday.given.body))
    if fault.answers is None:
        settle(tmp_path, {"faulty": f"http://127.0.0.1:{up.closed_port()}/counts.csv", "sound": yesterday.sound.url})
    else:
        yesterday.faulty.says(*fault.answers(yesterday.given))
    before = kept(tmp_path, tree)
    assert len(before) > 3
    code, lines = build(tmp_path, SECOND)
    if fault.line is None:
        assert (code, lines) == (0, [])
    else:
        (line,) = lines
        assert code == 3
        assert line.startswith("faulty: file: ")
        assert line.isprintable()
        assert len(line) < 400
        assert re.search(fault.line, line), line
    after = kept(tmp_path, tree)
    if fault.news:
        assert "data/faulty/receipts/2020-04-12.json" in after
    else:
        assert after == before
    assert (tmp_path / "site/data/sound/receipts/2020-04-12.json").exists()
    status = json.loads((tmp_path / "site/status.json").read_text(encoding="utf-8"))
    assert [feed["failed"] for feed in status["feeds"]] == [lines, []]


@pytest.fixture
def begin(yesterday: Yesterday, tmp_path: Path) -> Iterator[Begin]:
    """Starts a build in a process of its own and returns once it waits for its upstream, which waits for the event."""
    shutil.copytree(yesterday.folder, tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "reporter.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("seconds = 1,", "seconds = 200,"), encoding="utf-8"
    )
    upstreams, goes_on = (yesterday.faulty, yesterday.sound), threading.Event()
    begun: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], threading.Event]:
        asked = [len(one.requests) for one in upstreams]
        for one in upstreams:  # both wait, so that nothing is written meanwhile
            one.says(up.waiting(goes_on, up.answer(yesterday.given.body)))
        command = [sys.executable, "-m", "reporter", *arguments(tmp_path, SECOND)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        begun.append(process)
        deadline = time.monotonic() + 60
        while any(len(one.requests) == number for one, number in zip(upstreams, asked, strict=True)):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return process, goes_on

    yield start
    goes_on.set()
    for process in begun:
        process.kill()
        process.communicate(timeout=60)


def test_of_two_builds_at_once_one_leaves_and_says_so(begin: Begin, tmp_path: Path, tree) -> None:
    process, goes_on = begin()
    before = tree(tmp_path / "site")
    code, (line,) = build(tmp_path, SECOND)
    assert (code, "another run is at work" in line) == (1, True)
    assert tree(tmp_path / "site") == before
    goes_on.set()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert (tmp_path / "site/data/faulty/receipts/2020-04-12.json").exists()


def test_no_lock_survives_a_kill(begin: Begin, tmp_path: Path) -> None:
    process, goes_on = begin()
    process.kill()
    process.communicate(timeout=60)
    goes_on.set()
    assert build(tmp_path, SECOND) == (0, [])
    assert (tmp_path / "site/data/faulty/receipts/2020-04-12.json").exists()


def test_there_are_faults_enough() -> None:
    assert len(FAULTS) >= 25
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
