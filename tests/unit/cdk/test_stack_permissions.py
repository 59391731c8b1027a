from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cdk.conftest import DATASET, synthesized

Statement = dict[str, Any]

# Vended log delivery has no resource that a policy could name.
LOG_DELIVERY = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def role_statements(resources: Any, description: str = "") -> Iterator[Statement]:
    for role in resources("AWS::IAM::Role").values():
        if description in role["Properties"]["Description"]:
            for policy in role["Properties"]["Policies"]:
                yield from policy["PolicyDocument"]["Statement"]


def allowed(resources: Any, description: str) -> set[str]:
    return {action for found in role_statements(resources, description) for action in as_list(found["Action"])}


def test_a_role_says_star_only_where_no_resource_can_be_named(resources: Any) -> None:
    starred = [found for found in role_statements(resources) if "*" in as_list(found["Resource"])]

    assert [set(as_list(found["Action"])) for found in starred] == [LOG_DELIVERY]


def test_no_role_has_an_action_with_a_star(resources: Any) -> None:
    actions = {action for found in role_statements(resources) for action in as_list(found["Action"])}

    assert actions
    assert not {action for action in actions if "*" in action}


def test_every_permission_is_in_a_role_as_written_but_airflows(resources: Any) -> None:
    assert resources("AWS::IAM::Policy") == {}
    assert len(resources("AWS::IAM::ManagedPolicy")) == 1
    assert not any("ManagedPolicyArns" in role["Properties"] for role in resources("AWS::IAM::Role").values())


def test_each_function_may_do_its_own_work_only(resources: Any) -> None:
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}

    reading = {"s3:GetObject", "s3:ListBucket"}
    writing = {"dynamodb:BatchWriteItem", "firehose:PutRecordBatch"}
    assert allowed(resources, "migrate_batch.handler") == logs | reading | writing
    assert allowed(resources, "consolidate.handler") == logs | reading


def test_a_batch_reads_whose_turn_it_is_and_the_names_of_its_columns_and_no_other_object(resources: Any) -> None:
    (reading,) = [
        found
        for found in role_statements(resources, "migrate_batch.handler")
        if "s3:GetObject" in as_list(found["Action"])
    ]

    assert [resource["Fn::Join"][1][-1] for resource in reading["Resource"]] == [
        "/reports/city_trees/migrating.json",
        "/source/city_trees/names/*",
    ]


def test_the_machine_writes_under_results_only(resources: Any) -> None:
    (writing,) = [
        found for found in role_statements(resources, "state machine") if "s3:PutObject" in as_list(found["Action"])
    ]

    assert writing["Resource"]["Fn::Join"][1][-1] == "/results/*"


def test_firehose_writes_under_its_two_prefixes_only(resources: Any) -> None:
    (writing,) = [
        found for found in role_statements(resources, "Firehose") if "s3:PutObject" in as_list(found["Action"])
    ]

    assert {resource["Fn::Join"][1][-1] for resource in writing["Resource"]} == {
        "/migration_errors/*",
        "/firehose_errors/*",
    }


def test_the_machine_may_start_and_redrive_its_own_children_only(resources: Any, machine: Statement) -> None:
    arns = {
        action: "".join(part for part in found["Resource"]["Fn::Join"][1] if isinstance(part, str))
        for found in role_statements(resources, "state machine")
        for action in as_list(found["Action"])
        if action.startswith("states:")
    }

    assert machine["StateMachineName"] == "csvdynamo-city-trees"
    assert arns["states:StartExecution"].endswith(":stateMachine:csvdynamo-city-trees")
    assert arns["states:StopExecution"].endswith(":execution:csvdynamo-city-trees:*")
    assert arns["states:RedriveExecution"].endswith(":execution:csvdynamo-city-trees/migrate-rows:*")


def test_rows_never_reach_the_machines_log(machine: Statement) -> None:
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_the_topics_key_turns_over_and_eventbridge_may_use_it(resources: Any) -> None:
    (key,) = resources("AWS::KMS::Key").values()

    assert key["Properties"]["EnableKeyRotation"] is True
    (statement,) = [
        found
        for found in key["Properties"]["KeyPolicy"]["Statement"]
        if found["Principal"] == {"Service": "events.amazonaws.com"}
    ]
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}


def test_the_topic_takes_the_failure_rule_over_tls_only(resources: Any) -> None:
    (policy,) = resources("AWS::SNS::TopicPolicy").values()
    (rule,) = resources("AWS::Events::Rule")
    statements = policy["Properties"]["PolicyDocument"]["Statement"]

    assert {"Bool": {"aws:SecureTransport": "false"}} in [
        found["Condition"] for found in statements if found["Effect"] == "Deny"
    ]
    (publishing,) = [found for found in statements if found["Effect"] == "Allow"]
    assert publishing["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule, "Arn"]}}}


def test_every_end_but_success_is_announced_without_the_rows(resources: Any) -> None:
    (rule,) = resources("AWS::Events::Rule").values()
    detail = rule["Properties"]["EventPattern"]["detail"]
    transformer = rule["Properties"]["Targets"][0]["InputTransformer"]

    assert set(detail["status"]) == {"FAILED", "TIMED_OUT", "ABORTED"}
    assert set(transformer["InputPathsMap"].values()) == {
        "$.detail.name",
        "$.detail.status",
        "$.detail.executionArn",
    }
    assert transformer["InputTemplate"].startswith('"csvdynamo city_trees: execution <name> ended as <status>.')


def test_an_address_is_subscribed_only_when_the_parameter_has_one(template: Statement, resources: Any) -> None:
    parameter = template["Parameters"]["SendCompletionEmailTo"]
    (subscription,) = resources("AWS::SNS::Subscription").values()

    assert parameter["Default"] == ""
    assert template["Conditions"][subscription["Condition"]] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "SendCompletionEmailTo"}, ""]}]
    }
    assert subscription["Properties"]["Endpoint"] == {"Ref": "SendCompletionEmailTo"}


INSERTING = ["dynamodb:BatchGetItem", "dynamodb:PutItem"]  # none that would write over an item
CHANGING = ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem"]


@pytest.mark.parametrize(
    ("mode", "actions"), [("all", "dynamodb:BatchWriteItem"), ("insert", INSERTING), ("changed", CHANGING)]
)
def test_the_function_may_read_and_change_single_items_of_its_table_only_where_the_data_set_needs_that(
    tmp_path: Path, mode: str, actions: Any
) -> None:
    path = tmp_path / "city_trees.toml"
    path.write_text(f'{DATASET}\n[write]\nmode = "{mode}"\n', encoding="utf-8")
    template = synthesized(path, tmp_path / "out")

    def of_type(kind: str) -> dict[str, Any]:
        return {name: found for name, found in template["Resources"].items() if found["Type"] == kind}

    ((table, _),) = of_type("AWS::DynamoDB::Table").items()
    found = [one for one in role_statements(of_type) if "dynamodb:" in str(one["Action"])]
    assert [(one["Action"], one["Resource"]) for one in found] == [(actions, {"Fn::GetAtt": [table, "Arn"]})]
    assert found == [
        one for one in role_statements(of_type, "migrate_batch.handler") if "dynamodb:" in str(one["Action"])
    ]
