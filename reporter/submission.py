"""What a CDC hub is sent: our forecasts in its terms, as a table of its types."""

from datetime import date, timedelta

import pandas as pd
import pyarrow as pa

from reporter import asked
from reporter.schema import FORECASTS, columns, to_table

HUBS: dict[str, str] = {
    "wk inc covid hosp": "covid19-forecast-hub",
    "wk inc flu hosp": "FluSight-forecast-hub",
    "wk inc rsv hosp": "rsv-forecast-hub",
}
"""The CDC hub that collects a target, by the name of its repository."""

TIMEZONE = "America/New_York"
"""In which the hubs' days begin and end."""

_SHIFT = timedelta(days=7)
_LEVELS = "output_type_id"


def hub_date(reference_date: date) -> date:
    """The reference date a CDC hub gives to what is forecast from data through `reference_date`.

    >>> hub_date(date(2025, 6, 21))
    datetime.date(2025, 6, 28)
    """
    return reference_date + _SHIFT


def in_hub_terms(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Our forecasts of weeks (`schema.FORECASTS`) with a CDC hub's reference date and horizon; their ends stay."""
    return forecasts[columns(FORECASTS)].assign(
        reference_date=forecasts["reference_date"] + _SHIFT,
        horizon=forecasts["horizon"] - 1,
    )


def hub_table(frame: pd.DataFrame, tasks: asked.Json) -> pa.Table:
    """A submission (in hub terms) as a file's table, its columns of the types the hub's `tasks.json` makes them."""
    table = to_table(frame, FORECASTS)
    if not asked.levels_are_text(tasks):
        return table
    texts = pa.array([repr(level) for level in table[_LEVELS].to_pylist()], pa.string())
    return table.set_column(table.column_names.index(_LEVELS), _LEVELS, texts)
