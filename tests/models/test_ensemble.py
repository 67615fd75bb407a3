"""The ensemble: weights by past skill, quantiles averaged, ranges held to their promise; whatever is on record."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from reporter import score
from reporter.dates import Cadence
from reporter.errors import ModelError
from reporter.models import REGISTRY, calibration, combiners, load_combiner, members, plain, weighing
from reporter.models.base import History
from reporter.models.ensemble import SILENT, averaged
from reporter.models.past import Past, came
from reporter.schema import INTERVALS, LEVELS, MEDIAN

NORMAL = special.ndtri(np.array(LEVELS))
H = 3


def history(counts, target="wk inc covid hosp", population=np.nan):
    """Weekly counts (S, T) of one target, or of the targets given."""
    counts = np.array(counts, dtype=np.float64, ndmin=2)
    targets = (target,) * len(counts) if isinstance(target, str) else tuple(target)
    dates = np.datetime64("2024-01-06") + 7 * np.arange(counts.shape[1])
    places = tuple(f"place {number}" for number in range(len(counts)))
    return History(Cadence.WEEK, dates, targets, places, counts, np.full(len(counts), population))


def spread(middle, sigma):
    """Quantiles of a normal on the log1p scale: (...) medians to (..., 23)."""
    return np.maximum(np.expm1(np.log1p(np.maximum(middle, 0))[..., None] + sigma * NORMAL), 0)


@pytest.fixture
def walk():
    """Twenty places that walk at random, and what came after each of the newest 30 dates."""
    draws = np.random.default_rng(5)
    steps = draws.normal(0, 0.2, (20, 90))
    return history(np.round(np.exp(6 + np.cumsum(steps, axis=1))))


def said(known, dates=30, **sigmas):
    """A past: each model says the last count with ranges of its own width, `sigma` times the root of the horizon."""
    references = known.dates[-dates - 1 : -1]
    newest = known.counts[:, -dates - 1 : -1].T
    width = np.sqrt(np.arange(1, H + 1))[:, None]
    told = {
        name: spread(np.repeat(newest[:, :, None], H, axis=2), sigma * width).astype(np.float32)
        for name, sigma in sigmas.items()
    }
    return Past(references, told, tuple(sigmas))


def now(known, **sigmas):
    """What the same models say from the last date."""
    width = np.sqrt(np.arange(1, H + 1))[:, None]
    newest = np.repeat(known.counts[:, -1][:, None], H, axis=1)
    return {name: spread(newest, sigma * width) for name, sigma in sigmas.items()}


@pytest.fixture(params=combiners(REGISTRY))
def combiner(request):
    return load_combiner(request.param)


def check(answer, start):
    """The contract of `models.base`, and what is said of totals."""
    assert answer.values.shape == (len(start.targets), H, len(LEVELS))
    for number, values in enumerate(answer.values):
        if number in answer.refused:
            assert np.isnan(values).all()
            continue
        assert np.isfinite(values).all()
        assert (values >= 0).all()
        assert (np.diff(values, axis=1) >= 0).all()
        if start.cumulative[number]:
            assert (np.diff(values, axis=0) >= 0).all()
            known = start.counts[number][np.isfinite(start.counts[number])]
            assert (values >= known[-1]).all()
    return answer


def ask(combiner, known, past, told, start=None):
    start = known if start is None else start
    return check(combiner.learn(known, past, H)(start, told), start)


# ------------------------------------------------------------------------- what came, and who is a member


def test_a_period_that_is_not_over_has_not_come():
    known = history([[1, 2, 3, 4, 5]])
    found = came(known, known.dates[2:], 3)[:, 0]
    np.testing.assert_array_equal(found, [[4, 5, np.nan], [5, np.nan, np.nan], [np.nan] * 3])
    earlier = came(known, known.dates[:1] - 7, 3)[:, 0]
    np.testing.assert_array_equal(earlier, [[1, 2, 3]])
    assert np.isnan(came(known, known.dates[:3] + 1, 3)).all(), "other weekdays are none of its periods"
    assert came(known, known.dates[:0], 3).shape == (0, 1, 3)


def test_counts_are_held_against_as_published():
    known = history([[1, 2, 300, 4]])
    treated = dataclasses.replace(known, counts=np.array([[1.0, 2, 3, 4]]), published=known.counts)
    assert came(treated, known.dates[1:2], 1).item() == 300


def test_no_combiner_and_no_point_forecast_is_combined():
    assert combiners(REGISTRY) == ("blend", "ensemble")
    assert plain(["ensemble", "sigmoid", "blend", "classic"]) == ("sigmoid", "classic")
    assert members(["ensemble", "sigmoid", "blend", "classic"]) == ("sigmoid",)


# ------------------------------------------------------------------------- the average


def test_the_score_is_the_weighted_interval_score():
    draws = np.random.default_rng(1)
    quantiles = np.sort(draws.normal(50, 20, (40, len(LEVELS))), axis=1)
    observed = draws.normal(50, 30, 40)
    expected = score.weighted_interval_score(quantiles.copy(), observed).total
    np.testing.assert_allclose(weighing.wis(quantiles, observed), expected)


def test_quantiles_are_averaged_on_the_log_scale():
    values = np.stack([np.full((1, 1, 23), 9.0), np.full((1, 1, 23), 99.0)])
    np.testing.assert_allclose(averaged(values, np.ones((2, 1, 1))), np.sqrt(10 * 100) - 1)
    values[1, 0, 0, 5] = np.nan
    np.testing.assert_allclose(averaged(values, np.ones((2, 1, 1))), 9)


def test_without_a_past_all_weigh_the_same(combiner, walk):
    nothing = Past(walk.dates[:0], dict.fromkeys("ab", np.empty((0, 20, H, 23), np.float32)), ("a", "b"))
    told = now(walk, a=0.1, b=0.4)
    answer = ask(combiner, walk, nothing, told)
    np.testing.assert_allclose(answer.values, averaged(np.stack(list(told.values())), np.ones((2, 20, H))))


def shares(known, past):
    """Each member's share, (M, G, H)."""
    found = weighing.weigh(known, past, came(known, past.references, H)).values
    return found / found.sum(axis=0)


