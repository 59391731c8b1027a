"""The table as `[table]` of the data set file has it made; and one that is there already, which the stack only uses."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cdk.conftest import DATASET, synthesized
from tests.unit.cdk.test_airflow_policy import as_list, text

Template = dict[str, Any]
ROOT = Path(__file__).resolve().parents[3]
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b-2c"

COLUMNS = """
[columns.Height]
type = "number"

[columns.Until]
type = "number"

[table.index.by_species]
partition_key = "species"
sort_key = "height"

[table.index.by_street]
partition_key = "street"
projection = "keys"

[table.index.by_height]
partition_key = "height"
projection = ["species", "street"]
"""
THEIRS = """
[columns.Height]
type = "number"

[table.index.by_species]
partition_key = "species"
sort_key = "height"
"""


def with_table_keys(keys: str, more: str = "") -> str:
    """The data set file with more keys in its `[table]`."""
    return DATASET.replace('"tree_id"\n', f'"tree_id"\n{keys}\n') + more


def made(folder: Path, keys: str, more: str = "") -> Template:
    """The template of that data set."""
    path = folder / "city_trees.toml"
    path.write_text(with_table_keys(keys, more), encoding="utf-8")
    return synthesized(path, folder / "out")


def tables(template: Template) -> list[dict[str, Any]]:
    return [found["Properties"] for found in template["Resources"].values() if found["Type"] == "AWS::DynamoDB::Table"]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Template:
    keys = (
        'ttl = "until"\nstream = "both"\nclass = "infrequent-access"\nbilling = "provisioned"\nread_units = 5\n'
        "write_units = 6\nwarm_read_units = 12000\nwarm_write_units = 40000"
    )
    return made(tmp_path_factory.mktemp("full"), keys, COLUMNS)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return made(tmp_path_factory.mktemp("theirs"), "managed = false", THEIRS)


@pytest.fixture(scope="module")
def under_their_key(tmp_path_factory: pytest.TempPathFactory) -> Template:
    keys = f'managed = false\nkms_key = "{KEY}"'
    return made(tmp_path_factory.mktemp("keyed"), keys, '[protection]\nencryption = "customer-managed"\n')


def statements(template: Template) -> list[dict[str, Any]]:
    """Every statement of the stack's roles and of the policy for Airflow."""
    resources = [found["Properties"] for found in template["Resources"].values() if "::IAM::" in found["Type"]]
    documents = [policy["PolicyDocument"] for one in resources for policy in one.get("Policies", [])]
    documents += [one["PolicyDocument"] for one in resources if "PolicyDocument" in one]
    return [statement for document in documents for statement in document["Statement"]]


def resources_by_action(template: Template, service: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for statement in statements(template):
        for action in as_list(statement["Action"]):
            if action.startswith(f"{service}:"):
                found.setdefault(action, set()).update(map(text, as_list(statement["Resource"])))
    return found


def test_every_setting_is_the_tables(full: Template) -> None:
    [table] = tables(full)
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    warm = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 40_000}

    assert table["TimeToLiveSpecification"] == {"AttributeName": "until", "Enabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table.get("BillingMode", "PROVISIONED") == "PROVISIONED"
    assert table["ProvisionedThroughput"] == units
    assert table["WarmThroughput"] == warm
    assert all(one["ProvisionedThroughput"] == units for one in table["GlobalSecondaryIndexes"])
    assert all(one["WarmThroughput"] == warm for one in table["GlobalSecondaryIndexes"])
    assert table["DeletionProtectionEnabled"] is True


def test_indexes_have_their_keys_types_and_projections(full: Template) -> None:
    [table] = tables(full)
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    indexes = {one["IndexName"]: one for one in table["GlobalSecondaryIndexes"]}

    assert types == {"tree_id": "S", "species": "S", "height": "N", "street": "S"}
    assert [*indexes] == ["by_height", "by_species", "by_street"]
    assert indexes["by_species"]["KeySchema"] == [
        {"AttributeName": "species", "KeyType": "HASH"},
        {"AttributeName": "height", "KeyType": "RANGE"},
    ]
    assert indexes["by_street"]["KeySchema"] == [{"AttributeName": "street", "KeyType": "HASH"}]
    assert {name: one["Projection"] for name, one in indexes.items()} == {
        "by_species": {"ProjectionType": "ALL"},
        "by_street": {"ProjectionType": "KEYS_ONLY"},
        "by_height": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["species", "street"]},
    }


