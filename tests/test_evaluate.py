import numpy as np
import pandas as pd
import pytest

from reporter import evaluate, score
from reporter.schema import LEVELS

DAY = pd.Timestamp("2026-01-02").as_unit("s")


def forecast(model, horizon, quantiles, location="DE"):
    return pd.DataFrame(
        {
            "reference_date": DAY,
            "target": "inc covid cases",
            "horizon": np.int32(horizon),
            "location": location,
            "target_end_date": DAY + pd.Timedelta(days=horizon),
            "output_type": "quantile",
            "output_type_id": LEVELS,
            "value": quantiles,
            "model_id": model,
        }
    )


def truth(value, horizon=1, location="DE"):
    end = DAY + pd.Timedelta(days=horizon)
    return pd.DataFrame(
        {
            "target": ["inc covid cases"],
            "location": [location],
            "target_end_date": [end],
            "observation": [value],
            "as_of": [end],
        }
    )


SPREAD = np.linspace(80, 120, len(LEVELS))


def test_first_and_latest_are_scored_apart_and_the_rest_waits():
    rows = pd.concat([forecast("baseline", 1, SPREAD), forecast("baseline", 2, SPREAD)])
    table = evaluate.score_table(rows.sample(frac=1, random_state=1), truth(100.0), truth(130.0), {DAY: False})
    assert table[["against", "horizon", "observation"]].to_numpy().tolist() == [
        ["first", 1, 100.0],
        ["latest", 1, 130.0],
    ]
    assert table["covered_95"].tolist() == [1.0, 0.0]
    parts = score.weighted_interval_score(np.stack([SPREAD, SPREAD]), np.array([100.0, 130.0]))
    for name, part in zip(("wis", "dispersion", "overprediction", "underprediction"), parts, strict=True):
        assert table[name].tolist() == part.tolist()
    logs = score.weighted_interval_score(np.log1p(np.stack([SPREAD, SPREAD])), np.log1p(np.array([100.0, 130.0])))
    assert table["log_wis"].tolist() == logs.total.tolist()
    assert table["log_absolute_error"].tolist() == [0.0, np.log1p(130.0) - np.log1p(100.0)]
    assert not table["live"].any()


def test_skill_compares_on_common_tasks_only():
    rows = pd.concat(
        [
            forecast("baseline", 1, np.full(len(LEVELS), 90.0)),
            forecast("good", 1, np.full(len(LEVELS), 98.0)),
            forecast("good", 1, np.full(len(LEVELS), 0.0), location="FR"),  # no baseline there
        ]
    )
    seen = pd.concat([truth(100.0), truth(100.0, location="FR")])
    table = evaluate.score_table(rows, seen, seen, {DAY: True})
    skills = evaluate.skill(table[table["against"] == "first"])
    assert skills.loc["good", "skill"] == pytest.approx(0.2)
    assert skills.loc["good", "tasks"] == 1
    assert skills.loc["baseline", "skill"] == 1


def test_no_skill_is_made_up_where_the_baseline_was_perfect():
    rows = pd.concat([forecast(m, 1, np.full(len(LEVELS), 100.0)) for m in ("baseline", "good")])
    table = evaluate.score_table(rows, truth(100.0), truth(100.0), {DAY: True})
    assert np.isnan(evaluate.skill(table[table["against"] == "first"]).loc["good", "skill"])


def test_an_empty_ledger_has_an_empty_table():
    rows = forecast("baseline", 1, SPREAD).iloc[:0]
    table = evaluate.score_table(rows, truth(1.0), truth(1.0), {})
    assert list(table.columns) == evaluate.SCORES.names
    assert table.empty
