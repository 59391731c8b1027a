"""A gate in the proxy: it holds one request at a chosen moment.

What sent it can be killed there, and the moment is exact: the request has not reached AWS yet, or it took effect and
its answer is on its way. Everything else passes as it is.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from tests.support.aws_messages import NO_ANSWER, Answer, Request
from tests.support.aws_proxy import Onward

REACHED_SECONDS = 120.0


class Moment(StrEnum):
    """When a request is held."""

    BEFORE = "before"
    """It has not reached AWS."""

    DURING = "during"
    """It took effect, and its answer is not told."""


Matches = Callable[[Request], bool]


@dataclass
class Hold:
    """A request to be held.

    Attributes:
        matches: Which request.
        moment: When.
        skip: How many that match pass before it.
        every: Whether those that come after it are held as well.
        port: The TCP port from which the held request came: it tells whose it is.
    """

    matches: Matches
    moment: Moment
    skip: int = 0
    every: bool = False
    port: int = 0
    _reached: threading.Event = field(default_factory=threading.Event)
    _passes: "Future[bool]" = field(default_factory=Future)

    @property
    def reached(self) -> bool:
        """Whether the request is held, or was."""
        return self._reached.is_set()

    def await_reached(self, ended: Callable[[], bool] = lambda: False) -> None:
        """Wait until the request is held.

        Args:
            ended: Tells whether the program that was to send it has ended: then it never will.
        """
        deadline = time.monotonic() + REACHED_SECONDS
        while not self._reached.wait(0.01):
            assert not ended(), "the program ended without the request that was to be held"
            assert time.monotonic() < deadline, f"no request was held within {REACHED_SECONDS:.0f} s"

    def let_pass(self) -> None:
        """Let the held request go on, as if nothing had been."""
        self._lift(passes=True)

    def drop(self) -> None:
        """End the hold; a request that is held goes no further, as its sender is dead."""
        self._lift(passes=False)

    def takes(self, request: Request) -> bool:
        """Tell whether this is the request to hold."""
        if self._passes.done() or not self.matches(request):
            return False
        self.skip -= 1
        return self.skip < 0 if self.every else self.skip == -1

    async def keep(self, request: Request) -> bool:
        """Hold a request until the hold is lifted; tell whether it goes on."""
        if not self._reached.is_set():
            self.port = request.port
        self._reached.set()
        return await asyncio.shield(asyncio.wrap_future(self._passes))

    def _lift(self, *, passes: bool) -> None:
        if not self._passes.done():
            self._passes.set_result(passes)


class Gate:
    """Holds requests, and remembers all that came; an interceptor.

    Attributes:
        seen: Every request that came, in order.
    """

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self._holds: list[Hold] = []

    async def __call__(self, request: Request, onward: Onward) -> Answer:
        """Hand a request on, but for the time that it is held."""
        self.seen.append(request)
        hold = next((hold for hold in self._holds if hold.takes(request)), None)
        if hold and hold.moment is Moment.BEFORE and not await hold.keep(request):
            return NO_ANSWER
        answer = await onward(request)
        if hold and hold.moment is Moment.DURING and not await hold.keep(request):
            return NO_ANSWER
        return answer

    @contextmanager
    def hold(self, matches: Matches | str, moment: Moment, *, skip: int = 0, every: bool = False) -> Iterator[Hold]:
        """Hold the first request that matches, or a later one; drop it at the end unless it was let pass.

        Args:
            matches: Which request; an operation's name stands for all requests of that operation.
            moment: When.
            skip: How many that match pass before it.
            every: Whether to hold those that come after it as well.
        """
        test = (lambda request: request.operation == matches) if isinstance(matches, str) else matches
        hold = Hold(test, moment, skip, every)
        self._holds.append(hold)
        try:
            yield hold
        finally:
            hold.drop()
            self._holds.remove(hold)
