"""How many children of a Map Run run at once, which UpdateMapRun may change while it goes on.

The call: https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateMapRun.html
"""

import contextvars
import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from local_aws.ministack_internals import Response, stepfunctions

_crews: dict[str, "Crew"] = {}


def install() -> None:
    """Let UpdateMapRun reach the threads of a Map Run that goes on."""
    stepfunctions.replace("update_map_run", _reaching)


class Crew:
    """Threads that do a piece of work after another, as many at once as are wanted.

    One that is too many goes once its piece is done: nothing that has begun is given up.

    Args:
        do_next: does the next piece; False if there is none.
        wanted: says how many threads there are to be.
    """

    def __init__(self, do_next: Callable[[], bool], wanted: Callable[[], int]) -> None:
        self._do_next, self._wanted = do_next, wanted
        self._threads: list[threading.Thread] = []
        self._count = 0
        self._done = False
        self._lock = threading.Lock()
        # What belongs to the execution, such as its account and region.
        self._context = contextvars.copy_context()

    def work(self) -> None:
        """Do all pieces."""
        self.fill()
        for thread in self._threads:  # the list may grow meanwhile
            thread.join()

    def fill(self) -> None:
        """Start the threads that are lacking."""
        with self._lock:
            while not self._done and self._count < self._wanted():
                # Each thread needs a copy of the context of its own.
                thread = threading.Thread(target=self._context.copy().run, args=(self._work,), daemon=True)
                self._count += 1
                thread.start()
                self._threads.append(thread)

    def _work(self) -> None:
        while self._is_wanted():
            if not self._do_next():
                with self._lock:
                    self._done = True

    def _is_wanted(self) -> bool:
        with self._lock:
            if self._done or self._count > self._wanted():
                self._count -= 1
                return False
            return True


@contextmanager
def keeping(map_run_arn: str, crew: Crew) -> Iterator[None]:
    """Let UpdateMapRun find the threads of a Map Run."""
    _crews[map_run_arn] = crew
    try:
        yield
    finally:
        del _crews[map_run_arn]


def _reaching(update: Any) -> Any:
    @functools.wraps(update)
    def update_map_run(request: dict[str, Any]) -> Response:
        answer: Response = update(request)
        crew = _crews.get(str(request.get("mapRunArn")))
        if crew is not None:
            crew.fill()
        return answer

    return update_map_run
