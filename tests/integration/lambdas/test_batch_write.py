"""The function's calls of BatchWriteItem are botocore's: its bytes, its signature, its way, its answers and errors."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ChecksumError, ClientError, NoCredentialsError
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.aws.aws_errors import is_failed_condition, is_retryable, validation_message
from csvdynamo.aws.batch_write import BatchWrite, request_body
from csvdynamo.aws.clients import batch_write, client, session
from csvdynamo.aws.kept_connections import Endpoint, KeptConnections
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.rules.attribute_values import item_size
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from csvdynamo.rules.wire_items import item_text, may_hold_half_a_pair, value_text
from csvdynamo.writing.table_items import TableItems
from tests.support.kept_server import Asked, serve_kept

RULES = load_dataset(Path(__file__).parents[3] / "datasets" / "ev_population.toml").rules
DYNAMODB = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="AKID", aws_secret_access_key="SECRET")
OPERATION = DYNAMODB.meta.service_model.operation_model("BatchWriteItem")
SERIALIZER = create_serializer("json", include_validation=True)
NOWHERE = KeptConnections(Endpoint("http://127.0.0.1:1", "", {}, 1, 1))
ALL_DONE: dict[str, Any] = {"UnprocessedItems": {}, "ConsumedCapacity": [{"TableName": "cars", "CapacityUnits": 1.0}]}


def botocores_body(table: str, items: list[Any]) -> bytes:
    requests = [{"PutRequest": {"Item": item}} for item in items]
    asked = {"RequestItems": {table: requests}, "ReturnConsumedCapacity": "TOTAL"}
    body: bytes = SERIALIZER.serialize_to_request(asked, OPERATION)["body"]
    return body


_TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", " ", '"\\\u2028', "\ud7ff \U0001f697", "half \udfff", "a/b\x7f\x00"]
)
_NUMBERS = st.integers().map(str) | st.sampled_from(["-0.5", "1E-130"])
_BYTES = st.binary(max_size=9)
_PLAIN_VALUES = st.one_of(
    st.fixed_dictionaries({"S": _TEXTS}),
    st.fixed_dictionaries({"N": _NUMBERS}),
    st.fixed_dictionaries({"BOOL": st.booleans()}),
    st.fixed_dictionaries({"NULL": st.just(True)}),
    st.fixed_dictionaries({"B": _BYTES}),
    st.fixed_dictionaries({"SS": st.lists(_TEXTS, max_size=3)}),
    st.fixed_dictionaries({"NS": st.lists(_NUMBERS, max_size=3)}),
    st.fixed_dictionaries({"BS": st.lists(_BYTES, max_size=3)}),
)
VALUES = st.recursive(
    _PLAIN_VALUES,
    lambda inner: (
        st.fixed_dictionaries({"L": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"M": st.dictionaries(_TEXTS, inner, max_size=3)})
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(_TEXTS.filter(bool), VALUES, max_size=5), st.integers(1, 3))
def test_the_bytes_of_every_value_are_those_of_botocores_serializer(item: dict[str, Any], count: int) -> None:
    text = "{" + ", ".join(f"{json.dumps(name)}: {value_text(value)}" for name, value in item.items()) + "}"

    assert request_body("cars.x-y_z", [text] * count) == botocores_body("cars.x-y_z", [item] * count)
    try:
        assert item_size(item) <= len(text)
    except UnicodeEncodeError:
        assert may_hold_half_a_pair(text)


@settings(deadline=None)
@given(
    st.dictionaries(_TEXTS.filter(bool), VALUES, max_size=5), st.none() | st.dictionaries(_TEXTS, VALUES, max_size=3)
)
def test_a_change_of_one_item_asks_for_what_botocores_serializer_writes(item: Any, over: Any) -> None:
    item, over = {**item, "id": {"S": "1"}}, None if over is None else {**over, "id": {"S": "1"}}
    items = TableItems(DYNAMODB, BatchWrite(DYNAMODB, None, NOWHERE), "cars", TableKey(KeyAttribute("id")))

    for change, what in (
        (items.put(item_text(item), over), {"Item": item}),
        (items.delete(item), {"Key": {"id": {"S": "1"}}}),
    ):
        there = over if "Item" in what else item
        held = sorted({*(there or ())} - {"id"})
        asked: dict[str, Any] = {
            "TableName": "cars",
            **what,
            "ConditionExpression": "attribute_not_exists(#k)"
            if there is None
            else " AND ".join(["attribute_exists(#k)", *(f"#{place} = :{place}" for place in range(len(held)))]),
            "ExpressionAttributeNames": {"#k": "id", **{f"#{place}": name for place, name in enumerate(held)}},
            "ReturnConsumedCapacity": "TOTAL",
        }
        if held:
            asked["ExpressionAttributeValues"] = {f":{place}": there[name] for place, name in enumerate(held)}
        operation = DYNAMODB.meta.service_model.operation_model(change.operation)
        assert json.loads(change.body) == json.loads(SERIALIZER.serialize_to_request(asked, operation)["body"])


_EVERY_TYPE = tuple(Column(kind.value, type=kind) for kind in ColumnType)
_CONVERTER = RowConverter(replace(RULES, columns=(*RULES.columns, *_EVERY_TYPE), blank=frozenset({"NA"})))
_CELLS: dict[ColumnType, st.SearchStrategy[str]] = {
    ColumnType.NUMBER: _NUMBERS,
    ColumnType.BOOLEAN: st.sampled_from(["true", "False"]),
    ColumnType.DATE: st.just("2018-01-28"),
    ColumnType.TIMESTAMP: st.just("2018-01-28T05:03:00Z"),
    ColumnType.SET: st.lists(st.sampled_from("abé"), min_size=1, unique=True).map(";".join),
    ColumnType.NUMBER_SET: st.just("1;2.50"),
    ColumnType.JSON: st.just('{"a": [1, "\\u00e9", null, true, {"b": {}}]}'),
    ColumnType.BINARY: _BYTES.map(lambda held: base64.b64encode(held).decode()),
}
_ROWS = st.fixed_dictionaries(
    {"_row": st.just("7"), "DOL Vehicle ID": _TEXTS, "Make": _TEXTS, "É \U0001f697": _TEXTS, "Model Year": _NUMBERS}
    | {kind.value: st.just("NA") | _CELLS.get(kind, _TEXTS) | _TEXTS for kind in ColumnType}
)


@settings(deadline=None)
@given(_ROWS)
def test_a_row_is_written_as_botocore_would_write_its_item_or_refused_alike(row: dict[str, str]) -> None:
    item, written = _CONVERTER.convert(row), _CONVERTER.wire_item(row)

    if isinstance(item, Refusal) or isinstance(written, Refusal):
        assert written == item
    else:
        assert request_body("cars", [written.text]) == botocores_body("cars", [item])
        assert written.key == item["dol_vehicle_id"]["S"]


def answered(document: Any, status: str = "200 OK", *headers: str) -> bytes:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", f"x-amz-crc32: {crc32(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the variables that botocore reads, and forgets the session that has read others."""

    def given_these(**variables: str) -> None:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        told = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_DEFAULT_REGION": "eu-west-2"}
        for name, value in {**told, **variables}.items():
            monkeypatch.setenv(name, value)
        session.cache_clear()

    return given_these


