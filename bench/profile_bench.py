"""Where the function's CPU goes: the share of its costliest modules, by Python's own profiler."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bench.handler_ground import ROWS_A_BATCH, running_sink, stage_function, write_events
from bench.measured import measuring
from bench.table import Spread, Table
from commands.project import say

NAME = "profile"
NAMED = 3
"""Costs that are named."""


@dataclass(frozen=True)
class ProfileRun:
    """One profile.

    Attributes:
        shares: Of the whole CPU time, what was spent in each function, and in those of C that it called.
    """

    shares: dict[str, float]


def run(rows: int, runs: int) -> None:
    """Profile the function, and print its top costs.

    Args:
        rows: Rows of the generated events.
        runs: Profiles.
    """
    with measuring(NAME, rows=rows, runs=runs) as measured, running_sink(0) as sink:
        say("A profile of the function …")
        function = stage_function(measured.folder)
        events = write_events(measured.folder / "events.json", rows, ROWS_A_BATCH)
        for _ in range(runs):
            answer = sink.measure("bench.handler_profile", "handler", function, events)
            measured.runs.append(ProfileRun(**answer))
    print(table(measured.runs).aligned())


def table(runs: Sequence[ProfileRun]) -> Table:
    """Name the modules that cost most by their median, each with its costliest function."""
    modules: defaultdict[str, list[str]] = defaultdict(list)
    for function in dict.fromkeys(function for one in runs for function in one.shares):
        modules[function.partition(" ")[0]].append(function)
    costs = {
        module: Spread.of(sum(one.shares.get(name, 0.0) for name in names) for one in runs)
        for module, names in modules.items()
    }
    top = sorted(costs, key=lambda module: costs[module].median, reverse=True)[:NAMED]
    return Table(
        ("module", "share of the CPU", "its costliest function"),
        [
            (f"`{module}`", costs[module].told(".1%"), _costliest(modules[module], runs).partition(" ")[2])
            for module in top
        ],
    )


def _costliest(functions: Sequence[str], runs: Sequence[ProfileRun]) -> str:
    return max(functions, key=lambda function: sum(one.shares.get(function, 0.0) for one in runs))
