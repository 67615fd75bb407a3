"""The networks' day on a post: the sentences, exact and by law; the charts and tables; what is left out."""

import html
import math
import re
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter import render
from reporter.posts.book import Book
from reporter.posts.disagreement import Spread, disagreement
from reporter.posts.learning import learning_part
from reporter.posts.lessons import Learnt, inputs_of, leaned_sentences, leaning_words, loss_sentence
from reporter.schema import LESSONS, columns

DAY = date(2020, 4, 11)
CUMULATIVE = "cum confirmed cases"
POST = "made-up/2020-04-11/index.html"
ROUNDS = (0, 10, 20, 30, 40)
HEART = ": the network has learnt some things by heart."


def plain(text):
    """Narrow spaces and dashes as typed ones."""
    return str(text).replace("\u202f", " ").replace("\u2013", "-").replace("\u2212", "-")


def learnt(trained, held_out, rounds=ROUNDS, **leaned):
    return Learnt(tuple(rounds), tuple(trained), tuple(held_out), leaned)


@pytest.mark.parametrize(
    ("trained", "held_out", "expected"),
    [
        (
            (0.6, 0.5, 0.45, 0.42, 0.4), (0.6, 0.55, 0.5, 0.48, 0.448),
            ("the held-out loss fell by 25 % in 40 rounds, from 0.600 to 0.448; it was falling to the end. "
            "It is 12 % above the training loss" + HEART),
        ),
        (
            (0.6, 0.5, 0.45, 0.42, 0.4), (0.6, 0.5, 0.45, 0.448, 0.448),
            ("the held-out loss fell by 25 % in 40 rounds, from 0.600 to 0.448; it has hardly fallen since round 20. "
            "It is 12 % above the training loss" + HEART),
        ),
        (
            (0.6, 0.5, 0.45, 0.42, 0.4), (0.6, 0.5, 0.41, 0.42, 0.451),
            ("the held-out loss fell by 25 % in 40 rounds, from 0.600 to 0.451; it was least after 20 rounds and has "
            "risen by 10 % since. It is 13 % above the training loss" + HEART),
        ),
        (
            (0.5, 0.45, 0.42, 0.41, 0.4), (0.6, 0.55, 0.5, 0.49, 0.48),
            ("the held-out loss fell by 20 % in 40 rounds, from 0.600 to 0.480; it was falling to the end. "
            "It is 20 % above the training loss, as it was at first: what was held out is harder to tell."),
        ),
        (
            (0.5, 0.45, 0.42, 0.41, 0.4), (0.56, 0.51, 0.48, 0.47, 0.464),
            ("the held-out loss fell by 17 % in 40 rounds, from 0.560 to 0.464; it was falling to the end. "
            "It is 16 % above the training loss."),
        ),
        (
            (0.6, 0.5, 0.45, 0.42, 0.4), (0.5, 0.48, 0.47, 0.46, 0.352),
            ("the held-out loss fell by 30 % in 40 rounds, from 0.500 to 0.352; it was falling to the end. "
            "It is 12 % below the training loss: what was held out happens to be easier to tell."),
        ),
        (
            (0.5, 0.5, 0.5, 0.5, 0.499), (0.5, 0.5, 0.5, 0.5, 0.501),
            ("the held-out loss hardly changed in 40 rounds, from 0.500 to 0.501. "
            "It is about as high as the training loss: little was learnt by heart."),
        ),
        (
            (0.5, 0.4, 0.3, 0.2, 0.1), (0.5, 0.6, 0.7, 0.8, 0.9),
            ("the held-out loss rose by 80 % in 40 rounds, from 0.500 to 0.900; what the network learnt does not hold "
            "there. It is 800 % above the training loss" + HEART),
        ),
        ((0.0,) * 5, (0.5, 0.4, 0.4, 0.4, 0.4), (
            "the held-out loss fell by 20 % in 40 rounds, from 0.500 to 0.400; it has hardly fallen since round 10."
        )),
        ((0.0,) * 5, (0.0,) * 5, "the held-out loss is 0.000 after 40 rounds."),
    ],
)  # fmt: skip
def test_the_losses_in_a_sentence(trained, held_out, expected):
    assert plain(loss_sentence("<GRU>", learnt(trained, held_out))) == f"<GRU>: {expected}"


