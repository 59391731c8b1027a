"""Reads a data set file (TOML) into a `Dataset`. Every key is described in docs/datasets.md, from its declaration."""

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from csvdynamo.datasets import table_checks
from csvdynamo.datasets.column_rules import ColumnRules
from csvdynamo.datasets.computed_rules import ComputedRules
from csvdynamo.datasets.dataset import Attributes, DagSettings, Dataset, Gates, Limits, Values
from csvdynamo.datasets.grammar import STRICT, dotted, read
from csvdynamo.datasets.notifications import Notification
from csvdynamo.datasets.policies import Policies, SchemaPolicy, Verification, Verify
from csvdynamo.datasets.protection import Protection
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.datasets.write_rules import Vanished, Write
from csvdynamo.errors import DatasetError
from csvdynamo.rules.columns import ROW_NUMBER_HEADER, Column
from csvdynamo.rules.computed import Computed, RowNumber
from csvdynamo.rules.guards import GUARD_HEADER
from csvdynamo.rules.row_rules import KEY_TYPES, DuplicatePolicy
from csvdynamo.rules.transforms import can_produce, chain

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True, config=STRICT)
class DatasetFile:
    """One TOML file in `datasets/`: where a CSV comes from, the table it goes to, and what its columns must hold."""

    source: Source = Field(description="where the CSV is published, and how it is written")
    table: Table = Field(description="the DynamoDB table and its key")
    attributes: Attributes = Field(default_factory=Attributes, description="how headers become attribute names")
    columns: dict[str, ColumnRules] = Field(default_factory=dict, description="the columns that have rules")
    computed: dict[str, ComputedRules] = Field(default_factory=dict, description="the attributes that no column holds")
    values: Values = Field(default_factory=Values, description="what cells hold that is no value")
    duplicates: DuplicatePolicy = Field(
        default=DuplicatePolicy.LAST, description="which row of one key is written; each other one is a reject"
    )
    schema_: Annotated[
        SchemaPolicy, Field(alias="schema", description="what a header does that is not as expected")
    ] = Field(default_factory=SchemaPolicy)
    verify: Verify = Field(default_factory=Verification, description="how the table is checked after a run")
    write: Write = Field(default_factory=Write, description="which rows are written")
    gates: Gates = Field(default_factory=Gates, description="when a run is refused")
    limits: Limits = Field(default_factory=Limits, description="how the Map Run cuts the file into batches")
    protection: Protection = Field(default_factory=Protection, description="what protects the data at rest")
    dag: DagSettings = Field(default_factory=DagSettings, description="what Airflow is told")
    notify: dict[str, Notification] = Field(default_factory=dict, description="whom notifiers of Airflow tell of a run")


def load_dataset(path: Path) -> Dataset:
    """Read one data set file.

    Args:
        path: The TOML file. Its name without `.toml` is the data set's name.

    Raises:
        DatasetError: The file cannot be read, or a key in it is unknown, missing or wrong.
    """
    if not _NAME.fullmatch(path.stem):
        raise DatasetError(
            f"{path}: the file's name becomes the data set's: rename it to a small letter followed by at most "
            f"30 small letters, digits and underscores"
        )
    document = _parse(path, _read_text(path))
    file = read(DatasetFile, document, path)
    return _Assembly(path, document, file).dataset()


