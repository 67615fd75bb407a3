"""WIS against independent computations and its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter import score
from reporter.schema import LEVELS

MIDDLE = len(LEVELS) // 2


def wis_from_intervals(quantiles, y):
    """Bracher et al. 2021, eq. 2: weighted interval scores and half the median's distance, in a slow loop.

    Returns the total, and what of it is width, too high and too low.
    """
    width, high, low = 0.0, 0.5 * max(quantiles[MIDDLE] - y, 0), 0.5 * max(y - quantiles[MIDDLE], 0)
    for i in range(MIDDLE):
        alpha = 2 * LEVELS[i]
        lower, upper = quantiles[i], quantiles[-1 - i]
        width += alpha / 2 * (upper - lower)
        high += alpha / 2 * 2 / alpha * max(lower - y, 0)
        low += alpha / 2 * 2 / alpha * max(y - upper, 0)
    parts = [part / (MIDDLE + 0.5) for part in (width, high, low)]
    return sum(parts), *parts


def wis_from_pinball(quantiles, y):
    """Twice the pinball loss, averaged over the levels."""
    losses = [(level if y > q else level - 1) * (y - q) for level, q in zip(LEVELS, quantiles, strict=True)]
    return 2 * sum(losses) / len(losses)


def wis(quantiles, y):
    return score.weighted_interval_score(np.array([quantiles], dtype=float), np.array([y], dtype=float))


numbers = st.floats(0, 1e7, allow_nan=False)
forecasts = st.lists(numbers, min_size=len(LEVELS), max_size=len(LEVELS)).map(sorted)


@given(forecasts, numbers)
def test_wis_is_the_weighted_sum_of_interval_scores(quantiles, y):
    for ours, slow in zip(wis(quantiles, y), wis_from_intervals(quantiles, y), strict=True):
        assert ours[0] == pytest.approx(slow, rel=1e-9, abs=1e-6)


@given(forecasts, numbers)
def test_wis_is_twice_the_mean_pinball_loss(quantiles, y):
    assert wis(quantiles, y).total[0] == pytest.approx(wis_from_pinball(quantiles, y), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("y", [60.0, 95.0, 100.0, 104.0, 170.0])
def test_with_many_levels_wis_is_the_crps_of_a_dense_sample(y):
    """CRPS as E|X - y| - E|X - X'| / 2 (Gneiting & Raftery 2007, eq. 21), of a large sorted sample."""
    sample = np.sort(np.random.default_rng(1).gamma(20, 5, 4001))
    count = len(sample)
    spread = 2 * ((2 * np.arange(1, count + 1) - count - 1) * sample).sum() / count**2
    crps = np.abs(sample - y).mean() - spread / 2
    levels = tuple((np.arange(999) + 1) / 1000)
    dense = score.weighted_interval_score(np.quantile(sample, levels)[None], np.array([y]), levels)
    assert dense.total[0] == pytest.approx(crps, rel=5e-3)


@given(forecasts, numbers)
def test_the_parts_are_never_negative_and_add_up(quantiles, y):
    total, *parts = wis(quantiles, y)
    assert min(part[0] for part in parts) >= 0
    assert total[0] == pytest.approx(sum(part[0] for part in parts), rel=1e-12, abs=1e-9)


@given(forecasts, numbers)
def test_mirroring_swaps_what_is_too_high_with_what_is_too_low(quantiles, y):
    there, back = wis(quantiles, y), wis([-q for q in reversed(quantiles)], -y)
    assert back.overprediction[0] == pytest.approx(there.underprediction[0], rel=1e-9, abs=1e-6)
    assert back.dispersion[0] == pytest.approx(there.dispersion[0], rel=1e-9, abs=1e-6)


@given(numbers, numbers)
def test_a_point_forecast_scores_its_absolute_error(point, y):
    parts = wis([point] * len(LEVELS), y)
    assert parts.total[0] == pytest.approx(abs(point - y), rel=1e-9, abs=1e-6)
    assert parts.dispersion[0] == pytest.approx(0, abs=1e-6)


@given(forecasts, numbers, st.floats(0, 1e6))
def test_shifting_both_shifts_nothing(quantiles, y, shift):
    moved = wis([q + shift for q in quantiles], y + shift).total[0]
    assert moved == pytest.approx(wis(quantiles, y).total[0], rel=1e-6, abs=1e-3)


