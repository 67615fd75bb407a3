from dataclasses import replace

import numpy as np
import pytest

from reporter.dates import Cadence
from reporter.models.baseline import Baseline
from reporter.models.sigmoid import Sigmoid
from reporter.schema import LEVELS, MEDIAN

T = np.arange(60.0)


def curve(t, final_size, growth_rate, midpoint):
    return final_size / (1 + np.exp(-growth_rate * (t - midpoint)))


def wis(quantiles, observed):
    error = observed[..., None] - quantiles
    levels = np.array(LEVELS)
    return 2 * np.maximum(levels * error, (levels - 1) * error).mean(axis=-1)


@pytest.mark.parametrize("midpoint", [35.0, 45.0, 58.0])
def test_a_logistic_epidemic_is_continued(make, midpoint):
    known = curve(T, 50_000.0, 0.18, midpoint)
    to_come = curve(np.arange(60.0, 67.0), 50_000.0, 0.18, midpoint)
    values = Sigmoid().forecast(make(known, "cum confirmed cases"), 7, seed=0).values[0]
    np.testing.assert_allclose(values[:, MEDIAN], to_come, rtol=0.02)


def test_new_cases_of_a_logistic_epidemic_turn_at_their_peak(make):
    """Three places; after the peak the forecast falls, before it the forecast rises."""
    midpoints = np.array([50.0, 58.0, 66.0])
    new = np.diff(curve(np.arange(-1.0, 60.0), 50_000.0, 0.18, midpoints[:, None]), axis=1)
    medians = Sigmoid().forecast(make(new), 7, seed=0).values[:, :, MEDIAN]
    assert (np.diff(medians[0]) < 0).all()
    assert (np.diff(medians[2])[:4] > 0).all()


def test_a_forecast_starts_where_the_data_is(nhsn, rki):
    weekly = Sigmoid().forecast(nhsn, 1, seed=0).values[:, 0, MEDIAN]
    np.testing.assert_allclose(weekly, nhsn.counts[:, -1], rtol=0.35)
    daily = Sigmoid().forecast(rki, 7, seed=0).values[0, :, MEDIAN]
    assert daily.mean() == pytest.approx(rki.counts[0, -7:].mean(), rel=0.3)


def test_endless_growth_does_not_run_away(make):
    rows = np.cumsum(np.exp(0.25 * T)[None] * [[1.0], [3.0]], axis=1)
    values = Sigmoid().forecast(make(rows, "cum confirmed cases"), 14, seed=0).values
    assert values.max() < rows.max() * np.exp(0.3 * 20)


def test_it_beats_no_change_on_april_2020(jhu, jhu_early):
    truth = jhu.counts[:, -7:]
    history = type(jhu_early)(
        jhu_early.cadence, jhu.dates[:-7], jhu_early.targets, jhu_early.locations,
        np.ascontiguousarray(jhu_early.counts[:, : len(jhu.dates) - 7]), jhu_early.population,
    )  # fmt: skip
    ours, base = (wis(m.forecast(history, 7, seed=0).values, truth) for m in (Sigmoid(), Baseline()))
    assert (ours.mean(axis=0) < base.mean(axis=0)).all()
    assert ours.mean() < 0.3 * base.mean()


def test_an_undercounted_past_does_not_widen_the_present(make):
    """A place whose early counts were a hundredth of the later ones is no less sure of the later ones."""
    t = np.arange(150)
    level = 2000 * np.exp(0.3 * np.sin(t / 8))
    under = np.where(t < 110, level / 100, level)
    wide, narrow = (
        Sigmoid().forecast(make(np.round(row), "wk inc rsv hosp", Cadence.WEEK), 2, seed=0).values[0]
        for row in (under, level)
    )
    assert wide[0, -1] / wide[0, 0] < 3 * narrow[0, -1] / narrow[0, 0]


def test_ranges_hold_counts_as_published(make):
    """Odd counts are kept out of the level, not out of the errors: what comes will have some too."""
    random = np.random.default_rng(4)
    rows = random.poisson(2000 * np.exp(0.2 * np.sin(np.arange(150) / 20)), (3, 150)).astype(float)
    treated = make(rows)
    odd = np.where(random.random(rows.shape) < 0.15, rows * random.uniform(0.3, 2.0, rows.shape), rows)
    plain, wide = (
        Sigmoid().forecast(history, 3, seed=0).values for history in (treated, replace(treated, published=odd))
    )
    assert (wide[:, :, -2] - wide[:, :, 1] > 2 * (plain[:, :, -2] - plain[:, :, 1])).all()
    np.testing.assert_allclose(wide[:, :, MEDIAN], plain[:, :, MEDIAN], rtol=0.1)


def ranges(values):
    """Upper over lower end of the 95 % range, at each horizon."""
    return values[:, -2] / values[:, 1]


@pytest.mark.parametrize("periods", [14, 20, 23])
def test_a_history_that_has_hardly_begun_has_wide_ranges(make, periods):
    """There is no past forecast yet to hold against what came."""
    wide = ranges(Sigmoid().forecast(make(np.full(periods, 4000.0)), 7, seed=0).values[0])
    assert (wide > 1.5).all()
    assert (np.diff(wide) > 0).all()
    known = np.random.default_rng(2).poisson(4000, 90)
    assert ranges(Sigmoid().forecast(make(known), 7, seed=0).values[0]).max() < 1.3


def test_a_jump_to_ten_times_the_level_has_wide_ranges(make):
    """Errors made far below the present level say little, and there are no others."""
    counts = np.random.default_rng(2).poisson(1000, 90).astype(float)
    counts[-1] = 200_000
    assert (ranges(Sigmoid().forecast(make(counts), 7, seed=0).values[0]) > 1.5).all()
