"""Where the tile of each place stands."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reporter.posts.book import Place
from reporter.posts.tilegrids import COUNTRIES, STATES

NEAR = 12
"""Columns that a phone has room for; wider maps flow there, in the order of their tiles."""

FEWEST = 0.5
"""A map is drawn where this share of the places has a position on it."""

Cell = tuple[int, int]
"""(row, column), from 0."""


@dataclass(frozen=True)
class Spot:
    """A place's tile.

    Attributes:
        label: what stands on it: its code, or the first letters of its name.
        row, column: from 1; None where it stands behind the map, in reading order.
    """

    place: Place
    label: str
    row: int | None = None
    column: int | None = None

    @property
    def classes(self) -> str:
        """Where it stands, for the style sheet."""
        return "" if self.row is None else f"r{self.row} c{self.column}"


@dataclass(frozen=True)
class Plan:
    """All tiles.

    Attributes:
        mapped: on the map, from north to south.
        beside: the others, by name.
        columns: of the map; 0 without one.
    """

    mapped: list[Spot]
    beside: list[Spot]
    columns: int

    @property
    def spots(self) -> list[Spot]:
        """Every tile, in reading order."""
        return [*self.mapped, *self.beside]

    @property
    def kind(self) -> str:
        """How it is laid out, for the style sheet: `flow` without a map, `near` or `far` with one."""
        return "flow" if not self.columns else "near" if self.columns <= NEAR else "far"

    @property
    def parts(self) -> list[tuple[str, list[Spot]]]:
        """The map and what stands below it, each with how it is laid out."""
        return [(kind, spots) for kind, spots in ((self.kind, self.mapped), ("flow", self.beside)) if spots]


def plan(places: Sequence[Place], codes: Mapping[str, str]) -> Plan:
    """Lay out tiles: on the map of what most places are, or by name.

    Args:
        codes: location → standard code; not every place has one, and several may share one.
    """
    grid = max((grid_of(STATES), grid_of(COUNTRIES)), key=lambda one: len(_placed(places, codes, one)))
    placed = _placed(places, codes, grid)
    if len(placed) < max(FEWEST * len(places), 2):
        placed = {}
    rows, columns = (sorted({cell[axis] for cell in placed.values()}) for axis in (0, 1))
    spots = [
        Spot(place, _label(place, codes), rows.index(placed[place.location][0]) + 1,
             columns.index(placed[place.location][1]) + 1)
        for place in places
        if place.location in placed
    ]  # fmt: skip
    spots.sort(key=lambda spot: (spot.row, spot.column))
    beside = sorted((place for place in places if place.location not in placed), key=lambda place: place.name)
    return Plan(spots, [Spot(place, _label(place, codes)) for place in beside], len(columns))


@functools.cache
def grid_of(text: str) -> dict[str, Cell]:
    """Code → cell of a grid as `tilegrids` writes it.

    >>> grid_of("A  . B" + chr(10) + ".  C")
    {'A': (0, 0), 'B': (0, 2), 'C': (1, 1)}
    """
    lines = enumerate(text.strip().splitlines())
    return {code: (row, column) for row, line in lines for column, code in enumerate(line.split()) if code != "."}


def _placed(places: Sequence[Place], codes: Mapping[str, str], grid: Mapping[str, Cell]) -> dict[str, Cell]:
    """The places on a grid; of two with one code the first."""
    states = grid is grid_of(STATES)
    found: dict[str, Cell] = {}
    for place in places:
        code = codes.get(place.location, "")
        wanted = "-" in code or code == "US" if states else "-" not in code
        cell = grid.get(code.rpartition("-")[2]) if wanted else None
        if cell is not None and cell not in found.values():
            found[place.location] = cell
    return found


def _label(place: Place, codes: Mapping[str, str]) -> str:
    return codes.get(place.location, place.name.strip()[:3] or place.location[:3]).rpartition("-")[2]
