"""What happened to a feed's sources, and is kept and shown."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Switch:
    """A change of the source that a feed's counts come from; sources by name."""

    day: date
    before: str
    after: str
    reason: str


@dataclass(frozen=True)
class Belief:
    """Counts beyond the limits that were taken in all the same, as the source, by name, went on sending such."""

    day: date
    source: str
    reason: str
