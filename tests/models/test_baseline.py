import numpy as np
import pytest

from reporter.dates import Cadence
from reporter.models.baseline import Baseline, no_change
from reporter.schema import LEVELS, MEDIAN


def test_the_median_is_the_last_value(jhu, nhsn):
    for history in (jhu, nhsn):
        values = Baseline().forecast(history, 4, seed=0).values
        np.testing.assert_array_equal(values[:, :, MEDIAN], np.repeat(history.counts[:, -1:], 4, axis=1))


def test_daily_new_cases_repeat_the_same_weekday(rki):
    values = Baseline().forecast(rki, 9, seed=0).values[0]
    last_week = rki.counts[0, -7:]
    np.testing.assert_array_equal(values[:, MEDIAN], np.r_[last_week, last_week[:2]])


def test_the_quantiles_are_those_of_past_changes():
    """Worked by hand: log1p changes are 0.1 up or down, so every quantile is 0.1 off."""
    logs = 5 + np.cumsum([0.0, 0.1, -0.1, 0.1, 0.1, -0.1, -0.1, 0.1, 0.1])
    values = no_change(np.expm1(logs), 1, season=1)[0]
    offsets = np.log1p(values) - logs[-1]
    np.testing.assert_allclose(offsets, 0.1 * np.sign(np.array(LEVELS) - 0.5), atol=1e-12)


def test_the_range_is_symmetric_on_the_log_scale(nhsn):
    logs = np.log1p(Baseline().forecast(nhsn, 4, seed=0).values)
    off = logs - logs[:, :, [MEDIAN]]
    inside = off[:, :, 0] > -logs[:, :, MEDIAN]
    np.testing.assert_allclose(off[inside], -off[inside][:, ::-1], atol=1e-9)


def test_longer_horizons_are_less_sure(nhsn):
    values = Baseline().forecast(nhsn, 4, seed=0).values
    width = np.log1p(values[:, :, -3]) - np.log1p(values[:, :, 2])
    assert (width[:, 3] > width[:, 0]).all()


@pytest.mark.parametrize("season", [1, 7])
def test_an_old_last_value_counts_from_its_own_day(season):
    row = np.round(1000 * np.exp(np.sin(np.arange(90) / 9)))
    late = np.r_[row, [np.nan] * 3]
    np.testing.assert_allclose(no_change(late, 4, season), no_change(row, 7, season)[3:])


def test_an_old_last_value_is_less_sure():
    row = 1000 * np.exp(np.sin(np.arange(90) / 9))
    fresh, late = no_change(row, 1, 1)[0], no_change(np.r_[row, [np.nan] * 5], 1, 1)[0]
    assert late[-1] - late[0] > fresh[-1] - fresh[0]


def test_too_little_is_refused_in_plain_words(make):
    answer = Baseline().forecast(make([5.0, 6.0], "cum confirmed cases"), 3, seed=0)
    assert answer.refused == {0: "only 2 counts so far; needs 5"}


def test_weeks_have_no_weekday(make):
    rows = np.arange(100.0, 150.0)
    values = Baseline().forecast(make(rows, "wk inc covid hosp", Cadence.WEEK), 3, seed=0).values
    np.testing.assert_array_equal(values[0, :, MEDIAN], 149)
