"""The forecast files of a hub, ours or other people's, read as they lie."""

import csv
import hashlib
import io
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from reporter.admission import (
    Refusal,
    Submission,
    Taken,
    Terms,
    ours,
    read,
    refused_whole,
    submissions,
    task_words,
)
from reporter.dates import parse_date
from reporter.errors import SourceError
from reporter.schema import LEVELS
from reporter.sources.reading import one_line, refuse_page
from reporter.tasks import TASK

_PARQUET = b"PAR1"
_SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class HubFile:
    """One forecast file.

    Attributes:
        name: for messages.
        model: whose forecasts they are, if no column says it.
        load: gives its bytes, or raises SourceError.
    """

    name: str
    model: str | None
    load: Callable[[], bytes]


def files_of(path: Path) -> list[HubFile]:
    """The files of a hub's folder (or its `model-output`), or one file of many models, in the order of their names.

    Raises:
        SourceError: there is none.
    """
    found = [HubFile(path.name, None, partial(_bytes, path))] if path.is_file() else []
    if path.is_dir():
        output = path / "model-output"
        root = output if output.is_dir() else path
        those = sorted(file for file in root.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
        found = [HubFile(str(file.relative_to(path)), file.parent.name, partial(_bytes, file)) for file in those]
    if not found:
        raise SourceError(f"{path}: no .csv or .parquet file there")
    return found


def sha256(hub: Iterable[HubFile]) -> str:
    """Hash over every file's name and bytes.

    Raises:
        SourceError: one cannot be read.
    """
    running = hashlib.sha256()
    for file in hub:
        running.update(f"{file.name}\n{file.model}\n{hashlib.sha256(file.load()).hexdigest()}\n".encode())
    return running.hexdigest()


def read_hub(hub: Path | Iterable[HubFile], terms: Terms) -> tuple[pd.DataFrame, list[Refusal]]:
    """Read the files of a hub.

    Returns:
        Forecasts in the ledger's columns, our reference dates and horizons; and what was refused.

    Raises:
        SourceError: there are none, or one cannot be read.
    """
    those = files_of(hub) if isinstance(hub, Path) else hub
    return _together([_taken(file.name, file.load(), terms, file.model) for file in those])


def _taken(name: str, raw: bytes, terms: Terms, model: str | None) -> Taken:
    """What one file gives, CSV or parquet by its first bytes.

    Args:
        model: whose forecasts they are, if no column says it.
    """
    try:
        refuse_page(name, raw)
        table = pq.read_table(pa.BufferReader(raw)) if raw.startswith(_PARQUET) else _read_csv(raw)
        table.validate(full=True)  # a text that is not UTF-8 would fail much later
        taken = read(name, table, None if "model_id" in table.column_names else model, terms)
    except (SourceError, pa.ArrowException, OSError, ValueError, csv.Error) as error:
        taken = refused_whole(name, one_line(str(error).removeprefix(f"{name}: ")), terms)
    except Exception as error:  # noqa: BLE001 - one odd file must not stop the others, whatever is odd about it
        taken = refused_whole(name, one_line(f"cannot be read: {type(error).__name__}: {error}"), terms)
    if any(refusal.row is None for refusal in taken.refusals):
        return replace(taken, broken=_by_name(name, model, terms))
    return taken


def _by_name(name: str, model: str | None, terms: Terms) -> frozenset[Submission]:
    """The submission that a file is of by its name, `<model_id>/<reference_date>…`; none if it is named otherwise."""
    try:
        day = parse_date(Path(name).name[:10])
    except ValueError:
        return frozenset()
    return frozenset([(model, ours(pd.Timestamp(day), terms))] if model else [])


def _together(taken: list[Taken]) -> tuple[pd.DataFrame, list[Refusal]]:
    """The rows of all files, less the submissions that break a rule in one of them or overlap between two."""
    twice = list(_overlaps(taken))
    broken = frozenset().union(*(one.broken for one in taken), (submission for submission, _ in twice))
    frames = [_without(one.rows, broken).drop(columns="row") for one in taken]
    refusals = [refusal for one in taken for refusal in one.refusals]
    filled = [frame for frame in frames if not frame.empty]
    return pd.concat(filled or frames[:1], ignore_index=True), refusals + [refusal for _, refusal in twice]


def _overlaps(taken: list[Taken]) -> Iterator[tuple[Submission, Refusal]]:
    """Submissions of which two files have the same forecast, each named once, by the later file."""
    holders: dict[Submission, list[Taken]] = {}
    for one in taken:
        for submission in _submissions(one.rows):
            holders.setdefault(submission, []).append(one)
    for submission, those in holders.items():
        if len(those) == 1:
            continue
        parts = [_only(one.rows, submission).groupby(TASK, as_index=False)["row"].min() for one in those]
        rows = pd.concat([part.assign(file=number) for number, part in enumerate(parts)], ignore_index=True)
        repeated = rows[rows.duplicated(TASK)]
        if repeated.empty:
            continue
        again = repeated.sort_values(["file", "row"]).iloc[0]
        before = rows[(rows[TASK] == again[TASK]).all(axis=1)].iloc[0]
        also = f"{those[before['file']].file}, row {before['row']}"
        reason = f"the same forecast twice: {task_words(again)}; also in {also}"
        yield submission, Refusal(those[again["file"]].file, int(again["row"]), reason)


def _only(rows: pd.DataFrame, submission: Submission) -> pd.DataFrame:
    model, day = submission
    return rows[(rows["model_id"] == model) & (rows["reference_date"] == day)]


def _without(rows: pd.DataFrame, broken: Collection[Submission]) -> pd.DataFrame:
    fallen = list(_submissions(rows) & set(broken))
    if not fallen:
        return rows
    return rows[~pd.MultiIndex.from_frame(rows[["model_id", "reference_date"]]).isin(fallen)]


def _submissions(rows: pd.DataFrame) -> set[Submission]:
    """The submissions of whole tasks, of which one row each is looked at."""
    return submissions(rows.iloc[:: len(LEVELS)])


def _read_csv(raw: bytes) -> pa.Table:
    """Every cell as text: a location `01` is not the number 1."""
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(raw), "utf-8-sig", newline=""))
    names = next(line for line in lines if line)
    options = pc.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    return pc.read_csv(pa.BufferReader(raw), convert_options=options)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or type(error).__name__}") from None
