"""Every call is signed with a key that there is: that of this start, an IAM user's, or one from STS for a role."""

import json
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import Cloud
from tests.integration.local_aws.wire import ask, send, signed

TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
}
ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
LIST_TABLES = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}


@pytest.fixture(params=["embedded", "secure"])
def aws(request: pytest.FixtureRequest) -> Cloud:
    """Both kinds: without IAM, and with it."""
    cloud: Cloud = request.getfixturevalue(request.param)
    return cloud


def client(aws: Cloud, service: str, key_id: str, secret: str, token: str | None = None, **config: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        verify=aws.environment.get("AWS_CA_BUNDLE"),
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def root(aws: Cloud) -> tuple[str, str]:
    return aws.environment["AWS_ACCESS_KEY_ID"], aws.environment["AWS_SECRET_ACCESS_KEY"]


def fetch(aws: Cloud, url: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Open a URL with nothing else than it."""
    context = ssl.create_default_context(cafile=aws.environment.get("AWS_CA_BUNDLE"))
    request = urllib.request.Request(url, data=body, method="GET" if body is None else "PUT")
    if body is not None:
        request.add_header("Content-Type", "")
    try:
        with urllib.request.urlopen(request, timeout=30, context=context) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


CALLS: list[tuple[str, str]] = [
    ("s3", "list_buckets"),
    ("dynamodb", "list_tables"),
    ("sts", "get_caller_identity"),
    ("lambda", "list_functions"),
    ("sns", "list_topics"),
]


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_a_key_that_there_is_not_is_refused_in_the_service_s_own_words(
    aws: Cloud, service: str, operation: str
) -> None:
    key_id, secret = root(aws)
    unknown = "InvalidAccessKeyId" if service == "s3" else "InvalidClientTokenId"
    tried = {
        ("test", "test"): unknown,
        ("test", secret): unknown,
        ("000000000000", secret): unknown,
        ("ANYOTHERKEYOFNOBODY0", secret): unknown,
        (key_id, "test"): "SignatureDoesNotMatch",
    }
    for key, code in tried.items():
        with pytest.raises(ClientError) as refused:
            getattr(client(aws, service, *key), operation)()
        assert refused.value.response["Error"]["Code"] == code
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert code == "SignatureDoesNotMatch" or f"has no access key '{key[0]}'" in str(refused.value)

    assert getattr(client(aws, service, key_id, secret), operation)()


@pytest.mark.parametrize(
    "path", ["/", "/?Action=ListUsers&Version=2010-05-08", "/2015-03-31/functions", "/latest/meta-data/"]
)
@pytest.mark.parametrize("credentials", [{}, {"Authorization": "Bearer any"}, {"Authorization": "AWS test:any"}])
def test_a_request_that_is_not_signed_is_refused_with_the_way_out(
    aws: Cloud, path: str, credentials: dict[str, str]
) -> None:
    told = send(aws, "GET", path, credentials)

    assert told.status == 403
    assert "`make aws` prints it" in told.text


def test_what_was_signed_is_what_is_asked(aws: Cloud) -> None:
    good = signed(aws, "POST", "/", LIST_TABLES, b"{}", "dynamodb")
    changed = {
        "the body": send(aws, "POST", "/", good, b'{"Limit": 1}'),
        "the path": send(aws, "POST", "/other", good, b"{}"),
        "the query": send(aws, "POST", "/?Limit=1", good, b"{}"),
        "the method": send(aws, "PUT", "/", good, b"{}"),
        "the operation": send(aws, "POST", "/", good | {"X-Amz-Target": "DynamoDB_20120810.DeleteTable"}, b"{}"),
        "an unsigned header": send(aws, "POST", "/", good | {"X-Amz-Request-Route": "any"}, b"{}"),
        "the date": send(aws, "POST", "/", good | {"X-Amz-Date": "20200101T000000Z"}, b"{}"),
    }

    assert send(aws, "POST", "/", good, b"{}").status == 200
    assert {what: told.status for what, told in changed.items()} == dict.fromkeys(changed, 403)


def test_two_keys_in_one_request_are_refused(aws: Cloud) -> None:
    """MiniStack takes the first, and the signature is that of the last."""
    good = signed(aws, "POST", "/", LIST_TABLES, b"{}", "dynamodb")
    first = good["Authorization"].replace(
        "Credential=", "Credential=test/20260101/us-east-1/dynamodb/aws4_request, Credential="
    )

    told = send(aws, "POST", "/", good | {"Authorization": first}, b"{}")

    assert told.status == 403
    assert "more than one access key" in told.text


def test_a_request_of_another_hour_is_refused(aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: long_ago)

    told = ask(aws, "POST", "/", LIST_TABLES, b"{}", service="dynamodb")

    assert told.status == 403
    assert "Signature expired" in told.text


@pytest.mark.parametrize("size", [10, 9_000_000])
def test_whole_and_chunked_uploads_are_taken(aws: Cloud, size: int) -> None:
    bucket, body = aws.bucket(), b"x" * size

    aws.client("s3").put_object(Bucket=bucket, Key="a key+with %&ü", Body=body, Metadata={"name": "a  b"})

    assert aws.read(bucket, "a key+with %&ü") == body


def test_a_presigned_url_opens_what_it_names_and_nothing_else(aws: Cloud) -> None:
    bucket = aws.bucket(file="text", other="other")
    s3 = client(aws, "s3", *root(aws), signature_version="s3v4", s3={"addressing_style": "path"})
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "file"})
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "put"})

    assert fetch(aws, url) == (200, b"text")
    assert fetch(aws, put, b"put by URL")[0] == 200
    assert aws.read(bucket, "put") == b"put by URL"
    assert fetch(aws, url.replace("/file?", "/other?"))[0] == 403
    assert fetch(aws, url.replace("Expires=3600", "Expires=7200"))[0] == 403
    assert fetch(aws, url, b"an upload")[0] == 403
    path = url.removeprefix(aws.endpoint)
    assert send(aws, "GET", path, {"X-Amz-Target": "DynamoDB_20120810.ListTables"}).status == 403
    assert send(aws, "GET", path, {"Origin": "https://a-page.example"}).status == 403


def test_a_presigned_url_is_good_for_its_time(aws: Cloud) -> None:
    bucket = aws.bucket(file="text")
    s3 = client(aws, "s3", *root(aws), signature_version="s3v4")
    for seconds in (0, 8 * 24 * 3600):
        url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "file"}, ExpiresIn=seconds)
        status, text = fetch(aws, url)
        assert status == 403
        assert b"Request has expired" in text


def test_a_presigned_url_of_another_service_is_taken(aws: Cloud) -> None:
    url = client(aws, "sts", *root(aws)).generate_presigned_url("get_caller_identity", HttpMethod="GET")

    assert fetch(aws, url)[0] == 200
    assert fetch(aws, url.replace("GetCallerIdentity", "GetSessionToken"))[0] == 403


def test_an_old_presigned_url_is_refused_with_the_way_out(aws: Cloud) -> None:
    bucket = aws.bucket(file="text")
    url = client(aws, "s3", *root(aws), signature_version="s3").generate_presigned_url(
        "get_object", {"Bucket": bucket, "Key": "file"}
    )

    status, text = fetch(aws, url)

    assert status == 403
    assert b"signature_version='s3v4'" in text


def test_the_key_of_a_role_s_session_works_with_its_token_alone(aws: Cloud) -> None:
    iam = aws.client("iam")
    name = f"role-{aws.bucket()}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(ALLOW))
    got = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    key = (got["AccessKeyId"], got["SecretAccessKey"])

    assert client(aws, "dynamodb", *key, got["SessionToken"]).list_tables()
    assert client(aws, "s3", *key, got["SessionToken"]).list_buckets()
    for wrong in (None, "any"):
        with pytest.raises(ClientError):
            client(aws, "dynamodb", *key, wrong).list_tables()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(aws, "dynamodb", key[0], "any", got["SessionToken"]).list_tables()


def test_the_key_of_a_user_works_until_it_is_deleted(aws: Cloud) -> None:
    iam = aws.client("iam")
    name = f"user-{aws.bucket()}"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(ALLOW))
    got = iam.create_access_key(UserName=name)["AccessKey"]
    of_user = client(aws, "dynamodb", got["AccessKeyId"], got["SecretAccessKey"])

    assert of_user.list_tables()
    iam.delete_access_key(UserName=name, AccessKeyId=got["AccessKeyId"])
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        of_user.list_tables()


def test_a_function_calls_aws_with_a_key_that_it_is_given(embedded: Cloud) -> None:
    bucket = embedded.bucket(file="text")
    code = (
        "import boto3, os\n"
        "def handler(event, context):\n"
        f"    text = boto3.client('s3').get_object(Bucket='{bucket}', Key='file')['Body'].read().decode()\n"
        "    boto3.client('dynamodb').list_tables()\n"
        "    return [text, os.environ['AWS_ACCESS_KEY_ID']]\n"
    )
    function = embedded.function(code, Environment={"Variables": {"AWS_ACCESS_KEY_ID": "test"}})

    answer = json.loads(embedded.client("lambda").invoke(FunctionName=function)["Payload"].read())

    assert answer == ["text", root(embedded)[0]]


def test_where_iam_is_enforced_a_function_does_not_see_the_root_s_key(secure: Cloud) -> None:
    iam = secure.client("iam")
    name = f"role-{secure.bucket()}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    code = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    function = secure.function(code, role)

    seen = json.loads(secure.client("lambda").invoke(FunctionName=function)["Payload"].read())

    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert not set(root(secure)) & set(seen.values())
