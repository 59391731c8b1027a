"""No web page gets through to the embedded AWS, whatever it signs: foreign hosts, origins, preflights, admin paths."""

import json
from urllib.parse import urlsplit

import pytest

from tests.integration.local_aws.cloud import Cloud
from tests.integration.local_aws.wire import Told, ask, send


@pytest.fixture(params=["embedded", "secure"])
def aws(request: pytest.FixtureRequest) -> Cloud:
    """Both kinds: without IAM, and with it."""
    cloud: Cloud = request.getfixturevalue(request.param)
    return cloud


def assert_refused(told: Told, sentence: str) -> None:
    assert told.status == 403, told
    assert sentence in told.text
    assert not [name for name in told.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example",
        "rebound.example:80",
        "127.0.0.1.rebound.example",
        "localhost.rebound.example",
        "notlocalhost",
        "bucket.127.0.0.1",
        "10.0.0.1",
        "127.0.0.1, rebound.example",
        "",
    ],
)
def test_another_host_is_refused_though_its_request_is_signed(aws: Cloud, host: str) -> None:
    assert_refused(ask(aws, "GET", "/", {"Host": host}), "answers to 127.0.0.1 and localhost")


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LocalHost", "127.0.0.1:1"])
def test_loopback_is_answered_by_any_of_its_names_and_ports(aws: Cloud, host: str) -> None:
    host = host.format(port=urlsplit(aws.endpoint).port)

    assert ask(aws, "GET", "/", {"Host": host}).status == 200


def test_a_bucket_may_be_in_the_host(aws: Cloud) -> None:
    bucket = aws.bucket(**{"_key": "text"})

    told = ask(aws, "GET", "/_key", {"Host": f"{bucket}.localhost:{urlsplit(aws.endpoint).port}"})

    assert (told.status, told.text) == (200, "text")


@pytest.mark.parametrize("origin", ["https://a-page.example", "null", "http://localhost:3000", "{endpoint}"])
def test_a_request_with_an_origin_is_refused_though_it_is_signed(aws: Cloud, origin: str) -> None:
    told = ask(aws, "GET", "/", {"Origin": origin.format(endpoint=aws.endpoint)})

    assert_refused(told, "does not answer web pages")


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 403), ("none", 200)]
)
def test_a_page_s_request_without_an_origin_is_refused_too(aws: Cloud, site: str, status: int) -> None:
    assert ask(aws, "GET", "/", {"Sec-Fetch-Site": site}).status == status


@pytest.mark.parametrize("path", ["/", "/2015-03-31/functions", "/a-bucket/a-key"])
def test_a_preflight_is_refused(aws: Cloud, path: str) -> None:
    asked = {"Origin": "https://a-page.example", "Access-Control-Request-Method": "POST"}

    assert_refused(send(aws, "OPTIONS", path, asked), "does not answer web pages")
    assert_refused(send(aws, "OPTIONS", path, {"Access-Control-Request-Method": "POST"}), "signed requests alone")


def test_no_answer_lets_a_page_read_it(aws: Cloud) -> None:
    bucket = aws.bucket(file="text")
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    aws.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    target = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}

    answers = [
        ask(aws, "GET", f"/{bucket}/file", {}),
        ask(aws, "OPTIONS", f"/{bucket}/file", {}),
        ask(aws, "GET", f"/{bucket}/missing", {}),
        ask(aws, "POST", "/", target, b"{}", service="dynamodb"),
    ]

    assert [answer.status for answer in answers][::3] == [200, 200]
    assert not [name for answer in answers for name in answer.headers if name.startswith("access-control-")]


def test_a_page_makes_no_function(aws: Cloud) -> None:
    function = {"FunctionName": "of-a-page", "Runtime": "python3.13", "Role": "arn:aws:iam::000000000000:role/any"}
    body = json.dumps(function | {"Handler": "index.handler", "Code": {"ZipFile": ""}}).encode()

    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "text/plain", "Origin": "https://a-page.example"}):
        assert send(aws, "POST", "/2015-03-31/functions", headers, body).status == 403

    names = [function["FunctionName"] for function in aws.client("lambda").list_functions()["Functions"]]
    assert "of-a-page" not in names


ADMIN: list[tuple[str, str]] = [
    ("POST", "/_ministack/reset"),
    ("POST", "/%5Fministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", "/_ministack/health"),
    ("GET", "/_ministack/ready"),
    ("GET", "/_ministack/sqs/messages"),
    ("GET", "/_ministack/lambda-code/any"),
    ("PUT", "/_ministack/cfn-response/any"),
    ("POST", "/_ministack/rds/iam-auth"),
    ("GET", "/_localstack/health"),
    ("GET", "/_aws/execute-api/any"),
    ("GET", "/health"),
]


@pytest.mark.parametrize(("method", "path"), ADMIN)
def test_ministack_s_own_paths_are_closed_to_everybody(aws: Cloud, method: str, path: str) -> None:
    bucket = aws.bucket()

    assert_refused(send(aws, method, path, {}), "keeps closed")
    assert_refused(ask(aws, method, path, {}), "keeps closed")
    assert_refused(ask(aws, method, path, {"Host": f"{bucket}.localhost"}), "keeps closed")
    assert aws.client("s3").head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_no_websocket_is_opened(aws: Cloud) -> None:
    """Not even that of IoT, which MiniStack opens for anybody."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "mqtt",
        "Host": "iot.us-east-1.localhost",
    }

    assert send(aws, "GET", "/mqtt", upgrade).status == 403
    assert ask(aws, "GET", "/mqtt", upgrade, service="iotdevicegateway").status == 403
