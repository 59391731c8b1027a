"""``make deploy`` looks at a table of the data set's name before it takes it into the stack."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from commands import deploy
from commands.cdk_cli import NotBootstrappedError
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import IndexRules, Table

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


THEIRS = replace(CARS, table=Table("tb_cars", "id", managed=False, ttl="until", index={"by_make": IndexRules("make")}))


def make_table(dynamodb: Any, key: str, index: str | None = None) -> None:
    names = [key] if index is None else [key, "make"]
    indexes = {
        "IndexName": index,
        "KeySchema": [{"AttributeName": "make", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    dynamodb.create_table(
        TableName="tb_cars",
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        BillingMode="PAY_PER_REQUEST",
        **({} if index is None else {"GlobalSecondaryIndexes": [indexes]}),
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


def test_a_table_that_is_to_be_there_and_is_not_stops_the_deploy(
    dynamodb: Any, deployed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "find_dataset", lambda _: THEIRS)

    with pytest.raises(SystemExit, match=r"There is no table tb_cars in eu-west-1, though datasets/cars\.toml says"):
        deploy.main()

    assert deployed == []


@pytest.mark.parametrize(
    ("index", "ttl", "refused"),
    [
        ("by_make", "until", None),
        ("by_year", "until", "does not say that there is the index by_year"),
        ("by_make", None, "deletes items by no attribute"),
    ],
)
def test_a_table_that_is_there_is_looked_at_before_the_cdk_is_asked(
    dynamodb: Any,
    deployed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    index: str,
    ttl: str | None,
    refused: str | None,
) -> None:
    monkeypatch.setattr(deploy, "find_dataset", lambda _: THEIRS)
    make_table(dynamodb, "id", index)
    if ttl is not None:
        specification = {"Enabled": True, "AttributeName": ttl}
        dynamodb.update_time_to_live(TableName="tb_cars", TimeToLiveSpecification=specification)

    if refused is None:
        deploy.main()
    else:
        with pytest.raises(SystemExit, match=refused):
            deploy.main()

    assert deployed == ([] if refused else ["deploy"])


@pytest.mark.parametrize(
    ("there", "indexes", "refused"),
    [
        (True, 1, None),
        (True, 2, "lacks the indexes by_make_0, by_make_1, and CloudFormation makes one a deploy"),
        (False, 1, "lacks the index by_make_0, and a stack takes a table as it is"),
    ],
)
def test_more_indexes_than_a_deploy_can_make_stop_it(
    dynamodb: Any,
    deployed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    there: bool,
    indexes: int,
    refused: str | None,
) -> None:
    declared = {f"by_make_{number}": IndexRules("make") for number in range(indexes)}
    monkeypatch.setattr(deploy, "find_dataset", lambda _: replace(CARS, table=Table("tb_cars", "id", index=declared)))
    monkeypatch.setattr(deploy, "_is_deployed", lambda *_: there)
    make_table(dynamodb, "id")

    if refused is None:
        deploy.main()
    else:
        with pytest.raises(SystemExit, match=refused):
            deploy.main()

    assert deployed == ([] if refused else ["deploy"])


@pytest.mark.parametrize(
    ("code", "message", "there"),
    [
        ("ValidationError", "Stack with id csvdynamo-cars does not exist", False),
        ("AccessDenied", "not authorized to perform: cloudformation:DescribeStacks", True),
    ],
)
def test_a_stack_that_nobody_may_look_at_counts_as_there(code: str, message: str, there: bool) -> None:
    cloudformation = boto3.client("cloudformation", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(cloudformation) as stubber:
        stubber.add_client_error("describe_stacks", code, message)

        assert deploy._is_deployed(cloudformation, CARS) is there


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
