from pathlib import Path

from local_aws.access_key import SECRET_VARIABLE, AccessKey
from local_aws.certificate import Certificate
from local_aws.environment import client_environment, server_environment

KEY = AccessKey.drawn()


def test_nothing_of_the_developer_s_aws_reaches_the_server() -> None:
    inherited = {
        "AWS_PROFILE": "production",
        "AWS_ENDPOINT_URL": "https://elsewhere",
        "LOCALSTACK_PERSISTENCE": "1",
        "PERSIST_STATE": "1",
        SECRET_VARIABLE: KEY.secret,
        "PYTHONPATH": "plugins",
        "https_proxy": "http://proxy.example:3128",
        "PATH": "/bin",
    }

    variables = server_environment(inherited, home=Path("/h"), port=1234, key=KEY)

    assert variables["PATH"] == "/bin"
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1234"
    assert not {"AWS_PROFILE", "LOCALSTACK_PERSISTENCE", "PERSIST_STATE", "PYTHONPATH"} & set(variables)
    assert not {SECRET_VARIABLE, "https_proxy"} & set(variables)


def test_everything_is_written_below_the_home() -> None:
    variables = server_environment({}, home=Path("/h"), port=1, key=KEY)

    assert (variables["TMPDIR"], variables["STATE_DIR"], variables["S3_DATA_DIR"]) == ("/h/tmp", "/h/state", "/h/s3")
    assert variables["DOCKER_HOST"].startswith("unix:///h/")
    assert variables["BIND_HOST"] == "127.0.0.1"


def test_clients_get_an_endpoint_and_the_key() -> None:
    assert client_environment(9, KEY) == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": KEY.id,
        "AWS_SECRET_ACCESS_KEY": KEY.secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def test_a_server_with_a_certificate_enforces_iam_and_its_clients_trust_it() -> None:
    certificate = Certificate.in_home(Path("/h"))

    variables = server_environment({"AUTH": "false"}, home=Path("/h"), port=9, key=KEY, certificate=certificate)

    assert (variables["AUTH"], variables["USE_SSL"]) == ("true", "1")
    assert variables["MINISTACK_SSL_CERT"] == "/h/tls/chain.pem"
    clients = client_environment(9, KEY, certificate.authority)
    assert clients["AWS_ENDPOINT_URL"] == "https://127.0.0.1:9"
    assert clients["AWS_CA_BUNDLE"] == clients["NODE_EXTRA_CA_CERTS"] == "/h/tls/authority.pem"
    assert clients.items() <= variables.items()
