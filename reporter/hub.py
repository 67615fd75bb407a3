"""The hubverse configuration of a feed's folder, so that other people's tools can read it.

Schemas: https://github.com/hubverse-org/schemas, version 6.0.0, the first that knows `target-data.json`.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from reporter.config import Site
from reporter.dates import Cadence
from reporter.schema import KEY, LEVELS
from reporter.team import Team

_SCHEMAS = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v6.0.0"
_LONGEST_ID, _LONGEST_NAME = 30, 100
_PAGES = re.compile(r"https://([a-z0-9-]+)\.github\.io/([\w.-]+)/", re.IGNORECASE)
_GITHUB = re.compile(r"https://github\.com/([\w-]+)/([\w.-]+?)(?:\.git)?/?", re.IGNORECASE)


class Publisher(NamedTuple):
    """Who publishes the hub."""

    site: Site = Site()
    team: Team | None = None

    @property
    def website(self) -> str | None:
        """The site's address; None while the settings have only the example's."""
        return None if self.site.base_url == Site().base_url else self.site.base_url


def configuration(name: str, asked: "Tasks", publisher: Publisher) -> dict[str, bytes]:
    """The files of `hub-config` but the schema of model metadata, by their path in the hub."""
    contents = {"admin": admin(name, publisher), "tasks": tasks_json(asked), "target-data": TARGET_DATA}
    return {f"hub-config/{key}.json": to_json(value) for key, value in contents.items()}


def to_json(contents: dict[str, Any]) -> bytes:
    """The bytes of a configuration file."""
    return (json.dumps(contents, indent=1) + "\n").encode()


def admin(name: str, publisher: Publisher) -> dict[str, Any]:
    """The contents of `admin.json`. A contact that the settings don't name is left empty, as the schema allows."""
    team = publisher.team
    person = team.contributors[0] if team else None
    return {
        "schema_version": f"{_SCHEMAS}/admin-schema.json",
        "name": name,
        "maintainer": team.name if team else publisher.site.title,
        "contact": {"name": person.name, "email": person.email} if person else {},
        "repository": _repository(publisher),
        "file_format": ["parquet"],
        "timezone": "Atlantic/Reykjavik",  # UTC all year; the schema lists no UTC
    }


def _repository(publisher: Publisher) -> dict[str, str]:
    """The repository the site comes from: of its address on GitHub Pages, or the team's; what neither says is unknown.

    The schema wants all three, and knows one host.
    """
    found = _PAGES.fullmatch(publisher.website or "")
    if found is None and publisher.team is not None:
        found = _GITHUB.fullmatch(publisher.team.repo_url or "")
    owner, name = found.groups() if found else ("unknown", "unknown")
    return {"host": "github", "owner": owner, "name": name}


class Tasks(NamedTuple):
    """What a hub asks for, each without repeats: all that its forecasts have ever been of, and are now."""

    targets: list[str]
    locations: list[str]
    horizons: list[int]
    cadence: Cadence
    reference_dates: list[date]

    @property
    def ends(self) -> list[date]:
        """Every period end that is forecast, oldest first."""
        step = self.cadence.step
        return sorted({day + horizon * step for day in self.reference_dates for horizon in self.horizons})


def tasks(
    targets: Iterable[str],
    locations: Iterable[str],
    horizons: int,
    cadence: Cadence,
    reference_dates: Iterable[date],
    forecast: Collection[tuple[str, str]],
) -> Tasks:
    """What a feed asks for now, and whatever else is in its ledger: settings change, the record stays.

    Args:
        horizons: how far the furthest forecast reaches.
        forecast: the (target, location) of every forecast on record.
    """
    return Tasks(
        list(dict.fromkeys([*targets, *(target for target, _ in forecast)])),
        list(dict.fromkeys([*locations, *(location for _, location in forecast)])),
        list(range(1, horizons + 1)),
        cadence,
        sorted(reference_dates),
    )


def tasks_json(asked: Tasks) -> dict[str, Any]:
    """The contents of `tasks.json`: what each round asks of every model."""
    task_ids = {
        "reference_date": [str(day) for day in asked.reference_dates],
        "target": asked.targets,
        "horizon": asked.horizons,
        "location": asked.locations,
        "target_end_date": [str(day) for day in asked.ends],
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
                        "target_metadata": [_metadata(target, asked.cadence) for target in asked.targets],
                    }
                ],
                "submissions_due": {"relative_to": "reference_date", "start": 0, "end": asked.cadence.days * 2},
            }
        ],
        "output_type_id_datatype": "double",
        "derived_task_ids": ["target_end_date"],
    }


def _metadata(target: str, cadence: Cadence) -> dict[str, Any]:
    return {
        "target_id": _target_id(target),
        "target_name": target[:_LONGEST_NAME],
        "target_units": "count",
        "target_keys": {"target": target},
        "description": f"{target} in the {cadence.value} ending on target_end_date",
        "target_type": "continuous",
        "is_step_ahead": True,
        "time_unit": cadence.value,
    }


def _target_id(target: str) -> str:
    """The target, or if it is too long for the schema its beginning and what tells it from others."""
    if len(target) <= _LONGEST_ID:
        return target
    return f"{target[: _LONGEST_ID - 7]} {hashlib.sha256(target.encode()).hexdigest()[:6]}"


def oracle_output(latest: pd.DataFrame, asked: Tasks) -> pd.DataFrame:
    """The counts that forecasts aimed at: the hubverse allows no other dates, places and targets here.

    Args:
        latest: a counts frame (`schema.COUNTS`).
    """
    aimed = (
        latest["target"].isin(asked.targets)
        & latest["location"].isin(asked.locations)
        & latest["target_end_date"].isin(pd.to_datetime(asked.ends))
    )
    return latest[aimed]


TARGET_DATA: dict[str, Any] = {
    "schema_version": f"{_SCHEMAS}/target-data-schema.json",
    "observable_unit": KEY,
    "date_col": "target_end_date",
    "versioned": False,
    "time-series": {"versioned": True},
    "oracle-output": {"has_output_type_ids": False},
}
"""The contents of `target-data.json`."""
