"""The gate: what it lets through, and the one line it refuses with."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reporter import feeds, gate
from reporter.errors import RefusedError
from reporter.gate import Limits
from reporter.schema import COUNTS, KEY, columns
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes
from reporter.vintages import Vintages

TODAY = date(2026, 11, 20)
T = "wk inc covid hosp"
SAMPLES = sorted((Path(__file__).parent / "data" / "sources").iterdir())
PLACES = ["AK", "AL", "NA", "US"]
WEEKS = pd.date_range("2026-01-03", periods=40, freq="7D").as_unit("s")
NONE = pd.DataFrame({name: [] for name in columns(COUNTS)}).astype(
    {"target": "str", "location": "str", "target_end_date": "datetime64[s]", "observation": "float64"}
)


def table(target=T, places=PLACES, days=WEEKS, value=None):
    """Counts of every place in every period, none of which is 0 or near another."""
    counts = 100.0 + np.arange(len(places) * len(days)) if value is None else value
    return pd.DataFrame(
        {
            "target": target,
            "location": np.repeat(places, len(days)),
            "target_end_date": np.tile(days, len(places)),
            "observation": counts,
        }
    ).astype(NONE.dtypes.to_dict())


def allowed(**limits):
    """What the settings allow if they do not say otherwise, and what they do say."""
    return Limits(**{one.name: getattr(feeds.Limits(), one.name) for one in fields(Limits)} | limits)


def check(counts, known, *, today=TODAY, same_source=True, began=None, **limits):
    gate.check("nhsn", counts, known, allowed(**limits), today=today, same_source=same_source, began=began)


def refusal(counts, known, **keywords) -> str:
    with pytest.raises(RefusedError) as caught:
        check(counts, known, **keywords)
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith("nhsn: ")
    return message.removeprefix("nhsn: ").removeprefix("'wk inc covid hosp': ").removeprefix("'cum deaths': ")


def snapshots(changes: pd.DataFrame) -> Iterator[tuple[date, pd.DataFrame]]:
    """Every vintage of a change log, whole."""
    number = changes.groupby(KEY, sort=False).ngroup().to_numpy()
    keys = changes.drop_duplicates(KEY)[KEY]
    keys = keys.set_index(number[keys.index]).sort_index()
    now = np.full(len(keys), np.nan)
    for as_of, rows in changes.groupby("as_of"):
        now[number[rows.index]] = rows["observation"]
        yield as_of.date(), keys.assign(observation=now)[~np.isnan(now)]


@pytest.mark.parametrize("name", ["rki", "nhsn", "jhu"])
def test_every_vintage_of_the_bundled_archives_passes(name):
    known, passed = NONE, 0
    for as_of, now in snapshots(archive_changes(REGISTRY[name])):
        gate.check(name, now, known, allowed(), today=as_of)
        known, passed = now, passed + 1
    assert passed == {"rki": 944, "nhsn": 95, "jhu": 159}[name]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_sample_passes_against_itself_and_without_its_newest_period(sample):
    name = sample.stem.split("-")[0]
    now = REGISTRY[name].parse(sample.read_bytes())
    newest = now.groupby("target")["target_end_date"].transform("max")
    for known in (now, now[now["target_end_date"] < newest]):
        gate.check(name, now, known, allowed(), today=now["target_end_date"].max().date())


def test_the_first_counts_need_nothing_to_be_held_against():
    check(table(), NONE)
    check(table(value=0.0), NONE)


def test_the_same_again_passes():
    check(table(), table())


def test_a_new_week_with_revisions_passes():
    known = table(days=WEEKS[:-1])
    now = table()
    revised = now["target_end_date"] > WEEKS[-6]
    now.loc[revised, "observation"] *= 3
    check(now, known)


def test_years_of_new_days_pass():
    check(table(days=WEEKS), table(days=WEEKS[:3]))


def test_a_new_place_and_a_new_target_pass():
    check(pd.concat([table(), table(target="wk inc rsv hosp")]), table(places=PLACES[:3]))


def test_a_blank_is_no_count_and_keeps_its_row():
    now = table()
    now.loc[now["target_end_date"] == WEEKS[-1], "observation"] = np.nan
    check(now, table())


@pytest.mark.parametrize("same", [True, False])
def test_an_older_file_is_refused(same):
    found = refusal(table(days=WEEKS[:-1]), table(), same_source=same)
    assert found == "ends on 2026-09-26, before the last vintage, which ends on 2026-10-03"


def test_one_target_of_an_older_file_is_refused():
    known = pd.concat([table(), table(target="cum deaths")])
    assert refusal(pd.concat([table(), table(target="cum deaths", days=WEEKS[:-1])]), known).startswith("ends on 2026-")


def test_the_future_is_refused_from_the_first_counts_on():
    found = refusal(table(), NONE, today=date(2026, 10, 2))
    assert found == "a period that ends on 2026-10-03, which is after today, 2026-10-02"
    check(table(), NONE, today=date(2026, 10, 3))


def test_a_place_gone_is_refused_and_can_be_let_go():
    now = table(places=["AK", "AL", "US"], value=np.delete(table()["observation"].to_numpy(), slice(80, 120)))
    assert refusal(now, table()) == "1 of 4 places gone, 'NA'; allowed: 0 (feeds.limits.fewer_places)"
    check(now, table(), fewer_places=1)
    blank = table()
    blank.loc[blank["location"] == "NA", "observation"] = np.nan
    assert refusal(blank, table()).startswith("1 of 4 places gone, 'NA'")


def test_many_places_gone_are_named_in_a_line():
    places = [f"{number:05d}\n{'x' * 200}" for number in range(300)]
    found = refusal(table(places=places[:200], days=WEEKS[:10]), table(places=places, days=WEEKS[:10]))
    assert found.startswith("100 of 300 places gone, '00200\\nxxx")
    assert len(found) < 500


def test_a_place_that_is_let_go_takes_its_history_with_it():
    known = table()
    check(known[known["location"] != "NA"], known, fewer_places=1)


def test_a_place_that_went_long_ago_is_missed_by_its_counts_until_they_are_withdrawn():
    places = [f"{number:02d}" for number in range(40)]
    known = table(places=places)
    known = known[~((known["location"] < "03") & (known["target_end_date"] > WEEKS[-6]))]
    check(known[known["location"] > "00"], known)
    now = known[known["location"] > "02"]
    assert refusal(now, known).startswith("105 of the last vintage's 1585 counts are gone")
    check(now, known.assign(observation=known["observation"].where(known["location"] > "02")))


@pytest.fixture(scope="module")
def silent():
    """240 places, 153 of which, all before "153", have reported nothing for half a year: so do WHO's."""
    counts = table(places=[f"{number:03d}" for number in range(240)], days=WEEKS)
    return counts[(counts["location"] >= "153") | (counts["target_end_date"] <= WEEKS[13])]


