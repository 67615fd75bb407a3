"""What a model of curves says of a wave, in sentences."""

import math
from collections.abc import Mapping

from reporter.dates import Cadence
from reporter.posts.wave import Said, Wave, end_words, is_daily, span_words
from reporter.posts.waves import Course
from reporter.posts.words import TO, Count, Range, Words, join, listing, periods, rounded, say, upper_first
from reporter.schema import is_cumulative

LEVEL = 180.0
"""Days; counts that take longer to double or to halve are about level."""

SHORT = 14.0
"""Days; shorter times are told in days, of weekly counts too."""

AGO = {Cadence.DAY: ((7, 3),), Cadence.WEEK: ((1, 0), (4, 1))}
"""How many periods before the newest forecast an older one stands beside it, give or take."""

RANGES = {50: "likely", 95: "almost surely"}

ABOVE = "above the level it rose from"
"""What the size of a wave of incident counts is counted above: a level that goes on has no end to come to."""


# ---------------------------------------------------------------------------- the turn


def turn_sentence(course: Course) -> Words | None:
    """When new counts are at their peak, and when they were said to be before; None where it cannot be told."""
    wave = course.now
    day = wave.turns_on
    if day is None:
        return None
    when = end_words(day, wave)
    if wave.turn.q975 < 0 and day < wave.reference:
        pattern = f"The turn was passed about {when}"
    elif day < wave.reference:
        pattern = f"The turn is put at {when}, in the past, but not almost surely so"
    elif day == wave.reference:
        pattern = f"The turn is put at {when}, the newest {wave.cadence.value} counted"
    else:
        pattern = f"The turn is put at {when}, still to come"
    then: dict[str, list[str]] = {}
    for words, older in earlier(course):
        then.setdefault(_then(older, wave), []).append(words)
    ago = listing([f"{listing(words)} {said}" for said, words in then.items() if said])
    return join([pattern, in_brackets(turn_ranges(wave)), f"; {ago}." if ago else "."], "")


def in_brackets(ranges: Mapping[int, str]) -> Words:
    """The likely and the almost sure range behind an estimate, or nothing.

    >>> str(in_brackets({50: "5 to 6", 95: "4 to 7"})), str(in_brackets({}))
    (' (likely 5 to 6, almost surely 4 to 7)', '')
    """
    said = [say(f"{RANGES[nominal]} {{}}", Range((words,))) for nominal, words in ranges.items()]
    return say(" ({})", join(said, ", ")) if said else Words(())


def earlier(course: Course) -> list[tuple[str, Wave]]:
    """Older forecasts to stand beside the newest, and how long ago they were, the newest first."""
    found = []
    for number_of, tolerance in AGO[course.now.cadence]:
        older = course.ago(number_of, tolerance)
        if older is not None:
            gone = (course.now.reference - older.reference) // course.now.cadence.step
            found.append((f"{ago_words(gone, course.now.cadence)} ago", older))
    return found


def ago_words(number_of: int, cadence: Cadence) -> str:
    """How long, seven days as a week.

    >>> ago_words(7, Cadence.DAY), ago_words(6, Cadence.DAY), ago_words(1, Cadence.WEEK)
    ('a week', '6 days', 'a week')
    """
    is_week = number_of * cadence.days == Cadence.WEEK.days
    return "a week" if is_week else periods(number_of, cadence)


def _then(older: Wave, wave: Wave) -> str:
    """Where an older forecast put the turn; nothing of one that may have been of another wave or not."""
    is_same, day = wave.is_of(older), older.turns_on
    if is_same is False:
        return "the counts were not taken to be of this wave"
    if day is None:
        return "it could not be told"
    if is_same is None:
        return ""
    same = f"the same {wave.cadence.value}"
    return f"it was put at {same if day == wave.turns_on else end_words(day, wave)}"


def turn_ranges(wave: Wave) -> dict[int, str]:
    """The likely and the almost sure days of the turn, where they are told."""
    found = {}
    for nominal, (low, high) in wave.turn.ranges.items():
        words = span_words(wave.end(low), wave.end(high), wave)
        if words:
            found[nominal] = words
    return found


# ---------------------------------------------------------------------------- growth


def growth_sentence(wave: Wave, target: str) -> Words | None:
    """In what time new counts double or halve; None where it cannot be told."""
    said, counts = wave.growth_rate, new_words(target)
    if not said.is_told:
        return None
    level = f"{counts} are about level: they are more than half a year from doubling or halving."
    if all(_is_level(rate, wave) for rate in (said.estimate, said.q025, said.q975) if not math.isnan(rate)):
        return say(level)
    verb, is_level = "double" if said.estimate > 0 else "halve", _is_level(said.estimate, wave)
    if said.q025 <= 0 <= said.q975:
        low, high = (growth_words(rate, wave) for rate in (said.q025, said.q975))
        likely, found = growth_ranges(wave).get(50), f"{counts}: neither doubling nor halving can be told"
        if likely is not None and not is_level:
            found = f"{counts} seem to {verb} {every(said.estimate, wave)} (likely {likely}), but may not"
        return say(f"{found}; almost surely between {low} and {high}.")
    if is_level:
        return say(level)
    return join([f"{counts} {verb} {every(said.estimate, wave)}", in_brackets(growth_ranges(wave)), "."], "")


