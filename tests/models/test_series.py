import dataclasses

import numpy as np

from reporter.dates import Cadence
from reporter.models.series import as_published, bounded, outcomes, steps
from reporter.models.windows import rhythm, winsorised


def test_totals_become_counts_per_day(make):
    given = steps(make([3.0, 5, np.nan, 11, 10, 20], "cum confirmed cases"), 3)
    np.testing.assert_array_equal(given.values, [[np.nan, 2, 3, 3, 0, 10]])
    assert given.last.tolist() == [20]


def test_new_cases_stay_and_holes_are_filled_on_the_log_scale(make):
    given = steps(make([np.nan, 3, np.nan, 0, -4, 8]), 3)
    np.testing.assert_allclose(given.values, [[np.nan, 3, 1, 0, 0, 8]])
    assert given.last.tolist() == [0]


def test_a_series_is_moved_to_its_last_count(make):
    given = steps(make([[1.0, 2, 3, 4], [1, 2, np.nan, np.nan]]), 2)
    np.testing.assert_array_equal(given.values[1], [np.nan, np.nan, 1, 2])
    assert given.age.tolist() == [0, 2]


def test_an_old_series_is_refused(make):
    rows = np.tile(np.arange(30.0), (2, 1))
    rows[1, 10:] = np.nan
    assert steps(make(rows, "wk inc flu hosp", Cadence.WEEK), 4).refused == {1: "its last count is 20 weeks old"}


def test_outcomes_are_counts_or_totals_to_come():
    found = outcomes(np.array([[1.0, 2, 3, 4]] * 2), 2, np.array([False, True]))
    np.testing.assert_array_equal(found[0, :3], [[2, 3], [3, 4], [4, np.nan]])
    np.testing.assert_array_equal(found[1, :3], [[2, 5], [3, 7], [4, np.nan]])


def test_what_forecasts_are_held_against_is_what_was_published(make):
    treated = make([[3.0, 5, 8, 11, 14, 20], [3, 5, 8, 11, np.nan, np.nan]], "cum confirmed cases")
    published = np.array([[3.0, 5, 5, 5, np.nan, 20], [3, 9, 8, 11, np.nan, np.nan]])
    history = dataclasses.replace(treated, published=published)
    found = as_published(history, steps(history, 3))
    np.testing.assert_array_equal(found[0], [np.nan, 2, 0, 0, 7.5, 7.5])
    np.testing.assert_array_equal(found[1], [np.nan, np.nan, np.nan, 6, -1, 3])
    holes = dataclasses.replace(make([1.0, 2, 3, 4]), published=np.array([[1.0, np.nan, -3, 4]]))
    np.testing.assert_array_equal(as_published(holes, steps(holes, 3)), [[1, np.nan, -3, 4]])


def test_numbers_that_leave_are_ordered_and_bounded(make):
    raw = np.array([[[9.0, -3, 4]], [[5, 1, 2]]])
    np.testing.assert_array_equal(bounded(raw, make(np.zeros((2, 3)), population=6)), [[[0, 4, 6]], [[1, 2, 5]]])
    np.testing.assert_array_equal(bounded(raw, make(np.zeros((2, 3)))), [[[0, 4, 9]], [[1, 2, 5]]])


def test_the_rhythm_of_a_week_is_found():
    week = np.array([1.4, 1.2, 1.1, 1.0, 1.0, 0.7, 0.6])
    counts = (200 * np.tile(week, 10))[None, None]
    np.testing.assert_allclose(np.exp(rhythm(counts, 7, 7))[0, 0], week, rtol=0.05)


def test_a_few_early_counts_make_no_rhythm():
    early = np.array([0, 9, 0, 0, 2, 0, 0, 0, 14, 0, 1, 0, 0, 3, 0, 21, 0, 0, 5, 0, 0], dtype=np.float64)
    late = 20 * np.exp(0.2 * np.arange(28))
    np.testing.assert_allclose(rhythm(np.concatenate([early, late])[None, None], 7, 7), 0, atol=0.1)


def test_growth_is_no_rhythm():
    counts = np.exp(0.1 * np.arange(70))[None, None]
    np.testing.assert_allclose(rhythm(counts, 7, 7), 0, atol=0.02)


def test_a_holiday_is_no_rhythm():
    week = np.array([1.4, 1.2, 1.1, 1.0, 1.0, 0.7, 0.6])
    counts = 200 * np.tile(week, 10)
    counts[-11] *= 0.1
    np.testing.assert_allclose(np.exp(rhythm(counts[None, None], 7, 7))[0, 0], week, rtol=0.07)


def test_odd_values_are_cut_to_the_bound():
    values = np.array([[1.0, 2, 3, 4, 90], [1, 2, 3, 4, 90]])
    weight = np.array([[1.0, 1, 1, 1, 1], [0, 0, 0, 0, 1]])
    np.testing.assert_allclose(winsorised(values, weight, 2.0), [[1, 2, 3, 4, 5], [90] * 5])
    np.testing.assert_allclose(winsorised(values, weight, 0.0, 1.5)[0], [1.5, 2, 3, 4, 4.5])
    pairs = np.array([[1.0, 2.0, 4.0, 100.0]])
    np.testing.assert_allclose(winsorised(pairs, np.ones((1, 4)), 0.0), [[3.0] * 4])
