"""How many writes a table takes, and how that grows.

Rests on "On-demand capacity mode" of the DynamoDB developer guide: a table takes at once twice its previous peak, a
new one 4,000 write units a second; past that it may throttle until half an hour has passed.
"""

import math

QUOTA_UNITS = 40_000
"""The most write units a second of a table on demand, unless AWS raises the account's quota."""

PARTITION_UNITS = 1_000
"""The most write units a second of one partition."""


class WriteRate:
    """Lets so many write units a second pass.

    What was not used for a second is lost: neither burst nor adaptive capacity is kept.

    Args:
        units: Write units a second, at first.
        most: The most that these may grow to.
        growth_seconds: How long a peak has to be past before twice as much is taken; without it, they stay as they are.
    """

    def __init__(self, units: float, most: float = 0.0, growth_seconds: float = math.inf) -> None:
        self.units = units
        self._most, self._growth_seconds = max(units, most), growth_seconds
        self._left, self._at = units, -math.inf
        self._second, self._in_second, self._peak = 0, 0.0, 0.0
        self._period_began: float | None = None

    def take(self, units: float, now: float) -> bool:
        """Take a write of so many units; False if it is throttled.

        Args:
            units: Write units. More than a second's pass in a second in which nothing else did.
            now: The time, in seconds of a clock that never goes back.
        """
        self._grow(now)
        self._left = min(self.units, self._left + (now - self._at) * self.units)
        self._at = now
        if self._left < min(units, self.units):
            return False
        self._left -= units
        if int(now) != self._second:
            self._second, self._in_second = int(now), 0.0
        self._in_second += units
        self._peak = max(self._peak, min(self.units, self._in_second))
        return True

    def _grow(self, now: float) -> None:
        if self._period_began is None:
            self._period_began = now
        if now - self._period_began >= self._growth_seconds:
            self.units = min(self._most, max(self.units, 2 * self._peak))
            self._peak, self._period_began = 0.0, now
