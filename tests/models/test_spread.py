import numpy as np
import pytest

from reporter.models import spread
from reporter.models.spread import offsets
from reporter.schema import INTERVALS, LEVELS, MEDIAN


@pytest.fixture
def normal():
    scale = np.array([0.5, 1.0, 4.0])
    return np.random.default_rng(3).normal(0.0, 1.0, (4000, 3, 2)) * scale[:, None]


def test_quantiles_are_those_of_the_errors(normal):
    """The 0.975 quantile of a normal error is 1.96 times its standard deviation."""
    found = offsets(normal, ["a"] * 3)
    upper = found[:, :, LEVELS.index(0.975)]
    np.testing.assert_allclose(upper, np.repeat([[0.98], [1.96], [7.84]], 2, axis=1), rtol=0.05)


def test_intervals_hold_what_they_say(normal):
    low, high = INTERVALS[50]
    found = offsets(normal[:2000], ["a"] * 3)
    fresh = normal[2000:]
    inside = (fresh >= found[:, :, low]) & (fresh <= found[:, :, high])
    assert inside.mean() == pytest.approx(0.5, abs=0.02)


def test_the_median_does_not_move_and_sides_are_equal(normal):
    found = offsets(normal + 5.0, ["a"] * 3)
    assert (found[:, :, MEDIAN] == 0).all()
    np.testing.assert_array_equal(found, -found[:, :, ::-1])
    assert (np.diff(found, axis=2) >= 0).all()


def test_errors_on_one_side_widen_that_side(normal):
    """Holidays: one count in twenty is a tenth of what it should have been."""
    alone = normal[:, :1]
    alone[::20] = -20.0
    even, tilted = offsets(alone, ["a"])[0, 0], offsets(alone, ["a"], mirrored=0.2)[0, 0]
    low, high = INTERVALS[95]
    assert even[high] == -even[low] > 15
    assert tilted[low] < -15
    assert tilted[high] < 0.5 * even[high]
    assert tilted[MEDIAN] == 0
    assert (np.diff(tilted) >= 0).all()


def test_without_a_mirror_the_sides_know_nothing_of_each_other(normal):
    below = offsets(-np.abs(normal), ["a"] * 3, mirrored=0.0)
    assert (below[:, :, MEDIAN:] == 0).all()
    assert (below[:, :, 0] < -1).all()


def test_ranges_are_widened_the_more_the_wider_they_are(normal):
    found = offsets(normal, ["a"] * 3)
    ratio = spread.widened(found, 1.2)[0, 0] / np.where(found[0, 0] == 0, 1, found[0, 0])
    low, high = INTERVALS[50]
    assert ratio[low] == ratio[high] == 1
    low, high = INTERVALS[95]
    np.testing.assert_allclose(ratio[[low, high]], 1.2)
    assert (np.diff(np.delete(ratio, MEDIAN)[11:]) >= 0).all()


def test_groups_do_not_learn_from_each_other(normal):
    alone = offsets(normal[:, :2], ["a", "a"])
    beside = offsets(normal, ["a", "a", "b"])
    np.testing.assert_array_equal(beside[:2], alone)


def test_a_series_with_few_errors_leans_on_its_group(normal):
    few = normal.copy()
    few[2:, 2] = np.nan
    lean = offsets(few, ["a"] * 3)[2, 0, -1]
    assert offsets(normal, ["a"] * 3)[0, 0, -1] < lean < offsets(normal, ["a"] * 3)[2, 0, -1]


def test_a_horizon_without_errors_widens_as_a_random_walk(normal):
    normal[:, :, 1] = np.nan
    found = offsets(normal, ["a"] * 3)
    np.testing.assert_allclose(found[:, 1], found[:, 0] * np.sqrt(2))


def test_without_errors_there_is_no_width():
    assert (offsets(np.full((9, 2, 3), np.nan), ["a", "b"]) == 0).all()
    assert (offsets(np.zeros((9, 2, 3)), ["a", "b"]) == 0).all()


def test_few_counts_err_more_than_many():
    counts = np.array([5.0, 50.0, 5000.0])
    random = np.random.default_rng(1)
    points = np.log1p(np.broadcast_to(counts[None, :, None], (400, 3, 2)))
    errors = np.log1p(random.poisson(np.expm1(points))) - points
    few, more, many = spread.sizes(spread.counting(errors, points), points)[0, :, 0]
    assert few / many > 2 * more / many > 2
    assert spread.counting(np.full((1, 3, 1), np.nan), points[:1]) == 0
