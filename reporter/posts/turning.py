"""How the turn of a wave has moved from forecast to forecast."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

from reporter.dates import Cadence, day_in_words
from reporter.posts.wave import Wave, end_words
from reporter.posts.waves import Course
from reporter.posts.words import Count, Words, listing, periods, say

SETTLED = timedelta(weeks=4)
"""A turn that all forecasts of this long a time have put in the past is taken to be known."""

EARLIER = {Cadence.DAY: (14, 7), Cadence.WEEK: (4, 2)}
"""How many periods before a known turn it is looked up where it had been put."""


@dataclass(frozen=True)
class Moves:
    """How the turn was put by the forecasts of one wave.

    Attributes:
        since: the first of them.
        told, untold: how many put it anywhere, and how many since could not, of this wave or of none.
        earliest, latest: the days that it was put at.
        compared: how many can be held against the almost sure range of one a week before.
        outside: how many of these lay outside.
    """

    since: date
    told: int
    untold: int
    earliest: date
    latest: date
    compared: int
    outside: int


def moves(course: Course) -> Moves | None:
    """How the turn moved over the forecasts of one wave; None where fewer than two put it anywhere."""
    told = [wave for wave in course.of_this_wave if wave.turns_on is not None]
    if len(told) < 2:  # noqa: PLR2004 - a move is between two
        return None
    days = [day for wave in told if (day := wave.turns_on) is not None]
    by_day = {wave.reference: wave for wave in course.of_this_wave}
    compared = outside = 0
    for wave in told:
        older = by_day.get(wave.reference - timedelta(days=7))
        if older is not None and not math.isnan(older.turn.q025 + older.turn.q975):
            at = wave.turn.estimate + 7 / wave.cadence.days
            compared += 1
            outside += not older.turn.q025 <= at <= older.turn.q975
    since = [wave for wave in (*course.before, course.now) if wave.reference >= told[0].reference]
    untold = sum(wave.turns_on is None and course.now.is_of(wave) is not False for wave in since)
    return Moves(told[0].reference, len(told), untold, min(days), max(days), compared, outside)


def known_turn(course: Course) -> date | None:
    """The day of a turn that every forecast of the last weeks has put in the past; None where it is not known."""
    now, waves = course.now, course.of_this_wave
    recent = [wave for wave in (*course.before, now) if now.reference - wave.reference <= SETTLED]
    past = all(wave in waves and wave.turn.estimate < 0 and wave.turns_on is not None for wave in recent)
    reaches = any(wave.reference <= now.reference - SETTLED for wave in waves)
    return now.turns_on if past and reaches else None


def moves_sentence(history: Moves, now: Wave) -> Words:
    """From where to where the turn has been put, and how often it left the range said a week before."""
    since = day_in_words(history.since, weekday=False, year=history.since.year != now.reference.year)
    if history.earliest == history.latest:
        where = f"at {end_words(history.earliest, now)} each time"
    else:
        earliest, latest = (end_words(day, now) for day in (history.earliest, history.latest))
        where = f"at {earliest} at the earliest and at {latest} at the latest"
    lines = [f"In {history.told} forecasts of this wave since {since} the turn was put {where}"]
    if history.untold:
        lines[0] += f"; {others(history.untold)} could not tell"
    if history.compared:
        lines.append(_outside(history))
    return say(" ".join(f"{line}." for line in lines))


def others(number_of: int) -> str:
    """How many others.

    >>> others(1), others(3)
    ('one other', '3 others')
    """
    return "one other" if number_of == 1 else f"{Count(number_of)} others"


def _outside(history: Moves) -> str:
    """How often a forecast put the turn where the one a week before had been almost sure that it is not."""
    where, then = "outside" if history.outside else "within", "what was almost sure then"
    if history.compared == 1:
        return f"The one that can be held against a forecast a week before put it {where} {then}"
    words = {0: "none", 1: "one", history.compared: "all"}
    found = words.get(history.outside, str(Count(history.outside)))
    return f"Of {Count(history.compared)} that can be held against one a week before, {found} put it outside {then}"


def looking_back(course: Course) -> Words | None:
    """How early or late a turn that is known by now had been put; None where it is not known, or nothing was said."""
    turned, now = known_turn(course), course.now
    if turned is None:
        return None
    found = []
    for number_of in EARLIER[now.cadence]:
        when = turned - number_of * now.cadence.step
        put = next((wave.turns_on for wave in course.of_this_wave if wave.reference == when), None)
        if put is not None:
            found.append(
                f"the forecast {periods(number_of, now.cadence)} before it was {_miss(put - turned, now.cadence)}"
            )
    if not found:
        return None
    opening = f"All forecasts of the last four weeks put the turn in the past, now at {end_words(turned, now)}."
    return say(f"{opening} Held against that, {listing(found)}.")


def _miss(late: timedelta, cadence: Cadence) -> str:
    """How far a turn was put from where it was.

    >>> _miss(timedelta(days=-3), Cadence.DAY), _miss(timedelta(days=7), Cadence.WEEK), _miss(timedelta(), Cadence.DAY)
    ('3 days too early', 'one week too late', 'right')
    """
    number_of = abs(late) // cadence.step
    return f"{periods(number_of, cadence)} too {'late' if late > timedelta() else 'early'}" if number_of else "right"
