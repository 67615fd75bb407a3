"""What is said of waves: of simulated epidemics whose turn and size are known, and step by step."""

import numpy as np
import pytest

from reporter.dates import Cadence
from reporter.models.curves import Curves
from reporter.models.families import share
from reporter.models.sigmoid import Sigmoid
from reporter.models.wave import DONE, PACES, SIZE, Fits, chosen, estimate
from reporter.schema import QUANTITIES

DAY, WEEK = Cadence.DAY, Cadence.WEEK
WEEKDAYS = np.array([1.15, 1.1, 1.05, 1.0, 1.0, 0.9, 0.8])
SIZES = 50_000.0


def expected(family, rates, turns, t):
    """(N, T) all cases of epidemics until t, which turn so many periods before 0."""
    return SIZES * share(family, rates[:, None] * (np.asarray(t, dtype=float) + turns[:, None]))


def simulated(family, rates, turns, cadence, seed):
    """(N, 100) new counts up to period 0: counting noise, a tenth more or less, and the rhythm of a week."""
    random = np.random.default_rng(seed)
    new = np.diff(expected(family, rates, turns, np.arange(-100, 1)), axis=1)
    rhythm = WEEKDAYS[np.arange(100) % 7] if cadence is DAY else 1.0
    return random.poisson(new * rhythm * random.lognormal(-0.005, 0.1, new.shape)).astype(float)


def told(make, new, cadence=DAY, *, cumulative=False):
    """Quantity → (N, 5) what the sigmoid says."""
    target = "cum confirmed cases" if cumulative else "inc covid cases" if cadence is DAY else "wk inc covid hosp"
    history = make(np.cumsum(new, axis=1) if cumulative else new, target, cadence)
    estimates = Sigmoid().forecast(history, 7, seed=0).estimates
    assert set(estimates.values) == set(QUANTITIES)
    for said in estimates.values.values():
        ascending = said[:, [1, 2, 0, 3, 4]]
        highest = np.fmax.accumulate(ascending, axis=1)
        assert not (ascending < highest).any()
        assert not np.isinf(said).any()
    return estimates.values


def held(said, truth, low=1, high=4):
    """Share of the intervals that hold the truth, of those that are told; one without an upper end holds all above."""
    known = np.isfinite(said[:, 0])
    upper = np.where(np.isnan(said[:, high]), np.inf, said[:, high])
    return ((said[:, low] <= truth) & (truth <= upper))[known].mean()


@pytest.mark.parametrize("cadence", [DAY, WEEK], ids=["daily", "weekly"])
@pytest.mark.parametrize("family", ["logistic", "gompertz"])
def test_after_the_turn_the_ranges_hold_turn_and_size(make, family, cadence):
    random = np.random.default_rng(11)
    pace = 1.0 if cadence is DAY else 0.25
    turns, rates = random.uniform(8, 24, 60) * pace, random.uniform(0.1, 0.2, 60) / pace
    new = simulated(family, rates, turns, cadence, seed=5)
    said = told(make, new, cadence, cumulative=cadence is DAY)
    turn, size = said["turn"], said["final_size"]
    assert np.isfinite(turn).all(axis=1).mean() > 0.9
    # New counts of a period come after the end of the one before it.
    truth = 0.5 - turns
    assert held(turn, truth) > 0.85
    assert 0.3 < held(turn, truth, 2, 3) < 0.95
    assert np.median(np.abs(turn[:, 0] - truth)) < 2 * pace
    assert np.median(turn[:, 4] - turn[:, 1]) < 20 * pace
    if cadence is DAY:
        truth = new.sum(axis=1) + SIZES - expected(family, rates, turns, [0])[:, 0]
        assert held(size, truth) > 0.85
        assert np.median(np.abs(np.log(size[:, 0] / truth))) < 0.05
        assert (size[:, 0] >= new.sum(axis=1)).all()


