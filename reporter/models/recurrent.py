"""A recurrent network that learns from all series of a feed at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from reporter.dates import Cadence
from reporter.models import base
from reporter.models.lesson import Lesson, Values, leaning
from reporter.models.samples import LENGTH, Looks, Samples, gather, look
from reporter.models.series import Ints, drawn_out, steps, steps_since, to_horizons
from reporter.schema import LEVELS, Floats

NEEDS = {Cadence.DAY: 14, Cadence.WEEK: 8}
"""Counts without which a series is refused."""

ENOUGH = 30
"""Past windows that a network can learn from, at the least."""


@dataclass(frozen=True)
class Training:
    """How a network is built and trained.

    Attributes:
        hidden: units of the recurrent layer.
        batch: windows a step.
        rounds: steps.
        rate: highest learning rate of the one-cycle schedule (Smith & Topin 2019, arXiv:1708.07120).
        decay: weight decay.
        members: networks whose quantiles are averaged.
        trust: share of a network in what is told; the rest is what changes were overall.
        shake: error of the level in units of `Samples.scale`, as the newest counts will still be revised.
    """

    hidden: int = 24
    batch: int = 512
    rounds: int = 100
    rate: float = 1e-2
    decay: float = 1e-2
    members: int = 3
    trust: float = 0.8
    shake: float = 0.5


Layer = type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]


class Rnn(base.Learner):
    """An Elman network (Elman 1990, Cognitive Science 14:179) with direct quantiles for all horizons.

    It reads the newest counts of a series, relative to their level and without the rhythm of the week, and says how far
    the coming counts will be from that level, on the log1p scale. One network is trained on the past of all places
    and targets together, newer windows more often than older ones, by the pinball loss (Koenker & Bassett 1978,
    eq. 2.1) averaged over the 23 levels. No quantile leaves the range of changes seen in training.

    Weights, usual changes and their range are what it learns; the newest window, with its level and rhythm, is where a
    forecast starts.
    """

    layer: Layer = nn.RNN
    training = Training()

    def learn(self, history: base.History, horizons: int, seed: int) -> base.Learnt:
        """See `base.Model.learn`."""
        least = NEEDS[history.cadence]
        past = steps(history, least)
        reach = horizons + int(past.age.max(initial=0))
        samples = gather(past, history, reach) if len(past.usable) else None
        seen = 0 if samples is None else len(samples.past)
        networks: list[Network] = []
        lesson: Lesson | None = None
        if samples is not None and seen >= ENOUGH:
            with _alone(seed):
                networks, lesson = self._train(samples, seed)

        def tell(start: base.History) -> base.Quantiles:
            given, _ = steps_since(start, least, history, past)
            ahead = base.empty(start, horizons + int(given.age.max(initial=0)))
            if samples is None or not networks:
                why = f"only {seen} stretches of the past to learn from; needs {ENOUGH}"
                refused = {i: given.refused.get(i, why) for i in range(len(start.targets))}
                return base.Quantiles(base.empty(start, horizons), refused)
            if len(given.usable):
                newest = np.array([given.values.shape[1] - 1])
                looks = look(given, start, ahead.shape[1], samples.layout, newest)
                with _alone(seed):
                    changes = np.mean([network.quantiles(looks, samples) for network in networks], axis=0)
                ahead[given.usable] = np.expm1(looks.start[0][:, :, None] + drawn_out(changes, ahead.shape[1]))
            return base.Quantiles(to_horizons(ahead, given, start, horizons), given.refused, lesson=lesson)

        return tell

    def _train(self, samples: Samples, seed: int) -> tuple[list["Network"], Lesson]:
        """Several networks, whose quantiles are averaged, and how they learnt."""
        draws = np.random.default_rng(seed)
        networks, losses, leant, names = [], [], [], _parts(samples)
        for _ in range(self.training.members):
            # A tenth of the origins, all places of each, is left out of a member's training.
            origins = samples.past // len(samples.start)
            different = np.unique(origins)
            out = np.isin(origins, draws.choice(different, max(len(different) // 10, 1), replace=False))
            network = Network(self.layer, samples, self.training)
            losses.append(_train(network, samples, self.training, draws, out))
            networks.append(network)
            held = samples.past[out]

            def loss(inputs: Values, network: Network = network, held: Ints = held) -> float:
                return _loss(network, samples, held, inputs)

            leant.append(leaning(samples.inputs[held], [*names.values()], loss, draws))
        rounds, trained, held_out = np.mean(losses, axis=0).T
        return networks, Lesson(rounds.astype(np.int64), trained, held_out, tuple(names), np.mean(leant, axis=0))


class Network(nn.Module):
    """One recurrent layer and a linear read-out, added to the quantiles that past changes had overall."""

    usual: torch.Tensor

    def __init__(self, layer: Layer, samples: Samples, how: Training) -> None:
        super().__init__()
        self.trust = how.trust
        self.layer = layer(samples.inputs.shape[2], how.hidden, batch_first=True)
        self.read = nn.Linear(how.hidden, samples.usual.size)
        nn.init.zeros_(self.read.weight)
        nn.init.zeros_(self.read.bias)
        self.register_buffer("usual", torch.from_numpy(samples.usual.astype(np.float32)))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """(N, W, F) to (N, H, 23) quantiles, in units of `Samples.scale`."""
        states, _ = self.layer(inputs)
        shift: torch.Tensor = self.read(states[:, -1])
        return self.usual + shift.view(-1, *self.usual.shape)

    def quantiles(self, looks: Looks, samples: Samples) -> Floats:
        """(S, H, 23) changes to come after the first origin of `looks`, ordered and within what training saw."""
        with torch.no_grad():
            told = self(torch.from_numpy(looks.inputs[0].astype(np.float32)))
            mixed = self.trust * told + (1 - self.trust) * self.usual
        scaled = mixed.numpy().astype(np.float64)
        changes = np.sort(scaled * looks.scale[0][:, None, None], axis=2)
        return np.asarray(np.clip(changes, samples.least[:, None], samples.most[:, None]))


def pinball(quantiles: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    """Mean pinball loss of (N, H, 23) quantiles of (N, H) values; NaN values do not count."""
    known = torch.isfinite(observed)
    levels = torch.tensor(LEVELS, dtype=quantiles.dtype)
    error = torch.nan_to_num(observed)[..., None] - quantiles
    loss = torch.maximum(levels * error, (levels - 1) * error).mean(dim=2)
    return (loss * known).sum() / known.sum().clamp(min=1)


def _loss(network: Network, samples: Samples, windows: Ints, inputs: Values) -> float:
    """Mean pinball loss on windows, read as `inputs`."""
    with torch.no_grad():
        changes = torch.from_numpy(samples.changes[windows].astype(np.float32))
        return float(pinball(network(torch.from_numpy(np.ascontiguousarray(inputs))), changes))


def _parts(samples: Samples) -> dict[str, npt.NDArray[np.bool_]]:
    """What a window's values are, in plain words."""
    length, features = samples.inputs.shape[1:]
    day = length == LENGTH[Cadence.DAY]
    last = f"this place\u2019s last {length} {'days' if day else 'weeks'}"
    targets = len(samples.layout.targets) if len(samples.layout.targets) > 1 else 0
    widths = {last: 1, "how large the place is": 1, "which disease": targets}
    widths |= {"the total of all places": int(samples.layout.totals), "the time of the year": 2 * samples.layout.year}
    found, at = {}, 0
    for name, width in widths.items():
        if width:
            found[name] = np.zeros((length, features), dtype=bool)
            found[name][:, at : at + width] = True
            at += width
    return found


