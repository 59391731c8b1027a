"""A table of DynamoDB for what reads, puts and deletes items one by one, with faults."""

from collections.abc import Iterable, Sequence
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from csvdynamo.rules.attribute_values import Item
from tests.support.write_door import off_the_wire

TABLE = "cars"
FULL = "TableWriteMaxOnDemandThroughputExceeded"


class ConditionFailedError(ClientError):
    """What boto3 raises where an item is not as a condition says."""


def client_error(code: str, **more: Any) -> ClientError:
    told: Any = {"Error": {"Code": code, "Message": "message"}, **more}
    return ClientError(told, "DeleteItem")


def throttled() -> ClientError:
    return client_error("ThrottlingException", throttlingReasons=[{"reason": FULL}])


class FakeDynamoDb:
    """Holds items, and meets each call with the next of its faults: an error, an answer, or what happens before it."""

    def __init__(self, *items: Item) -> None:
        self.items = {item["id"]["S"]: item for item in items}
        self.at_reads: list[Any] = []
        self.at_deletions: list[Any] = []
        self.at_puts: list[Any] = []
        self.lost_answers = 0
        self.reads: list[list[str]] = []
        self.deletions: list[str] = []
        self.puts: list[str] = []
        self.at_once: list[int] = []
        self.replaced: list[tuple[str, Item | None]] = []
        self.capacity: Any = {"TableName": TABLE, "CapacityUnits": 1.0}

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803
        assert list(RequestItems) == [TABLE]
        asked = RequestItems[TABLE]
        assert asked["ConsistentRead"] is True
        keys = [key["id"]["S"] for key in asked["Keys"]]
        assert len(keys) == len({*keys}) <= 100
        self.reads.append(keys)
        answer = _met(self.at_reads)
        if answer is not None:
            return answer
        return {"Responses": {TABLE: [self.items[key] for key in keys if key in self.items]}, "UnprocessedKeys": {}}

    def put(self, table: str, calls: Sequence[Sequence[str]]) -> list[Any]:
        raise AssertionError("items are changed one by one")

    def ask(self, operation: str, bodies: Iterable[bytes]) -> list[Any]:
        """Answer calls that are made at once."""
        call = {"DeleteItem": self.delete_item, "PutItem": self.put_item}[operation]
        answers: list[Any] = []
        for body in bodies:
            try:
                answers.append(call(**off_the_wire(body.decode())))
            except Exception as error:
                answers.append(error)
        self.at_once.append(len(answers))
        return answers

    def delete_item(self, **asked: Any) -> Any:
        key = asked["Key"]["id"]["S"]
        self.deletions.append(key)
        _met(self.at_deletions)
        self._require(key, asked)
        self.replaced.append((key, self.items.pop(key)))
        return self._answer()

    def put_item(self, **asked: Any) -> Any:
        key = asked["Item"]["id"]["S"]
        self.puts.append(key)
        _met(self.at_puts)
        self._require(key, asked)
        self.replaced.append((key, self.items.get(key)))
        self.items[key] = asked["Item"]
        return self._answer()

    def _require(self, key: str, asked: Any) -> None:
        assert asked["TableName"] == TABLE
        if not self._holds(key, asked):
            error: Any = {"Error": {"Code": "ConditionalCheckFailedException"}}
            raise ConditionFailedError(error, "PutItem")

    def _answer(self) -> Any:
        if self.lost_answers:
            self.lost_answers -= 1
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        return {"ConsumedCapacity": self.capacity} if self.capacity else {}

    def _holds(self, key: str, asked: Any) -> bool:
        """Judge a condition as DynamoDB does: what it names must be there, and more may be."""
        names: Any = asked["ExpressionAttributeNames"]
        if asked["ConditionExpression"] == "attribute_not_exists(#k)":
            assert names == {"#k": "id"}
            return key not in self.items
        values: Any = asked.get("ExpressionAttributeValues", {})
        first, *conditions = asked["ConditionExpression"].split(" AND ")
        assert len(asked["ConditionExpression"]) <= 4096
        assert (first, names["#k"]) == ("attribute_exists(#k)", "id")
        assert values or "ExpressionAttributeValues" not in asked  # DynamoDB refuses an empty map
        pairs = [condition.split(" = ") for condition in conditions]
        assert {"#k", *(name for name, _ in pairs)} == {*names}
        assert {value for _, value in pairs} == {*values}
        found: Any = self.items.get(key)
        return found is not None and all(found.get(names[name]) == values[value] for name, value in pairs)


def _met(steps: list[Any]) -> Any:
    step = steps.pop(0) if steps else None
    if isinstance(step, Exception):
        raise step
    return step() if callable(step) else step