def test_places_silent_for_long_are_no_growth(silent):
    check(silent, silent)
    check(silent, silent[silent["target_end_date"] < WEEKS[-1]])


def test_places_silent_for_long_are_missed_if_they_go(silent):
    assert refusal(silent[silent["location"] >= "153"], silent).startswith("2142 of the last vintage's 5622 counts are")


def test_counts_of_places_silent_for_long_that_are_rewritten_are_seen(silent):
    worse = silent.assign(observation=silent["observation"].mask(silent["location"] < "153", 0.0))
    assert "of 5622 counts more than doubled or halved" in refusal(worse, silent, rewritten=0.3)


def test_after_a_long_gap_places_may_be_others_but_not_many():
    places = [f"{number:02d}" for number in range(50)]
    known = table(places=places, days=WEEKS[:20])
    now = table(places=places, days=WEEKS)
    now["observation"] = 100.0
    known["observation"] = 100.0
    check(now[now["location"] != "07"], known)
    assert refusal(now[now["location"] > "07"], known).startswith("160 of the last vintage's 1000 counts are gone")


@pytest.mark.parametrize("kept", [slice(20, None), slice(None, None, 2)])
def test_half_the_history_gone_is_refused(kept):
    days = WEEKS[:39:2] if kept.step else WEEKS[kept]
    now = table().merge(pd.DataFrame({"target_end_date": days}))
    found = refusal(pd.concat([now, table(days=WEEKS[-1:] + pd.Timedelta("7D"))]), table())
    assert found == "80 of the last vintage's 160 counts are gone; allowed: a share of 0.05 (feeds.limits.fewer_counts)"


def test_a_withdrawn_count_passes():
    now = table()
    now.loc[[3, 77], "observation"] = np.nan
    check(now.drop(index=[100]), table())


def daily(first, last, places=PLACES):
    """Daily counts; of each day and place always the same."""
    days = pd.date_range(first, last).as_unit("s")
    numbers = (days.to_numpy().astype("datetime64[D]").astype(int) % 97)[None, :] + np.arange(len(places))[:, None]
    return table(places=places, days=days, value=50.0 + numbers.ravel())


