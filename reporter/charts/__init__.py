"""Figures near to Plotly's dicts: as inline SVG that needs no script, as what Plotly takes, and packed for a page.

Colours are CSS custom properties, `var(--forecast)`: a page resolves them for Plotly, a browser for SVG.
"""

from reporter.charts import calendar, courses, firsts, lags, learning, scoring, spreads, vintages
from reporter.charts.axes import Figure, literal, number
from reporter.charts.drawing import svg
from reporter.charts.fans import Fan, cut, fan, outside
from reporter.charts.minis import Mini, bar, mini
from reporter.charts.packing import packed
from reporter.charts.strips import strip
from reporter.charts.whole import whole

__all__ = [
    "Fan",
    "Figure",
    "Mini",
    "bar",
    "calendar",
    "courses",
    "cut",
    "fan",
    "firsts",
    "lags",
    "learning",
    "literal",
    "mini",
    "number",
    "outside",
    "packed",
    "scoring",
    "spreads",
    "strip",
    "svg",
    "vintages",
    "whole",
]
