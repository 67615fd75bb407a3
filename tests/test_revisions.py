"""How counts are revised: against slow loops, by hand, and on the bundled archives."""

import itertools
import math
import pickle
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter import config, models, revisions
from reporter.counts import FeedCounts
from reporter.dates import Cadence
from reporter.schema import CHANGES, KEY, to_table
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes
from reporter.triangle import LAGS, ChangeLog
from reporter.vintages import View

START = date(2024, 6, 1)  # a Saturday
T = "inc covid cases"


def log(rows, target=T):
    """A change log of (vintage, place, period end, count), the days counted from `START`."""
    frame = pd.DataFrame(rows, columns=["as_of", "location", "target_end_date", "observation"]).assign(target=target)
    for name in ("as_of", "target_end_date"):
        frame[name] = pd.to_datetime([START + timedelta(days=int(day)) for day in frame[name]]).astype("datetime64[s]")
    return frame[CHANGES.names].astype({"observation": "float64"}).sort_values(["as_of", *KEY], ignore_index=True)


def days(number, step=1):
    return np.datetime64(START) + np.arange(number) * step


def measured(changes, series, cadence=Cadence.DAY, settle=0):
    targets, places = zip(*series, strict=True)
    view = View(changes, list(targets), list(places), cadence, settle)
    found = revisions.statistics(ChangeLog(changes, cadence), view.first, view.reference_dates, series)
    return found.set_index(["target", "location", "known", "lag"], drop=False)


def pooled(found, known, lag, target=T):
    mine = (found["target"] == target) & found["location"].isna() & (found["known"] == known) & (found["lag"] == lag)
    return found[mine].iloc[0]


changes_of_any_kind = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["A", "B", "other"]),
        st.integers(0, 12),
        st.sampled_from([math.nan, 0.0, 1.0, 3.0, 7.0, -2.0, 1000.0]),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row[:3],
)


@settings(max_examples=40)
@given(changes_of_any_kind, st.integers(0, 70), st.sampled_from(list(Cadence)))
def test_a_triangle_says_what_a_slow_loop_says(rows, stop, cadence):
    step = cadence.days
    rows = [(step * row[2] + row[0], row[1], step * row[2], row[3]) for row in rows]
    changes, series = log(rows), [(T, "B"), ("another", "A"), (T, "A")]
    as_of = START + timedelta(days=stop)
    dates = days(10, step)
    whole = ChangeLog(changes, cadence).triangle(as_of, series, dates)
    found = whole.upto(whole.lags)
    assert found.shape == (3, 10, LAGS[cadence] + 1)
    since = changes["as_of"].min().date()
    told = {}
    for row in changes.itertuples():
        told.setdefault((row.target, row.location, row.target_end_date.date()), []).append(row)
    for s, t in itertools.product(range(3), range(10)):
        end = START + timedelta(days=step * t)
        for lag in range(LAGS[cadence] + 1):
            seen = end + timedelta(days=step * lag)
            expected = math.nan
            for row in told.get((*series[s], end), []) if since <= seen <= as_of else []:
                expected = row.observation if row.as_of.date() <= seen else expected
            assert found[s, t, lag] == expected or (math.isnan(expected) and math.isnan(found[s, t, lag]))


def slow_statistics(changes, places, settle):
    """The shares and changes of all places together, one count at a time."""
    newest = changes["as_of"].max()
    view = View(changes, [T], places, Cadence.DAY, settle)
    delay = np.median([(as_of - day).days for day, as_of in view.reference_dates.items()] or [0])
    firsts = {(r.location, r.target_end_date): r for r in view.first.itertuples()}
    found = {}
    for location in places:
        mine = changes[changes["location"] == location]
        for end in mine["target_end_date"].unique():
            one = mine[mine["target_end_date"] == end]
            later = one["observation"].iloc[-1]
            if end + pd.Timedelta(days=28 + int(delay) + 1) > newest or math.isnan(later):
                continue
            early = {}
            first = firsts.get((location, end))
            if first is not None and (first.as_of - end).days <= delay + 1:
                early["first"] = first.observation
            for lag in range(29):
                seen = end + pd.Timedelta(days=lag)
                told = one[one["as_of"] <= seen]["observation"]
                if len(told) and changes["as_of"].min() <= seen <= newest:
                    early[lag] = told.iloc[-1]
            for known, value in early.items():
                if not math.isnan(value):
                    found.setdefault(known, []).append((value, later))
    return found