def test_of_one_round_only_the_loss_is_said():
    assert plain(loss_sentence("GRU", learnt([0.4], [0.5], [1]))) == (
        "GRU: the held-out loss is 0.500 after one round. It is 25 % above the training loss."
    )


LOSSES = st.lists(st.floats(0, 5), min_size=1, max_size=12)


@given(LOSSES, st.data())
def test_no_sentence_claims_what_the_numbers_do_not_carry(held_out, data):
    trained = data.draw(st.lists(st.floats(0, 5), min_size=len(held_out), max_size=len(held_out)))
    said = plain(loss_sentence("GRU", learnt(trained, held_out, range(0, 10 * len(held_out), 10))))
    assert said.endswith(".")
    assert not re.search(r"nan|inf|\b1 rounds|-\d", said)
    if " fell " in said:
        assert held_out[-1] < held_out[0]
    if " rose " in said:
        assert held_out[-1] > held_out[0]
    if "has risen" in said:
        assert min(held_out) < held_out[-1]
    if HEART in said:
        assert held_out[-1] > trained[-1]
        assert held_out[-1] / trained[-1] > held_out[0] / trained[0]
    if "above" in said:
        assert held_out[-1] > trained[-1]
    if "below" in said:
        assert held_out[-1] < trained[-1]


PAST, YEAR = "this place\u2019s last 12 weeks", "the time of the year"


def test_networks_that_agree_share_a_sentence():
    one, other, third = (learnt([1], [1], [1], **{PAST: by, YEAR: 0.02}) for by in (0.38, 0.431, 0.01))
    assert [plain(line) for line in leaned_sentences({"RNN": one, "GRU": other, "LSTM": third})] == [
        f"RNN and GRU leaned most on {PAST}: swapped at random, it makes their held-out losses 38 % to 43 % greater.",
        f"LSTM leaned most on {YEAR}: swapped at random, it makes the held-out loss 2.0 % greater.",
    ]


def test_what_hardly_matters_leads_nothing():
    flat = learnt([1], [1], [1], **{PAST: 0.004, YEAR: -0.3})
    (said,) = leaned_sentences({"RNN": flat, "none": learnt([1], [1], [1])})
    assert plain(said) == (
        "RNN leaned on no single input: swapping any of them makes the held-out loss hardly greater."
    )


def test_shares_have_signs_and_inputs_an_order():
    shares = [plain(leaning_words(value)) for value in (0.123, -0.0123, 0.0004, -0.0004, 0.0, None)]
    assert shares == ["+12 %", "-1.2 %", "0", "0", "0", ""]
    assert inputs_of([learnt([1], [1], [1], a=0.1, b=0.3), learnt([1], [1], [1], b=0.1, c=0.2)]) == ["b", "c", "a"]


# ---------------------------------------------------------------------------- how models disagree


@pytest.mark.parametrize(
    ("medians", "expected"),
    [
        (
            {"GRU": 412.0, "Sigmoid": 480.0, "No change": 530.0},
            "For today the 3 models expect from 412 (GRU) to 530 (No change): 118 apart, 25 % of the middle one.",
        ),
        ({"GRU": 0.0, "Sigmoid": 2.0}, (
            "For today the 2 models expect from 0 (GRU) to 2 (Sigmoid): 2 apart, 200 % of the middle one."
        )),
        ({"a": 0.0, "b": 0.0, "c": 3.0}, "For today the 3 models expect from 0 (a) to 3 (c): 3 apart."),
        ({"GRU": 5.0, "Sigmoid": 5.0}, "For today both models expect 5."),
        ({"a": 0.0, "b": 0.0, "c": 0.0}, "For today all 3 models expect 0."),
    ],
)  # fmt: skip
def test_the_spread_in_a_sentence(medians, expected):
    assert plain(Spread(medians).sentence("today")) == expected


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=8))
def test_the_spread_is_what_is_printed(medians):
    spread = Spread({f"m{n}": float(value) for n, value in enumerate(medians)})
    said = plain(spread.sentence("now"))
    assert not re.search(r"nan|inf|-\d", said)
    assert spread.width == max(medians) - min(medians)
    if spread.width:
        low, high, apart = (int(found.replace(" ", "")) for found in re.findall(r"(\d[\d ]*?) (?=\(|apart)", said))
        assert (low, high, apart) == (min(medians), max(medians), high - low)
    else:
        assert re.search(rf"(all {len(medians)}|both) models", said, re.IGNORECASE)


