"""The forecast files of a hub, ours or other people's, read as they lie."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from reporter.admission import Refusal, Terms, read
from reporter.errors import SourceError
from reporter.sources.reading import one_line, refuse_page

_PARQUET = b"PAR1"
_SUFFIXES = (".csv", ".parquet")


def read_hub(path: Path, terms: Terms) -> tuple[pd.DataFrame, list[Refusal]]:
    """Read a hub's folder (or its `model-output`), or one file of many models.

    Returns:
        Forecasts in the ledger's columns, our reference dates and horizons; and what was refused.

    Raises:
        SourceError: there is no such folder or file, or no forecasts in it.
    """
    files = list(_files(path))
    if not files:
        raise SourceError(f"{path}: no .csv or .parquet file there")
    frames, refusals = [], []
    for file in files:
        name = str(file.relative_to(path)) if path.is_dir() else file.name
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise SourceError(f"{file}: {error.strerror or type(error).__name__}") from None
        frame, refused = read_bytes(name, raw, terms, file.parent.name if path.is_dir() else None)
        frames.append(frame)
        refusals += refused
    return _together(frames), refusals


def read_bytes(name: str, raw: bytes, terms: Terms, model: str | None = None) -> tuple[pd.DataFrame, list[Refusal]]:
    """Read one file, CSV or parquet by its first bytes.

    Args:
        name: of the file, for messages.
        model: whose forecasts they are, if no column says it.
    """
    try:
        refuse_page(name, raw)
        table = pq.read_table(pa.BufferReader(raw)) if raw.startswith(_PARQUET) else _read_csv(raw)
        table.validate(full=True)  # a text that is not UTF-8 would fail much later
    except (SourceError, pa.ArrowException, OSError, ValueError) as error:
        empty, _ = read(name, pa.table({}), model, terms)
        return empty, [Refusal(name, None, one_line(str(error).removeprefix(f"{name}: ")))]
    return read(name, table, None if "model_id" in table.column_names else model, terms)


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if not frame.empty]
    return pd.concat(filled or frames[:1], ignore_index=True)


def _read_csv(raw: bytes) -> pa.Table:
    """Every cell as text: a location `01` is not the number 1."""
    header = raw.splitlines()[0].decode("utf-8-sig").split(",")
    names = [name.strip().strip('"') for name in header]
    options = pc.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    return pc.read_csv(pa.BufferReader(raw), convert_options=options)


def _files(path: Path) -> Iterator[Path]:
    """Every forecast file, in the order of their names."""
    if path.is_dir():
        output = path / "model-output"
        root = output if output.is_dir() else path
        yield from sorted(file for file in root.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
    elif path.exists():
        yield path
