"""Files of ours are read as they are, whatever their texts hold."""

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

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
