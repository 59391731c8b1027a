"""Records that wait for their delivery, apart for each destination."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

LARGEST_BUFFER_BYTES = 64 * 1024 * 1024
"""The least that a buffer may be set to with dynamic partitioning: past it, delivery does not wait."""


@dataclass(frozen=True)
class Record:
    """One record of a delivery stream: its id and its data."""

    record_id: str
    data: bytes


class Buffers:
    """Holds records for a time, then hands those of one destination over together; safe to use from several threads.

    Args:
        delay_seconds: how long the first record of a buffer waits.
        schedule: runs a function after a number of seconds in another thread.
    """

    def __init__(self, delay_seconds: float, schedule: Callable[[float, Callable[[], None]], None]) -> None:
        self._delay = delay_seconds
        self._schedule = schedule
        self._waiting: dict[Hashable, list[Record]] = {}
        self._sizes: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def add(self, destination: Hashable, records: list[Record], deliver: Callable[[list[Record]], None]) -> None:
        """Buffer records; `deliver` is called later with all that the destination has received by then.

        Of the calls for one buffer, the first one's `deliver` is used.
        """
        with self._lock:
            is_first = destination not in self._waiting
            self._waiting.setdefault(destination, []).extend(records)
            size = self._sizes.get(destination, 0) + sum(len(record.data) for record in records)
            self._sizes[destination] = size
        if is_first:
            self._schedule(self._delay, lambda: self._flush(destination, deliver))
        elif size > LARGEST_BUFFER_BYTES:
            self._schedule(0, lambda: self._flush(destination, deliver))

    def _flush(self, destination: Hashable, deliver: Callable[[list[Record]], None]) -> None:
        with self._lock:
            records = self._waiting.pop(destination, [])
            self._sizes.pop(destination, None)
        if records:
            deliver(records)
