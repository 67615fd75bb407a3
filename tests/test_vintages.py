from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.dates import Cadence
from reporter.errors import ContractError, RecordError
from reporter.schema import CHANGES, to_frame
from reporter.vintages import View, Vintages

T = "inc covid cases"


def day(text):
    return pd.Timestamp(text).as_unit("s")


def counts(*rows, target=T):
    frame = pd.DataFrame(rows, columns=["location", "target_end_date", "observation"])
    frame["target_end_date"] = pd.to_datetime(frame["target_end_date"]).astype("datetime64[s]")
    return frame.assign(target=target)


def log(*rows):
    frame = pd.DataFrame(rows, columns=["as_of", "location", "target_end_date", "observation"])
    for name in ("as_of", "target_end_date"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
    return frame.assign(target=T)[["as_of", "target", "location", "target_end_date", "observation"]]


def view(changes, settle=0):
    return View(changes, [T], ["DE", "FR"], Cadence.DAY, settle)


def said(frame):
    return {(r.location, str(r.target_end_date.date())): r.observation for r in frame.itertuples()}


def test_only_what_changed_is_stored(tmp_path):
    store = Vintages(tmp_path)
    assert store.add(date(2026, 1, 3), counts(("DE", "2026-01-01", 5.0), ("DE", "2026-01-02", 7.0)))
    assert store.add(date(2026, 1, 4), counts(("DE", "2026-01-01", 5.0), ("DE", "2026-01-02", 8.0)))
    assert not store.add(date(2026, 1, 5), counts(("DE", "2026-01-01", 5.0), ("DE", "2026-01-02", 8.0)))
    assert store.as_ofs == [date(2026, 1, 3), date(2026, 1, 4)]
    assert len(store.changes) == 3


def test_a_withdrawn_count_is_not_zero(tmp_path):
    store = Vintages(tmp_path)
    store.add(date(2026, 1, 3), counts(("DE", "2026-01-01", 5.0), ("DE", "2026-01-02", 7.0)))
    store.add(date(2026, 1, 4), counts(("DE", "2026-01-01", 5.0), ("DE", "2026-01-02", np.nan)))
    assert not store.add(date(2026, 1, 5), counts(("DE", "2026-01-01", 5.0), ("DE", "2026-01-02", np.nan)))
    known = view(Vintages(tmp_path).changes)
    assert said(known.as_of(date(2026, 1, 3))) == {("DE", "2026-01-01"): 5.0, ("DE", "2026-01-02"): 7.0}
    assert said(known.latest) == {("DE", "2026-01-01"): 5.0}


def test_a_vintage_is_never_put_before_another(tmp_path):
    store = Vintages(tmp_path)
    store.add(date(2026, 1, 3), counts(("DE", "2026-01-01", 5.0)))
    for late in (date(2026, 1, 2), date(2026, 1, 3)):
        with pytest.raises(RecordError, match="is on record"):
            store.add(late, counts(("DE", "2026-01-01", 6.0)))


def test_duplicate_counts_are_refused(tmp_path):
    with pytest.raises(ContractError, match="same count twice: inc covid cases, DE, 2026-01-01"):
        Vintages(tmp_path).add(date(2026, 1, 3), counts(("DE", "2026-01-01", 5.0), ("DE", "2026-01-01", 6.0)))


def test_reference_dates_are_held_by_the_first_vintage_that_holds_them():
    changes = log(
        ("2026-01-03", "DE", "2026-01-01", 1.0),
        ("2026-01-03", "DE", "2026-01-02", 2.0),
        ("2026-01-04", "DE", "2026-01-02", 3.0),  # a revision brings no new date
        ("2026-01-06", "DE", "2026-01-05", 4.0),  # three days at once
    )
    assert view(changes).reference_dates == {
        date(2026, 1, 2): date(2026, 1, 3),
        date(2026, 1, 5): date(2026, 1, 6),
    }
    assert list(view(changes, settle=2).reference_dates) == [date(2025, 12, 31), date(2026, 1, 3)]


def test_first_values_are_those_of_the_vintage_that_settled_the_period():
    changes = log(
        ("2026-01-02", "DE", "2026-01-01", 1.0),
        ("2026-01-03", "DE", "2026-01-01", 10.0),
        ("2026-01-03", "DE", "2026-01-02", 2.0),
        ("2026-01-04", "DE", "2026-01-01", 100.0),
        ("2026-01-04", "DE", "2026-01-03", 3.0),
    )
    assert said(view(changes).first) == {
        ("DE", "2026-01-01"): 1.0,
        ("DE", "2026-01-02"): 2.0,
        ("DE", "2026-01-03"): 3.0,
    }
    assert said(view(changes, settle=1).first) == {("DE", "2026-01-01"): 10.0, ("DE", "2026-01-02"): 2.0}


def test_without_vintages_nothing_is_known():
    nothing = view(to_frame(CHANGES.empty_table(), CHANGES))
    for known in (nothing.first, nothing.latest, nothing.at({}), nothing.at({date(2026, 1, 1): date(2026, 1, 2)})):
        assert known.empty
        assert "observation" in known
    assert nothing.reference_dates == {}


def test_first_values_agree_with_looking_day_by_day(april):
    known = View(april, ["cum confirmed cases"], ["US", "Italy"], Cadence.DAY, 1)
    slow = {}
    for reference, as_of in known.reference_dates.items():
        for key, value in said(known.as_of(as_of)).items():
            if key[1] <= str(reference):
                slow.setdefault(key, value)
    assert said(known.first) == slow


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_view_depends_on_nothing_later(data):
    size = data.draw(st.integers(5, 40))
    rows = [
        (
            f"2026-02-{data.draw(st.integers(1, 9)):02}",
            data.draw(st.sampled_from(["DE", "FR"])),
            f"2026-01-{data.draw(st.integers(1, 9)):02}",
            data.draw(st.one_of(st.none(), st.floats(0, 1e6))),
        )
        for _ in range(size)
    ]
    changes = log(*rows).drop_duplicates(["as_of", "location", "target_end_date"]).sort_values("as_of")
    cut = date(2026, 2, data.draw(st.integers(1, 9)))
    later = changes["as_of"] > pd.Timestamp(cut)
    altered = changes.assign(observation=changes["observation"].where(~later, 12345.0))
    deleted = changes[~later]
    for other in (altered, deleted):
        pd.testing.assert_frame_equal(view(changes).as_of(cut), view(other).as_of(cut))


def test_a_killed_seeding_is_completed(tmp_path, april):
    whole, cut = Vintages(tmp_path / "whole"), Vintages(tmp_path / "cut")
    whole.seed(april)
    cut.seed(april[april["as_of"] < pd.Timestamp("2020-03-20")])
    assert Vintages(tmp_path / "cut").seed(april) > 0
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "cut").iterdir())
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()


def test_a_vintage_that_cannot_be_read_is_named(tmp_path):
    store = Vintages(tmp_path)
    store.add(date(2026, 1, 3), counts(("DE", "2026-01-01", 5.0)))
    (tmp_path / "2026-01-03.parquet").write_bytes(b"<html>")
    with pytest.raises(RecordError, match=r"2026-01-03\.parquet was altered"):
        _ = Vintages(tmp_path).changes


def test_hashes_cover_a_vintage_and_all_before_it(tmp_path):
    for name, first in (("a", 5.0), ("b", 6.0)):
        store = Vintages(tmp_path / name)
        store.add(date(2026, 1, 3), counts(("DE", "2026-01-01", first)))
        store.add(date(2026, 1, 4), counts(("DE", "2026-01-02", 7.0)))
    a, b = Vintages(tmp_path / "a").hashes, Vintages(tmp_path / "b").hashes
    assert a[date(2026, 1, 3)] != b[date(2026, 1, 3)]
    assert a[date(2026, 1, 4)] != b[date(2026, 1, 4)]
