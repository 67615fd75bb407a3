"""What a model of curves said of one series at one reference date."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from reporter.dates import Cadence, day_in_words
from reporter.posts.words import TO
from reporter.schema import QUANTITIES

AHEAD = timedelta(weeks=10)
BEHIND = timedelta(weeks=104)
"""A turn farther from the reference date than this is not told."""

SAME = {Cadence.DAY: timedelta(days=10), Cadence.WEEK: timedelta(weeks=3)}
"""How far apart the beginnings may be that two forecasts put to one wave."""

_LEVELS = ("estimate", "q025", "q25", "q75", "q975")


@dataclass(frozen=True)
class Said:
    """An estimate and its levels; NaN is not told."""

    estimate: float = math.nan
    q025: float = math.nan
    q25: float = math.nan
    q75: float = math.nan
    q975: float = math.nan

    @property
    def is_told(self) -> bool:
        """Whether there is an estimate."""
        return math.isfinite(self.estimate)

    @property
    def ranges(self) -> dict[int, tuple[float, float]]:
        """The likely and the almost sure range, by their nominal coverage in percent."""
        return {50: (self.q25, self.q75), 95: (self.q025, self.q975)}


@dataclass(frozen=True)
class Wave:
    """What one model said of the wave of one series at one reference date.

    Attributes:
        family: the curve that the numbers are of; empty where there is none.
        began, turn: periods after the reference date.
        growth_rate: of new counts, per period.
        final_size: in counts.
    """

    reference: date
    cadence: Cadence
    family: str = ""
    began: Said = Said()
    turn: Said = Said()
    growth_rate: Said = Said()
    final_size: Said = Said()

    @property
    def began_on(self) -> date | None:
        """The first period's end."""
        return self.end(self.began.estimate)

    @property
    def turns_on(self) -> date | None:
        """The end of the period with the peak; None where it is not told, out of reach or before the beginning."""
        day, began = self.end(self.turn.estimate), self.began_on
        return None if day is None or (began is not None and day < began) else day

    def end(self, periods: float) -> date | None:
        """The end of the period so many after the reference date; None where that is out of reach."""
        days = periods * self.cadence.days
        if not -BEHIND.days <= days <= AHEAD.days:  # NaN neither
            return None
        return self.reference + round(periods) * self.cadence.step

    def is_of(self, other: "Wave") -> bool | None:
        """Whether another forecast was of the same wave; None where one of the two does not say when it began."""
        mine, others = self.began_on, other.began_on
        return None if mine is None or others is None else abs(mine - others) <= SAME[self.cadence]


Waves = dict[tuple[str, str], dict[str, dict[date, Wave]]]
"""(target, location) → model → reference date → what was said."""


def indexed(frame: pd.DataFrame, cadence: Cadence) -> Waves:
    """What was said of every series, oldest first.

    Args:
        frame: of `schema.ESTIMATES`.
    """
    columns = [frame[name].tolist() for name in ("target", "location", "model_id", "family", "quantity")]
    levels = frame[list(_LEVELS)].to_numpy(dtype=float, na_value=math.nan).tolist()
    told: dict[tuple[tuple[str, str], str, str, date], dict[str, Said]] = {}
    days: list[date] = frame["reference_date"].to_numpy().astype("datetime64[D]").astype(object).tolist()
    for target, location, model, family, quantity, day, row in zip(*columns, days, levels, strict=True):
        told.setdefault(((target, location), model, family, day), {})[quantity] = Said(*row)
    found: Waves = {}
    for (series, model, family, day), said in told.items():
        known = {name: said[name] for name in QUANTITIES if name in said}
        found.setdefault(series, {}).setdefault(model, {})[day] = Wave(day, cadence, family, **known)
    return found


def is_daily(wave: Wave) -> bool:
    """Whether its periods are days."""
    return wave.cadence is Cadence.DAY


def end_words(day: date, wave: Wave) -> str:
    """A day without its year, if that is the forecast's; a week by its end."""
    words = day_in_words(day, weekday=False, year=day.year != wave.reference.year)
    return words if is_daily(wave) else f"the week to {words}"


def span_words(low: date | None, high: date | None, wave: Wave) -> str:
    r"""From one day or week to another; an end that is out of reach is open, and nothing is said of two such.

    >>> wave = Wave(date(2020, 4, 12), Cadence.DAY)
    >>> ascii(span_words(date(2020, 4, 8), date(2020, 4, 13), wave))
    "'8\\u201313 April'"
    >>> span_words(date(2020, 4, 8), None, wave), span_words(None, None, wave)
    ('8 April or later', '')
    """
    if low is None and high is None:
        return ""
    if low is None or high is None:
        day, side = (high, "earlier") if low is None else (low, "later")
        return f"{end_words(day or wave.reference, wave)} or {side}"
    if low == high:
        return end_words(low, wave)
    first, last = (end_words(day, wave).removeprefix("the week to ") for day in (low, high))
    is_one_month = (low.year, low.month) == (high.year, high.month)
    days = f"{low.day}{TO}{last}" if is_one_month else f"{first} {TO} {last}"
    return days if is_daily(wave) else f"the weeks to {days}"
