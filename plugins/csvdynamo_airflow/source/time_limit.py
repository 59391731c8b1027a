"""The moment at which a download is given up, whatever its server does."""

import time
from collections.abc import Callable

from csvdynamo_airflow.source.fetched import DownloadError


class TimeLimit:
    """So many seconds from now on."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin.

        Args:
            seconds: The data set's ``source.max_seconds``.
            clock: Tells the time in seconds; one that is never set back.
        """
        self._seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Seconds that are left; none or less once the time is up."""
        return self._end - self._clock()

    def check(self, shown: str, wait: float = 0, reason: str = "") -> None:
        """Go on only while there is time.

        Args:
            shown: The source, for the message.
            wait: Seconds that are about to be waited.
            reason: What went wrong last, "" for nothing.

        Raises:
            DownloadError: The time is up, or will be after the wait.
        """
        if self.remaining() <= wait:
            because = f" (the last attempt: {reason})" if reason else ""
            raise DownloadError(
                f"{shown} was not downloaded within the {self._seconds:,} s that source.max_seconds allows{because}. "
                "Run again when its server is faster, or raise it in the data set file."
            )