@settings(max_examples=25)
@given(changes_of_any_kind, st.integers(0, 2))
def test_statistics_are_those_of_a_slow_loop(rows, settle):
    changes = log([(row[0] + row[2], *row[1:]) for row in rows] + [(90, "other", 0, 5.0)])
    places = ["A", "B"]
    expected = slow_statistics(changes, places, settle)
    view = View(changes, [T], places, Cadence.DAY, settle)
    series = [(T, place) for place in places]
    found = revisions.statistics(ChangeLog(changes, Cadence.DAY), view.first, view.reference_dates, series)
    if not view.reference_dates:
        assert found.empty
        return
    found = found[found["location"].isna()]
    assert {row.known if row.known == "first" else row.lag for row in found.itertuples()} == set(expected)
    for row in found.itertuples():
        pairs = expected[row.known if row.known == "first" else row.lag]
        assert row.counts == len(pairs)
        assert row.raised == pytest.approx(np.mean([later > early for early, later in pairs]))
        assert row.lowered == pytest.approx(np.mean([later < early for early, later in pairs]))
        assert row.revised == pytest.approx(row.raised + row.lowered)
        assert row.mean_difference == pytest.approx(np.mean([later - early for early, later in pairs]))
        changed = [(1 + later) / (1 + early) - 1 for early, later in pairs if min(early, later) > -1]
        if changed:
            assert row.q95 == pytest.approx(np.quantile(changed, 0.95))
            assert row.q50 == pytest.approx(np.median(changed))
            assert row.close == np.mean(np.abs(changed) <= 0.05)
        else:
            assert math.isnan(row.q50)


def test_a_case_by_hand():
    """Two days are seen young: one goes from 9 to 19, one from 0 to 0; a third came late, a fourth is young still."""
    rows = [
        (1, "A", 0, 9), (1, "A", 1, 0),  # the first vintage, a day after day 0
        (4, "A", 0, 15),
        (20, "A", 0, 19), (20, "A", 3, 5),  # day 3 was first published 17 days late
        (30, "A", 30, 100),
        (35, "A", 30, 200), (35, "A", 35, 100),
    ]  # fmt: skip
    found = measured(log(rows), [(T, "A")])
    first = pooled(found, "first", 0)
    assert (first["counts"], first["periods"]) == (2, 2)
    assert (first["raised"], first["lowered"]) == (0.5, 0.0)
    assert first["q50"] == pytest.approx((1 + 0) / 2)  # (20/10 - 1 and 1/1 - 1), halfway
    assert (first["since"].date(), first["through"].date()) == (START, START + timedelta(days=1))
    assert pooled(found, "lag", 4)["mean_difference"] == pytest.approx((19 - 15 + 0) / 2)
    assert pooled(found, "lag", 17)["counts"] == 3
    assert pooled(found, "lag", 28)["revised"] == 0


def test_what_was_withdrawn_is_left_out_and_a_share_is_compared_as_it_is():
    rows = [(0, "A", 0, 0.5), (1, "A", 1, 0.5), (2, "A", 0, 0.75), (3, "A", 1, np.nan), (40, "A", 40, 0.5)]
    target = "wk inc covid prop ed visits"
    found = measured(log(rows, target), [(target, "A")])
    row = pooled(found, "first", 0, target)
    assert row["counts"] == 1
    assert row["q50"] == pytest.approx(0.5)


def test_nothing_is_said_of_what_was_never_seen_young():
    changes = log([(50, "A", day, 1.0) for day in range(20)])
    found = measured(changes, [(T, "A")])
    assert found.empty
    assert to_table(found.reset_index(drop=True), revisions.REVISIONS).num_rows == 0
    assert measured(changes.head(0), [(T, "A")]).empty


def test_a_place_of_few_counts_has_no_row_of_its_own():
    rows = [(day, place, day, 1.0) for day in range(60) for place in ("A", "B") if place == "A" or day < 10]
    found = measured(log(rows), [(T, "A"), (T, "B")])
    assert set(found["location"].dropna()) == {"A"}
    assert pooled(found, "first", 0)["counts"] == 31 + 10


def test_first_values_of_the_archive_of_admissions():
    """SOURCES has 77 % revised, 73.5 % upward, median +8 %, 95th percentile +51 %, from another cut of the vintages."""
    changes = archive_changes(REGISTRY["nhsn"])
    targets, places = REGISTRY["nhsn"].targets, sorted(changes["location"].unique())
    view = View(changes, list(targets), places, Cadence.WEEK, 0)
    series = [(target, place) for target in targets for place in places]
    found = revisions.statistics(ChangeLog(changes, Cadence.WEEK), view.first, view.reference_dates, series)
    row = pooled(found, "first", 1, "wk inc covid hosp")
    assert (row["counts"], row["periods"]) == (1166, 22)
    assert round(row["raised"], 3) == 0.805
    assert round(row["lowered"], 3) == 0.055
    assert round(row["q50"], 3) == 0.064
    assert round(row["q95"], 3) == 0.553


