"""How right each model was so far: skill beside the baseline, how often its ranges held, on how many tasks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reporter.charts import number
from reporter.dates import parse_date
from reporter.evaluate import BASELINE
from reporter.posts.book import Book
from reporter.posts.tally import Total
from reporter.posts.verdict import skill_words
from reporter.posts.words import Count, Words, percent, say


@dataclass(frozen=True)
class Standing:
    """One model's record on the tasks that the baseline forecast too.

    Attributes:
        skill: mean WIS over the baseline's; None where that is 0 or there is no baseline.
        wis, wis_baseline: the means behind it.
        held_50, held_95: how often each range held.
        pointlike: the model gives one number and no range.
    """

    model: str
    title: str
    tasks: int
    skill: float | None
    wis: float
    wis_baseline: float | None
    held_50: int
    held_95: int
    pointlike: bool

    @property
    def skill_words(self) -> str:
        """Skill in a table."""
        if self.model == BASELINE:
            return "1"
        return "\u2013" if self.skill is None else skill_words(self.skill)

    @property
    def tasks_words(self) -> str:
        """On how many tasks it rests."""
        return number(self.tasks)

    @property
    def better(self) -> bool:
        """Whether it beats the baseline."""
        return self.skill is not None and self.model != BASELINE and self.skill < 1

    @property
    def held_50_words(self) -> str:
        """The share of likely ranges that held."""
        return "no range" if self.pointlike else percent(self.held_50 / self.tasks)

    @property
    def held_95_words(self) -> str:
        """The share of wide ranges that held."""
        return "no range" if self.pointlike else percent(self.held_95 / self.tasks)


def standings(book: Book, totals: Mapping[str, Total]) -> dict[str, Standing]:
    """Every model's standing, from how it did on tasks of one kind, live or backfilled, only."""
    return {
        model: Standing(
            model=model,
            title=book.model_title(model),
            tasks=total.tasks,
            skill=total.wis / total.wis_baseline if total.wis_baseline else None,
            wis=total.wis,
            wis_baseline=total.wis_baseline,
            held_50=total.held_50,
            held_95=total.held_95,
            pointlike=total.pointlike,
        )
        for model, total in totals.items()
    }


def known_by(book: Book, target: str, day: date) -> dict[str, Total]:
    """How models did on a target as known when `day` was forecast from, on forecasts of its kind only."""
    as_of = parse_date(book.receipts[day]["vintage"]["as_of"])
    return book.tally.known_by(target, day, as_of, live=book.is_live(day))


def kind_words(*, live: bool) -> str:
    """How a set of forecasts was made."""
    return "made live" if live else "made later from the data as of each day"


def ordered(book: Book, found: dict[str, Standing]) -> list[Standing]:
    """Standings in the settings' order, dropped models last."""
    order = [*book.record.models, *sorted(set(found) - set(book.record.models))]
    return [found[model] for model in order if model in found]


def held_sentence(held_50: int, held_95: int, tasks: int, ahead: str, kind: str) -> Words:
    """How often the ranges held."""
    if tasks == 1:
        first, second = ("held" if held else "did not hold" for held in (held_50, held_95))
        return say(f"In the one forecast {ahead} so far ({kind}) the likely range {first}, the wide one {second}.")
    if held_50 == held_95 == tasks:
        return say("In the last {} forecasts " + ahead + f" ({kind}) both ranges held every time.", Count(tasks))
    return say(
        "In the last {} forecasts " + ahead + f" ({kind}) the likely range held {{}}, the wide one {{}}.",
        Count(tasks), times(held_50, tasks), times(held_95, tasks),
    )  # fmt: skip


def times(number_of: int, tasks: int) -> str:
    """How often, of so many.

    >>> [times(n, 4) for n in range(5)]
    ['never', 'once', 'twice', '3 times', 'every time']
    """
    if number_of == tasks:
        return "every time"
    return ("never", "once", "twice")[number_of] if number_of < 3 else f"{number(number_of)} times"  # noqa: PLR2004


def explained(standing: Standing) -> Words | None:
    """What a skill means, in the record's own numbers."""
    if standing.skill is None or standing.wis_baseline is None or standing.model == BASELINE:
        return None
    pattern = "{}: a mean WIS of {} against {} for no change, over {} tasks: "
    numbers = standing.title, _score(standing.wis), _score(standing.wis_baseline), Count(standing.tasks)
    return say(pattern + f"a skill of {standing.skill:.2f}.", *numbers)


def _score(value: float) -> str | Count:
    return Count(value) if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - whole numbers say enough
