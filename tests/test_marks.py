"""What is marked as odd, and what models see instead: real archives, and small series made by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from reporter import marks
from reporter.dates import Cadence
from reporter.forecast import build_history
from reporter.schema import KEY, is_cumulative
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes
from reporter.vintages import View

NAN = np.nan
WEEKLY_RHYTHM = np.array([1.2, 1.3, 1.1, 1.0, 1.0, 0.5, 0.05])


def known(source, day):
    """Counts as known on a day, out of a bundled archive."""
    changes = archive_changes(REGISTRY[source])
    changes = changes[changes["as_of"] <= day]
    return changes.drop_duplicates(KEY, keep="last").dropna(subset="observation")


def marked(counts, cadence):
    """The marks on a counts frame, as (target, location, date, kind)."""
    wide = counts.pivot(index=["target", "location"], columns="target_end_date", values="observation")
    axis = pd.date_range(wide.columns.min(), wide.columns.max(), freq=f"{cadence.days}D", unit="s")
    matrix = wide.reindex(columns=axis).to_numpy(dtype=np.float64)
    targets, places = zip(*wide.index, strict=True)
    found = marks.find(matrix, np.array([is_cumulative(target) for target in targets]), cadence)
    return marks.frame(found, matrix, axis.to_numpy(), targets, places)


def kinds_of(row, cadence=Cadence.DAY, *, cumulative=False):
    """Kind by position of one series."""
    found = marks.find(np.array([row], dtype=np.float64), np.array([cumulative]), cadence)
    return {int(t): marks.KINDS[found.kind[0, t]] for t in np.flatnonzero(found.kind[0] != marks.NONE)}


def treated(row, cadence=Cadence.DAY, *, cumulative=False):
    return marks.treat(np.array([row], dtype=np.float64), np.array([cumulative]), cadence)[0]


def flat(level=100.0, periods=60):
    """Counts that wobble a little."""
    return np.round(level * (1 + 0.05 * np.sin(np.arange(periods))))


# ---------------------------------------------------------------------------- real archives


@pytest.fixture(scope="module")
def jhu():
    return marked(known("jhu", "2020-08-18"), Cadence.DAY).set_index(["target", "location", "target_end_date"])


@pytest.mark.parametrize(
    ("target", "place", "day", "kind", "new"),
    [
        ("cum deaths", "China", "2020-04-17", "spike", 1290),
        ("cum confirmed cases", "China", "2020-02-13", "spike", 15_136),
        ("cum confirmed cases", "France", "2020-04-12", "spike", 26_849),
        ("cum deaths", "Peru", "2020-07-23", "spike", 3887),
        ("cum deaths", "India", "2020-06-16", "spike", 2003),
        ("cum confirmed cases", "Peru", "2020-07-27", "dump", 13_756),
        ("cum confirmed cases", "Spain", "2020-04-24", "negative", -10_034),
        ("cum confirmed cases", "France", "2020-04-29", "negative", -2510),
        ("cum deaths", "Spain", "2020-05-25", "negative", -1918),
        ("cum confirmed cases", "Pakistan", "2020-06-12", "zeros", 0),
        ("cum confirmed cases", "Spain", "2020-08-15", "weekday", 0),
    ],
)
def test_what_was_odd_in_2020_is_marked(jhu, target, place, day, kind, new):
    row = jhu.loc[(target, place, pd.Timestamp(day))]
    assert (row["kind"], row["new"]) == (kind, new)


@pytest.mark.parametrize(
    "place", ["US", "Italy", "Germany", "United Kingdom", "Brazil", "Russia", "Iran", "Korea, South"]
)
def test_the_waves_of_2020_are_no_spikes(jhu, place):
    mine = jhu.loc["cum confirmed cases"].reset_index().query("location == @place")
    assert not mine["kind"].isin(["spike", "dump"]).any(), mine


def test_the_rhythm_of_a_week_and_three_years_of_waves_give_no_marks():
    for day in ("2022-11-15", "2023-06-15", "2024-12-31", "2025-06-30"):
        counts = known("rki", day)
        settled = counts[counts["target_end_date"] <= counts["target_end_date"].max() - pd.Timedelta(days=2)]
        found = marked(settled, Cadence.DAY)
        assert found.empty, found


def test_the_weeks_that_states_did_not_report_are_missing_and_their_zeros_are_none():
    found = marked(known("nhsn", "2025-06-27"), Cadence.WEEK)
    found = found.set_index(["target", "location", "target_end_date"])
    covid = found.loc["wk inc covid hosp"]
    assert covid.loc[("25", pd.Timestamp("2024-05-18")), "kind"] == "missing"
    assert np.isnan(covid.loc[("25", pd.Timestamp("2024-05-18")), "observation"])
    assert covid.loc[("09", pd.Timestamp("2024-10-12")), "kind"] == "zeros"
    assert covid.loc[("33", pd.Timestamp("2020-08-29")), "kind"] == "spike"
    spikes = found[found["kind"].isin(["spike", "dump"])]
    assert len(spikes) < 20, "of 159 series over five winters"
    assert "US" not in spikes.index.get_level_values("location")


def test_altering_a_later_vintage_alters_no_treated_history():
    changes = archive_changes(REGISTRY["jhu"])
    changes = changes[changes["location"].isin(["China", "Spain", "France"])]
    targets, series = ["cum deaths"], [("cum deaths", place) for place in ("China", "France", "Spain")]
    altered = changes.copy()
    late = altered["as_of"] > "2020-05-01"
    altered.loc[late, "observation"] = altered.loc[late, "observation"] * 9 + 1
    histories = []
    for log in (changes, altered):
        view = View(log, targets, ["China", "France", "Spain"], Cadence.DAY, 0)
        histories.append(build_history(view.as_of(date(2020, 5, 1)), series, date(2020, 4, 30), Cadence.DAY, {}))
    np.testing.assert_array_equal(histories[0].counts, histories[1].counts)
    assert histories[0].published is not None, "China's 1,290 deaths of one day were treated"
    assert not np.array_equal(histories[0].counts, histories[0].published, equal_nan=True)


# ---------------------------------------------------------------------------- rules


def test_a_count_far_above_both_sides_is_a_spike():
    row = flat()
    row[30] = 900
    assert kinds_of(row) == {30: "spike"}


@pytest.mark.parametrize("row", [[0, 0, 3, 0] * 15, [0] * 30 + [25] + [0] * 29, [2, 9, 1, 0, 14, 3] * 10])
def test_a_few_counts_are_no_spike(row):
    assert kinds_of(row) == {}


def test_steep_rises_peaks_and_falls_are_no_spikes():
    t = np.arange(80)
    for width in (3, 5, 9, 15):
        assert kinds_of(np.round(20 + 4000 * np.exp(-(((t - 40) / width) ** 2)))) == {}, width
    assert kinds_of(np.round(np.minimum(5 * 1.4**t, 50_000))) == {}
    for width in (2, 3, 5):
        assert kinds_of(np.round(20 + 4000 * np.exp(-(((t - 40) / width) ** 2))), Cadence.WEEK) == {}, width


def test_chance_alone_gives_no_marks():
    rng = np.random.default_rng(1)
    rows = rng.poisson(rng.gamma(0.7, 40, (200, 1)) * WEEKLY_RHYTHM[np.arange(140) % 7]).astype(np.float64)
    found = marks.find(rows, np.zeros(200, dtype=bool), Cadence.DAY)
    assert {kind: int(found.of(kind).sum()) for kind in ("spike", "dump", "negative")} == {
        "spike": 0, "dump": 0, "negative": 0,
    }  # fmt: skip
    assert found.of("zeros").sum() <= 2


def test_a_surge_at_the_end_is_provisional_and_stays_in_fitting():
    row = flat()
    row[-1] = 2000
    found = marks.find(row[None], np.array([False]), Cadence.DAY)
    assert found.of("spike")[0, -1]
    assert found.provisional[0, -1]
    np.testing.assert_array_equal(treated(row), row)


def test_a_spike_is_missing_to_models_once_it_can_be_told():
    row = flat()
    row[30] = 2000
    for after, told in ((1, False), (4, False), (5, True), (29, True)):
        assert np.isnan(treated(row[: 31 + after])[30]) == told, after


def test_a_day_of_the_week_without_reports_is_one_and_no_spike_follows_it():
    row = flat(periods=70)
    row[5::7], row[6::7], row[7::7] = 0, 0, 300
    found = kinds_of(row)
    assert set(found.values()) == {"weekday"}
    assert {t % 7 for t in found} == {5, 6}
    np.testing.assert_array_equal(treated(row), row)


def test_a_place_that_reports_once_a_week_has_six_days_of_rest():
    row = np.zeros(84)
    row[3::7] = 700
    assert set(kinds_of(row).values()) == {"weekday"}
    row[np.arange(84) % 7 != 3] = NAN
    assert set(kinds_of(row).values()) == {"weekday"}


def test_zeros_and_the_count_of_several_days_are_spread():
    row = flat()
    total = row[30:34].sum()
    row[30:33], row[33] = 0, total
    assert kinds_of(row) == {30: "zeros", 31: "zeros", 32: "zeros", 33: "dump"}
    np.testing.assert_allclose(treated(row)[30:34], total / 4)
    np.testing.assert_array_equal(np.delete(treated(row), range(30, 34)), np.delete(row, range(30, 34)))


def test_a_count_of_several_days_is_not_spread_beyond_a_negative_one():
    row = np.full(60, 50.0)
    row[30:34] = -3, 0, 0, 160
    assert kinds_of(row) == {30: "negative", 31: "zeros", 32: "zeros", 33: "dump"}
    np.testing.assert_allclose(treated(row)[29:35], [50, NAN, 160 / 3, 160 / 3, 160 / 3, 50])
    total = np.cumsum(row)
    assert np.flatnonzero(np.isnan(treated(total, cumulative=True))).tolist() == [31, 32], "the fall stays as published"


def test_zeros_that_nothing_makes_up_for_are_missing():
    row = flat()
    row[30:33] = 0
    assert kinds_of(row) == dict.fromkeys((30, 31, 32), "zeros")
    assert np.isnan(treated(row)[30:33]).all()


def test_missing_is_not_zero_and_begins_with_the_first_count():
    row = flat()
    row[:5], row[20], row[-2:] = NAN, NAN, NAN
    assert kinds_of(row) == dict.fromkeys((20, 58, 59), "missing")


def test_a_negative_count_is_missing_to_models_at_once():
    row = flat()
    row[-1] = -40
    assert kinds_of(row) == {59: "negative"}
    assert np.isnan(treated(row)[-1])


def test_totals_keep_the_newest_and_the_counts_around_a_spike():
    new = flat()
    new[30] = 5000
    total = np.cumsum(new)
    result = treated(total, cumulative=True)
    assert result[-1] == total[-1]
    assert np.diff(result)[29] == pytest.approx(100, abs=6)
    np.testing.assert_allclose(np.delete(np.diff(result), 29), np.delete(np.diff(total), 29))


def test_a_fall_of_a_total_is_marked_and_left_to_the_models():
    total = np.cumsum(flat())
    total[30:] -= 1000
    assert kinds_of(total, cumulative=True) == {30: "negative"}
    np.testing.assert_array_equal(treated(total, cumulative=True), total)


def test_zeros_in_a_total_are_a_straight_line_once_made_up_for():
    new = flat()
    lump = new[30:33].sum()
    new[30:32], new[32] = 0, lump
    result = treated(np.cumsum(new), cumulative=True)
    assert np.isnan(result[30:32]).all()
    assert result[32] == np.cumsum(new)[32]


def test_a_series_is_marked_by_itself():
    rows = np.stack([flat(), np.cumsum(flat()), flat(9)])
    rows[0, 30], rows[2, 20:24] = 4000, 0
    cumulative = np.array([False, True, False])
    together = marks.find(rows, cumulative, Cadence.DAY)
    for i in range(3):
        alone = marks.find(rows[i : i + 1], cumulative[i : i + 1], Cadence.DAY)
        np.testing.assert_array_equal(alone.kind[0], together.kind[i])
        np.testing.assert_array_equal(alone.usual[0], together.usual[i])


@pytest.mark.parametrize("shape", [(0, 0), (0, 9), (1, 1), (2, 3), (3, 30)])
@pytest.mark.parametrize("fill", [0.0, 7.0, NAN])
def test_short_and_empty_series_have_no_marks(shape, fill):
    for cumulative in (True, False):
        for cadence in Cadence:
            counts = np.full(shape, fill)
            np.testing.assert_array_equal(marks.treat(counts, np.full(shape[0], cumulative), cadence), counts)


def test_what_was_published_is_never_altered():
    row = flat()
    row[30], row[40] = 9000, -5
    counts = row[None].copy()
    counts.flags.writeable = False
    marks.treat(counts, np.array([False]), Cadence.DAY)
    np.testing.assert_array_equal(counts[0], row)


def test_zeros_in_weekly_counts_are_marked_and_left_as_published():
    row = flat(periods=40)
    row[20:22], row[22] = 0, 300
    assert kinds_of(row, Cadence.WEEK) == {20: "zeros", 21: "zeros", 22: "dump"}
    np.testing.assert_array_equal(treated(row, Cadence.WEEK), row)
    row[22], row[30] = 100, 4000
    assert np.flatnonzero(np.isnan(treated(row, Cadence.WEEK))).tolist() == [30]
