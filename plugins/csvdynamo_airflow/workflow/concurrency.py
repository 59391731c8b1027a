"""How many batches are to run at once, by what those that ended lately tell. Pure.

Functions that wait for the table do nothing for it: what the others can use of it is what the table takes. So with
throttling as many are left as did not wait, and without it there are more, until there is some.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from csvdynamo.records.result_files import BatchResult
from csvdynamo_airflow.documents.concurrency import ConcurrencyBounds, ConcurrencyChange

SAMPLE_BATCHES = 10
"""Batches that are looked at: DescribeExecution's bucket of tokens refills at 15 a second, for the whole account."""

WAITED_SHARE = 0.2
"""The share of their time that functions may wait for the table: without any, nobody knows that it is used in full."""

STALLED_SECONDS = 60.0
"""After so long without the end of a batch there are too many: an attempt of one takes 40 s at most."""

_MORE = 1 / (1 - WAITED_SHARE)
"""With so many times what uses the table in full, no more is waited than is let be."""

_MOST_PATIENCE = 32


@dataclass(frozen=True)
class Sample:
    """What some batches that succeeded lately told together.

    Attributes:
        batches: How many there are.
        seconds: How long they took.
        waited: How long of that they waited for the table.
        units: Write units that they consumed; None where DynamoDB did not say.
        throttled: Items that it turned away, by its reason.
    """

    batches: int
    seconds: float
    waited: float
    units: float | None
    throttled: Mapping[str, int]

    @classmethod
    def of(cls, results: Iterable[BatchResult]) -> Self | None:
        """Add up batches; None where there is none, or one was written by a function that does not tell."""
        batches = list(results)
        if not batches or any(one.seconds is None or one.waited is None for one in batches):
            return None
        throttled: Counter[str] = Counter()
        for one in batches:
            throttled.update(one.throttled or {})
        units = [one.write_units for one in batches]
        return cls(
            batches=len(batches),
            seconds=sum(one.seconds or 0.0 for one in batches),
            waited=sum(one.waited or 0.0 for one in batches),
            units=None if None in units else sum(one or 0.0 for one in units),
            throttled=dict(sorted(throttled.items())),
        )

    @property
    def waited_share(self) -> float:
        """The share of their time that they waited, 0 to 1."""
        return min(1.0, self.waited / self.seconds) if self.seconds else 0.0


def fitting(concurrency: int, sample: Sample, bounds: ConcurrencyBounds) -> tuple[int, str]:
    """Say how many batches are to run at once from now on, and why.

    Args:
        concurrency: How many do.
        sample: Batches that began when as many did.
        bounds: What the data set file allows.
    """
    told = f"the last {sample.batches} batches"
    wanted, why = concurrency, ""
    if sample.waited_share > WAITED_SHARE:
        wanted = math.ceil(concurrency * (1 - sample.waited_share))
        reasons = ", ".join(sample.throttled) or "its calls failed"
        why = f"{told} waited {sample.waited_share:.0%} of their time for the table: {reasons}"
    elif not sample.throttled:
        wanted, why = max(concurrency + 1, int(concurrency * _MORE)), f"{told} were not throttled"
    if bounds.units_per_second is not None and sample.units:
        needed = min(bounds.most, bounds.units_per_second * (sample.seconds - sample.waited) / sample.units)
        # Measured times are never twice the same: near enough is left as it is.
        enough = concurrency if concurrency / _MORE <= needed <= concurrency * _MORE else max(1, int(needed))
        if enough < wanted or not sample.throttled:
            each = f"{sample.units / sample.batches:,.0f} units in {sample.seconds / sample.batches:.2f} s"
            wanted = enough
            why = f"{told} wrote {each} each, and limits.write_units_per_second = {bounds.units_per_second:,}"
    return min(bounds.most, max(bounds.least, wanted)), why


class ConcurrencyControl:
    """Decides, look for look, how many batches are to run at once.

    Where more of them only made the table throttle, the next try is put off, each time for twice as many looks.

    Args:
        bounds: What the data set file allows.
    """

    def __init__(self, bounds: ConcurrencyBounds) -> None:
        self._bounds = bounds
        self._passed = 0
        self._ended, self._ended_at = -1, 0.0
        self._raised, self._patience, self._unthrottled = False, 1, 0

    def sample_size(self, ended: int, running: int, concurrency: int, now: float) -> int:
        """Say how many of the batches that ended last are to be looked at; 0 for none.

        One that began before the last change tells of what was then: as many as ran at once are left out.

        Args:
            ended: Batches that have ended.
            running: Batches that run now.
            concurrency: How many may run at once.
            now: The time, in seconds of a clock that never goes back.
        """
        if ended != self._ended or not running:
            self._ended, self._ended_at = ended, now
        since = ended - self._passed
        return min(SAMPLE_BATCHES, since) if since >= min(SAMPLE_BATCHES, concurrency) else 0

    def change(self, concurrency: int, sample: Sample | None, now: float, at: float) -> ConcurrencyChange | None:
        """Return what is to be changed; None if nothing is.

        Args:
            concurrency: How many batches may run at once.
            sample: The batches that were looked at; None where none were.
            now: The time, as above.
            at: The time, in seconds since the epoch.
        """
        if sample is not None:
            wanted, why = fitting(concurrency, sample, self._bounds)
        elif now - self._ended_at >= STALLED_SECONDS:
            wanted = max(self._bounds.least, concurrency // 2)
            why = f"no batch ended for {now - self._ended_at:,.0f} s"
            self._ended_at = now
        else:
            return None
        self._passed = self._ended
        if wanted == concurrency or not self._is_time(wanted > concurrency):
            return None
        self._passed += concurrency
        return ConcurrencyChange(at, concurrency, wanted, why)

    def _is_time(self, raising: bool) -> bool:
        """Tell whether a change is made now, and learn from it how patient to be with the next one."""
        if not raising:
            self._patience = min(_MOST_PATIENCE, 2 * self._patience) if self._raised else self._patience
            self._raised, self._unthrottled = False, 0
            return True
        self._unthrottled += 1
        if self._unthrottled < self._patience:
            return False
        self._patience = 1 if self._raised else self._patience
        self._raised, self._unthrottled = True, 0
        return True
