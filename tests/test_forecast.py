from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.dates import Cadence
from reporter.errors import ModelError
from reporter.forecast import build_history, run_model
from reporter.models.base import Estimates, Quantiles
from reporter.schema import ESTIMATES, LEVELS, QUANTITIES, columns

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


# ------------------------------------------------------------------------- what curves say of a wave

ROWS = {
    "began": [-20.0, np.nan, np.nan, np.nan, np.nan],
    "turn": [3.5, 1.0, 3.0, 4.0, np.nan],
    "growth_rate": [-0.01, -0.2, -0.1, 0.0, 0.1],
    "final_size": [1234567.0, 900.0, 1000.0, 2e6, 3e6],
}


def curves(families=("logistic",) * 3, **changed):
    """Estimates of three series, the same of each; `changed` replaces some of a quantity."""
    values = {quantity: np.array([row] * 3) for quantity, row in ROWS.items()}
    for quantity, rows in changed.items():
        values[quantity] = np.array([rows] * 3, dtype=np.float64)
    return Estimates(families, values)


def told(history, estimates, refused=()):
    values = flat()
    values[list(refused)] = np.nan
    return run_model(says(Quantiles(values, dict.fromkeys(refused, "too short"), estimates)), history, 2, 1)


def test_estimates_are_rows_of_the_series_that_are_spoken_of(history):
    run = told(history, curves(("logistic", "", "richards")), refused=(1,))
    assert run.error is None
    frame = run.beside["estimates"].assign(model_id="sigmoid")[columns(ESTIMATES)]
    assert frame[["location", "quantity"]].to_numpy().tolist() == [
        [place, quantity] for place in ("DE", "IT") for quantity in QUANTITIES
    ]
    assert frame["family"].tolist() == ["logistic"] * 4 + ["richards"] * 4
    assert set(frame["reference_date"].dt.strftime("%Y-%m-%d")) == {"2026-01-03"}
    turn = frame[frame["quantity"] == "turn"].iloc[0]
    assert turn[["estimate", "q025", "q25", "q75"]].tolist() == [3.5, 1.0, 3.0, 4.0]
    assert np.isnan(turn["q975"])
    sizes = frame[frame["quantity"] == "final_size"]
    assert sizes["estimate"].tolist() == [1000.0, pytest.approx(1234567, rel=1e-6)], "nobody has more cases than people"


def test_a_model_of_no_curves_says_nothing_of_waves(history):
    run = told(history, None)
    assert run.beside == {}
    assert not run.rows.empty


def test_what_cannot_be_told_is_null(history):
    run = told(history, curves(("", "", ""), **dict.fromkeys(QUANTITIES, [np.nan] * 5)))
    assert run.error is None
    assert len(run.beside["estimates"]) == 3 * len(QUANTITIES)
    assert run.beside["estimates"]["estimate"].isna().all()


@pytest.mark.parametrize(
    ("estimates", "error"),
    [
        (Estimates(("", "", ""), {"turn": np.zeros((3, 5))}), r"3 families and ['turn'], not 3 and ['began', "),
        (curves(families=("logistic",)), "1 families"),
        (curves(turn=[1.0, 1.0, 1.0, 1.0]), "turn of shape (3, 4), not (3, 5)"),
        (curves(growth_rate=[np.inf, 0, 0, 0, 0]), "growth_rate that is infinite"),
        (curves(turn=[1, -np.inf, 0, 2, 3]), "turn that is infinite"),
        (curves(turn=[np.nan, 0, 1, 2, 3]), "range of turn without an estimate"),
        (curves(turn=[1, 0, 0.5, 2, 1.5]), "turn that cross"),
        (curves(turn=[1, 0, np.nan, 2, 1.5]), "turn that cross"),
        (curves(turn=[5, 0, 1, 2, 3]), "an estimate outside"),
        (curves(turn=[5, np.nan, np.nan, np.nan, 3]), "an estimate outside"),
        (curves(began=[0.5, *[np.nan] * 4]), "begins after the reference date"),
        (curves(final_size=[5, -1, 1, 6, 7]), "negative final size"),
    ],
)
def test_estimates_that_break_the_contract_fail_the_model(history, estimates, error):
    run = told(history, estimates)
    assert error in run.error
    assert run.rows.empty
    assert run.beside == {}


def test_what_is_said_of_a_refused_series_is_not_taken(history):
    nonsense = curves()
    nonsense.values["turn"][1] = np.inf
    assert told(history, nonsense, refused=(1,)).error is None
    assert told(history, nonsense).error is not None


@given(st.lists(st.floats(-1e12, 1e12), min_size=5, max_size=5).map(sorted))
def test_rounding_keeps_six_digits_and_the_order(values):
    frame = counts(("DE", "2026-01-01", 1.0), ("FR", "2026-01-01", 1.0), ("IT", "2026-01-01", 1.0))
    plain = build_history(frame, [(T, "DE"), (T, "FR"), (T, "IT")], date(2026, 1, 1), Cadence.DAY, {})
    low, lower, middle, upper, high = values
    rows = told(plain, curves(turn=[middle, low, lower, upper, high])).beside["estimates"]
    (kept,) = rows.loc[(rows["quantity"] == "turn") & (rows["location"] == "DE")].to_dict("records")
    found = [kept[name] for name in ("q025", "q25", "estimate", "q75", "q975")]
    np.testing.assert_allclose(found, values, rtol=1e-6)
    assert found == sorted(found)
