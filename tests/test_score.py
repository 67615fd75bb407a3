"""WIS against independent computations and its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter import score
from reporter.schema import LEVELS


def wis_from_intervals(quantiles, y):
    """Bracher et al. 2021, eq. 2: weighted interval scores and half the median's distance, in a slow loop."""
    k = len(LEVELS) // 2
    total = 0.5 * abs(y - quantiles[k])
    for i in range(k):
        alpha = 2 * LEVELS[i]
        lower, upper = quantiles[i], quantiles[-1 - i]
        interval = (upper - lower) + 2 / alpha * max(lower - y, 0) + 2 / alpha * max(y - upper, 0)
        total += alpha / 2 * interval
    return total / (k + 0.5)


numbers = st.floats(0, 1e7, allow_nan=False)
forecasts = st.lists(numbers, min_size=len(LEVELS), max_size=len(LEVELS)).map(sorted)


@given(forecasts, numbers)
def test_wis_is_the_mean_of_weighted_interval_scores(quantiles, y):
    ours = score.wis(np.array([quantiles]), np.array([y]))[0]
    assert ours == pytest.approx(wis_from_intervals(quantiles, y), rel=1e-9, abs=1e-6)


@given(numbers, numbers)
def test_a_point_forecast_scores_its_absolute_error(point, y):
    ours = score.wis(np.full((1, len(LEVELS)), point), np.array([y]))[0]
    assert ours == pytest.approx(abs(point - y), rel=1e-9, abs=1e-6)


@given(forecasts, numbers, st.floats(0, 1e6))
def test_shifting_both_shifts_nothing(quantiles, y, shift):
    before = score.wis(np.array([quantiles]), np.array([y]))[0]
    after = score.wis(np.array([quantiles]) + shift, np.array([y + shift]))[0]
    assert after == pytest.approx(before, rel=1e-6, abs=1e-3)


def test_a_perfect_forecast_scores_zero_away_from_zero():
    assert score.wis(np.full((1, len(LEVELS)), 507.0), np.array([507.0]))[0] == 0


@pytest.mark.parametrize(
    ("quantiles", "y", "expected"),
    [
        # levels 0.25, 0.5, 0.75; twice the pinball losses, by hand
        ([8, 10, 12], 10, (2 * 0.25 * 2 + 0 + 2 * 0.25 * 2) / 3),
        ([8, 10, 12], 13, (2 * 0.25 * 5 + 2 * 0.5 * 3 + 2 * 0.75 * 1) / 3),
        ([8, 10, 12], 4, (2 * 0.75 * 4 + 2 * 0.5 * 6 + 2 * 0.25 * 8) / 3),
    ],
)
def test_wis_by_hand(quantiles, y, expected):
    ours = score.wis(np.array([quantiles], dtype=float), np.array([y], dtype=float), (0.25, 0.5, 0.75))
    assert ours[0] == pytest.approx(expected)


def test_what_was_not_observed_has_no_score():
    unseen = np.array([np.nan])
    assert np.isnan(score.wis(np.ones((1, len(LEVELS))), unseen)).all()
    assert np.isnan(score.covered(np.ones(1), np.ones(1), unseen)).all()
    assert np.isnan(score.absolute_error(np.ones(1), unseen)).all()


def test_an_interval_holds_its_ends():
    lower, upper = np.array([1.0, 1.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0, 2.0])
    assert score.covered(lower, upper, np.array([1.0, 2.0, 0.9, 2.1])).tolist() == [1, 1, 0, 0]
