"""Items taken from Scan's JSON as they are, held against what botocore itself makes of the same answer."""

import json
from collections.abc import Callable
from typing import Any
from zlib import crc32

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ChecksumError, ClientError
from hypothesis import example, given
from hypothesis import strategies as st

from csvdynamo.answer_checksum import check_answers
from csvdynamo_airflow.table.scan_answers import take_items_as_they_are


class Body:
    """What urllib3 would have read."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [self._content]


def scanned(content: bytes, *prepare: Callable[[Any], None], status: int = 200, **headers: str) -> Any:
    """What a client answers to a scan whose answer has this body."""
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    for each in prepare:
        each(client)
    answer = AWSResponse("https://dynamodb", status, headers, Body(content))
    client.meta.events.register("before-send.dynamodb", lambda **_: answer)
    return client.scan(TableName="cars")


@pytest.fixture(scope="module", autouse=True)
def one_client() -> Any:
    """Making a client takes longer than all that is tested here: its parts are kept."""
    boto3.setup_default_session()
    yield
    boto3.DEFAULT_SESSION = None


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


@given(items=ITEMS, rest=REST)
@example(items=[{"id": {"S": "A_1"}}], rest={})
@example(items=[{"id": {"S": "A_1"}, "blob": {"B": "/w=="}}], rest={"Count": 1})
@example(items=[{"id": {"S": "A_1"}, "none": {"S": None}}], rest={"Count": 1})
def test_an_answer_reads_as_botocore_itself_reads_it(items: list[Any], rest: dict[str, Any]) -> None:
    content = json.dumps({**rest, "Items": items}).encode()

    assert scanned(content, take_items_as_they_are) == scanned(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"<html>", b'{"Items":null}', b'{"Items":{"a":{"S":"x"}}}', b'{"Count":3}', b'{"Items":[]}'],
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
    parsed: list[Any] = []

    def look(client: Any) -> None:
        client.meta.events.register_last(
            "before-parse.dynamodb", lambda response_dict, **_: parsed.append(json.loads(response_dict["body"]))
        )

    document = {"Items": [{"id": {"S": "A_1"}, "blob": value}], "Count": 1}
    scanned(json.dumps(document).encode(), take_items_as_they_are, look)

    assert parsed == [document if is_left else {"Count": 1}]


def test_an_error_is_an_error() -> None:
    content = b'{"__type": "com.amazonaws#ResourceNotFoundException", "message": "no such table", "Items": []}'

    with pytest.raises(ClientError, match="no such table"):
        scanned(content, take_items_as_they_are, status=400)


@pytest.mark.parametrize("prepare", [(check_answers, take_items_as_they_are), (take_items_as_they_are, check_answers)])
def test_the_checksum_is_held_against_the_whole_answer(prepare: tuple[Callable[[Any], None], ...]) -> None:
    content = b'{"Items": [{"id": {"S": "A_1"}}], "Count": 1}'

    assert scanned(content, *prepare, **{"x-amz-crc32": str(crc32(content))})["Items"] == [{"id": {"S": "A_1"}}]
    with pytest.raises(ChecksumError):
        scanned(content, *prepare, **{"x-amz-crc32": str(crc32(content) ^ 1)})
