"""The scoreboard's charts, each with what it says in words."""

import math
from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from reporter import evaluate
from reporter.charts import courses, literal, scoring
from reporter.evaluate import BASELINE
from reporter.posts.figures import Chart
from reporter.posts.measures import Measure, Measures, histograms
from reporter.posts.spans import Cell
from reporter.posts.verdict import interval_words, score_words, skill_words, tasks_words
from reporter.posts.words import percent, say

MOST_HISTOGRAMS = 4

_CUT = f"Beyond {scoring.MOST_SKILL:g} the chart is cut; the table is not."

Names = Mapping[str, str]
"""Titles by model."""


def skill_chart(rows: Sequence[Measure], names: Names, ident: str, baseline: str) -> Chart | None:
    """Skill with its interval; None without any skill."""
    drawn = [row for row in rows if not math.isnan(row.skill)]
    if len(drawn) < 2:  # noqa: PLR2004 - the baseline alone
        return None
    marks = [
        scoring.SkillRow(
            names[row.model],
            "1" if row.model == baseline else _skill_range(row),
            row.skill,
            *((row.low, row.high) if not math.isnan(row.low) and row.model != baseline else (None, None)),
        )
        for row in drawn
    ]
    said = "; ".join(f"{row.name} {row.words}" for row in marks)
    ranged = any(row.low is not None for row in marks)
    beside = "no change" if baseline == BASELINE else names.get(baseline, baseline)
    return Chart(
        ident=f"{ident}skill",
        figure=scoring.skills(marks, beside),
        title=f"Skill of each model beside {beside}",
        description=f"Below 1 is better than {beside}. {said}.",
        key=(("skilldot", "skill"), *((("likely", "90\u202f% interval over reference dates"),) if ranged else ())),
        note=say(_CUT) if scoring.is_cut(marks) else None,
    )


def _skill_range(row: Measure) -> str:
    if math.isnan(row.low):
        return skill_words(row.skill)
    return f"{skill_words(row.skill)} ({interval_words(row.low, row.high)})"


def parts_chart(rows: Sequence[Measure], names: Names, ident: str) -> Chart:
    """The score in its three parts, in units of the baseline's where all have a skill."""
    relative = all(not math.isnan(row.skill) for row in rows)
    drawn = []
    for row in rows:
        total = sum(row.parts)
        unit = row.skill / total if relative and total > 0 else 0.0 if relative else 1.0
        low, over, under = (unit * part for part in row.parts)
        words = skill_words(row.skill) if relative else str(score_words(total))
        drawn.append(scoring.PartsRow(names[row.model], words, (low, over, under)))
    said = "; ".join(
        f"{names[row.model]}: width {shares[0]}, too high {shares[1]}, too low {shares[2]}"
        for row in rows
        for shares in [part_shares(row)]
    )
    return Chart(
        ident=f"{ident}parts",
        figure=scoring.parts(drawn, relative=relative),
        title="What each model\u2019s score is made of",
        description=f"{said}.",
        key=(("likely", "width of the ranges"), ("over", "penalty: too high"), ("under", "penalty: too low")),
    )


def part_shares(row: Measure) -> tuple[str, str, str]:
    """The three parts in percent of the score; dashes for a score of 0."""
    total = sum(row.parts)
    if not total > 0:
        return ("\u2013",) * 3
    width, over, under = (percent(part / total) for part in row.parts)
    return width, over, under


def held_chart(rows: Sequence[Measure], names: Names, ident: str) -> Chart | None:
    """How often ranges held beside how often they should; None where no model has ranges."""
    drawn = [
        scoring.HeldRow(
            names[row.model],
            " \u00b7 ".join(f"{100 * held.share:.0f}" for held in row.held.values()) + "\u202f%",
            {nominal: (held.share, held.low, held.high) for nominal, held in row.held.items()},
        )
        for row in rows
        if row.held
    ]
    if not drawn:
        return None
    return Chart(
        ident=f"{ident}held",
        figure=scoring.held(drawn),
        title="How often ranges held, beside how often they should",
        description=f"The 50, 80 and 95 % ranges held: {'; '.join(f'{row.name} {row.words}' for row in drawn)}.",
        key=(
            ("held", "held, within chance"),
            ("missed", "held too seldom or too often"),
            ("sure", "by chance (95\u202f%)"),
        ),
    )


