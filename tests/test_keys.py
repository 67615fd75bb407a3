import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter import keys
from reporter.schema import KEY, counts_in_order

ROW = st.tuples(st.sampled_from(["b", "a", "ä", ""]), st.sampled_from(["Z", "Y", "é"]), st.integers(-3, 3))
AS = [
    lambda texts: pd.Series(texts, dtype="str"),
    lambda texts: pd.Series(texts, dtype="object"),
    lambda texts: pd.Series(texts, dtype="category"),
    lambda texts: pa.chunked_array([texts[:2], texts[2:]], pa.string()),
    lambda texts: pa.chunked_array([texts[:2], texts[2:]], pa.string()).dictionary_encode(),
]


@settings(deadline=None)
@given(st.lists(ROW), st.sampled_from(AS), st.sampled_from(AS))
def test_numbers_say_what_the_texts_say(rows, one, other):
    targets, locations = ([row[i] for row in rows] for i in (0, 1))
    days = np.array([row[2] for row in rows], np.int64)
    found = keys.runs(one(targets), other(locations))
    told = keys.Numbering().keys(found, days)
    assert [found.series[number] for number in found.spread(range(len(found.series)))] == [row[:2] for row in rows]
    assert found.series == sorted({row[:2] for row in rows})
    assert len(found.starts) == sum(row[:2] != last[:2] for row, last in zip(rows, [("?", ""), *rows], strict=False))
    assert keys.ascend(found, days) == (rows == sorted(set(rows)))
    assert keys.day_of(told).tolist() == days.tolist()
    assert [one == other for one in told for other in told] == [one == other for one in rows for other in rows]
    columns = pd.Series(targets, dtype="str"), pd.Series(locations, dtype="str"), pd.Series(days)
    assert [rows[place] for place in keys.order(*columns)] == sorted(rows)


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, unique=True))
def test_counts_are_put_in_order_as_pandas_would(rows):
    frame = pd.DataFrame(rows, columns=KEY).astype({"target": "str", "location": "str"})
    frame["target_end_date"] = (pd.Timestamp("2026-01-04") + pd.to_timedelta(frame["target_end_date"], "D")).dt.as_unit(
        "s"
    )
    frame["observation"] = np.arange(len(frame), dtype="float64")
    pd.testing.assert_frame_equal(counts_in_order(frame), frame.sort_values(KEY, ignore_index=True))
