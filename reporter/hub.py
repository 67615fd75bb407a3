"""The hubverse configuration of a feed's folder, so that other people's tools can read it.

Schema: https://docs.hubverse.io/ (hub configuration, version 5.0.0).
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from reporter.dates import Cadence
from reporter.schema import LEVELS

_MAINTAINER = "the publishers of this blog"
_SCHEMAS = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v5.0.0"


def admin(name: str) -> dict[str, Any]:
    """The contents of `admin.json`."""
    return {
        "schema_version": f"{_SCHEMAS}/admin-schema.json",
        "name": name,
        "maintainer": _MAINTAINER,
        "contact": {"name": _MAINTAINER, "email": "noreply@example.org"},
        "repository": {"host": "github", "url": "https://github.com/example/reporter"},
        "file_format": ["parquet"],
        "timezone": "UTC",
    }


def tasks(
    targets: list[str], locations: list[str], horizons: int, cadence: Cadence, reference_dates: Iterable[date]
) -> dict[str, Any]:
    """The contents of `tasks.json`: what each round asks of every model."""
    rounds = sorted(reference_dates)
    ends = sorted({day + step * cadence.step for day in rounds for step in range(1, horizons + 1)})
    task_ids = {
        "reference_date": [str(day) for day in rounds],
        "target": targets,
        "horizon": list(range(1, horizons + 1)),
        "location": locations,
        "target_end_date": [str(day) for day in ends],
    }
    return {
        "schema_version": f"{_SCHEMAS}/tasks-schema.json",
        "rounds": [
            {
                "round_id_from_variable": True,
                "round_id": "reference_date",
                "model_tasks": [
                    {
                        "task_ids": {name: {"required": None, "optional": ids} for name, ids in task_ids.items()},
                        "output_type": {
                            "quantile": {
                                "output_type_id": {"required": list(LEVELS)},
                                "is_required": True,
                                "value": {"type": "double", "minimum": 0},
                            }
                        },
                        "target_metadata": [_metadata(target, cadence) for target in targets],
                    }
                ],
                "submissions_due": {"relative_to": "reference_date", "start": 0, "end": cadence.days * 2},
            }
        ],
        "derived_task_ids": ["target_end_date"],
    }


def _metadata(target: str, cadence: Cadence) -> dict[str, Any]:
    return {
        "target_id": target,
        "target_name": target,
        "target_units": "count",
        "target_keys": {"target": target},
        "description": f"{target} in the {cadence.value} ending on target_end_date",
        "target_type": "continuous",
        "is_step_ahead": True,
        "time_unit": cadence.value,
    }


TARGET_DATA: dict[str, Any] = {
    "schema_version": f"{_SCHEMAS}/target-data-schema.json",
    "observable_unit": ["target", "location", "target_end_date"],
    "date_col": "target_end_date",
    "versioned": False,
    "time-series": {"versioned": True},
    "oracle-output": {"has_output_type_ids": False},
}
"""The contents of `target-data.json`."""