def test_the_newest_two_days_of_germany_are_partial():
    changes = archive_changes(REGISTRY["rki"])
    found = measured(changes, [(T, "DE")], settle=2)
    assert pooled(found, "first", 2)["counts"] == 945
    assert [pooled(found, "lag", lag)["q50"] > 0.15 for lag in (0, 1, 2)] == [True, True, False]
    assert pooled(found, "lag", 0)["raised"] == 1.0


# ---------------------------------------------------------------------------- as of each date


def test_later_vintages_alter_no_earlier_triangle(april):
    series = sorted(set(zip(april["target"], april["location"], strict=True)))
    dates = np.arange(np.datetime64("2020-03-01"), np.datetime64("2020-04-05"))
    as_of = date(2020, 4, 5)
    known = april[april["as_of"] <= pd.Timestamp(as_of)]
    later = april[april["as_of"] > pd.Timestamp(as_of)]
    altered = pd.concat([known, later.assign(observation=later["observation"] * 7 + 1)])
    found = [
        pickle.dumps(ChangeLog(changes, Cadence.DAY).triangle(as_of, series, dates))
        for changes in (known, april, altered)
    ]
    assert found[0] == found[1] == found[2]
    earlier = pd.concat([known.assign(observation=known["observation"] + 1), later])
    assert pickle.dumps(ChangeLog(earlier, Cadence.DAY).triangle(as_of, series, dates)) != found[0]


@pytest.fixture
def counts(april, feed, tmp_path):
    """The counts of the April feed, its change log as long as asked for: `counts(changes, as_of)`."""

    def of(changes, name, as_of=None):
        path = tmp_path / f"{name}.parquet"
        changes.to_parquet(path)
        (settings,) = config.parse({"feeds": [feed(path, models=["baseline"])]}).feeds
        taken = FeedCounts(settings, 0, tmp_path / name, date(2020, 4, 20), as_of)
        taken.take_in()
        return taken

    return of


def test_models_see_revisions_only_if_one_asks_for_them(april, counts, monkeypatch):
    taken = counts(april, "whole")
    assert taken.history(date(2020, 4, 9), date(2020, 4, 10)).triangle is None
    asking = models.REGISTRY["baseline"]._replace(revisions=True)
    monkeypatch.setitem(models.REGISTRY, "baseline", asking)
    history = taken.history(date(2020, 4, 9), date(2020, 4, 10))
    shape = history.counts.shape
    assert history.triangle.known(1).shape == shape
    assert np.array_equal(history.triangle.known(1)[:, -1], history.counts[:, -1])
    assert np.isnan(history.triangle.known(2)[:, -1]).all(), "two days after it had not come yet"
    assert history.triangle.known(28).shape == shape
    with pytest.raises(ValueError, match="a lag of 29; allowed are 0 to 28"):
        history.triangle.known(29)
    # A count that was revised is in the triangle as it was, and in the history as it is.
    old, new = history.triangle.known(1), history.counts
    assert ((old != new) & ~np.isnan(old)).any()


def test_a_history_of_a_date_is_the_same_whatever_came_later(april, counts, monkeypatch):
    monkeypatch.setitem(models.REGISTRY, "baseline", models.REGISTRY["baseline"]._replace(revisions=True))
    day = pd.Timestamp("2020-04-10")
    found = [
        pickle.dumps(counts(changes, name).history(date(2020, 4, 9), day.date()))
        for name, changes in (("all", april), ("then", april[april["as_of"] <= day]))
    ]
    assert found[0] == found[1]


def test_statistics_as_of_a_date_look_at_no_later_vintage(april, counts):
    day = date(2020, 4, 12)
    then = april[april["as_of"] <= pd.Timestamp(day)]
    assert not counts(then, "then").revisions.empty
    pd.testing.assert_frame_equal(counts(april, "cut", day).revisions, counts(then, "alone").revisions)


def test_a_build_writes_what_it_measured(april_site, april):
    found = pd.read_csv(april_site / "data/april/revisions.csv", keep_default_na=False)
    view = View(april, ["cum confirmed cases"], sorted(april["location"].unique()), Cadence.DAY, 0)
    series = [("cum confirmed cases", place) for place in sorted(april["location"].unique())]
    log_of = ChangeLog(april, Cadence.DAY)
    expected = revisions.statistics(log_of, view.first, view.reference_dates, series)
    assert list(found.columns) == revisions.REVISIONS.names
    assert len(found) == len(expected) > 0
    assert found["raised"].to_numpy() == pytest.approx(expected["raised"].to_numpy(), abs=1e-5)
