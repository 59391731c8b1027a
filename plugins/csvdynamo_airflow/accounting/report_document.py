"""The report's document, declared once: its JSON, ``docs/report.schema.json`` and what a person reads are made of this.

A new field is one more line here, with its sentence, and one in `report.make_report`.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter

from csvdynamo.datasets.policies import OnChange, VerifyMode
from csvdynamo_airflow.accounting.report_changes import Changes, Replayed
from csvdynamo_airflow.documents.checked_table import DifferenceKind
from csvdynamo_airflow.documents.concurrency import ConcurrencyChange
from csvdynamo_airflow.documents.cost import Cost
from csvdynamo_airflow.documents.measures import ColumnRejects, Throughput
from csvdynamo_airflow.documents.plan import Plan
from csvdynamo_airflow.documents.schema_change import ChangeKind, Reference

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Rows = Annotated[int, Field(description="A number of rows.")]


@dataclass(frozen=True)
class SourceFormat:
    """How the source is written, as it was declared or found."""

    delimiter: Annotated[str, Field(description="What stands between two fields; a space and a tab: white space.")]
    encoding: Annotated[str, Field(description="Python's name of the encoding.")]
    compression: Annotated[str | None, Field(description="What it is packed in, null if it is not.")]
    quote: Annotated[str | None, Field(description="The character round cells, null if there is none.")]
    escape: Annotated[str | None, Field(description="The character after which another is text, null if none is.")]
    encoding_guessed: Annotated[bool, Field(description="Whether the encoding was found, and nothing proves it.")]


@dataclass(frozen=True)
class Source:
    """The source as it was downloaded."""

    url: Annotated[str | None, Field(description="Where it was read.")]
    bytes: Annotated[int | None, Field(description="Its size.")]
    sha256: Annotated[str | None, Field(description="Its digest, in hexadecimal.")]
    etag: Annotated[str | None, Field(description="Its version, as the server told.")]
    last_modified: Annotated[str | None, Field(description="When it was changed, as the server told.")]
    rows: Annotated[int | None, Field(description="Its records after the header, null when it was not prepared.")]
    format: Annotated[SourceFormat | None, Field(description="How it is written, null when it was not prepared.")]
    blank_records: Annotated[int, Field(description="Records without any value: they are no rows.")]
    comment_lines: Annotated[int, Field(description="Lines that are comments.")]
    skipped_lines: Annotated[int, Field(description="Lines before the header.")]
    notes: Annotated[tuple[str, ...], Field(description="What else was left out or read otherwise, a sentence each.")]
    version_id: Annotated[
        str | None, Field(description="S3's name of the object's version; absent where it has none.")
    ] = None


@dataclass(frozen=True)
class LedgerCounts:
    """What became of every row; the first number is the sum of the others."""

    source_rows: Rows
    rejected_before_upload: Rows
    written: Rows
    rejected: Rows
    failed: Rows
    unstarted: Rows
    unaccounted: Annotated[int, Field(description="Rows that no witness speaks of; below 0 when there are too many.")]
    unchanged: Annotated[
        int, Field(description="Rows not written, as an earlier run has put the same items into the table; absent: 0.")
    ] = 0


@dataclass(frozen=True)
class Example:
    """One item that is not as its row makes it."""

    kind: Annotated[DifferenceKind, Field(description="How it departs.")]
    key: Annotated[str, Field(description="Its partition key.")]
    row: Annotated[int | None, Field(description="The row's number in the source; absent where there is none.")] = None
    attributes: Annotated[
        tuple[str, ...], Field(description="The attributes that differ; absent where none were compared.")
    ] = ()


@dataclass(frozen=True)
class Verification:
    """What the check of the table found."""

    mode: Annotated[VerifyMode, Field(description="How much of the table was read back.")]
    keys_checked: Annotated[int, Field(description="Keys of the file whose items were looked at.")]
    missing: Annotated[int, Field(description="Rows that were written, and whose keys have no item.")]
    changed: Annotated[int, Field(description="Rows that were written, and whose items are others.")]
    unfinished: Annotated[
        int, Field(description="Rows of batches that did not succeed whose items are absent or others.")
    ]
    stale: Annotated[int, Field(description="Items under the keys of rejected rows.")]
    foreign: Annotated[int, Field(description="Items whose keys no row of the file has.")]
    expired: Annotated[
        int, Field(description="Rows that were written, and whose items are gone because their time to live has ended.")
    ]
    examples: Annotated[tuple[Example, ...], Field(description="The first differences of each kind.")]
    key: Annotated[str | None, Field(description="The object that lists every difference, null where there is none.")]
    execution: Annotated[str, Field(description="The execution whose rows were looked for, empty where none were.")]
    redrives: Annotated[int, Field(description="How often that had been redriven then.")]
    at: Annotated[float, Field(description="When the table had been read, in seconds since the epoch.")]
    read_units: Annotated[
        float | None, Field(description="Read units that it consumed, null where DynamoDB did not say.")
    ]
    undeleted: Annotated[int, Field(description="Items that the run says it deleted, and that are there.")] = 0


@dataclass(frozen=True)
class HeaderChange:
    """One way in which the header differs from what was expected."""

    kind: Annotated[ChangeKind, Field(description="What happened.")]
    columns: Annotated[
        tuple[str, ...], Field(description="To which columns; of a renamed one the old name and the new one.")
    ]
    against: Annotated[Reference, Field(description="What the header was compared with.")]
    action: Annotated[OnChange, Field(description="What the data set wants done about it.")]
    message: Annotated[str, Field(description="All of it in a sentence.")]


@dataclass(frozen=True)
class AskedQuestion:
    """What a gate asked a person, before the first row was written."""

    gate: Annotated[str, Field(description="The setting that would have ended the run.")]
    sentence: Annotated[str, Field(description="What was the matter.")]
    numbers: Annotated[dict[str, int | float], Field(description="What that rested on.")]


@dataclass(frozen=True)
class Answer:
    """What that person answered."""

    approved: Annotated[bool, Field(description="Whether the run was to go on.")]
    by: Annotated[str, Field(description="Who answered, as Airflow names them; empty where nobody did in time.")]
    at: Annotated[float, Field(description="When, in seconds since the epoch.")]
    asked: Annotated[str, Field(description="The digest of the prepared file and the questions that it is of.")]


@dataclass(frozen=True)
class Report:
    """What is known of a run, however it ended: ``report.json``."""

    dataset: Annotated[str, Field(description="The data set.")]
    run_id: Annotated[str, Field(description="The DAG run's id.")]
    dry_run: Annotated[bool, Field(description="Whether the run was to stop after prepare.")]
    accounted: Annotated[bool, Field(description="Whether the run is green.")]
    problems: Annotated[tuple[str, ...], Field(description="What keeps it from being green, a sentence each.")]
    execution_arn: Annotated[str | None, Field(description="The run's newest execution, null when none was started.")]
    execution_redrives: Annotated[int | None, Field(description="How often it was redriven.")]
    execution_status: Annotated[str | None, Field(description="How it ended.")]
    execution_cause: Annotated[str, Field(description="Error and cause of its failure, empty without one.")]
    source: Annotated[Source, Field(description="The source.")]
    ledger: Annotated[LedgerCounts, Field(description="What became of every row.")]
    prepared_rows: Annotated[int | None, Field(description="Rows of the prepared file.")]
    map_run_rows: Annotated[int | None, Field(description="Rows that the Map Run read, null when there was none.")]
    map_run_arn: Annotated[str | None, Field(description="The Map Run, null when there was none.")]
    witnesses: Annotated[dict[str, str], Field(description="Where each number was read, by name.")]
    rejects_by_code: Annotated[dict[str, int], Field(description="How many rejects there are of each code.")]
    rejects_by_column: Annotated[
        tuple[ColumnRejects, ...], Field(description="The same by code and column, the most frequent hundred.")
    ]
    rejects_missing: Annotated[int, Field(description="Rejects that count and did not arrive.")]
    rejects_superseded: Annotated[int, Field(description="Rejects of attempts that were repeated, left out.")]
    rejects_misfiled: Annotated[
        int, Field(description="Rejects that Firehose could not partition, among those that count.")
    ]
    failures_by_error: Annotated[
        dict[str, int], Field(description="How many failed rows are in batches of each error.")
    ]
    batches: Annotated[dict[str, int], Field(description="How many batches ended in each state.")]
    throughput: Annotated[
        Throughput | None, Field(description="How many rows were settled when, null where no batch told.")
    ]
    write_units: Annotated[
        float | None,
        Field(description="Write units that the batches which succeeded consumed, null where DynamoDB did not say."),
    ]
    throttled: Annotated[
        dict[str, int] | None,
        Field(
            description="Items that DynamoDB turned away and that the batches which succeeded sent again, by its "
            "reason (`UnprocessedItems`: without one), as often as it did; null where the function did not say."
        ),
    ]
    waited_seconds: Annotated[
        float | None, Field(description="How long these batches waited for the table together, null likewise.")
    ]
    concurrency_changes: Annotated[
        tuple[ConcurrencyChange, ...],
        Field(description="How many batches ran at once was changed so, by the last attempt of wait (the last 100)."),
    ]
    cost: Annotated[
        Cost | None, Field(description="What the run cost, by what was counted and by dated prices; null: not priced.")
    ]
    plan: Annotated[
        Plan | None, Field(description="What it was to do; null where its rows were not held against all rules before.")
    ]
    unfinished_rows_in_error_files: Annotated[
        int, Field(description="Failed and unstarted rows that the error files name.")
    ]
    verification: Annotated[Verification, Field(description="What the check of the table found.")]
    schema_changes: Annotated[
        tuple[HeaderChange, ...], Field(description="How the header differs from what was expected.")
    ]
    source_warnings: Annotated[tuple[str, ...], Field(description="What speaks against the source, and was let pass.")]
    questions: Annotated[
        tuple[AskedQuestion, ...], Field(description="What a gate asked a person, or would ask in no dry run.")
    ]
    approval: Annotated[Answer | None, Field(description="The answer, null where nobody was asked or has answered.")]
    profile: Annotated[str | None, Field(description="The profile of the columns, null where there is none.")]
    seconds: Annotated[dict[str, float], Field(description="How long each task took.")]
    error_files: Annotated[tuple[str, ...], Field(description="The objects that hold the rows that were not written.")]
    changes: Annotated[
        Changes | None,
        Field(description="What changed since the last green run; absent where every row of the file is written."),
    ] = None
    replays: Annotated[
        Replayed | None, Field(description="The run whose rows were replayed; absent where they are the source's own.")
    ] = None


def read_report(document: Mapping[str, Any]) -> Report:
    """Read the JSON document of a report.

    Raises:
        pydantic.ValidationError: It is none.
    """
    return TypeAdapter(Report).validate_python(document)


def json_of(document: "DataclassInstance") -> dict[str, Any]:
    """Write the report, or a part of it, as a JSON document: text stays what it is, whatever its characters are."""
    told = {one.name: getattr(document, one.name) for one in fields(document)}
    absent = {one.name for one in fields(document) if one.default is not MISSING and told[one.name] == one.default}
    return {name: _plain(value) for name, value in told.items() if name not in absent}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return json_of(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, StrEnum) else value
