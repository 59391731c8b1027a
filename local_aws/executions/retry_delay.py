"""How long a state waits before it is tried again.

The fields: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import random
from collections.abc import Callable, Mapping
from typing import Any

_DEFAULT_INTERVAL_SECONDS = 1
_DEFAULT_BACKOFF_RATE = 2.0


def delay_seconds(
    retrier: Mapping[str, Any], retries_before: int, jitter: Callable[[float, float], float] = random.uniform
) -> float:
    """How long to wait before a retry.

    Args:
        retrier: the retrier, of a state's ``Retry``.
        retries_before: how often it has been used for this state.
        jitter: gives a random number between two.
    """
    interval = float(retrier.get("IntervalSeconds", _DEFAULT_INTERVAL_SECONDS))
    longest = float(retrier.get("MaxDelaySeconds", "inf"))
    delay = min(interval * float(retrier.get("BackoffRate", _DEFAULT_BACKOFF_RATE)) ** retries_before, longest)
    return jitter(0.0, delay) if retrier.get("JitterStrategy") == "FULL" else delay