def test_the_better_weighs_more_and_ever_more_so(walk):
    few, many = (shares(walk, said(walk, dates, good=0.2, wide=0.8, wider=1.6)) for dates in (3, 30))
    assert (few[0] > few[1]).all()
    assert (few[1] > few[2]).all()
    assert (many[0] > few[0]).all()


def test_each_target_and_horizon_has_weights_of_its_own_shrunk_to_the_others(walk):
    """A model that is right about one target only."""
    two = dataclasses.replace(walk, targets=("wk inc covid hosp",) * 10 + ("wk inc flu hosp",) * 10)
    past = said(two, a=0.2, b=0.2)
    past.told["a"][:, 10:] *= 2
    found = shares(two, past)
    assert (found[0, 1] < 0.25).all()
    assert (found[0, 0] > found[0, 1]).all()
    alone = shares(two, said(two, a=0.2, b=0.2))
    np.testing.assert_allclose(alone, 0.5)
    assert (found[0, 0] < 0.5).all(), "what it got wrong elsewhere counts a little here too"
    past = said(two, a=0.2, b=0.2)
    past.told["a"][:, :, 2] *= 2
    by_horizon = shares(two, past)[0, 0]
    assert by_horizon[2] < by_horizon[0]


def test_older_errors_count_less(walk):
    early, late = said(walk, a=0.2, b=0.2), said(walk, a=0.2, b=0.2)
    early.told["a"][:5] *= 3
    late.told["a"][-8:-3] *= 3
    assert shares(walk, late)[0, 0, 0] < shares(walk, early)[0, 0, 0] < 0.5


def test_a_member_that_joined_is_neither_praised_nor_blamed_for_what_it_missed(walk):
    past = said(walk, a=0.2, b=0.2, c=0.2)
    past.told["c"][:-4] = np.nan
    np.testing.assert_allclose(shares(walk, past), 1 / 3)
    past = said(walk, a=0.2, b=0.2, never=0.2)
    past.told["never"][:] = np.nan
    np.testing.assert_allclose(shares(walk, past), 1 / 3)


def test_weights_are_by_what_all_of_the_dates_know_and_nothing_later(combiner, walk):
    """Whatever was said of periods that are not over yet touches nothing."""
    past = said(walk, a=0.2, b=0.5)
    other = said(walk, a=0.2, b=0.5)
    open_ = np.isnan(came(walk, past.references, H))
    assert open_.any()
    for told in other.told.values():
        told[open_] *= 50
    told = now(walk, a=0.2, b=0.5)
    first, second = ask(combiner, walk, past, told), ask(combiner, walk, other, told)
    assert first.values.tobytes() == second.values.tobytes()
    other.told["a"][0] *= 50
    assert ask(combiner, walk, other, told).values.tobytes() != first.values.tobytes()


