"""Names in the settings, checked against what there is."""

from collections.abc import Collection, Mapping
from typing import Protocol

from reporter.config import Settings
from reporter.dates import Cadence
from reporter.errors import SettingsError
from reporter.feeds import Feed, some
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
        for name in feed.source:
            if name not in sources:
                raise SettingsError(f"{key}.source", name, f"one of {some(sources)}")
            _check_offer(feed, key, name, sources[name])
        _check_file(feed, key)
        for model in feed.models:
            if model not in models:
                raise SettingsError(f"{key}.models", model, f"one of {some(models)}")


def _check_offer(feed: Feed, key: str, source: str, offer: Offer) -> None:
    """Check what a feed asks of one of its sources."""
    for target in feed.target:
        if is_proportion(target):
            raise SettingsError(f"{key}.target", target, "a count; proportions cannot be forecast yet")
        if offer.targets and target not in offer.targets:
            raise SettingsError(f"{key}.target", target, f"one of {some(offer.targets)}")
    if offer.cadence not in (None, feed.period):
        raise SettingsError(f"{key}.cadence", feed.cadence, f'"{offer.cadence.value}", as {source} counts')


def _check_file(feed: Feed, key: str) -> None:
    """Check what goes with a file of the publisher's own, and with nothing else."""
    if "file" in feed.source and not feed.is_own_file:
        raise SettingsError(f"{key}.source", list(feed.source), 'another source, or "file" alone')
    if feed.attribution and not feed.is_own_file:
        raise SettingsError(f"{key}.attribution", feed.attribution, 'a text where source = "file", and only there')
    if feed.path is not None and not feed.is_own_file:
        raise SettingsError(f"{key}.path", feed.path, 'a path where source = "file", and only there')
    if feed.is_own_file and (feed.path is None) != bool(feed.url):
        found = feed.path and [feed.path, *feed.url]
        raise SettingsError(f"{key}.path", found, 'a path or a url where source = "file", not both')


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
