"""The whole source, read once as prepare reads it: what it takes goes on to be counted, what it refuses is counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.documents.source_notes import SourceNotes
from csvdynamo_airflow.preparation.draft import Draft
from csvdynamo_airflow.preparation.duplicates import KeySpool
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.preparation.rewrite import Rewriter
from csvdynamo_airflow.reading.first_rows import look_at_rows
from csvdynamo_airflow.reading.source_file import find_format, open_source
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import GrowingFile, ReportProgress

_SHOWN_REJECTS = 3
_DRAFT = "draft"


@dataclass(frozen=True)
class WholeFile:
    """A source that was read to its end.

    Attributes:
        path: Its good rows, in the form of a prepared file.
        headers: Its columns.
        rows: How many good rows it has.
        source_format: How it is written.
        notes: What else it holds.
        rejects: How many records prepare refuses, by reject code.
        examples: What is wrong with the first of those, a sentence each.
    """

    path: Path
    headers: tuple[str, ...]
    rows: int
    source_format: SourceFormat
    notes: SourceNotes
    rejects: Mapping[str, int]
    examples: Sequence[str]

    @property
    def source_rows(self) -> int:
        """Records after the header."""
        return self.rows + sum(self.rejects.values())


def read_whole(path: Path, name: str, dataset: Dataset, folder: Path, report_progress: ReportProgress) -> WholeFile:
    """Read a source as prepare does, in constant memory.

    Args:
        path: The source.
        name: What to call it in messages.
        dataset: What `provisional_dataset` made.
        folder: A private folder for what is written.
        report_progress: Is told of the bytes written.

    Raises:
        SourceFileError, HeaderError, FileTooLargeError, NoSpaceError: As prepare does.
    """
    space = DiskSpace(folder, f"describe {name}")
    first = look_at_rows(path, name, find_format(path, name, dataset), dataset)
    source_format, source = first.source_format, dataset.source
    most = source.max_unpacked_bytes
    with open_source(path, name, source_format.encoding, most=most, source=source) as text:
        rewriter = Rewriter(text, dataset, source_format, name, first.cells)
        headers = rewriter.header.columns.headers
        with (
            GrowingFile(folder / _DRAFT, report_progress, space=space) as file,
            RejectSpool(folder / "rejects", headers, space) as rejects,
            KeySpool(folder / "keys", (), dataset.rules, space) as keys,
        ):
            source_rows = rewriter.run(Draft(folder / _DRAFT, file, name), rejects, keys)
    return WholeFile(
        folder / _DRAFT,
        headers,
        source_rows - rejects.by_code.total(),
        source_format,
        rewriter.told(source_format),
        dict(sorted(rejects.by_code.items())),
        [f"row {row:,}: {bad.code}, {bad.message}" for row, bad in islice(rejects.read(), _SHOWN_REJECTS)],
    )
