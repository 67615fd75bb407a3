from datetime import date

import numpy as np
import pandas as pd
import pytest

from reporter.dates import Cadence
from reporter.errors import ModelError
from reporter.forecast import build_history, run_model
from reporter.models.base import Quantiles
from reporter.schema import LEVELS

T = "inc covid cases"


def counts(*rows):
    frame = pd.DataFrame(rows, columns=["location", "target_end_date", "observation"])
    frame["target_end_date"] = pd.to_datetime(frame["target_end_date"]).astype("datetime64[s]")
    return frame.assign(target=T)


@pytest.fixture
def history():
    frame = counts(("DE", "2026-01-01", 1.0), ("DE", "2026-01-03", 3.0), ("FR", "2026-01-02", 5.0))
    return build_history(frame, [(T, "DE"), (T, "FR"), (T, "IT")], date(2026, 1, 3), Cadence.DAY, {"DE": 1000.0})


def test_what_was_not_reported_is_nan_and_not_zero(history):
    assert history.dates.astype(str).tolist() == ["2026-01-01", "2026-01-02", "2026-01-03"]
    expected = [[1, np.nan, 3], [np.nan, 5, np.nan], [np.nan] * 3]
    np.testing.assert_array_equal(history.counts, expected)
    np.testing.assert_array_equal(history.population, [1000.0, np.nan, np.nan])


def test_a_model_cannot_alter_what_it_sees(history):
    with pytest.raises(ValueError, match="read-only"):
        history.counts[0, 0] = 9


def test_periods_that_are_not_settled_are_out_of_sight():
    frame = counts(("DE", "2026-01-01", 1.0), ("DE", "2026-01-02", 2.0), ("DE", "2026-01-03", 0.0))
    history = build_history(frame, [(T, "DE")], date(2026, 1, 2), Cadence.DAY, {})
    np.testing.assert_array_equal(history.counts, [[1, 2]])


def test_weeks_that_do_not_end_a_week_apart_are_refused():
    with pytest.raises(ModelError, match="not weekly"):
        build_history(counts(("DE", "2026-01-01", 1.0)), [(T, "DE")], date(2026, 1, 3), Cadence.WEEK, {})


class Says:
    """A model that says what it is told to."""

    def __init__(self, answer):
        self.answer = answer

    def forecast(self, history, horizons, seed):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def says(answer):
    return lambda: Says(answer)


def flat(value=5.0, shape=(3, 2, 23)):
    return np.full(shape, value)


def crossing():
    values = flat()
    values[0, 0, 3] = 4.0
    return values


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Quantiles(flat(shape=(3, 1, len(LEVELS)))), "shape"),
        (Quantiles(flat(np.inf)), "not finite"),
        (Quantiles(flat(np.nan)), "not finite"),
        (Quantiles(flat(-1.0)), "negative"),
        (Quantiles(crossing()), "cross"),
        (ModelError("nothing to learn from"), "nothing to learn from"),
        (ZeroDivisionError("a bug"), "ZeroDivisionError: a bug"),
    ],
)
def test_a_model_that_breaks_its_contract_fails_by_name_and_writes_no_row(history, answer, error):
    run = run_model(says(answer), history, 2, 1)
    assert error in run.error
    assert run.rows.empty


def test_a_refused_place_is_named_and_the_others_go_on(history):
    values = flat()
    values[2] = np.nan
    run = run_model(says(Quantiles(values, {2: "no counts yet"})), history, 2, 1)
    assert run.error is None
    assert run.refused == {(T, "IT"): "no counts yet"}
    assert set(run.rows["location"]) == {"DE", "FR"}
    assert len(run.rows) == 2 * 2 * len(LEVELS)


def test_a_model_that_refuses_every_place_has_not_failed(history):
    run = run_model(says(Quantiles(flat(np.nan), dict.fromkeys(range(3), "too short"))), history, 2, 1)
    assert run.error is None
    assert run.rows.empty
    assert len(run.refused) == 3


def test_rows_are_the_hubs(history):
    rows = run_model(says(Quantiles(flat(5000.623456))), history, 2, 1).rows
    first = rows[(rows["location"] == "FR") & (rows["horizon"] == 2)]
    assert first["output_type_id"].tolist() == list(LEVELS)
    assert set(first["target_end_date"].dt.strftime("%Y-%m-%d")) == {"2026-01-05"}
    assert set(rows["reference_date"].dt.strftime("%Y-%m-%d")) == {"2026-01-03"}
    assert set(first["value"]) == {5001}, "quantiles of a count are whole"


def test_nobody_has_more_cases_than_people(history):
    rows = run_model(says(Quantiles(flat(1e6))), history, 2, 1).rows
    assert set(rows.loc[rows["location"] == "DE", "value"]) == {1000.0}
    assert set(rows.loc[rows["location"] == "FR", "value"]) == {1e6}