def test_the_order_of_the_settings_changes_no_byte(combiner, walk):
    past, told = said(walk, a=0.2, b=0.5, c=0.3), now(walk, a=0.2, b=0.5, c=0.3)
    turned = Past(past.references, dict(reversed(past.told.items())), past.members[::-1])
    first = ask(combiner, walk, past, told)
    second = ask(combiner, walk, turned, dict(reversed(told.items())))
    assert first.values.tobytes() == second.values.tobytes()


# ------------------------------------------------------------------------- the calibration


def factors(known, sigma, dates=30):
    past = said(known, dates, blend=sigma)
    return calibration.learn(known, past.references, past.told["blend"], came(known, past.references, H))


def held(quantiles, truth, nominal):
    low, high = (quantiles[..., level] for level in INTERVALS[nominal])
    known = np.isfinite(truth)
    return ((low <= truth) & (truth <= high))[known].mean()


@pytest.mark.parametrize("sigma", [0.12, 0.2, 0.33])
def test_past_ranges_would_have_held_as_they_promise(walk, sigma, monkeypatch):
    monkeypatch.setattr(calibration, "PRIOR", 0.0)
    monkeypatch.setattr(calibration, "MOST", 2.0)
    past = said(walk, blend=sigma)
    truth = came(walk, past.references, H)
    spread_ = factors(walk, sigma).of(walk.targets, H)
    again = np.stack([calibration.stretched(one.astype(np.float64), spread_) for one in past.told["blend"]])
    for nominal in calibration.NOMINAL:
        before = abs(held(past.told["blend"], truth, nominal) - nominal / 100)
        after = abs(held(again, truth, nominal) - nominal / 100)
        assert after < max(before, 0.05)
        assert after < 0.1


def test_ranges_of_the_right_width_stay(walk):
    np.testing.assert_allclose(factors(walk, 0.2).of(walk.targets, H), 1, atol=0.15)


def test_few_dates_move_little_and_none_nothing(walk):
    few, many = (np.log(factors(walk, 0.1, dates).of(walk.targets, H)) for dates in (2, 30))
    assert (np.abs(few) < np.abs(many)).all()
    assert (factors(walk, 0.1, 0).of(walk.targets, H) == 1).all()
    assert (factors(walk, 0.1).of(("wk inc flu hosp",), H) > 1).all(), "another target takes what all have in common"


def test_likely_and_wide_ranges_are_scaled_apart(walk):
    """Tails that are far too thin, under a middle that is right."""
    past = said(walk, blend=0.2)
    logs = np.log1p(past.told["blend"].astype(np.float64))
    middle = logs[..., MEDIAN, None]
    thin = np.clip(logs - middle, -0.3, 0.3) * 1.0
    found = calibration.learn(walk, past.references, np.expm1(middle + thin), came(walk, past.references, H))
    factor = found.of(walk.targets, H)[0, 2]
    assert factor[INTERVALS[95][1]] > 1.1 * factor[INTERVALS[50][1]]
    assert factor[INTERVALS[95][0]] == factor[INTERVALS[95][1]]


@given(
    st.lists(st.floats(0, 1e9), min_size=23, max_size=23).map(sorted),
    st.lists(st.floats(0.1, 10), min_size=23, max_size=23),
)
def test_stretched_quantiles_never_cross_and_keep_their_median(values, scale):
    found = calibration.stretched(np.array([[values]]), np.array([[scale]]))[0, 0]
    assert (np.diff(found) >= 0).all()
    assert found[MEDIAN] == values[MEDIAN]
    assert (found >= 0).all()
    assert np.isfinite(found).all()


def test_ranges_on_record_are_what_counts(walk):
    """The blend's own are wrong by far, whatever its members said."""
    past = said(walk, a=0.2, b=0.2)
    told = now(walk, a=0.2, b=0.2)
    plain_ = ask(load_combiner("ensemble"), walk, past, told).values
    past.told["blend"] = said(walk, x=0.05).told["x"]
    wider = ask(load_combiner("ensemble"), walk, past, told).values
    low, high = INTERVALS[95]
    assert (wider[..., high] - wider[..., low] > 1.1 * (plain_[..., high] - plain_[..., low])).all()
    np.testing.assert_array_equal(wider[..., MEDIAN], plain_[..., MEDIAN])


# ------------------------------------------------------------------------- whatever is asked of it


