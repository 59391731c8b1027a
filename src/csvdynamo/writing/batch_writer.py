"""Writes items to DynamoDB with BatchWriteItem until each one is stored or known to be refused.

Rests on "BatchWriteItem" of the DynamoDB API reference: 25 requests and 16 MB a call; a call may leave some items
unprocessed with HTTP 200; one bad request refuses all of them. Putting the same item twice stores the same item, so
every attempt may be repeated.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Protocol, Unpack

from csvdynamo.aws.aws_errors import validation_message
from csvdynamo.aws.backoff import Backoff, raise_lasting
from csvdynamo.errors import UnconfirmedAnswerError, UnexpectedAnswerError, WriteDeadlineExceeded
from csvdynamo.rules.attribute_values import Item, count_values, item_size
from csvdynamo.rules.keys import TableKey
from csvdynamo.rules.refusals import RefusedItem
from csvdynamo.writing.cost import CostMeter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        BatchWriteItemInputTypeDef,
        BatchWriteItemOutputTypeDef,
        WriteRequestTypeDef,
    )

MAX_REQUESTS = 25
MAX_REQUEST_BYTES = 16 * 1000 * 1000
PARALLEL_CALLS = 4


class DynamoDbClient(Protocol):
    """The part of boto3's DynamoDB client that is used here."""

    def batch_write_item(self, **asked: "Unpack[BatchWriteItemInputTypeDef]") -> "BatchWriteItemOutputTypeDef":
        """Put or delete up to 25 items."""


_Entry = tuple[int, Item]


@dataclass(frozen=True)
class BatchWriter:
    """Writes to one table.

    Attributes:
        client: A DynamoDB client.
        table_name: The table.
        key: Its key.
        backoff: How long a call is repeated.
        parallel_calls: How many calls overlap.
        meter: Measures what the calls cost.
    """

    client: DynamoDbClient
    table_name: str
    key: TableKey
    backoff: Backoff
    parallel_calls: int = PARALLEL_CALLS
    meter: CostMeter = field(default_factory=CostMeter)

    def write(self, items: Sequence[Item]) -> list[RefusedItem]:
        """Write the items, and return those that DynamoDB refused, in order; all the others are stored.

        Args:
            items: Items whose keys all differ.

        Raises:
            WriteDeadlineExceeded: The time ran out. Some items may be stored.
            botocore.exceptions.ClientError: The service refused the call for good (no such table, access denied).
        """
        calls = list(_cut(items))
        if len(calls) <= 1 or self.parallel_calls <= 1:
            refused = map(self._settle, calls)
            return list(chain.from_iterable(refused))
        with ThreadPoolExecutor(min(self.parallel_calls, len(calls))) as pool:
            return list(chain.from_iterable(pool.map(self._settle, calls)))

    def _settle(self, entries: list[_Entry]) -> list[RefusedItem]:
        """Repeat one call's items until each is stored or refused, halving what fails validation."""
        pending = [entries]
        refused: list[RefusedItem] = []
        cause: Exception | None = None
        for _ in self.backoff.attempts():
            left: list[_Entry] = []
            while pending and not left:
                if not self.backoff.has_time():
                    raise self._out_of_time(pending) from cause
                group = pending.pop()
                try:
                    left = self._put(group)
                except Exception as error:
                    if (message := validation_message(error)) is not None:
                        refused += _refused_or_halved(group, message, pending)
                        continue
                    raise_lasting(error)
                    left, cause = group, error
            if not left:
                return refused
            pending.append(left)
        raise self._out_of_time(pending) from cause

    def _put(self, entries: list[_Entry]) -> list[_Entry]:
        """Make one call, and return the entries that it left unprocessed.

        Raises:
            UnconfirmedAnswerError: The answer does not say which: HTML with HTTP 200, an empty body, another document.
            UnexpectedAnswerError: It names an item that was not in the request.
        """
        requests: list[WriteRequestTypeDef] = [{"PutRequest": {"Item": item}} for _, item in entries]
        response = self.client.batch_write_item(
            RequestItems={self.table_name: requests}, ReturnConsumedCapacity="TOTAL"
        )
        self.meter.add(response)
        if not isinstance(left := response.get("UnprocessedItems"), dict):
            raise UnconfirmedAnswerError("DynamoDB answered without saying which items it left unprocessed")
        unprocessed = [request for requests in left.values() for request in requests]
        if not unprocessed:
            return []
        by_key = {self.key.of(item): (index, item) for index, item in entries}
        try:
            return [by_key[self.key.of(request["PutRequest"]["Item"])] for request in unprocessed]
        except KeyError:
            raise UnexpectedAnswerError("DynamoDB left an item unprocessed that was not in the request") from None

    def _out_of_time(self, pending: list[list[_Entry]]) -> WriteDeadlineExceeded:
        count = sum(map(len, pending))
        return WriteDeadlineExceeded(
            f"no time left to write {count} of the batch's items to {self.table_name}; if this happens often, give the "
            f"table more write capacity or lower limits.max_concurrency or limits.rows_per_batch"
        )


def _refused_or_halved(group: list[_Entry], message: str, pending: list[list[_Entry]]) -> list[RefusedItem]:
    if len(group) == 1:
        return [RefusedItem(group[0][0], message)]
    middle = len(group) // 2
    pending += [group[middle:], group[:middle]]
    return []


def _cut(items: Sequence[Item]) -> Iterator[list[_Entry]]:
    """Cut the items into calls that keep both of BatchWriteItem's limits."""
    call: list[_Entry] = []
    call_bytes = 0
    for index, item in enumerate(items):
        # On the wire a value costs its quotes, braces and type, and a character outside ASCII is escaped.
        wire_bytes = 3 * item_size(item) + 32 * count_values(item) + 64
        if call and (len(call) == MAX_REQUESTS or call_bytes + wire_bytes > MAX_REQUEST_BYTES):
            yield call
            call, call_bytes = [], 0
        call.append((index, item))
        call_bytes += wire_bytes
    if call:
        yield call
