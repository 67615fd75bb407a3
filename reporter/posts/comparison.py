"""We said / it was: every model's forecast of a period, beside its first count."""

from dataclasses import dataclass
from datetime import date

from reporter.evaluate import BASELINE
from reporter.posts.book import Book, Series
from reporter.posts.figures import Chart, strip_chart
from reporter.posts.judge import POINT, Judgement, crossing_sentence, judge, path, said_when, sentence
from reporter.posts.words import Words, join, period, say
from reporter.schema import MEDIAN, is_cumulative


@dataclass(frozen=True)
class Comparison:
    """We said / it was. Without `lead` there is nothing to compare, and `nothing` says why."""

    nothing: Words | None
    intro: Words | None
    lead: Judgement | None
    strip: Chart | None
    lines: list[Words]


def judgements(book: Book, series: Series, day: date) -> dict[str, Judgement]:
    """Every model's newest earlier forecast of `day`, judged by its first value."""
    reference = book.judged(day)
    was = book.counted(series, day)
    if reference is None or was is None:
        return {}
    forecasts = book.forecasts(reference, series)
    return {
        model: judge(model, book.model_title(model), forecast.ahead[day], was)
        for model, forecast in forecasts.items()
        if day in forecast.ahead
    }


def lead_of(book: Book, judged: dict[str, Judgement]) -> Judgement | None:
    """The lead model's judgement, or the first other model's."""
    order = book.lead_first(judged)
    return judged[order[0]] if order else None


def compare(book: Book, series: Series, day: date, ident: str = "") -> Comparison:
    """What was said of `day` before, beside what it was."""
    judged, reference = judgements(book, series, day), book.judged(day)
    lead = lead_of(book, judged)
    if lead is None or reference is None:
        return Comparison(_nothing(book, series, day), None, None, None, [])
    strip = strip_chart(lead, f"{ident}strip", day, book.record.cadence) if lead.verdict != POINT else None
    lines = [_line(book, series, day, judged[model]) for model in book.lead_first(judged)]
    return Comparison(None, said_when(reference, day, book.record.cadence), lead, strip, lines)


def _line(book: Book, series: Series, day: date, judged: Judgement) -> Words:
    """One model's result, and for a rising count when its curve reaches it."""
    reference = book.judged(day)
    line = sentence(judged, conditional=judged.model == BASELINE)
    if reference is not None and is_cumulative(series[0]) and judged.model != BASELINE:
        points = path(book.forecasts(reference, series)[judged.model], book.counted(series, reference))
        late = crossing_sentence(points, judged.was.value, day, book.record.cadence)
        line = line if late is None else join([line, late])
    if _is_no_change(book, series, day, judged):
        line = join([line, "No different from \u201cno change\u201d."])
    return line


def _is_no_change(book: Book, series: Series, day: date, judged: Judgement) -> bool:
    """Whether another model's middle is the baseline's: then it is the ranges that it adds."""
    reference = book.judged(day)
    if reference is None or judged.model == BASELINE:
        return False
    baseline = book.forecasts(reference, series).get(BASELINE)
    return baseline is not None and round(float(baseline.ahead[day][MEDIAN])) == round(judged.said.value)


def _nothing(book: Book, series: Series, day: date) -> Words:
    """Why nothing can be compared."""
    cadence = book.record.cadence
    if day == book.dates[0]:
        return say("This is the first forecast on record: there is nothing to compare yet.")
    if book.counted(series, day) is None:
        return say(f"No count for {period(day, cadence)} had been reported: there is nothing to compare.")
    if book.judged(day) is None:
        return say(f"No forecast on record reaches as far as {period(day, cadence)}.")
    return say(f"No model had said anything about {period(day, cadence)}.")
