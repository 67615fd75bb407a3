"""A figure of every kind."""

from datetime import date, timedelta

import numpy as np

from reporter import charts
from reporter.charts import courses, learning, scoring, spreads, vintages
from reporter.dates import Cadence

DAY = date(2020, 4, 11)


def a_fan(**changes):
    days = [DAY - timedelta(days=n) for n in range(20, -1, -1)]
    given = {
        "cadence": Cadence.DAY,
        "counts": {day: 100.0 + n for n, day in enumerate(days) if n != 7},
        "ahead": {DAY + timedelta(days=n): 120.0 + np.linspace(-5.0 * n, 9.0 * n, 23) for n in (1, 2, 3)},
        "reference": DAY,
        "previous": {DAY: 118.0, DAY + timedelta(days=1): 121.0},
        "past": [{DAY - timedelta(days=3): 110.0, DAY: 117.0}] * 3,
        "revised": {DAY - timedelta(days=2): 90.0},
    }
    return charts.Fan(**(given | changes))


SKILLS = [scoring.SkillRow("<one>", "0.7", 0.7, 0.5, 9.0), scoring.SkillRow("two", "1", 1.0)]


def said(*rows):
    """Vintages a day apart: (estimate, likely low, likely high, low, high)."""
    return [
        vintages.Vintage(DAY + timedelta(days=n), estimate, (low, high), (lowest, highest), "text")
        for n, (estimate, low, high, lowest, highest) in enumerate(rows)
    ]


TODAY = DAY.toordinal()
TURNS = said((TODAY - 5.5, TODAY - 7, None, TODAY - 9, TODAY + 60), (TODAY, TODAY, TODAY, None, None))
SIZES = said((5e4, 4e4, 6e4, 3e4, None), (6e4, 5e4, 7e4, 4e4, 8e4))
FAR_APART = said((5e2, 4e2, 6e2, 3e2, 9e9), (6e4, 5e4, 7e4, 4e4, 8e4))
RATES = said((0.2, 0.1, 0.3, 0.05, 0.4), (-0.1, -0.2, 0.0, None, None))
LOSS = learning.Loss((0, 10, 20), (0.6, 0.5, 0.4), (0.6, 0.55, 0.52), ("", "", ""))
LEANED = [learning.LeanedRow("<one>", "+10 %", (0.1, None, -0.02)), learning.LeanedRow("two", "0", (0.0, 0.2, 0.3))]
EXPECTED = [
    spreads.SpreadRow("<one>", "1 → 2", [(90.0, 100.0, 110.0), (80.0, 120.0, 150.0)]),
    spreads.SpreadRow("two", "", [(95.0, 105.0, 115.0), (90.0, 1e4, 2e4)]),
    spreads.SpreadRow("three", "", [(99.0, 99.0, 99.0), (101.0, 101.0, 101.0)]),
]

FIGURES = {
    "fan": lambda: charts.fan(a_fan()),
    "no range": lambda: charts.fan(a_fan(ahead={DAY + timedelta(days=1): np.full(23, 121.0)})),
    "no forecast": lambda: charts.fan(a_fan(ahead={}, previous=None, past=(), revised=None)),
    "no counts": lambda: charts.fan(a_fan(counts={}, revised=None)),
    "all zero": lambda: charts.fan(
        a_fan(counts={DAY: 0.0}, ahead={DAY + timedelta(days=1): np.zeros(23)}, previous=None, past=(), revised=None)
    ),
    "strip": lambda: charts.strip(np.linspace(80, 130, 23), 105.0),
    "strip, a miss": lambda: charts.strip(np.linspace(80, 130, 23), 205.0),
    "strip, no count": lambda: charts.strip(np.linspace(80, 130, 23), None),
    "strip, half zero": lambda: charts.strip(np.maximum(np.linspace(-9, 9, 23), 0), 0.0),
    "skill": lambda: charts.scoring.skills(SKILLS, "no change"),
    "parts": lambda: charts.scoring.parts([scoring.PartsRow("a", "0.7", (0.4, 0.3, 0.0))], relative=True),
    "parts in counts": lambda: charts.scoring.parts([scoring.PartsRow("a", "0", (0.0, 0.0, 0.0))], relative=False),
    "held": lambda: charts.scoring.held([scoring.HeldRow("a", "", {50: (0.2, 0.4, 0.6), 95: (1.0, 0.9, 1.0)})]),
    "over horizons": lambda: courses.courses([1, 2, 4], [courses.Course("a", [0.5, None, 99.0], ["", "", ""])] * 3),
    "over time": lambda: courses.courses([DAY, DAY + timedelta(days=7)], [courses.Course("a", [None, 1.0], ["", ""])]),
    "turns": lambda: vintages.turns(TURNS),
    "sizes": lambda: vintages.sizes(SIZES),
    "sizes far apart": lambda: vintages.sizes(FAR_APART),
    "no size at all": lambda: vintages.sizes(said((0.0, 0.0, 0.0, 0.0, 0.0), (0.0, None, None, None, None))),
    "growth": lambda: vintages.rates(RATES, lambda rate: f"{rate:.2f}"),
    "no growth": lambda: vintages.rates(said((0.0, 0.0, 0.0, 0.0, 0.0)) * 2, str),
    "losses": lambda: learning.losses(LOSS, (0.4, 0.6)),
    "losses of nothing": lambda: learning.losses(learning.Loss((0, 1), (0, 0), (0, 0), ("", "")), (0, 0)),
    "leanings": lambda: learning.leanings(LEANED),
    "leaned on nothing": lambda: learning.leanings([learning.LeanedRow("a", "", (0.0,))]),
    "spreads": lambda: spreads.spreads(EXPECTED),
    "a spread of zeros": lambda: spreads.spreads([spreads.SpreadRow("a", "", [(0.0, 0.0, 0.0)])] * 2),
    "histogram": lambda: courses.histogram(np.full(10, 0.1), (0.05, 0.15), 0.3, {0.0: "low", 1.0: "high"}),
}
