"""The items of a Map state: from its input, or from S3 by its ItemReader."""

import itertools
from collections.abc import Iterator
from typing import Any

from local_aws.access.executions import require
from local_aws.access.principals import object_arn
from local_aws.distributed_map.csv_reader import CsvError, CsvFormat, RepeatedHeaderError, read_items
from local_aws.distributed_map.scope import Scope
from local_aws.ministack_internals import execution_error, get_object, stepfunctions

MOST_ITEMS = 100_000_000
"""A Distributed Map reads no item past it."""

_FAILED = "States.ItemReaderFailed"


def selected_items(scope: Scope, max_items: int) -> Iterator[Any]:
    """Yield the items as child executions see them, after ItemSelector.

    Args:
        scope: the Map state.
        max_items: the most items that its ItemReader gives; 0 for no limit but `MOST_ITEMS`.

    Raises:
        States.ItemReaderFailed: the object does not exist, or breaks a rule of its format, or `max_items` is negative.
    """
    selector = scope.definition.get("ItemSelector") or scope.definition.get("Parameters")
    items = _items(scope, max_items)
    if not selector:
        return items
    return (_select(scope, selector, index, item) for index, item in enumerate(items))


def _select(scope: Scope, selector: Any, index: int, item: Any) -> Any:
    return scope.resolve(selector, scope.context | {"Map": {"Item": {"Index": index, "Value": item}}})


def read_limit(max_items: int) -> int:
    """How many items an ItemReader reads whose ``MaxItems`` is so many, 0 for none."""
    return min(max_items or MOST_ITEMS, MOST_ITEMS)


def items_known_at_start(scope: Scope) -> int:
    """How many items the history says there are when the state starts: none yet of those that an ItemReader reads."""
    return 0 if scope.definition.get("ItemReader") else len(_input_items(scope))


def _items(scope: Scope, max_items: int) -> Iterator[Any]:
    reader = scope.definition.get("ItemReader")
    if not reader:
        return iter(_input_items(scope))
    if max_items < 0:
        raise execution_error(_FAILED, "field MaxItems must be positive")
    config = reader.get("ReaderConfig") or {}
    is_csv_object = config.get("InputType") == "CSV" and reader.get("Resource", "").endswith("s3:getObject")
    items = _csv_items(scope, reader, config) if is_csv_object else iter(_other_items(scope, reader, config))
    return itertools.islice(items, read_limit(max_items))


def _other_items(scope: Scope, reader: dict[str, Any], config: dict[str, Any]) -> list[Any]:
    """The items of JSON, of lines of JSON or of a bucket's listing, as MiniStack reads them."""
    whole_config = {name: value for name, value in config.items() if name not in ("MaxItems", "MaxItemsPath")}
    resolved = {
        "Resource": reader.get("Resource", ""),
        "ReaderConfig": whole_config,
        "Parameters": scope.arguments(reader),
    }
    try:
        items = stepfunctions.read_map_items(resolved, scope.effective, scope.context)
    except (ValueError, LookupError, TypeError) as error:
        raise execution_error(_FAILED, f"Unable to read the items: {error}") from error
    if not isinstance(items, list):
        raise execution_error(_FAILED, "Attempting to map over non-iterable node.")
    return items


def _input_items(scope: Scope) -> list[Any]:
    if scope.is_jsonata and "Items" in scope.definition:
        items = scope.resolve(scope.definition["Items"])
    else:
        path = scope.definition.get("ItemsPath", "$")
        items = stepfunctions.resolve_path_or_ctx(path, scope.effective, scope.context)
    return items if isinstance(items, list) else [items]


def _csv_items(scope: Scope, reader: dict[str, Any], config: dict[str, Any]) -> Iterator[dict[str, str]]:
    arguments = scope.arguments(reader)
    bucket, key = str(arguments.get("Bucket")), str(arguments.get("Key"))
    require("s3:GetObject", object_arn(bucket, key), error=_FAILED)
    body = get_object(bucket, key)
    if body is None:
        raise execution_error(_FAILED, f"Unable to read s3://{bucket}/{key}: the bucket or the key does not exist.")
    try:
        yield from read_items(body, CsvFormat.from_reader_config(config))
    except RepeatedHeaderError as error:
        raise execution_error(_FAILED, str(error)) from error  # word for word what Step Functions says
    except CsvError as error:
        raise execution_error(_FAILED, f"Unable to read s3://{bucket}/{key}: {error}") from error
