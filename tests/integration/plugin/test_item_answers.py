"""Items taken from an answer's JSON as they are, held against what botocore itself makes of the same answer."""

import functools
import json
from collections.abc import Callable
from typing import Any
from zlib import crc32

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ChecksumError, ClientError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csvdynamo.aws.answer_checksum import check_answers
from csvdynamo.aws.item_answers import take_items_as_they_are
from csvdynamo_airflow.tasks import connections


class Body:
    """What urllib3 would have read."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [self._content]


@functools.cache
def made(*prepare: Callable[[Any], None]) -> Any:
    """A client; making one takes longer than all that is tested here."""
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    for each in prepare:
        each(client)
    return client


def asked(client: Any, content: bytes, *, by_keys: bool = False, status: int = 200, **headers: str) -> Any:
    """What a client answers to a scan, or to a question for keys, whose answer has this body."""

    def answer(**_: Any) -> AWSResponse:
        return AWSResponse("https://dynamodb", status, headers, Body(content))

    client.meta.events.register("before-send.dynamodb", answer)
    try:
        return client.batch_get_item(RequestItems=KEYS) if by_keys else client.scan(TableName="cars")
    finally:
        client.meta.events.unregister("before-send.dynamodb", answer)


def scanned(content: bytes, *prepare: Callable[[Any], None], status: int = 200, **headers: str) -> Any:
    return asked(made(*prepare), content, status=status, **headers)


def got(content: bytes, *prepare: Callable[[Any], None]) -> Any:
    return asked(made(*prepare), content, by_keys=True)


KEYS = {"cars": {"Keys": [{"id": {"S": "A_1"}}]}}


PLAIN = st.one_of(
    st.text().map(lambda text: {"S": text}),
    st.integers().map(lambda number: {"N": str(number)}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
)
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        {},
        {"B": "/w=="},
        {"SS": ["a", "b"]},
        {"NS": ["1"]},
        {"BS": ["/w==", ""]},
        {"L": [{"B": "AA=="}, {"S": "x"}]},
        {"M": {"a": {"B": "AA=="}, "b": {"L": []}}},
        {"S": None},
        {"S": None, "N": "1"},
        {"S": "both", "N": "1"},
        {"S": 5},
        {"BOOL": "true"},
        {"NEW": "a type of next year"},
    ]
)
NAMES = st.text(min_size=1) | st.sampled_from(["B", "S", "Items", "Count"])
ITEMS = st.lists(st.dictionaries(NAMES, PLAIN) | st.dictionaries(NAMES, PLAIN | ODD), max_size=4)
REST = st.fixed_dictionaries(
    {},
    optional={
        "Count": st.integers(0, 9),
        "ScannedCount": st.integers(0, 9),
        "LastEvaluatedKey": st.dictionaries(NAMES, PLAIN | ODD, max_size=2),
        "ConsumedCapacity": st.just({"TableName": "cars", "CapacityUnits": 1.5}),
        "Unknown": st.just([{"B": "/w=="}]),
    },
)


@settings(deadline=None)
@given(items=ITEMS, rest=REST)
@example(items=[{"id": {"S": "A_1"}}], rest={})
@example(items=[{"id": {"S": "A_1"}, "blob": {"B": "/w=="}}], rest={"Count": 1})
@example(items=[{"id": {"S": "A_1"}, "none": {"S": None}}], rest={"Count": 1})
def test_an_answer_reads_as_botocore_itself_reads_it(items: list[Any], rest: dict[str, Any]) -> None:
    content = json.dumps({**rest, "Items": items}).encode()

    assert scanned(content, take_items_as_they_are) == scanned(content)


UNREAD = st.fixed_dictionaries({}, optional={"UnprocessedKeys": st.sampled_from([{}, KEYS, None, {"cars": {}}])})


@settings(deadline=None)
@given(tables=st.dictionaries(st.sampled_from(["cars", "Items"]), ITEMS, max_size=2), rest=UNREAD)
@example(tables={"cars": [{"id": {"S": "A_1"}}]}, rest={"UnprocessedKeys": {}})
@example(tables={"cars": [{"id": {"S": "A_1"}}], "vans": [{"blob": {"B": "/w=="}}]}, rest={})
def test_an_answer_by_keys_reads_as_botocore_itself_reads_it(tables: dict[str, Any], rest: dict[str, Any]) -> None:
    content = json.dumps({"Responses": tables, **rest}).encode()

    assert got(content, take_items_as_they_are) == got(content)


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b'{"Items":[]}',
        b'{"Responses":null}',
        b'{"Responses":{}}',
        b'{"Responses":[]}',
        b'{"Responses":[{"id":{"S":"A_1"}}]}',
        b'{"Responses":{"cars":null}}',
        b'{"Responses":{"cars":{}}}',
        b'{"Responses":{"cars":["A_1"]}}',
    ],
    ids=bytes.decode,
)
def test_what_is_no_answer_by_keys_is_left_to_botocore(content: bytes) -> None:
    def read(*prepare: Callable[[Any], None]) -> Any:
        try:
            return got(content, *prepare)
        except Exception as error:
            return repr(error)

    assert read(take_items_as_they_are) == read()


def test_items_by_keys_of_plain_values_alone_are_spared_botocores_walk() -> None:
    answers = [{"Responses": {"cars": [{"id": value}]}, "Left": {}} for value in ({"S": "B"}, {"B": "/w=="})]
    parsed: list[Any] = []

    def looked_at(client: Any) -> None:
        look(client, parsed)

    for answer in answers:
        got(json.dumps(answer).encode(), take_items_as_they_are, looked_at)

    assert parsed == [{"Left": {}}, answers[1]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"<html>",
        b'{"Count":3}',
        b'{"Items":null}',
        b'{"Items":[]}',
        b'{"Items":["A_1"]}',
        b'{"Items":[{"id":"A_1"}]}',
        b'{"Items":{"id":{"S":"A_1"}}}',
    ],
    ids=bytes.decode,
)
def test_what_is_no_page_is_left_to_botocore(content: bytes) -> None:
    def read(*prepare: Callable[[Any], None]) -> Any:
        try:
            return scanned(content, *prepare)
        except Exception as error:
            return repr(error)

    assert read(take_items_as_they_are) == read()


@pytest.mark.parametrize(("value", "is_left"), [({"S": "B"}, False), ({"B": "/w=="}, True)])
def test_items_of_plain_values_alone_are_spared_botocores_walk(value: dict[str, str], is_left: bool) -> None:
    document = {"Items": [{"id": {"S": "A_1"}, "blob": value}], "Count": 1}
    parsed: list[Any] = []

    scanned(json.dumps(document).encode(), take_items_as_they_are, lambda client: look(client, parsed))

    assert parsed == [document if is_left else {"Count": 1}]


def test_the_tasks_client_spares_it_and_holds_answers_to_their_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", CONNECTION)
    client, parsed = connections.client("dynamodb"), []
    look(client, parsed)

    asked(client, b'{"Items": [{"id": {"S": "A_1"}}], "Count": 1}')

    assert parsed == [{"Count": 1}]
    with pytest.raises(ChecksumError):
        asked(connections.client("dynamodb"), b'{"Items": []}', **{"x-amz-crc32": "1"})


CONNECTION = json.dumps(
    {"conn_type": "aws", "login": "test", "password": "test", "extra": {"region_name": "us-east-1"}}
)


def look(client: Any, parsed: list[Any]) -> None:
    """Take down what is left for botocore to parse."""
    client.meta.events.register_last(
        "before-parse.dynamodb", lambda response_dict, **_: parsed.append(json.loads(response_dict["body"]))
    )


def test_an_error_is_an_error() -> None:
    content = b'{"__type": "com.amazonaws#ResourceNotFoundException", "message": "no such table", "Items": []}'

    with pytest.raises(ClientError, match="no such table") as caught:
        scanned(content, take_items_as_they_are, status=400)
    assert "Items" not in caught.value.response


@pytest.mark.parametrize("prepare", [(check_answers, take_items_as_they_are), (take_items_as_they_are, check_answers)])
def test_the_checksum_is_held_against_the_whole_answer(prepare: tuple[Callable[[Any], None], ...]) -> None:
    content = b'{"Items": [{"id": {"S": "A_1"}}], "Count": 1}'

    assert scanned(content, *prepare, **{"x-amz-crc32": str(crc32(content))})["Items"] == [{"id": {"S": "A_1"}}]
    with pytest.raises(ChecksumError):
        scanned(content, *prepare, **{"x-amz-crc32": str(crc32(content) ^ 1)})
