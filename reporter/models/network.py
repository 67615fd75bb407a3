"""A recurrent network with direct quantiles for all horizons, and how it is trained."""

import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import nn

from reporter.models import calendar
from reporter.models.revised import Revisions
from reporter.models.samples import Layout, Looks, Samples
from reporter.models.series import Ints
from reporter.schema import LEVELS, MEDIAN, Floats

Cell = type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]

DTYPE = torch.float32

LEVELS_READ, WAVES, BUMPS = 3, 4, len(calendar.BUMPS)
"""Fixed features: of the level, and of the time of the year."""

CLOSEST = 1e-3
"""Quantiles next to each other start at least so far apart, in units of `Looks.scale`."""

QUIET = 0.1
"""A network starts near the usual changes: its last weights are drawn so much smaller than torch draws them."""


@dataclass(frozen=True)
class Training:
    """How a network is built and trained.

    Attributes:
        hidden: units of the recurrent layer, and of the one that reads it.
        batch: windows a step, at most; fewer where there are few, that none is drawn too often.
        rounds: steps.
        rate: highest learning rate of the one-cycle schedule (Smith & Topin 2019, arXiv:1708.07120).
        decay: weight decay.
        members: networks whose quantiles are averaged.
        trust: share of the networks in what is told; the rest is what changes were overall.
        shake: standard deviation of the error of the level beyond its revisions, in units of `Looks.scale`.
        jitter: standard deviation of the time of the year that is seen, in radians, so that no wave is expected just
            because there was one in the same week.
        left_out: share of all stretches of time that a member does not learn from.
        stretch: periods of such a stretch.
        looks: how often the losses are taken.
    """

    hidden: int = 24
    batch: int = 512
    rounds: int = 100
    rate: float = 4e-3
    decay: float = 1e-2
    members: int = 3
    trust: float = 0.95
    shake: float = 0.3
    jitter: float = 0.5
    left_out: float = 0.3
    stretch: int = 6
    looks: int = 10


@dataclass(frozen=True)
class Windows:
    """`Looks` as tensors on one device, without those that only the forecast needs; shapes as there."""

    logs: torch.Tensor
    seen: torch.Tensor
    rhythm: torch.Tensor
    totals: torch.Tensor
    others: torch.Tensor
    angle: torch.Tensor
    christmas: torch.Tensor
    kind: torch.Tensor
    persons: torch.Tensor
    top: torch.Tensor
    level: torch.Tensor

    @classmethod
    def of(cls, looks: Looks, device: torch.device, rows: Ints | slice = slice(None)) -> "Windows":
        """Those of some looks, or of some rows of them."""
        arrays = {one.name: torch.from_numpy(getattr(looks, one.name)[rows]) for one in fields(cls)}
        return cls(**{name: array.to(device, DTYPE) for name, array in arrays.items()})

    def __getitem__(self, rows: torch.Tensor) -> "Windows":
        """Some of them."""
        return Windows(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})


@dataclass(frozen=True)
class Shakes:
    """How N windows are altered in training, as later revisions will have altered what is seen today.

    Attributes:
        own, total: (N, K) added to the newest of `Windows.logs` and `totals`.
        others: (N,) added to the newest of `others`.
        angle: (N,) added to the time of the year.
    """

    own: torch.Tensor
    total: torch.Tensor
    others: torch.Tensor
    angle: torch.Tensor


