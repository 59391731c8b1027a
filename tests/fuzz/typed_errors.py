"""What hostile input may lead to: a valid result, or an error of ours in a sentence; never a hang."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from hypothesis import HealthCheck, settings

_HANGS_AFTER_SECONDS = 20.0
_WAITS = 10
_LONGEST = 2_100

_ASKED = os.environ.get("CSVDYNAMO_FUZZ_EXAMPLES")
_PROMISED = 260


def fuzz(share: float = 1.0) -> settings:
    """Hypothesis's settings for a test with hostile inputs: the same ones each time.

    ``CSVDYNAMO_FUZZ_EXAMPLES=20000`` asks for other ones, and as many; what fails is printed with a line that repeats
    it.

    Args:
        share: How many of the inputs that are promised for each surface, where several tests share one.
    """
    return settings(
        max_examples=int(share * int(_ASKED or _PROMISED)),
        derandomize=_ASKED is None,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


Result = TypeVar("Result")


class HangError(AssertionError):
    """Some input was worked on without an end."""


@contextmanager
def watchdog() -> Iterator[None]:
    """End what hangs, with its traceback; regular expressions look for the signal, too.

    What counts is the CPU that it took: beside other work, what takes two seconds may need twenty.
    """

    def bark(number: int, frame: FrameType | None) -> None:
        raise HangError(f"not done after {_HANGS_AFTER_SECONDS:g} s of CPU, or of waiting {_WAITS:g} times as long")

    timers = {
        signal.SIGPROF: (signal.ITIMER_PROF, _HANGS_AFTER_SECONDS),
        signal.SIGALRM: (signal.ITIMER_REAL, _HANGS_AFTER_SECONDS * _WAITS),
    }
    before = {number: signal.signal(number, bark) for number in timers}
    for timer, seconds in timers.values():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for number, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


def result_or_error(
    function: Callable[[], Result], *errors: type[Exception], secret: str | None = None
) -> Result | Exception:
    """Call a function on hostile input. An error of another type than those given goes through, and fails the test.

    Args:
        function: What to call.
        errors: The types of error that a caller expects.
        secret: A row's value, which no message may hold.
    """
    with watchdog():
        try:
            return function()
        except errors as error:
            hold_message(error, secret)
            return error


def hold_message(error: Exception, secret: str | None = None) -> None:
    """Hold that an error is a sentence or two that a log and a terminal can take."""
    text = str(error)
    assert text.strip(), type(error)
    assert len(text) <= _LONGEST, (len(text), text[:200])
    assert text.count("\n") <= 3, text
    assert text.replace("\n", "").isprintable(), repr(text)
    assert "Traceback" not in text
    if secret is not None:
        assert secret not in text
