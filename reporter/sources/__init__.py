"""The upstream publishers: one module each, reached through `REGISTRY`.

A module is imported when its source is first asked for, so that listing the names costs nothing.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporter.sources.base import Source

_NAMES = ("rki", "nhsn", "jhu", "jhu-counties", "who", "hub", "file")
_WHERE = {"jhu-counties": ("jhu", "COUNTIES")}
"""Module and name of a source that is not the `SOURCE` of a module of its name."""


class _Registry(Mapping[str, "Source"]):
    def __getitem__(self, name: str) -> "Source":
        if name not in _NAMES:
            raise KeyError(name)
        module, variable = _WHERE.get(name, (name, "SOURCE"))
        source: Source = getattr(import_module(f"reporter.sources.{module}"), variable)
        return source

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


REGISTRY: Mapping[str, "Source"] = _Registry()
"""Sources by name."""
