"""Model metadata: what a model is, and who answers for it, in the words of the hubverse and the CDC hubs."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from reporter import models
from reporter.errors import SettingsError
from reporter.hub import Publisher, to_json
from reporter.team import LICENCES, Team

_TEXT = {"type": "string"}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Model metadata of a reporter feed",
    "type": "object",
    "properties": {
        "model_id": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "model_name": _TEXT,
        "team_name": _TEXT,
        "team_abbr": _TEXT,
        "website_url": {"type": "string", "format": "uri"},
        "repo_url": {"type": "string", "format": "uri"},
        "license": {"type": "string", "enum": list(LICENCES)},
        "data_inputs": _TEXT,
        "methods": {"type": "string", "maxLength": 200},
        "methods_long": _TEXT,
        "ensemble_of_models": {"type": "boolean"},
        "ensemble_of_hub_models": {"type": "boolean"},
    },
    "required": [
        "model_id",
        "model_name",
        "team_name",
        "data_inputs",
        "methods",
        "methods_long",
        "ensemble_of_models",
        "ensemble_of_hub_models",
    ],
    "additionalProperties": False,
}
"""The contents of a feed's `model-metadata-schema.json`; models go by `model_id`, as the hubverse allows."""


def feed_files(names: Iterable[str], source: str, publisher: Publisher) -> dict[str, bytes]:
    """The metadata of a feed's models and its schema, by their path in the hub.

    Args:
        names: by model_id; one that is no longer registered is left out.
        source: whom the counts come from.
    """
    known = [name for name in names if name in models.REGISTRY]
    described = {f"model-metadata/{name}.yml": to_yaml(of_feed(name, source, publisher)) for name in known}
    return {"hub-config/model-metadata-schema.json": to_json(SCHEMA), **described}


def of_feed(model_id: str, source: str, publisher: Publisher) -> dict[str, Any]:
    """The metadata of a model in a feed's own hub, valid against `SCHEMA`.

    Args:
        source: whom the counts come from.
    """
    team = publisher.team
    return _given(
        {
            "model_id": model_id,
            "model_name": models.REGISTRY[model_id].title,
            "team_name": team.name if team else publisher.site.title,
            "team_abbr": team and team.abbr,
            "website_url": (team and team.website_url) or publisher.website,
            "repo_url": team and team.repo_url,
            "license": team and team.licence,
            **_how(model_id, source),
        }
    )


def of_submission(model_id: str, source: str, version: str, team: Team, site_url: str | None) -> dict[str, Any]:
    """The metadata of a model in a CDC hub, valid against the COVID-19 hub's schema.

    Args:
        source: whom the counts come from.
        version: of the program that made the forecasts.
        site_url: where the blog is, if that is known.

    Raises:
        SettingsError: the hubs ask for a public page, and the settings name none.
    """
    website = team.website_url or site_url
    if website is None:
        raise SettingsError(
            "team.website_url", None, "an http or https address, or base_url in [site]; hubs ask for it"
        )
    return _given(
        {
            "team_name": team.name,
            "team_abbr": team.abbr,
            "model_name": models.REGISTRY[model_id].title,
            "model_abbr": model_id,
            "model_version": version,
            "model_contributors": [_given(one.model_dump()) for one in team.contributors],
            "website_url": website,
            "repo_url": team.repo_url,
            "license": team.licence,
            "designated_model": model_id in (team.designated or ()),
            **_how(model_id, source),
            "designated_github_users": list(team.github_users) if team.github_users else None,
        }
    )


def to_yaml(metadata: Mapping[str, Any]) -> bytes:
    """Metadata as the bytes of a YAML file, its keys in the order given."""
    text: str = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=100)
    return text.encode()


def _how(model_id: str, source: str) -> dict[str, Any]:
    about = models.REGISTRY[model_id].about
    return {
        "data_inputs": f"{source}. {about.data_inputs}",
        "methods": about.methods,
        "methods_long": about.methods_long,
        "ensemble_of_models": about.ensemble_of_models,
        "ensemble_of_hub_models": False,
    }


def _given(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if value is not None}
