"""The items of a Map state: from its input, or from S3 by its ItemReader."""

import itertools
from collections.abc import Iterator
from typing import Any

from local_aws.access.executions import require
from local_aws.access.principals import object_arn
from local_aws.distributed_map.csv_reader import CsvError, CsvFormat, read_items
from local_aws.distributed_map.scope import Scope
from local_aws.ministack_internals import execution_error, get_object, stepfunctions


def selected_items(scope: Scope) -> Iterator[Any]:
    """Yield the items as child executions see them, after ItemSelector.

    Raises:
        States.ItemReaderFailed: the object does not exist, or breaks a rule of its format.
    """
    selector = scope.definition.get("ItemSelector") or scope.definition.get("Parameters")
    items = _items(scope)
    if not selector:
        return items
    return (_select(scope, selector, index, item) for index, item in enumerate(items))


def _select(scope: Scope, selector: Any, index: int, item: Any) -> Any:
    return scope.resolve(selector, scope.context | {"Map": {"Item": {"Index": index, "Value": item}}})


def _items(scope: Scope) -> Iterator[Any]:
    reader = scope.definition.get("ItemReader")
    if not reader:
        return iter(_input_items(scope))
    config = reader.get("ReaderConfig") or {}
    if config.get("InputType") == "CSV" and reader.get("Resource", "").endswith("s3:getObject"):
        limit = scope.field("MaxItems", config)
        return itertools.islice(_csv_items(scope, reader, config), int(limit) if limit else None)
    return iter(stepfunctions._read_map_items(reader, scope.effective, scope.context))


def _input_items(scope: Scope) -> list[Any]:
    if scope.is_jsonata and "Items" in scope.definition:
        items = scope.resolve(scope.definition["Items"])
    else:
        path = scope.definition.get("ItemsPath", "$")
        items = stepfunctions._resolve_path_or_ctx(path, scope.effective, scope.context)
    return items if isinstance(items, list) else [items]


def _csv_items(scope: Scope, reader: dict[str, Any], config: dict[str, Any]) -> Iterator[dict[str, str]]:
    arguments = scope.arguments(reader)
    bucket, key = str(arguments.get("Bucket")), str(arguments.get("Key"))
    require("s3:GetObject", object_arn(bucket, key), error="States.ItemReaderFailed")
    body = get_object(bucket, key)
    if body is None:
        raise execution_error(
            "States.ItemReaderFailed", f"Unable to read s3://{bucket}/{key}: the bucket or the key does not exist."
        )
    try:
        yield from read_items(body, CsvFormat.from_reader_config(config))
    except CsvError as error:
        raise execution_error("States.ItemReaderFailed", f"Unable to read s3://{bucket}/{key}: {error}") from error
