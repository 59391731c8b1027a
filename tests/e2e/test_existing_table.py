"""A table that is there before its stack, with an index and a time to live, through the real DAG."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commands.airflow_user import airflow_variables
from commands.embedded import Deployed
from csvdynamo_airflow.stack import Use
from csvdynamo_airflow.tasks import connections
from csvdynamo_airflow.tasks.task_shell import open_stack, refuse_other_table
from tests.e2e.conftest import FAST, Airflow, Dags
from tests.e2e.least_privilege.airflow_witnesses import AirflowConnection
from tests.e2e.least_privilege.holders import Permissions
from tests.support.stacks import Stacks

NAME, TABLE = "their_vehicles", "tb_their_vehicles"
DAY = 86_400


def make_table(dynamodb: Any) -> None:
    """Make the table as its owner has it: an item of another origin is in it."""
    types = {"dol_vehicle_id": "S", "make": "S", "model_year": "N"}
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "dol_vehicle_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_make",
                "KeySchema": [
                    {"AttributeName": "make", "KeyType": "HASH"},
                    {"AttributeName": "model_year", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName=TABLE, Item={"dol_vehicle_id": {"S": "Z_1"}, "make": {"S": "SAAB"}})


def let_items_expire(dynamodb: Any) -> None:
    specification = {"Enabled": True, "AttributeName": "offer_ends"}
    dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=specification)


@pytest.fixture
def their_dags(airflow: Airflow, stacks: Stacks, deployed: Deployed) -> Iterator[Dags]:
    """The DAG of a data set whose table somebody else has made."""
    dags = replace(airflow.dags(stacks.on(deployed.aws, NAME), NAME), no_waiting=True)
    dynamodb = dags.deployed.client("dynamodb")
    make_table(dynamodb)
    yield dags
    dynamodb.delete_table(TableName=TABLE)


def _hold_to_plan(report: Any) -> None:
    """The run did what was planned, to the write unit: five items, three of which are in the index."""
    plan = report["plan"]
    assert (plan["written"], plan["rejects"]) == (5, {"TOO_LARGE": 1})
    assert report["write_units"] == plan["write_units"] == 5 + 3
    assert sum(report["batches"].values()) == plan["batches"] == 1
    assert report["verification"]["read_units"] > 0
    assert [line["what"] for line in report["cost"]["lines"] if line["usd"] is None] == ["JQ hours"]
    assert report["cost"]["usd"] > 0


def test_rows_go_to_a_table_that_is_there_and_what_has_expired_is_not_lost(their_dags: Dags, tmp_path: Path) -> None:
    dynamodb, now = their_dags.deployed.client("dynamodb"), int(time.time())
    past, future = now - 30 * DAY, now + 30 * DAY
    rows = [
        ("1", "KIA", "2020", future),
        ("2", "KIA", "2019", future),
        ("3", "AUDI", "", ""),
        ("4", "", "2018", past),
        ("5", "x" * 2049, "2017", past),
        ("6", "BMW", "2016", past),
    ]
    source = tmp_path / "vehicles.csv"
    lines = ["DOL Vehicle ID,Make,Model Year,Offer ends", *(",".join(map(str, row)) for row in rows)]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")

    # Nobody said that its items expire: nothing is uploaded.
    refused = their_dags.run(str(source), date="2026-03-01")

    assert refused.status != 0
    assert (
        "deletes items by no attribute; by datasets/their_vehicles.toml by the attribute 'offer_ends'" in refused.output
    )
    assert their_dags.executions() == []
    assert their_dags.table().keys() == {"Z_1"}

    let_items_expire(dynamodb)
    written = their_dags.run(str(source), date="2026-03-01")

    assert written.status == 0, written.output[-3000:]
    assert (written.report["ledger"]["written"], written.report["ledger"]["rejected"]) == (5, 1)
    assert written.report["rejects_by_code"] == {"TOO_LARGE": 1}
    _hold_to_plan(written.report)
    assert {*their_dags.table()} - {"A_4", "A_6"} == {"Z_1", "A_1", "A_2", "A_3"}
    asked = dynamodb.query(
        TableName=TABLE,
        IndexName="by_make",
        KeyConditionExpression="make = :make",
        ExpressionAttributeValues={":make": {"S": "KIA"}},
    )
    assert [item["dol_vehicle_id"]["S"] for item in asked["Items"]] == ["A_2", "A_1"]

    # DynamoDB deletes what has expired, and something else is lost.
    for key in ("A_4", "A_6", "A_1"):
        dynamodb.delete_item(TableName=TABLE, Key={"dol_vehicle_id": {"S": key}})
    lost = their_dags.run(str(source), date="2026-03-01")

    assert lost.status != 0
    verification = lost.report["verification"]
    assert (verification["missing"], verification["expired"], verification["foreign"]) == (1, 2, 1)
    assert [one["key"] for one in verification["examples"] if one["kind"] == "missing"] == ["A_1"]


def test_airflow_may_look_at_such_a_table_and_needs_each_permission_for_it(
    stacks: Stacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = stacks.dataset(NAME)
    with stacks.copy(log=tmp_path / "local-aws.log", settings=FAST, secure=True) as aws:
        deployed = stacks.on(aws, NAME)
        make_table(deployed.client("dynamodb"))
        let_items_expire(deployed.client("dynamodb"))
        user = airflow_variables(deployed)
        monkeypatch.setattr(connections, "_hook", lambda service: AirflowConnection(service, user))
        permissions = Permissions(deployed, dataset.stack_name)
        stack = open_stack(dataset, Use.WRITE)

        refuse_other_table(stack, dataset)
        for action in ("dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive"):
            with permissions.without_action("AirflowPolicy", action), pytest.raises(Exception, match=action):
                refuse_other_table(stack, dataset)
