"""Networks on what nobody wishes for: odd counts, odd devices, training that goes wrong."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
import torch

from reporter.dates import Cadence
from reporter.errors import ModelError
from reporter.models import load
from reporter.models.base import History
from reporter.models.device import VARIABLE
from reporter.schema import CHANGES, KEY, LEVELS, MEDIAN
from reporter.triangle import ChangeLog

WEEKLY, TOTAL = "wk inc covid hosp", "cum confirmed cases"
HORIZONS = 4


@pytest.fixture(params=["rnn", "gru", "lstm"])
def network(request):
    return quick(request.param)


def quick(name="rnn", **changed):
    model = load(name)
    model.training = dataclasses.replace(model.training, **{"rounds": 6, "batch": 64, "members": 2, **changed})
    return model


def walks(places=4, periods=100, spread=0.1):
    """Counts that go up or down by chance."""
    draws = np.random.default_rng(5)
    return np.round(np.exp(6 + np.cumsum(draws.normal(0, spread, (places, periods)), axis=1)))


def sane(answer, history, refused=()):
    """Finite, ordered, within the population; the lesson too."""
    assert sorted(answer.refused) == list(refused)
    said = [i for i in range(len(history.targets)) if i not in answer.refused]
    values = answer.values[said]
    assert answer.values.shape == (len(history.targets), HORIZONS, len(LEVELS))
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values, axis=2) >= 0).all()
    most = np.where(np.isfinite(history.population), history.population, np.inf)[said]
    assert (values <= most[:, None, None]).all()
    if said:
        lesson = answer.lesson
        assert np.isfinite([lesson.trained, lesson.held_out]).all()
        assert np.isfinite(lesson.leaned).all()
        assert (np.array([lesson.trained, lesson.held_out]) >= 0).all()
    return values


def ask(model, history, refused=(), learn_from=None):
    return sane(model.forecast(history, HORIZONS, 1, learn_from=learn_from), history, refused)


# ---------------------------------------------------------------------------- counts


def test_a_place_of_zeros_beside_others(network, make):
    rows = walks()
    rows[1] = 0
    assert ask(network, make(rows, WEEKLY, Cadence.WEEK))[1, :, MEDIAN].max() < 1


def test_a_new_place_with_ten_points(network, make):
    rows = walks()
    rows[1, :-10] = np.nan
    values = ask(network, make(rows, WEEKLY, Cadence.WEEK))
    assert rows[1, -1] / 3 < values[1, 0, MEDIAN] < 3 * rows[1, -1]


def test_a_gap_of_eight_weeks_is_bridged_in_the_past_and_refused_at_the_end(network, make):
    rows = walks()
    rows[1, 60:68] = np.nan
    ask(network, make(rows, WEEKLY, Cadence.WEEK))
    rows[2, -8:] = np.nan
    history = make(rows, WEEKLY, Cadence.WEEK)
    ask(network, history, [2])
    assert network.forecast(history, HORIZONS, 1).refused[2] == "its last count is 8 weeks old"


@pytest.mark.parametrize("times", [100, 10_000])
def test_a_level_far_above_what_training_saw(network, make, times):
    rows = walks()
    learnt = make(rows, WEEKLY, Cadence.WEEK)
    higher = make(rows * times, WEEKLY, Cadence.WEEK)
    values = ask(network, higher, learn_from=learnt)
    ratio = values[:, :, MEDIAN] / (rows[:, -1:] * times)
    assert ((ratio > 0.5) & (ratio < 2)).all(), "within the changes that were seen"
    jump = rows.copy()
    jump[0, -1] *= times
    ask(network, make(jump, WEEKLY, Cadence.WEEK))


def test_one_place_and_one_target(network, make):
    history = make(walks(1), WEEKLY, Cadence.WEEK)
    ask(network, history)
    assert network.forecast(history, HORIZONS, 1).lesson.inputs[:1] == ("the place's last 12 weeks",)


def test_one_place_of_two_targets(network, make):
    rows = walks(2)
    history = make(rows, WEEKLY, Cadence.WEEK)
    both = dataclasses.replace(history, targets=(WEEKLY, "wk inc flu hosp"), locations=("A", "A"))
    ask(network, both)


def test_eight_weeks_of_history_are_too_few_of_one_place_and_enough_of_many(network, make):
    few = make(walks(1)[:, -8:], WEEKLY, Cadence.WEEK)
    ask(network, few, [0])
    assert network.forecast(few, HORIZONS, 1).refused[0] == "only 6 stretches of the past to learn from; needs 30"
    ask(network, make(walks(8)[:, -8:], WEEKLY, Cadence.WEEK))


def test_nothing_reported_at_all(network, make):
    history = make(np.full((3, 60), np.nan), WEEKLY, Cadence.WEEK)
    ask(network, history, [0, 1, 2])
    assert set(network.forecast(history, HORIZONS, 1).refused.values()) == {"only 0 counts so far; needs 8"}


def test_a_total_stays_above_itself(network, make):
    totals = np.cumsum(walks(), axis=1)
    values = ask(network, make(totals, TOTAL, population=1e6))
    assert (values[:, 0] >= totals[:, -1, None]).all()
    assert (np.diff(values, axis=1) >= 0).all()


@pytest.mark.parametrize("population", [0.0, 50.0, np.inf, np.nan])
def test_whatever_the_population_is_said_to_be(make, population):
    ask(quick(), make(walks(), WEEKLY, Cadence.WEEK, population=population))


@pytest.mark.parametrize("kind", ["negative", "infinite", "tiny", "collapse", "on and off", "billions"])
def test_hostile_counts(make, kind):
    rows = walks()
    rows[0] = {
        "negative": -rows[0], "infinite": np.where(np.arange(100) % 9 == 0, np.inf, rows[0]), "tiny": rows[0] * 1e-9,
        "collapse": np.where(np.arange(100) < 50, 1e9, 0.0), "on and off": np.where(np.arange(100) % 2, 1e9, 0.0),
        "billions": np.where(np.arange(100) == 99, 1e12, rows[0]),
    }[kind]  # fmt: skip
    values = ask(quick(), make(rows, WEEKLY, Cadence.WEEK))
    ratio = values[1:, :, MEDIAN] / rows[1:, -1:]
    assert ((ratio > 0.2) & (ratio < 5)).all(), "the other places are not drawn along"


# ---------------------------------------------------------------------------- revisions


def late_by_a_fifth(places=30, weeks=120):
    """A change log of counts that are a fifth too low at first and right a week later, and what they became."""
    became = walks(places, weeks + HORIZONS, spread=0.05)
    ends = np.datetime64("2023-01-07") + 7 * np.arange(weeks)
    whole = [(end, p, became[p, k]) for k, end in enumerate(ends) for p in range(places)]
    rows = [(end + 7, p, end, np.round(0.8 * count)) for end, p, count in whole]
    rows += [(end + 14, p, end, count) for end, p, count in whole]
    frame = pd.DataFrame(rows, columns=["as_of", "location", "target_end_date", "observation"])
    frame["location"] = "place " + frame["location"].astype(str)
    for name in ("as_of", "target_end_date"):
        frame[name] = frame[name].astype("datetime64[s]")
    changes = frame.assign(target=WEEKLY)[CHANGES.names].sort_values(["as_of", *KEY], ignore_index=True)
    return ChangeLog(changes, Cadence.WEEK), ends, became


def test_first_values_that_are_always_too_low_are_known_to_be():
    log, ends, became = late_by_a_fifth()
    series = [(WEEKLY, f"place {p}") for p in range(len(became))]
    as_of = (ends[-1] + 7).item()
    targets, places = zip(*series, strict=True)
    counts = log.latest(as_of, series, ends)
    history = History(Cadence.WEEK, ends, targets, places, counts, np.full(len(series), np.nan))
    np.testing.assert_allclose(counts[:, -1], 0.8 * became[:, len(ends) - 1], atol=1)
    told = dataclasses.replace(history, triangle=log.triangle(as_of, series, ends))
    model = quick(rounds=60, batch=512, members=1)
    truth = became[:, len(ends) :]
    with_it, without = (
        np.log(model.forecast(one, HORIZONS, 1).values[:, :, MEDIAN] / truth) for one in (told, history)
    )
    assert abs(np.median(with_it[:, 0])) < 0.07
    assert np.median(without[:, 0]) < -0.15
    assert np.abs(with_it).mean() < 0.75 * np.abs(without).mean()


# ---------------------------------------------------------------------------- the same, and elsewhere


def test_the_same_bytes_whatever_torch_was_at(network, nhsn, monkeypatch):
    monkeypatch.setenv(VARIABLE, "cpu")
    first = network.forecast(nhsn, HORIZONS, 1).values.tobytes()
    threads = torch.get_num_threads()
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            torch.manual_seed(number)
            torch.randn(number)
            assert network.forecast(nhsn, HORIZONS, 1).values.tobytes() == first
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("asked", ["auto", ""])
def test_left_to_itself_the_device_changes_nothing(nhsn, monkeypatch, asked):
    monkeypatch.setenv(VARIABLE, "cpu")
    first = quick().forecast(nhsn, HORIZONS, 1).values
    monkeypatch.setenv(VARIABLE, asked)
    second = quick().forecast(nhsn, HORIZONS, 1).values
    if torch.cuda.is_available():
        np.testing.assert_allclose(second, first, rtol=1e-3)
    else:
        assert second.tobytes() == first.tobytes()


@pytest.mark.parametrize("asked", ["nonsense", "CPU", "cuda:1"])
def test_a_device_that_is_none_is_named(nhsn, monkeypatch, asked):
    monkeypatch.setenv(VARIABLE, asked)
    with pytest.raises(ModelError) as caught:
        quick().forecast(nhsn, HORIZONS, 1)
    assert str(caught.value) == f"REPORTER_DEVICE is '{asked}'; allowed are auto, cpu, cuda"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_named(nhsn, monkeypatch):
    monkeypatch.setenv(VARIABLE, "cuda")
    with pytest.raises(ModelError) as caught:
        quick().forecast(nhsn, HORIZONS, 1)
    assert str(caught.value) == "REPORTER_DEVICE is 'cuda', but there is no GPU that torch can use"


# ---------------------------------------------------------------------------- training that goes wrong


@pytest.mark.parametrize("changed", [{"rate": 1e6}, {"rate": 1e30}, {"shake": math.nan}, {"shake": 1e30}])
def test_a_training_that_diverges_is_named(network, make, changed):
    network.training = dataclasses.replace(network.training, **changed)
    with pytest.raises(ModelError) as caught:
        network.forecast(make(walks(), WEEKLY, Cadence.WEEK), HORIZONS, 1)
    assert str(caught.value) == "its training diverged: the loss is no number"


@pytest.mark.parametrize("rate", [1.0, 1e3])
def test_a_training_that_hardly_holds_stays_within_what_was_seen(network, make, rate):
    network.training = dataclasses.replace(network.training, rate=rate)
    rows = walks()
    values = ask(network, make(rows, WEEKLY, Cadence.WEEK))
    ratio = values / rows[:, -1, None, None]
    assert ((ratio > 0.3) & (ratio < 3)).all()


# ---------------------------------------------------------------------------- what is told of it


def test_inputs_are_named_so_that_they_end_a_sentence(network, nhsn, jhu):
    found = network.forecast(nhsn, HORIZONS, 1).lesson
    assert found.inputs == (
        "the place's last 12 weeks", "the total of all places", "what else is counted in the place",
        "how high the newest counts are", "the time of the year", "which of the targets it is",
    )  # fmt: skip
    assert found.leaned.shape == (6,)
    assert np.isfinite(found.leaned).all()
    daily = network.forecast(jhu, HORIZONS, 1).lesson
    assert daily.inputs == ("the place's last 21 days", "the total of all places", "how high the newest counts are")
    for name in (*found.inputs, *daily.inputs):
        assert name[0].islower()
        assert name[-1].isalnum()