def put(answers: list[bytes], environment: Callable[..., None], *calls: list[str], **variables: str) -> Any:
    """Make calls to a server that gives these answers, as a function would; return what it gave and was asked."""
    left = iter(answers)
    with serve_kept(lambda _: next(left)) as server:
        environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://127.0.0.1:{server.port}", **variables)
        given_back = batch_write().put("cars", calls or [['{"id": {"S": "1"}}']])
    return given_back, server.asked


def authorization_by_botocore(asked: Asked, region: str, token: str | None = None) -> Any:
    """Sign a request that came once more, with botocore."""
    headers = {name: value for name, value in asked.headers.items() if name not in ("authorization", "content-length")}
    request = AWSRequest("POST", f"http://{asked.headers['host']}{asked.target}", headers=headers, data=asked.body)
    at = asked.headers["x-amz-date"]

    class AtThatTime(SigV4Auth):
        def _modify_request_before_signing(self, request: Any) -> None:
            request.context["timestamp"] = at

    AtThatTime(Credentials("AKID", "SECRET", token), "dynamodb", region).add_auth(request)
    return request.headers["Authorization"]


@pytest.mark.parametrize("token", [None, "a+session/token=="])
def test_a_request_is_signed_as_botocore_signs_what_came(environment: Any, token: str | None) -> None:
    variables = {"AWS_SESSION_TOKEN": token} if token else {}

    given_back, [asked] = put(
        [answered(ALL_DONE)], environment, ['{"id": {"S": "é"}}'.replace("é", "\\u00e9")], **variables
    )

    assert given_back == [ALL_DONE]
    assert asked.headers["authorization"] == authorization_by_botocore(asked, "eu-west-2", token)
    assert asked.headers.get("x-amz-security-token") == token
    assert asked.body == botocores_body("cars", [{"id": {"S": "é"}}])
    signed = asked.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"content-type", "host", "x-amz-date", "x-amz-target"} <= set(signed)


