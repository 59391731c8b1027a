"""What happens in the middle of a run, at one of its requests: the run is held there until it is over."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.support.gate import Gate, Moment


@dataclass(frozen=True)
class Interruption:
    """A run that is held at its first request of an operation, if it comes to one.

    Attributes:
        gate: Holds it.
        operation: The operation.
        until_its_end: Is closed once the run has been held against what it must have done.
    """

    gate: Gate
    operation: str
    until_its_end: ExitStack

    @contextmanager
    def reached_by(self, run: Callable[[], None]) -> Iterator[bool]:
        """Begin a run, hold it, and let it go to its end afterwards.

        Args:
            run: Runs it to its end.

        Yields:
            Whether it is held; it has ended otherwise.
        """
        failed: list[BaseException] = []

        def run_and_tell() -> None:
            try:
                run()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run_and_tell)
        with self.gate.hold(self.operation, Moment.BEFORE) as hold:
            thread.start()
            while thread.is_alive() and not hold.reached:
                time.sleep(0.005)
            yield hold.reached
            hold.let_pass()
            thread.join()
        if failed:
            raise failed[0]
