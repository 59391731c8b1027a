"""Where a resource is in the console, of each partition."""

import pytest

from csvdynamo_airflow.console_links import Console


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "eu-central-1", "eu-central-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_an_execution_is_in_the_console_of_its_partition_and_region(partition: str, region: str, host: str) -> None:
    arn = f"arn:{partition}:states:{region}:111122223333:execution:csvdynamo-cars:cars-1"

    console = Console.of_arn(arn)

    assert console == Console(partition, region)
    assert console.execution(arn) == f"https://{host}/states/home?region={region}#/v2/executions/details/{arn}"
    assert console.table("tb cars") == f"https://{host}/dynamodbv2/home?region={region}#table?name=tb%20cars"


@pytest.mark.parametrize(
    "arn", ["", "arn", "arn:aws:states", "arn:aws-moon:states:x:1:execution:a:b", "arn:aws:s3:::b", "x:y:z:a:b:c"]
)
def test_what_is_in_no_console_that_is_known_has_no_link(arn: str) -> None:
    assert Console.of_arn(arn) is None


def test_a_name_cannot_lead_elsewhere() -> None:
    console = Console("aws", "us-east-1")

    assert console.table('x"><script>&a=b#c').endswith("#table?name=x%22%3E%3Cscript%3E%26a%3Db%23c")
    assert "javascript" not in console.execution("javascript:alert(1)").split("#")[0]
