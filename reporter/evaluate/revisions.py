"""Verdicts that a revision turned: what held against the first value and not against the latest, or the other way."""

import pandas as pd

from reporter.tasks import TASK

VERDICTS = ("miss", "wide", "likely")
"""Outside the 95 % range; inside it, but outside the 50 % range; inside both."""


def turned(scores: pd.DataFrame) -> pd.DataFrame:
    """The tasks whose verdict against the latest value is another than against the first.

    Args:
        scores: a score table with both values.

    Returns:
        A row a task, newest period first: the task, `live`, `median`, `first` and `latest` (the counts),
        `verdict_first` and `verdict_latest` (of `VERDICTS`), and `as_of`, the vintage that turned it.
    """
    judged = scores.assign(verdict=scores["covered_50"].add(scores["covered_95"]).map(dict(enumerate(VERDICTS))))
    columns = [*TASK, "live", "median", "observation", "verdict", "as_of"]
    first, latest = (
        judged.loc[judged["against"] == against, columns].rename(columns={"observation": against})
        for against in ("first", "latest")
    )
    both = first.drop(columns="as_of").merge(
        latest.drop(columns=["live", "median"]), on=TASK, suffixes=("_first", "_latest")
    )
    found = both[both["verdict_first"] != both["verdict_latest"]]
    order = ["target_end_date", "reference_date", "target", "location", "model_id"]
    return found.sort_values(order, ascending=[False, False, True, True, True], ignore_index=True)
