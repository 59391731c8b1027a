"""What the page's routes answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from csvdynamo_airflow.documents.run_line import RunLine


@dataclass(frozen=True)
class DataSetRow:
    """A data set in the list of all."""

    dag_id: Annotated[str, Field(description="Its DAG.")]
    dataset: Annotated[str, Field(description="Its name.")]
    file_name: Annotated[str, Field(description="What its source is called.")]
    table: Annotated[str, Field(description="Its table.")]
    runs: Annotated[tuple[RunLine, ...], Field(description="Its last runs that reported, the newest first.")]
    problem: Annotated[str, Field(description="Why its runs cannot be told, empty where they can.")] = ""


@dataclass(frozen=True)
class AdviceEntry:
    """What to do about a problem."""

    title: Annotated[str, Field(description="What it is called in docs/operations.md.")]
    do: Annotated[str, Field(description="What to do, as Markdown of one line.")]


@dataclass(frozen=True)
class Links:
    """Where the run's resources are in the AWS console; null where there is none, or the AWS has no console."""

    execution: Annotated[str | None, Field(description="The execution.")] = None
    map_run: Annotated[str | None, Field(description="The Map Run.")] = None
    table: Annotated[str | None, Field(description="The table.")] = None


@dataclass(frozen=True)
class SinceRows:
    """The rows of a run when it ended, and since others replayed some of them."""

    run: Annotated[str, Field(description="The DAG run's id of the run whose rows they are.")]
    source_rows: Annotated[int, Field(description="How many it had.")]
    then: Annotated[int, Field(description="Those that were in the table when it ended.")]
    since: Annotated[int, Field(description="Those that were when the last replay ended.")]
    replays: Annotated[tuple[str, ...], Field(description="The runs that replayed rows of it, the oldest first.")]


@dataclass(frozen=True)
class RunPage:
    """A run."""

    line: Annotated[RunLine, Field(description="The run as the list of runs has it.")]
    sentence: Annotated[str, Field(description="What became of its rows, in a sentence.")]
    table: Annotated[str, Field(description="The table that it wrote to.")]
    report: Annotated[Mapping[str, Any], Field(description="Its report.json (docs/report.schema.json).")]
    advice: Annotated[tuple[AdviceEntry, ...], Field(description="What to do about its problems.")]
    throttling_advice: Annotated[
        tuple[AdviceEntry, ...], Field(description="What to do about what its table throttled, by its reasons.")
    ]
    links: Annotated[Links, Field(description="Where its resources are.")]
    files: Annotated[tuple[str, ...], Field(description="The names of the files that it left, to download.")]
    since: Annotated[
        SinceRows | None, Field(description="Its rows, or those of the run that it replayed, since; null: as then.")
    ] = None


@dataclass(frozen=True)
class RejectExample:
    """A reject in short."""

    row: Annotated[int | None, Field(description="The row's number in the source, null where it has none.")]
    stage: Annotated[str, Field(description="Where it was rejected.")]
    code: Annotated[str, Field(description="Why.")]
    column: Annotated[str | None, Field(description="The column at fault, null where it is the whole row.")]
    message: Annotated[str, Field(description="What is wrong with it.")]
    item: Annotated[dict[str, str], Field(description="The row's cells, shortened.")]
    cut: Annotated[bool, Field(description="Whether cells were left out or shortened.")]
