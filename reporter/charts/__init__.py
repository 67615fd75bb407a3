"""Figures as Plotly dicts, and the same figures as inline SVG that needs no script.

Colours are CSS custom properties, `var(--forecast)`: a page resolves them for Plotly, a browser for SVG.
"""

from reporter.charts import calendar, courses, firsts, lags, learning, scoring, spreads, vintages
from reporter.charts.axes import Figure, literal, number
from reporter.charts.drawing import svg
from reporter.charts.fans import Fan, cut, fan, outside
from reporter.charts.strips import bar, strip

__all__ = [
    "Fan",
    "Figure",
    "bar",
    "calendar",
    "courses",
    "cut",
    "fan",
    "firsts",
    "lags",
    "learning",
    "literal",
    "number",
    "outside",
    "scoring",
    "spreads",
    "strip",
    "svg",
    "vintages",
]