class Network(nn.Module):
    """One recurrent layer; a layer that reads its last state and what does not change along the window; quantiles.

    The quantiles are the median and the distances of the others from each other, which are above 0, so that they never
    cross.

    Args:
        cell: the recurrent layer.
        layout: what it reads.
        usual: (H, 23) quantiles it starts from.
        periods: newest periods whose mean is the level.
        how: sizes.
    """

    start: torch.Tensor

    def __init__(self, cell: Cell, layout: Layout, usual: Floats, periods: int, how: Training) -> None:
        super().__init__()
        self.layout, self.periods, self.horizons = layout, periods, len(usual)
        self.cell = cell(2 + layout.totals + layout.others, how.hidden, batch_first=True)
        kinds = len(layout.targets) * (len(layout.targets) > 1)
        fixed = LEVELS_READ + kinds + (WAVES + BUMPS) * layout.year
        self.join = nn.Linear(how.hidden + fixed, how.hidden)
        self.read = nn.Linear(how.hidden, usual.size)
        with torch.no_grad():
            self.read.weight.mul_(QUIET)
            self.read.bias.mul_(QUIET)
        gaps = np.maximum(np.diff(usual, axis=1), CLOSEST)
        start = np.concatenate([usual[:, MEDIAN, None], np.log(np.expm1(gaps))], axis=1)
        self.register_buffer("start", torch.from_numpy(start).to(DTYPE))

    def forward(self, window: torch.Tensor, fixed: torch.Tensor) -> torch.Tensor:
        """(N, W, F) and (N, E) to (N, H, 23) quantiles of changes in units of `Looks.scale`, ascending."""
        states, _ = self.cell(window)
        joined = nn.functional.silu(self.join(torch.cat([states[:, -1], fixed], dim=1)))
        told = self.start + self.read(joined).view(-1, *self.start.shape)
        median, gaps = told[..., :1], nn.functional.softplus(told[..., 1:])
        below = gaps[..., :MEDIAN].flip(-1).cumsum(-1).flip(-1)
        return torch.cat([median - below, median, median + gaps[..., MEDIAN:].cumsum(-1)], dim=-1)

    def read_in(self, seen: Windows, shakes: Shakes | None = None) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the network reads of some windows.

        Args:
            seen: N windows.
            shakes: how they are altered.

        Returns:
            (N, W, F), (N, E), and (N,) by how much that moved the level.
        """
        logs, totals, others, angle = seen.logs, seen.totals, seen.others, seen.angle
        level = seen.level
        if shakes is not None:
            logs, totals = (_added(logs, shakes.own) * seen.seen).clamp(min=0), _added(totals, shakes.total)
            others, angle = _added(others, shakes.others[:, None]), angle + shakes.angle
            level = torch.log1p(torch.expm1(logs[:, -self.periods :]).mean(dim=1))
        whole = torch.log1p(torch.expm1(totals[:, -self.periods :]).mean(dim=1))
        features = [(logs - level[:, None] - seen.rhythm) * seen.seen, seen.seen]
        features += [totals - whole[:, None]] if self.layout.totals else []
        features += [others] if self.layout.others else []
        fixed = [level / 8, (level + seen.persons) / 4, level - seen.top]
        if self.layout.year:
            fixed += [wave(times * angle) for times in (1, 2) for wave in (torch.sin, torch.cos)]
        columns = [torch.stack(fixed, dim=1)]
        columns += [seen.kind] if len(self.layout.targets) > 1 else []
        columns += [seen.christmas] if self.layout.year else []
        return torch.stack(features, dim=2), torch.cat(columns, dim=1), level - seen.level


def pinball(quantiles: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    """Mean pinball loss (Koenker & Bassett 1978, eq. 2.1) of (N, H, 23) quantiles of (N, H) values, NaN left out."""
    known = torch.isfinite(observed)
    levels = torch.tensor(LEVELS, dtype=quantiles.dtype, device=quantiles.device)
    error = torch.nan_to_num(observed)[..., None] - quantiles
    loss = torch.maximum(levels * error, (levels - 1) * error).mean(dim=2)
    return (loss * known).sum() / known.sum().clamp(min=1)


def _added(windows: torch.Tensor, newest: torch.Tensor) -> torch.Tensor:
    """(N, W) with (N, K) added at the end."""
    return windows + nn.functional.pad(newest, (windows.shape[1] - newest.shape[1], 0))


@dataclass(frozen=True)
class Learnt:
    """A trained network and how its loss fell.

    Attributes:
        network: in evaluation.
        rounds: (R,) steps after which the losses were taken.
        trained, held_out: (R,) mean loss on windows learnt from, and on others.
        kept: (M,) numbers of windows that it did not learn from; some of them.
    """

    network: Network
    rounds: Ints
    trained: Floats
    held_out: Floats
    kept: Ints


OFTEN, SMALLEST = 8, 64
"""A batch is this part (an eighth) of all windows, but not smaller than that."""

JUDGED = 512
"""Windows that a loss is taken of."""


def train(
    cell: Cell,
    samples: Samples,
    revisions: Revisions | None,
    periods: int,
    how: Training,
    draws: np.random.Generator,
    device: torch.device,
) -> Learnt:
    """Fit a network to windows drawn in proportion to their weight, each seen as it would have been at the time.

    All that is drawn is drawn on the CPU, so that it is the same on every device; torch's generator is seeded by the
    caller, for the first weights.

    Raises:
        FloatingPointError: the loss is no number.
    """
    network = Network(cell, samples.layout, samples.usual, periods, how).to(device)
    looks, scale = Windows.of(samples.looks, device), torch.from_numpy(samples.looks.scale).to(device, DTYPE)
    changes = torch.from_numpy(samples.changes).to(device, DTYPE)
    weight, kept = _parted(samples, how, draws)
    size = min(how.batch, max(len(samples.past) // OFTEN, SMALLEST))
    batches = draws.choice(samples.past, size=(how.rounds, size), p=weight)
    learnt = batches[samples.column[batches] >= 0][:JUDGED]
    judged = [torch.from_numpy(np.unique(rows)).to(device) for rows in (learnt, kept)]
    optimiser = torch.optim.AdamW(network.parameters(), lr=how.rate, weight_decay=how.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=how.rate, total_steps=how.rounds)
    taken = sorted({round(part * how.rounds / how.looks) for part in range(how.looks + 1)})
    losses: list[list[float]] = []

    def judge(rows: torch.Tensor) -> float:
        with torch.no_grad():
            window, fixed, _ = network.read_in(looks[rows])
            return float(pinball(network(window, fixed), changes[rows] / scale[rows, None]))

    for number, batch in enumerate(batches):
        if number in taken:
            losses.append([judge(rows) for rows in judged])
        rows = torch.from_numpy(batch).to(device)
        shakes = _shakes(samples, revisions, batch, periods, how, draws, device)
        optimiser.zero_grad()
        window, fixed, shift = network.read_in(looks[rows], shakes)
        loss = pinball(network(window, fixed), (changes[rows] - shift[:, None]) / scale[rows, None])
        loss.backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    losses.append([judge(rows) for rows in judged])
    if not all(math.isfinite(one) for pair in losses for one in pair):
        raise FloatingPointError("its training diverged: the loss is no number")
    found = np.array(losses)
    return Learnt(network.eval(), np.array(taken), found[:, 0], found[:, 1], kept)


def _parted(samples: Samples, how: Training, draws: np.random.Generator) -> tuple[Floats, Ints]:
    """The chance of each past window to be learnt from, and some that are not: whole stretches of time are left out."""
    real = samples.column[samples.past] >= 0
    column = samples.column[samples.past[real]]
    stretch = (column.max() - column) // how.stretch
    out = draws.random(int(stretch.max()) + 1) < how.left_out
    # The newest stretch tells most of what comes next, and one at least is kept out.
    out[0] = False
    out[-1] |= len(out) > 1 and not out.any()
    held = np.zeros(len(real), dtype=bool)
    held[real] = out[stretch]
    weight = np.where(held, 0.0, samples.weight)
    # The share of what is simulated stays.
    weight[real] *= samples.weight[real].sum() / weight[real].sum()
    kept = samples.past[held]
    if len(kept) > JUDGED:
        kept = np.sort(draws.choice(kept, JUDGED, replace=False))
    return weight / weight.sum(), kept if len(kept) else samples.past[real][-1:]


def _shakes(
    samples: Samples,
    revisions: Revisions | None,
    batch: Ints,
    level: int,
    how: Training,
    draws: np.random.Generator,
    device: torch.device,
) -> Shakes:
    """How the windows of a batch were, or might have been, seen at first; the level is a mean of so many periods."""
    n, periods = len(batch), samples.looks.logs.shape[1]
    noise = how.shake * samples.looks.scale[batch] * draws.standard_normal(n)
    angle = how.jitter * draws.standard_normal(n)
    if revisions is None:
        own, total, others = np.zeros((n, level)), np.zeros((n, 1)), np.zeros(n)
    else:
        # What was really seen, where that is known; else what was seen of another place or at another time.
        real, chance = (
            revisions.where[samples.series[batch], samples.column[batch]],
            draws.integers(0, len(revisions.own), n),
        )
        which = np.where(real >= 0, real, chance)
        own, total, others = revisions.own[which].copy(), revisions.total[which], revisions.others[which]
    own[:, -level:] += noise[:, None]
    arrays = (own[:, -periods:], total[:, -periods:], others, angle)
    return Shakes(*(torch.from_numpy(array).to(device, DTYPE) for array in arrays))
