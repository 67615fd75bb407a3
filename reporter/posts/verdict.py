"""Which model to believe, in sentences that claim no more than the numbers hold."""

import math

from reporter.charts import number
from reporter.posts.measures import Held, Measure, Measures, Skill
from reporter.posts.words import Count, Words, listing, percent, say, upper_first

FEWEST = 0.5
"""A model must have answered this share of the tasks that the busiest one did, to be believed."""


def skill_words(value: float) -> str:
    """A skill with two decimals, or more where two would make it 1 and it is not.

    >>> [skill_words(value) for value in (0.734, 1.0, 0.9961, 1.00001)]
    ['0.73', '1', '0.996', 'just over 1']
    """
    if math.isnan(value):
        return "\u2013"
    if value == 1:
        return "1"
    for decimals in (2, 3):
        text = f"{value:.{decimals}f}"
        if float(text) != 1:
            return text
    return "just over 1" if value > 1 else "just under 1"


def interval_words(low: float, high: float) -> str:
    """The two ends of an interval; a dash where there is none."""
    return "\u2013" if math.isnan(low) else f"{skill_words(low)} to {skill_words(high)}"


def tasks_words(tasks: int) -> str:
    """How many tasks.

    >>> tasks_words(1), tasks_words(70)
    ('1 task', '70 tasks')
    """
    return f"{number(tasks)} task{'' if tasks == 1 else 's'}"


def believed(measures: Measures, baseline: str) -> Measure | None:
    """The model with the best skill among those that answered enough; None without any."""
    rivals = [row for row in measures.rows if row.model != baseline and not math.isnan(row.skill)]
    enough = FEWEST * max((row.tasks for row in rivals), default=0)
    return next((row for row in rivals if row.tasks >= enough), None)


def believe(best: Measure | None, name: str, dates: int, *, past: bool) -> Words:
    """Which model to believe, with its number, its uncertainty and the tasks behind it.

    Args:
        best: of `believed`.
        name: its title.
        dates: how many reference dates the tasks are of.
        past: a finished story, told as one.
    """
    if best is None:
        return say("No model can be told from \u201cno change\u201d: none has forecasts of the same tasks to compare.")
    skill, tasks = skill_words(best.skill), tasks_words(best.tasks)
    known = not math.isnan(best.low)
    spread = f"90{_NBSP}% interval {interval_words(best.low, best.high)}, " if known else ""
    rests = f"(skill {skill}, {spread}{tasks})"
    if best.skill >= 1:
        verb = "Nothing beat" if past else "Nothing beats"
        much = "just as large" if best.skill == 1 else f"{percent(best.skill - 1)} larger"
        return say(f"{verb} \u201cno change\u201d: the errors of the next best, {{}}, were {much} {rests}.", name)
    smaller = f"its errors were {percent(1 - best.skill)} smaller than those of \u201cno change\u201d {rests}"
    if not known:
        few = "one reference date" if dates == 1 else f"{number(dates)} reference dates"
        return say(f"{{}} leads so far: {smaller}. {upper_first(few)} cannot tell that from luck.", name)
    if best.high >= 1:
        open_ = f"{smaller}, but the interval includes 1"
        return say(f"No model is clearly better than \u201cno change\u201d. {{}} leads: {open_}.", name)
    start = "The one to believe was" if past else "Believe this one today:"
    return say(f"{start} {{}}: {smaller}." if past else f"{start} {{}}. {upper_first(smaller)}.", name)


_NBSP = "\u202f"


def beside(name: str, against: Skill | None) -> Words:
    """Whether the best is clearly better than the second, on the tasks both forecast."""
    if against is None or math.isnan(against.skill):
        return say("{} is next.", name)
    start = f"Beside the next best, {{}}, its errors were {skill_words(against.skill)} times as large"
    if math.isnan(against.low):
        return say(f"{start} ({tasks_words(against.tasks)}).", name)
    if against.high < 1:
        ending = "it is clearly ahead"
    else:
        ending = "the next is clearly ahead there" if against.low > 1 else "which of the two is better is open"
    numbers = f"90{_NBSP}% interval {interval_words(against.low, against.high)}, {tasks_words(against.tasks)}"
    return say(f"{start} ({numbers}): {ending}.", name)


