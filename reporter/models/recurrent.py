"""Recurrent networks that learn from all series of a feed at once."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from reporter.dates import Cadence
from reporter.errors import ModelError
from reporter.models import base, network
from reporter.models.device import device
from reporter.models.learning import lesson
from reporter.models.network import Cell, Learnt, Training, Windows
from reporter.models.revised import revisions
from reporter.models.samples import LEVEL, Looks, Samples, gather, look
from reporter.models.series import Steps, drawn_out, steps, steps_since, to_horizons
from reporter.models.simulated import joined
from reporter.schema import Floats

NEEDS = {Cadence.DAY: 14, Cadence.WEEK: 8}
"""Counts without which a series is refused."""

ENOUGH = 30
"""Past windows that a network can learn from, at the least."""


class Rnn(base.Learner):
    """An Elman network (Elman 1990, Cognitive Science 14:179) with direct quantiles for all horizons.

    It reads the newest counts of a series, relative to their level and without the rhythm of the week, beside the total
    of all places, the other targets of the place and the time of the year, and says how far the coming counts will be
    from that level, on the log1p scale. One network is trained on the past of all places and targets together, newer
    windows more often than older ones, each altered as counts were revised after a forecaster first saw them
    (`revised`). The loss is the pinball loss over the 23 levels. Several networks, each of which leaves out other
    stretches of time, are averaged. No quantile leaves the range of changes seen in training.

    Weights, usual changes and their range are what it learns; the newest window, with its level and rhythm, is where a
    forecast starts.
    """

    cell: Cell = nn.RNN
    training = Training()

    def learn(self, history: base.History, horizons: int, seed: int) -> base.Learnt:
        """See `base.Model.learn`.

        Raises:
            ModelError: the training diverged, or the device asked for is not there.
        """
        least = NEEDS[history.cadence]
        past = steps(history, least)
        reach = horizons + int(past.age.max(initial=0))
        samples = gather(past, history, reach) if len(past.usable) else None
        seen = 0 if samples is None else len(samples.past)
        if samples is not None and seen >= ENOUGH:
            samples = joined(samples, history, reach)
        members: list[Learnt] = []
        learnt_so = None
        if samples is not None and seen >= ENOUGH:
            draws = np.random.default_rng(seed)
            with _alone(seed):
                try:
                    members = self._train(samples, history, past, draws)
                except FloatingPointError as error:
                    raise ModelError(str(error)) from error
                learnt_so = lesson(members, samples, history.cadence, draws)

        def tell(start: base.History) -> base.Quantiles:
            given, _ = steps_since(start, least, history, past)
            ahead = base.empty(start, horizons + int(given.age.max(initial=0)))
            if samples is None or not members:
                why = f"only {seen} stretches of the past to learn from; needs {ENOUGH}"
                refused = {i: given.refused.get(i, why) for i in range(len(start.targets))}
                return base.Quantiles(base.empty(start, horizons), refused)
            if len(given.usable):
                newest = np.array([given.values.shape[1] - 1])
                looks = look(given, start, ahead.shape[1], samples.layout, newest)
                with _alone(seed):
                    changes = self._changes(members, looks, samples)
                ahead[given.usable] = np.expm1(looks.start[:, :, None] + drawn_out(changes, ahead.shape[1]))
            return base.Quantiles(to_horizons(ahead, given, start, horizons), given.refused, lesson=learnt_so)

        return tell

    def _train(self, samples: Samples, history: base.History, past: Steps, draws: np.random.Generator) -> list[Learnt]:
        """Several networks, whose quantiles are averaged."""
        seen, periods, how = revisions(past, history), LEVEL[history.cadence], self.training
        return [network.train(self.cell, samples, seen, periods, how, draws, device()) for _ in range(how.members)]

    def _changes(self, members: list[Learnt], looks: Looks, samples: Samples) -> Floats:
        """(S, H, 23) changes to come, ordered and within what training saw."""
        with torch.no_grad():
            outputs = []
            for member in members:
                place = next(member.network.parameters()).device
                window, fixed, _ = member.network.read_in(Windows.of(looks, place))
                outputs.append(member.network(window, fixed).cpu().numpy().astype(np.float64))
        mixed = self.training.trust * np.mean(outputs, axis=0) + (1 - self.training.trust) * samples.usual
        changes = np.sort(mixed * looks.scale[:, None, None], axis=2)
        return np.asarray(np.clip(changes, samples.least[:, None], samples.most[:, None]))


class Gru(Rnn):
    """The same network with gated recurrent units (Cho et al. 2014, arXiv:1406.1078)."""

    cell: Cell = nn.GRU


class Lstm(Rnn):
    """The same network with a long short-term memory (Hochreiter & Schmidhuber 1997, Neural Computation 9:1735)."""

    cell: Cell = nn.LSTM


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
