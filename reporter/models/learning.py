"""What is told of how networks learnt: how their losses fell, and what they leaned on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from reporter.dates import Cadence
from reporter.models.lesson import Lesson, Values, leaning
from reporter.models.network import BUMPS, LEVELS_READ, WAVES, Learnt, Windows, pinball
from reporter.models.samples import LENGTH, Layout, Samples


def lesson(members: Sequence[Learnt], samples: Samples, cadence: Cadence, draws: np.random.Generator) -> Lesson:
    """How some networks learnt, on average.

    Args:
        members: at least one.
        samples: what they learnt from.
        cadence: of that.
        draws: where the orders come from in which inputs are shuffled.
    """
    names, parts = _parts(samples.layout, cadence)
    leaned = np.mean([_leaned(member, samples, parts, draws) for member in members], axis=0)
    return Lesson(
        rounds=members[0].rounds,
        trained=np.mean([member.trained for member in members], axis=0),
        held_out=np.mean([member.held_out for member in members], axis=0),
        inputs=names,
        leaned=leaned,
    )


def _leaned(
    member: Learnt, samples: Samples, parts: Sequence[npt.NDArray[np.bool_]], draws: np.random.Generator
) -> Values:
    """(F,) how much greater the loss becomes on windows held out when a part of what is read is shuffled."""
    network, looks = member.network, samples.looks
    place = next(network.parameters())
    window, fixed, _ = network.read_in(Windows.of(looks, place.device, member.kept))
    shape = window.shape[1:]
    came = samples.changes[member.kept] / looks.scale[member.kept, None]
    observed = torch.from_numpy(came).to(place.device, place.dtype)

    def loss(inputs: Values) -> float:
        read = torch.from_numpy(inputs).to(place.device)
        split = int(np.prod(shape))
        with torch.no_grad():
            return float(pinball(network(read[:, :split].reshape(-1, *shape), read[:, split:]), observed))

    return leaning(torch.cat([window.flatten(1), fixed], dim=1).cpu().numpy(), parts, loss, draws)


def _parts(layout: Layout, cadence: Cadence) -> tuple[tuple[str, ...], list[npt.NDArray[np.bool_]]]:
    """The inputs in words, and for each which of the flattened windows and fixed features belong to it."""
    columns = ["own", "own"] + ["total"] * layout.totals + ["others"] * layout.others
    fixed = ["level"] * LEVELS_READ + ["year"] * (WAVES * layout.year)
    fixed += ["kind"] * (len(layout.targets) * (len(layout.targets) > 1)) + ["year"] * (BUMPS * layout.year)
    belongs = np.array(columns * LENGTH[cadence] + fixed)
    words = {
        "own": f"the place's last {LENGTH[cadence]} {cadence.value}s",
        "total": "the total of all places",
        "others": "what else is counted in the place",
        "level": "how high the newest counts are",
        "year": "the time of the year",
        "kind": "which of the targets it is",
    }
    names = {word: name for name, word in words.items() if name in belongs}
    return tuple(names), [belongs == name for name in names.values()]
