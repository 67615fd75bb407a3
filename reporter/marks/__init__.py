"""Odd counts, found by rule: what may be no count of its period, and what was usual around it.

A mark says what a published value looks like and never alters it; `treat` says what models see instead. Every series
is looked at by itself, so a part of them gets the marks it gets among all.
"""

from reporter.marks.rules import KINDS, NONE, REASONS, Kind, Marks, find, frame
from reporter.marks.treatment import DAILY_ONLY, TREATED, acts, how, treat

__all__ = [
    "DAILY_ONLY",
    "KINDS",
    "NONE",
    "REASONS",
    "TREATED",
    "Kind",
    "Marks",
    "acts",
    "find",
    "frame",
    "how",
    "treat",
]
