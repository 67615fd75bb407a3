"""What stands on a page's share card: the picture that others show where they link to the page."""

from dataclasses import dataclass
from datetime import date

from reporter.posts.book import Book, Forecast, Place
from reporter.posts.figures import Chart
from reporter.posts.home import Card
from reporter.posts.letters import drawable, named
from reporter.posts.place import PlacePage
from reporter.posts.post import Post
from reporter.posts.words import Count, Words, has_range, interval, period, rounded, say, step_of, upper_first
from reporter.schema import MEDIAN

NEWEST = 21
"""How many of a chart's newest counts a card has room for."""

Line = tuple[tuple[int, float], ...]
"""Points of a line: (day as an ordinal, value)."""


@dataclass(frozen=True)
class Sketch:
    """A chart as a card shows it.

    Attributes:
        ends: the first and the last day that is shown, as ordinals.
        top: the scale's upper end; it begins at 0.
        counted: runs of counts, each without a gap.
        bands: (day, lower, upper) of the wide range, then of the likely one; none where there is no range.
        median: of the forecast.
        reference: the day on which data ends.
    """

    ends: tuple[int, int]
    top: float
    counted: tuple[Line, ...]
    bands: tuple[tuple[tuple[int, float, float], ...], ...]
    median: Line
    reference: int


@dataclass(frozen=True)
class ShareCard:
    """A share card; its texts hold only what can be drawn.

    Attributes:
        brand: the blog's title.
        finding: the page's finding in a sentence.
        about: the target, and the place where the finding does not begin with it.
        through: when data ends, and how the forecast was made.
        sketch: the chart; None where there is nothing to draw.
    """

    brand: str
    finding: str
    about: str
    through: str
    sketch: Sketch | None


def feed_card(brand: str, book: Book, card: Card) -> ShareCard:
    """The card of a feed's own page: what is expected next where it leads."""
    return _card(brand, book, card.place, _expected(book, card.place), card.targets[0].chart)


def post_card(brand: str, book: Book, view: Post) -> ShareCard:
    """The card of a post: its title, and its first chart."""
    return _card(brand, book, view.place, str(view.title), view.sections[0].chart, view.day)


def place_card(brand: str, book: Book, view: PlacePage) -> ShareCard:
    """The card of a place: what is expected there next."""
    return _card(brand, book, view.place, _expected(book, view.place), view.sections[0].chart)


def _card(brand: str, book: Book, place: Place, finding: str, chart: Chart, day: date | None = None) -> ShareCard:
    day = book.dates[-1] if day is None else day
    name = named(place.name, place.location)
    finding = finding.replace(place.name, name) if name != place.name else finding
    target = upper_first(book.target_title(book.record.targets[0]))
    kind = "" if book.is_live(day) else "; forecast made later"
    through = f"Counts through {period(day, book.record.cadence)}{kind}"
    about = target if finding.startswith(name) else f"{target}, {name}"
    return ShareCard(drawable(brand), drawable(finding), drawable(about), through, sketch(chart))


def _expected(book: Book, place: Place) -> str:
    """What is expected next of a place's first target, shorter than its page has it."""
    name = named(place.name, place.location)
    newest = book.dates[-1]
    forecast = book.leading(book.forecasts(newest, (book.record.targets[0], place.location)))
    return str(say("{}: {}", name, "nothing is forecast now" if forecast is None else _next(book, forecast)))


def _next(book: Book, forecast: Forecast) -> Words:
    day, quantiles = next(iter(forecast.ahead.items()))
    median, when = float(quantiles[MEDIAN]), period(day, book.record.cadence)
    if not has_range(quantiles):
        return say("{} expected for " + when, Count(median))
    step = step_of(quantiles)
    return say("about {} expected for " + when + ", likely {}", rounded(median, step), interval(quantiles, 50, step))


# ---------------------------------------------------------------------------- the chart


def sketch(chart: Chart) -> Sketch | None:
    """The counts, the median and the ranges of a fan chart; None if it has neither counts nor forecast."""
    traces = {trace["name"]: trace for trace in chart.figure["data"]}
    counted, median = (_points(traces[name]) if name in traces else [] for name in ("counted", "about"))
    counted = counted[-NEWEST:]
    bands = [_band(traces[name]) for name in ("almost surely (95 %)", "likely (50 %)") if name in traces]
    days = [day for day, _ in (*counted, *median)]
    if not days:
        return None
    runs: list[list[tuple[int, float]]] = [[]]
    for day, value in counted:
        if value is None:
            runs.append([])
        else:
            runs[-1].append((day, value))
    drawn = [value for _, value in (*counted, *median) if value is not None]
    highest = max([*drawn, *(high for band in bands for _, _, high in band)], default=0.0)
    return Sketch(
        ends=(min(days), max(days)),
        top=min(float(chart.figure["layout"]["yaxis"]["range"][1]), 1.1 * max(highest, 1.0)),
        counted=tuple(tuple(run) for run in runs if run),
        bands=tuple(bands),
        median=tuple((day, value) for day, value in median if value is not None),
        reference=_ordinal(chart.figure["layout"]["shapes"][0]["x0"]),
    )


def _points(trace: dict[str, list[str]]) -> list[tuple[int, float | None]]:
    values: list[float | None] = trace["y"]  # type: ignore[assignment]
    return [(_ordinal(day), value) for day, value in zip(trace["x"], values, strict=True)]


def _band(trace: dict[str, list[str]]) -> tuple[tuple[int, float, float], ...]:
    """A band's outline goes along its upper side and back along its lower one."""
    points = _points(trace)
    half = len(points) // 2
    there, back = points[:half], points[: half - 1 : -1]
    return tuple((day, low or 0.0, high or 0.0) for (day, high), (_, low) in zip(there, back, strict=True))


def _ordinal(day: str) -> int:
    return date.fromisoformat(day[:10]).toordinal()
