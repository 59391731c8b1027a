"""Files of ours are read as they are, whatever their texts hold."""

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Limits
from csvdynamo_airflow.preparation.prepared_rows import format_rows
from csvdynamo_airflow.preparation.profile import profile_columns
from csvdynamo_airflow.storage import duckdb_session
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb, read_csv, read_rows_file


@pytest.mark.parametrize(
    "read",
    [
        lambda path: read_rows_file(path, 1, exact=True),
        lambda path: read_csv(path, {"row": "BIGINT", "key": "VARCHAR"}, texts=True),
    ],
    ids=["rows", "keys"],
)
def test_lines_of_a_text_are_taken_for_no_rows_in_a_file_of_many_buffers(tmp_path: Path, read: Any) -> None:
    path, numbers = tmp_path / "file", Random(3)
    with path.open("w", encoding="utf-8") as file:
        file.write("_row,id\n" if "header=true" in read(path) else "")
        for row in range(1, 1001):
            lines = "\n".join(f"{numbers.randrange(999)},{numbers.randrange(99)}" for _ in range(100))
            file.write(f'{row},"{lines}"\n')
    small = (
        re.sub(r"(max_line_size|buffer_size)=\d+, ", "", read(path))[:-1] + ", max_line_size=5000, buffer_size=20000)"
    )

    with open_duckdb(DiskSpace(tmp_path, "test")) as session:
        assert session.execute(f"SELECT count(*), count(DISTINCT row), max(row) FROM {small}").fetchall() == [
            (1000, 1000, 1000)
        ]


def test_a_prepared_row_that_fills_a_batch_is_read(tmp_path: Path) -> None:
    path, most = tmp_path / "file", 262_144
    cells = ["x" * most, 'é"\\\n' * (most // 8), ""]  # bytes of JSON: no row has more, its names left aside
    path.write_text(format_rows([["_row", "a"], *enumerate(cells, 1)]), encoding="utf-8")
    assert Limits(max_input_bytes_per_batch=most).max_input_bytes_per_batch == most

    with open_duckdb(DiskSpace(tmp_path, "test")) as session:
        lengths = session.execute(f"SELECT row, length(c0) FROM {read_rows_file(path, 1)} ORDER BY row").fetchall()

    assert lengths == [(1, most), (2, 5 * (most // 8)), (3, None)]


def test_a_large_prepared_file_is_profiled_in_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_session, "MEMORY_LIMIT", "32MB")
    path, rows = tmp_path / "file", 300_000
    path.write_text("_row,a\n" + "".join([f"{row},{'x' * 100}\n" for row in range(rows)]))

    with open_duckdb(DiskSpace(tmp_path, "test")) as session:
        profile = profile_columns(session, path, ["a"], backslashes=False)

    assert profile == {"rows": rows, "columns": {"a": {"empty": 0, "distinct": 1, "shortest": 100, "longest": 100}}}
