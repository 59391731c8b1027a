"""The client that deletes takes no answer for one that says that items are gone, unless it is what DynamoDB sent."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any
from zlib import crc32

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ChecksumError

from csvdynamo.aws.backoff import Backoff
from csvdynamo.aws.clients import batch_write
from csvdynamo.errors import WriteDeadlineExceeded
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.writing.batch import Deleted
from csvdynamo.writing.deleter import Deleter
from csvdynamo.writing.table_items import TableItems

TABLE = "tb_cars"
GONE = {
    "Responses": {TABLE: []},
    "UnprocessedKeys": {},
    "ConsumedCapacity": [{"TableName": TABLE, "CapacityUnits": 0.5}],
}


class _Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> Any:
        yield self.body


def answering(client: Any, document: object, checksum: int | None = None) -> Any:
    """Let a client have one answer for every call."""
    body = json.dumps(document).encode()
    headers: Any = {"x-amz-crc32": str(crc32(body) if checksum is None else checksum)}
    client.meta.events.register("before-send.dynamodb", lambda **_: AWSResponse("", 200, headers, _Raw(body)))
    return client


@pytest.fixture
def client(aws: None, load_handler: Callable[[str], ModuleType]) -> Any:
    return load_handler("migrate_batch").dynamodb()


def delete(client: Any) -> Deleted:
    key = TableKey(KeyAttribute("id"))
    deleter = Deleter(TableItems(client, batch_write(), TABLE, key), Backoff(sleep=lambda _: None, tries=2))
    return deleter.delete([Deletion(1, "a", ("d1",))])


def test_an_item_is_gone_that_is_not_among_those_read(client: Any) -> None:
    assert delete(answering(client, GONE)) == Deleted(1, ())


def test_an_answer_that_is_not_what_was_sent_says_of_no_item_that_it_is_gone(client: Any) -> None:
    with pytest.raises(WriteDeadlineExceeded) as raised:
        delete(answering(client, GONE, checksum=1))
    assert isinstance(raised.value.__cause__, ChecksumError)