def test_every_model_is_there_with_its_ranges_and_the_ensemble_first(record):
    more = record.forecasts[record.forecasts["model_id"] == "baseline"].assign(model_id="ensemble")
    forecasts, models = pd.concat([record.forecasts, more]), {**record.models, "ensemble": "All"}
    found = disagreement(Book(replace(record, forecasts=forecasts, models=models)), CUMULATIVE, DAY, "x-")
    assert [row.title for row in found.rows] == ["All", "Sigmoid", "First author's logistic", "No change"]
    assert found.periods == ["12 April", "14 April"]
    assert [[(plain(about), likely and plain(likely)) for about, likely in row.said] for row in found.rows[1:3]] == [
        [("552 716", "541 661-563 770"), ("589 564", "577 772-601 355")],
        [("536 924", None), ("563 244", None)],
    ]
    assert plain(found.sentence) == (
        "For 12 April the 4 models expect from 526 396 (All) to 552 716 (Sigmoid): 26 320 apart, 5.0 % of the middle "
        "one. For 14 April it is from 526 396 (All) to 589 564 (Sigmoid): 63 168 apart, 12 %."
    )


@pytest.mark.parametrize(
    ("location", "ending"),
    [
        ("US", "nowhere more than here, by shares."),
        (
            "Korea, South",
            "most about South Korea: from 10 528 (No change) to 35 374 (Sigmoid), 221 % of the middle one.",
        ),
    ],
)
def test_the_place_they_disagree_most_about_is_named(record, location, ending):
    far = record.forecasts.copy()
    levels = [name for name in far.columns if isinstance(name, float)]
    far.loc[(far["location"] == location) & (far["model_id"] == "sigmoid"), levels] *= 3
    found = disagreement(Book(replace(record, forecasts=far)), CUMULATIVE, DAY, "x-")
    assert plain(found.where) == f"Of the 3 places they disagree {ending}"


def test_of_two_counts_or_less_no_share_is_made(record):
    tiny = record.forecasts.copy()
    levels = [name for name in tiny.columns if isinstance(name, float)]
    tiny.loc[tiny["location"] != "US", levels] *= 1e-6
    assert disagreement(Book(replace(record, forecasts=tiny)), CUMULATIVE, DAY, "x-").where is None


def test_one_model_cannot_disagree(record):
    alone = replace(record, forecasts=record.forecasts[record.forecasts["model_id"] == "sigmoid"])
    assert disagreement(Book(alone), CUMULATIVE, DAY, "x-") is None
    assert learning_part(Book(alone), DAY) is None
    assert "learning" not in render.pages(SITE, [alone])[POST].decode()


# ---------------------------------------------------------------------------- the page


def lesson(model, reference, rounds=(0, 50, 100), trained=(0.6, 0.45, 0.4), held_out=(0.6, 0.5, 0.48), **leaned):
    """Rows of `schema.LESSONS`."""
    losses = [
        {"kind": "loss", "input": "", "round": n, "trained": a, "held_out": b, "leaned": math.nan}
        for n, a, b in zip(rounds, trained, held_out, strict=True)
    ]
    inputs = [
        {"kind": "input", "input": name, "round": 0, "trained": math.nan, "held_out": math.nan, "leaned": by}
        for name, by in leaned.items()
    ]
    frame = pd.DataFrame(losses + inputs).assign(model_id=model, reference_date=pd.Timestamp(reference).as_unit("s"))
    return frame[columns(LESSONS)]


SITE = render.Site("Counted & forecast", "https://example.org/blog/", "0.1.0")


