"""The items of a table, as MiniStack holds them, whose keys come in the order of a scan without being sorted again."""

import functools
import hashlib
from collections import defaultdict
from collections.abc import Callable
from typing import Any


def _watched(method: Callable[..., Any]) -> Any:
    """Let a method that changes the dictionary take down that keys came or went: none does both."""

    @functools.wraps(method)
    def changing(self: "OrderedItems", *arguments: Any, **more: Any) -> Any:
        before = len(self)
        try:
            return method(self, *arguments, **more)
        finally:
            if len(self) != before:
                self.changes += 1

    return changing


class OrderedItems(defaultdict[Any, dict[Any, Any]]):
    """Items by partition and sort key.

    Attributes:
        changes: How often the partition keys became others.
        reach: How many of them a page of a scan was last seen to need.
    """

    changes = 0
    reach = 1024  # more where items are small: such a page is tried again
    _segments: tuple[int, dict[int, list[list[str]]]] | None = None  # as of so many changes

    __setitem__ = _watched(dict.__setitem__)
    __delitem__ = _watched(dict.__delitem__)
    __ior__ = _watched(dict.__ior__)
    setdefault = _watched(dict.setdefault)
    update = _watched(dict.update)
    pop = _watched(dict.pop)
    popitem = _watched(dict.popitem)
    clear = _watched(dict.clear)

    def segments(self, count: int) -> list[list[str]]:
        """The partition keys, all of them texts, of each of so many segments, in order."""
        if self._segments is None or self._segments[0] != self.changes:
            self._segments = (self.changes, {})
        known = self._segments[1]
        if count not in known:
            known[count] = [[] for _ in range(count)]
            for key in sorted(self):
                known[count][_segment(key, count)].append(key)
        return known[count]


def _segment(key: str, count: int) -> int:
    """MiniStack's own choice of a segment."""
    return int.from_bytes(hashlib.sha1(key.encode(), usedforsecurity=False).digest()[:4], "big") % count
