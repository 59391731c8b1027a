"""What the report says of a run that does not write all of a source's rows anew: part of its document."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from csvdynamo_airflow.documents.snapshot import KeyChange


@dataclass(frozen=True)
class TakenBack:
    """Which run was taken back, of a rollback."""

    run: Annotated[str, Field(description="The DAG run's id of that run.")]
    execution: Annotated[str, Field(description="Its first execution.")]
    to: Annotated[str, Field(description="The first execution of the green run whose file was migrated once more.")]
    lost: Annotated[int, Field(description="Items that it wrote over or deleted, and that nobody can put back.")] = 0


@dataclass(frozen=True)
class ChangedRow:
    """A key that the file changes."""

    kind: Annotated[KeyChange, Field(description="How.")]
    key: Annotated[str, Field(description="The key.")]
    row: Annotated[int | None, Field(description="The number of its row; null where it has none any more.")]


@dataclass(frozen=True)
class Changes:
    """What of the file was to be written, of a data set that writes only what changed."""

    new: Annotated[int, Field(description="Rows whose keys no run has put into the table, as far as is known.")]
    changed: Annotated[int, Field(description="Rows that an earlier run has put into the table otherwise.")]
    unchanged: Annotated[int, Field(description="Rows that the table has as they are.")]
    vanished: Annotated[
        int,
        Field(description="Keys that earlier runs have put into the table, and no readable row of the source has."),
    ]
    why_all: Annotated[str, Field(description="Why all rows were to be written, empty where only what changed was.")]
    beside: Annotated[
        str | None, Field(description="The execution whose run left what they were compared with; null: none.")
    ]
    file: Annotated[
        str | None, Field(description="The object that the execution was to read; null where no row was to be written.")
    ]
    vanished_keys: Annotated[
        str | None,
        Field(
            description="The list of the vanished keys, each as DynamoDB's JSON, those to be deleted first; null where "
            "there is none."
        ),
    ] = None
    to_delete: Annotated[int, Field(description="Items of vanished keys that were to be deleted.")] = 0
    deleted: Annotated[
        int, Field(description="Of these, the items that are not there any more, deleted by this run or before.")
    ] = 0
    left_alone: Annotated[
        int, Field(description="Of these, the items that are not those that a run put there, and were left alone.")
    ] = 0
    unknown_keys: Annotated[
        int, Field(description="Records of the source whose keys cannot be told, where items are to be deleted.")
    ] = 0
    same_source: Annotated[
        str, Field(description="The DAG run that migrated the very same source, of which no row was read again then.")
    ] = ""
    examples: Annotated[
        tuple[ChangedRow, ...], Field(description="The first new and changed rows, and the first keys that vanished.")
    ] = ()
    rollback: Annotated[
        TakenBack | None,
        Field(
            description="The run that is taken back, of a rollback: new and changed rows were put back, "
            "and vanished keys had no item before that run."
        ),
    ] = None


@dataclass(frozen=True)
class Replayed:
    """The run whose rows were replayed."""

    run: Annotated[str, Field(description="Its DAG run's id.")]
    report: Annotated[str, Field(description="Its report, which stays as it is.")]
    since: Annotated[
        str, Field(description="The document that says what of its rows is in the table since; written by a green run.")
    ]
