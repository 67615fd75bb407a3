"""Other teams' files: what is read from them, and what is refused with file, row and reason."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reporter import hubfiles
from reporter.admission import Terms
from reporter.dates import Cadence
from reporter.errors import SourceError
from reporter.schema import LEVELS

PEERS = Path(__file__).parent / "data" / "peers" / "covid.parquet"
TARGET = "wk inc covid hosp"
TERMS = Terms([TARGET], ["US", "06"], ["US", "06", "36"], Cadence.WEEK)


@pytest.fixture
def rows():
    return pd.read_parquet(PEERS)


def one(rows, model="CovidHub-ensemble", day="2025-02-01"):
    """A submission, as a team would hand it in."""
    mine = (rows["model_id"] == model) & (rows["reference_date"] == day)
    return rows[mine].drop(columns="model_id").assign(output_type="quantile").reset_index(drop=True)


def submit(hub, frame, model="CovidHub-ensemble", day="2025-02-01", suffix="csv"):
    folder = hub / "model-output" / model
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{day}-{model}.{suffix}"
    if suffix == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)
    return path


def test_a_file_of_many_models_is_read_in_our_dates_and_horizons(rows):
    found, refused = hubfiles.read_hub(PEERS, TERMS)
    assert refused == []
    assert len(found) == len(rows)
    assert sorted(found["horizon"].unique()) == [1, 2, 3, 4]
    assert found["reference_date"].min() == pd.Timestamp("2025-01-25")
    assert (found["target_end_date"] == found["reference_date"] + pd.to_timedelta(found["horizon"] * 7, "D")).all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_hub_s_folder_says_the_same_in_either_format_and_any_order(rows, tmp_path, suffix):
    whole, _ = hubfiles.read_hub(PEERS, TERMS)
    for model, day in rows[["model_id", "reference_date"]].drop_duplicates().itertuples(index=False):
        submit(tmp_path, one(rows, model, day).sample(frac=1, random_state=1), model, day, suffix)
    found, refused = hubfiles.read_hub(tmp_path, TERMS)
    key = ["model_id", "reference_date", "location", "horizon", "output_type_id"]
    assert refused == []
    pd.testing.assert_frame_equal(
        found.sort_values(key, ignore_index=True), whole.sort_values(key, ignore_index=True), check_like=True
    )


def test_what_was_not_asked_for_is_left_out_without_a_word(rows, tmp_path):
    frame = one(rows)
    other = [
        frame.assign(target="wk inc covid prop ed visits"),
        frame.assign(location="36"),
        frame.assign(horizon=-1),
        frame.assign(output_type="mean", output_type_id="NA"),
    ]
    submit(tmp_path, pd.concat([frame, *other]))
    found, refused = hubfiles.read_hub(tmp_path, TERMS)
    assert refused == []
    assert len(found) == len(frame)


def changed(column, value, row=30):
    def change(frame):
        frame = frame.astype({column: object})
        frame.loc[row, column] = value
        return frame

    return change


BROKEN = [
    (lambda frame: frame.drop(columns=["value"]), None, "missing columns ['value']"),
    (lambda frame: frame.rename(columns={"output_type_id": "quantile"}), None, "missing columns ['output_type_id']"),
    (changed("location", "99"), 31, "unknown place '99'"),
    (changed("reference_date", "2025-02-30"), 31, "reference_date is no day"),
    (changed("reference_date", "01/02/2025"), 31, "reference_date is no day"),
    (changed("target_end_date", "2025-02-09"), 31, "does not end on 2025-02-09"),
    (changed("horizon", "0.5"), 31, "horizon is no whole number"),
    (changed("output_type_id", 0.33), 31, "0.33 is none of the 23"),
    (changed("output_type_id", "NA"), 31, "none of the 23"),
    (changed("value", -1), 31, "value -1 is no count"),
    (changed("value", ""), 31, "value nan is no count"),
    (changed("value", "inf"), 31, "value inf is no count"),
    (changed("value", 1e308), 31, "value 1e+308 is more than 1e+12"),
    (changed("horizon", "inf"), 31, "horizon is no whole number"),
    (changed("horizon", "-inf"), 31, "horizon is no whole number"),
    (changed("horizon", 1e300), 31, "horizon 1e+300 is more than 1,000"),
    (lambda frame: frame.rename(columns={"output_type": "value"}), None, "the column 'value' appears twice"),
    (changed("value", 1e9), 32, "quantiles cross at 0.35"),
    (lambda frame: pd.concat([frame, frame.iloc[[30]]]), 185, f"the same quantile twice: {TARGET}"),
    (lambda frame: pd.concat([frame, frame]), 185, "the same quantile twice"),
    (lambda frame: frame.drop(index=30), 24, "not all of the 23 quantile levels"),
]


@pytest.mark.parametrize(("breaking", "row", "reason"), BROKEN)
def test_a_broken_submission_is_refused_with_file_row_and_reason_and_the_rest_is_kept(
    rows, tmp_path, breaking, row, reason
):
    submit(tmp_path, one(rows, day="2025-02-08"), day="2025-02-08")
    path = submit(tmp_path, breaking(one(rows)))
    found, refused = hubfiles.read_hub(tmp_path, TERMS)
    assert len(refused) == 1
    assert refused[0].file == str(path.relative_to(tmp_path))
    assert refused[0].row == row
    assert reason in refused[0].reason
    assert "\n" not in str(refused[0])
    assert found["reference_date"].unique().tolist() == [pd.Timestamp("2025-02-01")]
    assert len(found) == 184


@pytest.mark.parametrize(
    "raw", [b"", b"<!doctype html><html>503</html>", b"PAR1 and no more", b"\xff\xfe\x00", b"a,b\n1,2,3\n"]
)
def test_a_file_that_is_none_is_refused_and_the_rest_is_kept(rows, tmp_path, raw):
    submit(tmp_path, one(rows))
    bad = tmp_path / "model-output" / "Team-model" / "2025-02-01-Team-model.csv"
    bad.parent.mkdir()
    bad.write_bytes(raw)
    found, refused = hubfiles.read_hub(tmp_path, TERMS)
    assert [one.file for one in refused] == ["model-output/Team-model/2025-02-01-Team-model.csv"]
    assert len(found) == 184


def test_in_a_file_of_many_only_the_broken_submission_is_refused(rows, tmp_path):
    bad = rows["model_id"].eq("UMass-gbqr") & rows["reference_date"].eq("2025-02-15")
    rows.loc[bad.idxmax(), "value"] = np.nan
    rows.to_parquet(tmp_path / "all.parquet", index=False)
    found, refused = hubfiles.read_hub(tmp_path / "all.parquet", TERMS)
    assert [(one.file, one.row) for one in refused] == [("all.parquet", int(bad.to_numpy().argmax()) + 1)]
    assert len(found) == len(rows) - bad.sum()


def test_no_peer_may_go_by_a_name_of_ours(rows, tmp_path):
    submit(tmp_path, one(rows), model="rnn")
    terms = Terms([TARGET], None, None, Cadence.WEEK, ours=["rnn"])
    found, refused = hubfiles.read_hub(tmp_path, terms)
    assert found.empty
    assert refused[0].reason == "rnn is a model of ours"


def test_no_files_are_an_error_and_not_an_empty_hub(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SourceError, match=r"no \.csv or \.parquet file"):
            hubfiles.read_hub(path, TERMS)


def test_levels_are_the_hub_s_however_they_were_computed(rows, tmp_path):
    frame = one(rows)
    frame["output_type_id"] = [0.1 + 0.2 if level == 0.3 else level for level in frame["output_type_id"]]
    submit(tmp_path, frame, suffix="parquet")
    found, refused = hubfiles.read_hub(tmp_path, TERMS)
    assert refused == []
    assert set(found["output_type_id"]) == set(LEVELS)


def of_hub(hub):
    """What is kept of a hub, its refusals as text."""
    found, refused = hubfiles.read_hub(hub, TERMS)
    return found, [str(refusal) for refusal in refused]


def test_a_forecast_in_two_files_refuses_the_submission_and_no_other(rows, tmp_path):
    submit(tmp_path, one(rows, day="2025-02-08"), day="2025-02-08")
    submit(tmp_path, one(rows))
    submit(tmp_path, one(rows).iloc[23:46], suffix="parquet")
    found, refused = of_hub(tmp_path)
    folder = "model-output/CovidHub-ensemble/2025-02-01-CovidHub-ensemble"
    task = f"{TARGET}, {one(rows)['location'].iloc[23]}, {one(rows)['target_end_date'].iloc[23]}"
    assert refused == [f"{folder}.parquet, row 1: the same forecast twice: {task}; also in {folder}.csv, row 24"]
    assert found["reference_date"].unique().tolist() == [pd.Timestamp("2025-02-01")]


def test_a_folder_and_a_column_may_not_both_speak_for_a_model(rows, tmp_path):
    submit(tmp_path, one(rows))
    submit(tmp_path, one(rows).assign(model_id="CovidHub-ensemble"), model="All", suffix="parquet")
    found, refused = of_hub(tmp_path)
    assert found.empty
    assert len(refused) == 1
    assert refused[0].startswith("model-output/CovidHub-ensemble/2025-02-01-CovidHub-ensemble.csv, row 1: ")
    assert refused[0].endswith("also in model-output/All/2025-02-01-All.parquet, row 1")


def test_a_submission_may_lie_in_two_files(rows, tmp_path):
    frame = one(rows)
    submit(tmp_path, frame[frame["location"] == "US"])
    submit(tmp_path, frame[frame["location"] == "06"], suffix="parquet")
    found, refused = of_hub(tmp_path)
    assert refused == []
    assert len(found) == len(frame)


@pytest.mark.parametrize(
    "breaking", [changed("value", -1), lambda frame: frame.drop(columns="value"), lambda frame: frame.iloc[:0, :0]]
)
def test_a_fault_in_one_of_its_files_refuses_all_of_a_submission(rows, tmp_path, breaking):
    submit(tmp_path, one(rows, day="2025-02-08"), day="2025-02-08")
    frame = one(rows)
    submit(tmp_path, frame[frame["location"] == "US"], suffix="parquet")
    submit(tmp_path, breaking(frame[frame["location"] == "06"].reset_index(drop=True)))
    found, refused = of_hub(tmp_path)
    assert len(refused) == 1
    assert found["reference_date"].unique().tolist() == [pd.Timestamp("2025-02-01")]


def typed(frame, column, array):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return table.set_column(table.column_names.index(column), column, array)


def days(frame, column, hour=0, zone=None):
    found = pd.to_datetime(frame[column]) + pd.Timedelta(hours=hour)
    return pa.array(found if zone is None else found.dt.tz_localize(zone))


ODD = [
    (lambda frame: typed(frame, "value", pa.array([[1.0]] * len(frame))), None, "'value' is of type list<"),
    (
        lambda frame: typed(frame, "location", pa.array([{"a": "US"}] * len(frame))),
        None,
        "'location' is of type struct<",
    ),
    (lambda frame: typed(frame, "value", pa.array([True] * len(frame))), None, "'value' is of type bool"),
    (lambda frame: typed(frame, "horizon", days(frame, "reference_date")), None, "'horizon' is of type timestamp"),
    (lambda frame: typed(frame, "reference_date", days(frame, "reference_date", 6)), 1, "reference_date is no day"),
    (lambda frame: typed(frame, "target_end_date", days(frame, "target_end_date", 6)), 1, "target_end_date is no day"),
    (lambda frame: typed(frame, "reference_date", days(frame, "reference_date", 6, "UTC")), 1, "is no day"),
]


@pytest.mark.parametrize(("make", "row", "reason"), ODD)
def test_a_column_of_another_type_is_refused_and_the_rest_is_kept(rows, tmp_path, make, row, reason):
    submit(tmp_path, one(rows, day="2025-02-08"), day="2025-02-08")
    path = tmp_path / "model-output" / "CovidHub-ensemble" / "2025-02-01-CovidHub-ensemble.parquet"
    pq.write_table(make(one(rows)), path)
    found, refused = hubfiles.read_hub(tmp_path, TERMS)
    assert [(one.file, one.row) for one in refused] == [(str(path.relative_to(tmp_path)), row)]
    assert reason in refused[0].reason
    assert len(found) == 184


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_a_midnight_is_a_day_in_any_zone(rows, tmp_path, zone):
    path = submit(tmp_path, one(rows), suffix="parquet")
    pq.write_table(typed(one(rows), "reference_date", days(one(rows), "reference_date", zone=zone)), path)
    found, refused = hubfiles.read_hub(tmp_path, TERMS)
    assert refused == []
    assert len(found) == 184


def test_whatever_is_odd_about_a_file_the_others_are_kept(rows, tmp_path):
    submit(tmp_path, one(rows, day="2025-02-08"), day="2025-02-08")
    path = submit(tmp_path, one(rows), suffix="parquet")
    far = pa.array(np.full(184, 2**31 - 1, dtype="int32"), pa.date32())  # a year that no date has
    pq.write_table(typed(one(rows), "reference_date", far), path)
    found, refused = hubfiles.read_hub(tmp_path, TERMS)
    assert [one.file for one in refused] == [str(path.relative_to(tmp_path))]
    assert len(found) == 184


@pytest.mark.parametrize("before", [b"\n", b"\r\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_lines_before_the_header_make_no_number_of_a_place(rows, tmp_path, before):
    frame = one(rows)
    path = submit(tmp_path, frame[frame["location"] == "06"])
    path.write_bytes(before + path.read_bytes())
    found, refused = hubfiles.read_hub(tmp_path, TERMS)
    assert refused == []
    assert len(found) == 92


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_row_without_a_model_is_refused(rows, tmp_path, suffix):
    frame = one(rows).assign(model_id="Team-model")
    frame.loc[3, "model_id"] = None
    path = submit(tmp_path, frame, suffix=suffix)
    found, refused = hubfiles.read_hub(path, TERMS)
    assert (refused[0].row, refused[0].reason) == (4, "model_id is blank")
    assert found.empty
