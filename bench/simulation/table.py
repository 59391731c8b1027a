"""How a table takes writes, and what it throttles, in simulated time.

Rests on "DynamoDB throughput capacity" and "Burst and adaptive capacity" of the developer guide: a partition takes
1,000 write units a second; units that nobody takes are kept for five minutes; on demand, a table takes at once up to
twice its previous peak, and what it has taken is a peak half an hour later. Capacity comes in whole partitions here,
among which keys are spread evenly.
"""

import math
from collections import Counter
from collections.abc import Mapping
from random import Random

from bench.simulation.bucket import Bucket
from csvdynamo_airflow.planning.pace import GROWTH_SECONDS, TableSpeed

PARTITION_UNITS = 1_000
"""Write units a second of a partition, whatever it kept."""

KEPT_SECONDS = 300
"""How long units are kept that nobody takes."""

MINUTE = 60
"""What a peak is averaged over, in seconds."""

Places = Counter[int]
"""How many items lie in each partition."""


class Partition:
    """A partition of a table.

    Args:
        rate: Its share of what the table takes, in write units a second. Of these it has a second's at first.
        now: When it begins, in seconds.
    """

    def __init__(self, rate: float, now: float) -> None:
        self._share = Bucket(rate, KEPT_SECONDS * rate, rate, now)
        self._limit = Bucket(PARTITION_UNITS, PARTITION_UNITS, PARTITION_UNITS, now)

    def put(self, now: float, items: int, item_units: float) -> int:
        """Take items of so many units each; return how many it took."""
        taken = min(items, self._share.serves(now, item_units), self._limit.serves(now, item_units))
        self._share.take(taken * item_units)
        self._limit.take(taken * item_units)
        return taken


class SimulatedTable:
    """A table, whose partitions take what they have units for, and leave the rest unprocessed.

    Args:
        speed: How fast it is at first, and at most.
        item_units: Write units of an item.
        random: Where items lie is drawn from it.
        hot_share: The share of the items that lie in one partition, whatever their number.

    Attributes:
        allowed: Write units a second that it takes now.
        units: Write units that it took, but for those of time that passed by.
        asked: Write units that it was asked for, likewise.
    """

    def __init__(self, speed: TableSpeed, item_units: float, random: Random, hot_share: float = 0.0) -> None:
        self.allowed, self.units, self.asked = speed.first, 0.0, 0.0
        self._most, self._item_units, self._random, self._hot_share = speed.most, item_units, random, hot_share
        self._peaks = [0.0]  # units a second of each minute
        self._seen = 0  # minutes that are peaks already
        self._passed_by = 0.0
        self._divide(0.0)

    def places(self, items: int) -> Places:
        """Draw where new items lie."""
        count = len(self._partitions)
        # Sixteen bits an item: `random.choices` would be most of what a simulation takes.
        drawn = [number % count for number in memoryview(self._random.randbytes(2 * items)).cast("H")]
        if self._hot_share:
            drawn = [0 if self._random.random() < self._hot_share else place for place in drawn]
        return Counter(drawn)

    def put(self, now: float, places: Mapping[int, int]) -> Places:
        """Take the items that there are units for; return where the others lie.

        Args:
            now: Seconds since the beginning, without those that passed by; never before the last time.
            places: Where the items lie.
        """
        self._grow(now)
        left, taken = Places(), 0
        for place, items in places.items():
            got = self._partitions[place].put(now, items, self._item_units)
            taken += got
            if got < items:
                left[place] = items - got
        self.asked += sum(places.values()) * self._item_units
        self.units += taken * self._item_units
        self._peaks[-1] += taken * self._item_units / MINUTE
        return left

    def pass_by(self, minutes: int, rate: float) -> None:
        """Let minutes pass by in which so many units a second are taken, and nothing else changes."""
        self._peaks[-1:] = [rate] * minutes + self._peaks[-1:]
        self._passed_by += minutes * MINUTE

    def grows_in(self, now: float) -> float:
        """Return in how many seconds it will take more, for what it has taken so far; infinity if it will not."""
        for minute in range(self._seen, len(self._peaks) - 1):
            if self._after(self._peaks[minute]) > self.allowed:
                return _becomes_peak(minute) - now - self._passed_by
        return math.inf

    def _after(self, peak: float) -> float:
        """Return what it takes once a minute is a peak."""
        whole = math.ceil(2 * peak / PARTITION_UNITS) * PARTITION_UNITS
        return max(self.allowed, min(self._most, whole))

    def _grow(self, now: float) -> None:
        time, before = now + self._passed_by, self.allowed
        self._peaks += [0.0] * (int(time / MINUTE) + 1 - len(self._peaks))
        while _becomes_peak(self._seen) <= time:
            self.allowed = self._after(self._peaks[self._seen])
            self._seen += 1
        if self.allowed != before:
            self._divide(now)

    def _divide(self, now: float) -> None:
        count = math.ceil(self.allowed / PARTITION_UNITS)
        self._partitions = [Partition(self.allowed / count, now) for _ in range(count)]


def _becomes_peak(minute: int) -> float:
    """Return when a minute is a peak that the table may double, in seconds since the beginning."""
    return (minute + 1) * MINUTE + GROWTH_SECONDS
