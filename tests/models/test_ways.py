import numpy as np
import pytest

from reporter.dates import Cadence
from reporter.models.curves import fit_curves
from reporter.models.habits import HABITS
from reporter.models.trough import since_trough
from reporter.models.ways import HUGE, TRUSTS, ways

DAILY, WEEKLY = HABITS[Cadence.DAY], HABITS[Cadence.WEEK]
FAMILIES = ("logistic", "gompertz")
HORIZONS = 7


def onward(new, habits=DAILY, shift=0.0):
    """All ways on from the end of (S, W) counts per period."""
    windows = np.asarray(new, dtype=float)[None]
    total, floor, _ = since_trough(windows[0], habits)
    curves = [fit_curves(total, family) for family in FAMILIES]
    return ways(windows, curves, floor, HORIZONS, habits, shift)


def new_cases(midpoint, rate=0.15, size=1e5, periods=DAILY.window):
    """Of a logistic epidemic."""
    total = size / (1 + np.exp(-rate * (np.arange(-1.0, periods + HORIZONS) - midpoint)))
    return np.diff(total)


def test_each_way_is_named_by_the_family_it_follows():
    found = onward(new_cases(50)[: DAILY.window][None])
    each = 1 + len(DAILY.fadings) + len(TRUSTS) * len(FAMILIES)
    assert found.logs.shape == (each * len(DAILY.starts), 1, 1, HORIZONS)
    assert list(found.families[:each]) == [-1, -1, 0, 0, 1, 1]
    assert (found.families == np.tile(found.families[:each], len(DAILY.starts))).all()


@pytest.mark.parametrize("midpoint", [45, 60, 75])
def test_the_way_that_follows_an_exact_curve_is_exact(midpoint):
    epidemic = new_cases(midpoint)
    found = onward(epidemic[: DAILY.window][None])
    full = np.flatnonzero(found.families == 0)[1 :: len(TRUSTS)]
    for way in full:
        np.testing.assert_allclose(np.exp(found.logs[way, 0, 0]), epidemic[DAILY.window :], rtol=0.1)
    assert found.rising[0, 0] == (midpoint > DAILY.window)


def test_following_half_of_the_change_is_half_way_to_the_level():
    found = onward(new_cases(50)[: DAILY.window][None])
    level, half, full = found.logs[0], found.logs[2], found.logs[3]
    np.testing.assert_allclose(half - level, (full - level) / 2)


def test_a_forecast_that_starts_later_is_further_along_the_curve():
    epidemic = new_cases(50, periods=DAILY.window + 5)
    earlier = epidemic[: DAILY.window][None]
    total, floor, _ = since_trough(earlier, DAILY)
    curves = [fit_curves(total, family) for family in FAMILIES]
    later = epidemic[5 : DAILY.window + 5][None]
    found = ways(later[None], curves, floor, HORIZONS, DAILY, np.array([5.0]))
    np.testing.assert_allclose(np.exp(found.logs[3, 0, 0]), epidemic[DAILY.window + 5 :][:HORIZONS], rtol=0.1)


@pytest.mark.parametrize("habits", [DAILY, WEEKLY], ids=["daily", "weekly"])
@pytest.mark.parametrize("kind", ["zeros", "dump", "explosion", "end", "none"])
def test_no_way_leaves_the_numbers(habits, kind):
    t = np.arange(habits.window)
    row = {
        "zeros": np.zeros(len(t)),
        "dump": np.where(t == len(t) - 1, 1e9, 0.0),
        "explosion": np.exp(2.0 * t),
        "end": np.where(t > len(t) - 9, 0.0, 1e6),
        "none": np.full(len(t), np.nan),
    }[kind]
    found = onward(row[None], habits)
    assert np.isfinite(found.logs).all()
    assert (found.logs <= HUGE).all()
    # Nothing moves faster than diseases do.
    level, change = found.logs[0], found.logs[1:] - found.logs[0]
    assert np.isfinite(level).all()
    same_start = change[: 1 + len(habits.fadings) + len(TRUSTS) * len(FAMILIES) - 1]
    reach = habits.steepest * (np.arange(1, HORIZONS + 1) + habits.level)
    assert (np.abs(same_start) <= np.log1p(0) + reach + 1e-9).all()
