"""What the sigmoid does otherwise with daily than with weekly counts."""

from dataclasses import dataclass

from reporter.dates import Cadence


@dataclass(frozen=True)
class Habits:
    """What differs between daily and weekly counts, in periods.

    Attributes:
        window: how far back a wave may have begun.
        shortest: the least that is fitted as a wave.
        floor: share of the least count since the wave began that is taken to be no part of it.
        level: the newest counts whose mean smooths a wave.
        starts: numbers of newest counts whose mean a forecast may start from.
        season: 7 for a weekly rhythm, 1 for none.
        fadings: of the damped trends that a forecast may follow.
        steepest: bound of the log change a period.
        needs: counts without which a series is refused.
    """

    window: int
    shortest: int
    floor: float
    level: int
    starts: tuple[int, ...]
    season: int
    fadings: tuple[float, ...]
    steepest: float
    needs: int


HABITS = {
    Cadence.DAY: Habits(70, 21, 0.95, level=7, starts=(4, 7, 14), season=7, fadings=(0.9,), steepest=0.3, needs=14),
    Cadence.WEEK: Habits(26, 4, 0.95, level=1, starts=(1,), season=1, fadings=(0.3, 0.6), steepest=0.7, needs=8),
}
