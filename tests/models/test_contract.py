"""What every registered model keeps, whatever the counts."""

import dataclasses
import re

import numpy as np
import pytest

from reporter import told
from reporter.dates import Cadence
from reporter.models import REGISTRY, load, plain
from reporter.models.base import Quantiles
from reporter.models.series import NOT_LEARNT
from reporter.schema import LEVELS, MEDIAN, is_cumulative

HORIZONS = 5
DAILY, TOTAL, WEEKLY = "inc covid cases", "cum confirmed cases", "wk inc covid hosp"
KINDS = [(DAILY, Cadence.DAY), (TOTAL, Cadence.DAY), (WEEKLY, Cadence.WEEK)]


@pytest.fixture(params=plain(REGISTRY))
def model(request):
    """Each model that forecasts from counts alone; a network is trained for a moment only: its contract is no skill."""
    model = load(request.param)
    if hasattr(model, "training"):
        model.training = dataclasses.replace(model.training, rounds=6, batch=64, members=2)
    return model


@pytest.fixture(params=KINDS, ids=[target for target, _ in KINDS])
def kind(request):
    return request.param


def check(answer, history, horizons=HORIZONS):
    """Hold an answer to the contract of `models.base`."""
    assert answer.values.shape == (len(history.targets), horizons, len(LEVELS))
    assert answer.values.dtype == np.float64
    for i, values in enumerate(answer.values):
        if i in answer.refused:
            assert np.isnan(values).all()
            assert answer.refused[i].strip()
            assert "nan" not in answer.refused[i]
        else:
            assert np.isfinite(values).all()
            assert (values >= 0).all()
            assert (np.diff(values, axis=1) >= 0).all()
            if np.isfinite(history.population[i]):
                assert (values <= history.population[i]).all()
    told.rows(answer, history, [i for i in range(len(history.targets)) if i not in answer.refused])


def ask(model, history, seed=1) -> Quantiles:
    answer = model.forecast(history, HORIZONS, seed)
    check(answer, history)
    return answer


def wave(periods=120, size=4000.0):
    """New counts of two waves, the second under way."""
    t = np.arange(periods)
    shape = np.exp(-(((t - 40) / 15) ** 2)) + np.exp(-(((t - periods - 5) / 18) ** 2))
    return np.round(size * shape + 5)


def as_counts(new, target):
    return np.cumsum(new, axis=-1) if is_cumulative(target) else np.asarray(new)


def name_of(model):
    return next(name for name, entry in REGISTRY.items() if entry.where.endswith(f":{type(model).__name__}"))


def test_real_histories(model, real):
    answer = ask(model, real)
    said = [i for i in range(len(real.targets)) if i not in answer.refused]
    assert bool(said) == (name_of(model) != "classic" or is_cumulative(real.targets[0]))


def test_same_seed_same_bytes(model, real):
    first = ask(model, real, seed=7)
    second = ask(model, real, seed=7)
    assert first.values.tobytes() == second.values.tobytes()
    assert first.refused == second.refused


def test_a_forecast_leaves_no_trace_in_its_input(model, jhu):
    before = jhu.counts.copy()
    ask(model, jhu)
    np.testing.assert_array_equal(before, jhu.counts)


def test_a_single_place(model, make, kind):
    target, cadence = kind
    ask(model, make(as_counts(wave(), target), target, cadence, population=1e6))


@pytest.mark.parametrize("length", [1, 2, 4, 7, 13, 20, 40])
def test_short_histories_are_refused_or_forecast(model, make, kind, length):
    target, cadence = kind
    history = make(as_counts(np.tile(wave()[-length:], (3, 1)), target), target, cadence)
    answer = ask(model, history)
    if length <= 4 and name_of(model) != "baseline":
        assert len(answer.refused) == 3


def test_a_short_place_does_not_stop_the_others(model, make):
    rows = np.tile(np.cumsum(wave()), (4, 1))
    rows[2, :-3] = np.nan
    answer = ask(model, make(rows, TOTAL))
    assert list(answer.refused) == [2]
    assert "3" in answer.refused[2]


def test_a_place_without_counts_is_refused(model, make):
    rows = np.tile(np.cumsum(wave()), (3, 1))
    rows[0] = np.nan
    assert list(ask(model, make(rows, TOTAL)).refused) == [0]


def test_nothing_but_zeros(model, make, kind):
    answer = ask(model, make(np.zeros((3, 120)), *kind))
    said = [i for i in range(3) if i not in answer.refused]
    assert (answer.values[said] < 1).all()


def test_a_flat_history(model, make, kind):
    target, cadence = kind
    history = make(np.full((3, 120), 500.0), target, cadence)
    answer = ask(model, history)
    for i in set(range(3)) - set(answer.refused):
        np.testing.assert_allclose(answer.values[i, :, MEDIAN], 500, rtol=0.1)


@pytest.mark.parametrize("spoil", ["hole", "end", "start", "most", "fall", "dump", "billion", "negative"])
def test_counts_as_they_are_published(model, make, kind, spoil):
    target, cadence = kind
    counts = as_counts(np.tile(wave(), (3, 1)), target).astype(float)
    row = counts[1]
    match spoil:
        case "hole":
            row[60:75] = np.nan
        case "end":
            row[-3:] = np.nan
        case "start":
            row[:70] = np.nan
        case "most":
            row[np.arange(120) % 7 != 3] = np.nan
        case "fall":
            row[-10:] = row[-11] * 0.5
        case "dump":
            row[-2:] += 50 * row.max()
        case "billion":
            row[-1] = 1e9
        case "negative":
            row[[30, -4]] = -250.0
    ask(model, make(counts, target, cadence))
    ask(model, make(row, target, cadence, population=1e6))


