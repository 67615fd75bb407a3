"""What a hub would refuse is refused before it is written, with the row and the reason."""

import importlib.resources
import json
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hubdata.create_hub_schema import create_hub_schema

from reporter import acceptance, asked, submission
from reporter.errors import ContractError
from reporter.schema import FORECASTS, LEVELS

COVID = json.loads(importlib.resources.files("reporter").joinpath("data", "cdc-covid-tasks.json").read_bytes())


def forecasts(target="wk inc covid hosp", locations=("US", "06"), reference="2025-06-21"):
    """Our forecasts from data through `reference`, horizons 1 to 4."""
    day = pd.Timestamp(reference).as_unit("s")
    parts = [
        pd.DataFrame(
            {
                "reference_date": day,
                "target": target,
                "horizon": np.int32(horizon),
                "location": location,
                "target_end_date": day + pd.Timedelta(weeks=horizon),
                "output_type": "quantile",
                "output_type_id": LEVELS,
                "value": 10.0 * horizon + np.arange(len(LEVELS)),
            }
        )
        for location in locations
        for horizon in range(1, 5)
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def valid():
    return submission.in_hub_terms(forecasts())


def test_a_hubs_date_is_a_week_later_and_its_horizon_one_less():
    ours, theirs = forecasts(), submission.in_hub_terms(forecasts())
    assert set(theirs["reference_date"]) == {pd.Timestamp("2025-06-28")}
    assert sorted(set(theirs["horizon"])) == [0, 1, 2, 3]
    pd.testing.assert_series_equal(theirs["target_end_date"], ours["target_end_date"])
    first = theirs[theirs["horizon"] == 0]
    assert (first["target_end_date"] == first["reference_date"]).all()


def test_what_the_hub_asks_for_is_accepted(valid):
    before = valid.copy()
    acceptance.check(valid, COVID)
    acceptance.check(valid.sample(frac=1, random_state=1), COVID)  # in any order
    acceptance.check(valid[valid["horizon"] != 2], COVID)  # no horizon or place is required
    pd.testing.assert_frame_equal(valid, before)


def change(frame, row, **values):
    changed = frame.copy()
    for name, value in values.items():
        changed.loc[row, name] = value
    return changed


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: f.drop(columns="value"), "missing columns \\['value'\\]"),
        (lambda f: f.iloc[:0], "a submission without forecasts"),
        (lambda f: change(f, 30, value=np.nan), "row 31 .*: value is missing"),
        (lambda f: change(f, 2, location=None), "row 3 .*: location is missing"),
        (
            lambda f: change(f, slice(23, 45), reference_date=pd.Timestamp("2025-07-05")),
            "row 24 .*: reference_date 2025-07-05, but row 1 is of 2025-06-28",
        ),
        (
            lambda f: f.assign(reference_date=pd.Timestamp("2024-11-09")),
            "knows no round 2024-11-09; it has 2024-11-16, 2024-11-23 … 2027-05-29 \\(133 in all\\)",
        ),
        (lambda f: f.assign(reference_date=pd.Timestamp("2025-06-27")), "knows no round 2025-06-27"),
        (lambda f: change(f, 5, output_type="mean"), "row 6 .*: output_type 'mean'; allowed here: 'quantile'"),
        (
            lambda f: change(f, slice(92, 200), location="60"),
            "row 93 \\(wk inc covid hosp, 60, horizon 0, level 0.01\\): location 60; allowed: US, 01 … 72",
        ),
        (
            lambda f: f.assign(target="wk inc flu hosp"),
            "row 1 .*: target wk inc flu hosp; allowed: wk inc covid hosp",
        ),
        (lambda f: f.assign(horizon=f["horizon"] + 1), "row 70 .*: horizon 4; allowed: -1, 0, 1, 2, 3"),
        (
            lambda f: change(f, slice(0, 22), target_end_date=pd.Timestamp("2025-07-19")),
            "row 1 .*: target_end_date 2025-07-19 is not 0 steps of 7 days after 2025-06-28",
        ),
        (
            lambda f: change(f, slice(0, 22), target_end_date=pd.Timestamp("2025-06-27")),
            "row 1 .*: target_end_date 2025-06-27; allowed: 2024-11-09",
        ),
        (lambda f: pd.concat([f, f.iloc[[40]]]), "row 185 .*: the same quantile twice"),
        (lambda f: f.drop(index=[34, 35]), "row 24 .*horizon 1.*: its task lacks levels: 0.5, 0.55"),
        (lambda f: change(f, 3, output_type_id=0.11), "row 4 .*: no such level; allowed: 0.01, 0.025 … 0.99"),
        (lambda f: change(f, 9, value=np.inf), "row 10 .*: value inf is not finite"),
        (lambda f: change(f, 0, value=-0.5), "row 1 .*: value -0.5 is below 0"),
        (lambda f: change(f, 60, value=1.0), "row 61 .*: value 1.0 is below that of the next lower level"),
    ],
)
def test_what_it_would_refuse_is_refused_with_row_and_reason(valid, spoil, reason):
    spoilt = spoil(valid)
    with pytest.raises(ContractError, match=reason) as caught:
        acceptance.check(spoilt, COVID)
    assert "\n" not in str(caught.value)