def among_rivals(rows: list[tuple[str, bool, float]], shared: int) -> Words:
    """Who is best among ours and theirs, and where the best of ours stands.

    Args:
        rows: (name, whether it is ours, relative WIS), best first.
        shared: the tasks that all of them forecast; 0 if none, and no order can be told.
    """
    if not shared:
        return say("No task was forecast by all of them: only the pairwise relative WIS compares them.")
    on = f"On the {tasks_words(shared)} that all of them forecast" if shared > 1 else "On the one task of all of them"
    if len(rows) < 2 or math.isnan(rows[0][2]):  # noqa: PLR2004 - nothing to compare
        return say(f"{on}, nothing can be compared.")
    name, ours, best = rows[0]
    place = next((number for number, row in enumerate(rows, start=1) if row[1] and not math.isnan(row[2])), None)
    if ours or place is None:
        return say(f"{on}, {{}}{', ours,' if ours else ''} is the best of {len(rows)} (relative WIS {best:.3f}).", name)
    mine = rows[place - 1]
    ending = f"the best of ours, {{}}, is number {place} of {len(rows)} ({mine[2]:.3f})"
    return say(f"{on}, {{}} is the best (relative WIS {best:.3f}); {ending}.", name, mine[0])


def latest_sentence(best: Measure | None, leader: Measure | None, names: dict[str, str]) -> Words | None:
    """Whether the latest values tell another story than the first."""
    if best is None or leader is None or math.isnan(best.latest_skill):
        return None
    numbers = f"(skill {skill_words(leader.latest_skill)}, {tasks_words(leader.latest_tasks)})"
    if leader.model != best.model:
        return say(
            f"Against the latest values, which revisions made, {{}} is ahead instead {numbers}.", names[leader.model]
        )
    if (best.latest_skill < 1) != (best.skill < 1):
        side = "is better" if best.latest_skill < 1 else "is no better"
        return say(f"Against the latest values it {side} than \u201cno change\u201d {numbers}.")
    return say(f"Against the latest values it is the same one {numbers}.")


def latest_leader(measures: Measures, baseline: str) -> Measure | None:
    """The model with the best skill against latest values, by the rule of `believed`."""
    rivals = [row for row in measures.rows if row.model != baseline and not math.isnan(row.latest_skill)]
    enough = FEWEST * max((row.latest_tasks for row in rivals), default=0)
    return min((row for row in rivals if row.latest_tasks >= enough), key=lambda row: row.latest_skill, default=None)


def held_words(held: Held) -> str:
    """A range's record in a word: as often as it should, or too seldom or too often for chance."""
    if held.share < held.low:
        return "too seldom"
    return "too often" if held.share > held.high else "as it should"


def width_sentence(rows: list[tuple[str, Held]]) -> Words | None:
    """Whose wide ranges hold as often as they say."""
    if not rows:
        return None
    found = {kind: [name for name, held in rows if held_words(held) == kind] for kind in _WIDTHS}
    parts = [(text, names) for kind, text in _WIDTHS.items() if (names := found[kind])]
    pattern = "; ".join(text for text, _ in parts)
    return say(f"The ranges that should hold 19 times in 20 {pattern}.", *(listing(names) for _, names in parts))


_WIDTHS = {
    "as it should": "held as often as they should: {}",
    "too seldom": "held more seldom than chance explains if tasks were independent: {}",
    "too often": "held more often than chance explains if tasks were independent: {}",
}


def score_words(value: float) -> str | Count:
    """A score or an error in the unit of the counts.

    >>> score_words(22.01), str(score_words(99.97))
    ('22.0', '100')
    """
    return Count(value) if value >= 99.95 else f"{value:#.3g}"  # noqa: PLR2004 - whole numbers say enough
