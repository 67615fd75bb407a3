import hashlib
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.contents import content_sha256
from reporter.dates import Cadence
from reporter.errors import ContractError, RecordError
from reporter.schema import CHANGES, COUNTS, KEY, to_frame, to_table
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes
from reporter.vintages import View, Vintages

T = "inc covid cases"
LAGS = {"DE": 0, "FR": 10}


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


def test_a_blank_where_nothing_was_known_says_nothing(tmp_path):
    store = Vintages(tmp_path)
    assert not store.add(date(2026, 1, 2), counts(("DE", "2026-01-01", np.nan)))
    assert store.add(date(2026, 1, 3), counts(("DE", "2026-01-01", np.nan), ("DE", "2026-01-02", 7.0)))
    assert said(store.changes) == {("DE", "2026-01-02"): 7.0}
    assert not Vintages(tmp_path).add(date(2026, 1, 4), counts(("DE", "2026-01-01", np.nan)))


def test_what_a_whole_table_lacks_is_withdrawn(tmp_path):
    store = Vintages(tmp_path)
    store.add(
        date(2026, 1, 4),
        counts(
            ("DE", "2026-01-01", 5.0), ("DE", "2026-01-02", 7.0), ("DE", "2026-01-03", 8.0), ("FR", "2026-01-02", 1.0)
        ),
    )
    store.add(date(2026, 1, 5), counts(("DE", "2026-01-01", 9.0), target="inc deaths"))
    shorter = counts(("DE", "2026-01-02", 7.0), ("ES", "2026-01-02", 2.0))
    assert store.add(date(2026, 1, 6), shorter, whole=True)
    withdrawn = store.changes[store.changes["observation"].isna()]
    # Of the other target nothing is known today, and 1 January is before the table begins.
    assert said(withdrawn[["location", "target_end_date", "observation"]].fillna(0)) == {
        ("DE", "2026-01-03"): 0,
        ("FR", "2026-01-02"): 0,
    }
    assert not Vintages(tmp_path).add(date(2026, 1, 7), shorter, whole=True)
    assert Vintages(tmp_path).add(date(2026, 1, 7), counts(("FR", "2026-01-02", 1.0)))
    assert said(view(Vintages(tmp_path).changes).latest) == {
        ("DE", "2026-01-01"): 5.0,
        ("DE", "2026-01-02"): 7.0,
        ("FR", "2026-01-02"): 1.0,
    }


def test_places_that_each_list_their_last_days_have_nothing_withdrawn(tmp_path):
    """One ends, and so begins, ten days earlier than the other."""
    store = Vintages(tmp_path)
    for today in pd.date_range("2026-04-01", periods=20):
        days = {place: pd.date_range(end=today - pd.Timedelta(f"{lag}D"), periods=60) for place, lag in LAGS.items()}
        rows = [(place, end, 5.0) for place, ends in days.items() for end in ends]
        assert store.add(today.date(), counts(*rows), whole=True)
    assert store.known["observation"].notna().all()
    assert len(store.known) == 2 * (60 + 19)
    lacking = counts(*(row for row in rows if row[:2] != ("DE", day("2026-04-01"))))
    assert store.add(date(2026, 4, 21), lacking, whole=True)
    assert by_key(store.known[store.known["observation"].isna()]) == {(T, "DE", "2026-04-01"): None}


def test_what_a_part_of_a_table_lacks_stays(tmp_path):
    store = Vintages(tmp_path)
    store.add(date(2026, 1, 3), counts(("DE", "2026-01-01", 5.0), ("DE", "2026-01-02", 7.0)))
    assert not store.add(date(2026, 1, 4), counts(("DE", "2026-01-01", 5.0)))


def by_key(frame):
    ends = frame["target_end_date"].dt.strftime("%Y-%m-%d")
    values = [None if np.isnan(value) else value for value in frame["observation"]]
    return dict(zip(zip(frame["target"], frame["location"], ends, strict=True), values, strict=True))


ENDS = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
SERIES = st.sampled_from([("inc a", "B"), ("inc a", "A"), ("inc a", "Ä"), ("inc b", "A")])
TOLD = st.dictionaries(
    st.builds(lambda series, end: (*series, end), SERIES, st.sampled_from(ENDS)),
    st.sampled_from([None, 0.0, 1.0, 2.0]),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TOLD, st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=5))
