"""The lineage of each task in OpenLineage's own classes. Imported when its provider asks, and nowhere else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    JobFacet,
    OutputDatasetFacet,
    RunFacet,
    base_subset_dataset,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    dataset_version_dataset,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)

from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.row_rules import RowRules
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.lineage.attributes import attributes_of
from csvdynamo_airflow.lineage.checks import Check
from csvdynamo_airflow.lineage.places import Place

_ROW_NUMBER = "the row's number in the source"


@dataclass(frozen=True)
class Lineage:
    """What a task read and wrote, with the attributes of the provider's `OperatorLineage`: those are what it takes."""

    inputs: list[InputDataset]
    outputs: list[OutputDataset]
    run_facets: dict[str, RunFacet] = field(default_factory=dict)
    job_facets: dict[str, JobFacet] = field(default_factory=dict)


@dataclass(frozen=True)
class _Amount:
    """How much was read or written, None where nobody counted it."""

    rows: int | None = None
    bytes: int | None = None
    objects: int | None = None


def of_download(landed: Landed) -> Lineage:
    """A source that was copied into the bucket, byte for byte."""
    version, amount = _version(landed.sha256), _Amount(bytes=landed.bytes, objects=1)
    landing = Place.of_object(landed.bucket, landed.key)
    return Lineage([_read(Place.of_source(landed.url), version, amount)], [_written(landing, version, amount)])


def of_prepare(prepared: Prepared) -> Lineage:
    """The file that Step Functions reads, made of a landed source: its cells as they are, its rows numbered."""
    source, header = Place.of_object(prepared.bucket, prepared.landing_key), prepared.file_header
    same = column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={column: _made_of(source, (name,)) for name, column in zip(header.names, header.line[1:], strict=True)}
    )
    read = {**_version(prepared.source.sha256), "schema": _schema(map(_text, header.names))}
    row_number = schema_dataset.SchemaDatasetFacetFields(header.line[0], "integer", _ROW_NUMBER)
    written = {
        **_version(prepared.sha256),
        "schema": _schema([row_number, *map(_text, header.line[1:])]),
        "columnLineage": same,
    }
    file = Place.of_object(prepared.bucket, prepared.file_key)
    outputs = [_written(file, written, _Amount(prepared.prepared_rows, prepared.bytes, 1))]
    if prepared.is_in_part:
        changed = Place.of_object(prepared.bucket, prepared.migrated_key)
        some = {**written, **_version(prepared.migrated_sha256)}
        outputs.append(_written(changed, some, _Amount(prepared.items, prepared.uploaded_bytes[-1], 1)))
    return Lineage([_read(source, read, _Amount(prepared.source_rows, prepared.source.bytes, 1))], outputs)


def of_migration(prepared: Prepared, rules: RowRules, table: Place, written: int | None) -> Lineage:
    """The items of the table, made of the prepared file.

    Args:
        prepared: The prepared file.
        rules: The rules by which its rows become items.
        table: The table.
        written: Items that the execution says it wrote, None where it says nothing.
    """
    file, header = Place.of_object(prepared.bucket, prepared.migrated_key), prepared.file_header
    columns = dict(zip((ROW_NUMBER_HEADER, *header.names), header.line, strict=True))
    attributes = attributes_of(rules, header.names)
    fields = [schema_dataset.SchemaDatasetFacetFields(one.name, one.type, one.told or None) for one in attributes]
    lineage = column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            one.name: _made_of(file, [columns[name] for name in one.columns], one.how, masks=one.masks)
            for one in attributes
        }
    )
    return Lineage(
        [
            _read(
                file,
                _version(prepared.migrated_sha256),
                _Amount(prepared.items, prepared.uploaded_bytes[-1], 1),
            )
        ],
        [_written(table, {"schema": _schema(fields), "columnLineage": lineage}, _Amount(written))],
    )


def of_error_files(prepared: Prepared, outcome: Outcome) -> Lineage | None:
    """The error files, made of the rows that prepare rejected and of those that did not come through the migration.

    Returns:
        None if there is none.
    """
    files = [key for key in (outcome.csv_key, outcome.key, outcome.unfinished_key) if key]
    if not files:
        return None
    rows = sum(outcome.rejects_by_code.values()) + outcome.failed + outcome.unstarted
    read = [(prepared.landing_key, prepared.source.sha256), (prepared.migrated_key, prepared.migrated_sha256)]
    return Lineage(
        [_read(Place.of_object(prepared.bucket, key), _version(sha256)) for key, sha256 in read],
        [_written(Place.of_object(prepared.bucket, *files), {}, _Amount(rows, objects=len(files)))],
    )


def of_checks(table: Place, checks: Sequence[Check]) -> Lineage:
    """What was checked of the table's rows."""
    assertions = [
        data_quality_assertions_dataset.Assertion(
            assertion=one.name,
            success=one.passed,
            severity="error",
            description=one.told,
            expected=one.expected,
            actual=one.found,
        )
        for one in checks
    ]
    facet = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(assertions=assertions)
    return Lineage([_read(table, {}, more={"dataQualityAssertions": facet})], [])


def _read(
    place: Place,
    facets: Mapping[str, DatasetFacet],
    amount: _Amount = _Amount(),
    more: Mapping[str, InputDatasetFacet] | None = None,
) -> InputDataset:
    told: dict[str, InputDatasetFacet] = dict(more or {})
    if amount != _Amount():
        told["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=amount.rows, size=amount.bytes, fileCount=amount.objects
        )
    if place.objects:
        told["subset"] = base_subset_dataset.InputSubsetInputDatasetFacet(inputCondition=_objects(place))
    return InputDataset(place.namespace, place.name, facets=dict(facets), inputFacets=told)


def _written(place: Place, facets: Mapping[str, DatasetFacet], amount: _Amount) -> OutputDataset:
    told: dict[str, OutputDatasetFacet] = {}
    if amount != _Amount():
        told["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=amount.rows, size=amount.bytes, fileCount=amount.objects
        )
    if place.objects:
        told["subset"] = base_subset_dataset.OutputSubsetOutputDatasetFacet(outputCondition=_objects(place))
    return OutputDataset(place.namespace, place.name, facets=dict(facets), outputFacets=told)


def _objects(place: Place) -> base_subset_dataset.LocationSubsetCondition:
    return base_subset_dataset.LocationSubsetCondition(locations=list(place.objects))


def _version(sha256: str) -> dict[str, DatasetFacet]:
    return {"version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=sha256)}


def _schema(fields: Iterable[schema_dataset.SchemaDatasetFacetFields]) -> schema_dataset.SchemaDatasetFacet:
    return schema_dataset.SchemaDatasetFacet(fields=list(fields))


def _text(column: str) -> schema_dataset.SchemaDatasetFacetFields:
    return schema_dataset.SchemaDatasetFacetFields(column, "text")


def _made_of(
    place: Place, columns: Sequence[str], how: str = "", *, masks: bool = False
) -> column_lineage_dataset.Fields:
    """Tell of which columns a field is made; without a `how` it is the one column as it stands."""
    made = column_lineage_dataset.Transformation(
        type="DIRECT", subtype="TRANSFORMATION" if how else "IDENTITY", description=how or None, masking=masks
    )
    return column_lineage_dataset.Fields(
        inputFields=[
            column_lineage_dataset.InputField(place.namespace, place.name, column, [made]) for column in columns
        ]
    )
