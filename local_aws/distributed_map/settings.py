"""The fields of a Map state that say how its Map Run goes.

The fields: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import uuid
from dataclasses import dataclass
from typing import Any, Self

from local_aws.distributed_map.item_batcher import Batching
from local_aws.distributed_map.numbers import SettingError, decimal, whole
from local_aws.distributed_map.result_files import WriterConfig
from local_aws.distributed_map.scope import Scope
from local_aws.distributed_map.tolerance import Tolerance

_ALL_PERCENT = 100


@dataclass(frozen=True)
class Destination:
    """Where a ResultWriter exports to: a bucket, and a prefix without a slash at its end."""

    bucket: str
    prefix: str


@dataclass(frozen=True)
class Processor:
    """The workflow that each child execution runs.

    Attributes:
        states: its states by name.
        start_at: the name of the first.
        is_express: whether children are EXPRESS executions, without a history; else STANDARD.
        query_language: JSONPath or JSONata.
    """

    states: dict[str, Any]
    start_at: str
    is_express: bool
    query_language: str

    @classmethod
    def from_definition(cls, iterator: dict[str, Any], default_language: str) -> Self:
        """The processor of a Map state's ItemProcessor (or, in old definitions, Iterator)."""
        config = iterator.get("ProcessorConfig") or {}
        return cls(
            states=iterator.get("States", {}),
            start_at=iterator.get("StartAt", ""),
            is_express=config.get("ExecutionType") == "EXPRESS",
            query_language=iterator.get("QueryLanguage", default_language),
        )


@dataclass(frozen=True)
class MapSettings:
    """A Map state's settings, its paths and expressions resolved.

    Attributes:
        label: the Map Run's part of the ARNs.
        max_concurrency: the most children at once; 0 for no limit.
        tolerance: the failures that it may have.
        batching: how items are gathered; None for one child an item.
        destination: where results are exported; None for a result in the state's output.
        writer: how results are written.
        max_items: the most items that are read; 0 for no limit.
    """

    label: str
    max_concurrency: int
    tolerance: Tolerance
    batching: Batching | None
    destination: Destination | None
    writer: WriterConfig
    max_items: int

    @classmethod
    def from_scope(cls, scope: Scope) -> Self:
        """The settings of the Map state that has been entered.

        Raises:
            SettingError: one of them cannot be used.
        """
        destination = _destination(scope)
        return cls(
            label=scope.definition.get("Label") or str(uuid.uuid4()),
            max_concurrency=max_concurrency(scope),
            tolerance=_tolerance(scope),
            batching=_batching(scope),
            destination=destination,
            writer=_writer(scope, exported=destination is not None),
            max_items=_max_items(scope),
        )


def max_concurrency(scope: Scope) -> int:
    """The most children at once; 0 for no limit.

    Raises:
        SettingError: it is no whole number.
    """
    return whole(scope, "MaxConcurrency") or 0


def _tolerance(scope: Scope) -> Tolerance:
    count = whole(scope, "ToleratedFailureCount")
    if count is not None and count < 0:
        raise SettingError("ToleratedFailureCount cannot be negative.")
    percentage = decimal(scope, "ToleratedFailurePercentage")
    if percentage is not None and not 0 <= percentage <= _ALL_PERCENT:
        raise SettingError(f"ToleratedFailurePercentage must be between 0 and {_ALL_PERCENT}.")
    return Tolerance(count, percentage)


def _max_items(scope: Scope) -> int:
    return whole(scope, "MaxItems", (scope.definition.get("ItemReader") or {}).get("ReaderConfig") or {}) or 0


def _batching(scope: Scope) -> Batching | None:
    batcher = scope.definition.get("ItemBatcher")
    if batcher is None:
        return None
    return Batching(
        max_items=whole(scope, "MaxItemsPerBatch", batcher),
        max_bytes=whole(scope, "MaxInputBytesPerBatch", batcher),
        batch_input=scope.resolve(batcher["BatchInput"]) if "BatchInput" in batcher else None,
    )


def _destination(scope: Scope) -> Destination | None:
    writer = scope.definition.get("ResultWriter") or {}
    if not writer.get("Resource"):
        return None
    arguments = scope.arguments(writer)
    return Destination(str(arguments.get("Bucket")), str(arguments.get("Prefix") or "").strip("/"))


def _writer(scope: Scope, *, exported: bool) -> WriterConfig:
    config = (scope.definition.get("ResultWriter") or {}).get("WriterConfig") or {}
    # The documented defaults: whole records in S3, outputs alone in the state's output.
    return WriterConfig(
        transformation=config.get("Transformation") or ("NONE" if exported else "COMPACT"),
        output_type=config.get("OutputType") or "JSON",
    )
