import numpy as np
import pytest

from reporter.models.levels import damped, growth, level
from reporter.models.windows import rhythm

WEEK = np.array([1.4, 1.2, 1.1, 1.0, 1.0, 0.7, 0.6])
FLAT = np.zeros((1, 1, 7))


def windows(row):
    return np.asarray(row, dtype=np.float64)[None, None]


@pytest.mark.parametrize("cut", range(7))
@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("width", [4, 7, 14])
def test_the_level_does_not_depend_on_the_day_of_the_week(cut, robust, width):
    counts = windows(200 * np.tile(WEEK, 11)[cut : cut + 70])
    found = level(counts, rhythm(counts, 7, 7), width, robust=robust)
    np.testing.assert_allclose(np.exp(found), 200, rtol=0.05)


def test_a_whole_week_is_its_mean():
    counts = windows([900, 3, 5, 7, 11, 2, 8, 6])
    factors = np.log(WEEK)[None, None]
    assert np.exp(level(counts, factors, 7, robust=False))[0, 0] == pytest.approx(6.0)


def test_one_odd_day_hardly_moves_a_robust_level():
    counts = windows([100, 104, 98, 100, 5])
    assert np.exp(level(counts, FLAT, 4, robust=False))[0, 0] < 80
    assert np.exp(level(counts, FLAT, 4, robust=True))[0, 0] == pytest.approx(98, abs=3)


def test_holes_and_zeros_are_borne():
    assert np.exp(level(windows([np.nan, np.nan, np.nan, 40]), FLAT, 4, robust=False))[0, 0] == pytest.approx(40)
    for robust in (False, True):
        assert np.isfinite(level(windows(np.zeros(9)), FLAT, 4, robust=robust)).all()
        assert np.isfinite(level(windows(np.full(9, np.nan)), FLAT, 4, robust=robust)).all()


def test_growth_is_that_of_an_exponential():
    counts = windows(1e4 * np.exp(0.05 * np.arange(30)) * np.tile(WEEK, 5)[:30])
    assert growth(counts, 7, 0.3)[0, 0] == pytest.approx(0.05, rel=0.01)


def test_a_jump_in_reporting_is_no_growth():
    assert growth(windows([10.0] * 7 + [1e5] * 7), 7, 0.3).tolist() == [[0.0]]
    assert growth(windows([10.0] * 5), 7, 0.3).tolist() == [[0.0]]
    assert growth(windows([np.nan] * 9 + [10.0] * 5), 7, 0.3).tolist() == [[0.0]]


def test_a_damped_trend_starts_in_the_middle_of_the_level_and_fades():
    rate = np.array([0.1])
    np.testing.assert_allclose(damped(rate, 3, 1, 1.0), [[0.1, 0.2, 0.3]])
    np.testing.assert_allclose(damped(rate, 3, 7, 0.5), [[0.4, 0.45, 0.475]])
