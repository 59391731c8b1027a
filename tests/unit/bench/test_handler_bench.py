"""What the function is measured by: the profile's costs, and the sink's answers."""

import asyncio
import json
from random import Random
from typing import Any

import pytest

from bench.handler_profile import own_seconds
from bench.simulation.table import SimulatedTable
from bench.write_sink import KEY, Sink
from csvdynamo_airflow.planning.pace import TableSpeed

WRITE, SIGN, ISSPACE = ("/f/wire.py", 72, "write"), ("/f/auth.py", 9, "sign"), ("~", 0, "<method 'isspace' of 'str'>")


def test_a_function_of_c_costs_who_called_it() -> None:
    stats: dict[tuple[str, int, str], Any] = {
        WRITE: (1, 1, 2.0, 5.0, {}),
        SIGN: (1, 1, 1.0, 2.0, {WRITE: (1, 1, 1.0, 2.0)}),
        ISSPACE: (3, 3, 1.5, 1.5, {WRITE: (2, 2, 1.25, 1.25), SIGN: (1, 1, 0.25, 0.25)}),
        ("~", 0, "<built-in method exec>"): (1, 1, 0.5, 6.0, {}),
    }

    assert own_seconds(stats) == {
        "f/wire.py write, line 72": 3.25,
        "f/auth.py sign, line 9": 1.25,
        "built-in method exec": 0.5,
    }


class Wire(asyncio.Transport):
    """A connection's other end."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: Any) -> None:
        self.sent.append(bytes(data))


def answered(*pieces: bytes) -> list[Any]:
    wire, sink = Wire(), Sink()
    sink.connection_made(wire)
    for piece in pieces:
        sink.data_received(piece)
    return [json.loads(answer.partition(b"\r\n\r\n")[2]) for answer in wire.sent]


def post(operation: str, body: bytes) -> bytes:
    head = f"POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.{operation}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_the_sink_takes_items_in_pieces_of_a_request_and_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sink, "rows", 0)
    monkeypatch.setattr(Sink, "began", 0.0)
    request = post("BatchWriteItem", b'{"RequestItems": {"t": [{"PutRequest": {}}, {"PutRequest": {}}]}}')

    assert answered(request[:30], request[30:100], request[100:]) == [
        {"UnprocessedItems": {}, "ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 2.0}]}
    ]
    assert Sink.rows == 2


def test_the_sink_describes_its_table_by_the_key_and_counts_no_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sink, "rows", 0)
    monkeypatch.setattr(Sink, "began", 0.0)

    [description] = answered(post("DescribeTable", b'{"TableName": "t"}'))

    assert description["Table"]["KeySchema"] == [{"AttributeName": KEY, "KeyType": "HASH"}]
    assert Sink.rows == 0
    assert Sink.began == 0.0


def test_a_sink_that_throttles_leaves_the_last_items_unprocessed_and_charges_for_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Sink, "rows", 0)
    monkeypatch.setattr(Sink, "began", 0.0)
    monkeypatch.setattr(Sink, "throttling", SimulatedTable(TableSpeed(2, 2, "the sink"), 1.0, Random(0)))
    items = [{"PutRequest": {"Item": {KEY: {"S": str(number)}}}} for number in range(5)]

    [answer] = answered(post("BatchWriteItem", json.dumps({"RequestItems": {"t": items}}).encode()))

    [capacity] = answer["ConsumedCapacity"]
    left = answer["UnprocessedItems"]["t"]
    assert 0 < len(left) < 5
    assert left == items[-len(left) :]
    assert capacity == {"TableName": "t", "CapacityUnits": 5.0 - len(left)}
    assert Sink.rows == 5


def test_the_sink_tells_how_long_after_the_first_item_the_last_one_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sink, "began", 5.0)
    monkeypatch.setattr(Sink, "last", 7.5)

    assert answered(b"GET /seconds HTTP/1.1\r\n\r\n") == [2.5]