def test_a_call_has_the_headers_that_boto3s_client_sends(environment: Any) -> None:
    _, [ours] = put([answered(ALL_DONE)], environment)
    with serve_kept(lambda _: answered(ALL_DONE)) as server:
        environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://127.0.0.1:{server.port}")
        asked = {"cars": [{"PutRequest": {"Item": {"id": {"S": "1"}}}}]}
        client("dynamodb").batch_write_item(RequestItems=asked, ReturnConsumedCapacity="TOTAL")
    [theirs] = server.asked

    assert (ours.target, ours.body) == (theirs.target, theirs.body)
    told = ("x-amz-target", "content-type", "content-length")
    assert [ours.headers[name] for name in told] == [theirs.headers[name] for name in told]
    assert ours.headers["user-agent"].split()[0] == theirs.headers["user-agent"].split()[0]


def test_credentials_that_are_renewed_sign_the_next_request() -> None:
    frozen = iter([Credentials("OLD", "SECRET"), Credentials("NEW", "SECRET", "token")])
    renewed: Any = SimpleNamespace(get_frozen_credentials=lambda: next(frozen))
    with serve_kept(lambda _: answered(ALL_DONE)) as server:
        url = f"http://127.0.0.1:{server.port}"
        write = BatchWrite(DYNAMODB, renewed, KeptConnections(Endpoint(url, "", {}, 10, 10)))
        write.put("cars", [["{}"]])
        write.put("cars", [["{}"]])

    assert [one.headers["authorization"].split("/")[0][-3:] for one in server.asked] == ["OLD", "NEW"]
    assert [one.headers.get("x-amz-security-token") for one in server.asked] == [None, "token"]


def test_without_credentials_nothing_is_sent() -> None:
    with serve_kept(lambda _: answered(ALL_DONE)) as server:
        kept = KeptConnections(Endpoint(f"http://127.0.0.1:{server.port}", "", {}, 10, 10))
        with pytest.raises(NoCredentialsError):
            BatchWrite(DYNAMODB, None, kept).put("cars", [["{}"]])

    assert server.asked == []


def test_each_call_has_its_own_answer(environment: Any) -> None:
    def reply(asked: Asked) -> bytes:
        [table] = json.loads(asked.body)["RequestItems"].values()
        left = {"UnprocessedItems": {"cars": table[1:]}} if len(table) > 1 else ALL_DONE
        return answered(left)

    texts = [['{"id": {"B": "AQI="}}'] * count for count in (1, 3, 2)]
    with serve_kept(reply) as server:
        environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://127.0.0.1:{server.port}")
        answers = batch_write().put("cars", texts)

    # What was left is read by botocore: bytes are bytes.
    left = {"PutRequest": {"Item": {"id": {"B": b"\x01\x02"}}}}
    assert [one["UnprocessedItems"] for one in answers if isinstance(one, Mapping)] == [
        {},
        {"cars": [left, left]},
        {"cars": [left]},
    ]


