"""What AWS services may do under their roles, where the embedded AWS enforces IAM."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import PASS, Cloud, distributed_map, until

ACCOUNT = "000000000000"
STATES, LAMBDA, FIREHOSE = "states.amazonaws.com", "lambda.amazonaws.com", "firehose.amazonaws.com"
ECHO = "def handler(event, context):\n    return event\n"


def role(cloud: Cloud, service: str, *allowed: tuple[str, str], account: str = ACCOUNT) -> str:
    """A role that a service may take on for an account, with some actions on some resources; its ARN."""
    condition = {} if service == LAMBDA else {"Condition": {"StringEquals": {"aws:SourceAccount": account}}}
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **condition}
    name = f"role-{uuid.uuid4()}"
    created = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
    allow(cloud, created["Role"]["Arn"], *allowed)
    return str(created["Role"]["Arn"])


def allow(cloud: Cloud, role_arn: str, *allowed: tuple[str, str]) -> None:
    """Replace what a role allows."""
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
    nothing = {"Effect": "Allow", "Action": "none:Nothing", "Resource": "*"}
    cloud.client("iam").put_role_policy(
        RoleName=role_arn.rpartition("/")[2], PolicyName="work", PolicyDocument=policy(*(statements or [nothing]))
    )


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def calling(function: str) -> dict[str, Any]:
    return {"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": function, "End": True}}}


def reading(bucket: str, key: str) -> dict[str, Any]:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": bucket, "Key": key},
    }
    return distributed_map(PASS, ItemReader=reader)


def ending(cloud: Cloud, machine: str) -> tuple[str, str, str]:
    ended = cloud.ended(cloud.start(machine))
    return ended["status"], ended.get("error", ""), ended.get("cause", "")


def test_a_task_needs_the_permission_of_its_machines_role(secure: Cloud) -> None:
    function = secure.function(ECHO, role(secure, LAMBDA))
    worker = role(secure, STATES)
    machine = secure.machine(calling(function), worker)

    status, error, cause = ending(secure, machine)

    assert (status, error) == ("FAILED", "Lambda.AWSLambdaException")
    assert f"assumed-role/{worker.rpartition('/')[2]}/" in cause
    assert f"is not authorized to perform: lambda:InvokeFunction on resource: {function}" in cause
    allow(secure, worker, ("lambda:InvokeFunction", function))
    assert ending(secure, machine)[0] == "SUCCEEDED"


@pytest.mark.parametrize("trusted", [(LAMBDA, ACCOUNT), (STATES, "111111111111")], ids=["service", "account"])
def test_a_role_that_does_not_trust_step_functions_in_this_account_is_of_no_use(
    secure: Cloud, trusted: tuple[str, str]
) -> None:
    function = secure.function(ECHO, role(secure, LAMBDA))
    service, account = trusted
    worker = role(secure, service, ("lambda:InvokeFunction", function), account=account)

    status, _, cause = ending(secure, secure.machine(calling(function), worker))

    assert status == "FAILED"
    assert cause.startswith("Neither the global service principal states.amazonaws.com")


def test_a_function_whose_role_does_not_trust_lambda_is_not_invoked(secure: Cloud) -> None:
    function = secure.function(ECHO, role(secure, FIREHOSE))
    worker = role(secure, STATES, ("lambda:InvokeFunction", function))

    status, error, cause = ending(secure, secure.machine(calling(function), worker))

    assert (status, error) == ("FAILED", "Lambda.AWSLambdaException")
    assert "cannot be assumed by Lambda" in cause


def test_a_function_works_under_its_own_role(secure: Cloud) -> None:
    bucket = secure.bucket(file="text")
    read = f"boto3.client('s3').get_object(Bucket='{bucket}', Key='file')"
    code = f"import boto3\ndef handler(event, context):\n    {read}\n"
    own = role(secure, LAMBDA)
    function = secure.function(code, own)
    machine = secure.machine(calling(function), role(secure, STATES, ("lambda:InvokeFunction", function)))

    status, _, cause = ending(secure, machine)

    assert status == "FAILED"
    assert f"assumed-role/{own.rpartition('/')[2]}/" in cause
    allow(secure, own, ("s3:GetObject", f"arn:aws:s3:::{bucket}/file"))
    assert ending(secure, machine)[0] == "SUCCEEDED"


def test_services_call_one_another_over_tls(secure: Cloud) -> None:
    bucket = secure.bucket(file="a\n1\n")
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources, "Condition": plain}
    secure.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(denied))
    worker = role(secure, STATES)
    machine = secure.machine(reading(bucket, "file"), worker)
    allow(secure, worker, ("states:StartExecution", machine), ("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))

    assert ending(secure, machine)[0] == "SUCCEEDED"


def test_a_bucket_may_deny_what_the_role_allows(secure: Cloud) -> None:
    bucket = secure.bucket(file="a\n1\n")
    worker = role(secure, STATES)
    machine = secure.machine(reading(bucket, "file"), worker)
    allow(secure, worker, ("states:StartExecution", machine), ("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    denied = {"Effect": "Deny", "Principal": {"AWS": worker}, "Action": "s3:GetObject"}
    secure.client("s3").put_bucket_policy(
        Bucket=bucket, Policy=policy({**denied, "Resource": f"arn:aws:s3:::{bucket}/*"})
    )

    status, error, cause = ending(secure, machine)

    assert (status, error) == ("FAILED", "States.ItemReaderFailed")
    assert cause.endswith("with an explicit deny in a resource-based policy")


def test_a_task_whose_permissions_are_not_known_never_passes(secure: Cloud) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {}, "End": True}
    machine = secure.machine({"StartAt": "Send", "States": {"Send": task}}, role(secure, STATES, ("*", "*")))

    status, _, cause = ending(secure, machine)

    assert status == "FAILED"
    assert "does not know what its role must allow" in cause


def test_a_machine_with_a_log_needs_a_role_that_may_deliver_it(secure: Cloud) -> None:
    worker = role(secure, STATES)
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:any:*"
    logging = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]}
    definition = json.dumps({"StartAt": "Pass", "States": {"Pass": PASS}})

    with pytest.raises(ClientError, match="not authorized to access the Log Destination"):
        secure.client("stepfunctions").create_state_machine(
            name=f"machine-{uuid.uuid4()}", definition=definition, roleArn=worker, loggingConfiguration=logging
        )


def test_a_delivery_that_s3_refuses_arrives_once_it_is_allowed(secure: Cloud) -> None:
    bucket = secure.bucket()
    courier = role(secure, FIREHOSE)
    firehose = secure.client("firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName=bucket,
        ExtendedS3DestinationConfiguration={"RoleARN": courier, "BucketARN": f"arn:aws:s3:::{bucket}"},
    )
    other = secure.bucket()
    firehose.create_delivery_stream(
        DeliveryStreamName=other,
        ExtendedS3DestinationConfiguration={
            "RoleARN": role(secure, FIREHOSE, ("s3:PutObject", f"arn:aws:s3:::{other}/*")),
            "BucketARN": f"arn:aws:s3:::{other}",
        },
    )

    firehose.put_record(DeliveryStreamName=bucket, Record={"Data": b"held back"})
    firehose.put_record(DeliveryStreamName=other, Record={"Data": b"after it"})

    until(lambda: secure.keys(other), bool)
    assert secure.keys(bucket) == []
    allow(secure, courier, ("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    [key] = until(lambda: secure.keys(bucket), bool)
    assert secure.read(bucket, key) == b"held back"
