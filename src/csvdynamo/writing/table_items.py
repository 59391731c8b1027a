"""Items of a table, each put or deleted by a call of its own, only while it is as it was read; the calls overlap.

Rests on "BatchGetItem", "PutItem", "DeleteItem" and "Condition and filter expressions" of the DynamoDB developer guide.
BatchWriteItem puts and deletes as well, but takes no condition. No condition can tell that an item has gained another
attribute: what one gains between its read and its change, which are moments, is lost.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from csvdynamo.aws.aws_errors import is_failed_condition, throttling_reasons
from csvdynamo.aws.backoff import Backoff, may_pass, raise_lasting
from csvdynamo.errors import UnconfirmedAnswerError, WriteDeadlineExceeded
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.keys import TableKey
from csvdynamo.rules.wire_items import item_text
from csvdynamo.writing.batch_writer import PARALLEL_CALLS, WriteDoor
from csvdynamo.writing.cost import UNPROCESSED, CostMeter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS_PER_CALL = 100

MOST_CONDITIONS = 100
"""Attributes that a condition names: an expression has at most 4 KB. Of an item with more, one that is changed between
its read and its own change, in the others alone, is lost."""

_Answer = TypeVar("_Answer")


class Change(NamedTuple):
    """A call that changes an item: an operation of DynamoDB, and the body of its request."""

    operation: str
    body: bytes


@dataclass(frozen=True)
class TableItems:
    """The items of one table.

    Attributes:
        dynamodb: A boto3 DynamoDB client whose calls are tried once; it reads.
        door: What makes the changes.
        name: The table's name.
        key: Its key.
        meter: Measures what the calls cost.
    """

    dynamodb: "DynamoDBClient"
    door: WriteDoor
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

    def put(self, item: str, over: Item | None) -> Change:
        """Say how to put an item (its JSON) over one as it was read, or where there was none."""
        return self._change("PutItem", "Item", item, over)

    def delete(self, item: Item) -> Change:
        """Say how to delete an item as it was read."""
        key = {one.name: item[one.name] for one in self.key.attributes}
        return self._change("DeleteItem", "Key", item_text(key), item)

    def make(self, changes: Sequence[Change]) -> list[bool | Exception]:
        """Make changes by calls that overlap; say of each whether it was made, or why there was no answer.

        It was not where the item is not as it was read any more, or was gone.

        Args:
            changes: At most `PARALLEL_CALLS`, all of them puts or all of them deletions.
        """
        answers = self.door.ask(changes[0].operation, [change.body for change in changes])
        return [self._made(answer) for answer in answers]

    def _change(self, operation: str, member: str, value: str, over: Item | None) -> Change:
        """Write the request of a change, on the condition that there is an item as it was read, or none."""
        names, values = {"#k": self.key.partition.name}, ""
        if over is None:
            condition = "attribute_not_exists(#k)"
        else:
            of_key = {one.name for one in self.key.attributes}
            held = [name for name in sorted(over) if name not in of_key][:MOST_CONDITIONS]
            condition = " AND ".join(["attribute_exists(#k)", *(f"#{place} = :{place}" for place in range(len(held)))])
            names |= {f"#{place}": name for place, name in enumerate(held)}
            if held:
                told = item_text({f":{place}": over[name] for place, name in enumerate(held)})
                values = f', "ExpressionAttributeValues": {told}'
        body = (
            f'{{"TableName": {json.dumps(self.name)}, "{member}": {value}, "ConditionExpression": "{condition}", '
            f'"ExpressionAttributeNames": {json.dumps(names)}{values}, "ReturnConsumedCapacity": "TOTAL"}}'
        )
        return Change(operation, body.encode("ascii"))

    def _made(self, answer: Mapping[str, Any] | Exception) -> bool | Exception:
        if isinstance(answer, Exception):
            self.meter.turned_away(1, throttling_reasons(answer))
            return False if is_failed_condition(answer) else answer
        if not isinstance(capacity := answer.get("ConsumedCapacity"), dict):
            return UnconfirmedAnswerError("DynamoDB answered without saying what the change of an item took")
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
Decide = Callable[[_Work, Item | None], Change | None]
"""Judges a piece of work by what is under its key; gives the change to make, None where there is none."""

Refuse = Callable[[_Work, Exception], bool]
"""Is told of the error of a piece of work; says whether that settles it."""


@dataclass(frozen=True)
class Settling(Generic[_Work]):
    """Reads what is under keys, judges it, and makes the changes, until all of a work is settled.

    Attributes:
        items: The table's items.
        decide: Judges each piece, at each attempt anew.
        backoff: How long it is tried.
        what: What is done, for the error: "delete %s of the batch's items from cars".
        refuse: Takes errors that another attempt would not mend.
    """

    items: TableItems
    decide: Decide[_Work]
    backoff: Backoff
    what: str
    refuse: Refuse[_Work] = lambda _work, _error: False

    def settle(self, work: Sequence[_Work]) -> None:
        """Settle all of a work, some at a time.

        Args:
            work: The work; its keys all differ.

        Raises:
            WriteDeadlineExceeded: The time ran out. Some of it may be done.
            Exception: One that no other attempt would mend.
        """
        cause: Exception | None = None
        waiting = list(work)
        for _ in self.backoff.attempts():
            again: list[_Work] = []
            for start in range(0, len(waiting), KEYS_PER_CALL):
                some = waiting[start : start + KEYS_PER_CALL]
                try:
                    again += self._try(some) if self.backoff.has_time() else some
                except Exception as error:
                    if not may_pass(error):
                        raise
                    again, cause = [*again, *some], error
            if not again:
                return
            waiting = again
        raise WriteDeadlineExceeded(
            f"no time left to {self.what % len(waiting)}; if this happens often, give the table more write capacity or "
            "lower limits.max_concurrency or limits.rows_per_batch"
        ) from cause

    def _try(self, work: Sequence[_Work]) -> list[_Work]:
        """Try each piece once; return those that have to be tried again.

        Raises:
            Exception: A call failed. Behind those that were made beside one that no other attempt would mend, none was.
        """
        found, unread = self.items.read([one.key for one in work])
        again = [one for one in work if one.key in unread]
        judged = [(one, self.decide(one, found.get(one.key))) for one in work if one.key not in unread]
        changes = [(one, change) for one, change in judged if change is not None]
        failed: list[Exception] = []
        for start in range(0, len(changes), PARALLEL_CALLS):
            some = changes[start : start + PARALLEL_CALLS]
            answers = (
                self.items.make([change for _, change in some]) if self.backoff.has_time() else [False] * len(some)
            )
            for (one, _), answer in zip(some, answers, strict=True):
                if answer is False:
                    again.append(one)
                elif isinstance(answer, Exception) and not self.refuse(one, answer):
                    failed.append(answer)
            for error in failed:
                raise_lasting(error)
        if failed:
            raise failed[0]
        return again
