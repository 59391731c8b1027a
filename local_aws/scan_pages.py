"""A page of a scan costs what it holds, and not what the table holds.

MiniStack sorts all keys of the table for each page, hashes each of them to find its segment, and passes over those
before the page: a scan in pages of 1 MB costs by the square of the items. Here the keys of each segment are kept in
order, and MiniStack's own Scan is given no more of the table than its page can reach. What it makes of that is its own.
"""

import functools
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from local_aws.ministack_internals import Response, dynamodb, provisioners
from local_aws.ordered_items import OrderedItems

_MOST_SEGMENTS = 64


def install() -> None:
    """Let tables that are made or restored from now on be scanned so."""
    dynamodb.replace("defaultdict", lambda _: OrderedItems)
    provisioners.replace("defaultdict", lambda _: OrderedItems)  # tables of stacks; nothing else there is made with it
    dynamodb.replace("scan", _paged)


def _paged(scan_all: Any) -> Any:
    @functools.wraps(scan_all)
    def scan(data: dict[str, Any]) -> Response:
        """Answer a Scan; one of an index as MiniStack does."""
        table = dynamodb.tables.get(dynamodb.normalize_table_name(data.get("TableName")))
        if not _is_paged(table, data):
            answer: Response = scan_all(data)
            return answer
        items = table["items"]
        keys = items.segments(data.get("TotalSegments", 1))[data.get("Segment", 0)]
        start = _place_of_start(keys, table, data)
        reach = data["Limit"] + 1 if "Limit" in data else items.reach
        while True:
            page = _Page(table, keys[start : start + reach], is_last=start + reach >= len(keys))
            try:
                return page.scan(scan_all, data)
            except _PageTooShortError:
                reach *= 2

    return scan


class _PageTooShortError(Exception):
    """The page would have gone on behind the keys that it was given."""


class _Page:
    """A part of a table that MiniStack's Scan takes for the whole."""

    def __init__(self, table: Mapping[str, Any], keys: list[str], *, is_last: bool) -> None:
        self._whole: OrderedItems = table["items"]
        self._table = {**table, "items": {key: self._whole[key] for key in keys if key in self._whole}}
        self._is_last = is_last

    def scan(self, scan_all: Any, data: dict[str, Any]) -> Response:
        """Let MiniStack scan this part.

        Raises:
            _PageTooShortError: It needs more of the table.
        """
        tables = {dynamodb.normalize_table_name(data["TableName"]): self._table}
        scan = dynamodb.seeing(scan_all, tables=tables, paginate_evaluated_items=self._paginate)
        answer: Response = scan(data)
        return answer

    def _paginate(self, items: list[Any], limit: Any, *more: Any) -> Any:
        page, stopped = dynamodb.paginate_evaluated_items(items, limit, *more)
        if not stopped and not self._is_last:
            raise _PageTooShortError
        if limit is None and stopped:
            self._whole.reach = len(page) + len(page) // 4 + 1
        return page, stopped


def _is_paged(table: Mapping[str, Any] | None, data: Mapping[str, Any]) -> bool:
    """Whether a part of the table is enough. What is wrong with a request is MiniStack's to say."""
    if not table or data.get("IndexName") or not isinstance(table["items"], OrderedItems):
        return False
    limit, segment, count = data.get("Limit", 1), data.get("Segment", 0), data.get("TotalSegments", 1)
    return (
        all(isinstance(number, int) for number in (limit, segment, count))
        and limit >= 1
        and 0 <= segment < count <= _MOST_SEGMENTS
    )


def _place_of_start(keys: list[str], table: Mapping[str, Any], data: Mapping[str, Any]) -> int:
    start = (data.get("ExclusiveStartKey") or {}).get(table["pk_name"])
    # The partition of the key itself may hold more items, by their sort keys.
    return bisect_left(keys, str(dynamodb.extract_key_val(start)))
