"""What must ship with the package, wherever it runs from."""

from importlib import metadata
from pathlib import Path

import reporter
from reporter import config, render
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes


def test_version_is_the_distributions():
    assert metadata.version("reporter") == reporter.__version__


def test_templates_and_their_assets_are_found():
    folder = next(folder for folder in render.FOLDERS if folder.is_dir())
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {"base.html", "home.html", "post.html", "place.html", "style.css", "plotly-basic.min.js"} <= names


def test_nothing_is_read_from_outside_the_package_or_its_checkout():
    package = Path(reporter.__file__).parent
    assert config.bundled().is_relative_to(package.parent)


def test_every_bundled_archive_is_a_change_log():
    sizes = {name: len(archive_changes(source)) for name, source in REGISTRY.items() if source.archive}
    assert sizes == {"rki": 65_653, "nhsn": 55_230, "jhu": 84_224}


def test_the_hubs_tasks_ship_with_their_licence():
    folder = Path(reporter.__file__).parent / "data"
    assert "Apache License" in (folder / "cdc-covid-tasks-LICENSE.txt").read_text(encoding="utf-8")
    assert (folder / "cdc-covid-tasks.json").is_file()
