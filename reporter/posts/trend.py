"""Which way a forecast points, so far as its likely range lets one say."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from reporter.dates import Cadence
from reporter.posts.book import Book, Forecast, Series
from reporter.posts.words import (
    NARROW,
    Count,
    Words,
    has_range,
    interval,
    join,
    percent,
    period,
    periods,
    rounded,
    say,
    step_of,
    upper_first,
)
from reporter.schema import INTERVALS, MEDIAN, Floats, is_cumulative

RISE, FALL, LEVEL, OPEN, NONE = "rise", "fall", "level", "open", "none"

NEAR = 0.05
"""How far a likely range may reach to either side of a count that is called about level: a share of it."""

AHEAD = timedelta(days=7)
"""How far ahead it looks: a week on, the day of the week is the same."""


@dataclass(frozen=True)
class Trend:
    """What is expected of a series a week on, beside what was counted last.

    Attributes:
        was: the newest count.
        day: the period spoken of; None without a forecast.
        quantiles: of that period's count.
        now: what it is compared with: the newest count, or of a count that only rises the newest new counts.
        change: middle of what is expected less `now`; None where either is not known.
        way: `rise` or `fall` where the likely range is on one side; `level`; `open`; `none`.
        words: the same, plain.
    """

    was: Count | None
    day: date | None = None
    quantiles: Floats | None = None
    now: float | None = None
    change: float | None = None
    way: str = NONE
    words: str = "no forecast"

    @property
    def about(self) -> Words | None:
        """The middle of what is expected."""
        if self.quantiles is None:
            return None
        return say("{}", rounded(float(self.quantiles[MEDIAN]), step_of(self.quantiles)))

    @property
    def likely(self) -> Words | None:
        """The likely range."""
        if self.quantiles is None or not has_range(self.quantiles):
            return None
        return interval(self.quantiles, 50, step_of(self.quantiles))

    @property
    def share(self) -> float | None:
        """The change as a share of what it is compared with; None beside nothing."""
        return None if self.change is None or not self.now else self.change / abs(self.now)

    @property
    def share_words(self) -> str:
        """The change in per cent, with its sign."""
        if self.share is None:
            return "\u2013"
        sign = "+" if self.share > 0 else "\u2212" if self.share < 0 else ""
        return f"{sign}{percent(self.share)}"

    @property
    def was_number(self) -> int:
        """What a column of newest counts sorts by; nothing is less than any count."""
        return -1 if self.was is None else round(self.was.value)

    @property
    def about_number(self) -> int:
        """What a column of expected counts sorts by."""
        return -1 if self.quantiles is None else round(float(self.quantiles[MEDIAN]))

    @property
    def likely_number(self) -> int:
        """What a column of likely ranges sorts by: the lower end."""
        return -1 if self.likely is None or self.quantiles is None else round(float(self.quantiles[INTERVALS[50][0]]))

    @property
    def share_number(self) -> str:
        """What a column of changes sorts by; nothing comes first."""
        return "-9" if self.share is None else f"{self.share:.3g}"

    @property
    def line(self) -> Words:
        """The newest count and what is expected."""
        was = say("{}", self.was) if self.was else say("no count")
        if self.about is None:
            return was
        about = say("about {} ({})", self.about, self.likely) if self.likely else self.about
        return say("{}, then {}", was, about)


def trend(book: Book, series: Series, newest: date, forecast: Forecast | None) -> Trend:
    """Compare what the lead expects a week on with the newest count."""
    counts = book.known(newest, series)
    was = counts.get(newest)
    count = None if was is None else Count(was)
    if forecast is None:
        return Trend(count)
    day = period_of(forecast)
    quantiles = forecast.ahead[day]
    if was is None:
        return Trend(None, day, quantiles, words="no count to compare with")
    if is_cumulative(series[0]):
        before = counts.get(newest - (day - newest))
        if before is None:
            return Trend(count, day, quantiles, words="nothing to compare with")
        return compared(count, day, quantiles, was - before, quantiles - was)
    return compared(count, day, quantiles, was)


def heading(target: str, found: Trend) -> str:
    """What a headline adds of a trend: nothing where no direction can be claimed."""
    if found.way not in {RISE, FALL}:
        return ""
    return f"; {'new counts ' if is_cumulative(target) else ''}{found.words}"


def trend_sentence(book: Book, target: str, newest: date, found: Trend) -> Words | None:
    """Which way a forecast points, and beside what; None where nothing can be compared."""
    if found.day is None or found.way == NONE or found.was is None:
        return None
    when, before = (period(day, book.record.cadence) for day in (found.day, newest))
    if is_cumulative(target):
        days = periods((found.day - newest).days, Cadence.DAY)
        return say(f"New counts, in the {days} through {when} beside those in the {days} before: {found.words}.")
    return say(f"{upper_first(when)} beside the {{}} of {before}: {found.words}.", found.was)


def period_of(forecast: Forecast) -> date:
    """The period a week on, or the last one that a shorter forecast speaks of."""
    on = forecast.reference + AHEAD
    return on if on in forecast.ahead else max(day for day in forecast.ahead if day <= on or day == min(forecast.ahead))


def compared(count: Count | None, day: date, quantiles: Floats, now: float, expected: Floats | None = None) -> Trend:
    """Quantiles beside the number they are compared with, all rounded as they are printed.

    Args:
        expected: what is compared with `now`, where that is not the period's count itself.
    """
    expected = quantiles if expected is None else expected
    step = step_of(quantiles)
    change = rounded(float(expected[MEDIAN]), step).value - now
    if not has_range(quantiles):
        return Trend(count, day, quantiles, now, change, NONE, "one number, no range")
    low, high = (rounded(float(expected[i]), step).value for i in INTERVALS[50])
    way, words = direction(low, high, now)
    return Trend(count, day, quantiles, now, change, way, words)


def direction(low: float, high: float, now: float) -> tuple[str, str]:
    """What a likely range says beside a number.

    >>> direction(12, 20, 11)[1], direction(5, 10, 11)[1], direction(98, 103, 100)[1], direction(5, 20, 11)[1]
    ('expected to rise', 'expected to fall', 'about level', 'may rise or fall')
    >>> direction(0, 2, 0)[1], direction(3, 9, 9)[1], direction(0, 0, 0)[1]
    ('may rise', 'may fall', 'about level')
    """
    if low > now:
        return RISE, "expected to rise"
    if high < now:
        return FALL, "expected to fall"
    if max(now - low, high - now) <= NEAR * abs(now):
        return LEVEL, "about level"
    if low == now:
        return OPEN, "may rise"
    return OPEN, "may fall" if high == now else "may rise or fall"


# ---------------------------------------------------------------------------- all places


def everywhere_sentence(book: Book, target: str, trends: Iterable[Trend]) -> Words:
    """Of how many places each way is said."""
    found = list(trends)
    days = Counter(one.day for one in found if one.day is not None)
    if not days:
        return say("Nothing is forecast for any place.")
    return say("{}: {}", compared_words(book, target, days.most_common(1)[0][0]), ways_sentence(found))


def compared_words(book: Book, target: str, day: date) -> str:
    """What is compared with what."""
    newest, cadence = book.dates[-1], book.record.cadence
    if is_cumulative(target):
        days = (day - newest).days
        if days == 1:
            return f"New counts on {period(day, cadence)}, beside those of the day before"
        return f"New counts in the {days} days through {period(day, cadence)}, beside those in the {days} days before"
    return f"The count for {period(day, cadence)}, beside that for {period(newest, cadence)}"


def numbers_sentence(book: Book, target: str, trends: Iterable[Trend]) -> str:
    """What the numbers of a line are, and what its direction is of."""
    days = Counter(one.day for one in trends if one.day is not None)
    if not days:
        return "Below it the newest count."
    day = period(days.most_common(1)[0][0], book.record.cadence)
    words = f"Below it the newest count, then what is expected for {day} with its likely range"
    return f"{words}; the direction is that of new counts." if is_cumulative(target) else f"{words}."


def ways_sentence(trends: list[Trend]) -> Words:
    """How many places each way is said of.

    >>> three = [Trend(None, way=RISE)] * 2 + [Trend(None, way=OPEN)]
    >>> str(ways_sentence(three)), str(ways_sentence(three[2:])), str(ways_sentence(three[:2]))
    ('expected to rise in 2 of 3 places; in one the likely range leaves it open.', 'the likely range leaves it open.', \
'expected to rise in both places.')
    """
    ways, places = Counter(one.way for one in trends), len(trends)
    said = {RISE: "to rise", FALL: "to fall", LEVEL: f"to stay within 5{NARROW}%"}
    claims: list[Words] = []
    for way, words in said.items():
        if ways[way]:
            where = of_places(ways[way], places, bare=bool(claims))
            claims.append(say(("" if claims else "expected ") + words + "{}", where and say(" in {}", where)))
    clauses = [join(claims, ", ")] if claims else []
    for way, words in {OPEN: "the likely range leaves it open", NONE: "no direction can be told"}.items():
        if ways[way]:
            where = of_places(ways[way], places, bare=bool(clauses))
            clauses.append(say("in {} " + words, where) if where else say(words))
    return say("{}.", join(clauses, "; "))


def of_places(number_of: int, places: int, *, bare: bool = False) -> Words | str:
    """How many of the places; nothing where there is only one, and the number alone where `bare`.

    >>> [str(of_places(n, 3)) for n in (1, 2, 3)], of_places(2, 2), of_places(1, 1), str(of_places(4, 9, bare=True))
    (['one of 3 places', '2 of 3 places', 'all 3 places'], 'both places', '', '4')
    """
    if places == 1:
        return ""
    if number_of == places:
        return "both places" if places == 2 else say("all {} places", Count(places))  # noqa: PLR2004
    some: str | Count = "one" if number_of == 1 else Count(number_of)
    return say("{}", some) if bare else say("{} of {} places", some, Count(places))
