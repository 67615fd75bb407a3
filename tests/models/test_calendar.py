import math
from datetime import date, timedelta

import numpy as np
import pytest

from reporter.models.calendar import BUMPS, WIDTH, angle, christmas

DAYS = [date(2019, 1, 1) + timedelta(days=n) for n in range(6 * 365 + 2)]  # 2020 and 2024 are leap years
DATES = np.array(DAYS, dtype="datetime64[D]")


def by_hand(day):
    """How near a day is to each time around Christmas, counted on a calendar."""
    ahead = min(((date(year, 12, 25) - day).days / 7 for year in (day.year - 1, day.year, day.year + 1)), key=abs)
    return [math.exp(-(((ahead - bump) / WIDTH) ** 2)) for bump in BUMPS]


def test_every_day_of_six_years_is_as_far_from_christmas_as_a_calendar_says():
    np.testing.assert_allclose(christmas(DATES), [by_hand(day) for day in DAYS], atol=1e-12)


@pytest.mark.parametrize("year", [2023, 2024])
def test_new_year_follows_the_christmas_before_it(year):
    eve, day, after = christmas(np.array([f"{year}-12-31", f"{year + 1}-01-01", f"{year + 1}-01-08"], "datetime64[D]"))
    assert day[0] == pytest.approx(math.exp(-(0.5**2)), abs=1e-12), "a week ago, half a week from where it is 1"
    assert eve[0] == pytest.approx(math.exp(-((9 / 14) ** 2)), abs=1e-12)
    assert after[0] == pytest.approx(math.exp(-(0.5**2)), abs=1e-12)
    assert day[1:].max() < 0.5
    assert christmas(np.array([f"{year}-07-01"], "datetime64[D]")).max() < 1e-6


def test_the_feature_is_a_whole_at_its_own_time():
    assert christmas(np.array(["2024-12-25"], "datetime64[D]"))[0, BUMPS.index(0.0)] == 1


def test_the_year_goes_round_without_a_jump_also_after_a_leap_day():
    found = angle(DATES)
    assert ((found >= 0) & (found < 2 * np.pi)).all()
    step = 2 * np.pi / 365.25
    for wave in (np.sin, np.cos):
        assert np.abs(np.diff(wave(found))).max() <= step + 1e-12
    turns = np.diff(found) % (2 * np.pi)
    np.testing.assert_allclose(turns, step, atol=1e-9)


def test_a_date_has_the_same_angle_each_year_to_a_day():
    for day in ("02-28", "03-01", "12-31"):
        found = angle(np.array([f"{year}-{day}" for year in range(2015, 2030)], "datetime64[D]"))
        apart = (found[:, None] - found + np.pi) % (2 * np.pi) - np.pi
        assert np.abs(apart).max() < 2 * np.pi / 365.25


@pytest.mark.parametrize("shape", [(), (0,), (4,), (2, 3)])
def test_shapes(shape):
    dates = np.full(shape, np.datetime64("2024-12-25"))
    assert angle(dates).shape == shape
    assert christmas(dates).shape == (*shape, len(BUMPS))


def test_the_time_of_day_does_not_matter():
    late = np.array(["2024-12-25T18:00:00"], dtype="datetime64[s]")
    np.testing.assert_array_equal(christmas(late), christmas(late.astype("datetime64[D]")))
    np.testing.assert_array_equal(angle(late), angle(late.astype("datetime64[D]")))