def course_lines(models: Sequence[str], names: Names, groups: Mapping[str, Mapping[str, Cell]]) -> list[courses.Course]:
    """Each model's skill over groups, by their names."""
    lines = []
    for model in models:
        cells = [found.get(model) for found in groups.values()]
        values = [None if cell is None or math.isnan(cell.skill) else cell.skill for cell in cells]
        texts = [
            f"{name}<br>{literal(names[model])} {skill_words(cell.skill)}<br>{tasks_words(cell.tasks)}" if cell else ""
            for name, cell in zip(groups, cells, strict=True)
        ]
        lines.append(courses.Course(names[model], values, texts))
    return lines


def course_chart(
    where: Sequence[date] | Sequence[int], lines: list[courses.Course], ident: str, title: str
) -> Chart | None:
    """Skill over horizons or time; None for one place or nothing to draw."""
    if len(where) < 2 or not any(value is not None for drawn in lines for value in drawn.values):  # noqa: PLR2004
        return None
    said = [f"{drawn.name} {_ends(drawn.values)}" for drawn in lines if any(v is not None for v in drawn.values)]
    return Chart(
        ident=ident,
        figure=courses.courses(where, lines),
        title=title,
        description=f"Below 1 is better than no change. {'; '.join(said)}.",
        key=tuple((f"course{number}", drawn.name) for number, drawn in enumerate(lines)),
        note=say(_CUT) if courses.is_cut(lines) else None,
    )


def _ends(values: Sequence[float | None]) -> str:
    seen = [value for value in values if value is not None]
    return f"from {skill_words(seen[0])} at first to {skill_words(seen[-1])} at last"


def drawn_models(measures: Measures, lead: str, baseline: str = BASELINE) -> list[str]:
    """Models whose lines are drawn, the lead first."""
    models = [row.model for row in measures.rows if row.model != baseline and not math.isnan(row.skill)]
    return sorted(models, key=lambda model: model != lead)[: len(courses.STYLES)]


def pit_charts(
    first: pd.DataFrame, measures: Measures, lead: str, names: Names, ident: str
) -> tuple[list[tuple[str, Chart]], list[list[str]]]:
    """A small histogram for each of the headline models, on one scale, and the same as rows of a table."""
    ranged = [row.model for row in measures.rows if not row.pointlike]
    models = sorted(ranged, key=lambda model: model != lead)[:MOST_HISTOGRAMS]
    found = {model: one for model, one in histograms(first, models).items() if one[1]}
    bands = {model: evaluate.pit_band(tasks) for model, (_, tasks) in found.items()}
    tops = [max(float(shares.max()), bands[model][1]) for model, (shares, _) in found.items()]
    top = min(max([0.2, *tops]) * 1.05, 1.0)
    charts = []
    for number, (model, (shares, tasks)) in enumerate(found.items()):
        low, high = bands[model]
        outside = int(((shares < low) | (shares > high)).sum())
        chart = Chart(
            ident=f"{ident}pit{number}",
            figure=courses.histogram(shares, bands[model], top, {0.0: "low end", 0.5: "middle", 1.0: "high end"}),
            title=f"Where the counts fell in the forecasts: {names[model]}",
            description=f"{tasks_words(tasks)}. {_outside(outside)} The lowest tenth holds {percent(float(shares[0]))}"
            f" of the counts, the highest {percent(float(shares[-1]))}.",
            note=say(f"{tasks_words(tasks)}. {_outside(outside)}"),
            interactive=False,
        )
        charts.append((names[model], chart))
    rows = [[f"{tenth + 1}", *(percent(float(shares[tenth])) for shares, _ in found.values())] for tenth in range(10)]
    return charts, rows


def _outside(number_of: int) -> str:
    if not number_of:
        return "No bar is further from a tenth than chance allows."
    return f"{number_of} of 10 bars are further from a tenth than chance allows."