def growth_ranges(wave: Wave) -> dict[int, str]:
    """The likely and the almost sure doubling or halving times, where growth has one direction."""
    days, found = _unit(wave.growth_rate.estimate, wave).days, {}
    for nominal, ends in wave.growth_rate.ranges.items():
        if ends[0] * ends[1] > 0:
            short, long = sorted(_time(rate, wave) for rate in ends)
            if long > LEVEL:
                found[nominal] = f"{_written(short / days)} or more"
            else:
                found[nominal] = TO.join(dict.fromkeys((_written(short / days), _written(long / days))))
    return found


def every(rate: float, wave: Wave) -> str:
    """Each time that counts double or halve in; the rate is not 0.

    >>> from datetime import date
    >>> wave = Wave(date(2020, 4, 12), Cadence.DAY)
    >>> every(0.11, wave), every(-0.0693, wave), every(0.6931, wave)
    ('every 6.3 days', 'every 10 days', 'every day')
    """
    return f"every {time_words(rate, wave).removeprefix('1 ')}"


def time_words(rate: float, wave: Wave) -> str:
    """The time in which counts double or halve; the rate is not 0.

    >>> from datetime import date
    >>> wave = Wave(date(2020, 4, 12), Cadence.DAY)
    >>> time_words(-0.0693, wave), time_words(0.6931, wave)
    ('10 days', '1 day')
    """
    unit = _unit(rate, wave)
    time = _written(_time(rate, wave) / unit.days)
    return f"{time} {unit.value}" if time == "1" else f"{time} {unit.value}s"


def _unit(rate: float, wave: Wave) -> Cadence:
    """The unit that a doubling time is told in: weekly counts may double within days."""
    return Cadence.DAY if _time(rate, wave) < SHORT else wave.cadence


def _time(rate: float, wave: Wave) -> float:
    """In how many days counts double or halve."""
    return math.log(2) / abs(rate) * wave.cadence.days if rate else math.inf


def _is_level(rate: float, wave: Wave) -> bool:
    return _time(rate, wave) > LEVEL


def growth_words(rate: float, wave: Wave) -> str:
    """Growth in one direction, or hardly any."""
    if _is_level(rate, wave):
        return "about level"
    return f"{'doubling' if rate > 0 else 'halving'} {every(rate, wave)}"


def _written(time: float) -> str:
    """A time, with a decimal where it is short."""
    if time < 0.05:  # noqa: PLR2004 - rounds to 0.0
        return "under 0.1"
    return f"{time:.1f}".removesuffix(".0") if time < 9.95 else str(Count(time))  # noqa: PLR2004 - as rounded


# ---------------------------------------------------------------------------- the size


def size_sentence(course: Course, target: str) -> Words | None:
    """What the wave ends with, and what was said of that before; None where it cannot be told."""
    wave = course.now
    said = wave.final_size
    if not said.is_told:
        return None
    began = wave.began_on
    if is_cumulative(target):
        pattern = f"This wave is expected to end at about {{}} {count_words(target)} in all"
    elif began is None:
        pattern = f"This wave is expected to come to about {{}} {count_words(target)} {ABOVE}"
    else:
        since = f"{'on' if is_daily(wave) else 'in'} {end_words(began, wave)}"
        pattern = f"This wave, which began {since}, is expected to come to about {{}} {count_words(target)} {ABOVE}"
    about = say(pattern, size_words(said.estimate, said))
    then = [say(f"{words} {{}}", _size_then(older)) for words, older in earlier(course) if wave.is_of(older)]
    parts: list[str | Words] = [about, in_brackets(size_ranges(said))]
    parts += ["; ", join(then, " and ")] if then else []
    return join([*parts, "."], "")


def _size_then(older: Wave) -> Words:
    """What an older forecast of the same wave said of its size."""
    said = older.final_size
    if not said.is_told:
        return say("it could not be told")
    return say("it was put at about {}", size_words(said.estimate, said))


def size_ranges(said: Said) -> dict[int, str]:
    """The likely and the almost sure final sizes; an end that is not told is open."""
    found = {}
    for nominal, (low, high) in said.ranges.items():
        ends = ["" if math.isnan(end) else str(size_words(end, said)) for end in (low, high)]
        if all(ends):
            found[nominal] = TO.join(dict.fromkeys(ends))
        elif any(ends):
            found[nominal] = f"{ends[0]} or more" if ends[0] else f"{ends[1]} or less"
    return found


def size_words(value: float, said: Said) -> Count:
    """A size as coarse as what is said deserves: well below the likely range, of two digits at least and three at most.

    >>> wide = Said(1_980_000.0, 122_000.0, 352_000.0, 25_400_000.0)
    >>> [round(size_words(value, wide).value) for value in (1_980_000.0, 352_000.0, 25_400_000.0)]
    [2000000, 350000, 25000000]
    """
    width = said.q75 - said.q25
    size = abs(said.estimate)
    scale = min(max(width / 5, size / 999), value / 10) if width > 0 else min(size, value) / 10
    return rounded(value, int(10 ** max(math.floor(math.log10(scale)), 0)) if scale > 0 else 1)


def new_words(target: str) -> str:
    """What is counted anew, to begin a sentence with.

    >>> new_words("cum confirmed cases"), new_words("wk inc flu hosp"), new_words("something")
    ('New cases', 'Admissions', 'New counts')
    """
    counts = count_words(target)
    return upper_first(counts) if counts == "admissions" else f"New {counts}"


def count_words(target: str) -> str:
    """What is counted."""
    named = {"cases": "cases", "deaths": "deaths", "hosp": "admissions"}
    return next((named[word] for word in target.split() if word in named), "counts")
