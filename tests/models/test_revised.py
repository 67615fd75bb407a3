"""What is learnt of revisions, against change logs made by hand."""

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

from reporter.dates import Cadence
from reporter.models.base import History
from reporter.models.revised import ENOUGH, LEAST, MOST, NEWEST, SETTLED, Revisions, beside, revisions
from reporter.models.series import steps
from reporter.schema import CHANGES, KEY
from reporter.triangle import ChangeLog

T, U = "wk inc covid hosp", "wk inc flu hosp"
SERIES = ((T, "A"), (T, "B"))
START = np.datetime64("2023-06-03")


@pytest.fixture
def draws():
    return np.random.default_rng(4)


def told(values, series=SERIES, cadence=Cadence.WEEK, late=()):
    """A change log in which period k is counted as values[:, k, a] a + 1 periods after it.

    Args:
        values: (S, T, A) the counts; a repeated one is no change.
        late: (series number, period) that nothing was said of for the first of these.
    """
    s, t, ages = values.shape
    rows = []
    for i, k, a in np.ndindex(s, t, ages):
        if (a == 0 and (i, k) in late) or (a > 0 and values[i, k, a] == values[i, k, a - 1] and (i, k) not in late):
            continue
        end = START + k * cadence.days
        rows.append((end + (a + 1) * cadence.days, *series[i], end, values[i, k, a]))
    frame = pd.DataFrame(rows, columns=["as_of", "target", "location", "target_end_date", "observation"])
    for name in ("as_of", "target_end_date"):
        frame[name] = frame[name].astype("datetime64[s]")
    return frame[CHANGES.names].sort_values(["as_of", *KEY], ignore_index=True)


def known(changes, periods, series=SERIES, cadence=Cadence.WEEK, after=1):
    """The history of so many periods, with its triangle, as it was so many periods after the last."""
    log, dates = ChangeLog(changes, cadence), START + np.arange(periods) * cadence.days
    as_of: date = (dates[-1] + after * cadence.days).item()
    targets, places = zip(*series, strict=True)
    triangle = log.triangle(as_of, series, dates)
    counts = log.latest(as_of, series, dates)
    return History(cadence, dates, targets, places, counts, np.full(len(series), np.nan), triangle=triangle)


def of(history) -> Revisions | None:
    return revisions(steps(history, 8), history)


def three(draws, s=2, t=40):
    """Counts as first seen, then a week later, then for good."""
    final = np.round(draws.uniform(100, 900, (s, t)))
    first, second = np.round(final * draws.uniform(0.6, 1.1, (s, t))), np.round(final * draws.uniform(0.8, 1.1, (s, t)))
    return np.stack([first, second, final], axis=2)


def same(one, other):
    fields = [field.name for field in dataclasses.fields(Revisions)]
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in fields)


def test_ratios_are_those_of_first_values_to_last(draws):
    values = three(draws)
    found = of(known(told(values), 40))
    first, second, final = np.moveaxis(values, 2, 0)
    origins = np.arange(NEWEST[Cadence.WEEK] - 1, 40 - SETTLED[Cadence.WEEK])
    expected = np.full((2, 40), -1)
    expected[:, origins] = np.arange(2 * len(origins)).reshape(2, -1)
    np.testing.assert_array_equal(found.where, expected)
    own = np.zeros((2, 40, NEWEST[Cadence.WEEK]))
    # Newest last: the origin itself a week after its end, the week before it two weeks after its own, older ones final.
    own[:, :, -1] = np.log1p(first) - np.log1p(final)
    own[:, 1:, -2] = (np.log1p(second) - np.log1p(final))[:, :-1]
    np.testing.assert_allclose(found.own, own[:, origins].reshape(-1, 4), atol=1e-12)
    total = np.zeros((40, 4))
    total[:, -1] = np.log1p(first.sum(axis=0)) - np.log1p(final.sum(axis=0))
    total[1:, -2] = (np.log1p(second.sum(axis=0)) - np.log1p(final.sum(axis=0)))[:-1]
    np.testing.assert_allclose(found.total, np.tile(total[origins], (2, 1)), atol=1e-12)
    assert (found.others == 0).all(), "there is one target only"


