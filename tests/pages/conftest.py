"""Small records made by hand: what a page may be asked to show."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reporter import evaluate
from reporter.dates import Cadence
from reporter.posts import Attribution, FeedRecord, Site
from reporter.schema import ESTIMATES, LEVELS, QUANTITIES, columns

CUMULATIVE = "cum confirmed cases"
HOSTILE = "</script><script>alert('\"')</script> & {{ 7 * 7 }} {}"
SOURCE = Attribution(
    "Made-up counts", "Made up <by hand>", "CC0", "https://example.org/licence", "https://example.org/"
)

US = {"2020-04-08": 429_052, "2020-04-09": 461_437, "2020-04-10": 496_535, "2020-04-11": 526_396}
# What the first author's curve, and a model with ranges, said from 10 April on.
CLASSIC = (507_021.5, 526_333.9, 543_116.9)
RANGED = (517_153.3, 534_013.9, 584_092.9)


def spread(median, share):
    """23 quantiles around a median: 50 % within ±share/2, 95 % within ±share."""
    places = np.interp(LEVELS, [0.01, 0.025, 0.25, 0.5, 0.75, 0.975, 0.99], [-1.5, -1, -0.5, 0, 0.5, 1, 1.5])
    return np.maximum(median * (1 + share * places), 0)


def said(model, reference, medians, *, location="US", target=CUMULATIVE, days=1, share=0.04):
    """Rows of one forecast."""
    start = date.fromisoformat(reference)
    return [
        {
            "model_id": model,
            "target": target,
            "location": location,
            "reference_date": pd.Timestamp(start),
            "horizon": horizon,
            "target_end_date": pd.Timestamp(start + timedelta(days=days * horizon)),
            **dict(zip(LEVELS, spread(median, share), strict=True)),
        }
        for horizon, median in enumerate(medians, start=1)
    ]


def counts(values, *, location="US", target=CUMULATIVE):
    """A counts frame of one series; None is not counted."""
    return pd.DataFrame(
        {
            "target": target,
            "location": location,
            "target_end_date": pd.to_datetime(list(values)).astype("datetime64[s]"),
            "observation": [np.nan if value is None else float(value) for value in values.values()],
        }
    )


def receipt(reference, models=("baseline", "classic", "sigmoid"), *, live=False, **changes):
    """A receipt; `changes` replace the entries of models."""
    entries = {model: {"status": "ok", "sha256": "ab" * 32} for model in models} | changes
    as_of = date.fromisoformat(reference) + timedelta(days=1)
    return {
        "feed": "made-up",
        "reference_date": reference,
        "vintage": {"as_of": str(as_of), "sha256": "cd" * 32},
        "made_at": "2026-11-20T06:00:00+00:00",
        "live": live,
        "version": "0.1.0",
        "settings_sha256": "ef" * 32,
        "seed": 7,
        "previous_sha256": None,
        "models": entries,
    }


def scored(record):
    """The record with its scores, as the job computes them."""
    wide = record.forecasts
    long = wide.melt(
        [name for name in wide.columns if name not in LEVELS], list(LEVELS), "output_type_id", "value"
    ).assign(output_type="quantile")
    live = {pd.Timestamp(r["reference_date"]).as_unit("s"): r["live"] for r in record.receipts}
    return replace(record, scores=evaluate.score_table(long, record.first, record.latest, live))


@pytest.fixture(name="scored")
def _scored():
    return scored


def estimated(model, reference, *, location="US", target=CUMULATIVE, family="logistic", **quantities):
    """Rows of what one model said of one series: `turn=(estimate, q025, q25, q75, q975)`; what is left out is null."""
    names = ("estimate", "q025", "q25", "q75", "q975")
    said = {"model_id": model, "target": target, "location": location, "family": family}
    levels = {name: (*quantities.get(name, ()), *[np.nan] * 5)[:5] for name in QUANTITIES}
    rows = [said | {"quantity": name} | dict(zip(names, levels[name], strict=True)) for name in QUANTITIES]
    frame = pd.DataFrame(rows).assign(reference_date=pd.Timestamp(reference).as_unit("s"))
    return frame[columns(ESTIMATES)]


@pytest.fixture(name="estimated", scope="session")
def _estimated():
    return estimated


def forecast_frame(rows):
    frame = pd.DataFrame(rows)
    return frame.astype({"reference_date": "datetime64[s]", "target_end_date": "datetime64[s]"})


@pytest.fixture(name="made", scope="session")
def _made():
    """What records are made of."""
    return SimpleNamespace(said=said, counts=counts, receipt=receipt, frame=forecast_frame, scored=scored)


@pytest.fixture
def site():
    return Site("Counted & forecast", "https://example.org/blog/", "0.1.0")


@pytest.fixture
def record():
    """April 2020: three posts, three models, three places, one with a hostile name."""
    rows, first = [], []
    places = {"US": 1.0, "Korea, South": 0.02, HOSTILE: 0.001}
    for location, share in places.items():
        mine = {day: round(value * share) for day, value in US.items()}
        first.append(counts(mine, location=location))
        for reference in ("2020-04-09", "2020-04-10", "2020-04-11"):
            last = mine[reference]
            rows += said("baseline", reference, [last] * 3, location=location, share=0.15)
            classic = [last * 1.02, last * 1.05, last * 1.07]
            ranged = [last * 1.05, last * 1.09, last * 1.12]
            if reference == "2020-04-10" and location == "US":
                classic, ranged = CLASSIC, RANGED
            rows += said("classic", reference, classic, location=location, share=0.0)
            rows += said("sigmoid", reference, ranged, location=location)
    known = pd.concat(first, ignore_index=True)
    references = ("2020-04-09", "2020-04-10", "2020-04-11")
    waves = [
        estimated(
            "sigmoid", day, location=location,
            began=(-30.0 - number,), turn=(1.0 - number, -3.0 - number, 0.0 - number, 2.0 - number, 9.0),
            growth_rate=(0.05, 0.03, 0.04, 0.06, 0.07), final_size=(9e5 * share, 8e5 * share),
        )
        for location, share in places.items()
        for number, day in enumerate(references)
    ]  # fmt: skip
    return scored(
        FeedRecord(
            name="made-up",
            title="April 2020 <so far>",
            targets=(CUMULATIVE,),
            cadence=Cadence.DAY,
            horizons=3,
            headline="US",
            lead="sigmoid",
            models={"baseline": "No change", "classic": "First author's logistic", "sigmoid": "Sigmoid"},
            archive=True,
            source=SOURCE,
            places=pd.DataFrame(
                {
                    "location": list(places),
                    "name": ["United States", "South Korea", HOSTILE],
                    "population": [3.3e8, 5.2e7, np.nan],
                }
            ),
            receipts=[receipt(day) for day in references],
            forecasts=forecast_frame(rows),
            known={day: known[known["target_end_date"] <= day] for day in references},
            counted=known[known["target_end_date"].isin(pd.to_datetime(references))],
            first=known.assign(as_of=known["target_end_date"]),
            latest=known.assign(as_of=known["target_end_date"]),
            scores=pd.DataFrame(),
            failed=(),
            estimates=pd.concat(waves, ignore_index=True),
        )
    )


@pytest.fixture
def weekly():
    """Two diseases by week with gaps and a revision, made live, one model failed; nothing yet to compare."""
    flu, odd = "wk inc flu hosp", "something <else>"
    weeks = [str(date(2025, 1, 4) + timedelta(days=7 * n)) for n in range(6)]
    values = {week: (None if n == 3 else 100 + 10 * n) for n, week in enumerate(weeks)}
    known = pd.concat([counts(values, target=flu), counts(dict.fromkeys(weeks, 0), target=odd)], ignore_index=True)
    reference = weeks[-1]
    rows = said("baseline", reference, [150, 150], target=flu, days=7)
    rows += said("baseline", reference, [0, 0], target=odd, days=7)
    refused = [{"target": odd, "location": "US", "reason": "only zeros {so far}"}]
    failed = {"sigmoid": {"status": "failed", "error": "gave a <negative> count"}}
    return scored(
        FeedRecord(
            name="weekly",
            title="Admissions",
            targets=(flu, odd),
            cadence=Cadence.WEEK,
            horizons=2,
            headline="US",
            lead="sigmoid",
            models={"baseline": "No change", "sigmoid": "Sigmoid"},
            archive=False,
            source=replace(SOURCE, url=None, licence_url=None),
            places=pd.DataFrame({"location": ["US"], "name": ["United States"], "population": [np.nan]}),
            receipts=[
                receipt(reference, ("baseline",), live=True, **failed)
                | {
                    "models": receipt(reference, ("baseline",))["models"]
                    | failed
                    | {"gone": {"status": "ok", "sha256": "0" * 64, "refused": refused}}
                }
            ],
            forecasts=forecast_frame(rows),
            known={reference: known},
            counted=known[known["target_end_date"] == reference],
            first=known.dropna().assign(as_of=known["target_end_date"]),
            latest=known.dropna().assign(as_of=known["target_end_date"]),
            scores=pd.DataFrame(),
            failed=("weekly: nhsn could not be reached <b>",),
        )
    )


@pytest.fixture
def empty(record):
    """A feed without a single forecast."""
    return replace(
        record,
        name="nothing",
        receipts=[],
        forecasts=record.forecasts.head(0),
        known={},
        scores=record.scores.head(0),
        failed=("nothing: the source sent no counts",),
    )
