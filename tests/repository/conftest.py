"""Tests of the checkout itself: its layout, documents and workflows. They have no place beside a wheel."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    if not (ROOT / "reporter" / "__init__.py").exists():
        pytest.skip("these tests read the checkout, which is out of reach here")
    return ROOT
