"""Writing files so that a kill at any moment leaves either the old bytes or the new.

A file is first written under a temporary name beside its place. `exclusively` lets one run at a
time work in a folder, and removes what a killed one left behind.
"""

import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from reporter import seal
from reporter.errors import RecordError, ReporterError

_TEMPORARY = ".reporter-tmp~"
_LOCK = ".lock"
# What makes the record's own tables smallest, of all settings tried on the three bundled feeds.
_COUNTS = ("value", "observation", "estimate", "q025", "q25", "q75", "q975")
_MANY = 20_000
_VERY_MANY = 200_000


def write(path: Path, data: bytes, *, durable: bool = False) -> bool:
    """Put `data` at `path`, atomically. A file that holds these very bytes is left alone.

    Args:
        durable: wait until the bytes are on stable storage.

    Returns:
        Whether anything was written.
    """
    with suppress(FileNotFoundError):
        if path.read_bytes() == data:
            return False
    _write_beside(path, data, durable=durable).replace(path)
    if durable:
        _settle(path.parent)
    return True


def create(path: Path, data: bytes) -> bool:
    """Put `data` at `path` where nothing may stand yet, atomically and on stable storage.

    Returns:
        Whether anything was written: the same bytes again are a no-op.

    Raises:
        RecordError: the file exists and holds other bytes; nothing was written.
    """
    if path.exists():
        if path.read_bytes() == data:
            return False
        raise RecordError(f"{path} is on record with other bytes; the record is append-only")
    temporary = _write_beside(path, data, durable=True)
    try:
        os.link(temporary, path)  # unlike a rename, fails if the name was taken meanwhile
    finally:
        temporary.unlink()
    _settle(path.parent)
    return True


def move(folder: Path, target: Path) -> None:
    """Give a folder another name, where nothing may stand yet."""
    folder.rename(target)
    _settle(target.parent)


def append_line(path: Path, line: str) -> None:
    """Add one line to a log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as log:
        if log.seek(0, os.SEEK_END):
            log.seek(-1, os.SEEK_END)
            if log.read(1) != b"\n":
                log.write(b"\n")  # a killed run tore its line; this one stays whole
        log.write(line.encode() + b"\n")


def is_temporary(path: Path) -> bool:
    """Whether a file is what a killed run left half-written; the next run removes it."""
    return path.name.endswith(_TEMPORARY)


def parquet_bytes(table: pa.Table, notes: Mapping[str, str] | None = None, *, derived: bool = False) -> bytes:
    """A table as the bytes of a parquet file with a seal; equal tables give equal bytes.

    Args:
        notes: texts kept in the file beside the table.
        derived: it is made again and again, and had better be quick than small, as very large tables had.
    """
    sink = io.BytesIO()
    counts = [name for name in _COUNTS if name in table.column_names]
    many, very_many = table.num_rows > _MANY, table.num_rows > _VERY_MANY
    table = _each_text_once(table) if very_many and not derived else _plain(table)
    texts = [field.name for field in table.schema if pa.types.is_string(field.type) or _is_words(field)]
    with pq.ParquetWriter(
        sink,
        table.schema.remove_metadata(),
        compression="zstd",
        compression_level=3 if derived else 1 if very_many else 9 if many else 19,
        store_schema=False,
        write_statistics=False,
        use_dictionary=texts if many or derived else False,
        write_batch_size=65_536 if very_many and not derived else None,
        column_encoding=dict.fromkeys(counts, "BYTE_STREAM_SPLIT"),
    ) as writer:
        writer.write_table(table.replace_schema_metadata())
        writer.add_key_value_metadata({**(notes or {}), "seal": seal.BLANK})
    return seal.sealed(sink.getvalue())


def _is_words(field: pa.Field) -> bool:
    return bool(pa.types.is_dictionary(field.type))


def _plain(table: pa.Table) -> pa.Table:
    """Spell every text out."""
    words = [field for field in table.schema if _is_words(field)]
    for field in words:
        at = table.schema.get_field_index(field.name)
        table = table.set_column(at, field.name, table[field.name].cast(field.type.value_type))
    return table


def _each_text_once(table: pa.Table) -> pa.Table:
    """Number texts in the order in which they come: the writer need not find out by itself which are equal."""
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    for name in texts:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].combine_chunks().dictionary_encode())
    return table


def read_parquet(path: Path, names: Sequence[str] | None = None) -> pa.Table:
    """Read a sealed parquet file, or only some columns of it.

    Raises:
        RecordError: the file is gone, or a byte of it was altered.
    """
    data = read_record(path)
    if not seal.is_whole(data):
        raise RecordError(f"{path} was altered: its seal is broken")
    try:
        # Of single columns only the distinct values are wanted.
        return pq.ParquetFile(pa.BufferReader(data), read_dictionary=names).read(names).replace_schema_metadata()
    except (OSError, pa.ArrowException) as error:
        raise RecordError(f"{path} was altered: it is no such table") from error


def hash_of(path: Path) -> str:
    """A hash of the bytes of a file; empty if it is gone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def is_whole(path: Path) -> bool:
    """Whether a sealed file is there, and every byte of it as it was written."""
    try:
        return seal.is_whole(path.read_bytes())
    except OSError:
        return False


def read_notes(path: Path) -> dict[str, str]:
    """The texts beside the table of a parquet file; none if the file is gone or no such file."""
    try:
        metadata = pq.read_metadata(path).metadata or {}
        return {key.decode(): value.decode() for key, value in metadata.items()}
    except (OSError, UnicodeDecodeError, pa.ArrowException):
        return {}


def read_record(path: Path) -> bytes:
    """Read a file that is on record.

    Raises:
        RecordError: the file is gone.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RecordError(f"{path} is on record but gone") from None


@contextmanager
def exclusively(root: Path) -> Iterator[None]:
    """Work alone in `root`, after removing what a killed run left half-written.

    Raises:
        ReporterError: another run is at work there.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ReporterError(f"another run is at work in {root}") from None
    with lock:
        for leftover in root.rglob(f"*{_TEMPORARY}"):
            if leftover.is_file():
                leftover.unlink()
        yield


def is_busy(root: Path) -> bool:
    """Whether a run is at work in `root`, without keeping one from it; what cannot be told counts as no."""
    lock = FileLock(root / _LOCK)
    if not (root / _LOCK).exists():
        return False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a folder that may only be read
        return False
    lock.release()
    return False


def _settle(folder: Path) -> None:
    """Put a folder's names on stable storage: a receipt must not outlive the file it names."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_beside(path: Path, data: bytes, *, durable: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + _TEMPORARY)
    with temporary.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    return temporary
