import json
from typing import Any

import pytest

from tests.integration.local_aws.cloud import PASS, Cloud, distributed_map

CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}


def reader(bucket: str, key: str = "file", **config: Any) -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": CSV | config,
        "Parameters": {"Bucket.$": "$.bucket", "Key": key} | ({} if bucket else {"Bucket": "no-such-bucket"}),
    }


def test_csv_records_become_items(embedded: Cloud) -> None:
    bucket = embedded.bucket(file='id,"name"\n1,"x, y"\n\n2\n3,z,dropped\n')

    ended = embedded.run(distributed_map(PASS, ItemReader=reader(bucket)), {"bucket": bucket})

    assert json.loads(ended["output"]) == [
        {"id": "1", "name": "x, y"},
        {"id": "2", "name": ""},
        {"id": "3", "name": "z"},
    ]


def test_max_items_cuts_the_data_set(embedded: Cloud) -> None:
    bucket = embedded.bucket(file="id\n1\n2\n3\n")

    ended = embedded.run(distributed_map(PASS, ItemReader=reader(bucket, MaxItems=2)), {"bucket": bucket})

    assert json.loads(ended["output"]) == [{"id": "1"}, {"id": "2"}]


@pytest.mark.parametrize(
    ("body", "config"),
    [("a,b\n1,2\n", {"CSVHeaderLocation": "NOWHERE"}), (f"{'h' * 10_241}\n1\n", {}), (b"a\n\xff\n", {})],
    ids=["unknown header location", "header past 10 KiB", "not UTF-8"],
)
def test_a_file_that_breaks_a_rule_fails_the_state(embedded: Cloud, body: Any, config: dict[str, str]) -> None:
    bucket = embedded.bucket(file=body)

    ended = embedded.run(distributed_map(PASS, ItemReader=reader(bucket, **config)), {"bucket": bucket})

    assert (ended["status"], ended["error"]) == ("FAILED", "States.ItemReaderFailed")
    assert bucket in ended["cause"]


def test_a_missing_object_fails_state_and_map_run(embedded: Cloud) -> None:
    bucket = embedded.bucket()

    ended = embedded.run(distributed_map(PASS, ItemReader=reader(bucket, "gone")), {"bucket": bucket})

    assert ended["error"] == "States.ItemReaderFailed"
    assert embedded.map_run(ended["executionArn"])["status"] == "FAILED"


def test_a_missing_bucket_fails_the_state(embedded: Cloud) -> None:
    ended = embedded.run(distributed_map(PASS, ItemReader=reader("x")), {"bucket": "no-such-bucket"})

    assert ended["error"] == "States.ItemReaderFailed"


def test_items_are_selected_before_they_are_batched(embedded: Cloud) -> None:
    machine = distributed_map(
        PASS,
        ItemsPath="$.items",
        ItemSelector={"at.$": "$$.Map.Item.Index", "is.$": "$$.Map.Item.Value", "all.$": "$.name"},
        ItemBatcher={"MaxItemsPerBatchPath": "$.size", "BatchInput": {"execution.$": "$$.Execution.Name", "x": 1}},
    )

    ended = embedded.run(machine, {"items": ["a", "b", "c"], "name": "n", "size": 2})

    batch_input = {"execution": ended["name"], "x": 1}
    assert json.loads(ended["output"]) == [
        {
            "BatchInput": batch_input,
            "Items": [{"at": 0, "is": "a", "all": "n"}, {"at": 1, "is": "b", "all": "n"}],
        },
        {"BatchInput": batch_input, "Items": [{"at": 2, "is": "c", "all": "n"}]},
    ]


def test_bytes_limit_a_batch(embedded: Cloud) -> None:
    machine = distributed_map(
        PASS, ItemsPath="$.items", ItemBatcher={"MaxItemsPerBatch": 9, "MaxInputBytesPerBatchPath": "$.bytes"}
    )

    ended = embedded.run(machine, {"items": ["a" * 40] * 3, "bytes": 100})

    assert [len(batch["Items"]) for batch in json.loads(ended["output"])] == [2, 1]


def test_an_item_too_large_for_a_child_fails_the_state(embedded: Cloud) -> None:
    bucket = embedded.bucket(file=f"text\n{'x' * 262_144}\n")

    ended = embedded.run(
        distributed_map(PASS, ItemReader=reader(bucket), ItemBatcher={"MaxItemsPerBatch": 5}), {"bucket": bucket}
    )

    assert ended["error"] == "States.DataLimitExceeded"


def test_jsonata_expressions_are_evaluated(embedded: Cloud) -> None:
    machine = distributed_map(
        PASS,
        Items="{% $states.input.items %}",
        ItemSelector={"double": "{% $states.context.Map.Item.Value * 2 %}"},
        ItemBatcher={"MaxItemsPerBatch": "{% $states.input.size %}"},
        Output="{% $count($states.result) %}",
    )

    ended = embedded.run(machine | {"QueryLanguage": "JSONata"}, {"items": [1, 2, 3], "size": 2})

    assert ended["output"] == "2"
