import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.errors import ModelError, ReporterError, TooShortError
from reporter.models import classic
from reporter.models.sigmoid import fit_curve, fit_curves

T = np.arange(60.0)


def curve(size, rate, midpoint, t=T):
    return size / (1 + np.exp(-rate * (t - midpoint)))


@given(
    size=st.floats(1e-3, 1e9),
    rate=st.floats(0.08, 1.0),
    midpoint=st.floats(5.0, 50.0),
)
def test_an_exact_curve_is_recovered(size, rate, midpoint):
    found = fit_curve(curve(size, rate, midpoint))
    assert found.converged
    assert found.identified
    np.testing.assert_allclose([found.final_size, found.growth_rate], [size, rate], rtol=1e-5)
    np.testing.assert_allclose(found.midpoint, midpoint, atol=1e-4)


def test_it_finds_the_same_least_squares_as_scipy(jhu, jhu_early):
    """An independent solver, one place at a time: the classic model's."""
    for history in (jhu, jhu_early):
        rows = np.full(history.counts.shape, np.nan)
        for i, row in enumerate(history.counts):
            above = row[int(np.argmax(row > classic.START)) :]
            rows[i, : len(above)] = above
        curves = fit_curves(rows)
        assert curves.converged.all()
        for i, row in enumerate(history.counts):
            ours = [curves.final_size[i], curves.growth_rate[i], curves.midpoint[i]]
            np.testing.assert_allclose(ours, classic.fit(row), rtol=2e-4)


def test_a_batch_is_its_rows(jhu):
    together = fit_curves(jhu.counts)
    for i, row in enumerate(jhu.counts):
        alone = fit_curve(row)
        np.testing.assert_allclose(together.final_size[i], alone.final_size, rtol=1e-9)
        np.testing.assert_allclose(together.sse[i], alone.sse, rtol=1e-9)


def test_days_without_a_count_carry_no_weight():
    noisy = curve(5000, 0.2, 30) + 40 * np.sin(T * 1.7)
    holes = noisy.copy()
    holes[[0, 11, 12, 40, 59]] = np.nan
    known = np.isfinite(holes)
    found = fit_curve(holes)
    assert found.sse == pytest.approx(np.sum((found.at(T) - holes)[known] ** 2))
    for nudge in ([1e-4, 0, 0], [0, 1e-6, 0], [0, 0, 1e-4], [-1e-4, 0, 0], [0, -1e-6, 0], [0, 0, -1e-4]):
        moved = curve(found.final_size * (1 + nudge[0]), found.growth_rate + nudge[1], found.midpoint + nudge[2])
        assert np.sum((moved - holes)[known] ** 2) >= found.sse * (1 - 1e-12)


def test_counts_in_another_unit_give_the_same_curve():
    noisy = curve(5000, 0.2, 30) + 40 * np.sin(T * 1.7)
    one, thousand = fit_curve(noisy), fit_curve(noisy * 1000)
    assert thousand.final_size == pytest.approx(one.final_size * 1000, rel=1e-9)
    assert thousand.growth_rate == pytest.approx(one.growth_rate, rel=1e-9)


@pytest.mark.parametrize("family", ["logistic", "gompertz", "richards"])
@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1e9, 1e240])
def test_no_unit_is_too_small_or_too_great(family, unit):
    noisy = curve(5000, 0.2, 30) + 40 * np.sin(T * 1.7)
    one, other = fit_curve(noisy, family), fit_curve(noisy * unit, family)
    assert other.final_size == pytest.approx(one.final_size * unit, rel=1e-6)
    assert other.midpoint == pytest.approx(one.midpoint, rel=1e-6)
    assert other.identified


@pytest.mark.parametrize("family", ["logistic", "gompertz", "richards"])
def test_counts_may_come_in_any_form(family):
    counts = np.round(curve(5000, 0.2, 30) + 40 * np.sin(T * 1.7))
    fixed = counts.copy()
    fixed.flags.writeable = False
    expected = fit_curve(counts, family)
    for form in (fixed, counts.astype(int), counts.astype(np.float32), list(counts), np.repeat(counts, 3)[::3]):
        assert fit_curve(form, family) == expected
    missing = [None, *counts[1:]]
    assert fit_curve(missing, family) == fit_curve(np.r_[np.nan, counts[1:]], family)


def test_no_rows_are_no_curves():
    assert fit_curves(np.empty((0, 10))).final_size.shape == (0,)
    with pytest.raises(TooShortError, match="only 0 counts"):
        fit_curves(np.empty((5, 0)))
    with pytest.raises(ModelError, match="not a row for each series"):
        fit_curves(T)


def test_ten_thousand_periods():
    t = np.arange(10_000.0)
    found = fit_curve(curve(5e5, 0.004, 6000, t))
    assert found.identified
    assert found.midpoint == pytest.approx(6000)


def test_an_end_that_is_not_in_sight_is_not_identified():
    found = fit_curve(np.exp(0.2 * T))
    assert not found.identified
    assert np.isfinite([found.final_size, found.growth_rate, found.midpoint]).all()
    assert found.growth_rate == pytest.approx(0.2, rel=1e-3)


def test_rows_with_nothing_to_fit_do_not_spoil_the_others():
    rows = np.stack([np.zeros(60), curve(5000, 0.2, 30), np.full(60, np.nan)])
    found = fit_curves(rows)
    assert np.isnan(found.final_size[[0, 2]]).all()
    assert not found.identified[[0, 2]].any()
    assert found.final_size[1] == pytest.approx(5000)


@pytest.mark.parametrize("row", [np.full(9, 7.0), -np.arange(9.0) + 3, np.r_[np.zeros(8), 1e9], np.full(9, 1e200)])
def test_awkward_rows_give_finite_curves(row):
    found = fit_curve(row)
    assert np.isfinite([found.final_size, found.growth_rate, found.midpoint]).all()


@pytest.mark.parametrize(
    ("counts", "family", "error", "says"),
    [
        (T, "spline", ModelError, "unknown curve 'spline'"),
        (T[:3], "logistic", TooShortError, "only 3 counts so far; needs 4"),
        (np.r_[1.0, np.nan, np.nan, 2, 3], "logistic", TooShortError, "only 3 counts so far; needs 4"),
        (np.r_[T, np.inf], "logistic", ModelError, "infinite"),
        (np.zeros(9), "logistic", ModelError, "no count is above 0"),
        (T[:4] + 1, "richards", TooShortError, "only 4 counts so far; needs 5"),
        (np.r_[T, 1e251], "gompertz", ModelError, "infinite, or beyond 1e[+]250"),
        (np.stack([T, T]), "logistic", ModelError, r"shape \(2, 60\), not one series"),
        (T + 1j, "logistic", ModelError, "complex"),
        (["a", "b", "c", "d"], "logistic", ModelError, "not numbers"),
        ([1, 2, 4, 10**400], "logistic", ModelError, "not numbers"),
    ],
)
def test_what_cannot_be_fitted_is_refused(counts, family, error, says):
    with pytest.raises(error, match=says) as raised:
        fit_curve(counts, family=family)
    assert isinstance(raised.value, ReporterError)
