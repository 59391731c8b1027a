"""Hostile events of the two Lambda functions: every row accounted for, or an error of ours and nothing written."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from hypothesis import given
from hypothesis import strategies as st

import consolidate
import migrate_batch
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.errors import BatchError, CsvDynamoError, OtherRulesError, RejectError, ResultFileError
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.attribute_values import MAX_ITEM_BYTES, item_size
from csvdynamo.rules.rows import RowConverter
from csvdynamo.writing.error_stream import MAX_RECORD_BYTES
from csvdynamo.writing.fence import Fence
from csvdynamo.writing.names import Names
from tests.fuzz.hostile_documents import TEXTS, changed, json_bytes, json_documents
from tests.fuzz.typed_errors import fuzz, result_or_error
from tests.support.write_door import Door
from tests.unit.plugin.fake_bucket import FakeBucket

SECRET = "s3cret-of-a-row"
DATASET = load_dataset(Path(__file__).parents[2] / "datasets" / "ev_population.toml")

EVENT: dict[str, Any] = {
    "BatchInput": {"execution_name": "run-1"},
    "Items": [
        {"_row": "1", "DOL Vehicle ID": "1", "Model Year": "2020", "Make": SECRET},
        {"_row": "2", "DOL Vehicle ID": "", "Model Year": "2020", "Make": SECRET},
        {"_row": "3", "DOL Vehicle ID": "3", "Model Year": SECRET, "Make": "KIA"},
    ],
}


class Table:
    """DynamoDB's BatchWriteItem, as strict as its documents; it remembers what it was asked to write."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.calls = 0

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]], **_: Any) -> dict[str, Any]:  # noqa: N803
        self.calls += 1
        [requests] = RequestItems.values()
        items = [request["PutRequest"]["Item"] for request in requests]
        keys = [item["dol_vehicle_id"]["S"] for item in items]
        good = len(items) <= 25 and len(set(keys)) == len(keys) and all(map(self._takes, items))
        if not good:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, "BatchWriteItem")
        self.items |= dict(zip(keys, items, strict=True))
        return {"UnprocessedItems": {}}

    @staticmethod
    def _takes(item: dict[str, Any]) -> bool:
        json.dumps(item, ensure_ascii=False).encode()
        assert item_size(item) <= MAX_ITEM_BYTES
        return 0 < len(item["dol_vehicle_id"]["S"].encode()) <= 2048 and all(0 < len(name) <= 65_535 for name in item)


class Stream:
    """Firehose's PutRecordBatch; it remembers the records."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def put_record_batch(self, *, DeliveryStreamName: str, Records: list[dict[str, bytes]]) -> dict[str, Any]:  # noqa: N803
        self.records += [record["Data"] for record in Records]
        return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "x"}] * len(Records)}


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def migrated(event: object) -> tuple[Any, Table, Stream]:
    """Call the handler as Lambda does."""
    table, stream = Table(), Stream()
    fence, names = Fence(FakeBucket(), "bucket", "turn"), Names(FakeBucket(), "bucket", DATASET.name)
    converter, door = RowConverter(DATASET.rules), Door(table)
    environment = migrate_batch.Environment(converter, door, "tb", stream, "errors", fence, names)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate_batch, "environment", lambda: environment)
        result = result_or_error(lambda: migrate_batch.handler(event, Context()), CsvDynamoError, secret=SECRET)
    return result, table, stream


def hold(event: Any) -> None:
    """Hold that every row is written or rejected, or that the event is refused with nothing done."""
    result, table, stream = migrated(event)
    if isinstance(result, RejectError):  # of rows that no batch of 256 KB has
        assert any(len(json_bytes(row)) > MAX_RECORD_BYTES - 1000 for row in event["Items"])
        assert stream.records == []
        return
    if isinstance(result, CsvDynamoError):
        assert isinstance(result, BatchError | OtherRulesError)
        assert (table.calls, stream.records) == (0, [])
        return
    rejects = [Reject.from_json(record) for record in stream.records]
    assert all(record.count(b"\n") == 1 and record.endswith(b"\n") for record in stream.records)
    assert result["NUMBER_OF_ITEMS_WRITTEN"] + result["NUMBER_OF_ITEMS_IN_ERROR"] == len(event["Items"])
    assert result["REJECT_IDS"] == [reject.reject_id for reject in rejects]
    assert len(set(result["REJECT_IDS"])) == len(rejects) == result["NUMBER_OF_ITEMS_IN_ERROR"]
    assert len(table.items) == result["NUMBER_OF_ITEMS_WRITTEN"]
    rows = [{header: text for header, text in row.items() if header != "_row"} for row in event["Items"]]
    assert all(dict(reject.item) in rows for reject in rejects)


def parsed(content: bytes) -> Any:
    """What Lambda's runtime makes of an event; what is no JSON never reaches the handler."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def test_the_event_that_is_made_hostile_is_migrated() -> None:
    result, table, stream = migrated(EVENT)

    assert (result["NUMBER_OF_ITEMS_WRITTEN"], result["NUMBER_OF_ITEMS_IN_ERROR"]) == (1, 2)
    assert (len(table.items), len(stream.records)) == (1, 2)


@fuzz()
@given(event=json_documents(EVENT).map(parsed) | changed(EVENT))
def test_a_hostile_event_is_migrated_whole_or_refused_with_nothing_written(event: Any) -> None:
    hold(event)