def _train(
    network: Network, samples: Samples, how: Training, generator: np.random.Generator, out: npt.NDArray[np.bool_]
) -> list[tuple[int, float, float]]:
    """Fit the network to windows drawn in proportion to their weight, the level of each a little shaken."""
    past, weight = samples.past[~out], samples.weight[~out]
    some = generator.choice(past, size=min(len(past), 2000), p=weight / weight.sum())
    held = generator.choice(samples.past[out], size=min(out.sum(), 2000))
    losses = []

    def take(number: int) -> None:
        trained, held_out = (_loss(network, samples, windows, samples.inputs[windows]) for windows in (some, held))
        losses.append((number, trained, held_out))

    inputs, changes = torch.from_numpy(samples.inputs), torch.from_numpy(samples.changes.astype(np.float32))
    scale = torch.from_numpy(samples.scale.astype(np.float32))
    draws = generator.choice(past, size=(how.rounds, how.batch), p=weight / weight.sum())
    optimiser = torch.optim.AdamW(network.parameters(), lr=how.rate, weight_decay=how.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=how.rate, total_steps=how.rounds)
    for number, draw in enumerate(draws):
        if number % 10 == 0:
            take(number)
        optimiser.zero_grad()
        shaken, shift = inputs[draw], how.shake * torch.randn(how.batch, 1)
        shaken[:, :-1, 0] -= shift * scale[draw, None]
        loss = pinball(network(shaken), changes[draw] - shift)
        loss.backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    take(how.rounds)
    return losses


@contextmanager
def _alone(seed: int) -> Iterator[None]:
    """One thread and a seeded generator, and afterwards everything as it was."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