def test_the_store_knows_what_a_dictionary_would(tmp_path_factory, vintages):
    """Whatever the order and the type of the columns, and whether or not the store was read back in between."""
    folder = tmp_path_factory.mktemp("vintages")
    known, store = {}, Vintages(folder)
    for number, (told, whole, again, categories) in enumerate(vintages):
        before = dict(known)
        if whole:
            for key in known.keys() - told.keys():
                of_target = [one for one in told if one[0] == key[0]]
                of_series = [one for one in of_target if one[1] == key[1]]
                if of_target and key[2] >= min(end for _, _, end in of_series or of_target):
                    known[key] = None
        known.update({key: value for key, value in told.items() if value is not None or key in known})
        frame = pd.DataFrame([(*key, value) for key, value in told.items()], columns=COUNTS.names)
        frame["observation"] = frame["observation"].astype("float64")
        frame["target_end_date"] = pd.to_datetime(frame["target_end_date"]).astype("datetime64[s]")
        if categories:
            frame = frame.astype({"target": "category", "location": "category"})
        store = Vintages(folder) if again else store
        changed = {key for key, value in known.items() if key not in before or before[key] != value}
        assert store.add(date(2026, 2, 1 + number), frame, whole=whole) == bool(changed)
        new = store.changes[store.changes["as_of"] == pd.Timestamp(2026, 2, 1 + number)]
        assert list(by_key(new)) == sorted(changed)
        for read in (store, Vintages(folder)):
            found = by_key(read.known)
            assert found == known
            assert list(found) == sorted(found)
    assert store.hashes == Vintages(folder).hashes
    pd.testing.assert_frame_equal(store.changes, Vintages(folder).changes)


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


def test_a_view_takes_columns_of_categories(april):
    asked = (["cum confirmed cases"], ["US", "Italy"], Cadence.DAY, 1, [("cum deaths", "US")])
    plain, numbered = View(april, *asked), View(april.astype({"target": "category", "location": "category"}), *asked)
    pd.testing.assert_frame_equal(numbered.as_of(date(2020, 4, 1)), plain.as_of(date(2020, 4, 1)))
    pd.testing.assert_frame_equal(numbered.first, plain.first)
    assert numbered.reference_dates == plain.reference_dates


def test_a_very_large_vintage_is_stored_as_any_other(tmp_path):
    days = pd.date_range("2020-01-01", periods=1001).astype("datetime64[s]")
    places = [f"{number:03}" for number in range(210)]
    table = pd.DataFrame(
        {
            "target": T,
            "location": np.repeat(places, len(days)),
            "target_end_date": np.tile(days, len(places)),
            "observation": np.arange(len(days) * len(places)) % 997.0,
        }
    )
    store = Vintages(tmp_path / "once")
    assert store.add(date(2023, 1, 1), table)
    said_once = content_sha256(to_table(table.assign(as_of=day("2023-01-01")), CHANGES))
    assert Vintages(tmp_path / "once").hashes == store.hashes
    rolled = hashlib.sha256(f"2023-01-01 {said_once}\n".encode()).hexdigest()
    assert store.hashes == {date(2023, 1, 1): rolled}
    pd.testing.assert_frame_equal(Vintages(tmp_path / "once").known, table[COUNTS.names], check_dtype=False)
    Vintages(tmp_path / "copy").seed(store.changes)
    for one, other in zip(*(sorted((tmp_path / name).iterdir()) for name in ("once", "copy")), strict=True):
        assert one.read_bytes() == other.read_bytes()
    table.loc[7, "observation"] = 12345.0
    assert Vintages(tmp_path / "once").add(date(2023, 1, 2), table, whole=True)
    assert said(Vintages(tmp_path / "once").changes.iloc[len(table) :]) == {("000", "2020-01-08"): 12345.0}


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


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("rki", "94236e0478c1b71e0c6e1d998333d1b976862d7193e0e2a2e9fc9c515e2be220"),
        ("nhsn", "3be637463195566c1c7efa184846cc036928553419981f4270177e64c6230fea"),
        ("jhu", "f7c3dcf4a3fc17dca01468049075a35ca3b00872479b505f4ecca36a336f2c4f"),
    ],
)
def test_receipts_that_name_the_archives_stay_true(tmp_path, name, digest):
    """The hash that receipts on record hold of the newest bundled vintage."""
    Vintages(tmp_path).seed(archive_changes(REGISTRY[name]))
    assert Vintages(tmp_path).digest == digest


def test_vintages_pulled_day_by_day_hash_as_they_always_did(tmp_path):
    log = archive_changes(REGISTRY["nhsn"])
    store = Vintages(tmp_path)
    for as_of in log["as_of"].unique():
        known = log[log["as_of"] <= as_of].drop_duplicates(KEY, keep="last")
        store.add(as_of.date(), known)
    assert store.digest == "0e61ba391ba9042ae0a2d2724b1e171c279e1276e99fdcc9ebcb99b44197b604"
