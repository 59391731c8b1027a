"""Reading the table back: items by key, and all of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from csvdynamo.aws.backoff import Backoff
from csvdynamo.errors import UnconfirmedAnswerError
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.keys import TableKey
from csvdynamo_airflow.errors import MigrationPostponedError
from csvdynamo_airflow.table.read_units import ReadUnits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        BatchGetItemOutputTypeDef,
        DescribeTableOutputTypeDef,
        KeysAndAttributesTypeDef,
        ScanInputTypeDef,
        ScanOutputTypeDef,
        TableDescriptionTypeDef,
    )

KEYS_PER_CALL = 100
"""Keys of one BatchGetItem (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html)."""

_CALLS_AT_ONCE = 4


class TableBusyError(MigrationPostponedError):
    """DynamoDB did not hand out the items that were asked for."""


_Answer = TypeVar("_Answer")
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class TableReader:
    """Reads one table with consistent reads, patient with a throttled one.

    Attributes:
        dynamodb: A boto3 DynamoDB client.
        table: The table's name.
        key: Its key.
        patience_seconds: How long one call may be throttled before it is given up.
        sleep: Waits so many seconds.
        units: Adds up what the reads cost.
    """

    dynamodb: "DynamoDBClient"
    table: str
    key: TableKey
    patience_seconds: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    units: ReadUnits = field(default_factory=ReadUnits)

    def get(self, keys: Sequence[str]) -> dict[str, Item]:
        """Read the items of some keys, by calls that overlap; a key without an item is not in the answer.

        Args:
            keys: Keys (`TableKey.of`), each once.

        Raises:
            TableBusyError: Some were left unread again and again, or no answer said what was read.
        """

        def get(start: int) -> list[Item]:
            return list(self._get([self.key.values(key) for key in keys[start : start + KEYS_PER_CALL]]))

        with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
            answers = pool.map(get, range(0, len(keys), KEYS_PER_CALL))
            return {self.key.of(item): item for items in answers for item in items}

    def scan(self, segments: int) -> Iterator[Item]:
        """Read all items, several segments at once and a page of each in memory.

        What others write meanwhile may be seen or not
        (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html).

        Args:
            segments: How many segments are read at once.

        Raises:
            TableBusyError: No answer said what was read.
        """
        with ThreadPoolExecutor(segments) as pool:
            pages = {pool.submit(self._page, segment, segments, None): segment for segment in range(segments)}
            try:
                while pages:
                    # One at a time: the others that are done would stay in memory beside the pages that follow them.
                    page = next(iter(wait(pages, return_when=FIRST_COMPLETED).done))
                    segment = pages.pop(page)
                    items, last = page.result()
                    if last:
                        pages[pool.submit(self._page, segment, segments, last)] = segment
                    yield from items
            finally:
                _cancel(pages)

    def count_items(self) -> int:
        """Say how many items the table holds, about: DynamoDB counts them every six hours.

        Raises:
            TableBusyError: No answer said so.
        """
        return int(self._call(partial(self.dynamodb.describe_table, TableName=self.table), _described)["ItemCount"])

    def _get(self, wanted: list[Item]) -> Iterator[Item]:
        keys = wanted
        for _ in self._backoff().attempts():
            request: dict[str, KeysAndAttributesTypeDef] = {self.table: {"Keys": keys, "ConsistentRead": True}}
            get = partial(self.dynamodb.batch_get_item, RequestItems=request, ReturnConsumedCapacity="TOTAL")
            found, keys = self._call(get, self._found)
            yield from found
            if not keys:
                return
        raise TableBusyError(
            f"DynamoDB left {len(keys)} of {len(wanted)} keys of the table {self.table} unread for "
            f"{self.patience_seconds:,.0f} s. Clear this task when less is going on there."
        )

    def _found(self, answer: "BatchGetItemOutputTypeDef") -> tuple[list[Item], list[Item]]:
        """Return the items of BatchGetItem's answer, and the keys that it left unread."""
        found, left = answer.get("Responses"), answer.get("UnprocessedKeys")
        if not isinstance(found, dict) or not isinstance(left, dict) or not {*found, *left} <= {self.table}:
            raise UnconfirmedAnswerError("DynamoDB answered without saying which items it read")
        keys = left[self.table].get("Keys") if left else []
        if keys is None:
            raise UnconfirmedAnswerError("DynamoDB answered without saying which keys it left unread")
        self.units.add(answer)
        return found.get(self.table, []), keys

    def _page(self, segment: int, segments: int, start: Item | None) -> tuple[list[Item], Item | None]:
        asked: ScanInputTypeDef = {
            "TableName": self.table,
            "ConsistentRead": True,
            "Segment": segment,
            "TotalSegments": segments,
            "ReturnConsumedCapacity": "TOTAL",
        }
        if start:
            asked["ExclusiveStartKey"] = start
        return self._call(partial(self.dynamodb.scan, **asked), self._page_of)

    def _page_of(self, answer: "ScanOutputTypeDef") -> tuple[list[Item], Item | None]:
        """Return the items of Scan's answer, and where the next page starts; None after the last one."""
        items = answer.get("Items")
        if not isinstance(items, list) or answer.get("Count", len(items)) != len(items):
            raise UnconfirmedAnswerError("DynamoDB answered a scan without all the items that it read")
        self.units.add(answer)
        return items, answer.get("LastEvaluatedKey")

    def _call(self, call: Callable[[], _Answer], read: Callable[[_Answer], _Read]) -> _Read:
        """Call until there is an answer that says what was asked for."""
        try:
            return self._backoff().call(lambda: read(call()))
        except UnconfirmedAnswerError as error:
            raise TableBusyError(
                f"{error}, of the table {self.table}, for {self.patience_seconds:,.0f} s. Something between this "
                "worker and DynamoDB may answer in its place, such as a proxy: look at what it does, then clear this "
                "task."
            ) from error

    def _backoff(self) -> Backoff:
        deadline = time.monotonic() + self.patience_seconds
        return Backoff(remaining_seconds=lambda: deadline - time.monotonic(), sleep=self.sleep, margin_seconds=0.0)


def _cancel(pages: dict[Future[Any], int]) -> None:
    for page in pages:
        page.cancel()


def _described(answer: "DescribeTableOutputTypeDef") -> "TableDescriptionTypeDef":
    table = answer.get("Table")
    if not isinstance(table, dict) or "ItemCount" not in table:
        raise UnconfirmedAnswerError("DynamoDB described a table without its number of items")
    return table
