"""How right forecasts were: the ledger, and its rivals, against the truth."""

from reporter.evaluate.calibration import coverage, pit_band, pit_histogram
from reporter.evaluate.revisions import VERDICTS, turned
from reporter.evaluate.skill import BASELINE, pairwise_skill, skill
from reporter.evaluate.table import SCORES, score_table

__all__ = [
    "BASELINE",
    "SCORES",
    "VERDICTS",
    "coverage",
    "pairwise_skill",
    "pit_band",
    "pit_histogram",
    "score_table",
    "skill",
    "turned",
]
