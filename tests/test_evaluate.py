import numpy as np
import pandas as pd
import pytest

from reporter import evaluate, score
from reporter.errors import ContractError
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


def test_totals_of_common_tasks_add_up_to_skill():
    generator = np.random.default_rng(3)
    rows, seen = [], []
    for location in ("DE", "FR", "IT"):
        for horizon in (1, 2, 3):
            seen.append(truth(100.0 + horizon, horizon, location))
            rows += [
                forecast(model, horizon, np.sort(generator.normal(100, 9, 23)), location)
                for model in ("baseline", "good", "odd")
                if (model, location, horizon) not in {("odd", "FR", 1), ("baseline", "IT", 2)}
            ]
    table = evaluate.score_table(pd.concat(rows), pd.concat(seen), pd.concat(seen), {DAY: True})
    first = table[table["against"] == "first"]
    totals = evaluate.common_totals(first)
    summed = totals.groupby("model_id")[["tasks", "total", "total_baseline"]].sum()
    skills = evaluate.skill(first)
    for model, row in summed.iterrows():
        assert row["tasks"] == skills.loc[model, "tasks"]
        assert row["total"] / row["total_baseline"] == pytest.approx(skills.loc[model, "skill"])
    cell = totals[(totals["model_id"] == "odd") & (totals["horizon"] == 1)].iloc[0]
    wis = first.set_index(["model_id", "location", "horizon"])["wis"]
    assert cell["tasks"] == 2
    assert cell["total"] == pytest.approx(wis["odd", "DE", 1] + wis["odd", "IT", 1])
    assert evaluate.common_totals(first, "nobody").empty
    with pytest.raises(ContractError, match="two scores"):
        evaluate.skill(pd.concat([first, first]))


def test_the_interval_over_dates_holds_about_as_often_as_it_says():
    """Two equally good models whose errors are averages over the horizons, as overlapping forecasts make them."""
    from reporter.evaluate.skill import _interval

    generator, dates, horizons, held = np.random.default_rng(0), 52, 4, 0
    for _ in range(100):
        errors = generator.lognormal(0, 0.7, (2, dates + horizons))
        ours, theirs = (np.convolve(one, np.ones(horizons) / horizons, "valid")[:dates] for one in errors)
        low, high = _interval(ours, theirs, pd.Index(pd.date_range("2025-01-01", periods=dates)), horizons)
        held += low <= 1 <= high
    assert 80 <= held <= 97


def test_no_interval_is_made_of_too_few_dates():
    from reporter.evaluate.skill import _interval

    dates = pd.Index(pd.date_range("2025-01-01", periods=19))
    assert np.isnan(_interval(np.ones(19), np.ones(19), dates, 4)).all()


@pytest.mark.parametrize("tasks", [1, 2, 7, 70, 1166, 6042])
def test_the_band_is_that_of_the_binomial(tasks):
    from scipy import stats

    from reporter.evaluate.calibration import _binomial

    for chance in (0.1, 0.5, 0.8, 0.95):
        ours = _binomial(np.array([tasks]), np.array([chance]))
        assert [end[0] for end in ours] == list(stats.binom.interval(0.95, tasks, chance))
