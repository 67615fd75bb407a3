"""We said / it was: every model's forecast of a period, beside its first count."""

from dataclasses import dataclass
from datetime import date

from reporter.evaluate import BASELINE
from reporter.posts.book import Book, Series
from reporter.posts.fell import fell
from reporter.posts.figures import Chart, strip_chart
from reporter.posts.judge import POINT, Judgement, crossing_sentence, judge, path, said_when
from reporter.posts.words import Count, Words, join, period, say


@dataclass(frozen=True)
class Comparison:
    """We said / it was. Without `lead` there is nothing to compare, and `nothing` says why.

    Attributes:
        lines: how far off the lead was, when its curve reaches the count, where in the forecast the count fell, and
            what no change would have said.
        others: when the curves of other models reach the count.
    """

    nothing: Words | None
    intro: Words | None
    lead: Judgement | None
    strip: Chart | None
    lines: list[Words]
    others: list[Words]


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
        return Comparison(_nothing(book, series, day), None, None, None, [], [])
    strip = strip_chart(lead, f"{ident}strip", day, book.record.cadence) if lead.verdict != POINT else None
    late, baseline = _late(book, series, day, lead, "Our"), judged.get(BASELINE)
    lines = [lead.result, late, fell(lead.quantiles, lead.was.value)]
    if baseline is not None and lead.model != BASELINE:
        lines.append(beside_no_change(lead, baseline))
    rest = [judged[model] for model in book.lead_first(judged) if model != lead.model]
    others = [_late(book, series, day, one, say("{}: its", one.title)) for one in rest]
    intro = said_when(reference, day, book.record.cadence)
    told, told_of_others = ([line for line in found if line is not None] for found in (lines, others))
    return Comparison(None, intro, lead, strip, told, told_of_others)


def _late(book: Book, series: Series, day: date, judged: Judgement, whose: str | Words) -> Words | None:
    """When a model's curve reaches the count; no change never does."""
    reference = book.judged(day)
    if reference is None or judged.model == BASELINE:
        return None
    points = path(book.forecasts(reference, series)[judged.model], book.counted(series, reference))
    return crossing_sentence(points, judged.was.value, day, book.record.cadence, whose)


def beside_no_change(lead: Judgement, baseline: Judgement) -> Words:
    """What no change would have said, and which of the two was closer."""
    nearer = abs(baseline.error) - abs(lead.error)
    words = say("{} would have said {}: {}.", f"\u201c{baseline.title}\u201d", baseline.said, baseline.off)
    if lead.error == baseline.error:
        return join([words, "Our middle was no different."])
    if not nearer:
        return join([words, "Both were as far off."])
    return join([words, say(("We were" if nearer > 0 else "It was") + " closer, by {}.", Count(abs(nearer)))])


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
