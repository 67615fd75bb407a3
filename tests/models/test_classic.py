import numpy as np
import pytest

from reporter.errors import ModelError, TooShortError
from reporter.models.classic import START, Classic, fit, logistic


def test_it_is_the_first_authors_forecast(jhu):
    """He printed 506,870.8 for the US on 11 April 2020, from the counts to the 10th."""
    values = Classic().forecast(jhu, 3, seed=0).values[jhu.locations.index("US")]
    np.testing.assert_allclose(values[:, 0], [507_021, 526_334, 543_117], atol=1)
    np.testing.assert_allclose(values[0], 506_870.8, rtol=5e-4)


def test_it_is_the_first_authors_curve(jhu_early):
    found = fit(jhu_early.counts[jhu_early.locations.index("Italy")])
    np.testing.assert_allclose(found, [134_274.905, 0.180381, 23.563516], rtol=1e-5)


def test_he_gave_no_range(jhu):
    answer = Classic().forecast(jhu, 7, seed=0)
    assert not answer.refused
    assert (np.ptp(answer.values, axis=2) == 0).all()


def test_it_starts_strictly_above_a_thousand():
    t = np.arange(25.0)
    curve = logistic(t, 80_000, 0.25, 15)
    row = np.r_[10, 500, START, curve[curve > START]]
    size, rate, _ = fit(row)
    np.testing.assert_allclose([size, rate], [80_000, 0.25], rtol=1e-5)


def test_new_cases_are_refused(rki):
    assert "cumulative counts only" in Classic().forecast(rki, 7, seed=0).refused[0]


def test_too_few_days_are_refused():
    with pytest.raises(TooShortError, match="only 3 days since the first above 1,000; needs 5"):
        fit(np.array([100.0, 900, 1100, 2000, 3000]))


def test_never_above_a_thousand_is_refused():
    with pytest.raises(TooShortError, match="has not been above 1,000 yet"):
        fit(np.arange(100.0))


@pytest.mark.parametrize("row", [5000 - np.arange(30.0) ** 2, np.r_[np.full(20, 1001.0), 1e9]])
def test_what_has_no_s_shape_is_refused_or_finite(row):
    try:
        assert np.isfinite(fit(row)).all()
    except ModelError as error:
        assert "S-shaped" in str(error)  # noqa: PT017 - either is right, by the platform's arithmetic
