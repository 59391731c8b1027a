"""Takes a file through proposal, prepare and the Lambda core, and gives what would be written."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from commands.describing.provisional import ROW_KEY, provisional_dataset
from commands.describing.source_proposal import SourceProposal, propose_source
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.file_header import FileHeader
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.preparation.prepare_file import SOURCE, prepare_file
from local_aws.distributed_map.csv_reader import CsvFormat, read_items


@dataclass(frozen=True)
class Taken:
    """What became of a file with the settings that were proposed for it."""

    proposal: SourceProposal
    headers: tuple[str, ...]
    rows: Sequence[Mapping[str, str]]
    rejects: Mapping[str, int]

    @property
    def values(self) -> list[list[str]]:
        """The cells of each row that are not blank, in order."""
        return [list(row.values()) for row in self.rows]


def take(content: bytes, folder: Path, name: str = "source.csv") -> Taken:
    """Take a file's bytes all the way."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        path = Path(work) / SOURCE
        path.write_bytes(content)
        proposal = propose_source(path, name)
        dataset = provisional_dataset("source", proposal.settings)
        headers, items, rejects = migrated(Path(work), dataset, name)
        rows = [{key: value["S"] for key, value in item.items() if key != ROW_KEY} for item in items]
        return Taken(proposal, headers, rows, rejects)


def migrated(folder: Path, dataset: Dataset, name: str) -> tuple[tuple[str, ...], list[Item], dict[str, int]]:
    """Take a folder's source through prepare and the core: its columns, the items, and the rejects by code."""
    prepared = prepare_file(folder, dataset, name, lambda *_: None)
    converter, header = RowConverter(dataset.rules), FileHeader(prepared.headers)
    items, rejects = list[Item](), dict[str, int](prepared.rejects_by_code)
    for row in read_items(prepared.path.read_bytes(), CsvFormat()):
        made = converter.convert(header.named(row))
        if isinstance(made, Refusal):
            rejects[made.code] = rejects.get(made.code, 0) + 1
        else:
            items.append(made)
    return prepared.headers, items, rejects
