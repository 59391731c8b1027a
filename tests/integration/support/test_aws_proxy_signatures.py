"""Through the proxy, the embedded AWS sees what was signed; what an interceptor changes is signed again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_aws import LocalAws
from tests.support.aws_messages import Answer, Request
from tests.support.aws_proxy import AwsProxy, Onward


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws() as started:
        yield started


def client(service: str, endpoint: str, variables: Mapping[str, str]) -> Any:
    key = (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
    return boto3.Session(*key, region_name="us-east-1").client(service, endpoint_url=endpoint)


class _OtherTable:
    """Asks for another table than the program did."""

    def __init__(self, variables: Mapping[str, str] | None) -> None:
        self._variables = variables

    async def __call__(self, request: Request, onward: Onward) -> Answer:
        body = json.dumps({"TableName": "other"}).encode()
        if self._variables is None:
            return await onward(replace(request, body=body))
        return await onward(request.with_body(body, self._variables))


def test_what_was_signed_passes_through(aws: LocalAws) -> None:
    with AwsProxy(aws.endpoint) as proxy:
        s3 = client("s3", proxy.endpoint, aws.environment)
        s3.create_bucket(Bucket="through")
        s3.put_object(Bucket="through", Key="a key+%", Body=b"x" * 100_000)

        assert s3.get_object(Bucket="through", Key="a key+%")["Body"].read() == b"x" * 100_000
        assert client("dynamodb", proxy.endpoint, aws.environment).list_tables()["TableNames"] == []
        assert client("stepfunctions", proxy.endpoint, aws.environment).list_state_machines()["stateMachines"] == []
        assert client("lambda", proxy.endpoint, aws.environment).list_functions()["Functions"] == []


def test_a_changed_body_is_taken_once_it_is_signed_again(aws: LocalAws) -> None:
    with (
        AwsProxy(aws.endpoint, _OtherTable(aws.environment)) as proxy,
        pytest.raises(ClientError, match=r"ResourceNotFoundException.*: other"),
    ):
        client("dynamodb", proxy.endpoint, aws.environment).describe_table(TableName="mine")


def test_a_changed_body_is_refused_otherwise(aws: LocalAws) -> None:
    with (
        AwsProxy(aws.endpoint, _OtherTable(None)) as proxy,
        pytest.raises(ClientError, match="SignatureDoesNotMatch"),
    ):
        client("dynamodb", proxy.endpoint, aws.environment).describe_table(TableName="mine")
