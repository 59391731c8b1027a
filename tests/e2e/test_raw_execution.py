"""An execution started by hand on a file that nobody prepared: what the Lambda alone makes of it."""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csvdynamo_airflow.storage.result_objects import list_objects
from tests.support.object_lines import object_lines

HEADER = ["DOL Vehicle ID", "Model Year", "Base MSRP", "City"]


@pytest.fixture
def picky_table(dags: Any) -> Iterator[None]:
    """A table with an index on numbers: DynamoDB refuses items that hold a text there, and each batch with one."""
    dynamodb, table = dags.deployed.client("dynamodb"), dags.dataset.table.name
    dynamodb.update_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "base_msrp", "AttributeType": "N"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by_price",
                    "KeySchema": [{"AttributeName": "base_msrp", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )
    yield
    dynamodb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_price"}}])


def run_by_hand(dags: Any, path: Path, name: str) -> dict[str, Any]:
    """Upload a file and start an execution on it, as with the aws CLI; return its output."""
    bucket, machine = (dags.deployed.outputs[key] for key in ("SourceBucket", "MigrationWorkflowStateMachine"))
    dags.deployed.client("s3").upload_file(str(path), bucket, path.name)
    states = dags.deployed.client("stepfunctions")
    told = json.dumps({"bucket_name": bucket, "file_key": path.name})
    arn = states.start_execution(stateMachineArn=machine, name=name, input=told)["executionArn"]
    for _ in range(600):
        described = states.describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            break
        time.sleep(0.2)
    assert described["status"] == "SUCCEEDED", described
    output: dict[str, Any] = json.loads(described["output"])
    return output


def rejects_at(dags: Any, location: str, expected: int) -> list[dict[str, Any]]:
    """Read the rejects of an execution once Firehose has delivered so many."""
    s3 = dags.deployed.client("s3")
    bucket, prefix = location.removeprefix("s3://").split("/", 1)
    for _ in range(150):
        keys = [found["Key"] for found in list_objects(s3, bucket, prefix)]
        rejects = [json.loads(line) for key in keys for line in object_lines(s3, bucket, key)]
        if len(rejects) >= expected:
            return rejects
        time.sleep(0.2)
    pytest.fail(f"{len(rejects)} of {expected} rejects were readable within half a minute")


def test_every_row_of_an_unprepared_file_is_an_item_or_a_reject_without_a_number(
    dags: Any, tmp_path: Path, picky_table: None
) -> None:
    rows = [[f"90{number:02}", "2020", "", "Kent"] for number in range(40)]
    rows[3] = ["", "2020", "", "no key"]
    rows[8] = ["9008", "soon", "", "no year"]
    rows[11] = ["9011", "2020", "34000", "refused"]
    rows[30] = ["9030", "2020", "cheap", "refused"]
    rows[35] = ["9005", "2021", "", "the last of its key"]
    path = tmp_path / "by-hand.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])

    output = run_by_hand(dags, path, "by-hand-unprepared")

    assert (output["TOTAL_NUMBER_OF_ITEMS_WRITTEN"], output["TOTAL_NUMBER_OF_ITEMS_IN_ERROR"]) == (35, 5)
    assert output["TOTAL_NUMBER_OF_ITEMS_FAILED"] == 0
    rejects = {one["reject_id"]: one for one in rejects_at(dags, output["ERROR_DATA_LOCATION"], 5)}.values()
    assert {(one["code"], tuple(one["item"].values())) for one in rejects} == {
        ("MISSING_KEY", tuple(rows[3])),
        ("BAD_TYPE", tuple(rows[8])),
        ("DYNAMODB_REFUSED", tuple(rows[11])),
        ("DYNAMODB_REFUSED", tuple(rows[30])),
        ("DUPLICATE_KEY", tuple(rows[5])),
    }
    assert {one["row"] for one in rejects} == {None}
    table = dags.table()
    rejected = {3, 5, 8, 11, 30}
    assert {f"A_{row[0]}" for number, row in enumerate(rows) if number not in rejected} <= table.keys()
    assert table["A_9005"]["model_year"] == {"N": "2021"}
    assert {"A_9008", "A_9011", "A_9030", "A_"}.isdisjoint(table)
