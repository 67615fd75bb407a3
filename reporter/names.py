"""Names in the settings, checked against what there is."""

from collections.abc import Collection, Mapping
from typing import Protocol

from reporter.config import Feed, Settings, some
from reporter.dates import Cadence
from reporter.errors import SettingsError
from reporter.schema import is_proportion


class Offer(Protocol):
    """What a source offers, so far as settings can be wrong about it."""

    @property
    def targets(self) -> Collection[str]:
        """Targets; none if it takes any."""

    @property
    def cadence(self) -> Cadence | None:
        """Its cadence; None if it takes any."""


def check_names(settings: Settings, sources: Mapping[str, Offer], models: Collection[str]) -> None:
    """Check sources, targets, cadences and models against what there is.

    Args:
        sources: every source by its name.
        models: names of all models.

    Raises:
        SettingsError: with the first that is unknown.
    """
    for number, feed in enumerate(settings.feeds):
        key = f"feeds[{number}]"
        if feed.source not in sources:
            raise SettingsError(f"{key}.source", feed.source, f"one of {some(sources)}")
        _check_offer(feed, key, sources[feed.source])
        for model in feed.models:
            if model not in models:
                raise SettingsError(f"{key}.models", model, f"one of {some(models)}")


def _check_offer(feed: Feed, key: str, offer: Offer) -> None:
    """Check what a feed asks of its source."""
    for target in feed.target:
        if is_proportion(target):
            raise SettingsError(f"{key}.target", target, "a count; proportions cannot be forecast yet")
        if offer.targets and target not in offer.targets:
            raise SettingsError(f"{key}.target", target, f"one of {some(offer.targets)}")
    if offer.cadence not in (None, feed.period):
        raise SettingsError(f"{key}.cadence", feed.cadence, f'"{offer.cadence.value}", as {feed.source} counts')
    if feed.attribution and feed.source != "file":
        raise SettingsError(f"{key}.attribution", feed.attribution, 'a text where source = "file", and only there')
    if (feed.source == "file") != (feed.path is not None):
        raise SettingsError(f"{key}.path", feed.path, 'a path where source = "file", and only there')


def check_targets(feed: Feed, number: int, known: Collection[str]) -> None:
    """Check a feed's targets against those its file counts.

    Raises:
        SettingsError: with the first that is unknown.
    """
    for target in feed.target:
        if target not in known:
            raise SettingsError(f"feeds[{number}].target", target, f"one of {some(known)}")


def check_places(feed: Feed, number: int, known: Collection[str]) -> None:
    """Check a feed's places against those its source knows.

    Raises:
        SettingsError: with the first that is unknown.
    """
    key = f"feeds[{number}]"
    for location in feed.locations or ():
        if location not in known:
            raise SettingsError(f"{key}.locations", location, f"one of {some(known)}")
    if feed.headline and feed.headline not in known:
        raise SettingsError(f"{key}.headline", feed.headline, f"one of {some(known)}")