def begins(counts):
    """The first period end of each target."""
    return {target: first.date() for target, first in counts.groupby("target")["target_end_date"].min().items()}


@pytest.mark.parametrize(
    "days",
    [
        pytest.param(lambda day: (day - timedelta(days=29), day), id="the last 30 days"),
        pytest.param(lambda day: (day - timedelta(days=6), day), id="the last 7 days"),
        pytest.param(lambda day: ((pd.Period(day, "M") - 2).start_time.date(), day), id="three months"),
    ],
)
@pytest.mark.parametrize("pause", [1, 17], ids=["each day", "every 17th day"])
def test_a_rolling_window_passes_for_ever(tmp_path, days, pause):
    store, began = Vintages(tmp_path), {}
    for day in pd.date_range("2026-08-01", "2026-10-05", freq=f"{pause}D"):
        now = daily(*days(day.date()))
        check(now, store.known, began=began)
        began = begins(now)
        store.add(day.date(), now)
    assert store.known["target_end_date"].min() < pd.Timestamp("2026-08-01")
    assert store.known["observation"].notna().all()


def test_each_target_has_a_window_of_its_own(tmp_path):
    """Cases are listed from the first of January on, deaths of the last 90 days."""
    store, began = Vintages(tmp_path), {}
    for day in pd.date_range("2026-08-01", "2026-10-05", freq="5D"):
        deaths = daily(day - pd.Timedelta("89D"), day).assign(target="inc deaths")
        now = pd.concat([daily("2026-01-01", day).assign(target="inc cases"), deaths])
        check(now, store.known, began=began)
        began = begins(now)
        store.add(day.date(), now, whole=True)
    assert began == {"inc cases": date(2026, 1, 1), "inc deaths": date(2026, 7, 8)}
    without = {target: first for target, first in began.items() if target == "inc cases"}
    assert refusal(now, store.known, began=without).startswith("'inc deaths': 260 of the last vintage's 620 counts")
    late = now[(now["target"] == "inc deaths") | (now["target_end_date"] > "2026-07-01")]
    assert refusal(late, store.known, began=began).startswith("'inc cases': 728 of the last vintage's 1112 counts")


@pytest.mark.parametrize("lagging", [1, 2, 3])
@pytest.mark.parametrize("lag", [10, 40])
def test_places_that_each_list_their_last_days_pass_for_ever(tmp_path, lagging, lag):
    """Some end, and so begin, earlier than the others."""
    store, began = Vintages(tmp_path), {}
    for day in pd.date_range("2026-08-01", "2026-10-05", freq="5D"):
        before = day - pd.Timedelta(f"{lag}D")
        late = daily(before - pd.Timedelta("59D"), before, PLACES[:lagging])
        now = pd.concat([daily(day - pd.Timedelta("59D"), day, PLACES[lagging:]), late])
        now = now[(now["location"] != "US") | (now["target_end_date"].dt.day_of_week < 5)]
        check(now, store.known, began=began)
        began = begins(now)
        store.add(day.date(), now, whole=True)
    assert store.known["observation"].notna().all()
    cut = now[now["location"].isin(PLACES[:lagging]) | (now["target_end_date"] > day - pd.Timedelta("30D"))]
    assert "counts are gone" in refusal(cut, store.known, began=began)


def test_a_rolling_window_of_weeks_passes():
    counts = table(value=np.full(160, 7.0))
    for number in range(1, 28):
        listed, known = WEEKS[number : number + 12], WEEKS[: number + 11]
        now, before = (counts[counts["target_end_date"].isin(days)] for days in (listed, known))
        check(now, before, began={T: WEEKS[number - 1].date()})


