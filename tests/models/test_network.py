"""The network itself: what it reads of a window, and that its quantiles never cross."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from reporter.dates import Cadence
from reporter.models.network import Network, Shakes, Training, Windows, _parted, train
from reporter.models.samples import LENGTH, LEVEL, Layout, gather, look
from reporter.models.series import steps
from reporter.schema import LEVELS

CPU = torch.device("cpu")
HORIZONS, N = 4, 50
ALL = Layout(("wk inc covid hosp", "wk inc flu hosp"), totals=True, others=True, year=True)
USUAL = np.linspace(-1, 1, len(LEVELS)) * np.arange(1, HORIZONS + 1)[:, None]
CELLS = [nn.RNN, nn.GRU, nn.LSTM]


def network_of(cell, layout=ALL, seed=0):
    torch.manual_seed(seed)
    return Network(cell, layout, USUAL, 1, Training())


def random_inputs(network, size=1.0):
    window = size * torch.randn(N, 12, network.cell.input_size)
    return window, size * torch.randn(N, network.join.in_features - network.cell.hidden_size)


def test_an_untrained_network_says_about_what_is_usual():
    network = network_of(nn.GRU)
    nn.init.zeros_(network.read.weight)
    nn.init.zeros_(network.read.bias)
    with torch.no_grad():
        found = network(*random_inputs(network)).numpy()
    np.testing.assert_allclose(found, np.broadcast_to(USUAL, found.shape), atol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("times", [0.0, 0.5, 1.0])
def test_quantiles_are_apart_and_in_order_whatever_the_weights(cell, times):
    network = network_of(cell)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(times * torch.randn_like(weight) / 5)
        found = network(*random_inputs(network))
    assert found.shape == (N, HORIZONS, len(LEVELS))
    assert (found.diff(dim=2) > 0).all()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("times", [5.0, 1e6, 1e12])
def test_huge_weights_and_inputs_let_no_quantile_cross(cell, times):
    """Distances may then be too small for the numbers that hold them, never below 0."""
    network = network_of(cell)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(times * torch.randn_like(weight))
        found = network(*random_inputs(network, 1e3))
    assert torch.isfinite(found).all()
    assert (found.diff(dim=2) >= 0).all()


def windows_of(logs, totals=None, rhythm=None):
    """Windows of one target, with nothing else to see."""
    n, w = logs.shape
    rest = torch.zeros(n)
    return Windows(
        logs=logs, seen=torch.ones(n, w), rhythm=torch.zeros(n, w) if rhythm is None else rhythm,
        totals=logs if totals is None else totals, others=torch.zeros(n, w), angle=rest, christmas=torch.zeros(n, 5),
        kind=torch.zeros(n, 2), persons=rest, top=logs.max(dim=1).values, level=logs[:, -1],
    )  # fmt: skip


def no_shake(n, k=4):
    return Shakes(torch.zeros(n, k), torch.zeros(n, k), torch.zeros(n), torch.zeros(n))


def test_a_shake_of_nothing_changes_nothing():
    network, seen = network_of(nn.RNN), windows_of(torch.rand(3, 12) * 8)
    plain, shaken = network.read_in(seen), network.read_in(seen, no_shake(3))
    for one, other in zip(plain, shaken, strict=True):
        torch.testing.assert_close(one, other)
    window, fixed, shift = plain
    assert window.shape == (3, 12, 4)
    assert fixed.shape == (3, 3 + 4 + 2 + 5)
    assert (shift == 0).all()
    assert (window[:, -1, 0] == 0).all(), "the newest week is the level"


def test_a_shake_moves_the_newest_counts_and_the_level_that_all_is_relative_to():
    network, seen = network_of(nn.RNN), windows_of(3 + torch.rand(3, 12))
    shakes = dataclasses.replace(no_shake(3), own=torch.tensor([[0.0, 0.0, 0.1, -0.4]]).repeat(3, 1))
    window, fixed, shift = network.read_in(seen, shakes)
    plain, still, _ = network.read_in(seen)
    torch.testing.assert_close(shift, torch.full((3,), -0.4))
    torch.testing.assert_close(window[:, :-2, 0], plain[:, :-2, 0] + 0.4)
    torch.testing.assert_close(window[:, -2, 0], plain[:, -2, 0] + 0.5)
    torch.testing.assert_close(window[:, -1, 0], torch.zeros(3))
    torch.testing.assert_close(window[:, :, 1:], plain[:, :, 1:])
    torch.testing.assert_close(fixed[:, :3], still[:, :3] - 0.4 * torch.tensor([1 / 8, 1 / 4, 1]))


def test_the_level_of_days_is_the_mean_of_a_week():
    torch.manual_seed(0)
    network = Network(nn.RNN, dataclasses.replace(ALL, others=False, year=False), USUAL, 7, Training())
    logs = torch.full((1, 21), float(np.log1p(100)))
    shakes = dataclasses.replace(no_shake(1, 7), own=torch.tensor([[0.0] * 6 + [-10.0]]))
    _, _, shift = network.read_in(windows_of(logs), shakes)
    # The newest day falls to 0, and to nothing below it.
    assert shift.item() == pytest.approx(np.log1p(600 / 7) - np.log1p(100), abs=1e-5)


def test_shakes_reach_totals_other_targets_and_the_time_of_the_year():
    network, seen = network_of(nn.RNN), windows_of(3 + torch.rand(2, 12))
    plain, still, _ = network.read_in(seen)
    shakes = Shakes(
        torch.zeros(2, 4), torch.tensor([[0.0, 0.0, -0.1, 0.0]] * 2), torch.tensor([0.2, -0.3]), torch.tensor([0.5, 1])
    )
    window, fixed, shift = network.read_in(seen, shakes)
    assert (shift == 0).all()
    torch.testing.assert_close(window[:, -2, 2], plain[:, -2, 2] - 0.1)
    torch.testing.assert_close(window[:, -1, 3], plain[:, -1, 3] + torch.tensor([0.2, -0.3]))
    angle = torch.tensor([0.5, 1])
    expected = torch.stack([torch.sin(angle), torch.cos(angle), torch.sin(2 * angle), torch.cos(2 * angle)], dim=1)
    torch.testing.assert_close(fixed[:, 3:7], expected)
    torch.testing.assert_close(fixed[:, :3], still[:, :3])


def test_before_a_series_begins_nothing_is_shaken():
    network, seen = network_of(nn.RNN), windows_of(3 + torch.rand(1, 12))
    seen = dataclasses.replace(seen, seen=torch.tensor([[0.0] * 10 + [1.0, 1.0]]))
    shakes = dataclasses.replace(no_shake(1), own=torch.full((1, 4), 0.5))
    window, _, _ = network.read_in(seen, shakes)
    assert (window[:, :10, 0] == 0).all()


def test_a_shaken_window_reads_as_the_one_that_was_really_seen(make):
    """What training alters is what a forecaster would have seen at the time."""
    draws = np.random.default_rng(1)
    final = np.round(draws.uniform(200, 900, (3, 40)))
    first = final.copy()
    first[:, -1] = np.round(0.8 * first[:, -1])
    # A peak long ago: the highest count is the same in both.
    final[:, 0] = first[:, 0] = 2000
    layout = Layout(("wk inc covid hosp",), totals=True, others=False, year=False)
    became, seen = (
        Windows.of(look(steps(one, 8), one, HORIZONS, layout, np.array([39])), CPU)
        for one in (make(rows, "wk inc covid hosp", Cadence.WEEK) for rows in (final, first))
    )
    own = torch.zeros(3, 4)
    own[:, -1] = torch.from_numpy(np.log1p(first[:, -1]) - np.log1p(final[:, -1]))
    total = torch.zeros(3, 4)
    total[:, -1] = float(np.log1p(first[:, -1].sum()) - np.log1p(final[:, -1].sum()))
    network = network_of(nn.RNN, layout)
    shaken = network.read_in(became, dataclasses.replace(no_shake(3), own=own, total=total))
    for one, other in zip(shaken[:2], network.read_in(seen)[:2], strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(shaken[2], seen.level - became.level, atol=1e-5, rtol=1e-5)


# ---------------------------------------------------------------------------- training


@pytest.mark.parametrize("stretch", [1, 2, 6, 20])
def test_what_is_held_out_is_never_drawn(nhsn, stretch):
    samples = gather(steps(nhsn, 8), nhsn, HORIZONS)
    how = dataclasses.replace(Training(), stretch=stretch)
    for seed in range(10):
        weight, kept = _parted(samples, how, np.random.default_rng(seed))
        drawn = samples.past[weight > 0]
        assert weight.sum() == pytest.approx(1)
        assert len(kept)
        assert not set(drawn) & set(kept)
        ago = samples.column[samples.past].max() - samples.column
        assert not set(ago[drawn] // stretch) & set(ago[kept] // stretch), "whole stretches of all places"
        assert (ago[drawn] // stretch).min() == 0, "the newest is always learnt from"


def test_windows_judged_as_held_out_are_those_left_out(nhsn):
    """The network that is kept, with the numbers of the windows that it was kept from."""
    samples = gather(steps(nhsn, 8), nhsn, HORIZONS)
    how = dataclasses.replace(Training(), rounds=7, batch=64)
    torch.manual_seed(0)
    found = train(nn.RNN, samples, None, LEVEL[Cadence.WEEK], how, np.random.default_rng(3), CPU)
    weight, kept = _parted(samples, how, np.random.default_rng(3))
    np.testing.assert_array_equal(found.kept, kept)
    assert set(samples.past[weight > 0]).isdisjoint(found.kept)
    assert found.rounds[0] == 0
    assert found.rounds[-1] == 7
    assert (np.diff(found.rounds) > 0).all()
    assert np.isfinite([found.trained, found.held_out]).all()
    assert not found.network.training
    assert found.network.cell.batch_first
    assert LENGTH[Cadence.WEEK] == samples.looks.logs.shape[1]
