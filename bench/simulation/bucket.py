"""A bucket of tokens, which is how AWS's services bound what is asked of them in a second."""

import math


class Bucket:
    """Tokens that come at a rate, and are kept up to a number.

    A taker may take more than there is of the last tokens: the others wait until that is made up for.

    Args:
        rate: Tokens a second.
        most: How many are kept.
        held: How many there are at first.
        now: When it begins, in seconds.
    """

    def __init__(self, rate: float, most: float, held: float, now: float = 0.0) -> None:
        self._rate, self._most, self._held, self._at = rate, most, held, now

    def serves(self, now: float, tokens: float = 1.0) -> int:
        """Return how many takers there are tokens for.

        Args:
            now: When, in seconds; never before the last time.
            tokens: How many tokens each takes.
        """
        self._held = min(self._most, self._held + (now - self._at) * self._rate)
        self._at = now
        return max(0, math.ceil(self._held / tokens))

    def take(self, tokens: float = 1.0) -> None:
        """Take tokens."""
        self._held -= tokens