@pytest.fixture
def taught(record):
    """Two networks told how they learnt on each day, one of them reads less."""
    rows = [
        lesson(model, DAY - timedelta(days=back), **leaned)
        for back in (0, 1)
        for model, leaned in (("sigmoid", {PAST: 0.4, YEAR: -0.02}), ("classic", {PAST: 0.3}))
    ]
    return replace(record, lessons=pd.concat(rows, ignore_index=True))


def text_of(markup):
    found = re.sub(r"<script.*?</script>|<svg.*?</svg>\s*</div>", " ", markup, flags=re.DOTALL)
    return plain(" ".join(html.unescape(re.sub(r"<[^>]+>", " ", found)).split()))


def section(page):
    (found,) = re.findall(r'<section aria-labelledby="learning">.*?</section>', page, re.DOTALL)
    return found


def test_a_post_shows_how_its_networks_learnt(taught):
    found = section(render.pages(SITE, [taught])[POST].decode())
    text = text_of(found)
    headings = [text_of(heading) for heading in re.findall(r"<h\d.*?</h\d>", found)]
    assert headings == ["How the networks learnt today", "How the models disagree", "What the networks leaned on"]
    assert "Sigmoid : the held-out loss fell by 20 %" in text or "Sigmoid: the held-out loss fell by 20 %" in text
    assert "Round Learnt from Held out Learnt from Held out 0 0.600 0.600 0.600 0.600 50 0.450 0.500" in text
    assert f"leaned most on {PAST}: swapped at random, it makes their held-out losses 30 % to 40 % greater." in text
    assert "The time of the year not read -2.0 %" in text
    assert found.count("<figure") == 4, "a loss of each, what the models expect, and what was leaned on"
    assert "<script" not in found, "what a touch could say is in the tables"
    for ident in re.findall(r'aria-labelledby="(\S+)-t \1-d"', found):
        assert f'<desc id="{ident}-d">' in found
    assert found.count('<svg class="plot"') == 4 == len(re.findall(r"<desc [^>]+>[^<]{40,}</desc>", found))


def test_one_network_is_spoken_of_as_one(taught):
    alone = replace(taught, lessons=taught.lessons[taught.lessons["model_id"] == "classic"])
    found = section(render.pages(SITE, [alone])[POST].decode())
    assert "How the network learnt today" in found
    assert "What the network leaned on" in found


def test_without_networks_the_models_disagree_all_the_same(record):
    found = section(render.pages(SITE, [record])[POST].decode())
    assert [text_of(heading) for heading in re.findall(r"<h\d.*?</h\d>", found)] == ["How the models disagree"]
    assert "<h2" in found
    assert "loss" not in text_of(found)


def test_a_post_tells_of_its_own_day_only(taught):
    other = taught.lessons.copy()
    other.loc[other["reference_date"] == pd.Timestamp(DAY), "held_out"] *= 2
    before, after = (render.pages(SITE, [one]) for one in (taught, replace(taught, lessons=other)))
    assert before["made-up/2020-04-10/index.html"] == after["made-up/2020-04-10/index.html"]
    assert before[POST] != after[POST]
    assert "How the networks learnt" not in before["made-up/2020-04-09/index.html"].decode()


def test_names_of_inputs_are_escaped(record):
    hostile = "</script><b>{}"
    found = render.pages(SITE, [replace(record, lessons=lesson(hostile, DAY, **{hostile: 0.2}))])[POST].decode()
    assert hostile not in found
    assert "leaned most on &lt;/script&gt;&lt;b&gt;{}:" in section(found)


def test_many_rounds_are_thinned_out(record):
    rounds = range(1000)
    falling = [1 - n / 2000 for n in rounds]
    long = replace(record, lessons=lesson("sigmoid", DAY, rounds, falling, falling))
    part = learning_part(Book(long), DAY)
    assert [name for name, _ in part.loss_table.rows] == ["0", "200", "400", "599", "799", "999"]
    ((_, chart),) = part.charts
    assert len(chart.figure["data"][0]["x"]) == 40
    assert chart.figure["data"][0]["x"][::39] == [0, 999]
