import subprocess
import sys
from pathlib import Path

import pytest

from reporter import files
from reporter.errors import RecordError, ReporterError


def test_write_leaves_a_file_with_the_same_bytes_alone(tmp_path):
    path = tmp_path / "a" / "page.html"
    assert files.write(path, b"one")
    before = path.stat()
    assert not files.write(path, b"one")
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino
    assert files.write(path, b"two")
    assert path.read_bytes() == b"two"


def test_create_is_once_and_for_all(tmp_path):
    path = tmp_path / "receipt.json"
    assert files.create(path, b"said")
    assert not files.create(path, b"said")
    with pytest.raises(RecordError, match="append-only"):
        files.create(path, b"never said")
    assert path.read_bytes() == b"said"
    assert [p.name for p in tmp_path.iterdir()] == ["receipt.json"]


def test_a_run_removes_what_a_killed_one_left_half_written(tmp_path):
    (tmp_path / "data").mkdir()
    left = tmp_path / "data" / "x.parquet.reporter-tmp~"
    left.write_bytes(b"half")
    with files.exclusively(tmp_path):
        assert not left.exists()


def test_two_runs_do_not_work_in_one_folder(tmp_path):
    with files.exclusively(tmp_path), pytest.raises(ReporterError, match="another run is at work"):  # noqa: SIM117
        with files.exclusively(tmp_path):
            pass


def test_a_lock_does_not_survive_its_holder(tmp_path):
    held = "from pathlib import Path; from reporter import files; "
    held += f"files.exclusively(Path({str(tmp_path)!r})).__enter__(); "
    subprocess.run([sys.executable, "-c", held + "import os; os._exit(9)"], check=False)
    with files.exclusively(Path(tmp_path)):
        pass


def test_a_torn_line_does_not_spoil_the_next(tmp_path):
    log = tmp_path / "runs.jsonl"
    files.append_line(log, "one")
    with log.open("a") as torn:
        torn.write('{"now": "2026-')
    files.append_line(log, "two")
    assert log.read_text().splitlines() == ["one", '{"now": "2026-', "two"]
