import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from csvdynamo.errors import BatchError, ResultFileError

LoadHandler = Callable[[str], ModuleType]
BUCKET, PREFIX = "migration-bucket", "results/run-1/9a1b"


@pytest.fixture
def handler(aws: None, load_handler: LoadHandler, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DESTINATION_TABLE_NAME", "tb_ev_vehicle_data")
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    return load_handler("consolidate").handler


def put(name: str, *documents: Any, jsonl: bool = True) -> dict[str, Any]:
    text = "".join(json.dumps(one) + "\n" for one in documents) if jsonl else json.dumps(documents)
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}", Body=text.encode())
    return {"Key": f"{PREFIX}/{name}", "Size": len(text)}


def put_manifest(**files: list[dict[str, Any]]) -> dict[str, str]:
    manifest = {"DestinationBucket": BUCKET, "MapRunArn": "arn:map-run", "ResultFiles": files}
    return event(put("manifest.json", manifest)["Key"])


def event(key: Any) -> dict[str, Any]:
    return {"Bucket": BUCKET, "Key": key, "ExecutionName": "run-1"}


def answer(written: int, *reject_ids: str) -> dict[str, Any]:
    return {
        "NUMBER_OF_ITEMS_WRITTEN": written,
        "NUMBER_OF_ITEMS_IN_ERROR": len(reject_ids),
        "REJECT_IDS": list(reject_ids),
        "RULES": "0c",
    }


def unfinished(status: str, rows: int) -> dict[str, Any]:
    batch = {"BatchInput": {"execution_name": "run-1"}, "Items": [{"_row": "1", "Make": "KIA"}] * rows}
    return {"Status": status, "Input": json.dumps(batch), "InputDetails": {"Included": True}}


@pytest.mark.parametrize("jsonl", [True, False])
def test_the_rows_of_all_result_files_are_summed(handler: Any, context: Any, jsonl: bool) -> None:
    manifest = put_manifest(
        SUCCEEDED=[
            put("SUCCEEDED_0.json", *[answer(250)] * 6000, answer(240, "a"), jsonl=jsonl),
            put("SUCCEEDED_1.json", answer(5, "b", "c"), jsonl=jsonl),
        ],
        FAILED=[put("FAILED_0.json", unfinished("FAILED", 250), unfinished("TIMED_OUT", 100), jsonl=jsonl)],
        PENDING=[put("PENDING_0.json", unfinished("PENDING", 30), jsonl=jsonl)],
    )

    output = handler(manifest, context)

    assert output.pop("MESSAGE").endswith("These totals are not yet verified against the table.")
    assert output == {
        "TOTAL_NUMBER_OF_ITEMS_WRITTEN": 1_500_245,
        "TOTAL_NUMBER_OF_ITEMS_IN_ERROR": 3,
        "TOTAL_NUMBER_OF_ITEMS_FAILED": 380,
        "DESTINATION_TABLE_NAME": "tb_ev_vehicle_data",
        "ERROR_DATA_LOCATION": f"s3://{BUCKET}/migration_errors/execution_name=run-1",
        "MAP_RUN_RESULTS": f"{PREFIX}/manifest.json",
    }


@pytest.mark.parametrize("key", [None, "", "results/none/manifest.json"])
def test_a_map_run_without_a_manifest_had_no_items(handler: Any, context: Any, key: str | None) -> None:
    output = handler(event(key), context)

    assert [value for name, value in output.items() if name.startswith("TOTAL_")] == [0, 0, 0]
    assert output["MAP_RUN_RESULTS"] is None
    assert "ERROR_DATA_LOCATION" not in output


def test_a_manifest_without_files_is_zeros(handler: Any, context: Any) -> None:
    output = handler(put_manifest(SUCCEEDED=[], FAILED=[], PENDING=[]), context)

    assert [value for name, value in output.items() if name.startswith("TOTAL_")] == [0, 0, 0]
    assert output["MAP_RUN_RESULTS"] == f"{PREFIX}/manifest.json"


def test_a_result_file_that_the_manifest_names_must_be_there(handler: Any, context: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        handler(put_manifest(SUCCEEDED=[{"Key": f"{PREFIX}/SUCCEEDED_0.json", "Size": 1}]), context)


def test_a_damaged_result_file_is_an_error_that_names_it(handler: Any, context: Any) -> None:
    file = put("SUCCEEDED_0.json", answer(1), {"NUMBER_OF_ITEMS_WRITTEN": 1})

    with pytest.raises(ResultFileError, match=r"SUCCEEDED_0\.json entry 2"):
        handler(put_manifest(SUCCEEDED=[file]), context)


def test_a_bucket_that_cannot_be_read_is_an_error_and_never_zero(handler: Any, context: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        handler({**event("results/manifest.json"), "Bucket": "another-bucket"}, context)


@pytest.mark.parametrize("bad", [None, {}, {"Bucket": BUCKET}, {"ExecutionName": "e"}, event(7)])
def test_a_wrong_event_is_named(handler: Any, context: Any, bad: object) -> None:
    with pytest.raises(BatchError, match="the event"):
        handler(bad, context)
