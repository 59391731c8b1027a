"""The data set file is tried before anybody gets it: by its own reader, by prepare's, and by the core on some rows."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from commands.describing.dataset_text import dataset_text
from commands.describing.description import Description
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.preparation.source_header import check_header

NumberedRow = tuple[int, Sequence[str]]


def checked(description: Description, headers: Sequence[str], rows: Iterable[NumberedRow], folder: Path) -> Description:
    """Try a description as a data set file; a column whose type refuses a row becomes text.

    Args:
        description: What was found.
        headers: The source's columns.
        rows: Some of its rows, with their numbers.
        folder: Where the file is written to be tried.

    Returns:
        The description, without the types that refuse a row.

    Raises:
        DatasetError, HeaderError: The file would be wrong.
        MigrationError: A row is refused all the same.
    """
    some = list(rows)
    while True:
        dataset = tried(description, folder)
        refused = first_refusal(dataset, headers, some)
        if refused is None:
            check_header(headers, dataset, description.file_name)
            return description
        declared = {one.header for one in description.declared}
        if refused.column is None or refused.column not in declared:
            raise MigrationError(f"The data set file would refuse a good row: {refused.message}.")
        description = description.without_type(refused.column, f"a row would be refused: {refused.message}")


def tried(description: Description, folder: Path) -> Dataset:
    """Read a description as the data set file that it becomes.

    Raises:
        DatasetError: It would be wrong.
    """
    path = folder / f"{description.name}.toml"
    path.write_text(dataset_text(description), encoding="utf-8")
    return load_dataset(path)


def first_refusal(dataset: Dataset, headers: Sequence[str], rows: Iterable[NumberedRow]) -> Refusal | None:
    """Return why the core refuses the first row that it does; None if it takes all."""
    converter = RowConverter(dataset.rules)
    for number, cells in rows:
        row = {ROW_NUMBER_HEADER: str(number), **dict(zip(headers, cells, strict=True))}
        made = converter.convert(row)
        if isinstance(made, Refusal):
            return made
    return None
