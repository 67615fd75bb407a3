"""Numbers, dates and targets in words; sentences that hold numbers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Protocol

from reporter.charts import number
from reporter.dates import Cadence, day_in_words
from reporter.schema import INTERVALS, MEDIAN, Floats

NARROW = "\u202f"
"""Between a number and its sign, where no line may break."""

TO = "\u2013"


class Fragment(Protocol):
    """A piece of a sentence: plain as `str`, and as safe HTML."""

    def __html__(self) -> str: ...


@dataclass(frozen=True)
class Count:
    """A whole number in a sentence."""

    value: float

    def __str__(self) -> str:
        return number(self.value)

    def __html__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class About(Count):
    """The middle of a forecast, which pages may set larger."""

    def __html__(self) -> str:
        return f"<span class=about>{self}</span>"


@dataclass(frozen=True)
class When:
    """A period at the head of a sentence, which pages may set on a line of its own."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        return f'<span class="when">{escape(self.text)}</span>'


@dataclass(frozen=True)
class Words:
    """A sentence or a part of one: texts and fragments in order.

    As `str` it is plain, for titles; as HTML its texts are escaped.
    """

    parts: tuple[str | Fragment, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)

    @property
    def plain(self) -> str:
        """The words without markup."""
        return str(self)

    def __html__(self) -> str:
        return "".join(escape(part) if isinstance(part, str) else part.__html__() for part in self.parts)


def say(pattern: str, *values: str | Fragment) -> Words:
    """Put values in the places `{}` of a pattern. Upstream text is a value, never a part of the pattern.

    A pattern without values is taken as it is, braces and all.

    >>> str(say("We said {}.", Count(512)))
    'We said 512.'
    """
    if not values:
        return Words((pattern,))
    texts = pattern.split("{}")
    parts: list[str | Fragment] = [texts[0]]
    for value, text in zip(values, texts[1:], strict=True):
        parts += [value, text]
    return Words(tuple(part for part in parts if part != ""))


def join(parts: Iterable[str | Fragment], between: str = " ") -> Words:
    """Several parts with a text between them."""
    joined: list[str | Fragment] = []
    for part in parts:
        joined += [part] if not joined else [between, part]
    return Words(tuple(joined))


def listing(items: Sequence[str]) -> str:
    """Name things in a row.

    >>> listing(["Spain", "Italy", "Peru"])
    'Spain, Italy and Peru'
    """
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


# ---------------------------------------------------------------------------- numbers


def percent(share: float) -> str:
    r"""Write a share out of 1: one decimal below 10 %, and never a false 0 or 100.

    >>> [ascii(percent(share)) for share in (0.0368, 0.25, 0.0002)]
    ["'3.7\\u202f%'", "'25\\u202f%'", "'under 0.1\\u202f%'"]
    """
    value = abs(100 * share)
    if value == 0:
        return f"0{NARROW}%"
    if value < 0.05:  # noqa: PLR2004 - rounds to 0.0
        return f"under 0.1{NARROW}%"
    return f"{value:.1f}{NARROW}%" if value < 9.95 else f"{number(value)}{NARROW}%"  # noqa: PLR2004 - as rounded


def step_of(quantiles: Floats) -> int:
    """How coarse words may be about a forecast: a power of ten well below the width of its likely range."""
    lower, upper = INTERVALS[50]
    width = float(quantiles[upper] - quantiles[lower])
    return int(10 ** max(math.floor(math.log10(width / 5)), 0)) if width > 0 else 1


def rounded(value: float, step: int) -> Count:
    """A count to the nearest multiple of `step`."""
    return Count(round(value / step) * step)


def signed(value: float) -> Words:
    """A difference with its sign.

    >>> str(signed(1)), str(signed(0))
    ('+1', '0')
    """
    return say("+{}" if round(value) > 0 else "{}", Count(value))


def has_range(quantiles: Floats) -> bool:
    """Whether a forecast is more than one number."""
    return bool(quantiles[0] != quantiles[-1])


@dataclass(frozen=True)
class Range(Words):
    """Two counts with a dash between, kept on one line where there is room."""

    def __html__(self) -> str:
        return f'<span class="range">{super().__html__()}</span>'


def interval(quantiles: Floats, nominal: int, step: int = 1) -> Range:
    """A central range, as `430 to 660`, with a dash; one number where its ends are the same."""
    lower, upper = (rounded(float(quantiles[i]), step) for i in INTERVALS[nominal])
    return Range((lower,)) if lower == upper else Range((lower, TO, upper))


def expectation(quantiles: Floats) -> Words:
    """What a forecast says, rounded as its sureness deserves."""
    median = float(quantiles[MEDIAN])
    if not has_range(quantiles):
        return say("{}, one number and no range", About(median))
    step = step_of(quantiles)
    ranges = interval(quantiles, 50, step), interval(quantiles, 95, step)
    return say("about {} (likely {}, almost surely {})", About(rounded(median, step).value), *ranges)


# ---------------------------------------------------------------------------- dates


def period(day: date, cadence: Cadence) -> str:
    """A period by its end.

    >>> period(date(2025, 6, 21), Cadence.WEEK)
    'the week to Saturday 21 June 2025'
    """
    return day_in_words(day) if cadence is Cadence.DAY else f"the week to {day_in_words(day)}"


def periods(number_of: int, cadence: Cadence) -> str:
    """How many periods.

    >>> periods(1, Cadence.DAY), periods(3, Cadence.WEEK)
    ('one day', '3 weeks')
    """
    return f"one {cadence.value}" if number_of == 1 else f"{number(number_of)} {cadence.value}s"


def upper_first(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------------------- targets

_DISEASES = {"covid": "COVID-19", "flu": "influenza", "rsv": "RSV"}


def target_words(target: str, cadence: Cadence) -> str:
    """A target in plain words; one that is not known stays as it is written.

    >>> target_words("wk inc flu hosp", Cadence.WEEK)
    'influenza hospital admissions a week'
    """
    words = target.removeprefix("wk ").split()
    match words:
        case ["cum", "confirmed", ("cases" | "deaths") as what]:
            return f"confirmed {what} so far"
        case ["cum", ("covid" | "flu" | "rsv") as disease, ("cases" | "deaths") as what]:
            return f"{_DISEASES[disease]} {what} so far"
        case ["inc", ("covid" | "flu" | "rsv") as disease, ("cases" | "deaths") as what]:
            return f"reported {_DISEASES[disease]} {what} a {cadence.value}"
        case ["inc", ("covid" | "flu" | "rsv") as disease, "hosp"]:
            return f"{_DISEASES[disease]} hospital admissions a {cadence.value}"
        case _:
            return target


def short_target(target: str) -> str:
    """The disease alone, to tell a feed's targets apart where the rest is said already."""
    found = [name for word, name in _DISEASES.items() if word in target.split()]
    return upper_first(found[0]) if found else target
