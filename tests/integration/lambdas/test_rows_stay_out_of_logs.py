"""What the Lambda functions log, and what Step Functions would keep as an execution's error and cause, holds no cell.

Every cell holds a canary. The fakes answer as the services do, quoting what they were sent wherever a service might.
"""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

import consolidate
import migrate_batch
from csvdynamo.aws.backoff import Backoff
from csvdynamo.aws.clients import client
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.errors import CsvDynamoError
from csvdynamo.rules.rows import RowConverter
from csvdynamo.writing.fence import Fence
from csvdynamo.writing.names import Names
from tests.canaries import CANARY, no_canary_logged, told
from tests.support.write_door import Door
from tests.unit.plugin.fake_bucket import FakeBucket

ON_PURPOSE = (CsvDynamoError, ClientError)

DATASET = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"

[table]
name = "tb_cars"
partition_key = "id"

[columns."id"]
max_length = 3000

[columns."year"]
type = "number"

[columns."state"]
allowed = ["WA"]
"""


def error(code: str, message: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "BatchWriteItem")


class QuotingDynamoDb:
    """Refuses items marked so, and quotes what it refuses; or answers each call as it is told."""

    def __init__(self, answer: Callable[[list[Any]], dict[str, Any]] | None = None) -> None:
        self.answer = answer

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]], **_: Any) -> dict[str, Any]:  # noqa: N803
        [requests] = RequestItems.values()
        if self.answer:
            return self.answer(requests)
        if any("refused" in request["PutRequest"]["Item"] for request in requests):
            raise error("ValidationException", f"One or more parameter values are not valid: {json.dumps(requests)}")
        return {"UnprocessedItems": {}}


class Firehose:
    """Keeps what it takes; or answers each call as it is told."""

    def __init__(self, answer: Callable[[list[Any]], dict[str, Any]] | None = None) -> None:
        self.answer = answer
        self.taken: list[bytes] = []

    def put_record_batch(self, *, DeliveryStreamName: str, Records: list[dict[str, bytes]]) -> dict[str, Any]:  # noqa: N803
        if self.answer:
            return self.answer(Records)
        self.taken += [record["Data"] for record in Records]
        return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "x"}] * len(Records)}


def row(key: str, **more: str) -> dict[str, str]:
    return {"id": f"{CANARY}-{key}", "note": f"note {CANARY}", **more}


GOOD = [row("1", year="2020"), row("2")]
REJECTED = [
    {"id": "", "note": CANARY},
    row("3", year=f"year {CANARY}"),
    row("4", state=CANARY),
    row("5", blob=CANARY * 40_000),
    row("6" + "x" * 2500),
    row("7", note=f"half a pair \ud800 {CANARY}"),
    row("8", refused=CANARY),
    row("9"),
    row("9", note=f"the same key {CANARY}"),
]


def event(*rows: Any) -> dict[str, Any]:
    return {"BatchInput": {"execution_name": "run-1"}, "Items": list(rows)}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    path = tmp_path / "cars.toml"
    path.write_text(DATASET, encoding="utf-8")
    dataset = load_dataset(path)

    def migrate(batch: object, dynamodb: Any = None, firehose: Any = None, seconds: float = 60.0) -> dict[str, Any]:
        environment = migrate_batch.Environment(
            RowConverter(dataset.rules),
            Door(dynamodb or QuotingDynamoDb()),
            "tb_cars",
            firehose or Firehose(),
            "errors",
            Fence(FakeBucket(), "bucket", "turn"),
            Names(FakeBucket(), "bucket", dataset.name),
        )
        left = [seconds]

        def sleep(wait: float) -> None:
            left[0] -= wait

        return migrate_batch.migrate_batch(batch, environment, Backoff(remaining_seconds=lambda: left[0], sleep=sleep))

    return migrate


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.StringIO]:
    """Everything that the test logs, tracebacks included; a test that lets a canary through fails."""
    with no_canary_logged() as text:
        yield text


def test_a_batch_with_every_kind_of_reject_logs_numbers_and_codes_alone(run: Any, logged: io.StringIO) -> None:
    firehose = Firehose()

    answer = run(event(*GOOD, *REJECTED), firehose=firehose)

    assert (answer["NUMBER_OF_ITEMS_WRITTEN"], answer["NUMBER_OF_ITEMS_IN_ERROR"]) == (3, 8)
    assert CANARY not in json.dumps(answer)
    rejects = [json.loads(record) for record in firehose.taken]
    codes = {"MISSING_KEY", "BAD_TYPE", "NOT_ALLOWED", "TOO_LARGE", "BAD_ENCODING", "DYNAMODB_REFUSED", "DUPLICATE_KEY"}
    assert {reject["code"] for reject in rejects} == codes
    # Where the rows belong, they are: whole, and in the messages.
    assert all(CANARY in json.dumps(reject["item"]) for reject in rejects)
    assert sum(CANARY in reject["message"] for reject in rejects) >= 4
    assert '"rejected_by_code"' in logged.getvalue()


def strangers(requests: list[Any]) -> dict[str, Any]:
    other = {"PutRequest": {"Item": {"id": {"S": f"{CANARY} of nobody"}}}}
    return {"UnprocessedItems": {"tb_cars": [other]}}


def unprocessed(requests: list[Any]) -> dict[str, Any]:
    return {"UnprocessedItems": {"tb_cars": requests}}


def raising(problem: Exception) -> Callable[[list[Any]], dict[str, Any]]:
    def answer(requests: list[Any]) -> dict[str, Any]:
        raise problem

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        strangers,
        unprocessed,
        raising(error("ThrottlingException", "Throughput exceeds the current capacity")),
        raising(error("ResourceNotFoundException", "Requested resource not found")),
        raising(EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com/")),
    ],
)
def test_a_batch_that_dynamodb_does_not_take_fails_without_a_cell(run: Any, answer: Any) -> None:
    with pytest.raises(ON_PURPOSE) as caught:
        run(event(*GOOD), dynamodb=QuotingDynamoDb(answer))

    assert CANARY not in told(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        lambda records: {"FailedPutCount": len(records), "RequestResponses": [{"ErrorCode": "Slow"}] * len(records)},
        lambda records: {"FailedPutCount": 1, "RequestResponses": []},
        raising(error("AccessDeniedException", "not authorized to perform: firehose:PutRecordBatch")),
    ],
)
def test_rejects_that_firehose_does_not_take_fail_the_batch_without_a_cell(run: Any, answer: Any) -> None:
    with pytest.raises(ON_PURPOSE) as caught:
        run(event(*GOOD, *REJECTED), firehose=Firehose(answer))

    assert CANARY not in told(caught.value)


@pytest.mark.parametrize(
    "batch",
    [
        CANARY,
        [CANARY],
        {"BatchInput": CANARY, "Items": [CANARY]},
        {"BatchInput": {"execution_name": [CANARY]}, "Items": []},
        {"BatchInput": {"execution_name": "run-1"}, "Items": CANARY},
        event(CANARY),
        event(row("1"), [CANARY]),
        event(row("1"), {"id": [CANARY]}),
        event(row("1"), {"id": CANARY, "note": None, "year": {CANARY: CANARY}}),
        event({"id": CANARY, "a": CANARY, "": CANARY}),
        # One record of 1,000 KiB and more: Firehose takes none so large.
        event(row("1", blob=CANARY * 100_000)),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_without_a_cell(run: Any, batch: object) -> None:
    with pytest.raises(ON_PURPOSE) as caught:
        run(batch)

    assert CANARY not in told(caught.value)


@pytest.mark.parametrize(
    "files",
    [
        {"m.json": CANARY},
        {"m.json": json.dumps([CANARY])},
        {"m.json": json.dumps({"ResultFiles": {"FAILED": CANARY}})},
        {"m.json": json.dumps({"ResultFiles": {"FAILED": [{"Key": "f", "Size": 1}]}}), "f": CANARY},
        {"m.json": json.dumps({"ResultFiles": {"FAILED": [{"Key": "f", "Size": 1}]}}), "f": f'{{"Input": "{CANARY}"}}'},
        {
            "m.json": json.dumps({"ResultFiles": {"FAILED": [{"Key": "f", "Size": 1}]}}),
            "f": json.dumps({"Input": json.dumps({"Items": [CANARY]})}),
        },
        {"m.json": json.dumps({"ResultFiles": {"SUCCEEDED": [{"Key": "s", "Size": 1}]}}), "s": f'{{"{CANARY}": 1}}'},
        {
            "m.json": json.dumps({"ResultFiles": {"SUCCEEDED": [{"Key": "s", "Size": 1}]}}),
            "s": json.dumps({"NUMBER_OF_ITEMS_WRITTEN": CANARY}),
        },
    ],
)
def test_result_files_that_cannot_be_read_are_refused_without_a_cell(files: dict[str, str]) -> None:
    class Body:
        def __init__(self, text: str) -> None:
            self.text = text

        def read(self) -> bytes:
            return self.text.encode()

        def iter_chunks(self, _: int) -> list[bytes]:
            return [self.text.encode()]

    class S3:
        def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
            return {"Body": Body(files[Key])}

    with pytest.raises(ON_PURPOSE) as caught:
        consolidate.consolidate({"Bucket": "b", "Key": "m.json", "ExecutionName": "run-1"}, S3(), "tb_cars")

    assert CANARY not in told(caught.value)


@pytest.fixture
def everything_logged() -> Iterator[None]:
    """Every logger at DEBUG, as somebody sets it who looks for a fault."""
    root, botocore = logging.getLogger(), logging.getLogger("botocore")
    levels = root.level, botocore.level
    root.setLevel(logging.DEBUG)
    botocore.setLevel(logging.NOTSET)
    yield
    root.setLevel(levels[0])
    botocore.setLevel(levels[1])


def test_at_debug_the_clients_log_no_request_and_no_response(
    aws: None, run: Any, everything_logged: None, logged: io.StringIO
) -> None:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="tb_cars",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    assert run(event(*GOOD), dynamodb=dynamodb)["NUMBER_OF_ITEMS_WRITTEN"] == 2

    assert len(dynamodb.scan(TableName="tb_cars")["Items"]) == 2
    logging.getLogger("somebody").debug("everything else is logged")
    assert "everything else" in logged.getvalue()
