import hashlib
from pathlib import Path
from typing import Any

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.stack_outputs import StackOutput
from tests.unit.cdk.conftest import synthesized

Template = dict[str, Any]


def only(found: dict[str, Any]) -> dict[str, Any]:
    (resource,) = found.values()
    properties: dict[str, Any] = resource
    return properties


def test_the_outputs_are_those_of_the_contract(template: Template) -> None:
    assert set(template["Outputs"]) == set(StackOutput)
    assert set(StackOutput) == {
        "SourceBucket",
        "MigrationWorkflowStateMachine",
        "PublishMigrationResultsTopic",
        "DestinationTable",
        "ErrorDeliveryStream",
        "ErrorBufferSeconds",
        "DatasetHash",
        "SettingsHash",
        "AirflowPolicy",
    }


def test_the_hashes_are_those_of_the_rules_and_of_what_else_it_is_made_of(
    template: Template, dataset_file: Path
) -> None:
    dataset = load_dataset(dataset_file)

    assert template["Outputs"]["DatasetHash"]["Value"] == hashlib.sha256(dataset.rules.to_json()).hexdigest()
    assert template["Outputs"]["SettingsHash"]["Value"] == dataset.settings_digest


def test_the_announced_buffer_is_the_streams_own(template: Template, resources: Any) -> None:
    stream = only(resources("AWS::KinesisFirehose::DeliveryStream"))["Properties"]
    hints = stream["ExtendedS3DestinationConfiguration"]["BufferingHints"]

    assert template["Outputs"]["ErrorBufferSeconds"]["Value"] == str(hints["IntervalInSeconds"])
    assert hints["SizeInMBs"] >= 64


def test_bucket_and_table_are_kept_and_a_failed_first_deploy_leaves_neither(resources: Any) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table"):
        resource = only(resources(kind))

        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_only_bucket_and_table_are_kept_and_the_versions_of_a_function_while_it_is_there(template: Template) -> None:
    kept = {
        found["Type"] for found in template["Resources"].values() if found.get("DeletionPolicy", "Delete") != "Delete"
    }

    assert kept == {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Lambda::Version"}


def test_their_names_are_written_out_so_that_a_later_deploy_takes_them_back(resources: Any) -> None:
    bucket = only(resources("AWS::S3::Bucket"))["Properties"]
    table = only(resources("AWS::DynamoDB::Table"))["Properties"]

    assert bucket["BucketName"] == "csvdynamo-city-trees-123456789012-eu-west-1"
    assert table["TableName"] == "tb_trees"


def test_the_table_is_protected_and_keyed_by_text(resources: Any) -> None:
    table = only(resources("AWS::DynamoDB::Table"))["Properties"]

    assert table["DeletionProtectionEnabled"] is True
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["KeySchema"] == [{"AttributeName": "tree_id", "KeyType": "HASH"}]
    assert table["AttributeDefinitions"] == [{"AttributeName": "tree_id", "AttributeType": "S"}]


def test_a_key_of_two_attributes_has_the_types_of_their_columns(dataset_file: Path, tmp_path: Path) -> None:
    path = tmp_path / dataset_file.name
    text = dataset_file.read_text(encoding="utf-8")
    text = text.replace('partition_key = "tree_id"', 'partition_key = "tree_id"\nsort_key = "height"')
    path.write_text(text + '\n[columns.Height]\ntype = "number"\n', encoding="utf-8")

    resources = synthesized(path, tmp_path / "out")["Resources"].values()

    [table] = [one["Properties"] for one in resources if one["Type"] == "AWS::DynamoDB::Table"]
    assert [(one["AttributeName"], one["KeyType"]) for one in table["KeySchema"]] == [
        ("tree_id", "HASH"),
        ("height", "RANGE"),
    ]
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    assert types == {"tree_id": "S", "height": "N"}


def test_the_bucket_is_private_versioned_and_encrypted(resources: Any) -> None:
    bucket = only(resources("AWS::S3::Bucket"))["Properties"]

    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (cleaning,) = bucket["LifecycleConfiguration"]["Rules"]
    assert cleaning["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_the_bucket_refuses_plain_http(resources: Any) -> None:
    policy = only(resources("AWS::S3::BucketPolicy"))["Properties"]["PolicyDocument"]

    (denied,) = [found for found in policy["Statement"] if found["Effect"] == "Deny"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Action"] == "s3:*"


def test_functions_run_the_handlers_on_arm_with_their_names_told(resources: Any) -> None:
    functions = {
        found["Properties"]["Handler"]: found["Properties"] for found in resources("AWS::Lambda::Function").values()
    }

    assert set(functions) == {"migrate_batch.handler", "consolidate.handler"}
    for function in functions.values():
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
        assert "LogGroup" in function["LoggingConfig"]
        assert "DESTINATION_TABLE_NAME" in function["Environment"]["Variables"]
    assert "ERROR_DELIVERY_STREAM_NAME" in functions["migrate_batch.handler"]["Environment"]["Variables"]


def test_every_log_group_forgets(resources: Any) -> None:
    groups = resources("AWS::Logs::LogGroup")

    assert len(groups) == 4
    assert all(group["Properties"]["RetentionInDays"] == 90 for group in groups.values())


def test_rejects_are_partitioned_by_execution(resources: Any) -> None:
    stream = only(resources("AWS::KinesisFirehose::DeliveryStream"))["Properties"]
    destination = stream["ExtendedS3DestinationConfiguration"]

    assert stream["DeliveryStreamType"] == "DirectPut"
    assert destination["DynamicPartitioningConfiguration"] == {"Enabled": True}
    assert destination["Prefix"] == "migration_errors/execution_name=!{partitionKeyFromQuery:execution_name}/"
    assert destination["ErrorOutputPrefix"] == "firehose_errors/!{firehose:error-output-type}/"
    (processor,) = destination["ProcessingConfiguration"]["Processors"]
    parameters = {found["ParameterName"]: found["ParameterValue"] for found in processor["Parameters"]}
    assert parameters["MetadataExtractionQuery"] == "{execution_name:.execution_name}"
