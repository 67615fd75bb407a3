"""What was said against what it was: one forecast, one count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from reporter.charts import number
from reporter.dates import Cadence, day_in_words
from reporter.posts.book import Forecast
from reporter.posts.words import Count, Words, has_range, interval, join, percent, periods, say, signed
from reporter.schema import INTERVALS, MEDIAN, Floats

LIKELY, SURE, MISS, POINT = "likely", "sure", "miss", "point"

_VERDICTS = {
    LIKELY: "inside the likely range",
    SURE: "outside the likely range, inside the wide one",
    MISS: "outside both ranges: a miss",
    POINT: "one number, no range",
}
ON_TIME = "on time"
_SHORT = {LIKELY: "inside", SURE: "wide range only", MISS: "a miss", POINT: "no range"}


@dataclass(frozen=True)
class Judgement:
    """One model's forecast of one period, judged.

    Attributes:
        error: said less was, as whole numbers, so that a reader who subtracts finds the same.
        verdict: `likely`, `sure` or `miss`: the narrowest range that held; `point` without ranges.
    """

    model: str
    title: str
    quantiles: Floats
    said: Count
    was: Count
    error: int
    verdict: str

    @property
    def likely(self) -> Words | None:
        """The 50 % range; None without ranges."""
        return None if self.verdict == POINT else interval(self.quantiles, 50)

    @property
    def sure(self) -> Words | None:
        """The 95 % range; None without ranges."""
        return None if self.verdict == POINT else interval(self.quantiles, 95)

    @property
    def verdict_words(self) -> str:
        """Whether it held, in full."""
        return _VERDICTS[self.verdict]

    @property
    def verdict_short(self) -> str:
        """Whether it held, in a table."""
        return _SHORT[self.verdict]

    @property
    def share(self) -> float | None:
        """The error as a share of what it was; None where that was nothing."""
        return self.error / abs(round(self.was.value)) if round(self.was.value) else None

    @property
    def off(self) -> Words:
        """How far off, as `19 374 too low (3.7 %)`."""
        if not self.error:
            return say("exactly right")
        words = say("{} " + self.direction, Count(abs(self.error)))
        return words if self.share is None else say("{} (" + percent(self.share) + ")", words)

    @property
    def result(self) -> Words:
        """How far off, and whether a range held, in a sentence."""
        if not self.error:
            return say(f"Exactly right, {self.verdict_words}." if self.verdict != POINT else "Exactly right.")
        return say("{}, " + self.verdict_words + ".", self.off)

    @property
    def direction(self) -> str:
        """Which side it erred on."""
        return "too low" if self.error < 0 else "too high"

    @property
    def signed(self) -> Words:
        """The error with its sign."""
        return signed(self.error)

    @property
    def share_words(self) -> str:
        """The error in percent, as `3.7 % too low`."""
        if not self.error:
            return "exactly right"
        return self.direction if self.share is None else f"{percent(self.share)} {self.direction}"


def judge(model: str, title: str, quantiles: Floats, was: float) -> Judgement:
    """Hold a forecast against a count."""
    said = Count(float(quantiles[MEDIAN]))
    error = round(said.value) - round(was)
    return Judgement(model, title, quantiles, said, Count(was), error, verdict(quantiles, was))


def verdict(quantiles: Floats, was: float) -> str:
    """The narrowest range that held the count; ends belong to a range."""
    if not has_range(quantiles):
        return POINT
    for word, nominal in ((LIKELY, 50), (SURE, 95)):
        lower, upper = INTERVALS[nominal]
        if quantiles[lower] <= was <= quantiles[upper]:
            return word
    return MISS


# ---------------------------------------------------------------------------- when a curve reaches a count


@dataclass(frozen=True)
class Crossing:
    """Where a rising line first reaches a count: between two period ends, `lag` periods late."""

    before: date
    after: date
    lag: float


def path(forecast: Forecast, last: float | None) -> list[tuple[date, float]]:
    """A forecast's medians, from the count of its reference date on, if that was known then."""
    start = [] if last is None else [(forecast.reference, last)]
    return [*start, *((day, float(quantiles[MEDIAN])) for day, quantiles in forecast.ahead.items())]


def crossing(points: Sequence[tuple[date, float]], count: float, day: date, cadence: Cadence) -> Crossing | None:
    """Where the line through `points` first reaches the `count` that was made on `day`; None if nowhere."""
    for (before, low), (after, high) in pairwise(points):
        if low < count <= high:
            place = (count - low) / (high - low) * (after - before).days
            lag = ((before - day).days + place) / cadence.days
            return Crossing(after if high == count else before, after, lag)
    return None


def crossing_sentence(
    points: Sequence[tuple[date, float]], count: float, day: date, cadence: Cadence, whose: str | Words = "Its"
) -> Words | None:
    """When a model's line reaches what was counted.

    None of a line that neither only rises nor only falls, or that began beyond the count: then no day can be named.
    """
    side = _direction([value for _, value in points])
    if not side or side * points[0][1] >= side * count:
        return None
    verb, reach = ("reaches", "reach") if side > 0 else ("falls to", "fall to")
    found = crossing([(end, side * value) for end, value in points], side * count, day, cadence)
    if found is None:
        last = f"{day_in_words(points[-1][0])}, the last {cadence.value} it speaks of"
        return say(f"{{}} curve does not {reach} {{}} by {last}.", whose, Count(count))
    if lag_words(found.lag, cadence) == ON_TIME:
        return say(f"{{}} curve {verb} {{}} on time.", whose, Count(count))
    when = f"on {day_in_words(found.after)}"
    if found.before != found.after:
        when = f"between {day_in_words(found.before)} and {day_in_words(found.after)}"
    return say(f"{{}} curve {verb} {{}} {when}: {lag_words(found.lag, cadence)}.", whose, Count(count))


def _direction(values: Sequence[float]) -> int:
    """1 of values that never fall, -1 of values that never rise, 0 of others and of level ones."""
    steps = {(after > before) - (after < before) for before, after in pairwise(values)} - {0}
    return steps.pop() if len(steps) == 1 else 0


def lag_words(lag: float, cadence: Cadence) -> str:
    """How late or early, to the nearest half period.

    >>> [lag_words(lag, Cadence.DAY) for lag in (1.004, -0.45, 0.1, 1.5, -3.4)]
    ['a day late', 'half a day early', 'on time', 'a day and a half late', '3 and a half days early']
    """
    halves = round(2 * abs(lag))
    whole, half = divmod(halves, 2)
    if not halves:
        return ON_TIME
    unit = cadence.value
    side = "late" if lag > 0 else "early"
    if whole == 0:
        return f"half a {unit} {side}"
    if whole == 1:
        return f"a {unit} and a half {side}" if half else f"a {unit} {side}"
    return f"{whole} and a half {unit}s {side}" if half else f"{whole} {unit}s {side}"


def said_when(reference: date, day: date, cadence: Cadence) -> Words:
    """When the judged forecast was made; a skipped period is said."""
    ahead = (day - reference).days // cadence.days
    words = say(f"Said from the counts through {day_in_words(reference)}, {periods(ahead, cadence)} ahead.")
    if ahead == 1:
        return words
    missing = f"the {number(ahead - 1)} {cadence.value}s between" if ahead > 2 else f"the {cadence.value} between"  # noqa: PLR2004 - one or more
    return join([words, f"No forecast was made from {missing}."])
