import os
import pty
import select
import signal
import subprocess
import sys

import pytest

HEAVY = ("torch", "pandas", "scipy", "plotly", "numpy", "pyarrow")


def reporter(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "reporter", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


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
start = "2020-04-12"
archive = true
models = ["baseline"]
"""
    )
    return tmp_path


def test_help_imports_nothing_heavy(tmp_path):
    script = "import sys; sys.argv = ['reporter', '--help']\n"
    script += "try:\n    from reporter.cli import main; main()\nexcept SystemExit: pass\n"
    script += f"print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "Commands:" in done.stdout


def test_build_publishes_and_says_where(settings):
    done = reporter("build", "--offline", cwd=settings)
    assert (done.returncode, done.stderr) == (
        0,
        "april: 0 of 3\napril: 1 of 3\napril: 2 of 3\napril: 3 of 3\n" + pages(done.stderr),
    )
    assert "3 new forecast dates" in done.stdout
    assert str(settings / "site" / "index.html") in done.stdout
    again = reporter("build", "--offline", cwd=settings)
    assert "nothing new, 0 pages changed" in again.stdout


def pages(lines):
    return "".join(f"{line}\n" for line in lines.splitlines() if line.startswith("pages: "))


def test_a_terminal_sees_a_progress_bar(settings):
    main, other = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "reporter", "build", "--offline"], cwd=settings, stdout=other, stderr=other
    )
    os.close(other)
    seen = b""
    while select.select([main], [], [], 60)[0]:
        try:
            seen += os.read(main, 65536)
        except OSError:  # the other end is closed
            break
    os.close(main)
    assert process.wait(60) == 0
    assert b"#" in seen
    assert b"3/3" in seen


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("horizons = 7", 'horizons = "seven"', "feeds[0].horizons: found 'seven'; allowed: a whole number"),
        ("horizons = 7", "horizon = 7", "feeds[0].horizon: found 7; allowed: no such key; the keys are name"),
        ('source = "file"', 'source = "cdc"', "feeds[0].source: found 'cdc'; allowed: one of rki, nhsn, jhu, jhu-"),
        ('"2020-04-12"', '"2020-04-31"', "feeds[0].start: found '2020-04-31'; allowed: a day as"),
        ("[[feeds]]", "[[feeds]", 'reporter.toml: found "Expected'),
    ],
)  # fmt: skip
def test_bad_settings_are_one_line_and_exit_2(settings, old, new, line):
    path = settings / "reporter.toml"
    path.write_text(path.read_text().replace(old, new))
    done = reporter("build", "--offline", cwd=settings)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert line in done.stderr
    assert not (settings / "site").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["build", "--as-of", "2020-02-30"], "found '2020-02-30'; allowed: a day as YYYY-MM-DD"),
        (["build", "--now", "2020-02-28"], "allowed: a time with its zone"),
        (["build", "--feed", "march"], "--feed: found 'march'; allowed: one of april"),
        (["build", "--workers", "0"], "0 is not in the range x>=1"),
        (["build", "--frequency", "daily"], "No such option"),
        (["rebuild"], "No such command"),
        (["build", "--config", "other.toml"], "other.toml: found"),
    ],
)
def test_wrong_usage_is_one_line_and_exits_2(settings, arguments, line):
    done = reporter(*arguments, cwd=settings)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert line in done.stderr


def test_an_unreadable_source_degrades_and_exits_3(settings):
    (settings / "april.csv").write_text("<html>not a csv</html>")
    done = reporter("build", "--offline", cwd=settings)
    assert done.returncode == 3
    assert "april: " in done.stderr
    assert (settings / "site" / "index.html").exists()


def test_a_run_beside_another_leaves(settings):
    from reporter import files

    with files.exclusively(settings / "site"):
        done = reporter("build", "--offline", cwd=settings)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "another run is at work" in done.stderr


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("build --offline", "stopped; what is on record stays, and the next build goes on from there"),
        ("check", "stopped"),
        ("export --hub cdc --feed april --model baseline --config pipe", "stopped"),
        ("score --forecasts april.csv --truth pipe --cadence day", "stopped"),
    ],
)
def test_ctrl_c_says_what_is_so(settings, command, line):
    """Each command is stopped while it reads a pipe that nothing comes from."""
    pipe = settings / "pipe"
    os.mkfifo(pipe)
    path = settings / "reporter.toml"
    path.write_text(path.read_text().replace("april.csv", "pipe"))
    process = subprocess.Popen(
        [sys.executable, "-m", "reporter", *command.split()], cwd=settings, stderr=subprocess.PIPE, text=True
    )
    with pipe.open("wb"):  # once it reads
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.splitlines()[-1]) == (1, line)


def test_verbose_shows_the_trace(settings):
    assert "Traceback" in reporter("-v", "build", "--feed", "march", cwd=settings).stderr


def test_as_of_looks_at_no_later_vintage(settings):
    done = reporter("build", "--as-of", "2020-04-12", cwd=settings)
    assert done.returncode == 0
    receipts = sorted(path.name for path in (settings / "site/data/april/receipts").iterdir())
    assert receipts == ["2020-04-11.json"]


def test_serve_shows_the_site_on_the_loopback(settings):
    import re
    import urllib.request

    assert reporter("serve", cwd=settings).returncode == 1, "there is no site yet"
    reporter("build", "--offline", cwd=settings)
    process = subprocess.Popen(
        [sys.executable, "-m", "reporter", "serve", "--port", "0"],
        cwd=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        port = re.search(r"localhost:(\d+)/", process.stdout.readline()).group(1)
        with urllib.request.urlopen(f"http://localhost:{port}/", timeout=10) as answer:
            assert answer.status == 200
            assert b"<html" in answer.read()
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_check_holds_the_record_against_its_receipts(settings):
    done = reporter("check", cwd=settings)
    assert done.stdout.splitlines()[0] == "settings: 1 feeds, all names known"
    reporter("build", "--offline", cwd=settings)
    done = reporter("check", cwd=settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].startswith("april: 3 forecast dates, ")


def test_check_says_that_a_run_is_at_work_and_finds_nothing_in_what_it_leaves(settings):
    from reporter import files

    reporter("build", "--offline", cwd=settings)
    (settings / "site/data/april/receipts/2020-04-13.json").unlink()  # as a build has it before it writes one
    with files.exclusively(settings / "site"):
        done = reporter("check", cwd=settings)
    assert (done.returncode, done.stderr) == (1, "another run is at work in site; check again when it is done\n")
    found = reporter("check", cwd=settings)
    assert (found.returncode, "is not on record" in found.stderr) == (1, True)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("receipts/2020-04-11.json", "2020-04-11.json was altered"),
        ("model-output/baseline/2020-04-12-baseline.parquet", "2020-04-12-baseline.parquet was altered"),
        ("vintages/2020-03-20.parquet", "2020-03-20.parquet was altered"),
    ],
)
def test_check_finds_one_flipped_byte(settings, file, line):
    reporter("build", "--offline", cwd=settings)
    path = settings / "site" / "data" / "april" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x80
    path.write_bytes(data)
    done = reporter("check", cwd=settings)
    assert done.returncode == 1
    assert line in done.stderr


def test_without_a_command_the_help_is_shown_as_it_is(settings):
    done = reporter(cwd=settings)
    assert done.returncode == 2
    assert "Commands:\n" in done.stderr


def test_a_path_starts_at_the_settings(settings):
    (settings / "elsewhere").mkdir()
    done = reporter("build", "--offline", "--config", "../reporter.toml", cwd=settings / "elsewhere")
    assert done.returncode == 0, done.stderr
