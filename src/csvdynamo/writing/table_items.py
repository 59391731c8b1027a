"""Items of a table, each put or deleted by a call of its own, only while it is as it was read; the calls overlap.

Rests on "BatchGetItem", "PutItem", "DeleteItem" and "Condition and filter expressions" of the DynamoDB developer guide.
BatchWriteItem puts and deletes as well, but takes no condition. No condition can tell that an item has gained another
attribute: what one gains between its read and its change, which are moments, is lost.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from csvdynamo.aws.aws_errors import throttling_reasons
from csvdynamo.aws.backoff import Backoff, may_pass
from csvdynamo.errors import UnconfirmedAnswerError, WriteDeadlineExceeded
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.keys import TableKey
from csvdynamo.writing.batch_writer import PARALLEL_CALLS
from csvdynamo.writing.cost import UNPROCESSED, CostMeter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS_PER_CALL = 100

MOST_CONDITIONS = 100
"""Attributes that a condition names: an expression has at most 4 KB. Of an item with more, one that is changed between
its read and its own change, in the others alone, is lost."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class TableItems:
    """The items of one table.

    Attributes:
        dynamodb: A boto3 DynamoDB client whose calls are tried once.
        name: The table's name.
        key: Its key.
        meter: Measures what the calls cost.
    """

    dynamodb: "DynamoDBClient"
    name: str
    key: TableKey
    meter: CostMeter = field(default_factory=CostMeter)

    def read(self, keys: Sequence[str]) -> tuple[dict[str, Item], set[str]]:
        """Read items as they are now; return them by their keys, and the keys that DynamoDB left unread.

        Args:
            keys: Their keys (`TableKey.of`), at most `KEYS_PER_CALL`, each once.

        Raises:
            UnconfirmedAnswerError: The answer does not say so.
        """
        named: Any = [self.key.values(key) for key in keys]
        request: Any = {self.name: {"Keys": named, "ConsistentRead": True}}
        answer = self._ask(len(keys), lambda: self.dynamodb.batch_get_item(RequestItems=request))
        found, left = answer.get("Responses"), answer.get("UnprocessedKeys")
        if not isinstance(found, dict) or not isinstance(left, dict) or {*found, *left} != {self.name}:
            raise UnconfirmedAnswerError("DynamoDB answered without saying which items it read")
        told: Any = left[self.name].get("Keys") if left else []
        if told is None:
            raise UnconfirmedAnswerError("DynamoDB answered without saying which keys it left unread")
        items = {self.key.of(item): item for item in found.get(self.name, [])}
        unread = {self.key.of(one) for one in told}
        if not {*items, *unread} <= {*keys}:
            raise UnconfirmedAnswerError("DynamoDB answered of items that it was not asked for")
        if unread:
            self.meter.turned_away(len(unread), {UNPROCESSED})
        return items, unread

    def put(self, item: Item, over: Item | None) -> bool:
        """Put an item over one as it was read, or where there was none; False where that is not as it was any more.

        Raises:
            UnconfirmedAnswerError: The answer does not say that it was put.
            botocore.exceptions.ClientError: DynamoDB refuses it.
        """
        request: Any = {"TableName": self.name, "Item": item, **self._as_read(over), "ReturnConsumedCapacity": "TOTAL"}
        return self._change(lambda: self.dynamodb.put_item(**request))

    def delete(self, item: Item) -> bool:
        """Delete an item as it was read; False where it is not as it was any more, or was gone.

        Raises:
            UnconfirmedAnswerError: The answer does not say that it was deleted.
        """
        key = {one.name: item[one.name] for one in self.key.attributes}
        request: Any = {"TableName": self.name, "Key": key, **self._as_read(item), "ReturnConsumedCapacity": "TOTAL"}
        return self._change(lambda: self.dynamodb.delete_item(**request))

    def _as_read(self, item: Item | None) -> dict[str, Any]:
        """Make the condition that an item is as it was read, or that there is none."""
        names = {"#k": self.key.partition.name}
        if item is None:
            return {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": names}
        of_key = {one.name for one in self.key.attributes}
        held = [name for name in sorted(item) if name not in of_key][:MOST_CONDITIONS]
        conditions = ["attribute_exists(#k)", *(f"#{place} = :{place}" for place in range(len(held)))]
        condition: dict[str, Any] = {
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {**names, **{f"#{place}": name for place, name in enumerate(held)}},
        }
        if held:
            condition["ExpressionAttributeValues"] = {f":{place}": item[name] for place, name in enumerate(held)}
        return condition

    def _change(self, call: Callable[[], Any]) -> bool:
        try:
            answer = self._ask(1, call)
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        if not isinstance(capacity := answer.get("ConsumedCapacity"), dict):
            raise UnconfirmedAnswerError("DynamoDB answered without saying what the change of an item took")
        self.meter.add({"ConsumedCapacity": [capacity]})
        return True

    def _ask(self, items: int, call: Callable[[], _Answer]) -> _Answer:
        """Make a call, and count the items that DynamoDB turns away with it."""
        try:
            return call()
        except Exception as error:
            self.meter.turned_away(items, throttling_reasons(error))
            raise


class Keyed(Protocol):
    """Something that is done to the item of a key."""

    @property
    def key(self) -> str:
        """The key (`TableKey.of`)."""


_Work = TypeVar("_Work", bound=Keyed)
Decide = Callable[[_Work, Item | None], Callable[[], bool] | None]
"""Judges a piece of work by what is under its key; gives the call that changes that, None where there is none to make.
The call returns whether it settled the work."""


def settle_all(items: TableItems, work: Sequence[_Work], decide: Decide[_Work], backoff: Backoff, what: str) -> None:
    """Settle all of a work, some at a time, until none is left: read what is there, judge it, and make the changes.

    Args:
        items: The table's items.
        work: The work; its keys all differ.
        decide: Judges each piece, at each attempt anew.
        backoff: How long it is tried.
        what: What is done, for the error: "delete %s of the batch's items from cars".

    Raises:
        WriteDeadlineExceeded: The time ran out. Some of it may be done.
        Exception: One that no other attempt would mend.
    """
    cause: Exception | None = None
    waiting = list(work)
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        for _ in backoff.attempts():
            again: list[_Work] = []
            for start in range(0, len(waiting), KEYS_PER_CALL):
                some = waiting[start : start + KEYS_PER_CALL]
                try:
                    again += _settle(items, some, decide, backoff, pool) if backoff.has_time() else some
                except Exception as error:
                    if not may_pass(error):
                        raise
                    again, cause = [*again, *some], error
            if not again:
                return
            waiting = again
    raise WriteDeadlineExceeded(
        f"no time left to {what % len(waiting)}; if this happens often, give the table more write capacity or lower "
        "limits.max_concurrency or limits.rows_per_batch"
    ) from cause


def _settle(
    items: TableItems, work: Sequence[_Work], decide: Decide[_Work], backoff: Backoff, pool: ThreadPoolExecutor
) -> list[_Work]:
    """Try each piece once, with calls that overlap; return those that have to be tried again.

    Raises:
        Exception: A call failed, and none is on its way any more. Behind one that no other attempt would mend, none was
            begun.
    """
    lasting: list[Exception] = []

    def told(call: Callable[[], bool]) -> bool | Exception:
        try:
            return not lasting and backoff.has_time() and call()
        except Exception as error:
            if not may_pass(error):
                lasting.append(error)
            return error

    found, unread = items.read([one.key for one in work])
    again = [one for one in work if one.key in unread]
    judged = [(one, decide(one, found.get(one.key))) for one in work if one.key not in unread]
    calls = [(one, call) for one, call in judged if call is not None]
    answers = list(pool.map(told, (call for _, call in calls)))
    failed = lasting or [answer for answer in answers if isinstance(answer, Exception)]
    if failed:
        raise failed[0]
    return again + [one for (one, _), answer in zip(calls, answers, strict=True) if not answer]
