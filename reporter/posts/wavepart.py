"""The part of a page about the wave under way: sentences, charts over the forecasts of it, and these as a table."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from reporter.charts import Figure, vintages
from reporter.charts.vintages import Vintage
from reporter.dates import day_in_words
from reporter.posts.book import Book, Place
from reporter.posts.figures import Chart
from reporter.posts.turning import looking_back, moves, moves_sentence
from reporter.posts.wave import Said, Wave, end_words
from reporter.posts.waves import Course, courses
from reporter.posts.wavewords import (
    RANGES,
    growth_ranges,
    growth_sentence,
    growth_words,
    size_ranges,
    size_sentence,
    size_words,
    time_words,
    turn_ranges,
    turn_sentence,
)
from reporter.posts.words import Words, listing, say, upper_first

MOST_SAID = 7
"""Of how many forecasts a post shows what they said of the wave; the place's page has them all."""

UNTOLD = ("when the wave turns", "how fast it grows or falls", "how far it goes")

_KEY = (("estimate", "about"), ("thick", "likely (50 %)"), ("thin", "almost surely (95 %)"))


@dataclass(frozen=True)
class Cell:
    """An estimate in a table, and its almost sure range; both may be empty."""

    about: str
    sure: str


@dataclass(frozen=True)
class WaveRow:
    """What one forecast said: the turn, the growth, the size."""

    when: str
    cells: list[Cell]


@dataclass(frozen=True)
class WavePart:
    """What one model says of the wave that one series is in.

    Attributes:
        is_placed: whether a turn or a final size is told, whose ranges are of another kind than those of counts.
        charts: over the forecasts of this wave, each with its heading; none of a single one.
        rows: the same forecasts, newest first.
        more: where there are more of this wave; None where these are all.
    """

    ident: str
    step: str
    model: str
    family: str
    is_placed: bool
    sentences: list[Words]
    charts: list[tuple[str, Chart]]
    rows: list[WaveRow]
    more: str | None


def wave_parts(book: Book, target: str, place: Place, day: date, ident: str, *, every_chart: bool) -> list[WavePart]:
    """What every model of curves said at a reference date of the wave that a series is in, and said before.

    Args:
        book: the feed's record.
        target: what is counted.
        place: where.
        day: the reference date; nothing newer is used.
        ident: what the ids begin with.
        every_chart: whether growth and size are drawn too, over all forecasts of the wave, and all to be touched; else
            the turn alone is drawn, over the newest forecasts, and its tooltips are left to the table: a record has
            many posts, and waves last.
    """
    parts, step = [], book.record.cadence.value
    for number, course in enumerate(courses(book, (target, place.location), day)):
        own, waves = f"{ident}wave{number}-", course.of_this_wave if every_chart else course.of_this_wave[-MOST_SAID:]
        more = f"{book.record.name}/{place.slug}/" if len(waves) < len(course.of_this_wave) else None
        title = upper_first(f"{book.target_title(target)}, {place.name}")
        drawn = {"Where the turn was put": _turns(waves, title, own)}
        if every_chart:
            drawn |= {"What it was to end with": _sizes(waves, title, own)}
            drawn |= {"In what time new counts doubled (above level) or halved (below)": _rates(waves, title, own)}
        charts = [
            (heading, replace(chart, interactive=every_chart)) for heading, chart in drawn.items() if chart is not None
        ]
        rows = [_row(wave) for wave in reversed(waves)] if len(waves) > 1 else []
        model, family = book.model_title(course.model), _curve(course.now.family)
        is_placed = course.now.turns_on is not None or course.now.final_size.is_told
        parts.append(WavePart(own, step, model, family, is_placed, sentences(course, target), charts, rows, more))
    return parts


def sentences(course: Course, target: str) -> list[Words]:
    """Everything a model says of the wave under way: the turn, the growth, the size; and how the turn has moved."""
    said = [turn_sentence(course), growth_sentence(course.now, target), size_sentence(course, target)]
    lines = [line for line in said if line is not None]
    untold = [what for what, line in zip(UNTOLD, said, strict=True) if line is None]
    if untold:
        lines.append(say(f"{upper_first(listing(untold))} cannot be told from the counts yet."))
    history = moves(course)
    lines += [moves_sentence(history, course.now)] if history else []
    known = looking_back(course)
    return lines if known is None else [*lines, known]


# ---------------------------------------------------------------------------- charts