@given(forecasts, numbers, st.floats(0.1, 100))
def test_scaling_both_scales_the_score(quantiles, y, factor):
    scaled = wis([q * factor for q in quantiles], y * factor).total[0]
    assert scaled == pytest.approx(factor * wis(quantiles, y).total[0], rel=1e-6, abs=1e-3)


def test_a_perfect_forecast_scores_zero_away_from_zero():
    assert [part[0] for part in wis([507.0] * len(LEVELS), 507.0)] == [0, 0, 0, 0]


def test_neither_input_is_changed():
    quantiles, observed = np.sort(np.random.default_rng(2).random((5, len(LEVELS)))), np.full(5, 0.5)
    before = quantiles.copy(), observed.copy()
    score.weighted_interval_score(quantiles, observed)
    score.pit(quantiles, observed)
    assert (quantiles == before[0]).all()
    assert (observed == before[1]).all()


# levels 0.25, 0.5, 0.75: dispersion, too high, too low, each over 1.5, by hand
BY_HAND = [
    ([8, 10, 12], 10, (0.25 * 4, 0, 0)),
    ([8, 10, 12], 13, (0.25 * 4, 0, 0.5 * 3 + 1)),
    ([8, 10, 12], 4, (0.25 * 4, 0.5 * 6 + 4, 0)),
    ([8, 10, 12], 12, (0.25 * 4, 0, 0.5 * 2)),
    ([10, 10, 10], 10, (0, 0, 0)),
    ([10, 10, 10], 7, (0, 0.5 * 3 + 3, 0)),
    ([0, 0, 4], 0, (0.25 * 4, 0, 0)),
    ([0, 0, 4], 6, (0.25 * 4, 0, 0.5 * 6 + 2)),
    ([5, 6, 100], 50, (0.25 * 95, 0, 0.5 * 44)),
]


@pytest.mark.parametrize(("quantiles", "y", "parts"), BY_HAND)
def test_wis_by_hand(quantiles, y, parts):
    ours = score.weighted_interval_score(np.array([quantiles], float), np.array([y], float), (0.25, 0.5, 0.75))
    assert [part[0] for part in ours] == pytest.approx([sum(parts) / 1.5, *(part / 1.5 for part in parts)])


@pytest.mark.parametrize("levels", [(0.25, 0.75), (0.1, 0.5, 0.8), (0.75, 0.5, 0.25)])
def test_levels_that_form_no_ranges_are_refused(levels):
    with pytest.raises(ValueError, match="symmetric"):
        score.weighted_interval_score(np.ones((1, len(levels))), np.ones(1), levels)


def test_what_was_not_observed_has_no_score():
    unseen = np.array([np.nan])
    assert np.isnan(score.weighted_interval_score(np.ones((1, len(LEVELS))), unseen)).all()
    assert np.isnan(score.pit(np.ones((1, len(LEVELS))), unseen)).all()
    assert np.isnan(score.covered(np.ones(1), np.ones(1), unseen)).all()
    assert np.isnan(score.absolute_error(np.ones(1), unseen)).all()


def test_an_interval_holds_its_ends():
    lower, upper = np.array([1.0, 1.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0, 2.0])
    assert score.covered(lower, upper, np.array([1.0, 2.0, 0.9, 2.1])).tolist() == [1, 1, 0, 0]


def test_the_log_scale_measures_relative_errors_and_takes_no_count_below_none():
    assert score.log_scale(np.array([0.0, np.e - 1, -3.0])).tolist() == [0.0, 1.0, 0.0]


def test_of_a_calibrated_forecast_the_pit_is_uniform():
    """Counts with jumps: Poisson draws against their own quantiles."""
    generator = np.random.default_rng(3)
    for mean in (1.5, 40.0):
        quantiles = np.quantile(generator.poisson(mean, 200_001), LEVELS)
        low, high = score.pit(np.tile(quantiles, (20_000, 1)), generator.poisson(mean, 20_000).astype(float))
        grid = np.linspace(0.05, 0.95, 19)
        below = np.clip((grid[:, None] - low) / (high - low), 0, 1).mean(axis=1)
        # Five in a hundred lie between levels: no finer than half of that can be told.
        assert np.abs(below - grid).max() < 0.025