def test_a_member_that_says_nothing_is_left_out(combiner, walk):
    past = said(walk, a=0.2, b=0.2, gone=0.2)
    told = now(walk, a=0.2, b=0.2)
    whole = ask(combiner, walk, past, told)
    assert not whole.refused
    silent = ask(combiner, walk, past, told | {"gone": np.full((20, H, 23), np.nan)})
    assert silent.values.tobytes() == whole.values.tobytes()
    told["a"][3] = np.nan
    alone = ask(load_combiner("blend"), walk, past, told)
    np.testing.assert_allclose(alone.values[3], told["b"][3])


def test_a_place_that_nobody_speaks_of_is_refused_in_words(combiner, walk):
    told = now(walk, a=0.2, b=0.2)
    for one in told.values():
        one[[2, 7]] = np.nan
    assert ask(combiner, walk, said(walk, a=0.2, b=0.2), told).refused == {2: SILENT, 7: SILENT}


def test_nobody_to_combine_is_a_failure_by_name(combiner, walk):
    with pytest.raises(ModelError, match="every model that it combines failed, or there is none"):
        combiner.learn(walk, said(walk, a=0.2), H)(walk, {})


def test_a_place_that_joins_takes_the_weights_of_its_target(combiner, walk):
    fewer = dataclasses.replace(
        walk,
        targets=walk.targets[1:],
        locations=walk.locations[1:],
        counts=walk.counts[1:],
        population=walk.population[1:],
    )
    past = said(fewer, a=0.2, b=0.8)
    answer = ask(combiner, fewer, past, now(walk, a=0.2, b=0.8), start=walk)
    assert not answer.refused
    late = said(walk, a=0.2, b=0.8)
    for told in late.told.values():
        told[:, 0] = np.nan
    assert not ask(combiner, walk, late, now(walk, a=0.2, b=0.8)).refused


@pytest.mark.parametrize("dates", [0, 1, 2, 30])
@pytest.mark.parametrize("case", ["zeros", "perfect", "leap", "holes", "short", "corrected"])
def test_a_past_of_any_kind_gives_a_sane_forecast(combiner, walk, case, dates):
    counts = walk.counts.copy()
    if case == "zeros":
        counts[:] = 0
    elif case == "leap":
        counts[:, -1] *= 100
    elif case == "corrected":
        counts[:, [-9, -3]] = -4000
    known = history(counts)
    past, told = said(known, dates, a=0.2, b=0.5), now(known, a=0.2, b=0.5)
    match case:
        case "perfect":
            right = np.repeat(came(known, past.references, H)[..., None], 23, axis=3).astype(np.float32)
            past = Past(past.references, {"a": right, "b": right}, ("a", "b"))
        case "holes":
            past.told["a"][::2] = np.nan
            past.told["b"][:, 3] = np.nan
        case "short":
            past.told["a"][..., 1:, :] = np.nan
    answer = ask(combiner, known, past, told)
    assert not answer.refused
    low, high = (np.minimum(told["a"], told["b"]), np.maximum(told["a"], told["b"]))
    middle = answer.values[..., MEDIAN]
    assert (middle >= low[..., MEDIAN] * 0.999).all()
    assert (middle <= high[..., MEDIAN] * 1.001).all()
    assert (answer.values[..., -1] <= 1 + 1.001 * (1 + high[..., -1]) ** 2).all()


def test_no_total_falls_below_what_was_counted(combiner):
    total = np.cumsum(np.full((2, 60), 10.0), axis=1)
    total[0, -2:] = np.nan
    known = history(total, "cum confirmed cases")
    past = said(known, a=0.2, b=0.05)
    past.told["a"][:, :, 0] *= 3  # so that each horizon has weights of its own
    told = now(history(np.nan_to_num(total, nan=580), "cum confirmed cases"), a=0.2, b=0.05)
    answer = ask(combiner, known, past, told)
    assert (answer.values[0] >= 580).all()
    assert (answer.values[1] >= 600).all()


def test_nobody_has_more_cases_than_people(combiner, walk):
    few = dataclasses.replace(walk, population=np.full(20, 300.0))
    assert ask(combiner, few, said(walk, a=0.2), now(walk, a=0.2)).values.max() <= 300


def test_counts_left_as_they_were(combiner, walk):
    past, told = said(walk, a=0.2, b=0.5, blend=0.3), now(walk, a=0.2, b=0.5)
    before = [one.copy() for one in (*past.told.values(), *told.values(), walk.counts)]
    ask(combiner, walk, past, told)
    for one, kept in zip((*past.told.values(), *told.values(), walk.counts), before, strict=True):
        np.testing.assert_array_equal(one, kept)
