import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from reporter.models.baseline import Baseline
from reporter.models.network import Training, pinball
from reporter.models.recurrent import Rnn
from reporter.models.samples import Looks, gather
from reporter.models.series import steps
from reporter.schema import LEVELS, MEDIAN

QUICK = dataclasses.replace(Training(), rounds=10, batch=64, members=1)


@pytest.fixture
def quick():
    model = Rnn()
    model.training = QUICK
    return model


def test_pinball_is_the_textbook_formula():
    observed = torch.tensor([[3.0], [float("nan")]])
    quantiles = torch.arange(23.0).expand(2, 1, 23)
    by_hand = [p * (3 - q) if q <= 3 else (1 - p) * (q - 3) for p, q in zip(LEVELS, range(23), strict=True)]
    assert pinball(quantiles, observed).item() == pytest.approx(np.mean(by_hand), rel=1e-5)


def test_torch_is_left_as_it_was(quick, jhu):
    torch.manual_seed(11)
    threads = torch.get_num_threads()
    before = torch.get_rng_state()
    quick.forecast(jhu, 3, seed=5)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_only_the_seed_decides(quick, jhu):
    torch.manual_seed(1)
    first = quick.forecast(jhu, 3, seed=5).values
    torch.manual_seed(2)
    assert quick.forecast(jhu, 3, seed=5).values.tobytes() == first.tobytes()
    assert quick.forecast(jhu, 3, seed=6).values.tobytes() != first.tobytes()


def test_no_count_after_the_reference_date_is_an_input(nhsn):
    """What a window reads does not change with what came after it; only what it is to say does."""
    cut = type(nhsn)(
        nhsn.cadence, nhsn.dates[:-10], nhsn.targets, nhsn.locations,
        np.ascontiguousarray(nhsn.counts[:, :-10]), nhsn.population,
    )  # fmt: skip
    whole, part = (gather(steps(history, 8), history, 4) for history in (nhsn, cut))
    s = len(nhsn.targets)
    known = len(part.column)
    for name in (one.name for one in dataclasses.fields(Looks)):
        then, now = getattr(part.looks, name), getattr(whole.looks, name)
        np.testing.assert_array_equal(now[10 * s :][:known], then, err_msg=name)
    assert np.isnan(part.changes[:s]).all()


def test_no_quantile_leaves_the_range_of_changes_seen(quick, nhsn):
    samples = gather(steps(nhsn, 8), nhsn, 4)
    values = np.log1p(quick.forecast(nhsn, 4, seed=0).values) - samples.looks.start[: len(nhsn.targets), :, None]
    assert (values <= samples.most[:, None] + 1e-9).all()
    assert (values >= samples.least[:, None] - 1e-9).all()


@pytest.mark.parametrize("cell", [nn.GRU, nn.LSTM])
def test_another_recurrent_layer_is_one_word(quick, jhu, cell):
    plain = quick.forecast(jhu, 3, seed=0).values
    quick.cell = cell
    assert not np.array_equal(quick.forecast(jhu, 3, seed=0).values, plain)
    assert np.isfinite(quick.forecast(jhu, 3, seed=0).values).all()


def test_too_few_windows_are_refused(quick, make):
    refused = quick.forecast(make(np.arange(1.0, 20.0)), 3, seed=0).refused
    assert refused[0] == "only 11 stretches of the past to learn from; needs 30"


def test_training_beats_no_change_on_april_2020(jhu):
    """The network as it is shipped, on five places, against what came true."""
    history = type(jhu)(
        jhu.cadence, jhu.dates[:-7], jhu.targets, jhu.locations,
        np.ascontiguousarray(jhu.counts[:, :-7]), jhu.population,
    )  # fmt: skip
    truth = jhu.counts[:, -7:]
    ours = np.abs(Rnn().forecast(history, 7, seed=0).values[:, :, MEDIAN] - truth)
    base = np.abs(Baseline().forecast(history, 7, seed=0).values[:, :, MEDIAN] - truth)
    assert (ours.mean(axis=0) < 0.6 * base.mean(axis=0)).all()
