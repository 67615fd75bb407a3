"""Fixtures that several tests share. Tests speak to the installed package, not to the checkout."""

import os
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pandas as pd
import pytest

import reporter
from reporter import config, pipeline
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def pytest_configure() -> None:
    """Refuse to test another copy of the package than the one that was asked for; time no example on a busy machine.

    A shell starts what it runs in the background deaf to Ctrl-C, and so would be the commands that tests interrupt.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")
    wanted = os.environ.get("REPORTER_UNDER_TEST")
    if wanted and not Path(reporter.__file__).is_relative_to(wanted):
        pytest.exit(f"tests would run {reporter.__file__}, not the package under {wanted}", returncode=4)


@pytest.fixture(scope="session")
def chromium() -> str:
    """A headless browser; without one its tests are skipped, except where CI demands them."""
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have a browser: install chromium")
        pytest.skip("no Chromium or Chrome on this machine")
    return found


@pytest.fixture(scope="session")
def april() -> pd.DataFrame:
    """A real change log: six places of the JHU archive, vintages to 2020-04-14."""
    changes = archive_changes(REGISTRY["jhu"])
    places = ["US", "Italy", "Spain", "Korea, South", "Sweden", "Brazil"]
    mine = changes["location"].isin(places) & (changes["target"] == "cum confirmed cases")
    return changes[mine & (changes["as_of"] <= pd.Timestamp("2020-04-14"))].reset_index(drop=True)


def feed_of(path: Path, **changed: object) -> dict[str, object]:
    """The settings of a feed read from a change log in a file."""
    feed = {
        "name": "april",
        "source": "file",
        "path": str(path),
        "target": "cum confirmed cases",
        "cadence": "day",
        "horizons": 7,
        "headline": "US",
        "start": "2020-04-09",
        "end": "2020-04-12",
        "archive": True,
        "models": ["baseline", "classic", "sigmoid"],
    }
    return {key: value for key, value in {**feed, **changed}.items() if value is not None}


@pytest.fixture
def build_file_feed(tmp_path: Path) -> Callable[..., Path]:
    """Builds a site from a change log: `build(changes, name, **settings of the feed)` gives its folder."""

    def build(changes: pd.DataFrame, name: str = "site", **changed: object) -> Path:
        source = tmp_path / f"{name}.parquet"
        changes.to_parquet(source)
        settings = config.parse({"feeds": [feed_of(source, **changed)]})
        out = tmp_path / name
        pipeline.build(settings, out, NOW, offline=True)
        return out

    return build


@pytest.fixture(scope="session")
def april_site(tmp_path_factory: pytest.TempPathFactory, april: pd.DataFrame) -> Path:
    """A built site of the April feed, to be read only."""
    folder = tmp_path_factory.mktemp("april")
    source = folder / "april.parquet"
    april.to_parquet(source)
    outcome = pipeline.build(config.parse({"feeds": [feed_of(source)]}), folder / "site", NOW, offline=True)
    assert outcome.failed == []
    return folder / "site"


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a site but the logs and the lock, by its path."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in {"runs.jsonl", ".lock"})
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def feed() -> Callable[..., dict[str, object]]:
    """`feed_of`, for tests that write their own settings."""
    return feed_of


@pytest.fixture(scope="session")
def session_feed() -> Callable[..., dict[str, object]]:
    """`feed_of`, for fixtures that last."""
    return feed_of


@pytest.fixture(name="tree")
def _tree() -> Callable[[Path], dict[str, bytes]]:
    return tree
