"""What a run will do, before it does it: for people, and part of a report as it stands."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from csvdynamo_airflow.documents.cost import Cost
from csvdynamo_airflow.documents.forecast import SizeStep


@dataclass(frozen=True)
class Warmth:
    """What it buys to make the table ready for more writes beforehand."""

    write_units: Annotated[int, Field(description="The write units a second to ask for (`table.warm_write_units`).")]
    map_run_seconds: Annotated[float, Field(description="How long the Map Run takes then, about.")]
    usd: Annotated[float | None, Field(description="What it costs, once; null where no public document says.")]


@dataclass(frozen=True)
class Fuller:
    """What it saves to let the bytes of their input alone bound the batches."""

    rows_per_batch: Annotated[int, Field(description="What to set (`limits.rows_per_batch`).")]
    batches: Annotated[int, Field(description="Batches then.")]
    usd: Annotated[float | None, Field(description="US dollars then, null where they are not known.")]


@dataclass(frozen=True)
class Larger:
    """The same for a file of many times the rows."""

    times: Annotated[int, Field(description="How many times.")]
    rows: Annotated[int, Field(description="Its rows.")]
    write_units: Annotated[int, Field(description="Its write units.")]
    files: Annotated[int, Field(description="Files, a run each, that Step Functions' limit of 10 GB cuts it into.")]
    map_run_seconds: Annotated[float, Field(description="How long their Map Runs take together, about.")]
    floor_seconds: Annotated[float, Field(description="How long the table alone would take for the units.")]
    bound: Annotated[str, Field(description="What binds them.")]
    usd: Annotated[float | None, Field(description="US dollars, null where they are not known.")]
    usd_of_writes: Annotated[float | None, Field(description="Those of the writes alone.")]


@dataclass(frozen=True)
class Plan:
    """What a run will do with a source, where the table has no items under its keys."""

    source_rows: Annotated[int, Field(description="Rows of the source.")]
    source_bytes: Annotated[int, Field(description="Its bytes.")]
    prepared_bytes: Annotated[int, Field(description="Those of the file that Step Functions reads.")]
    rejects_before_upload: Annotated[dict[str, int], Field(description="Rows that prepare rejects, by code.")]
    rejects: Annotated[dict[str, int], Field(description="Rows that the function rejects, by code.")]
    rejects_file: Annotated[
        str | None, Field(description="The object that holds those rows, null where there is none.")
    ]
    written: Annotated[int, Field(description="Rows that become items.")]
    write_units: Annotated[
        int, Field(description="Write units of the items, those of indexes and of deletions among them.")
    ]
    item_bytes: Annotated[int, Field(description="The items' bytes, as DynamoDB counts them.")]
    largest_item: Annotated[int, Field(description="Those of the largest.")]
    sizes: Annotated[tuple[SizeStep, ...], Field(description="The items by their size.")]
    batches: Annotated[int, Field(description="Batches.")]
    map_run_seconds: Annotated[float, Field(description="How long the Map Run takes, about.")]
    bound: Annotated[str, Field(description="What binds it.")]
    floor_seconds: Annotated[float, Field(description="How long the table alone would take for the units.")]
    seconds: Annotated[float, Field(description="How long the run takes in all, without the download, about.")]
    warmth: Annotated[Warmth | None, Field(description="What a warm table buys, null where the table binds nothing.")]
    cost: Annotated[Cost, Field(description="What it costs.")]
    fuller: Annotated[Fuller | None, Field(description="What fuller batches save, null where they are full.")]
    larger: Annotated[tuple[Larger, ...], Field(description="The same for larger files of the kind.")]
    refusals: Annotated[
        tuple[str, ...], Field(description="What would stop the run before the upload, a sentence each.")
    ]
    warnings: Annotated[tuple[str, ...], Field(description="What else would be told of the source, likewise.")]
    deletions: Annotated[int, Field(description="Items of keys that vanished, which are to be deleted.")] = 0
    delete_units: Annotated[int, Field(description="Write units of that, at most.")] = 0
