"""The managed policy of the Airflow side, as CloudFormation gets it."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.cdk.conftest import synthesized

Statement = dict[str, Any]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(arn: Any) -> str:
    """An ARN of the template, with ``{Name}`` where CloudFormation puts a value."""
    if isinstance(arn, str):
        return arn
    if "Fn::Join" in arn:
        separator, parts = arn["Fn::Join"]
        return str(separator).join(map(text, parts))
    if "Ref" in arn:
        return f"{{{arn['Ref']}}}"
    return f"{{{arn['Fn::GetAtt'][0]}}}"


@pytest.fixture
def statements(resources: Any) -> list[Statement]:
    (policy,) = resources("AWS::IAM::ManagedPolicy").values()
    found: list[Statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    return found


@pytest.fixture
def allowed_on(statements: list[Statement]) -> Any:
    """Gives the resources that an action is allowed on."""

    def resources_of(action: str) -> list[str]:
        return sorted(
            text(resource)
            for statement in statements
            if action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        )

    return resources_of


def test_it_allows_what_the_tasks_call_and_nothing_else(statements: list[Statement]) -> None:
    assert {statement["Effect"] for statement in statements} == {"Allow"}
    assert {action for statement in statements for action in as_list(statement["Action"])} == {
        "cloudformation:DescribeStacks",
        "dynamodb:BatchGetItem",
        "dynamodb:DescribeTable",
        "dynamodb:Scan",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "sns:Publish",
        "states:DescribeExecution",
        "states:DescribeMapRun",
        "states:DescribeStateMachine",
        "states:DescribeStateMachineForExecution",
        "states:ListExecutions",
        "states:ListMapRuns",
        "states:RedriveExecution",
        "states:StartExecution",
        "states:StopExecution",
        "states:UpdateMapRun",
    }


def test_every_statement_names_a_resource_of_this_stack(statements: list[Statement]) -> None:
    arns = [text(resource) for statement in statements for resource in as_list(statement["Resource"])]

    assert arns
    assert all("csvdynamo-city-trees" in arn or arn.startswith("{") for arn in arns), arns


def test_it_writes_its_own_data_sets_files_only(allowed_on: Any) -> None:
    written = [arn.rpartition("}/")[2] for arn in allowed_on("s3:PutObject")]

    assert written == ["landing/city_trees/*", "reports/city_trees/*", "source/city_trees/*"]
    assert allowed_on("s3:AbortMultipartUpload") == allowed_on("s3:PutObject")


def test_it_reads_what_the_run_left_and_no_upload_of_others(allowed_on: Any) -> None:
    read = [arn.rpartition("}/")[2] for arn in allowed_on("s3:GetObject")]

    assert read == [
        "firehose_errors/*",
        "landing/city_trees/*",
        "migration_errors/*",
        "reports/city_trees/*",
        "results/*",
        "source/city_trees/*",
    ]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudformation:DescribeStacks", "stack/csvdynamo-city-trees/*"),
        ("states:StartExecution", "stateMachine:csvdynamo-city-trees"),
        ("states:RedriveExecution", "execution:csvdynamo-city-trees:*"),
        ("states:ListMapRuns", "execution:csvdynamo-city-trees:*"),
        ("states:DescribeMapRun", "mapRun:csvdynamo-city-trees/migrate-rows:*"),
        ("states:UpdateMapRun", "mapRun:csvdynamo-city-trees/migrate-rows:*"),
    ],
)
def test_executions_and_stack_are_named(allowed_on: Any, action: str, resource: str) -> None:
    (arn,) = allowed_on(action)

    assert arn.endswith(f":{{AWS::Region}}:{{AWS::AccountId}}:{resource}")


def test_batches_that_have_ended_are_looked_at_where_the_file_lets_their_number_change(
    template: dict[str, Any], dataset_file: Path, tmp_path: Path
) -> None:
    fixed = tmp_path / dataset_file.name
    text_of_file = dataset_file.read_text(encoding="utf-8")
    assert "min_concurrency           = 2\n" in text_of_file
    fixed.write_text(text_of_file.replace("min_concurrency           = 2\n", ""), encoding="utf-8")

    without = statements_of(synthesized(fixed, tmp_path / "out"))

    place = "arn:{AWS::Partition}:states:{AWS::Region}:{AWS::AccountId}"
    assert permissions(statements_of(template)) - permissions(without) == {
        ("states:ListExecutions", f"{place}:mapRun:csvdynamo-city-trees/migrate-rows:*"),
        ("states:UpdateMapRun", f"{place}:mapRun:csvdynamo-city-trees/migrate-rows:*"),
        ("states:DescribeExecution", f"{place}:ex*:csvdynamo-city-trees/migrate-rows:*"),
    }


def test_the_table_is_read_and_never_written(statements: list[Statement], resources: Any, allowed_on: Any) -> None:
    (table,) = resources("AWS::DynamoDB::Table")

    for action in ("dynamodb:DescribeTable", "dynamodb:BatchGetItem", "dynamodb:Scan"):
        assert allowed_on(action) == [f"{{{table}}}"]


def test_the_output_names_the_policy(template: dict[str, Any], resources: Any) -> None:
    (policy,) = resources("AWS::IAM::ManagedPolicy")

    assert template["Outputs"]["AirflowPolicy"]["Value"] == {"Ref": policy}


def test_of_s3_it_reads_the_object_and_the_prefixes_of_the_data_set_file_and_nothing_else(
    template: dict[str, Any], dataset_file: Path, tmp_path: Path
) -> None:
    url = 'url       = "https://example.org/trees.csv"'
    buckets = 'buckets = ["s3://city/corrected/", "s3://archive/"]'
    own_file = tmp_path / dataset_file.name
    text_of_file = dataset_file.read_text(encoding="utf-8")
    assert url in text_of_file
    own_file.write_text(text_of_file.replace(url, f'url = "s3://city/in/trees.csv"\n{buckets}'), encoding="utf-8")

    with_objects = statements_of(synthesized(own_file, tmp_path / "out"))

    assert permissions(with_objects) - permissions(statements_of(template)) == {
        ("s3:GetObject", "arn:{AWS::Partition}:s3:::city/in/trees.csv"),
        ("s3:GetObject", "arn:{AWS::Partition}:s3:::city/corrected/*"),
        ("s3:GetObject", "arn:{AWS::Partition}:s3:::archive/*"),
    }
    assert permissions(statements_of(template)) < permissions(with_objects)
    assert all(one["Effect"] == "Allow" for one in with_objects)


def permissions(statements: list[Statement]) -> set[tuple[str, str]]:
    """Which action on which resource: the CDK joins the statements of one action."""
    return {
        (action, text(resource))
        for statement in statements
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def statements_of(of: dict[str, Any]) -> list[Statement]:
    [policy] = [one for one in of["Resources"].values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    return list(policy["Properties"]["PolicyDocument"]["Statement"])


def test_it_allows_what_the_kind_of_the_source_needs(template: dict[str, Any], toy_file: Path, tmp_path: Path) -> None:
    of_the_toy = statements_of(synthesized(toy_file, tmp_path / "out"))

    added = [one for one in of_the_toy if one not in statements_of(template)]
    assert [(one["Effect"], one["Action"], text(one["Resource"])) for one in added] == [
        ("Allow", "toys:Take", "arn:{AWS::Partition}:toys:::drawer/*")
    ]
    assert len(of_the_toy) == len(statements_of(template)) + 1
