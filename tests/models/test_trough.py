import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.dates import Cadence
from reporter.models.habits import HABITS
from reporter.models.trough import since_trough

DAILY, WEEKLY = HABITS[Cadence.DAY], HABITS[Cadence.WEEK]
DAYS = np.arange(DAILY.window)


def test_a_wave_begins_after_the_last_trough():
    rows = 1000 * np.exp(-(((DAYS - 10) / 9) ** 2)) + 2000 * np.exp(-(((DAYS - 60) / 9) ** 2)) + 100
    total, floor, began = since_trough(rows[None], DAILY)
    assert abs(began[0] - 32) <= DAILY.level
    assert floor[0] == pytest.approx(95, rel=0.05)
    assert np.isnan(total[0, : began[0]]).all()
    np.testing.assert_allclose(np.diff(total[0, began[0] :]), rows[began[0] + 1 :] - floor[0])


def test_of_equal_troughs_the_last_one_counts():
    rows = np.where(DAYS < 40, 0.0, DAYS - 40.0)
    _, floor, began = since_trough(rows[None], DAILY)
    assert floor[0] == 0
    assert 40 - DAILY.level <= began[0] <= 41


def test_no_wave_is_shorter_than_can_be_fitted():
    """What falls to this day has its trough at the end, which is no beginning."""
    for habits in (DAILY, WEEKLY):
        falling = np.arange(habits.window, 0, -1.0)
        total, _, began = since_trough(falling[None], habits)
        assert began[0] == habits.window - habits.shortest
        assert np.isfinite(total).sum() == habits.shortest


def test_what_was_there_all_along_is_taken_off_a_flat_series():
    total, floor, _ = since_trough(np.full((1, WEEKLY.window), 200.0), WEEKLY)
    assert floor[0] == 190
    np.testing.assert_allclose(np.diff(total[0][np.isfinite(total[0])]), 10)


def test_a_series_that_has_just_begun_and_one_without_counts():
    rows = np.full((2, DAILY.window), np.nan)
    rows[0, -25:] = 50 + np.arange(25)
    total, floor, began = since_trough(rows, DAILY)
    assert began[0] == DAILY.window - 25
    assert np.isfinite(total[0]).sum() == 25
    assert np.isnan(total[1]).all()
    assert floor[1] == 0


@given(st.lists(st.floats(0, 1e9) | st.just(0.0), min_size=WEEKLY.window, max_size=WEEKLY.window), st.integers(0, 22))
def test_totals_never_fall(counts, missing):
    """So that there is a wave to fit: no count since the trough is below what is taken off each."""
    row = np.array(counts)
    row[:missing] = np.nan
    total, floor, began = since_trough(row[None], WEEKLY)
    known = total[0][np.isfinite(total[0])]
    assert (known >= 0).all()
    assert (np.diff(known) >= -1e-9 * np.nanmax(row, initial=1.0)).all()
    assert 0 <= began[0] <= WEEKLY.window - WEEKLY.shortest
    assert np.isfinite(floor).all()