@pytest.mark.parametrize("cadence", [DAY, WEEK], ids=["daily", "weekly"])
def test_before_growth_slows_no_end_is_told(make, cadence):
    random = np.random.default_rng(12)
    pace = 1.0 if cadence is DAY else 0.25
    turns, rates = -random.uniform(20, 30, 40) * pace, random.uniform(0.15, 0.25, 40) / pace
    said = told(make, simulated("logistic", rates, turns, cadence, seed=6), cadence)
    for quantity in ("turn", "final_size", "began"):
        assert np.isnan(said[quantity]).all(axis=1).mean() > 0.9
    growth = said["growth_rate"]
    assert np.isfinite(growth).all()
    assert held(growth, rates) > 0.85


@pytest.mark.parametrize("rate", [0.05, 0.12, -0.05])
def test_the_growth_of_an_exponential_is_its_rate(make, rate):
    new = 5000 * np.exp(rate * np.arange(-100.0, 1))
    growth = told(make, new[None])["growth_rate"][0]
    # A damped trend is in the mixture.
    assert growth[0] == pytest.approx(rate, rel=0.2)
    assert growth[1] < rate < growth[4]
    assert growth[4] - growth[1] < 0.2


KINDS = [
    "flat",
    "low after a wave",
    "falling",
    "falling in a line",
    "a sudden end",
    "a rise that stayed",
    "zeros",
    "few",
]


@pytest.mark.parametrize("kind", KINDS)
def test_between_waves_none_is_told(make, kind):
    random = np.random.default_rng(13)
    t = np.arange(150)
    level = {
        "flat": np.full(150, 800.0),
        "low after a wave": 4000 * np.exp(-(((t - 40) / 15) ** 2)) + 20,
        "falling": 4e4 * np.exp(-t / 25),
        "zeros": np.zeros(150),
        "few": np.full(150, 0.2),
        "a rise that stayed": np.where(t > 95, 3000.0, 30.0),
        "falling in a line": np.linspace(9000.0, 300.0, 150),
        "a sudden end": np.where(t > 139, 30.0, 3000.0),
    }[kind]
    said = told(make, random.poisson(level, (20, 150)).astype(float))
    for quantity in ("turn", "final_size", "began"):
        assert np.isnan(said[quantity]).all(axis=1).mean() >= 0.9
    assert np.isfinite(said["growth_rate"]).all()


def test_a_second_wave_is_told_from_its_own_beginning(make):
    t = np.arange(150)
    first, second = (5000 * np.exp(-(((t - at) / 12) ** 2)) for at in (60, 130))
    said = told(make, np.random.default_rng(14).poisson(first + second + 30, (5, 150)).astype(float))
    assert (np.abs(said["began"][:, 0] - (95 - 149)) < 12).all()
    assert (np.abs(said["turn"][:, 0] - (130 - 149)) < 3).all()


# ---------------------------------------------------------------------------------------------- the steps of estimates

WINDOW = 70


def fits(midpoints, *, size=1000.0, rate=0.2, identified=True, began=5, floor=0.0, groups=None):
    """Logistic curves with these (R, S) midpoints in the window of each origin."""
    r, s = np.shape(midpoints)
    same = np.ones(r * s)
    curves = Curves(
        "logistic", size * same, rate * same, np.ravel(midpoints).astype(float), None, same, same > 0,
        np.broadcast_to(identified, (r, s)).ravel(), 0.1 * same, same,
    )  # fmt: skip
    alike = np.ones((r, s), dtype=bool)
    begin = np.broadcast_to(began, (r, s)).ravel().astype(np.int64)
    new = np.diff(curves.at(np.arange(-1.0, WINDOW)), axis=1) + floor
    return Fits(curves, new, floor * same, begin, alike, WINDOW, groups or ("all",) * s, DAY)


def say(given):
    shape = given.alike.shape
    return estimate(given, np.zeros(shape[1]), np.full(shape, np.nan)).values


