"""What the solver minimises and where it looks: derivatives, bounds, starts, and series that are no curves."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reporter.models.descent import bounded, descend
from reporter.models.families import FAMILIES, share
from reporter.models.leastsquares import Rows, losses, sizes, slope
from reporter.models.sigmoid import fit_curve, fit_curves

T = np.arange(40.0)
STEP = 1e-5


def rows_of(counts, origin=20.0):
    """Series that all end at the same count, in the units of the solver."""
    counts = np.atleast_2d(counts)
    known = np.isfinite(counts)
    last = np.full((len(counts), 1), counts.shape[1] - 1.0)
    weight = None if known.all() else known.astype(float)
    return Rows(np.where(known, counts, 0.0), weight, last.copy(), last, np.full((len(counts), 1), origin))


def noisy(seed, holes=0.0):
    """A wave with noise, at most 1, with a share of its days missing."""
    random = np.random.default_rng(seed)
    row = 0.8 / (1 + np.exp(-0.25 * (T - 22))) + random.normal(0, 0.05, len(T))
    return np.where(random.random(len(T)) < holes, np.nan, row)


@st.composite
def thetas(draw):
    """Parameters of one curve: z at the origin, log rate over the span, bend of the shape."""
    family = draw(st.sampled_from(FAMILIES))
    free = [draw(st.floats(-3, 3)), draw(st.floats(0.3, 3.5)), draw(st.floats(0.01, 4.0))]
    return family, np.array([free[: 3 if family == "richards" else 2]])


@given(given_=thetas(), seed=st.integers(0, 9), holes=st.sampled_from([0.0, 0.3]))
@settings(max_examples=60)
def test_derivatives_are_finite_differences(given_, seed, holes):
    family, theta = given_
    rows = rows_of(noisy(seed, holes))
    here = slope(rows, theta, family)
    assert losses(rows, theta, family) == pytest.approx(here.loss, rel=1e-12)
    for number in range(theta.shape[1]):
        nudge = np.zeros_like(theta)
        nudge[:, number] = STEP
        above, below = (slope(rows, theta + sign * nudge, family) for sign in (1, -1))
        scale = np.abs(here.hessian).max() + np.abs(here.gradient).max() + 1e-3
        numeric = (above.loss - below.loss) / (2 * STEP)
        np.testing.assert_allclose(here.gradient[:, number], numeric, atol=1e-6 * scale)
        curved = (above.gradient - below.gradient) / (2 * STEP)
        np.testing.assert_allclose(here.hessian[:, number], curved, atol=1e-5 * scale)


@given(given_=thetas())
@settings(max_examples=60)
def test_on_an_exact_curve_the_hessian_is_that_of_gauss_and_newton(given_):
    family, theta = given_
    rows = rows_of(np.zeros(len(T)))
    shape = 0.3 * np.expm1(theta[:, 2:])
    rows.y[:] = share(family, theta[:, :1] + np.exp(theta[:, 1:2]) * rows.time, shape if family == "richards" else 1.0)
    here = slope(rows, theta, family)
    scale = np.abs(here.gauss).max() + 1e-12
    np.testing.assert_allclose(here.hessian / scale, here.gauss / scale, atol=1e-9)
    np.testing.assert_allclose(here.gradient / scale, 0, atol=1e-9)


@given(given_=thetas())
@settings(max_examples=40)
def test_a_curve_does_not_depend_on_where_its_time_begins(given_):
    family, theta = given_
    rows = rows_of(noisy(1))
    there, moved = rows.centred(theta)
    np.testing.assert_allclose(losses(there, moved, family), losses(rows, theta, family), rtol=1e-9)
    np.testing.assert_allclose(there.since(moved, rows.origin), theta, atol=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_descent_stays_within_bounds(family):
    """Growth without an end draws the midpoint away for ever, and a step the rate."""
    rows = rows_of(np.stack([np.exp(0.3 * (T - T[-1])), (T > 17).astype(float), 1 - T / 40]))
    begin = np.array([[0.0, 2.0, 1.0][: 3 if family == "richards" else 2]] * 3)
    theta, loss, _ = descend(rows, bounded(rows, begin, family), family)
    np.testing.assert_allclose(theta, bounded(rows, theta, family), atol=1e-9)
    np.testing.assert_allclose(loss, losses(rows, theta, family), rtol=1e-9, atol=1e-15)
    assert (loss <= losses(rows, bounded(rows, begin, family), family)).all()


def test_a_descent_that_cannot_win_is_given_up():
    rows = rows_of(np.stack([noisy(1), noisy(2)]))
    begin = np.array([[0.0, 1.0], [0.0, 1.0]])
    _, alone, _ = descend(rows, begin, "logistic")
    _, given_up, _ = descend(rows, begin, "logistic", beat=alone * [0.5, 2.0])
    assert given_up[1] == pytest.approx(alone[1], rel=1e-9)
    assert given_up[0] >= alone[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_standard_errors_are_those_of_many_noisy_curves(family):
    """Independent noise: the spread of the fitted parameters is what each fit says of itself."""
    random = np.random.default_rng(7)
    exact = 1000 * share(family, 0.2 * (T - 20)[None], np.array([[1.0]]))
    found = fit_curves(exact + random.normal(0, 5, (300, len(T))), family=family)
    assert found.identified.all()
    for errors, values in (
        (found.final_size_error, np.log(found.final_size)),
        (found.midpoint_error, found.midpoint),
    ):
        assert np.median(errors) == pytest.approx(values.std(), rel=0.3)


@pytest.mark.parametrize("row", [[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 0.4, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0, 0, 1]])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_step_is_fitted_and_its_rate_is_not_told(row, family):
    found = fit_curve(np.array(row) * 700.0, family=family)
    assert found.sse < 1e-6 * 700**2
    assert found.final_size < 1.5 * 700
    assert not found.identified


def test_a_direction_that_is_flat_but_for_rounding_is_not_told():
    """Two counts far from the others and from each other: the curve may rise anywhere between."""
    found = fit_curve(np.r_[1.0, np.full(500, np.nan), 2, np.full(9, np.nan), 5, 6])
    assert not found.identified
    assert found.midpoint_error > 100


def test_no_error_is_nothing():
    _, errors = sizes(rows_of(np.exp(-np.exp(-0.05 * (T - 400)))), np.array([[-4.4, 0.7]]), "gompertz")
    assert (errors > 1e-9).all()
    assert np.isfinite(errors).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_where_a_row_begins_and_what_stands_beside_it_changes_nothing(family):
    """Rows of many lengths, with holes, some of them steps: which one is identified must not hang on rounding."""
    random = np.random.default_rng(3)
    rows = np.full((60, 90), np.nan)
    for number, row in enumerate(rows):
        periods = random.integers(6, 70)
        t = np.arange(periods)
        values = (
            5000 * share("gompertz", random.uniform(0.03, 1) * (t - random.uniform(0, 1.2 * periods))[None])[0],
            np.cumsum(random.poisson(random.uniform(0, 3), periods)).astype(float),
            np.where(t > random.integers(periods), 80.0, 2.0),
        )[number % 3]
        values[random.random(periods) < 0.1] = np.nan
        begin = random.integers(0, 90 - periods)
        row[begin : begin + periods] = values
    together = fit_curves(rows, family=family)
    order = random.permutation(len(rows))
    turned = fit_curves(rows[order], family=family)
    later = fit_curves(np.concatenate([np.full((60, 11), np.nan), rows], axis=1), family=family)
    least = 5 if family == "richards" else 4
    enough = (np.isfinite(rows).sum(axis=1) >= least) & (np.nan_to_num(rows).max(axis=1) > 0)
    assert np.isfinite(together.final_size[enough]).all()
    told = together.identified
    assert 10 < told.sum() < 55
    for other, take, shift in ((turned, order, 0), (later, slice(None), 11)):
        np.testing.assert_array_equal(other.identified, told[take])
        np.testing.assert_array_equal(other.converged, together.converged[take])
        told_there = told[take]
        for name in ("final_size", "growth_rate", "sse"):
            ours, theirs = (getattr(found, name) for found in (together, other))
            np.testing.assert_allclose(theirs[told_there], ours[take][told_there], rtol=1e-6, atol=1e-9)
        midpoints = together.midpoint[take][told_there]
        np.testing.assert_allclose(other.midpoint[told_there] - shift, midpoints, rtol=1e-6, atol=1e-6)


@given(
    counts=st.lists(st.floats(-1e6, 1e9) | st.just(np.nan) | st.sampled_from([0.0, 1e9]), min_size=5, max_size=30),
    unit=st.sampled_from([1e-300, 1e-9, 1.0, 1e9, 1e200]),
)
@settings(max_examples=60)
def test_whatever_is_counted_free_shapes_fit_best_and_all_is_finite(counts, unit):
    row = np.array(counts)
    before = row * unit
    assume(np.isfinite(row).sum() >= 5)
    assume((np.nan_to_num(before) > 0).any())
    found = [fit_curve(before, family=family) for family in FAMILIES]
    np.testing.assert_array_equal(before, row * unit)
    for one in found:
        numbers = [one.final_size, one.growth_rate, one.midpoint, one.final_size_error, one.midpoint_error]
        assert np.isfinite(numbers).all()
        assert one.growth_rate > 0
        assert one.sse >= 0
    if unit == 1:
        logistic, gompertz, richards = (one.sse for one in found)
        slack = 1e-10 * np.nansum(row**2)
        assert richards <= 1.001 * min(logistic, gompertz) + slack


@pytest.mark.parametrize("family", ["logistic", "gompertz"])
@given(data=st.data())
@settings(max_examples=60)
def test_an_exact_curve_is_recovered_however_few_or_late_its_counts(family, data):
    periods = data.draw(st.integers(8, 120))
    rate = data.draw(st.floats(4.0 / periods, 0.5))
    midpoint = data.draw(st.floats(0.0, 1.0)) * periods
    exact = 3e4 * share(family, rate * (np.arange(periods) - midpoint)[None])[0]
    found = fit_curve(exact, family=family)
    assert found.sse <= 1e-9 * (exact**2).sum()
    if found.identified:
        assert found.final_size == pytest.approx(3e4, rel=1e-3)
        assert found.growth_rate == pytest.approx(rate, rel=1e-3)
