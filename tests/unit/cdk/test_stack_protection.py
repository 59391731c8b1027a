"""What `[protection]` of the data set file does to the stack: whose keys, who may use them, and what expires when."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.cdk.conftest import DATASET, synthesized

Template = dict[str, Any]

PROTECTION = """
[protection]
encryption        = "customer-managed"
keep_landing_days = 7
keep_source_days  = 30
keep_error_days   = 90
keep_result_days  = 31
keep_report_days  = 400
keep_snapshot_runs = 3
"""


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The stack of the same data set with every protection."""
    path = tmp_path_factory.mktemp("datasets") / "city_trees.toml"
    path.write_text(DATASET + PROTECTION, encoding="utf-8")
    return synthesized(path, tmp_path_factory.mktemp("cdk.out"))


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: found for name, found in template["Resources"].items() if found["Type"] == kind}


def only(template: Template, kind: str) -> tuple[str, dict[str, Any]]:
    ((name, found),) = of_type(template, kind).items()
    return name, found


def data_key(template: Template) -> tuple[str, dict[str, Any]]:
    keys = of_type(template, "AWS::KMS::Key").items()
    ((name, key),) = [(name, key) for name, key in keys if "topic" not in key["Properties"]["Description"]]
    return name, key


def key_statements(template: Template, role: str) -> Iterator[dict[str, Any]]:
    """The statements about KMS of the role whose description has a text."""
    for found in of_type(template, "AWS::IAM::Role").values():
        if role in found["Properties"]["Description"]:
            for policy in found["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    actions = statement["Action"]
                    if "kms:" in str(actions) and "kms:ViaService" in str(statement.get("Condition")):
                        yield statement


def expiring(template: Template) -> dict[str, tuple[int, int]]:
    """Days that a folder's objects are kept, and days after which what expired is gone."""
    rules = only(template, "AWS::S3::Bucket")[1]["Properties"]["LifecycleConfiguration"]["Rules"]
    return {
        rule["Prefix"]: (rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
        for rule in rules
        if "ExpirationInDays" in rule and rule["Status"] == "Enabled"
    }


def test_by_default_nothing_expires_and_the_services_keys_are_used(template: Template) -> None:
    assert expiring(template) == {}
    assert len(of_type(template, "AWS::KMS::Key")) == 1, "the topic's"
    bucket = only(template, "AWS::S3::Bucket")[1]["Properties"]
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    stream = only(template, "AWS::KinesisFirehose::DeliveryStream")[1]["Properties"]
    assert stream["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": "AWS_OWNED_CMK"}


def test_each_folder_expires_as_the_data_set_says_and_its_old_versions_with_it(protected: Template) -> None:
    assert expiring(protected) == {
        "landing/": (7, 7),
        "source/": (30, 7),
        "migration_errors/": (90, 7),
        "firehose_errors/": (90, 7),
        "results/": (31, 7),
        "reports/": (400, 7),
    }


def test_one_key_of_the_stack_encrypts_all_that_may_hold_rows(protected: Template) -> None:
    name, _ = data_key(protected)
    arn = {"Fn::GetAtt": [name, "Arn"]}

    bucket = only(protected, "AWS::S3::Bucket")[1]["Properties"]
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {
            "BucketKeyEnabled": True,
            "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn},
        }
    ]
    table = only(protected, "AWS::DynamoDB::Table")[1]["Properties"]
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn}
    stream = only(protected, "AWS::KinesisFirehose::DeliveryStream")[1]["Properties"]
    assert stream["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": arn}
    groups = of_type(protected, "AWS::Logs::LogGroup").values()
    assert [group["Properties"]["KmsKeyId"] for group in groups] == [arn] * 4


def test_the_key_turns_over_and_is_kept_like_what_it_encrypts(protected: Template) -> None:
    _, key = data_key(protected)

    assert key["Properties"]["EnableKeyRotation"] is True
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_the_logs_service_may_use_the_key_for_the_stacks_own_log_groups_only(protected: Template) -> None:
    _, key = data_key(protected)
    statements = {found.get("Sid", ""): found for found in key["Properties"]["KeyPolicy"]["Statement"]}

    groups = statements["AllowLogs"]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert [group["Fn::Join"][1][-1] for group in groups] == [
        ":log-group:csvdynamo-city-trees-*",
        ":log-group:/aws/vendedlogs/states/csvdynamo-city-trees",
    ]
    assert "logs." in str(statements["AllowLogs"]["Principal"])


