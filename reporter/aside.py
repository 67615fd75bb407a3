"""What a source sent and was refused, kept beside the record until the source is refused again."""

import gzip
import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from reporter import files

FOLDER = "refused"
_MOST = 4 * 2**20


def keep_aside(folder: Path, source: str, today: date, reason: str, answers: Sequence[tuple[str, bytes]]) -> None:
    """Keep what was refused, with the reason, in place of what the source was refused for before.

    Of the same reason day after day the first answers stay.

    Args:
        folder: the feed's.
        answers: (address, body) of each download; of a long body the beginning is kept.
    """
    path = folder / FOLDER / f"{source}.json"
    if _reason(path) == reason:
        return
    for old in (folder / FOLDER).glob(f"{source}-*.gz"):
        old.unlink()
    listed = []
    for number, (url, raw) in enumerate(answers, start=1):
        name = f"{source}-{number}.gz"  # packed, so that no browser takes a page of theirs for one of ours
        files.write(folder / FOLDER / name, gzip.compress(raw[:_MOST], mtime=0))
        sha256 = hashlib.sha256(raw).hexdigest()
        where = url.partition("?")[0]  # what comes after it may be a key
        listed.append({"file": name, "url": where, "bytes": len(raw), "kept": min(len(raw), _MOST), "sha256": sha256})
    about = {"source": source, "day": str(today), "reason": reason, "answers": listed}
    files.write(path, (json.dumps(about, ensure_ascii=False, indent=1) + "\n").encode())


def _reason(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_bytes())["reason"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
