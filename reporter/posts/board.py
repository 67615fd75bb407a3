"""The scoreboard: which model to believe, for each feed, target and kind of forecast."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from reporter import evaluate
from reporter.charts import number
from reporter.dates import Cadence, day_in_words
from reporter.evaluate import BASELINE
from reporter.posts import verdict
from reporter.posts.boardcharts import (
    course_chart,
    course_lines,
    drawn_models,
    held_chart,
    part_shares,
    parts_chart,
    pit_charts,
    skill_chart,
)
from reporter.posts.book import Book
from reporter.posts.calibrated import Calibrated, calibrated
from reporter.posts.figures import Chart
from reporter.posts.measures import Held, Measure, Measures, compact, head_to_head, measure
from reporter.posts.record import Attribution
from reporter.posts.revised import Turned, turned_of
from reporter.posts.rivals import Rivals, rivals
from reporter.posts.spans import Cell, by_horizon, over_time, unit_of
from reporter.posts.standing import kind_words
from reporter.posts.words import Words, percent, periods, say, upper_first
from reporter.tasks import TASK


@dataclass(frozen=True)
class ModelRow:
    """One model in the tables of a target, every number in words."""

    title: str
    better: bool
    tasks: str
    wis: str
    skill: str
    interval: str
    relative: str
    log_skill: str
    latest: str
    latest_tasks: str
    error: str
    own: str
    shares: tuple[str, str, str]
    held: tuple[tuple[int, str, str, str], ...]
    """(nominal percent, the share that held, its verdict, the band of chance)."""


@dataclass(frozen=True)
class CourseTable:
    """Skill by model in groups of tasks: by horizon, or over time."""

    heads: list[str]
    rows: list[tuple[str, list[str], str]]
    """(group, skill of each model, tasks)."""
    tasks: str
    """How many each of the numbers rests on, from the least to the most."""


@dataclass(frozen=True)
class TargetBoard:
    """One target's models, on live or on backfilled forecasts."""

    ident: str
    title: str
    live: bool
    kind: str
    believe: Words
    beside: Words | None
    latest: Words | None
    rests: Words
    rows: list[ModelRow]
    skill: Chart | None
    parts: Chart
    held: Chart | None
    held_sentence: Words | None
    pit: list[tuple[str, Chart]]
    pit_rows: list[list[str]]
    step: str
    horizon: Chart | None
    horizons: CourseTable
    time: Chart | None
    times: CourseTable
    unit: str
    turned: Turned


@dataclass(frozen=True)
class FeedBoard:
    """A feed's part of the scoreboard."""

    feed: str
    title: str
    sections: list[TargetBoard]
    calibrated: Calibrated | None
    rivals: list[Rivals]
    source: Attribution


NEWEST = {Cadence.DAY: 365, Cadence.WEEK: 104}
"""How many of the newest periods' reference dates the scoreboard looks at: a model is believed for what it does now."""


def feed_board(book: Book, ident: str = "", *, past: bool = False, whole: bool = False) -> FeedBoard:
    """All that the scoreboard says of one feed. A kind of forecast without a judged task is left out.

    Args:
        ident: what its ids begin with, unique on the page.
        past: it is over, and nothing is to be believed today.
        whole: look at every reference date, not at the newest only.
    """
    record = book.record
    scores = compact(record.scores if whole or not book.dates else _newest(record.scores, book))
    sections = []
    turned = evaluate.turned(scores)
    for place, target in enumerate(record.targets):
        for live in (True, False):
            mine = scores[(scores["target"] == target) & (scores["live"] == live)]
            first = mine[mine["against"] == "first"]
            if not first.empty:
                latest = mine[mine["against"] == "latest"]
                revised = turned[(turned["target"] == target) & (turned["live"] == live)]
                own = f"{ident}t{place}-{'live' if live else 'later'}-"
                sections.append(
                    _section(book, target, first, latest, revised, own, live=live, past=past or record.archive)
                )
    return FeedBoard(
        feed=record.name,
        title=record.title,
        sections=sections,
        calibrated=calibrated(book, scores, f"{ident}calibrated"),
        rivals=rivals(book, scores, f"{ident}r"),
        source=record.source,
    )


def _newest(scores: pd.DataFrame, book: Book) -> pd.DataFrame:
    cadence = book.record.cadence
    since = np.datetime64(book.dates[-1] - NEWEST[cadence] * cadence.step, "s")
    return scores[scores["reference_date"].to_numpy() > since]