_HEADERS = st.sampled_from(["DOL Vehicle ID", "Model Year", "Make", "make", "MAKE ", "_row", "", *TEXTS])
_CELLS = (
    st.sampled_from(TEXTS)
    | st.text(max_size=30)
    | st.sampled_from(["1", "2020", "x" * 2047, "é" * 1024, "x" * 450_000])
)


@fuzz(0.6)
@given(rows=st.lists(st.dictionaries(_HEADERS, _CELLS, max_size=6), max_size=30))
def test_hostile_rows_are_items_or_rejects_or_their_header_is_refused(rows: list[dict[str, str]]) -> None:
    hold({"BatchInput": {"execution_name": "run-1"}, "Items": rows})


def _named() -> Iterator[Any]:
    key = {"DOL Vehicle ID": "1"}
    for name, row in {
        "no header": {},
        "10,000 headers": {**key, **{f"h{n}": "x" for n in range(10_000)}},
        "a header of 70,000 bytes": {**key, "h" * 70_000: "x"},
        "an item of 400 KB": {**key, "Make": "x" * (400 * 1024)},
        "a reject of more than a Firehose record": {"DOL Vehicle ID": "", "Make": "x" * (1001 * 1024)},
        "a key of 2,049 bytes": {"DOL Vehicle ID": "x" * 2047},
        "a key of nothing but a prefix": {"DOL Vehicle ID": "\u2003"},
        "a row number of 400 digits": {**key, "_row": "9" * 400},
        "a row number in other digits": {**key, "_row": "٣"},
    }.items():
        yield pytest.param(row, id=name)


@pytest.mark.parametrize("row", list(_named()))
def test_a_row_at_or_past_a_limit_is_an_item_or_a_reject_or_fails_its_batch_with_a_reason(row: dict[str, str]) -> None:
    event = {"BatchInput": {"execution_name": "run-1"}, "Items": [row]}

    result, table, stream = migrated(event)

    if isinstance(result, CsvDynamoError):
        assert stream.records == []
        assert table.items == {}
    else:
        hold(event)


# consolidate

ANSWER = {"NUMBER_OF_ITEMS_WRITTEN": 3, "NUMBER_OF_ITEMS_IN_ERROR": 1, "REJECT_IDS": ["a"], "RULES": "r"}
CHILD = {
    "Input": json.dumps({"BatchInput": {}, "Items": [{"_row": "1", "id": SECRET}]}),
    "Status": "FAILED",
    "Error": "E",
    "Cause": "c",
}
MANIFEST = {
    "DestinationBucket": "bucket",
    "MapRunArn": "arn",
    "ResultFiles": {
        "SUCCEEDED": [{"Key": "r/SUCCEEDED_0.json", "Size": 9}],
        "FAILED": [{"Key": "r/FAILED_0.json", "Size": 9}],
        "PENDING": [],
    },
}
ASKED = {"Bucket": "bucket", "Key": "r/manifest.json", "ExecutionName": "run-1"}


class Bucket:
    """S3's GetObject on a few objects."""

    def __init__(self, **changes: bytes) -> None:
        self.objects = {
            "r/manifest.json": json_bytes(MANIFEST),
            "r/SUCCEEDED_0.json": json_bytes(ANSWER) + b"\n",
            "r/FAILED_0.json": json_bytes(CHILD) + b"\n",
        } | {f"r/{name}": content for name, content in changes.items()}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if Bucket != "bucket" or not Key:
            raise ParamValidationError(report="Invalid bucket name")
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "no"}}, "GetObject")
        return {"Body": Body(self.objects[Key])}


class Body(io.BytesIO):
    def iter_chunks(self, size: int) -> Iterator[bytes]:
        while chunk := self.read(min(size, 7)):
            yield chunk


def consolidated(event: object, s3: Bucket) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(consolidate, "s3_client", lambda: s3)
        patch.setenv("DESTINATION_TABLE_NAME", "tb")
        return result_or_error(
            lambda: consolidate.handler(event, None), BatchError, ResultFileError, ClientError, secret=SECRET
        )


def hold_totals(result: Any) -> None:
    if isinstance(result, Exception):
        return
    json.dumps(result).encode()
    totals = [value for name, value in result.items() if name.startswith("TOTAL")]
    assert len(totals) == 3
    assert all(isinstance(total, int) and total >= 0 for total in totals)


def test_the_results_that_are_made_hostile_are_summed() -> None:
    assert consolidated(ASKED, Bucket())["TOTAL_NUMBER_OF_ITEMS_WRITTEN"] == 3


@fuzz(0.5)
@given(event=changed(ASKED))
def test_a_hostile_event_of_consolidate_is_answered_or_refused(event: Any) -> None:
    hold_totals(consolidated(event, Bucket()))


@fuzz()
@given(data=st.data())
def test_hostile_result_files_are_summed_or_refused(data: st.DataObject) -> None:
    name, document = data.draw(
        st.sampled_from([("manifest.json", MANIFEST), ("SUCCEEDED_0.json", ANSWER), ("FAILED_0.json", CHILD)])
    )
    content = data.draw(json_documents(document))

    hold_totals(consolidated(ASKED, Bucket(**{name: content})))
