"""Retries that wait as long as their retrier says, in MiniStack's terms."""

import functools
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from local_aws.executions.retry_delay import delay_seconds
from local_aws.ministack_internals import stepfunctions

_delay: ContextVar[float | None] = ContextVar("retry_delay", default=None)
"""What the engine, which has found a retrier, is to wait next; the engine itself would not wait longer than 60 s."""


def install() -> None:
    """Let the engine's retries have their delay by ``MaxDelaySeconds`` and ``JitterStrategy`` too."""
    stepfunctions.replace("find_matching_retrier", _with_delay)


def _with_delay(find: Any) -> Any:
    @functools.wraps(find)
    def find_matching_retrier(
        retriers: Sequence[Mapping[str, Any]], error: str, retry_counts: Mapping[int, int]
    ) -> tuple[Mapping[str, Any] | None, int]:
        found: tuple[Mapping[str, Any] | None, int] = find(retriers, error, retry_counts)
        retrier, place = found
        if retrier is not None:
            _delay.set(delay_seconds(retrier, retry_counts.get(place, 0)))
        return found

    return find_matching_retrier


def take_delay() -> float | None:
    """What the next wait of the current thread has to last, in seconds, if it is a retry's; it is told once."""
    delay = _delay.get()
    _delay.set(None)
    return delay
