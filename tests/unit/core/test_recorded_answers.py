"""What Lambda and the core read of AWS holds for answers that others recorded: tests/support/recorded/."""

import json
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from csvdynamo.errors import ResultFileError
from csvdynamo.records.result_files import ResultFile, UnfinishedBatch, batch_results, read_manifest, unfinished_batches
from csvdynamo.rules.attribute_values import MAX_PARTITION_KEY_BYTES, number_text
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.rules.refusals import RefusedItem
from csvdynamo.writing.batch_writer import BatchWriter
from tests.support.recorded_answers import ANSWERS, recorded_items
from tests.support.write_door import Door, on_the_wire

RECORD, NUMBERS = ANSWERS["record"], ANSWERS["numbers"]
ANSWER = {"NUMBER_OF_ITEMS_WRITTEN": 1, "NUMBER_OF_ITEMS_IN_ERROR": 0, "REJECT_IDS": [], "RULES": "0c"}
ROWS = [{"_row": "1", "A": "x"}]
ARN = "arn:aws:states:eu-west-2:123456789012:stateMachine:cars/Rows"
# A key twice in one call is kept from the writer: tests/unit/core/test_migration.py.
WRITES = [case for case in ANSWERS["batch"] if "code" in case and case["what"] != "a key twice"]


def record(status: str, **values: Any) -> dict[str, Any]:
    """A child's record with the fields that were recorded of one, and these values."""
    known = {
        "Cause": "no time left",
        "Error": "WriteDeadlineExceeded",
        "ExecutionArn": ARN.replace("stateMachine", "execution") + ":ac537772-4599-3a63-bbbc-cf52f4cbb818",
        "Input": json.dumps({"Items": ROWS}),
        "InputDetails": {"Included": True},
        "Name": "ac537772-4599-3a63-bbbc-cf52f4cbb818",
        "Output": json.dumps(ANSWER),
        "OutputDetails": {"Included": True},
        "RedriveCount": 0,
        "StartDate": "2025-01-09T18:13:01.189Z",
        "StateMachineArn": ARN,
        "Status": status,
        "StopDate": "2025-01-09T18:14:18.554Z",
        **RECORD[status]["values"],
    }
    return {name: known[name] for name in RECORD[status]["fields"]} | values


def file_of(*records: dict[str, Any]) -> list[bytes]:
    return [json.dumps(records).encode()]


def test_a_failed_child_gives_its_rows_and_its_error() -> None:
    batches = list(unfinished_batches(file_of(record("FAILED")), "FAILED_0.json"))

    assert batches == [UnfinishedBatch("FAILED", tuple(ROWS), "WriteDeadlineExceeded", "no time left")]


def test_a_child_that_succeeded_gives_its_answer() -> None:
    [result] = batch_results(file_of(record("SUCCEEDED")), "SUCCEEDED_0.json")

    assert (result.written, result.rejected, result.rules) == (1, 0, "0c")


def test_a_child_whose_input_is_left_out_is_told_and_not_taken_for_one_without_rows() -> None:
    left_out = record("FAILED") | {name: RECORD["not_included"]["values"][name] for name in ("Input", "InputDetails")}

    with pytest.raises(ResultFileError, match=r"FAILED_0\.json entry 1: Step Functions left its input out"):
        list(unfinished_batches(file_of(left_out), "FAILED_0.json"))


def test_a_child_whose_output_is_left_out_is_told_and_not_taken_for_one_without_rows() -> None:
    left_out = record("SUCCEEDED", **RECORD["not_included"]["values"])

    with pytest.raises(ResultFileError, match=r"SUCCEEDED_0\.json entry 1: Step Functions left its output out"):
        list(batch_results(file_of(left_out), "SUCCEEDED_0.json"))


def test_a_manifest_is_read() -> None:
    recorded = ANSWERS["manifest"]
    files = {
        status: [dict(zip(recorded["file_fields"], (f"p/{status}_0.json", 7), strict=True))]
        for status in recorded["statuses"]
    }
    text = json.dumps(dict(zip(recorded["fields"], ("bucket", "arn:map-run", files), strict=True)))

    manifest = read_manifest(text)

    assert manifest.succeeded == (ResultFile("p/SUCCEEDED_0.json", 7),)
    assert manifest.failed == (ResultFile("p/FAILED_0.json", 7),)
    assert manifest.pending == (ResultFile("p/PENDING_0.json", 7),)


class Refusing:
    """A table that refuses a call as recorded as long as what is wrong is in it."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._case = case
        self.stored: list[dict[str, Any]] = []

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]], **_: Any) -> dict[str, Any]:  # noqa: N803
        items = [request["PutRequest"]["Item"] for request in RequestItems["cars"]]
        if self._case["what"] == "no table" or any(self._is_wrong(item) for item in items):
            error = {"Code": self._case["code"], "Message": self._case.get("message", "")}
            raise ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}, "BatchWriteItem")
        self.stored += items
        return {"UnprocessedItems": {}}

    def _is_wrong(self, item: dict[str, Any]) -> bool:
        return len(item.get("p", {}).get("S", "")) not in range(1, MAX_PARTITION_KEY_BYTES + 1)


@pytest.mark.parametrize("case", WRITES, ids=[case["what"] for case in WRITES])
def test_a_refused_call_costs_the_item_alone_that_is_wrong(clock: Any, case: dict[str, Any]) -> None:
    table = Refusing(case)
    good = [{"p": {"S": f"good {n}"}} for n in range(3)]
    wrong = [item for item in recorded_items(case) if table._is_wrong(item)]
    key = TableKey(KeyAttribute("p"))
    writer = BatchWriter(Door(table), "cars", key, clock.backoff())

    if case["what"] == "no table":
        with pytest.raises(ClientError, match="Requested resource not found"):
            writer.write([on_the_wire(item, key) for item in good])
        assert clock.sleeps == []  # it is not tried again
        return
    refused = writer.write([on_the_wire(item, key) for item in (*good, *wrong)])

    assert wrong
    assert table.stored == good
    assert refused == [RefusedItem(3 + n, case.get("message") or "ValidationException") for n in range(len(wrong))]


def with_digits(count: int) -> list[str]:
    """Numbers of so many digits in the three forms that were tried."""
    digits = ("1234567890" * 4)[: count - 1] + "7"
    return [f"{digits[0]}.{digits[1:]}", f"{digits[:21]}.{digits[21:]}", f"{digits}e30"]


@pytest.mark.parametrize("text", NUMBERS["stored"] + with_digits(NUMBERS["stored_digits"]))
def test_what_dynamodb_stores_as_a_number_is_one(text: str) -> None:
    stored = number_text(text)

    assert stored is not None
    assert Decimal(stored) == Decimal(text)


@pytest.mark.parametrize("text", NUMBERS["refused"] + with_digits(NUMBERS["refused_digits"]))
def test_what_dynamodb_refuses_as_a_number_is_none(text: str) -> None:
    assert number_text(text) is None
