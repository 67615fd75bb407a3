"""Which series a feed ever forecast, and since when: kept beside the ledger, so that no run reads all of it."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reporter import files, seal
from reporter.dates import parse_date
from reporter.ledger import Ledger
from reporter.schema import SERIES

_NAME = "series.json"


@dataclass(frozen=True)
class Index:
    """What a ledger's forecasts have been of.

    Attributes:
        since: (target, location) → the first reference date it was forecast at, in the order they came.
        horizons: how far the furthest forecast reaches.
    """

    since: dict[tuple[str, str], date]
    horizons: int


def indexed(folder: Path, ledger: Ledger) -> Index:
    """The index of a feed's ledger: the one kept in its folder, and what came since.

    Raises:
        RecordError: something on record was altered or is gone.
    """
    since, horizons, through = _kept(folder / _NAME, ledger)
    new = ledger.forecasts(since=through)
    if new.empty:
        return Index(since, horizons)
    found = new.groupby(SERIES, sort=False, as_index=False)["reference_date"].min()
    for target, location, day in found.itertuples(index=False, name=None):
        since.setdefault((target, location), day.date())
    return Index(since, max(horizons, int(new["horizon"].max())))


def keep(folder: Path, ledger: Ledger, index: Index) -> None:
    """Keep an index for the next run."""
    hashes = ledger.hashes()
    if hashes:
        through, sha256 = list(hashes.items())[-1]
        contents = {
            "series": [[target, location, str(day)] for (target, location), day in index.since.items()],
            "horizons": index.horizons,
            "through": through,
            "receipt_sha256": sha256,
            "seal": seal.BLANK,
        }
        files.write(folder / _NAME, seal.sealed(json.dumps(contents, ensure_ascii=False).encode() + b"\n"))


def _kept(path: Path, ledger: Ledger) -> tuple[dict[tuple[str, str], date], int, date | None]:
    """What was kept: series, horizons, and the last reference date it knew; nothing if the ledger is another."""
    try:
        data = path.read_bytes()
        contents = json.loads(data)
        through = contents["through"]
        if seal.is_whole(data) and contents["receipt_sha256"] == ledger.hashes().get(through):
            since = {(target, location): parse_date(day) for target, location, day in contents["series"]}
            return since, contents["horizons"], parse_date(through)
    except (OSError, ValueError, TypeError, KeyError):
        pass  # it can be made again from the ledger
    return {}, 0, None
