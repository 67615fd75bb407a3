import numpy as np
import pytest

from reporter.models.lesson import leaning

WINDOWS = np.random.default_rng(1).normal(size=(400, 3, 2))
FIRST, LAST, OTHER = np.zeros((3, 3, 2), dtype=bool)
FIRST[:2, 0], LAST[2, 0], OTHER[:, 1] = True, True, True


def loss(inputs):
    """Of a network that says the newest value of the first feature, and was a little off."""
    return float(np.mean(np.abs(inputs[:, 2, 0] - WINDOWS[:, 2, 0] + 0.1)))


def test_only_what_is_read_is_leaned_on():
    first, last, other = leaning(WINDOWS, [FIRST, LAST, OTHER], loss, np.random.default_rng(2))
    assert first == other == 0
    # Two normal values differ by 2 / sqrt(pi) on average.
    assert last == pytest.approx(2 / np.sqrt(np.pi) / 0.1 - 1, rel=0.15)


def test_the_same_draws_give_the_same_and_nothing_is_altered():
    before = WINDOWS.copy()
    one, other = (leaning(WINDOWS, [LAST], loss, np.random.default_rng(2)) for _ in range(2))
    assert one == other
    np.testing.assert_array_equal(WINDOWS, before)


def test_a_part_is_shuffled_as_a_whole():
    """Every window keeps a part that one of them had."""
    seen = []
    leaning(WINDOWS, [FIRST | LAST], lambda inputs: seen.append(inputs) or 1.0, np.random.default_rng(2))
    assert sorted(map(tuple, seen[1][:, :, 0])) == sorted(map(tuple, WINDOWS[:, :, 0]))
    assert not np.array_equal(seen[1], WINDOWS)


def test_of_a_loss_of_nothing_no_share_is_told():
    assert leaning(WINDOWS, [LAST, OTHER], lambda _: 0.0, np.random.default_rng(2)).tolist() == [0, 0]
