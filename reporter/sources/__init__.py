"""The upstream publishers: one module each, reached through `REGISTRY`.

A module is imported when its source is first asked for, so that listing the names costs nothing.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporter.sources.base import Source

_NAMES = ("rki", "nhsn", "jhu", "who", "hub", "file")


class _Registry(Mapping[str, "Source"]):
    def __getitem__(self, name: str) -> "Source":
        if name not in _NAMES:
            raise KeyError(name)
        source: Source = import_module(f"reporter.sources.{name}").SOURCE
        return source

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


REGISTRY: Mapping[str, "Source"] = _Registry()
"""Sources by name."""