def test_a_total_does_not_fall(jhu):
    for name in ("sigmoid", "rnn"):
        values = ask(load(name), jhu).values
        assert (np.diff(values, axis=1) >= 0).all()
        assert (values[:, 0] >= jhu.counts[:, -1, None]).all()


@pytest.mark.parametrize("name", ["baseline", "classic", "sigmoid"])
def test_places_can_be_named_in_any_order(name, jhu):
    """Not so the network, whose training draws windows by their number."""
    model = load(name)
    turned = type(jhu)(
        jhu.cadence, jhu.dates, jhu.targets[::-1], jhu.locations[::-1], jhu.counts[::-1], jhu.population[::-1]
    )
    np.testing.assert_allclose(ask(model, turned).values, ask(model, jhu).values[::-1], rtol=1e-6)


@pytest.mark.parametrize("name", REGISTRY)
def test_every_model_says_how_it_works_in_the_length_hubs_allow(name):
    title, about = REGISTRY[name].title, REGISTRY[name].about
    assert title
    assert 0 < len(about.methods) <= 200
    assert len(about.methods_long) > len(about.methods)
    assert about.data_inputs.endswith(".")
    # A hub's file names are made of it.
    assert re.fullmatch(r"[a-zA-Z0-9_+]{1,21}", name)


# ------------------------------------------------------------------------- learnt from one history, starting at another


def cut(history, periods):
    """The history without its newest periods."""
    return dataclasses.replace(
        history, dates=history.dates[:-periods], counts=np.ascontiguousarray(history.counts[:, :-periods])
    )


def same(first, second):
    return first.values.tobytes() == second.values.tobytes() and first.refused == second.refused


def test_learning_from_the_history_itself_changes_no_byte(model, real):
    plain = ask(model, real, seed=3)
    assert same(plain, model.forecast(real, HORIZONS, 3, learn_from=real))
    copied = dataclasses.replace(real, counts=real.counts.copy())
    assert same(plain, model.forecast(real, HORIZONS, 3, learn_from=copied))


@pytest.mark.parametrize("periods", [1, 9])
def test_what_was_learnt_earlier_starts_from_the_newest_counts(model, real, periods):
    earlier = cut(real, periods)
    told = model.learn(earlier, HORIZONS, 3)
    answer = told(real)
    check(answer, real)
    assert len(answer.refused) < len(real.targets) or name_of(model) == "classic"
    assert same(answer, model.forecast(real, HORIZONS, 3, learn_from=earlier))
    assert same(told(earlier), ask(model, earlier, seed=3)), "an answer leaves no trace in what was learnt"


def test_revised_counts_move_a_forecast_that_starts_from_them(model, real):
    counts = real.counts.copy()
    counts[:, -7:] = np.ceil(1.2 * counts[:, -7:])
    revised = dataclasses.replace(real, counts=counts)
    told = model.learn(real, HORIZONS, 3)
    before, after = told(real), told(revised)
    check(after, revised)
    moved = ~np.isnan(after.values) & (after.values != before.values)
    if name_of(model) == "classic":
        assert not moved.any(), "all of it is learnt"
    else:
        assert (after.values[:, 0, MEDIAN] > before.values[:, 0, MEDIAN])[counts[:, -1] > 10].all()


@pytest.mark.parametrize("name", ["jhu", "nhsn"])
def test_a_place_that_was_not_learnt_from_is_refused(model, name, request):
    real = request.getfixturevalue(name)
    earlier = dataclasses.replace(
        real,
        targets=real.targets[1:],
        locations=real.locations[1:],
        counts=real.counts[1:],
        population=real.population[1:],
    )
    answer = model.forecast(real, HORIZONS, 3, learn_from=earlier)
    check(answer, real)
    assert answer.refused[0] == NOT_LEARNT
    fewer = model.forecast(earlier, HORIZONS, 3, learn_from=real)
    check(fewer, earlier)
    assert NOT_LEARNT not in fewer.refused.values()


def test_a_place_too_short_to_learn_from_is_refused_with_that_reason(model, make):
    rows = np.tile(np.cumsum(wave()), (3, 1))
    short = rows.copy()
    short[1, :-3] = np.nan
    answer = model.forecast(make(rows, TOTAL), HORIZONS, 3, learn_from=make(short, TOTAL))
    assert list(answer.refused) == [1]
    assert "3" in answer.refused[1]


def test_counts_that_stop_after_learning_are_borne(model, make, kind):
    """A place that skips the newest periods needs horizons nobody learnt."""
    target, cadence = kind
    rows = as_counts(np.tile(wave(), (3, 1)), target).astype(float)
    late = rows.copy()
    late[1, -3:] = np.nan
    earlier = make(rows[:, :-2], target, cadence)
    check(model.forecast(make(late, target, cadence), HORIZONS, 3, learn_from=earlier), make(late, target, cadence))
    gone = make(late, target, cadence)
    check(model.forecast(earlier, HORIZONS, 3, learn_from=gone), earlier)


def test_a_history_that_reaches_further_back_or_two_years_is_no_other_network(model, nhsn):
    """Features are those of the history learnt from, though the other calls for more."""
    weeks = 52
    earlier = dataclasses.replace(nhsn, dates=nhsn.dates[-weeks:], counts=np.ascontiguousarray(nhsn.counts[:, -weeks:]))
    check(model.forecast(nhsn, HORIZONS, 3, learn_from=earlier), nhsn)
    check(model.forecast(earlier, HORIZONS, 3, learn_from=nhsn), earlier)
