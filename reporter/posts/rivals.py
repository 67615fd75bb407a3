"""Other teams' models beside ours, on the tasks both forecast."""

import math
from dataclasses import dataclass, replace

import pandas as pd

from reporter.charts import number
from reporter.dates import day_in_words
from reporter.evaluate import BASELINE
from reporter.posts import verdict
from reporter.posts.boardcharts import skill_chart
from reporter.posts.book import Book
from reporter.posts.figures import Chart
from reporter.posts.measures import NAN, TEXTS, Measure, Skill, compact, measure, skills
from reporter.posts.record import Peers
from reporter.posts.spans import seasons
from reporter.posts.standing import kind_words
from reporter.posts.words import Words, percent, say, upper_first

NAMED = 5
"""Refused submissions named one by one."""

_TASK = ["location", "reference_date", "horizon", "target_end_date"]


@dataclass(frozen=True)
class RivalRow:
    """One model, ours or theirs, in words."""

    title: str
    whose: str
    ours: bool
    common: str
    common_interval: str
    skill: str
    interval: str
    tasks: str
    latest: str
    relative: str
    held: tuple[str, ...]


@dataclass(frozen=True)
class RivalTable:
    """One target in one season, ours of one kind."""

    ident: str
    title: str
    when: str
    intro: Words
    finding: Words
    baseline: str
    shared: str
    rows: list[RivalRow]
    skill: Chart | None


@dataclass(frozen=True)
class Rivals:
    """One hub's models beside ours."""

    ident: str
    title: str
    attribution: str
    tables: list[RivalTable]
    refused: list[str]
    refused_more: int


def rivals(book: Book, ours: pd.DataFrame, ident: str) -> list[Rivals]:
    """Every hub of the record.

    Args:
        ours: our scores, `compact`.
        ident: what its ids begin with.
    """
    return [
        Rivals(
            ident=f"{ident}{place}",
            title=peers.title,
            attribution=peers.attribution,
            tables=_tables(book, ours, peers, f"{ident}{place}"),
            refused=list(peers.refused[:NAMED]),
            refused_more=max(len(peers.refused) - NAMED, 0),
        )
        for place, peers in enumerate(book.record.peers)
    ]


def _tables(book: Book, ours: pd.DataFrame, peers: Peers, ident: str) -> list[RivalTable]:
    """Newest season first; ours live and ours backfilled apart, theirs alone where we have none."""
    found = []
    for place, target in enumerate(book.record.targets):
        theirs = peers.scores[peers.scores["target"] == target]
        of_target = ours[ours["target"] == target]
        judged = theirs.loc[theirs["against"] == "first", "reference_date"]
        days = [stamp.date() for stamp in judged.unique()]
        for season, (start, end) in enumerate(reversed(seasons(days))):
            here, there = (
                rows[rows["reference_date"].between(pd.Timestamp(start), pd.Timestamp(end))]
                for rows in (of_target, theirs)
            )
            kinds: list[bool | None] = [live for live in (True, False) if (here["live"] == live).any()]
            when = f"{day_in_words(start, weekday=False)} to {day_in_words(end, weekday=False)}"
            for live in kinds or [None]:
                own = f"{ident}-t{place}s{season}{'' if live is None else 'live' if live else 'later'}-"
                found.append(
                    _table(book, target, peers, here[here["live"] == live], there, live=live, when=when, ident=own)
                )
    return found


def _table(
    book: Book,
    target: str,
    peers: Peers,
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    *,
    live: bool | None,
    when: str,
    ident: str,
) -> RivalTable:
    # Their scores carry a mark of ours, which says nothing of them: every submission was made at the time.
    both = compact(pd.concat([ours.astype(dict.fromkeys(TEXTS, "str")), theirs], ignore_index=True))
    first, latest = (both[both["against"] == against] for against in ("first", "latest"))
    baseline = peers.baseline.get(target, BASELINE)
    if not (theirs["model_id"] == baseline).any():  # none is theirs, or it was refused
        baseline = BASELINE
    measures = measure(first, latest, baseline)
    mine = set(ours["model_id"].unique())
    kept = [row for row in measures.rows if row.model not in mine or not math.isnan(row.skill)]
    names = {row.model: book.model_title(row.model) if row.model in mine else row.model for row in kept}
    shared = _shared(first, list(names))
    # Where all have tasks in common, these are what compares them; else each model's own.
    common = skills(shared, baseline)
    tasks = len(shared) // max(len(names), 1)
    drawn = [
        replace(row, skill=common[row.model].skill, low=common[row.model].low, high=common[row.model].high)
        for row in kept
        if row.model in common
    ] or kept
    drawn.sort(key=lambda row: (math.isnan(row.skill), row.skill))
    order = {row.model: place for place, row in enumerate(drawn)}
    kept.sort(key=lambda row: order[row.model])
    return RivalTable(
        ident=ident,
        title=upper_first(book.target_title(target)),
        when=when,
        intro=_intro(kept, mine, live=live),
        finding=verdict.among_rivals([(names[row.model], row.model in mine, row.skill) for row in drawn], tasks),
        baseline=names.get(baseline, baseline),
        shared=number(tasks),
        rows=[_row(row, names[row.model], common.get(row.model), ours=row.model in mine, live=live) for row in kept],
        skill=skill_chart(drawn, _whose(names, mine), ident, baseline),
    )


def _whose(names: dict[str, str], mine: set[str]) -> dict[str, str]:
    return {model: f"{name} (ours)" if model in mine else name for model, name in names.items()}


def _shared(first: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    """The rows of the tasks that all models forecast."""
    rows = first[first["model_id"].isin(models)]
    return rows[rows.groupby(_TASK, observed=True)["wis"].transform("size") == len(models)]


def _intro(rows: list[Measure], mine: set[str], *, live: bool | None) -> Words:
    """Whose forecasts stand here, how they were made, and how many tasks each side has."""
    theirs = [row.own for row in rows if row.model not in mine]
    ours = [row.own for row in rows if row.model in mine]
    submitted = f"Theirs were submitted at the time ({_most(theirs)})"
    if live is None:
        return say(f"{submitted}. We have none of these dates.")
    if not ours:
        return say(f"{submitted}. Ours, {kind_words(live=live)}, share no task with them.")
    return say(f"{submitted}; ours were {kind_words(live=live)} ({_most(ours)}).")


def _most(tasks: list[int]) -> str:
    return f"up to {verdict.tasks_words(max(tasks, default=0))} a model"


def _row(row: Measure, title: str, common: Skill | None, *, ours: bool, live: bool | None) -> RivalRow:
    return RivalRow(
        title=title,
        whose=f"ours, {'live' if live else 'made later'}" if ours else "theirs",
        ours=ours,
        common=_three(NAN if common is None else common.skill),
        common_interval="" if common is None else _interval(common.low, common.high),
        skill=_three(row.skill),
        interval=_interval(row.low, row.high),
        tasks=number(row.tasks),
        latest=_three(row.latest_skill),
        relative=_three(row.relative),
        held=tuple(percent(held.share) for held in row.held.values()),
    )


def _interval(low: float, high: float) -> str:
    return "" if math.isnan(low) or low == high else f"{_three(low)} to {_three(high)}"


def _three(value: float) -> str:
    """Relative WIS to three decimals."""
    return "\u2013" if math.isnan(value) else f"{value:.3f}"
