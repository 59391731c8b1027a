"""A file's run in this process: download and prepare, ItemBatcher's batches, the function's handler, a counting table.

The table is the embedded AWS's own DynamoDB, which sizes items and indexes by itself: what a write costs is its word.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ministack.services import dynamodb

import migrate_batch
from csvdynamo.aws.backoff import Backoff
from csvdynamo.aws.batch_write import request_body
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.rejects import Reject
from csvdynamo.records.result_files import BatchAnswer
from csvdynamo.rules.keys import KeyType, TableKey
from csvdynamo.rules.rows import RowConverter
from csvdynamo.writing.fence import Fence
from csvdynamo.writing.names import Names
from csvdynamo.writing.turn import Holder, turn_key
from csvdynamo_airflow.documents.prepared import Prepared
from local_aws.distributed_map.csv_reader import CsvFormat, read_items
from local_aws.distributed_map.item_batcher import Batching, batches
from tests.hostile.in_process import BUCKET, MemoryBucket, prepare_bytes


class Table:
    """The table of a data set, and the door to it."""

    def __init__(self, dataset: Dataset) -> None:
        """Make it, as the stack does."""
        rules, self.name = dataset.rules, dataset.table.name
        types = _types(rules.key)
        indexes = []
        for index in rules.indexes:
            types |= _types(rules.key_of(index))
            projection = _projection(dataset.table.index[index.name].projection)
            indexes.append(
                {"IndexName": index.name, "KeySchema": _schema(rules.key_of(index)), "Projection": projection}
            )
        asked = {
            "TableName": self.name,
            "KeySchema": _schema(rules.key),
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
            "BillingMode": "PAY_PER_REQUEST",
        }
        _call("CreateTable", json.dumps({**asked, "GlobalSecondaryIndexes": indexes} if indexes else asked).encode())

    def put(self, table: str, calls: Sequence[Sequence[str]]) -> list[Mapping[str, Any] | Exception]:
        """Write the items of each call, one call after another."""
        return [_call("BatchWriteItem", request_body(table, items)) for items in calls]

    def ask(self, operation: str, bodies: Iterable[bytes]) -> list[Mapping[str, Any] | Exception]:
        """Make calls, one after another."""
        return [_call(operation, body) for body in bodies]

    def count(self) -> int:
        """Count its items."""
        asked: dict[str, Any] = {"TableName": self.name, "Select": "COUNT"}
        pages = [_call("Scan", json.dumps(asked).encode())]
        while "LastEvaluatedKey" in pages[-1]:
            asked["ExclusiveStartKey"] = pages[-1]["LastEvaluatedKey"]
            pages.append(_call("Scan", json.dumps(asked).encode()))
        return sum(page["Count"] for page in pages)


def _types(key: TableKey) -> dict[str, KeyType]:
    return {part.name: part.type for part in key.attributes}


def _schema(key: TableKey) -> list[dict[str, str]]:
    kinds = zip(key.attributes, ("HASH", "RANGE"), strict=False)
    return [{"AttributeName": part.name, "KeyType": kind} for part, kind in kinds]


def _projection(projection: str | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(projection, str):
        return {"ProjectionType": {"all": "ALL", "keys": "KEYS_ONLY"}[projection]}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(projection)}


def _call(operation: str, body: bytes) -> Any:
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    status, _, answer = asyncio.run(dynamodb.handle_request("POST", "/", headers, body, {}))
    assert status == 200, answer
    return json.loads(answer)


@dataclass
class Stream:
    """Firehose's client, which takes every record."""

    lines: list[bytes] = field(default_factory=list)

    def put_record_batch(self, **asked: Any) -> Any:
        """Take records."""
        self.lines += [record["Data"] for record in asked["Records"]]
        return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}] * len(asked["Records"])}


@dataclass(frozen=True)
class WholeRun:
    """What a run did.

    Attributes:
        prepared: What prepare returned.
        answers: The function's, of each batch.
        rejects: The records that Firehose got.
        items: Items of the table.
    """

    prepared: Prepared
    answers: Sequence[BatchAnswer]
    rejects: Sequence[Reject]
    items: int


def run_file(content: bytes, dataset: Dataset, folder: Path) -> WholeRun:
    """Migrate a file's bytes into a new table.

    Args:
        content: The file.
        dataset: The data set.
        folder: Where the tasks may work.

    Raises:
        MigrationError: The file cannot be migrated; the message says why.
    """
    s3: Any = MemoryBucket()
    prepared = prepare_bytes(content, dataset, folder, s3)
    turn = turn_key(dataset.name)
    s3.put_object(Key=turn, Body=Holder(prepared.execution_name, prepared.execution_name).to_json().encode())
    table, stream = Table(dataset), Stream()
    env = migrate_batch.Environment(
        converter=RowConverter(dataset.rules),
        door=table,
        table_name=table.name,
        firehose=stream,
        stream_name="errors",
        fence=Fence(s3, BUCKET, turn),
        names=Names(s3, BUCKET, dataset.name),
    )
    carried = {
        "execution_name": prepared.execution_name,
        "rules": prepared.file_header.told_rules(dataset.rules.digest),
    }
    limits = dataset.limits
    batching = Batching(limits.rows_per_batch, limits.max_input_bytes_per_batch, carried)
    answers = [
        migrate_batch.migrate_batch(json.loads(batch.body), env, Backoff())
        for batch in batches(read_items(s3.objects[prepared.file_key], CsvFormat()), batching)
    ]
    return WholeRun(prepared, answers, [Reject.from_json(line) for line in stream.lines], table.count())
