"""``make deploy`` looks at a table of the data set's name before it takes it into the stack."""

from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from commands import deploy
from commands.cdk_cli import NotBootstrappedError
from csvdynamo.datasets.dataset import Dataset, Source
from csvdynamo.datasets.table_rules import Table

CARS = Dataset("cars", Source("https://example.org/c.csv", "c.csv"), Table("tb_cars", "id"))
ENVIRONMENT = {"AWS_REGION": "eu-west-1"}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """DynamoDB of the region that the CDK would deploy to."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1")


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the CDK was asked for."""
    asked: list[str] = []
    monkeypatch.setattr(deploy, "find_dataset", lambda _: CARS)
    assembly = SimpleNamespace(
        bootstrap=lambda *_: asked.append("bootstrap"), deploy=lambda *_, options: asked.append("deploy") or {"A": "1"}
    )
    monkeypatch.setattr(deploy, "synthesized", lambda *_: nullcontext(assembly))
    monkeypatch.setattr("sys.argv", ["deploy", "deploy"])
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return asked


def make_table(dynamodb: Any, key: str) -> None:
    dynamodb.create_table(
        TableName="tb_cars",
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_a_table_with_another_key_stops_the_deploy_before_the_cdk_is_asked(dynamodb: Any, deployed: list[str]) -> None:
    make_table(dynamodb, "vin")

    with pytest.raises(SystemExit, match=r"has the partition key 'vin' \(text\).*partition key 'id'"):
        deploy.main()

    assert deployed == []


@pytest.mark.parametrize("there", [True, False])
def test_a_table_with_the_right_key_or_none_is_deployed_without_a_word(
    dynamodb: Any, deployed: list[str], capsys: pytest.CaptureFixture[str], there: bool
) -> None:
    if there:
        make_table(dynamodb, "id")

    deploy.main()

    assert deployed == ["deploy"]
    assert capsys.readouterr().out == "A  1\n"


def test_who_may_not_look_at_the_table_deploys_all_the_same_and_is_told(
    deployed: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: Any, **__: Any) -> Any:
        raise boto3.exceptions.botocore.exceptions.NoCredentialsError

    monkeypatch.setattr(boto3, "client", denied)

    deploy.main()

    assert deployed == ["deploy"]
    assert "could not be seen" in capsys.readouterr().out


def test_an_account_is_prepared_for_the_cdk_on_its_own_command(
    deployed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["deploy", "bootstrap"])

    deploy.main()

    assert deployed == ["bootstrap"]


def test_an_account_that_is_not_prepared_after_all_is_prepared_once(deployed: list[str]) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        deployed.append("refused")
        raise NotBootstrappedError("Has the environment been bootstrapped?")

    assembly: Any = SimpleNamespace(deploy=refuse, bootstrap=lambda *_: deployed.append("bootstrap"))

    with pytest.raises(NotBootstrappedError):
        deploy.deploy(assembly, CARS, ())

    assert deployed == ["refused", "bootstrap", "refused"]
