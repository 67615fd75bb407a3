"""The part of a post on the networks' day: how they learnt, how the models disagree, what the networks leaned on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reporter.charts import learning
from reporter.charts.learning import LeanedRow, Loss
from reporter.posts.book import Book
from reporter.posts.disagreement import Disagreement, disagreement
from reporter.posts.figures import Chart
from reporter.posts.lessons import (
    Learnt,
    input_words,
    inputs_of,
    leaned_sentences,
    leaning_words,
    loss_sentence,
    loss_words,
    rounds_words,
)
from reporter.posts.words import Words

MOST = 6
"""Rounds in the table of losses; more are thinned out."""


@dataclass(frozen=True)
class Table:
    """Numbers by row, a column or two for each of `heads`; empty where there is none."""

    heads: list[str]
    rows: list[tuple[str, list[str]]]


@dataclass(frozen=True)
class Learning:
    """The part of a post.

    Attributes:
        networks: how many told how they learnt.
        losses: a sentence for each network.
        charts: the losses of each network, by its title; none of a single round.
        loss_table: by round, the loss on windows learnt from and the held-out one of each network.
        apart: how the models disagree, target by target.
        leaned: a sentence for each group of networks that lean on the same.
        leaned_chart, leaned_table: by input; None where no network told.
    """

    networks: int
    losses: list[Words]
    charts: list[tuple[str, Chart]]
    loss_table: Table
    apart: list[Disagreement]
    leaned: list[Words]
    leaned_chart: Chart | None
    leaned_table: Table


def learning_part(book: Book, day: date) -> Learning | None:
    """What a post says of the networks' day; None where no network told anything and no two models spoke."""
    told = book.lessons.get(day, {})
    lessons = {book.model_title(model): told[model] for model in [*book.record.models, *sorted(told)] if model in told}
    apart = [
        found
        for number, target in enumerate(book.record.targets)
        if (found := disagreement(book, target, day, f"apart{number}-")) is not None
    ]
    if not lessons and not apart:
        return None
    leaning = {title: learnt for title, learnt in lessons.items() if learnt.leaned}
    return Learning(
        networks=len(lessons),
        losses=[loss_sentence(title, learnt) for title, learnt in lessons.items()],
        charts=_loss_charts(lessons),
        loss_table=_loss_table(lessons),
        apart=apart,
        leaned=leaned_sentences(leaning),
        leaned_chart=_leaned_chart(leaning) if leaning else None,
        leaned_table=_leaned_table(leaning),
    )


# ---------------------------------------------------------------------------- losses


def _loss_charts(lessons: Mapping[str, Learnt]) -> list[tuple[str, Chart]]:
    """The losses of each network, all on one scale."""
    drawn = {title: learnt for title, learnt in lessons.items() if len(learnt.rounds) > 1}
    values = [value for learnt in drawn.values() for value in (*learnt.trained, *learnt.held_out)]
    return [
        (title, _loss_chart(title, learnt, (min(values), max(values)), f"loss{number}"))
        for number, (title, learnt) in enumerate(drawn.items())
    ]


def _loss_chart(title: str, learnt: Learnt, ends: tuple[float, float], ident: str) -> Chart:
    rounds = list(zip(learnt.rounds, learnt.trained, learnt.held_out, strict=True))
    texts = [
        f"after {rounds_words(number)}<br>held out {loss_words(held)}<br>learnt from {loss_words(trained)}"
        for number, trained, held in rounds
    ]
    first, last = (
        f"{loss_words(held)} on what was held out and {loss_words(trained)} on what was learnt from, after "
        f"{rounds_words(number)}"
        for number, trained, held in (rounds[0], rounds[-1])
    )
    return Chart(
        ident=ident,
        figure=learning.losses(Loss(learnt.rounds, learnt.trained, learnt.held_out, texts), ends),
        title=f"The loss of {title}, round after round",
        description=f"The loss was {first}; it was {last}.",
        interactive=False,
    )


def _loss_table(lessons: Mapping[str, Learnt]) -> Table:
    every = sorted({number for learnt in lessons.values() for number in learnt.rounds})
    rounds = [every[place] for place in learning.thinned(len(every), MOST)]
    columns = [
        dict(zip(learnt.rounds, losses, strict=True))
        for learnt in lessons.values()
        for losses in (learnt.trained, learnt.held_out)
    ]
    rows = [
        (str(number), [loss_words(column[number]) if number in column else "" for column in columns])
        for number in rounds
    ]
    return Table(list(lessons), rows)


# ---------------------------------------------------------------------------- inputs


def _leaned_chart(lessons: Mapping[str, Learnt]) -> Chart:
    drawn = list(lessons.values())[: len(learning.FILLS)]
    names = inputs_of(drawn)
    rows = [
        LeanedRow(
            input_words(name),
            ", ".join(leaning_words(learnt.leaned.get(name)) or "\u2013" for learnt in drawn),
            [learnt.leaned.get(name) for learnt in drawn],
        )
        for name in names
    ]
    described = "; ".join(f"{row.name}: {row.words}" for row in rows)
    titles = list(lessons)[: len(drawn)]
    return Chart(
        ident="leaned",
        figure=learning.leanings(rows),
        title="How much greater the held-out loss becomes when an input is shuffled",
        description=f"{', '.join(titles)}, in this order. {described}.",
        key=tuple((f"leant{number}", title) for number, title in enumerate(titles)),
        interactive=False,
    )


def _leaned_table(lessons: Mapping[str, Learnt]) -> Table:
    names = inputs_of(list(lessons.values()))
    rows = [(input_words(name), [leaning_words(of.leaned.get(name)) for of in lessons.values()]) for name in names]
    return Table(list(lessons), rows)
