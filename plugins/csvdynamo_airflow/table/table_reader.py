"""Reading the table back: items by key, and all of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from csvdynamo.attribute_values import Item
from csvdynamo.aws_errors import is_retryable
from csvdynamo.backoff import Backoff
from csvdynamo_airflow.errors import MigrationPostponedError

KEYS_PER_CALL = 100
"""Keys of one BatchGetItem (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html)."""


class TableBusyError(MigrationPostponedError):
    """DynamoDB did not hand out the items that were asked for."""


@dataclass(frozen=True)
class TableReader:
    """Reads one table with consistent reads, patient with a throttled one.

    Attributes:
        dynamodb: A boto3 DynamoDB client.
        table: The table's name.
        partition_key: The attribute that is its partition key.
        patience_seconds: How long one call may be throttled before it is given up.
        sleep: Waits so many seconds.
    """

    dynamodb: Any
    table: str
    partition_key: str
    patience_seconds: float = 120.0
    sleep: Callable[[float], None] = time.sleep

    def get(self, keys: Sequence[str]) -> dict[str, Item]:
        """Read the items of some keys; a key without an item is not in the answer.

        Args:
            keys: Partition keys, each once.

        Raises:
            TableBusyError: Some were left unread again and again.
        """
        found: dict[str, Item] = {}
        for start in range(0, len(keys), KEYS_PER_CALL):
            wanted = [{self.partition_key: {"S": key}} for key in keys[start : start + KEYS_PER_CALL]]
            found.update((item[self.partition_key]["S"], item) for item in self._get(wanted))
        return found

    def scan(self, segments: int) -> Iterator[Item]:
        """Read all items, several segments at once and a page of each in memory.

        What others write meanwhile may be seen or not
        (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html).

        Args:
            segments: How many segments are read at once.
        """
        with ThreadPoolExecutor(segments) as pool:
            pages = {pool.submit(self._page, segment, segments, None): segment for segment in range(segments)}
            try:
                while pages:
                    for page in wait(pages, return_when=FIRST_COMPLETED).done:
                        segment = pages.pop(page)
                        items, last = page.result()
                        if last:
                            pages[pool.submit(self._page, segment, segments, last)] = segment
                        yield from items
            finally:
                _cancel(pages)

    def _get(self, wanted: list[Item]) -> Iterator[Item]:
        request: dict[str, Any] = {self.table: {"Keys": wanted, "ConsistentRead": True}}
        backoff = self._backoff()
        attempt = 0
        while request:
            answer = self._call(partial(self.dynamodb.batch_get_item, RequestItems=request))
            yield from answer["Responses"].get(self.table, [])
            request = answer.get("UnprocessedKeys", {})
            if request and not backoff.wait(attempt):
                raise TableBusyError(
                    f"DynamoDB left {len(request[self.table]['Keys'])} of {len(wanted)} keys of the table {self.table} "
                    f"unread for {self.patience_seconds:,.0f} s. Clear this task when less is going on there."
                )
            attempt += 1

    def _page(self, segment: int, segments: int, start: Item | None) -> tuple[list[Item], Item | None]:
        asked: dict[str, Any] = {"TableName": self.table, "ConsistentRead": True}
        asked |= {"Segment": segment, "TotalSegments": segments}
        if start:
            asked["ExclusiveStartKey"] = start
        answer = self._call(partial(self.dynamodb.scan, **asked))
        return answer["Items"], answer.get("LastEvaluatedKey")

    def _call(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        backoff = self._backoff()
        attempt = 0
        while True:
            try:
                return call()
            except (ClientError, BotoCoreError) as error:
                if not is_retryable(error) or not backoff.wait(attempt):
                    raise
                attempt += 1

    def _backoff(self) -> Backoff:
        deadline = time.monotonic() + self.patience_seconds
        return Backoff(remaining_seconds=lambda: deadline - time.monotonic(), sleep=self.sleep, margin_seconds=0.0)


def _cancel(pages: dict[Future[Any], int]) -> None:
    for page in pages:
        page.cancel()
