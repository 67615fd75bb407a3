"""Windows of two small series, by hand."""

import dataclasses

import numpy as np
import pytest

from reporter.dates import Cadence
from reporter.models import calendar
from reporter.models.samples import LENGTH, LEVEL, NOISE, STEEPEST, Layout, gather, layout_of, look
from reporter.models.series import steps
from reporter.schema import LEVELS, MEDIAN

T = "wk inc covid hosp"
ROWS = np.array([[4, 9, 16, 25, 36, 49, 64, 81, 100, 121], [np.nan, np.nan, 7, 7, 30, 7, 7, 7, 7, 7]])


@pytest.fixture
def small(make):
    return make(ROWS, T, Cadence.WEEK, population=50_000.0)


def test_windows_lie_one_origin_after_the_other(small):
    given = steps(small, 8)
    looks = look(given, small, 3, layout_of(given, small), np.array([9, 3]))
    w = LENGTH[Cadence.WEEK]
    for name, shape in {
        "logs": (4, w), "seen": (4, w), "rhythm": (4, w), "totals": (4, w), "others": (4, w), "angle": (4,),
        "christmas": (4, len(calendar.BUMPS)), "kind": (4, 1), "persons": (4,), "top": (4,), "level": (4,),
        "start": (4, 3), "scale": (4,),
    }.items():  # fmt: skip
        assert getattr(looks, name).shape == shape, name
        assert getattr(looks, name).dtype == np.float64, name
        assert np.isfinite(getattr(looks, name)).all(), name
    logs = np.log1p(ROWS)
    np.testing.assert_allclose(looks.logs[0], [0, 0, *logs[0]])
    np.testing.assert_allclose(looks.logs[1], [0, 0, 0, 0, *logs[1, 2:]])
    np.testing.assert_allclose(looks.logs[2], [*np.zeros(8), *logs[0, :4]])
    np.testing.assert_allclose(looks.logs[3], [*np.zeros(10), *logs[1, 2:4]])
    np.testing.assert_array_equal(looks.seen.sum(axis=1), [10, 8, 4, 2])
    np.testing.assert_allclose(looks.totals[0, 2:], np.log1p(np.nansum(ROWS, axis=0)))
    np.testing.assert_array_equal(looks.totals[0], looks.totals[1])
    np.testing.assert_allclose(looks.level, np.log1p([121, 7, 25, 7]))
    np.testing.assert_allclose(looks.top, np.log1p([121, 30, 25, 7]))
    np.testing.assert_allclose(looks.start, np.tile(looks.level[:, None], 3))
    np.testing.assert_allclose(looks.persons, np.log(2), err_msg="100,000 persons are twice as many")
    np.testing.assert_allclose(looks.scale, np.sqrt(NOISE + 1 / (1 + np.array([121, 7, 25, 7]))))
    np.testing.assert_array_equal(looks.rhythm, 0)
    np.testing.assert_array_equal(looks.angle, calendar.angle(small.dates[[9, 9, 3, 3]]))


def test_what_came_is_told_of_each_window(small):
    samples = gather(steps(small, 8), small, 3)
    origins = np.arange(9, LEVEL[Cadence.WEEK] - 1, -1)
    np.testing.assert_array_equal(samples.column, np.repeat(origins, 2))
    np.testing.assert_array_equal(samples.series, np.tile([0, 1], len(origins)))
    logs = np.pad(np.log1p(ROWS), ((0, 0), (0, 3)), constant_values=np.nan)
    for n, (i, t) in enumerate(zip(samples.series, samples.column, strict=True)):
        np.testing.assert_allclose(samples.changes[n], logs[i, t + 1 : t + 4] - logs[i, t])
    known = np.isfinite(samples.changes[:, 0])
    np.testing.assert_array_equal(samples.past, np.flatnonzero(known))
    assert samples.weight.sum() == pytest.approx(1)
    newest, oldest = samples.weight[0], samples.weight[-1]
    assert newest / oldest == pytest.approx(2 ** ((8 - 1) / 104))
    assert samples.usual.shape == (3, len(LEVELS))
    assert (np.diff(samples.usual, axis=1) >= 0).all()
    np.testing.assert_allclose(samples.most, np.nanmax(samples.changes, axis=0))
    np.testing.assert_allclose(samples.least, np.nanmin(samples.changes, axis=0))
    assert samples.usual[0, 0] <= 0 <= samples.usual[0, MEDIAN]


def test_the_other_targets_of_a_place_are_how_they_changed(make):
    plain = make([ROWS[0], np.full(10, 7.0)], T, Cadence.WEEK)
    history = dataclasses.replace(plain, targets=(T, "wk inc flu hosp"), locations=("A", "A"))
    given = steps(history, 8)
    layout = layout_of(given, history)
    assert layout == Layout((T, "wk inc flu hosp"), totals=False, others=True, year=False)
    looks = look(given, history, 3, layout, np.array([9]))
    changes = np.diff(np.log1p(ROWS[0])).clip(-STEEPEST, STEEPEST)
    np.testing.assert_allclose(looks.others[1, 3:], changes)
    np.testing.assert_allclose(looks.others[0], 0, atol=1e-12)
    np.testing.assert_array_equal(looks.kind, np.eye(2))


def test_a_total_starts_from_what_comes_to_be_counted(make):
    history = make(np.cumsum(np.full((2, 60), 10.0), axis=1), "cum confirmed cases")
    given = steps(history, 14)
    looks = look(given, history, 3, layout_of(given, history), np.array([59]))
    np.testing.assert_allclose(looks.level, np.log1p(10))
    np.testing.assert_allclose(np.expm1(looks.start), [[10, 20, 30]] * 2)


@pytest.mark.parametrize(("weeks", "year"), [(78, False), (79, True)])
def test_the_time_of_the_year_is_read_where_a_year_and_a_half_is_known(make, weeks, year):
    history = make(np.full((2, weeks), 50.0), T, Cadence.WEEK)
    assert layout_of(steps(history, 8), history).year is year