def dataset_paths(folder: Path) -> list[Path]:
    """List a folder's data set files by name, so that a caller can let one broken file cost that data set only.

    Raises:
        DatasetError: The folder does not exist.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder of data set files")
    return sorted(folder.glob("*.toml"))


def load_datasets(folder: Path) -> dict[str, Dataset]:
    """Read all data set files of a folder, by data set name.

    Raises:
        DatasetError: The folder does not exist, or one of its files is wrong.
    """
    return {path.stem: load_dataset(path) for path in dataset_paths(folder)}


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:  # tomllib's own error is a ValueError
        raise DatasetError(f"{path}: is not valid TOML: {error or type(error).__name__}") from error


class _Assembly:
    """Makes a `Dataset` of a file whose keys are right each by itself, and holds them against one another."""

    def __init__(self, path: Path, document: Mapping[str, Any], file: DatasetFile) -> None:
        self._path, self._document, self._file = path, document, file

    def dataset(self) -> Dataset:
        """Make the data set.

        Raises:
            DatasetError: Two columns become one attribute, or none the key.
        """
        file = self._file
        dataset = Dataset(
            name=self._path.stem,
            source=file.source,
            table=file.table,
            attribute_transform=file.attributes.transform,
            columns=self._columns(),
            computed=self._computed(),
            gates=file.gates,
            limits=file.limits,
            dag=file.dag,
            policies=Policies(file.duplicates, file.schema_, file.verify),
            protection=file.protection,
            values=file.values,
            notify=file.notify,
            write=file.write,
        )
        self._hold_key_names(dataset)
        self._hold_write(dataset)
        for place, problem in table_checks.problems(file.table, dataset.rules):
            self._fail(place, problem)
        return dataset

    def _hold_key_names(self, dataset: Dataset) -> None:
        table, rules = self._file.table, dataset.rules
        if table.sort_key == table.partition_key:
            self._fail(("table", "sort_key"), "is the partition key: name another attribute, or none")
        for name, attribute in (("partition_key", table.partition_key), ("sort_key", table.sort_key)):
            if attribute is None or rules.made(attribute) or rules.declared(attribute):
                continue
            if not can_produce(self._file.attributes.transform, attribute):
                self._fail(
                    ("table", name),
                    f"no declared column becomes the attribute {attribute!r}, and attributes.transform makes no header "
                    f"into it: declare the key's column, give its name as it is after the transform, or compute it",
                )

    def _hold_write(self, dataset: Dataset) -> None:
        made = (dataset.rules.made(part.name) for part in dataset.rules.key.attributes)
        if dataset.write.only_changed and any(one and isinstance(one.formula, RowNumber) for one in made):
            problem = "needs keys that rows keep, and a part of this one is the row's number: make it of columns"
            self._fail(("write", "mode"), problem)
        if not dataset.write.only_changed and dataset.write.vanished is not Vanished.KEEP:
            problem = 'needs mode = "changed": a run that writes every row knows of no earlier ones'
            self._fail(("write", "vanished"), problem)

    def _columns(self) -> tuple[Column, ...]:
        transform_header = chain(self._file.attributes.transform)
        headers: dict[str, str] = {}
        for header, rules in self._file.columns.items():
            place = ("columns", header)
            if header in {ROW_NUMBER_HEADER, GUARD_HEADER}:
                self._fail(place, "is a column that prepare adds: it cannot have rules")
            if rules.drop:
                continue
            attribute = rules.rename or transform_header(header)
            if not attribute:
                self._fail(place, "becomes an attribute without a name: give it a rename")
            if attribute in headers:
                self._fail(place, f"becomes the attribute {attribute!r}, as does {headers[attribute]!r}")
            headers[attribute] = header
            if attribute in (self._file.table.partition_key, self._file.table.sort_key):
                self._hold_key(header, rules, attribute)
        return tuple(rules.of(header) for header, rules in self._file.columns.items())

    def _computed(self) -> tuple[Computed, ...]:
        transform_header = chain(self._file.attributes.transform)
        columns = {rules.rename or transform_header(header): header for header, rules in self._file.columns.items()}
        for attribute in self._file.computed:
            if attribute in columns and not self._file.columns[columns[attribute]].drop:
                self._fail(("computed", attribute), f"the column {columns[attribute]!r} becomes this attribute, too")
        return tuple(rules.of(attribute) for attribute, rules in self._file.computed.items())

    def _hold_key(self, header: str, rules: ColumnRules, attribute: str) -> None:
        given, place = self._document["columns"][header], ("columns", header)
        key = "partition key" if attribute == self._file.table.partition_key else "sort key"
        if rules.type not in KEY_TYPES:
            self._fail((*place, "type"), f"the {key} is one of {', '.join(KEY_TYPES)}, found {rules.type}")
        if "empty" in given:
            self._fail((*place, "empty"), f"the {key} is never blank: remove this key")
        if "required" in given and not rules.required:
            self._fail((*place, "required"), f"the {key} is always required: remove required = false")

    def _fail(self, place: tuple[str, ...], problem: str) -> None:
        raise DatasetError(f"{self._path}: {dotted(place)}: {problem}")
