"""Backtests on a real Ray cluster: a head and two nodes with one core each, on the loopback."""

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

NODE = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
"""Ray gives its workers the lowest priority but four; beside other tests they would wait for ever."""


def start(folder, name, *options):
    """Start a node in a process group of its own, and wait until it says that it runs."""
    said = folder / f"{name}.log"
    command = [shutil.which("ray", path=Path(sys.executable).parent), "start", "--num-cpus=1", "--block"]
    with said.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--node-ip-address=127.0.0.1", "--object-store-memory=80000000", *options],
            stdout=log, stderr=log, start_new_session=True, cwd=folder, env={**os.environ, **NODE},
        )  # fmt: skip
    until = time.monotonic() + 60
    while b"Ray runtime started" not in said.read_bytes():
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.05)
    return process


def stop(process):
    """Kill a node; on Linux what it started dies with it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)


def alive(folder):
    """The processes whose command line names a folder."""
    names = [path for path in Path("/proc").glob("[0-9]*/cmdline") if path.parent.name != str(os.getpid())]
    found = []
    for path in names:
        try:
            found += [path.parent.name] if str(folder).encode() in path.read_bytes() else []
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def cluster():
    """The address of a cluster; without Ray its tests are skipped, except where CI demands them."""
    pytest.importorskip("ray", reason=no_ray()) if not os.environ.get("CI") else __import__("ray")
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    nodes = []
    try:
        port = address.rpartition(":")[2]
        head = ("--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}")
        nodes.append(start(folder, "head", *head, "--num-cpus=0"))
        nodes += [start(folder, name, f"--address={address}") for name in ("one", "two")]
        yield address
    finally:
        for node in reversed(nodes):
            stop(node)
        until = time.monotonic() + 15
        while alive(folder) and time.monotonic() < until:
            time.sleep(0.1)
        left = alive(folder)
        shutil.rmtree(folder, ignore_errors=True)
        assert left == [], "processes of the cluster outlived it"


def no_ray():
    return f"no Ray for Python {platform.python_version()} on {sys.platform}"


def python(script, *arguments, cwd):
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=cwd, env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def backtest(cwd, out, *engine):
    arguments = ["backtest", "--feed", "april", "--models", "rnn,ensemble", "--out", out, *engine]
    arguments += ["--from", "2020-04-11", "--to", "2020-04-12", "--now", "2026-11-20T06:00:00Z"]
    return python("from reporter.cli import main; main()", *arguments, cwd=cwd)


@pytest.fixture
def settings(april, tmp_path):
    april.to_csv(tmp_path / "april.csv", index=False)
    (tmp_path / "reporter.toml").write_text(
        """
[[feeds]]
name = "april"
source = "file"
path = "april.csv"
target = "cum confirmed cases"
cadence = "day"
horizons = 7
"""
    )
    return tmp_path


def test_a_cluster_gives_the_bytes_of_one_process(cluster, settings, tree):
    done = backtest(settings, "cluster", "--cluster", cluster)
    assert (done.returncode, done.stderr.splitlines()) == (0, [f"april: {number} of 2" for number in range(3)])
    assert backtest(settings, "alone", "--workers", "1").returncode == 0
    assert tree(settings / "cluster") == tree(settings / "alone")


WORK = """
import os, time
from pathlib import Path

marks = Path(__file__).parent

def work(task):
    number, deaths = task
    tried = len(list(marks.glob(f"{number}-*")))
    (marks / f"{number}-{tried}-{os.getpid()}").touch()
    if tried < deaths:
        os.kill(os.getpid(), 9)
    if number == 13:
        from reporter.errors import ModelError
        raise ModelError("unlucky")
    time.sleep(0.02 * (number % 3))
    return 2 * number, os.environ["OMP_NUM_THREADS"]
"""

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[2])
import work
from reporter import parallel
from reporter.errors import ReporterError
from reporter.parallel import cluster

with parallel.on_cluster(sys.argv[1]) as ordered_map:
    print(list(ordered_map(work.work, [(number, number == 3) for number in range(6)])))
    for tasks in [(13, 0)], [(7, 9)]:
        try:
            list(ordered_map(work.work, tasks))
        except ReporterError as error:
            print(type(error).__name__, error)
    cluster.fingerprint.code_sha256 = lambda: 64 * "0"  # a driver of another commit than the nodes, by the same version
    try:
        list(ordered_map(work.work, [(1, 0)]))
    except ReporterError as error:
        print(type(error).__name__, error)
"""


def test_killed_workers_errors_and_other_code(cluster, tmp_path):
    import reporter
    from reporter import fingerprint

    (tmp_path / "work.py").write_text(WORK)
    done = python(SCRIPT, cluster, tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if "(raylet)" not in line]  # Ray's own news of the deaths
    results, failed, killed, other = said
    assert results == str([(2 * number, "1") for number in range(6)])
    assert failed == "ModelError unlucky"
    assert killed.startswith("WorkerError a worker of the cluster was killed twice over the same task: ")
    version, code = reporter.__version__, fingerprint.code_sha256()
    assert other == (
        f"WorkerError a node of the cluster has reporter {version} of code {code[:12]}…; "
        f"here it is {version} of code 000000000000…"
    )
    pids = {path.name.rpartition("-")[2] for path in tmp_path.glob("[0-9]-*")}
    assert len(list(tmp_path.glob("3-*"))) == 2
    assert len(list(tmp_path.glob("7-*"))) == 2
    assert len(pids) >= 3, "a killed worker is no more"


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("nowhere", "nowhere: no address of a cluster; give HOST:PORT"),
        ("127.0.0.1:1", "127.0.0.1:1: no Ray cluster answers there: Connection refused"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line_and_exits_1(settings, address, line):
    pytest.importorskip("ray", reason=no_ray())
    done = backtest(settings, "out", "--cluster", address)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert line in done.stderr


def test_without_ray_the_error_says_what_to_install(settings):
    script = "import sys; sys.modules['ray'] = None; from reporter.cli import main; main()"
    done = python(script, "backtest", "--feed", "april", "--cluster", "127.0.0.1:1", cwd=settings)
    assert (done.returncode, done.stderr) == (
        1, 'a cluster needs Ray, which is not installed: pip install "reporter[cluster]"\n'
    )  # fmt: skip
