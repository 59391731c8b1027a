"""BatchWriteItem of the embedded AWS answers as others recorded of AWS: tests/support/recorded/."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import Cloud
from tests.support.recorded_answers import ANSWERS, recorded_items

CASES: list[dict[str, Any]] = ANSWERS["batch"]


@pytest.mark.parametrize("case", CASES, ids=[case["what"] for case in CASES])
def test_a_batch_is_answered_as_recorded(embedded: Cloud, case: dict[str, Any]) -> None:
    client, table, items = embedded.client("dynamodb"), f"table-{uuid.uuid4()}", recorded_items(case)
    requests = {table: [{"PutRequest": {"Item": item}} for item in items]}
    if case["what"] != "no table":
        client.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    if "code" not in case:
        assert client.batch_write_item(RequestItems=requests)["UnprocessedItems"] == {}
        assert len(client.scan(TableName=table)["Items"]) == len(items)
        return
    with pytest.raises(ClientError) as raised:
        client.batch_write_item(RequestItems=requests)

    error = raised.value.response["Error"]
    assert (error["Code"], error["Message"]) == (case["code"], case.get("message", error["Message"]))
    if case["what"] != "no table":
        assert client.scan(TableName=table)["Items"] == []
