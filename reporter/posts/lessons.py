"""How networks learnt, as the record has it, and what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from reporter.posts.words import Words, listing, percent, say, upper_first

LEAST = 0.01
"""A change of a loss, or a share of it, that is too small to speak of."""

STILL = 0.8
"""A loss that falls beyond this share of the rounds has not stopped falling before their end."""

NOTHING = 1e-6
"""Shares of a loss below this are not told."""

APART = 0.05
"""Losses that differ by less than this are about the same."""


@dataclass(frozen=True)
class Learnt:
    """How one network learnt on one day: `models.lesson.Lesson`, as it was put on record.

    Attributes:
        rounds: when the losses were taken, rising.
        trained, held_out: mean losses on windows learnt from, and on those left out.
        leaned: input → how much greater the held-out loss becomes when it is shuffled.
    """

    rounds: tuple[int, ...]
    trained: tuple[float, ...]
    held_out: tuple[float, ...]
    leaned: Mapping[str, float]


Lessons = dict[date, dict[str, Learnt]]
"""Reference date → model → how it learnt."""


def indexed(frame: pd.DataFrame) -> Lessons:
    """How every network learnt, by reference date and model.

    Args:
        frame: of `schema.LESSONS`.
    """
    days: list[date] = frame["reference_date"].to_numpy().astype("datetime64[D]").astype(object).tolist()
    names = ("model_id", "kind", "input", "round", "trained", "held_out", "leaned")
    columns = [frame[name].tolist() for name in names]
    losses: dict[tuple[date, str], list[tuple[int, float, float]]] = {}
    inputs: dict[tuple[date, str], dict[str, float]] = {}
    for day, model, kind, name, number, trained, held_out, leaned in zip(days, *columns, strict=True):
        if kind == "loss":
            losses.setdefault((day, model), []).append((number, trained, held_out))
        else:
            inputs.setdefault((day, model), {})[name] = leaned
    found: Lessons = {}
    for (day, model), taken in losses.items():
        rounds, trained, held_out = zip(*taken, strict=True)
        found.setdefault(day, {})[model] = Learnt(rounds, trained, held_out, inputs.get((day, model), {}))
    return found


# ---------------------------------------------------------------------------- losses


def loss_words(loss: float) -> str:
    """A loss, in the digits that tell rounds apart."""
    return f"{loss:.3f}"


def loss_sentence(title: str, learnt: Learnt) -> Words:
    """How a network's held-out loss went, and how it compares with that on the windows it learnt from."""
    course = _course(learnt)
    beside = _beside(learnt)
    return say(f"{{}}: {course}.{' ' if beside else ''}{beside}", title)


def _course(learnt: Learnt) -> str:
    """How the held-out loss went from the first round to the last."""
    first, last, end = learnt.held_out[0], learnt.held_out[-1], learnt.rounds[-1]
    if len(learnt.rounds) == 1 or first < NOTHING:
        return f"the held-out loss is {loss_words(last)} after {rounds_words(end)}"
    within = f"in {rounds_words(end - learnt.rounds[0])}, from {loss_words(first)} to {loss_words(last)}"
    change = last / first - 1
    if change >= LEAST:
        return f"the held-out loss rose by {percent(change)} {within}; what the network learnt does not hold there"
    if change > -LEAST:
        return f"the held-out loss hardly changed {within}"
    return f"the held-out loss fell by {percent(change)} {within}{_ending(learnt)}"


def _ending(learnt: Learnt) -> str:
    """Whether a loss that fell went on falling to the end."""
    least, last, end = min(learnt.held_out), learnt.held_out[-1], learnt.rounds[-1]
    if last > least and last >= (1 + LEAST) * least:
        at = learnt.rounds[learnt.held_out.index(least)]
        risen = f"risen by {percent(last / least - 1)}" if least >= NOTHING else "risen"
        return f"; it was least after {rounds_words(at)} and has {risen} since"
    reached = (n for n, loss in zip(learnt.rounds, learnt.held_out, strict=True) if loss <= (1 + LEAST) * least)
    stopped = next(reached)
    if stopped - learnt.rounds[0] <= STILL * (end - learnt.rounds[0]):
        return f"; it has hardly fallen since round {stopped}"
    return "; it was falling to the end"