def _turns(waves: Sequence[Wave], title: str, ident: str) -> Chart | None:
    """Where the turn was put."""

    def at(wave: Wave, periods: float) -> float | None:
        return None if wave.end(periods) is None else wave.reference.toordinal() + periods * wave.cadence.days

    told = [wave for wave in waves if wave.turns_on is not None]
    if len(told) < 2:  # noqa: PLR2004 - one dot is no course
        return None
    points = [_vintage(wave, wave.turn, at, f"the turn at {_turn(wave)}", turn_ranges(wave)) for wave in told]
    first, last = (f"at {_turn(wave)} as of {_day(wave.reference)}" for wave in (told[0], told[-1]))
    return _chart(
        vintages.turns(points),
        ident=f"{ident}turn",
        title=f"When the turn was put, by the day of the forecast: {title}",
        description=f"The turn was put {first}, and {last}.",
        key=(*_KEY, ("today", "the day of the forecast; above it the turn was still to come")),
    )


def _sizes(waves: Sequence[Wave], title: str, ident: str) -> Chart | None:
    """What the wave was expected to end with."""
    told = [wave for wave in waves if wave.final_size.is_told]
    if len(told) < 2:  # noqa: PLR2004 - as above
        return None
    points = [
        _vintage(wave, wave.final_size, _as_it_is, f"about {_size(wave)} in the end", size_ranges(wave.final_size))
        for wave in told
    ]
    first, last = (f"about {_size(wave)} as of {_day(wave.reference)}" for wave in (told[0], told[-1]))
    return _chart(
        vintages.sizes(points),
        ident=f"{ident}size",
        title=f"What the wave was expected to end with, by the day of the forecast: {title}",
        description=f"In the end {first}, and {last}.",
    )


def _rates(waves: Sequence[Wave], title: str, ident: str) -> Chart | None:
    """In what time new counts doubled or halved."""
    told = [wave for wave in waves if wave.growth_rate.is_told]
    if len(told) < 2:  # noqa: PLR2004 - as above
        return None
    points = [_vintage(wave, wave.growth_rate, _as_it_is, _growth(wave), growth_ranges(wave)) for wave in told]
    first, last = (f"{_growth(wave)} as of {_day(wave.reference)}" for wave in (told[0], told[-1]))

    return _chart(
        vintages.rates(points, lambda rate: time_words(rate, told[-1])),
        ident=f"{ident}growth",
        title=f"How fast new counts grew or fell, by the day of the forecast: {title}",
        description=f"New counts were {first}, and {last}.",
    )


def _chart(
    figure: Figure, *, ident: str, title: str, description: str, key: tuple[tuple[str, str], ...] = _KEY
) -> Chart:
    """A chart with its note on what is cut."""
    note = say("Thin bars that reach an edge of the chart go on beyond it.") if vintages.is_cut(figure) else None
    return Chart(ident=ident, figure=figure, title=title, description=description, key=key, note=note)


def _vintage(
    wave: Wave,
    said: Said,
    at: Callable[[Wave, float], float | None],
    about: str,
    ranges: Mapping[int, str],
) -> Vintage:
    """A forecast on a chart."""
    (low, high), (lowest, highest) = (said.ranges[nominal] for nominal in (50, 95))
    lines = [f"forecast of {_day(wave.reference)}", about]
    lines += [f"{RANGES[nominal]} {words}" for nominal, words in ranges.items()]
    half, most = (at(wave, low), at(wave, high)), (at(wave, lowest), at(wave, highest))
    return Vintage(wave.reference, at(wave, said.estimate) or 0.0, half, most, "<br>".join(lines))


def _as_it_is(_wave: Wave, value: float) -> float | None:
    return None if math.isnan(value) else value


# ---------------------------------------------------------------------------- texts


def _curve(family: str) -> str:
    """The name of a curve; those that are called after persons are written so."""
    return family.title() if family in ("gompertz", "richards") else family


def _row(wave: Wave) -> WaveRow:
    """A forecast in the table."""
    turn = turn_ranges(wave).get(95, "") if wave.turns_on else ""
    cells = [
        Cell(_turn(wave).removeprefix("the week to "), turn.removeprefix("the weeks to ").removeprefix("the week to ")),
        _growth_cell(wave),
        Cell(_size(wave), size_ranges(wave.final_size).get(95, "")),
    ]
    return WaveRow(day_in_words(wave.reference, weekday=False), cells)


def _growth_cell(wave: Wave) -> Cell:
    if wave.growth_rate.q025 <= 0 <= wave.growth_rate.q975:
        return Cell("either way", "")
    return Cell(_short(_growth(wave)), growth_ranges(wave).get(95, ""))


def _turn(wave: Wave) -> str:
    return "" if wave.turns_on is None else end_words(wave.turns_on, wave)


def _size(wave: Wave) -> str:
    said = wave.final_size
    return str(size_words(said.estimate, said)) if said.is_told else ""


def _growth(wave: Wave) -> str:
    rate = wave.growth_rate.estimate
    return "" if math.isnan(rate) else growth_words(rate, wave)


def _short(growth: str) -> str:
    """Growth in few letters."""
    return growth.replace("doubling every", "double in").replace("halving every", "halve in")


def _day(day: date) -> str:
    return day_in_words(day, weekday=False)
