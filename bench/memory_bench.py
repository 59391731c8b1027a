"""How much memory the function holds, by the rows of a batch, and how long a processor works for a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.handler_ground import running_sink, stage_function, write_events
from bench.measured import measuring
from bench.table import Spread, Table
from commands.project import say
from csvdynamo.writing.settings import MEMORY_MIB

NAME = "memory"
ROWS_A_BATCH = (100, 350, 1000)
BATCHES = 4
"""Events that a process is given: it reads them all at first, and their texts are a part of what it holds."""

_STEPS_MIB = (128, 192, 256, 384, 512, 768, 1024)
_HEADROOM = 2


@dataclass(frozen=True)
class SizeRun:
    """One run of the function, in a process of its own.

    Attributes:
        rows_a_batch: Rows of each batch.
        cpu_seconds: How long processors worked for a batch, the first left out.
        peak_rss_bytes: The most memory that its process held.
    """

    rows_a_batch: int
    cpu_seconds: float
    peak_rss_bytes: int


def run(runs: int) -> None:
    """Measure batches of each size, and print a table.

    Args:
        runs: Runs of each.
    """
    with measuring(NAME, batches=BATCHES, runs=runs) as measured, running_sink(0) as sink:
        say("The function's memory, by the rows of a batch …")
        function = stage_function(measured.folder)
        for rows in ROWS_A_BATCH:
            events = write_events(measured.folder / "events.json", rows * BATCHES, rows)
            for _ in range(runs):
                answer = sink.measure("bench.handler_ways", "handler", function, events)
                measured.runs.append(SizeRun(rows, answer["cpu_seconds"] / BATCHES, answer["peak_rss_bytes"]))
    print(table(measured.runs).aligned())


def table(runs: Sequence[SizeRun]) -> Table:
    """Set the sizes of a batch beside each other, and the memory that follows beside what is configured."""
    lines = []
    for rows in dict.fromkeys(one.rows_a_batch for one in runs):
        found = [one for one in runs if one.rows_a_batch == rows]
        lines.append(
            (
                f"{rows:,}",
                Spread.of(one.cpu_seconds * 1000 for one in found).told(unit=" ms"),
                Spread.of(one.peak_rss_bytes / 1e6 for one in found).told(unit=" MB"),
                f"{memory_that_follows(max(one.peak_rss_bytes for one in found)):,} MiB",
                f"{MEMORY_MIB:,} MiB",
            )
        )
    return Table(("rows a batch", "CPU a batch", "peak RSS", "memory that follows", "configured"), lines)


def memory_that_follows(peak_rss_bytes: float) -> int:
    """Give the least memory of a function, in MiB, that is twice what its process held."""
    return next((step for step in _STEPS_MIB if step * 2**20 >= _HEADROOM * peak_rss_bytes), _STEPS_MIB[-1])
