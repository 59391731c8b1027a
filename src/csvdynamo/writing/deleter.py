"""Deletes items that no row of the source has any more, each only while it is one that a run put there.

Rests on "BatchGetItem", "DeleteItem" and "Condition and filter expressions" of the DynamoDB developer guide.
BatchWriteItem deletes as well, but takes no condition. So each item is read, held against the digest of what a run
made, and deleted on the condition that the attributes that were read are still as they were. No condition can tell that
an item has gained another one: one that gains it between its read and its deletion, which are moments, is deleted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from csvdynamo.aws.aws_errors import throttling_reasons
from csvdynamo.aws.backoff import Backoff, may_pass
from csvdynamo.errors import UnconfirmedAnswerError, WriteDeadlineExceeded
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.keys import TableKey
from csvdynamo.writing.batch import Deleted
from csvdynamo.writing.cost import UNPROCESSED, CostMeter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS_PER_CALL = 100

MOST_CONDITIONS = 100
"""Attributes that a condition names: an expression has at most 4 KB. Of an item with more, one that is changed between
its read and its deletion, in the others alone, is deleted."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Deleter:
    """Deletes from one table.

    Attributes:
        dynamodb: A boto3 DynamoDB client whose calls are tried once.
        table_name: The table.
        key: Its key.
        backoff: How long calls are repeated.
        meter: Measures what the calls cost.
    """

    dynamodb: "DynamoDBClient"
    table_name: str
    key: TableKey
    backoff: Backoff
    meter: CostMeter = field(default_factory=CostMeter)

    def delete(self, deletions: Sequence[Deletion]) -> Deleted:
        """Delete the items that are still those that runs put there; the others are left alone.

        It may be repeated: an item that is gone counts as deleted, whoever deleted it.

        Args:
            deletions: Which; their keys all differ.

        Raises:
            WriteDeadlineExceeded: The time ran out. Some items may be deleted.
            botocore.exceptions.ClientError: The service refused a call for good (no such table, access denied).
        """
        left: set[int] = set()
        cause: Exception | None = None
        waiting = list(deletions)
        for _ in self.backoff.attempts():
            again: list[Deletion] = []
            for start in range(0, len(waiting), KEYS_PER_CALL):
                some = waiting[start : start + KEYS_PER_CALL]
                try:
                    again += self._settle(some, left) if self.backoff.has_time() else some
                except Exception as error:
                    if not may_pass(error):
                        raise
                    again, cause = [*again, *some], error
            if not again:
                return Deleted(len(deletions) - len(left), tuple(sorted(left)))
            waiting = again
        raise WriteDeadlineExceeded(
            f"no time left to delete {len(waiting)} of the batch's items from {self.table_name}; if this happens "
            f"often, give the table more write capacity or lower limits.max_concurrency or limits.rows_per_batch"
        ) from cause

    def _settle(self, deletions: Sequence[Deletion], left: set[int]) -> list[Deletion]:
        """Try each once; note which items are left alone, and return those that have to be tried again."""
        left -= {deletion.number for deletion in deletions}  # an attempt that broke off may have noted some
        found, unread = self._read(deletions)
        if unread:
            self.meter.turned_away(len(unread), {UNPROCESSED})
        again = [deletion for deletion in deletions if deletion.key in unread]
        for deletion in deletions:
            item = found.get(deletion.key)
            if item is None:
                continue
            if item_digest(item) not in deletion.digests:
                left.add(deletion.number)
            elif not self._delete(item):
                again.append(deletion)
        return again

    def _read(self, deletions: Sequence[Deletion]) -> tuple[dict[str, Item], set[str]]:
        """Read the items as they are now; return them by their keys, and the keys that DynamoDB left unread.

        Raises:
            UnconfirmedAnswerError: The answer does not say so.
        """
        keys: Any = [self.key.values(deletion.key) for deletion in deletions]
        request: Any = {self.table_name: {"Keys": keys, "ConsistentRead": True}}
        answer = self._ask(len(deletions), lambda: self.dynamodb.batch_get_item(RequestItems=request))
        found, left = answer.get("Responses"), answer.get("UnprocessedKeys")
        if not isinstance(found, dict) or not isinstance(left, dict) or {*found, *left} != {self.table_name}:
            raise UnconfirmedAnswerError("DynamoDB answered without saying which items it read")
        told: Any = left[self.table_name].get("Keys") if left else []
        if told is None:
            raise UnconfirmedAnswerError("DynamoDB answered without saying which keys it left unread")
        items = {self.key.of(item): item for item in found.get(self.table_name, [])}
        unread = {self.key.of(one) for one in told}
        if not {*items, *unread} <= {deletion.key for deletion in deletions}:
            raise UnconfirmedAnswerError("DynamoDB answered of items that it was not asked for")
        return items, unread

    def _delete(self, item: Item) -> bool:
        """Delete an item as it was read; False where it is not as it was any more, or was gone.

        Raises:
            UnconfirmedAnswerError: The answer does not say that it was deleted.
        """
        named = {one.name for one in self.key.attributes}
        held = [name for name in sorted(item) if name not in named][:MOST_CONDITIONS]
        conditions = ["attribute_exists(#k)", *(f"#{place} = :{place}" for place in range(len(held)))]
        request: Any = {
            "TableName": self.table_name,
            "Key": {name: item[name] for name in named},
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {
                "#k": self.key.partition.name,
                **{f"#{place}": name for place, name in enumerate(held)},
            },
            "ReturnConsumedCapacity": "TOTAL",
        }
        if held:
            request["ExpressionAttributeValues"] = {f":{place}": item[name] for place, name in enumerate(held)}
        try:
            answer = self._ask(1, lambda: self.dynamodb.delete_item(**request))
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        if not isinstance(capacity := answer.get("ConsumedCapacity"), dict):
            raise UnconfirmedAnswerError("DynamoDB answered without saying what the deletion of an item took")
        self.meter.add({"ConsumedCapacity": [capacity]})
        return True

    def _ask(self, items: int, call: Callable[[], _Answer]) -> _Answer:
        """Make a call, and count the items that DynamoDB turns away with it."""
        try:
            return call()
        except Exception as error:
            self.meter.turned_away(items, throttling_reasons(error))
            raise
