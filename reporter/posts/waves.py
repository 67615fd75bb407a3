"""What models of curves said of a series, forecast after forecast."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from reporter.posts.book import Book, Series
from reporter.posts.wave import Wave

MOST = 60
"""How many of the newest forecasts a page shows of a wave."""


@dataclass(frozen=True)
class Course:
    """What one model said of a series, from the newest forecast back.

    Attributes:
        model: its model_id.
        now: the newest.
        before: older ones, oldest first, of this wave and of others, back to `MOST` in all with the newest.
    """

    model: str
    now: Wave
    before: tuple[Wave, ...]

    @property
    def of_this_wave(self) -> tuple[Wave, ...]:
        """Those that were of this wave, oldest first, the newest among them."""
        return (*(wave for wave in self.before if self.now.is_of(wave)), self.now)

    def ago(self, periods: int, tolerance: int) -> Wave | None:
        """The forecast nearest to so many periods before the newest, or none within the tolerance."""
        wanted, step = self.now.reference - periods * self.now.cadence.step, self.now.cadence.step
        near = [wave for wave in self.before if abs(wave.reference - wanted) <= tolerance * step]
        return min(near, key=lambda wave: abs(wave.reference - wanted), default=None)


def courses(book: Book, series: Series, day: date) -> Iterator[Course]:
    """What each model of curves said of a series through a reference date; nothing of one that said nothing then."""
    dates = book.dates[: bisect_right(book.dates, day)][-MOST:]
    found = book.waves.get(series, {})
    for model in book.lead_first(found):
        told = [found[model][one] for one in dates if one in found[model]]
        if told and told[-1].reference == day:
            yield Course(model, told[-1], tuple(told[:-1]))
