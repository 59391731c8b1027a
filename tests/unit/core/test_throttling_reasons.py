"""Why DynamoDB turned a call away, as its errors say."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from csvdynamo.aws.aws_errors import throttling_reasons

HOT = {"reason": "TableWriteKeyRangeThroughputExceeded", "resource": "arn:aws:dynamodb:us-east-1:1:table/cars"}
INDEX = {"reason": "IndexWriteProvisionedThroughputExceeded", "resource": "arn"}


def refused(code: str, **more: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "slow down"}, **more}
    return ClientError(answer, "BatchWriteItem")


@pytest.mark.parametrize(
    ("error", "reasons"),
    [
        (
            refused("ProvisionedThroughputExceededException", ThrottlingReasons=[HOT, INDEX]),
            {HOT["reason"], INDEX["reason"]},
        ),
        (refused("RequestLimitExceeded", ThrottlingReasons=[HOT]), {HOT["reason"]}),
        (refused("ThrottlingException", throttlingReasons=[HOT]), {HOT["reason"]}),
        (refused("ThrottlingException"), {"ThrottlingException"}),
        (refused("RequestLimitExceeded", ThrottlingReasons=[]), {"RequestLimitExceeded"}),
        (refused("ThrottlingException", throttlingReasons="none"), {"ThrottlingException"}),
        (refused("ThrottlingException", throttlingReasons=["x", {"reason": "A_1 <b>"}, {}]), {"ThrottlingException"}),
        (refused("ValidationException", ThrottlingReasons=[HOT]), set()),
        (refused("InternalServerError"), set()),
        (EndpointConnectionError(endpoint_url="https://dynamodb"), set()),
    ],
)
def test_a_reason_is_dynamodbs_or_the_errors_code_and_of_another_error_there_is_none(
    error: Exception, reasons: set[str]
) -> None:
    assert throttling_reasons(error) == reasons