@pytest.mark.parametrize("days", [10, 30, 60, 90, 1000])
def test_the_first_half_cut_off_at_once_is_refused_of_a_short_table_too(days):
    known = daily(date(2026, 10, 1) - timedelta(days=days - 1), "2026-10-01")
    now = daily(date(2026, 10, 2) - timedelta(days=days // 2), "2026-10-02")
    message = f"{2 * days} of the last vintage's {4 * days} counts are gone; "
    for began in (None, {}, {"cum deaths": date(2020, 1, 1)}, begins(known)):
        assert refusal(now, known, began=began).startswith(message)


def test_a_window_that_rolled_long_ago_is_still_held_against_what_it_listed():
    known = daily("2024-01-01", "2026-10-01")
    began = {T: date(2026, 7, 4)}
    check(daily("2026-07-05", "2026-10-02"), known, began=began)
    message = refusal(daily("2026-08-18", "2026-10-02"), known, began=began)
    assert message.startswith("180 of the last vintage's 360 counts are gone; ")
    gaps = daily("2026-07-05", "2026-10-02").loc[lambda frame: frame["target_end_date"].dt.day.sub(10).abs() > 1]
    assert refusal(gaps, known, began=began).startswith("36 of the last vintage's 356 counts are gone; ")
    assert "counts are gone" in refusal(daily("2026-07-05", "2026-10-02"), known), "nobody knows that it rolled before"


def test_a_year_cut_off_old_history_is_gone_until_so_much_time_has_passed():
    known = daily("2023-01-01", "2026-06-30")
    assert refusal(daily("2024-01-01", "2026-07-07"), known).startswith("1460 of the last vintage's 5108 counts are")
    check(daily("2023-02-01", "2026-07-01"), known)
    check(daily("2024-01-01", "2026-07-01"), known, began={T: date(2024, 1, 1)})


def test_blanks_at_the_begin_of_a_table_are_no_window():
    now = table()
    now.loc[now["target_end_date"] < WEEKS[4], "observation"] = np.nan
    assert refusal(now, table()).startswith("16 of the last vintage's 160 counts are gone")


def test_a_window_of_zeros_passes_where_only_what_it_no_longer_lists_was_more():
    known = daily("2026-01-01", "2026-10-01")
    known.loc[known["target_end_date"] >= "2026-07-01", "observation"] = 0.0
    now = daily("2026-07-05", "2026-10-02").assign(observation=0.0)
    check(now, known, began={T: date(2026, 7, 4)})
    known.loc[known["target_end_date"] == "2026-07-06", "observation"] = 1.0
    assert refusal(now, known, began={T: date(2026, 7, 4)}).startswith("all 360 counts are 0")


@pytest.mark.parametrize("target", ["wk inc covid hosp", "wk inc flu hosp", "wk inc rsv hosp"])
def test_older_history_newly_listed_passes(target):
    """NHSN's table lists RSV from 2020 on; the bundled archive's began in 2023."""
    changes = archive_changes(REGISTRY["nhsn"]).query("target == @target").reset_index(drop=True)
    *_, (as_of, known) = snapshots(changes)
    places, first = list(known["location"].unique()), known["target_end_date"].min()
    older = table(target=target, places=places, days=pd.date_range("2016-01-02", first - pd.Timedelta("7D"), freq="7D"))
    now = pd.concat([known.astype(older.dtypes.to_dict()), older])
    gate.check("nhsn", now, known, allowed(), today=as_of)
    tenfold = pd.concat([now.assign(location=now["location"] + str(number)) for number in range(9)] + [now])
    with pytest.raises(RefusedError, match="to be expected"):
        gate.check("nhsn", tenfold, known, allowed(), today=as_of)


def test_ten_times_the_size_is_refused():
    days = pd.date_range("2026-01-03", WEEKS[-1]).as_unit("s")
    many = [f"{place}-{number}" for place in PLACES for number in range(10)]
    found = refusal(pd.concat([table(), table(places=many)]), table())
    allows = "allowed: 2 times as many (feeds.limits.more_counts)"
    assert found == f"1760 counts where 160 were to be expected; {allows}"
    merged = pd.concat([table(), table(days=days)]).drop_duplicates(KEY)
    assert refusal(merged, table()).endswith("(feeds.limits.more_counts)"), "weeks that became days"
    check(merged, table(), more_counts=7)


def test_ten_times_the_size_is_refused_of_a_window_too():
    known = daily("2024-01-01", "2026-10-01")
    many = [f"{place}{number}" for place in PLACES for number in range(10)]
    now = daily("2026-07-05", "2026-10-02", [*PLACES, *many])
    assert refusal(now, known, began={T: date(2026, 7, 4)}).startswith("3960 counts where 360 were to be expected")


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_new_place_with_its_whole_history_passes(count):
    places, days = [f"{number:02d}" for number in range(count)], pd.date_range("2022-01-01", WEEKS[-1], freq="7D")
    known = table(places=places, days=days)
    now = table(places=[*places, "new"], days=days)
    check(now, known[known.index % 5 > 0])
    tenfold = table(places=[f"{place}-{number}" for place in places for number in range(10)], days=days)
    assert "to be expected" in refusal(pd.concat([known, tenfold]), known)


def test_a_small_table_may_grow():
    check(table(days=WEEKS[:20]), table(places=["AK"], days=WEEKS[19:20]))


@pytest.mark.parametrize("change", [lambda values: values * 1000, lambda values: values[::-1]])
def test_history_rewritten_is_refused(change):
    values = np.linspace(1, 1000, 160)
    now, known = table(value=change(values)), table(value=values)
    found = refusal(now, known)
    assert "of 160 counts more than doubled or halved since the last vintage" in found
    assert found.endswith("; allowed: a share of 0.4 (feeds.limits.rewritten)")
    check(now, known, rewritten=1.0)


def test_a_handful_rewritten_is_a_revision():
    known = table(places=["AK"], days=WEEKS[:20])
    check(known.assign(observation=999.0), known)


def test_a_few_zeros_stay_out_of_the_share():
    known, now = table(value=0.0), table(value=0.0)
    known.loc[:29, "observation"] = now.loc[:29, "observation"] = 5.0
    now.loc[:24, "observation"] = 50.0
    assert refusal(now, known).startswith("25 of 30 counts")


def test_all_zeros_are_refused_unless_they_always_were():
    assert refusal(table(value=0.0), table()) == "all 160 counts are 0; in the last vintage they are not"
    check(table(value=0.0), table(value=0.0))


def test_totals_that_fall_to_nothing_are_refused():
    """As JHU's recovered did on 2021-08-05."""
    now = table(target="cum deaths")
    now.loc[now["target_end_date"] == WEEKS[-1], "observation"] = 0.0
    known = table(target="cum deaths", days=WEEKS[:-1])
    assert refusal(now, known).startswith("all totals are 0 on 2026-10-03; in the last vintage they are 786")
    check(now.assign(target="wk inc covid hosp"), known.assign(target="wk inc covid hosp"))


def test_negative_totals_are_refused():
    now = table(target="cum deaths")
    now.loc[now["target_end_date"] == WEEKS[-1], "observation"] *= -1
    found = refusal(now, table(target="cum deaths"))
    assert found == "4 of 160 counts are below 0; allowed: a share of 0.01 of totals"
    now = table()
    now["observation"] *= -1
    found = refusal(now, NONE)
    assert found == "160 of 160 counts are below 0; allowed: half of those that are not 0"


def test_a_correction_below_zero_passes():
    now = table()
    now.loc[5, "observation"] = -349_116.0
    check(now, table())


def test_a_target_gone_is_refused():
    known = pd.concat([table(), table(target="wk inc rsv hosp")])
    assert refusal(table(), known) == "'wk inc rsv hosp': no counts at all; the last vintage has 160"


def test_another_source_is_compared_over_what_both_count():
    later = table().loc[lambda frame: frame["target_end_date"] >= WEEKS[20]]
    assert "counts are gone" in refusal(later, table())
    check(later, table(), same_source=False)
    check(table(), later, same_source=False)
    worse = later.assign(observation=later["observation"] * 10)
    assert refusal(worse, table(), same_source=False).startswith("80 of 80 counts more than doubled")
    beyond = table(days=WEEKS[-2:])
    check(beyond, table(days=WEEKS[:10]), same_source=False)


def test_categories_are_as_good_as_texts():
    kinds = {"target": "category", "location": "category"}
    for now, known in ((table().astype(kinds), table()), (table(), table().astype(kinds))):
        check(now, known)
        assert "places gone, 'NA'" in refusal(now[now["location"] != "NA"], known)
    check(table().astype(kinds), NONE.astype(kinds))


def test_nothing_is_altered():
    now, known = table(), table(days=WEEKS[:-1])
    before = now.copy(), known.copy()
    check(now, known)
    pd.testing.assert_frame_equal(now, before[0])
    pd.testing.assert_frame_equal(known, before[1])


@pytest.mark.parametrize("setting", [one.name for one in fields(Limits)])
def test_one_limit_is_lifted_and_the_others_hold(setting):
    known = table(places=["AK", "AL", "CA", "NA", "US", "WY"])
    days = pd.date_range(WEEKS[0], WEEKS[-1]).as_unit("s")
    beyond = {
        "fewer_places": known[known["location"] != "NA"],
        "fewer_counts": known[known.index % 40 > 9],
        "more_counts": pd.concat([known, table(days=days)]).drop_duplicates(KEY),
        "rewritten": known.assign(observation=known["observation"] * 10),
    }
    for name, now in beyond.items():
        limits = allowed().without(setting)
        if name == setting:
            gate.check("nhsn", now, known, limits, today=TODAY)
        else:
            with pytest.raises(RefusedError) as caught:
                gate.check("nhsn", now, known, limits, today=TODAY)
            assert caught.value.setting == name