def with_task(change):
    """The COVID hub's tasks, altered."""
    tasks = json.loads(json.dumps(COVID))
    change(tasks["rounds"][0]["model_tasks"][0])
    return tasks


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda task: task["task_ids"]["location"].update(required=["US", "48"]), "requires location 48"),
        (lambda task: task["task_ids"]["horizon"].update(required=[-1, 0]), "requires horizon -1"),
        (lambda task: task["output_type"]["quantile"]["value"].update(maximum=20), "value 21.0 is above 20"),
        (lambda task: task["target_metadata"][0].update(time_unit="day"), "is not 1 steps of 1 days"),
        (lambda task: task["target_metadata"][0].update(time_unit="month"), "steps of a month; known here: day, week"),
        (
            lambda task: task["output_type"]["quantile"]["output_type_id"].update(required=[*LEVELS, 0.995]),
            "lacks levels: 0.995",
        ),
    ],
)
def test_what_else_a_hub_may_ask_for_is_asked_of_a_submission(valid, ask, reason):
    with pytest.raises(ContractError, match=reason):
        acceptance.check(valid, with_task(ask))


def test_whole_values_are_asked_for_where_the_hub_does(valid):
    whole = with_task(lambda task: task["output_type"]["quantile"]["value"].update(type="integer"))
    acceptance.check(valid, whole)
    with pytest.raises(ContractError, match=r"row 7 .*: value 16.5 is not whole"):
        acceptance.check(change(valid, 6, value=16.5), whole)


def test_places_of_one_task_do_not_mix_with_horizons_of_another(valid):
    tasks = with_task(lambda task: task["task_ids"]["location"].update(optional=["US"]))
    other = json.loads(json.dumps(tasks["rounds"][0]["model_tasks"][0]))
    other["task_ids"]["location"]["optional"] = ["06"]
    other["task_ids"]["horizon"]["optional"] = [0]
    tasks["rounds"][0]["model_tasks"].append(other)
    acceptance.check(valid[(valid["location"] == "US") | (valid["horizon"] == 0)], tasks)
    with pytest.raises(ContractError, match=r"row 116 .*06, horizon 1.*but not for all of them together"):
        acceptance.check(valid, tasks)


def test_another_target_is_asked_for_as_the_first_is():
    tasks = asked.for_target(COVID, "wk inc rsv hosp")
    assert asked.targets(tasks) == {"wk inc rsv hosp"}
    assert asked.targets(COVID) == {"wk inc covid hosp", "wk inc covid prop ed visits"}
    acceptance.check(submission.in_hub_terms(forecasts("wk inc rsv hosp")), tasks)
    with pytest.raises(ContractError, match="target wk inc covid hosp; allowed: wk inc rsv hosp"):
        acceptance.check(submission.in_hub_terms(forecasts()), tasks)


def test_the_window_opens_on_sunday_and_closes_on_wednesday():
    window = asked.window(COVID, date(2025, 6, 28))
    assert (window.first, window.last) == (date(2025, 6, 22), date(2025, 6, 25))
    assert (f"{window.first:%A}", f"{window.last:%A}") == ("Sunday", "Wednesday")
    fixed = json.loads(json.dumps(COVID))
    fixed["rounds"][0]["submissions_due"] = {"start": "2025-06-01", "end": "2025-06-30"}
    assert asked.window(fixed, date(2025, 6, 28)) == (date(2025, 6, 1), date(2025, 6, 30))
    with pytest.raises(ContractError, match="knows no round 2023-01-07"):
        asked.window(COVID, date(2023, 1, 7))


def test_columns_have_the_types_hubdata_makes_of_the_tasks(valid):
    """A hub that takes samples too has text in output_type_id; one of quantiles only has numbers."""
    only = with_task(lambda task: task["output_type"].pop("sample"))
    stated = {**only, "output_type_id_datatype": "character"}
    for tasks, kind in ((COVID, pa.string()), (only, pa.float64()), (stated, pa.string())):
        table = submission.hub_table(valid, tasks)
        wanted = create_hub_schema(tasks, partitions=None)
        assert {field.name: field.type for field in table.schema} == {field.name: field.type for field in wanted}
        assert table.schema.field("output_type_id").type == kind
        assert table.column_names == FORECASTS.names
    texts = submission.hub_table(valid, COVID)["output_type_id"].to_pylist()[:5]
    assert texts == ["0.01", "0.025", "0.05", "0.1", "0.15"]