def _section(
    book: Book,
    target: str,
    first: pd.DataFrame,
    latest: pd.DataFrame,
    turned: pd.DataFrame,
    ident: str,
    *,
    live: bool,
    past: bool,
) -> TargetBoard:
    record = book.record
    measures = measure(first, latest)
    names = {row.model: book.model_title(row.model) for row in measures.rows}
    best = verdict.believed(measures, BASELINE)
    ranged = [row.model for row in measures.rows if not row.pointlike]
    drawn = drawn_models(measures, record.lead)
    unit = unit_of(measures.dates, record.cadence)
    ahead, times = by_horizon(measures.totals), over_time(measures.totals, unit)
    horizons = {periods(step, record.cadence): found for step, found in ahead.items()}
    stretches = {words: found for (_, words), found in times.items()}
    ends: list[date] = [end for end, _ in times]
    pit, pit_rows = pit_charts(first, measures, record.lead, names, ident)
    return TargetBoard(
        ident=ident,
        title=upper_first(book.target_title(target)),
        live=live,
        kind=kind_words(live=live),
        believe=verdict.believe(best, "" if best is None else names[best.model], len(measures.dates), past=past),
        beside=_beside(first, measures, best, names),
        latest=verdict.latest_sentence(best, verdict.latest_leader(measures, BASELINE), names),
        rests=_rests(measures, first),
        rows=[_row(row, names[row.model]) for row in measures.rows],
        skill=skill_chart(measures.rows, names, ident, BASELINE),
        parts=parts_chart(measures.rows, names, ident),
        held=held_chart(measures.rows, names, ident),
        held_sentence=verdict.width_sentence([(names[r.model], r.held[95]) for r in measures.rows if 95 in r.held]),  # noqa: PLR2004
        pit=pit,
        pit_rows=pit_rows,
        step=record.cadence.value,
        horizon=course_chart(
            list(ahead), course_lines(drawn, names, horizons), f"{ident}horizon", "Skill by how far ahead"
        ),
        horizons=_course_table(drawn, names, horizons),
        time=course_chart(ends, course_lines(drawn, names, stretches), f"{ident}time", f"Skill by {unit}"),
        times=_course_table(drawn, names, dict(reversed(stretches.items()))),
        unit=unit,
        turned=_turned(book, first, latest, turned, ranged),
    )


def _turned(book: Book, first: pd.DataFrame, latest: pd.DataFrame, turned: pd.DataFrame, ranged: list[str]) -> Turned:
    """The turned verdicts of models with ranges, of all that were judged by both values."""
    by_first, by_latest, found = (rows[rows["model_id"].isin(ranged)] for rows in (first, latest, turned))
    judged = len(by_first[TASK].merge(by_latest[TASK], on=TASK))
    return turned_of(found, judged, book)


def _beside(first: pd.DataFrame, measures: Measures, best: Measure | None, names: Mapping[str, str]) -> Words | None:
    """The best beside the next best, other than the baseline."""
    if best is None or best.skill >= 1:
        return None
    others = [row for row in measures.rows if row.model not in (best.model, BASELINE) and not math.isnan(row.skill)]
    later = [row for row in others if row.skill >= best.skill]
    if not later:
        return None
    return verdict.beside(names[later[0].model], head_to_head(first, best.model, later[0].model))


def _rests(measures: Measures, first: pd.DataFrame) -> Words:
    """What every number of a section rests on."""
    oldest, newest = (day_in_words(day, weekday=False) for day in (measures.dates[0], measures.dates[-1]))
    dates, places = len(measures.dates), first["location"].nunique()
    when = f"of {oldest}" if dates == 1 else f"from {oldest} to {newest}"
    much = f"{number(dates)} reference date{'' if dates == 1 else 's'} {when}"
    where = "one place" if places == 1 else f"{number(places)} places"
    return say(f"It rests on {much} and {where}, judged by the first value of each count unless said otherwise.")


def _row(row: Measure, title: str) -> ModelRow:
    own = row.model == BASELINE
    known = not math.isnan(row.skill)
    return ModelRow(
        title=title,
        better=known and row.skill < 1 and not own,
        tasks=number(row.tasks),
        wis=str(verdict.score_words(row.wis)),
        skill=verdict.skill_words(row.skill),
        interval="" if own else verdict.interval_words(row.low, row.high),
        relative=verdict.skill_words(row.relative),
        log_skill=verdict.skill_words(row.log_skill),
        latest=verdict.skill_words(row.latest_skill),
        latest_tasks=number(row.latest_tasks),
        error=str(verdict.score_words(row.error)),
        own=number(row.own),
        shares=part_shares(row),
        held=tuple(
            (nominal, percent(held.share), verdict.held_words(held), _band(held)) for nominal, held in row.held.items()
        ),
    )


def _band(held: Held) -> str:
    return f"{100 * held.low:.0f}\u2013{100 * held.high:.0f}\u202f%"


def _course_table(models: list[str], names: Mapping[str, str], groups: Mapping[str, Mapping[str, Cell]]) -> CourseTable:
    rows, everywhere = [], []
    for name, found in groups.items():
        cells = [found.get(model) for model in models]
        skills = ["\u2013" if cell is None else verdict.skill_words(cell.skill) for cell in cells]
        tasks = [cell.tasks if cell else 0 for cell in cells]
        rows.append((upper_first(name), skills, _least_to_most(tasks)))
        everywhere += tasks
    return CourseTable([names[model] for model in models], rows, _least_to_most(everywhere))


def _least_to_most(tasks: list[int]) -> str:
    """How many tasks each of several numbers rests on.

    >>> _least_to_most([70, 70]), _least_to_most([])
    ('70', '0')
    """
    least, most = min(tasks, default=0), max(tasks, default=0)
    return number(most) if least == most else f"{number(least)}\u2013{number(most)}"