def test_without_earlier_estimates_a_range_is_what_is_taken_for_granted():
    said = say(fits([[60.0]]))
    assert said["turn"][0, 0] == pytest.approx(60 - 69 + 0.5)
    to_come = np.log(1 + np.exp(-0.2 * (69 - 60))) + DONE
    wide = PACES[DAY].turn * np.sqrt(to_come)
    assert said["turn"][0, 4] - said["turn"][0, 0] == pytest.approx(1.96 * wide, rel=0.15)
    assert np.log(said["final_size"][0, 4] / 1000) == pytest.approx(1.96 * SIZE * to_come, rel=0.15)
    assert said["final_size"][0, 1] >= 1000 / (1 + np.exp(-0.2 * 9)) - 1e-6
    assert said["growth_rate"][0, 4] == pytest.approx(1.96 * PACES[DAY].growth, rel=0.15)


def test_estimates_that_kept_moving_widen_the_range_to_the_side_they_moved():
    """In every period the turn was put a period later than in the period before."""
    back = np.arange(63.0)[:, None]
    still = fits(np.tile(69.0 + back, (1, 3)) - 4, began=0)
    moving = fits(np.full((63, 3), 69.0 - 4), began=0)
    steady, moved = say(still)["turn"][0], say(moving)["turn"][0]
    assert steady[0] == pytest.approx(moved[0])
    assert moved[4] - moved[0] > steady[4] - steady[0]
    assert moved[4] - moved[0] > moved[0] - moved[1]


def test_estimates_of_another_wave_say_nothing():
    back = np.arange(63.0)[:, None]
    wild = np.random.default_rng(1).normal(0, 30, (63, 1))
    midpoints = 60.0 + back + np.where(back > 20, wild, 0)
    # Of the wave before: it began long before the present one.
    began = np.where(back > 20, 10, 40) + np.where(back > 20, 0, back)
    other = say(fits(midpoints, began=np.minimum(began, WINDOW - 21)))["turn"]
    np.testing.assert_allclose(other, say(fits(midpoints[:1], began=40))["turn"], rtol=1e-9)


@pytest.mark.parametrize(
    "no_wave",
    [{"identified": False}, {"floor": 1000.0}, {"midpoints": [[-10.0]]}, {"size": 10.0}],
    ids=["not identified", "faint", "the end of a wave", "a handful"],
)
def test_what_is_no_wave_is_not_told(no_wave):
    said = say(fits(**{"midpoints": [[50.0]], **no_wave}))
    for quantity in ("began", "turn", "final_size"):
        assert np.isnan(said[quantity]).all()
    assert np.isfinite(said["growth_rate"]).all()


def test_a_curve_through_noise_is_no_wave():
    given = fits([[50.0]])
    given.counts[:] = np.random.default_rng(1).permutation(given.counts[0])
    assert np.isnan(say(given)["turn"]).all()


def test_a_size_that_could_be_anything_is_not_told():
    """Of nearly all of a wave that is still to come."""
    said = say(fits([[90.0]]))
    assert np.isnan(said["final_size"]).all()
    assert np.isfinite(said["turn"]).all()


def test_a_size_is_open_above_before_it_is_told():
    open_above, told = (say(fits([[at]]))["final_size"][0] for at in (75.0, 50.0))
    assert np.isfinite(open_above[:4]).all()
    assert np.isnan(open_above[4])
    assert np.isfinite(told).all()


def test_each_series_is_told_by_the_family_of_its_number():
    sooner, later = (estimate(fits([[at, at]]), np.zeros(2), np.full((1, 2), np.nan)) for at in (50.0, 60.0))
    both = chosen([sooner, later], np.array([1, 0]))
    assert both.values["turn"][:, 0] == pytest.approx([60 - 68.5, 50 - 68.5])
    assert both.of(np.array([1])).values["turn"][0, 0] == pytest.approx(50 - 68.5)