def _beside(learnt: Learnt) -> str:
    """What is known of learning by heart: only where the numbers carry it."""
    if min(learnt.trained[-1], learnt.trained[0], learnt.held_out[0]) < NOTHING:
        return ""
    gap = learnt.held_out[-1] / learnt.trained[-1] - 1
    grown = (1 + gap) * learnt.trained[0] / learnt.held_out[0] - 1
    if gap >= APART:
        above = f"It is {percent(gap)} above the training loss"
        if len(learnt.rounds) > 1 and grown >= APART:
            return f"{above}: the network has learnt some things by heart."
        if len(learnt.rounds) > 1 and abs(grown) < APART / 2:
            return f"{above}, as it was at first: what was held out is harder to tell."
        return f"{above}."
    if gap <= -APART:
        below = f"It is {percent(gap)} below the training loss"
        return f"{below}: what was held out happens to be easier to tell."
    by_heart = ": little was learnt by heart" if abs(grown) < APART else ""
    return f"It is about as high as the training loss{by_heart}."


def rounds_words(number_of: int) -> str:
    """How many rounds.

    >>> rounds_words(1), rounds_words(100)
    ('one round', '100 rounds')
    """
    return "one round" if number_of == 1 else f"{number_of} rounds"


# ---------------------------------------------------------------------------- inputs


def leaning_words(leaned: float | None) -> str:
    r"""How much greater a loss becomes, with its sign.

    >>> [ascii(leaning_words(value)) for value in (0.123, -0.0123, 0.0004, None)]
    ["'+12\\u202f%'", "'\\u22121.2\\u202f%'", "'0'", "''"]
    """
    if leaned is None:
        return ""
    if abs(leaned) < 0.0005:  # noqa: PLR2004 - rounds to 0.0 %
        return "0"
    return f"{'+' if leaned > 0 else chr(0x2212)}{percent(leaned)}"


def leaned_sentences(lessons: Mapping[str, Learnt]) -> list[Words]:
    """What networks leaned on most; those that agree in one sentence.

    Args:
        lessons: title → how that network learnt; one without inputs is left out.
    """
    groups: dict[str | None, dict[str, Learnt]] = {}
    for title, learnt in lessons.items():
        if learnt.leaned:
            groups.setdefault(_leading(learnt), {})[title] = learnt
    return [_leaned_sentence(leading, agreeing) for leading, agreeing in groups.items()]


def _leading(learnt: Learnt) -> str | None:
    """The input that was leaned on most; None where swapping any hardly matters."""
    first = max(learnt.leaned, key=lambda name: learnt.leaned[name])
    return first if learnt.leaned[first] >= LEAST else None


def _leaned_sentence(leading: str | None, lessons: Mapping[str, Learnt]) -> Words:
    who = listing(list(lessons))
    if leading is None:
        return say(f"{{}} leaned on no single input: swapping any of them makes {_its(lessons)} hardly greater.", who)
    values = [learnt.leaned[leading] for learnt in lessons.values()]
    least, most = percent(min(values)), percent(max(values))
    by = least if least == most else f"{least} to {most}"
    pattern = f"{{}} leaned most on {{}}: swapped at random, it makes {_its(lessons)} {by} greater."
    return say(pattern, who, leading)


def _its(lessons: Mapping[str, Learnt]) -> str:
    return "the held-out loss" if len(lessons) == 1 else "their held-out losses"


def inputs_of(lessons: Sequence[Learnt]) -> list[str]:
    """Every input of some networks, the one that they lean on most together first."""
    named = dict.fromkeys(name for learnt in lessons for name in learnt.leaned)
    return sorted(named, key=lambda name: -sum(learnt.leaned.get(name, 0.0) for learnt in lessons))


def input_words(name: str) -> str:
    """An input as the beginning of a line."""
    return upper_first(name)
