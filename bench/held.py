"""What was measured, and the same as it was simulated."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """A measured number that a simulated one is held to.

    Attributes:
        what: What they are of.
        measured: The one.
        simulated: The other.
        unit: Their unit.
        within: How much the second may differ, as a share of the first.
    """

    what: str
    measured: float
    simulated: float
    unit: str
    within: float

    @property
    def off(self) -> float:
        """How much the simulated one differs, as a share of the measured one."""
        return self.simulated / self.measured - 1

    @property
    def holds(self) -> bool:
        """Whether it differs no more than it may."""
        return abs(self.off) <= self.within

    def told(self) -> str:
        """Tell it in a line."""
        verdict = "" if self.holds else ": NOT HELD"
        return (
            f"{self.what}: measured {self.measured:,.1f} {self.unit}, simulated {self.simulated:,.1f}, "
            f"{self.off:+.1%} (at most {self.within:.0%}){verdict}"
        )
