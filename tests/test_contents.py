from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from reporter import files, seal
from reporter.contents import content_sha256
from reporter.errors import ContractError, RecordError

TABLE = pa.table(
    {
        "day": pa.array([date(2026, 1, 1), date(2026, 1, 2)], pa.date32()),
        "place": ["a", "bc"],
        "step": pa.array([1, 2], pa.int32()),
        "value": [1.0, None],
    }
)


def test_the_hash_is_of_what_a_table_says():
    said = content_sha256(TABLE)
    halves = pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)])
    longer = pa.concat_tables([TABLE, TABLE]).combine_chunks().slice(2)
    not_a_number = TABLE.set_column(3, "value", pa.array([1.0, -np.nan]))
    numbered = TABLE.set_column(1, "place", TABLE["place"].dictionary_encode())
    for same in (halves, longer, not_a_number, numbered, TABLE.replace_schema_metadata({"by": "another"})):
        assert content_sha256(same) == said


@pytest.mark.parametrize(
    "other",
    [
        TABLE.slice(0, 1),
        TABLE.take([1, 0]),
        TABLE.select(["place", "day", "step", "value"]),
        TABLE.rename_columns(["day", "place", "step", "values"]),
        TABLE.set_column(1, "place", [["ab", "c"]]),
        TABLE.set_column(2, "step", [[1.0, 2.0]]),
        TABLE.set_column(3, "value", [[1.0, 0.0]]),
        TABLE.set_column(3, "value", [[np.nextafter(1.0, 2.0), None]]),
    ],
)
def test_another_table_has_another_hash(other):
    assert content_sha256(other) != content_sha256(TABLE)


@pytest.mark.parametrize("column", [pa.array(["a", None]), pa.array([1, 2], pa.int64()), pa.array([True, False])])
def test_what_the_record_does_not_hold_has_no_hash(column):
    with pytest.raises(ContractError, match="column value of type"):
        content_sha256(TABLE.set_column(3, "value", column))


def test_a_sealed_file_is_read_back_and_an_altered_one_is_not(tmp_path):
    path = tmp_path / "table.parquet"
    data = files.parquet_bytes(TABLE)
    assert data == files.parquet_bytes(TABLE)
    path.write_bytes(data)
    assert files.read_parquet(path).equals(TABLE)
    for other in (b"", data[:-1], data[:200] + b"?" + data[201:], data.replace(b"sealed-sha256:", b"sealed-sha257:")):
        path.write_bytes(other)
        with pytest.raises(RecordError, match=r"table\.parquet was altered: its seal is broken"):
            files.read_parquet(path)
    path.write_bytes(seal.sealed(b"no table " + seal.BLANK.encode()))
    with pytest.raises(RecordError, match=r"table\.parquet was altered: it is no such table"):
        files.read_parquet(path)
