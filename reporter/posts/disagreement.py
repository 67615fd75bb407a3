"""How models disagree about the next period and the last one: a chart, its numbers, and where they differ most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from reporter.charts import number, spreads
from reporter.charts.spreads import SpreadRow
from reporter.dates import Cadence, day_in_words
from reporter.evaluate import BASELINE
from reporter.posts.book import Book, Forecast, Place
from reporter.posts.figures import Chart
from reporter.posts.words import Count, Range, Words, interval, join, percent, say, upper_first
from reporter.schema import INTERVALS, MEDIAN

COMBINED = "ensemble"
"""The model that stands first, as it is made of the others."""

COUNTED = 10
"""Places where the middle of what is expected is less are not compared: a count or two is a large share there."""


@dataclass(frozen=True)
class SaidRow:
    """What a model says: for each period its median, and its likely range if it has one."""

    title: str
    said: list[tuple[Count, Range | None]]


@dataclass(frozen=True)
class Disagreement:
    """How the models disagree about one target at the place that leads.

    Attributes:
        title: of the target.
        periods: the next one, and the last one if that is another.
        where: at which other place they disagree most, as a sentence.
    """

    ident: str
    title: str
    periods: list[str]
    sentence: Words
    where: Words | None
    chart: Chart
    rows: list[SaidRow]


def disagreement(book: Book, target: str, day: date, ident: str) -> Disagreement | None:
    """How the models disagree about a target at a reference date; None where there are not two."""
    place = book.headline
    said, days = _common(book, target, place, day)
    if not days:
        return None
    titles = {model: book.model_title(model) for model in said}
    title = upper_first(f"{book.target_title(target)}, {place.name}")
    periods = {end: _when(end, day, book.record.cadence) for end in days}
    rows = [SaidRow(titles[model], [_said(forecast, end) for end in days]) for model, forecast in said.items()]
    spread = {end: Spread({titles[m]: _median(forecast, end) for m, forecast in said.items()}) for end in days}
    parts: list[Words] = []
    for end, when in periods.items():
        parts.append(spread[end].sentence(when, again=bool(parts) and spread[days[0]].width > 0))
    return Disagreement(
        ident=ident,
        title=title,
        periods=list(periods.values()),
        sentence=join(parts),
        where=_where(book, target, day),
        chart=_chart(rows, said, periods, ident, title, join(parts)),
        rows=rows,
    )


@dataclass(frozen=True)
class Spread:
    """The medians of several models for one period, by title; two at least."""

    medians: Mapping[str, float]

    @property
    def middle(self) -> float:
        """The median of the medians."""
        return float(median(self.medians.values()))

    @property
    def ends(self) -> tuple[str, str]:
        """The titles of the models with the smallest and the largest, the first named of several."""
        titles = list(self.medians)
        return min(titles, key=lambda t: self.medians[t]), max(titles, key=lambda t: self.medians[t])

    @property
    def width(self) -> float:
        """The largest less the smallest, as they are printed."""
        least, most = self.ends
        return float(round(self.medians[most]) - round(self.medians[least]))

    @property
    def share(self) -> float | None:
        """The width as a share of the middle; None of nothing."""
        return self.width / self.middle if self.middle > 0 else None

    def sentence(self, when: str, *, again: bool = False) -> Words:
        """From the smallest to the largest, in counts and as a share.

        Args:
            when: the period; without braces.
            again: another such sentence comes before it.
        """
        least, most = self.ends
        many = len(self.medians)
        low, high = Count(self.medians[least]), Count(self.medians[most])
        if not self.width:
            who = "both" if many == 2 else f"all {number(many)}"  # noqa: PLR2004
            return say(f"For {when} {who} models expect {{}}.", low)
        share = "" if self.share is None else f", {percent(self.share)}{'' if again else ' of the middle one'}"
        begin = "it is" if again else f"the {number(many)} models expect"
        pattern = f"For {when} {begin} from {{}} ({{}}) to {{}} ({{}}): {{}} apart{share}."
        return say(pattern, low, least, high, most, Count(self.width))


def _common(book: Book, target: str, place: Place, day: date) -> tuple[dict[str, Forecast], list[date]]:
    """What the models say of a place, the combined one first, and the first and last period that all speak of."""
    found = book.forecasts(day, (target, place.location))
    order = sorted(found, key=lambda model: (model != COMBINED, model != book.record.lead, model == BASELINE))
    shared = set.intersection(*(set(found[model].ahead) for model in order)) if len(order) > 1 else set()
    return {model: found[model] for model in order}, sorted({min(shared), max(shared)}) if shared else []


def _when(end: date, day: date, cadence: Cadence) -> str:
    """A period by its end, without the year if that is the forecast's."""
    words = day_in_words(end, weekday=False, year=end.year != day.year)
    return words if cadence is Cadence.DAY else f"the week to {words}"


def _median(forecast: Forecast, end: date) -> float:
    return float(forecast.ahead[end][MEDIAN])


def _said(forecast: Forecast, end: date) -> tuple[Count, Range | None]:
    return Count(_median(forecast, end)), interval(forecast.ahead[end], 50) if forecast.has_range else None


def _where(book: Book, target: str, day: date) -> Words | None:
    """The place with the largest spread of the last period, in shares; None of a single place."""
    found: list[tuple[float, Spread, Place]] = []
    places = book.there(day, target)
    for place in places:
        said, days = _common(book, target, place, day)
        if days:
            spread = Spread({book.model_title(m): _median(forecast, days[-1]) for m, forecast in said.items()})
            if spread.share is not None and spread.middle >= COUNTED:
                found.append((spread.share, spread, place))
    if len(found) < 2:  # noqa: PLR2004 - one place is no comparison
        return None
    share, spread, place = max(found, key=lambda one: one[0])
    if not spread.width:
        return None
    among = f"Of the {number(len(found))} places"
    if len(found) < len(places):
        among += f" where {number(COUNTED)} or more are expected"
    if place == book.headline:
        return say(f"{among} they disagree nowhere more than here, by shares.")
    least, most = spread.ends
    low, high = Count(spread.medians[least]), Count(spread.medians[most])
    pattern = (
        f"{among} they disagree most about {{}}: from {{}} ({{}}) to {{}} ({{}}), {percent(share)} of the middle one."
    )
    return say(pattern, place.name, low, least, high, most)


def _chart(
    rows: Sequence[SaidRow],
    said: Mapping[str, Forecast],
    periods: Mapping[date, str],
    ident: str,
    title: str,
    sentence: Words,
) -> Chart:
    drawn = []
    low, high = INTERVALS[50]
    for row, forecast in zip(rows, said.values(), strict=True):
        told = [tuple(float(forecast.ahead[end][i]) for i in (low, MEDIAN, high)) for end in periods]
        words = " \u2192 ".join(str(median_) for median_, _ in row.said)
        drawn.append(SpreadRow(row.title, words, [(a, b, c) for a, b, c in told]))
    marks = zip(("estimate", "hollow"), periods.values(), strict=False)
    return Chart(
        ident=f"{ident}models",
        figure=spreads.spreads(drawn),
        title=f"What each model expects: {title}",
        description=str(sentence),
        key=tuple((kind, f"{when}, with its likely range") for kind, when in marks),
        note=say("What reaches an edge of the chart goes on beyond it.") if spreads.is_cut(drawn) else None,
        interactive=False,
    )
