import json

import pytest

from local_aws.distributed_map.result_files import (
    ResultFile,
    file_body,
    manifest,
    pending_record,
    record,
    transformed,
)

CHILD = {
    "executionArn": "arn:aws:states:us-east-1:000000000000:execution:m/Map:1",
    "stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m/Map",
    "name": "1",
    "startDate": "2026-11-01T00:00:00.000Z",
    "stopDate": "2026-11-01T00:00:01.000Z",
}
WHEN = {"StartDate": "2026-11-01T00:00:00.000Z", "StopDate": "2026-11-01T00:00:01.000Z"}


def test_a_successful_child_s_record() -> None:
    assert record(CHILD | {"status": "SUCCEEDED", "output": '{"n":1}'}, b'{"Items":[]}') == {
        "ExecutionArn": CHILD["executionArn"],
        "Input": '{"Items":[]}',
        "InputDetails": {"Included": True},
        "Name": "1",
        "Output": '{"n":1}',
        "OutputDetails": {"Included": True},
        "RedriveCount": 0,
        "RedriveStatus": "NOT_REDRIVABLE",
        "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        "StateMachineArn": CHILD["stateMachineArn"],
        "Status": "SUCCEEDED",
        **WHEN,
    }


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_child_that_did_not_succeed_keeps_its_input_and_error(status: str) -> None:
    child = CHILD | {"status": status, "error": "Lambda.Timeout", "cause": "slow", "output": None}

    written = record(child, b'{"Items":["\xc3\xa9"]}')

    assert (written["Status"], written["Error"], written["Cause"]) == (status, "Lambda.Timeout", "slow")
    assert written["Input"] == '{"Items":["é"]}'
    assert "Output" not in written


def test_a_child_that_never_started_has_an_input_only() -> None:
    assert pending_record(b"[1]") == {"Input": "[1]", "InputDetails": {"Included": True}, "Status": "PENDING"}


def test_compact_keeps_an_array_and_flatten_opens_it() -> None:
    assert transformed("[1, [2]]", "COMPACT") == [b"[1,[2]]"]
    assert transformed("[1, [2]]", "FLATTEN") == [b"1", b"[2]"]
    assert transformed('{"a": []}', "FLATTEN") == [b'{"a":[]}']


def test_json_is_one_array_and_jsonl_one_value_a_line() -> None:
    assert file_body([b"1", b'{"a":2}'], "JSON") == b'[1,{"a":2}]'
    assert file_body([b"1", b'{"a":2}'], "JSONL") == b'1\n{"a":2}\n'


def test_the_manifest_lists_every_status() -> None:
    files = {"SUCCEEDED": ResultFile("p/1/SUCCEEDED_0.json", 3), "FAILED": None, "PENDING": None}

    assert json.loads(manifest("bucket", "arn", files)) == {  # type: ignore[arg-type]
        "DestinationBucket": "bucket",
        "MapRunArn": "arn",
        "ResultFiles": {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": "p/1/SUCCEEDED_0.json", "Size": 3}]},
    }
