import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.models import mixture

FALLING = np.zeros((30, 2), dtype=bool)


def mixed_slowly(trials, actual, second):
    """The same by plain loops: at origin r (0 is the newest) an error h ahead of origin o is known if o >= r + h."""
    k, origins, s, horizons = trials.shape
    points = np.empty((origins, s, horizons))
    for r in range(origins):
        told = min(r, max(origins - mixture.UNSURE, 0))
        for i in range(s):
            mean = np.zeros(k)
            own, pool = [], []
            for o in range(told + 1, origins):
                for h in range(1, min(horizons, o - told) + 1):
                    for j in range(s):
                        if second[o, j] == second[r, i] and np.isfinite(actual[o, j, h - 1]):
                            error = np.abs(trials[:, o, j, h - 1] - actual[o, j, h - 1])
                            pool.append(error)
                            own += [error] if i == j else []
            prior = mixture.PRIOR * horizons
            if pool:
                mean = (np.sum(own, axis=0) + prior * np.mean(pool, axis=0)) / (len(own) + prior)
            mean = mean + max(mixture.SLACK * mean.mean(), 1e-12)
            weights = mean**-mixture.POWER
            points[r, i] = weights / weights.sum() @ trials[:, r, i]
    return points


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), origins=st.integers(1, 16), horizons=st.integers(1, 4))
def test_weights_are_those_of_a_plain_loop(seed, origins, horizons):
    random = np.random.default_rng(seed)
    trials = random.normal(size=(3, origins, 2, horizons))
    actual = random.normal(size=(origins, 2, horizons))
    actual[random.random(actual.shape) < 0.2] = np.nan
    second = random.random((origins, 2)) < 0.5
    found = mixture.mix(trials, actual, second)
    np.testing.assert_allclose(found.points, mixed_slowly(trials, actual, second), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0)
    assert (found.points >= trials.min(axis=0) - 1e-9).all()
    assert (found.points <= trials.max(axis=0) + 1e-9).all()


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), later=st.integers(1, 10))
def test_what_came_later_moves_no_earlier_point(seed, later):
    random = np.random.default_rng(seed)
    trials, actual = random.normal(size=(3, 30, 2, 3)), random.normal(size=(30, 2, 3))
    before = mixture.mix(trials, actual, FALLING).points
    changed = actual.copy()
    changed[:later] += 10.0
    after = mixture.mix(trials, changed, FALLING).points
    np.testing.assert_array_equal(after[later:], before[later:])


def test_the_way_that_was_right_is_followed():
    actual = np.random.default_rng(5).normal(size=(30, 2, 3))
    trials = np.stack([actual, actual + 1.0, actual - 3.0])
    found = mixture.mix(trials, actual, FALLING)
    np.testing.assert_allclose(found.points[:10], actual[:10], atol=1e-6)
    assert (found.weights[0, 0] > 0.999).all()


def test_each_regime_has_its_own_weights():
    random = np.random.default_rng(6)
    actual = random.normal(size=(40, 2, 1))
    second = random.random((40, 2)) < 0.5
    off = np.where(second, 1.0, 0.0)[:, :, None]
    weights = mixture.mix(np.stack([actual + off, actual + 1 - off]), actual, second).weights
    assert (weights[0, 0] > 0.99).all()
    assert (weights[1, 1] > 0.99).all()


def test_a_place_of_its_own_kind_is_told_from_the_others():
    random = np.random.default_rng(7)
    actual = random.normal(size=(300, 9, 1))
    right = np.zeros((9, 1))
    right[0] = 1.0
    trials = np.stack([actual + right, actual + 0.5 * (1 - right)])
    weights = mixture.mix(trials, actual, np.zeros((300, 9), dtype=bool)).weights
    assert weights[0, 0, 0] < 0.01
    assert weights[0, 0, 1] > 0.9


def test_without_errors_all_ways_weigh_alike():
    weights = mixture.mix(np.zeros((4, 3, 2, 5)), np.full((3, 2, 5), np.nan), FALLING[:3]).weights
    assert weights.tolist() == np.full((2, 4, 2), 0.25).tolist()
    assert mixture.blend(np.arange(6.0).reshape(2, 1, 3), np.array([[0.25], [0.75]])).tolist() == [[2.25, 3.25, 4.25]]


@pytest.mark.parametrize("origins", [1, 2, 5])
def test_few_origins_are_borne(origins):
    trials = np.ones((2, origins, 1, 7))
    found = mixture.mix(trials, np.ones((origins, 1, 7)), np.zeros((origins, 1), dtype=bool))
    np.testing.assert_allclose(found.points, 1.0)
