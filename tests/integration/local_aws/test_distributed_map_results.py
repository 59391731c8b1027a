import json
from typing import Any

import pytest

from tests.integration.local_aws.cloud import PASS, Cloud, distributed_map, fail_when

ITEMS = [[1, 2], [3]]
PUT = "arn:aws:states:::s3:putObject"


def exported(cloud: Cloud, bucket: str, machine: dict[str, Any], given: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Run a machine; return how it ended and the manifest's files by status, as text."""
    ended = cloud.run(machine, given)
    run_id = cloud.map_run(ended["executionArn"])["mapRunArn"].rsplit(":", 1)[1]
    manifest = json.loads(cloud.read(bucket, f"results/{run_id}/manifest.json"))
    files = {}
    for status, listed in manifest["ResultFiles"].items():
        for file in listed:
            body = cloud.read(bucket, file["Key"])
            assert file["Size"] == len(body)
            files[status] = body.decode()
    return ended, files


def writer(**config: str) -> dict[str, Any]:
    field = {"Resource": PUT, "Parameters": {"Bucket.$": "$.bucket", "Prefix": "results"}}
    return {**field, "WriterConfig": config} if config else field


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"Transformation": "COMPACT", "OutputType": "JSON"}, "[[1,2],[3]]"),
        ({"Transformation": "COMPACT", "OutputType": "JSONL"}, "[1,2]\n[3]\n"),
        ({"Transformation": "FLATTEN", "OutputType": "JSON"}, "[1,2,3]"),
        ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, "1\n2\n3\n"),
    ],
)
def test_outputs_are_written_as_configured(embedded: Cloud, config: dict[str, str], expected: str) -> None:
    bucket = embedded.bucket()
    machine = distributed_map(PASS, ItemsPath="$.items", ResultWriter=writer(**config))

    _, files = exported(embedded, bucket, machine, {"bucket": bucket, "items": ITEMS})

    assert files == {"SUCCEEDED": expected}


def test_results_are_whole_records_by_default(embedded: Cloud) -> None:
    bucket = embedded.bucket()
    machine = distributed_map(PASS, ItemsPath="$.items", ResultWriter=writer())

    ended, files = exported(embedded, bucket, machine, {"bucket": bucket, "items": [{"n": 1}]})

    (written,) = json.loads(files["SUCCEEDED"])
    (child,) = embedded.children(json.loads(ended["output"])["MapRunArn"])
    assert written["ExecutionArn"] == child["executionArn"]
    assert written["StateMachineArn"] == child["stateMachineArn"]
    assert (written["Status"], written["Input"], written["Output"]) == ("SUCCEEDED", '{"n":1}', '{"n":1}')


def test_the_state_returns_where_the_manifest_is(embedded: Cloud) -> None:
    bucket = embedded.bucket()
    machine = distributed_map(PASS, ItemsPath="$.items", ResultWriter=writer(), ResultPath="$.export")

    ended = embedded.run(machine, {"bucket": bucket, "items": ITEMS})

    export = json.loads(ended["output"])["export"]
    run_id = export["MapRunArn"].rsplit(":", 1)[1]
    assert export["ResultWriterDetails"] == {"Bucket": bucket, "Key": f"results/{run_id}/manifest.json"}
    assert f"results/{run_id}/manifest.json" in embedded.keys(bucket)


def test_a_failed_run_leaves_every_input_that_was_not_worked_off(embedded: Cloud) -> None:
    bucket = embedded.bucket()
    machine = distributed_map(
        fail_when("$.Items[0]", NumericEquals=3),
        ItemsPath="$.items",
        ItemBatcher={"MaxItemsPerBatch": 2},
        MaxConcurrency=1,
        ResultWriter=writer(Transformation="COMPACT", OutputType="JSONL"),
    )

    ended, files = exported(embedded, bucket, machine, {"bucket": bucket, "items": [1, 2, 3, 4, 5]})

    assert (ended["status"], ended["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    failed, pending = json.loads(files["FAILED"]), json.loads(files["PENDING"])
    assert files["SUCCEEDED"] == '{"Items":[1,2]}\n'
    assert (failed["Status"], failed["Error"], failed["Cause"]) == ("FAILED", "Refused", "as asked")
    assert failed["Input"] == '{"Items":[3,4]}'
    assert (pending["Status"], pending["Input"]) == ("PENDING", '{"Items":[5]}')
    run = embedded.map_run(ended["executionArn"])
    assert (run["itemCounts"]["resultsWritten"], run["executionCounts"]["resultsWritten"]) == (4, 2)


def test_a_bucket_that_does_not_exist_fails_the_state(embedded: Cloud) -> None:
    machine = distributed_map(PASS, ItemsPath="$.items", ResultWriter=writer())

    ended = embedded.run(machine, {"bucket": "no-such-bucket", "items": ITEMS})

    assert ended["error"] == "States.ResultWriterFailed"


def test_no_items_leave_an_empty_manifest(embedded: Cloud) -> None:
    bucket = embedded.bucket()
    machine = distributed_map(PASS, ItemsPath="$.items", ResultWriter=writer())

    ended, files = exported(embedded, bucket, machine, {"bucket": bucket, "items": []})

    assert (ended["status"], files) == ("SUCCEEDED", {})


def test_without_an_export_the_outputs_are_the_state_s(embedded: Cloud) -> None:
    machine = distributed_map(
        PASS, ItemsPath="$.items", ResultWriter={"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}
    )

    assert json.loads(embedded.run(machine, {"items": ITEMS})["output"]) == [1, 2, 3]