def test_the_other_targets_of_a_place_are_told_beside_it(draws):
    found = of(known(told(three(draws), ((T, "A"), (U, "A"))), 40, ((T, "A"), (U, "A"))))
    changes = found.own[:, -1] - found.own[:, -2]
    np.testing.assert_allclose(found.others, np.roll(changes, len(changes) // 2), atol=1e-12)


def test_no_vintage_after_the_date_is_looked_at(draws):
    changes = told(three(draws))
    history = known(changes, 30)
    as_of = pd.Timestamp(history.triangle.as_of)
    assert (changes["as_of"] > as_of).any()
    upto = changes["as_of"] <= as_of
    spoilt = changes.assign(observation=changes["observation"].where(upto, 99_999.0))
    assert same(of(history), of(known(spoilt, 30)))
    assert same(of(history), of(known(changes[upto], 30)))
    altered = changes.assign(observation=changes["observation"].where(~upto, changes["observation"] * 2 + 50))
    assert not same(of(history), of(known(altered, 30)))


def test_without_a_triangle_nothing_is_known(draws):
    assert of(dataclasses.replace(known(told(three(draws)), 40), triangle=None)) is None


def test_too_few_looks_tell_nothing(draws):
    values = three(draws, t=40)
    weeks = ENOUGH // 2 + NEWEST[Cadence.WEEK] - 1 + SETTLED[Cadence.WEEK]
    assert len(of(known(told(values), weeks)).own) == ENOUGH
    assert of(known(told(values), weeks - 1)) is None


def test_history_much_older_than_the_vintage_tells_nothing(draws):
    """What the triangle does not reach is not guessed."""
    changes = told(three(draws))
    assert of(known(changes, 40, after=5)) is not None
    assert of(known(changes, 40, after=6)) is None


def test_older_counts_are_compared_with_what_was_seen_at_the_same_age(draws):
    """Two weeks after its end, the newest count is what it was after two weeks."""
    values = three(draws)
    found = of(known(told(values), 40, after=2))
    second, final = values[:, :, 1], values[:, :, 2]
    expected = (np.log1p(second) - np.log1p(final))[:, 3:37].ravel()
    np.testing.assert_allclose(found.own[:, -1], expected, atol=1e-12)
    assert (found.own[:, :-1] == 0).all()


def test_a_place_that_is_late_today_tells_nothing_and_leaves_the_others_alone(draws):
    values = three(draws)
    found = of(known(told(values, late={(1, 39)}), 40))
    both = of(known(told(values), 40))
    assert (found.where[1] == -1).all()
    np.testing.assert_array_equal(found.where[0], both.where[0])
    np.testing.assert_array_equal(found.own, both.own[: len(found.own)])
    expected = found.own
    np.testing.assert_allclose(found.total, expected, atol=1e-12, err_msg="a total is of those that were seen")


def test_a_place_that_was_late_once_tells_nothing_of_that_week_alone(draws):
    values = three(draws)
    found, both = of(known(told(values, late={(1, 20)}), 40)), of(known(told(values), 40))
    changed = (found.where >= 0) != (both.where >= 0)
    assert np.argwhere(changed).tolist() == [[1, 20]]


def test_small_counts_tell_nothing_and_what_nobody_had_reported_is_cut(draws):
    values = three(draws)
    values[0, 20], values[0, 21] = LEAST - 1, [0, 500, 500]
    found = of(known(told(values), 40))
    assert found.where[0, 20] == -1
    assert found.own[found.where[0, 21], -1] == -MOST
    assert np.abs(found.own).max() == MOST


def test_running_totals_tell_nothing(draws):
    series = (("cum confirmed cases", "A"), ("cum confirmed cases", "B"))
    values = np.cumsum(three(draws, t=60), axis=1)
    history = known(told(values, series, Cadence.DAY), 60, series, Cadence.DAY)
    assert revisions(steps(history, 14), history) is None


def test_a_running_total_beside_new_cases_does_not_touch_them(draws):
    series = (("inc covid cases", "A"), ("inc covid deaths", "A"), ("cum confirmed cases", "A"))
    values = three(draws, s=3, t=60)
    values[2] = np.cumsum(values[2], axis=0)
    mixed = known(told(values, series, Cadence.DAY), 60, series, Cadence.DAY)
    alone = known(told(values[:2], series[:2], Cadence.DAY), 60, series[:2], Cadence.DAY)
    found, expected = (revisions(steps(history, 14), history) for history in (mixed, alone))
    for name in ("own", "total", "others"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def test_days_are_looked_at_as_weeks_are(draws):
    series = (("inc covid cases", "A"), ("inc covid cases", "B"))
    values = three(draws, t=60)
    history = known(told(values, series, Cadence.DAY), 60, series, Cadence.DAY)
    found = revisions(steps(history, 14), history)
    assert found.own.shape[1] == found.total.shape[1] == NEWEST[Cadence.DAY] == 7
    first, second, final = np.moveaxis(values, 2, 0)
    at = found.where[1, 30]
    assert found.own[at, -1] == pytest.approx(np.log1p(first[1, 30]) - np.log1p(final[1, 30]))
    assert found.own[at, -2] == pytest.approx(np.log1p(second[1, 29]) - np.log1p(final[1, 29]))
    assert (found.own[at, :-2] == 0).all()


def test_beside_is_a_weighted_mean_of_the_others_of_the_place(draws):
    history = known(told(three(draws, s=4), tuple(zip((T, U, "c", T), "AAAB", strict=True))), 40,
                    tuple(zip((T, U, "c", T), "AAAB", strict=True)))  # fmt: skip
    values, weight = np.array([[1.0], [2.0], [4.0], [8.0]]), np.array([[1.0], [1.0], [3.0], [5.0]])
    found = beside(values, weight, history, np.arange(4))
    np.testing.assert_allclose(found.ravel(), [(2 + 12) / 4, (1 + 12) / 4, (1 + 2) / 2, 0])