def test_a_table_on_demand_may_have_a_maximum_as_may_its_indexes(tmp_path: Path) -> None:
    [table] = tables(made(tmp_path, "max_read_units = 7\nmax_write_units = 8\nstream = 'keys'", COLUMNS))
    most = {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8}

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["OnDemandThroughput"] == most
    assert all(one["OnDemandThroughput"] == most for one in table["GlobalSecondaryIndexes"])
    assert table["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}
    assert not {"TableClass", "WarmThroughput", "TimeToLiveSpecification"} & table.keys()


def test_a_table_that_nobody_says_more_of_is_what_it_was(tmp_path: Path) -> None:
    """Of the worked example, as it was before there were more settings: a deploy changes nothing of it."""
    text, _, limits = (ROOT / "datasets" / "ev_population.toml").read_text(encoding="utf-8").partition("[limits]\n")
    earlier = tmp_path / "ev_population.toml"
    earlier.write_text(f"{text}[limits]\nrows_per_batch = 350\n\n[dag]{limits.partition('[dag]')[2]}", encoding="utf-8")
    template = synthesized(earlier, tmp_path / "out")
    [found] = [one for one in template["Resources"].values() if one["Type"] == "AWS::DynamoDB::Table"]

    assert json.dumps(found) == (
        '{"Type": "AWS::DynamoDB::Table", "Properties": {"AttributeDefinitions": [{"AttributeName": "dol_vehicle_id", '
        '"AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": true, "KeySchema": '
        '[{"AttributeName": "dol_vehicle_id", "KeyType": "HASH"}], "PointInTimeRecoverySpecification": '
        '{"PointInTimeRecoveryEnabled": true}, "TableName": "tb_ev_vehicle_data"}, "UpdateReplacePolicy": "Retain", '
        '"DeletionPolicy": "RetainExceptOnCreate"}'
    )
    assert template["Outputs"]["SettingsHash"]["Value"] == "e529b293af7afc57"
    assert template["Outputs"]["DatasetHash"]["Value"].startswith("b1f37412a7b112b1")


def test_a_table_that_is_there_is_none_of_the_stacks_resources(theirs: Template, template: Template) -> None:
    assert tables(theirs) == []
    assert {one["Type"] for one in template["Resources"].values()} - {
        one["Type"] for one in theirs["Resources"].values()
    } == {"AWS::DynamoDB::Table"}
    assert theirs["Outputs"]["DestinationTable"]["Value"] == "tb_trees"


def test_a_table_that_is_there_is_granted_by_its_name_and_no_other_is(theirs: Template, template: Template) -> None:
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/tb_trees"

    granted = resources_by_action(theirs, "dynamodb")
    assert granted == {
        "dynamodb:BatchWriteItem": {arn},
        "dynamodb:BatchGetItem": {arn},
        "dynamodb:DescribeTable": {arn},
        "dynamodb:DescribeTimeToLive": {arn},
        "dynamodb:Scan": {arn},
    }
    assert granted.keys() - resources_by_action(template, "dynamodb").keys() == {"dynamodb:DescribeTimeToLive"}


def test_only_airflow_asks_how_long_items_live(theirs: Template) -> None:
    [policy] = [one["Properties"] for one in theirs["Resources"].values() if one["Type"] == "AWS::IAM::ManagedPolicy"]

    assert "dynamodb:DescribeTimeToLive" in json.dumps(policy)
    assert json.dumps(theirs).count("DescribeTimeToLive") == 1


def test_no_key_is_granted_for_a_table_of_which_none_is_said(theirs: Template) -> None:
    through = [one for one in statements(theirs) if "dynamodb" in json.dumps(one.get("Condition", {}))]

    assert through == []


def test_the_owners_key_is_granted_for_the_table_alone(under_their_key: Template) -> None:
    through = [one for one in statements(under_their_key) if "dynamodb" in json.dumps(one.get("Condition", {}))]

    assert [(as_list(one["Action"]), one["Resource"]) for one in through] == [
        (["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], KEY),
        (["kms:Decrypt"], KEY),
    ]
    for one in through:
        assert one["Condition"]["StringLike"] == {"kms:EncryptionContext:aws:dynamodb:tableName": "tb_trees"}
        assert text(one["Condition"]["StringEquals"]["kms:ViaService"]) == "dynamodb.{AWS::Region}.amazonaws.com"


def test_the_bucket_of_such_a_table_is_under_the_stacks_key_all_the_same(under_their_key: Template) -> None:
    [bucket] = [one["Properties"] for one in under_their_key["Resources"].values() if one["Type"] == "AWS::S3::Bucket"]

    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
