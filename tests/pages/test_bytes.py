"""What one more post adds to a site, in bytes."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from reporter import render
from reporter.sources import states

MOST = 60 * 1024
PLACES = 50
DAYS = [date(2020, 2, 16) + timedelta(days=n) for n in range(56)]
REFERENCES = [str(day) for day in DAYS[-15:]]
MODELS = ("baseline", "classic", "sigmoid", "rnn")
AHEAD = np.arange(1, 8)


@pytest.fixture(scope="module")
def names():
    table = states.places()
    return dict(list(zip(table["location"], table["name"], strict=True))[:PLACES])


@pytest.fixture
def large(made, record, estimated, names):
    """A feed of fifty places and four models, on the fifteenth day of a wave; its counts have up to six digits."""
    draw = np.random.default_rng(7)
    head = next(iter(names))
    rows, counted, waves = [], [], []
    for place, location in enumerate(names):
        wave = np.exp(-(((np.arange(len(DAYS)) - 52) / 14) ** 2)) * draw.uniform(0.5, 1.5, len(DAYS))
        daily = 526_396 / (1 + 3 * place) / 20 * wave
        values = daily.cumsum().round()
        counted.append(made.counts(dict(zip(map(str, DAYS), values, strict=True)), location=location))
        for at in range(len(DAYS) - len(REFERENCES), len(DAYS)):
            for model, grows, share in zip(MODELS, (0.0, 0.8, 1.1, 0.9), (0.1, 0.0, 0.02, 0.03), strict=True):
                medians = (values[at] + grows * daily[at] * AHEAD).tolist()
                rows += made.said(model, str(DAYS[at]), medians, location=location, share=share)
    for reference in REFERENCES:
        about = -3.0 - draw.uniform()
        said = {"began": (-30.0,), "growth_rate": (0.05, 0.03, 0.04, 0.06, 0.07), "turn": (1.0, about, 0.0, 2.0, 9.0)}
        waves.append(estimated("sigmoid", reference, location=head, **said, final_size=(9e5, 8e5, 85e4, 11e5, 12e5)))
    known = pd.concat(counted, ignore_index=True)
    return made.scored(
        replace(
            record,
            places=pd.DataFrame({"location": list(names), "name": list(names.values()), "population": 1e6}),
            headline=head,
            horizons=len(AHEAD),
            models=dict(zip(MODELS, ("No change", "First author's logistic", "Sigmoid", "Network"), strict=True)),
            receipts=[made.receipt(day, MODELS) for day in REFERENCES],
            forecasts=made.frame(rows),
            known={day: known[known["target_end_date"] <= day] for day in REFERENCES},
            counted=known[known["target_end_date"].isin(pd.to_datetime(REFERENCES))],
            first=known.assign(as_of=known["target_end_date"]),
            latest=known.assign(as_of=known["target_end_date"]),
            estimates=pd.concat(waves, ignore_index=True),
        )
    )


def test_one_more_post_of_fifty_places_and_four_models_weighs_little(site, large):
    pages = render.pages(site, [large])
    sizes = {path: len(data) for path, data in pages.items() if path.startswith(f"made-up/{REFERENCES[-2]}/")}
    assert {path.rpartition("/")[2] for path in sizes} == {"index.html", "card.png", "data.csv", "data.parquet"}
    text = pages[f"made-up/{REFERENCES[-2]}/index.html"].decode()
    assert text.count("<tr><th scope=row><a href=") == PLACES
    assert all(words in text for words in ("The wave under way", "Which model to believe", "How the models disagree"))
    assert sum(sizes.values()) < MOST, sizes
