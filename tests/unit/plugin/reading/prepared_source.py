"""A source through prepare, in process: its rows, rejects and notes by what its bytes and settings are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column
from csvdynamo_airflow.documents.source_notes import SourceNotes
from csvdynamo_airflow.preparation.prepare_file import prepare_file
from csvdynamo_airflow.preparation.prepared_rows import read_rows
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_format import SourceFormat


@dataclass(frozen=True)
class PreparedSource:
    """What prepare made of a source: its columns, the cells of each row by number, and what it said of the rest."""

    headers: tuple[str, ...]
    rows: Mapping[int, list[str]]
    rejects: Mapping[int, BadRecord]
    source_rows: int
    notes: SourceNotes
    last_record: str | None
    source_format: SourceFormat

    @property
    def cells(self) -> list[list[str]]:
        """The cells of the rows, in order."""
        return list(self.rows.values())

    @property
    def codes(self) -> dict[int, str]:
        """The code of each reject."""
        return {row: str(bad.code) for row, bad in self.rejects.items()}


def prepared(
    folder: Path, content: str | bytes, *, key: str = "id", columns: Sequence[Column] = (), **source: Any
) -> PreparedSource:
    """Prepare a source.

    Args:
        folder: Where to work.
        content: The source; a text in UTF-8.
        key: The attribute that is the partition key.
        columns: The data set's columns.
        source: Other keys of ``[source]``.
    """
    dataset = Dataset(
        "things",
        Source("https://example.org/a.csv", "a.csv", **source),
        Table("tb_things", key),
        columns=tuple(columns),
    )
    (folder / "source").write_bytes(content.encode() if isinstance(content, str) else content)
    file = prepare_file(folder, dataset, "a.csv", lambda *_: None)
    header, *rows = read_rows(file.path.read_bytes().decode())
    assert header == ["_row", *file.headers]
    return PreparedSource(
        file.headers,
        {int(number): cells for number, *cells in rows},
        {row: bad for spool in file.spools for row, bad in spool.read()},
        file.source_rows,
        file.notes,
        file.last_record,
        file.source_format,
    )