SLOW = {"reason": "TableWriteKeyRangeThroughputExceeded", "resource": "arn"}
ERRORS: dict[str, tuple[str, Any, bool]] = {
    "ValidationException": ("400 Bad Request", {"__type": "com.amazon#ValidationException", "message": "no"}, False),
    "ResourceNotFoundException": ("400 Bad Request", {"__type": "x#ResourceNotFoundException", "message": "no"}, False),
    "ProvisionedThroughputExceededException": (
        "400 Bad Request",
        {"__type": "x#ProvisionedThroughputExceededException", "Message": "slow", "ThrottlingReasons": [SLOW]},
        True,
    ),
    "ThrottlingException": (
        "400 Bad Request",
        {"__type": "x#ThrottlingException", "message": "slow", "throttlingReasons": [SLOW]},
        True,
    ),
    "AccessDeniedException": ("403 Forbidden", {"__type": "x#AccessDeniedException", "Message": "no"}, False),
    "500": ("500 Internal Server Error", b"<html>", True),
    "503": ("503 Service Unavailable", b"", True),
    "302": ("302 Found", b"", False),
}


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_is_the_one_that_boto3s_client_raises(environment: Any, code: str) -> None:
    status, document, again = ERRORS[code]
    [ours], _ = put([answered(document, status)], environment)
    with serve_kept(lambda _: answered(document, status)) as server:
        environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://127.0.0.1:{server.port}")
        with pytest.raises(ClientError) as raised:
            client("dynamodb", attempts=1).batch_write_item(RequestItems={"cars": [{"PutRequest": {"Item": {}}}]})
    theirs = raised.value

    assert type(ours).__name__ == type(theirs).__name__
    assert str(ours) == str(theirs).replace(" (reached max retries: 0)", "")
    assert ours.response["Error"] == theirs.response["Error"]
    assert ours.response["Error"]["Code"] == code
    assert ours.response.get("ThrottlingReasons") == theirs.response.get("ThrottlingReasons")
    assert ours.response["ResponseMetadata"]["HTTPStatusCode"] == int(status[:3])
    assert is_retryable(ours) is again
    assert validation_message(ours) == ("no" if code == "ValidationException" else None)


CHANGED: dict[str, Any] = {"ConsumedCapacity": {"TableName": "cars", "CapacityUnits": 2.0}}


def test_items_are_changed_by_calls_of_their_own_operation_whose_answers_are_botocores(environment: Any) -> None:
    failed = {"__type": "com.amazon#ConditionalCheckFailedException", "message": "The conditional request failed"}
    answers = iter([answered(CHANGED), answered(failed, "400 Bad Request"), answered({"UnprocessedItems": {}})])
    with serve_kept(lambda _: next(answers)) as server:
        environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://127.0.0.1:{server.port}")
        door = batch_write()
        given_back: list[Any] = [door.ask("DeleteItem", [b"{}"])[0] for _ in range(3)]
    done, refused, hollow = given_back

    assert done["ConsumedCapacity"] == CHANGED["ConsumedCapacity"]
    assert is_failed_condition(refused)
    assert type(refused).__name__ == "ConditionalCheckFailedException"
    assert "DeleteItem" in str(refused)
    assert "UnprocessedItems" not in hollow
    assert {one.headers["x-amz-target"] for one in server.asked} == {"DynamoDB_20120810.DeleteItem"}
    assert authorization_by_botocore(server.asked[0], "eu-west-2") == server.asked[0].headers["authorization"]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<html>", b'{"UnprocessedItems": {}', b'{"UnprocessedItems": null}', b'{"Responses": {}}']
)
def test_an_answer_that_does_not_say_that_all_is_done_is_not_taken_for_one(environment: Any, body: bytes) -> None:
    [answer], _ = put([answered(body)], environment)

    assert "UnprocessedItems" not in answer


def test_an_answer_against_its_checksum_is_an_error_whatever_it_says(environment: Any) -> None:
    body = json.dumps(ALL_DONE).encode()
    wrong = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nX-Amz-Crc32: 1\r\n\r\n".encode() + body

    [answer], _ = put([wrong], environment)

    assert isinstance(answer, ChecksumError)


def test_the_way_is_the_one_that_botocore_finds(environment: Any, tmp_path: Path) -> None:
    with serve_kept(lambda _: answered(ALL_DONE)) as proxy:
        environment(
            AWS_ENDPOINT_URL="http://dynamodb.example:8000/x",
            HTTP_PROXY=f"http://127.0.0.1:{proxy.port}",
            NO_PROXY="",
        )
        assert batch_write().put("cars", [["{}"]]) == [ALL_DONE]
    assert [one.target for one in proxy.asked] == ["http://dynamodb.example:8000/x"]

    environment(AWS_USE_FIPS_ENDPOINT="true")
    write = batch_write()
    assert write._connections.host == "dynamodb-fips.eu-west-2.amazonaws.com"

    environment(AWS_CA_BUNDLE=str(tmp_path / "none.pem"))
    with pytest.raises(OSError, match="No such file"):
        batch_write()