@pytest.mark.parametrize(
    ("role", "service", "actions"),
    [
        ("migrate_batch.handler", "dynamodb.", {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}),
        ("migrate_batch.handler", "s3.", {"kms:Decrypt"}),
        ("consolidate.handler", "s3.", {"kms:Decrypt"}),
        ("state machine", "s3.", {"kms:Decrypt", "kms:GenerateDataKey"}),
        ("Firehose", "s3.", {"kms:Decrypt", "kms:GenerateDataKey"}),
    ],
)
def test_each_role_may_use_keys_for_its_own_data_only(
    protected: Template, role: str, service: str, actions: set[str]
) -> None:
    (statement,) = [
        found
        for found in key_statements(protected, role)
        if service in str(found["Condition"]["StringEquals"]["kms:ViaService"])
    ]

    found = statement["Action"]
    assert set(found if isinstance(found, list) else [found]) == actions
    [(context, value)] = statement["Condition"]["StringLike"].items()
    owner = "AWS::DynamoDB::Table" if service == "dynamodb." else "AWS::S3::Bucket"
    assert context.startswith("kms:EncryptionContext:aws:")
    assert only(protected, owner)[0] in str(value)


@pytest.mark.parametrize("role", ["migrate_batch.handler", "consolidate.handler", "state machine", "Firehose"])
def test_without_a_key_of_the_stacks_own_no_role_may_use_any(template: Template, role: str) -> None:
    assert list(key_statements(template, role)) == []


@pytest.mark.parametrize(
    ("kind", "replacing"),
    [
        ("AWS::S3::Bucket", {"BucketName"}),
        ("AWS::DynamoDB::Table", {"TableName", "KeySchema"}),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisfirehose-deliverystream.html
        ("AWS::KinesisFirehose::DeliveryStream", {"DeliveryStreamType"}),
    ],
)
def test_protecting_a_stack_that_is_there_replaces_nothing_that_holds_data(
    template: Template, protected: Template, kind: str, replacing: set[str]
) -> None:
    before, after = only(template, kind), only(protected, kind)

    assert before[0] == after[0]
    for name in replacing:
        assert before[1]["Properties"][name] == after[1]["Properties"][name]
    assert "DeliveryStreamName" not in before[1]["Properties"]


@pytest.mark.parametrize("which", ["template", "protected"])
def test_nothing_travels_without_tls_and_the_table_can_be_brought_back(which: str, request: Any) -> None:
    found: Template = request.getfixturevalue(which)

    for kind, action in (("AWS::S3::BucketPolicy", "s3:*"), ("AWS::SNS::TopicPolicy", "sns:Publish")):
        statements = only(found, kind)[1]["Properties"]["PolicyDocument"]["Statement"]
        (denied,) = [statement for statement in statements if statement["Effect"] == "Deny"]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert denied["Action"] == action
        assert denied["Principal"] in ({"AWS": "*"}, "*")
    (_, topic) = only(found, "AWS::SNS::Topic")
    assert "KmsMasterKeyId" in topic["Properties"]
    table = only(found, "AWS::DynamoDB::Table")[1]["Properties"]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True


def test_airflow_may_delete_digests_of_rows_by_their_versions_and_nothing_else(
    template: Template, protected: Template
) -> None:
    def deletions(of: Template) -> list[tuple[Any, str]]:
        [policy] = of_type(of, "AWS::IAM::ManagedPolicy").values()
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        found = [one for one in statements if "Delete" in str(one["Action"])]
        return [(one["Action"], one["Resource"]["Fn::Join"][1][-1]) for one in found]

    assert deletions(template) == []
    assert deletions(protected) == [("s3:DeleteObjectVersion", "/reports/city_trees/*/row_digests-*")]
