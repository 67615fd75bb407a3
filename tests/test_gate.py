"""The gate: what it lets through, and the one line it refuses with."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import date

import numpy as np
import pandas as pd
import pytest

from reporter import feeds, gate
from reporter.errors import RefusedError
from reporter.gate import Limits
from reporter.schema import COUNTS, KEY, columns
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

TODAY = date(2026, 11, 20)
PLACES = ["AK", "AL", "NA", "US"]
WEEKS = pd.date_range("2026-01-03", periods=40, freq="7D").as_unit("s")
NONE = pd.DataFrame({name: [] for name in columns(COUNTS)}).astype(
    {"target": "str", "location": "str", "target_end_date": "datetime64[s]", "observation": "float64"}
)


def table(target="wk inc covid hosp", places=PLACES, days=WEEKS, value=None):
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


def check(counts, known, *, today=TODAY, same_source=True, **limits):
    gate.check("nhsn", counts, known, Limits(**limits), today=today, same_source=same_source)


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
    keys = changes.drop_duplicates(KEY)[KEY].astype({"target": "category", "location": "category"})
    keys = keys.set_index(number[keys.index]).sort_index()
    now = np.full(len(keys), np.nan)
    for as_of, rows in changes.groupby("as_of"):
        now[number[rows.index]] = rows["observation"]
        yield as_of.date(), keys.assign(observation=now)[~np.isnan(now)]


@pytest.mark.parametrize("name", ["rki", "nhsn", "jhu"])
def test_every_vintage_of_the_bundled_archives_passes(name):
    known, passed = NONE, 0
    for as_of, now in snapshots(archive_changes(REGISTRY[name])):
        gate.check(name, now, known, Limits(), today=as_of)
        known, passed = now, passed + 1
    assert passed == {"rki": 944, "nhsn": 95, "jhu": 159}[name]


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


def test_a_place_that_went_long_ago_is_not_missed():
    known = table()
    gone = (known["location"] == "NA") & (known["target_end_date"] > WEEKS[-6])
    check(known[known["location"] != "NA"], known[~gone])


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


def test_ten_times_the_size_is_refused():
    days = pd.date_range("2026-01-03", WEEKS[-1]).as_unit("s")
    many = [f"{place}-{number}" for place in PLACES for number in range(10)]
    found = refusal(pd.concat([table(), table(places=many)]), table())
    assert found == ("1760 counts where 160 were to be expected; allowed: 2 times as many (feeds.limits.more_counts)")
    merged = pd.concat([table(), table(days=days)]).drop_duplicates(KEY)
    assert refusal(merged, table()).endswith("(feeds.limits.more_counts)"), "weeks that became days"
    check(merged, table(), more_counts=7)


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


def test_the_settings_have_the_same_limits():
    assert {one.name: getattr(feeds.Limits(), one.name) for one in fields(Limits)} == asdict(Limits())
