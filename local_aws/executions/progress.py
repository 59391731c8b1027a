"""How far an execution has come: what a redrive goes on from.

The promise: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

import copy
from dataclasses import dataclass, field
from typing import Any, Self

FIELD = "_progress"
"""Where MiniStack's record of an execution holds it; MiniStack shows no field that it does not know."""


@dataclass
class Progress:
    """The state that an execution entered last.

    Attributes:
        state: its name.
        given: its input.
        variables: the workflow variables when it was entered.
        map_runs: the Map Runs that it started, the last one of each Map state.
        to_redrive: the Map Runs of earlier attempts, which go on instead of a new one.
        redriven: whether the state was entered by an earlier attempt and is now run again.
    """

    state: str
    given: Any
    variables: dict[str, Any] = field(default_factory=dict)
    map_runs: dict[str, Any] = field(default_factory=dict)
    to_redrive: dict[str, Any] = field(default_factory=dict)
    redriven: bool = False

    def enter(self, state: str, given: Any, variables: dict[str, Any]) -> None:
        """Take down that a state is entered."""
        self.state, self.given, self.variables = state, given, copy.deepcopy(variables)
        self.map_runs, self.to_redrive, self.redriven = {}, {}, False

    def redrive(self) -> None:
        """Go on from the state that was entered last, and with the Map Runs that it started."""
        self.to_redrive |= self.map_runs
        self.map_runs, self.redriven = {}, True

    @classmethod
    def of(cls, execution: dict[str, Any]) -> Self | None:
        """The progress of an execution; None where none is kept, as for an EXPRESS child."""
        found: Self | None = execution.get(FIELD)
        return found
