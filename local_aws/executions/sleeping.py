"""How an execution waits: as long as its retrier says, and no longer than it goes on."""

import functools
from typing import Any

from local_aws.executions import retries
from local_aws.executions.stopping import current
from local_aws.ministack_internals import stepfunctions


def install() -> None:
    """Let the engine's waits be those of retriers, and end when their execution is stopped."""
    stepfunctions.replace("scaled_sleep", _interruptible)


def _interruptible(scaled_sleep: Any) -> Any:
    @functools.wraps(scaled_sleep)
    def sleep(seconds: float) -> None:
        delay = retries.take_delay()
        wanted = seconds if delay is None else delay
        signal = current.get()
        if signal is None:
            scaled_sleep(wanted)
        else:
            signal.sleep(max(0.0, wanted * stepfunctions.SFN_WAIT_SCALE))

    return sleep
