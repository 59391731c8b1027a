"""What hostile input may lead to: a valid result, or an error of ours in a sentence; never a hang."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from hypothesis import HealthCheck, settings

_HANGS_AFTER_SECONDS = 20.0
_LONGEST = 2_100
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")

_ASKED = os.environ.get("CSVDYNAMO_FUZZ_EXAMPLES")

fuzz = settings(
    max_examples=int(_ASKED or 300),
    derandomize=_ASKED is None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""As many inputs as the project promises and some more, the same ones each time.

``CSVDYNAMO_FUZZ_EXAMPLES=20000`` asks for other ones, and more; what fails is printed with a line that repeats it.
"""

Result = TypeVar("Result")


class HangError(AssertionError):
    """Some input was worked on without an end."""


@contextmanager
def watchdog() -> Iterator[None]:
    """End what hangs, with its traceback; regular expressions look for the signal, too."""

    def bark(number: int, frame: FrameType | None) -> None:
        raise HangError(f"not done after {_HANGS_AFTER_SECONDS:g} s")

    before = signal.signal(signal.SIGALRM, bark)
    signal.setitimer(signal.ITIMER_REAL, _HANGS_AFTER_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


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
    assert not _CONTROL.search(text), repr(text)
    assert "Traceback" not in text
    text.encode()
    if secret is not None:
        assert secret not in text
