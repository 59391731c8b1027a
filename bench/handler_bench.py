"""How many rows one function writes, by CPU second and by second, beside other ways to write the same rows."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bench.handler_ground import ROWS_A_BATCH, running_sink, stage_function, write_events
from bench.handler_ways import WAYS, WRANGLER
from bench.measured import measuring
from bench.table import Spread, Table, megabytes
from bench.wrangler import wrangler_python
from commands.project import say

NAME = "handler"
DEFAULT_ROWS = 20_000
DELAYS_MILLISECONDS = (0, 5, 10, 20)
BESIDE = "sample"
"""The way that the others are compared with."""


@dataclass(frozen=True)
class WayRun:
    """One run of one way, in a process of its own.

    Attributes:
        way: Its name.
        delay_milliseconds: How long the sink waited before each answer.
        rows: Rows that it wrote.
        seconds: How long that took, after its first batch.
        cpu_seconds: How long processors worked for its process meanwhile.
        first_answer_cpu_seconds: The same from before its imports to the first batch's answer.
        peak_rss_bytes: The most memory that its process held.
    """

    way: str
    delay_milliseconds: int
    rows: int
    seconds: float
    cpu_seconds: float
    first_answer_cpu_seconds: float
    peak_rss_bytes: int


def run(rows: int, runs: int) -> None:
    """Measure every way at every delay, and print a table.

    Args:
        rows: Rows of the generated events.
        runs: Runs of each way, one after another by turns.
    """
    wrangler = wrangler_python()
    with measuring(NAME, rows=rows, runs=runs) as measured:
        function = stage_function(measured.folder)
        events = write_events(measured.folder / "events.json", rows, ROWS_A_BATCH)
        for delay in DELAYS_MILLISECONDS:
            say(f"Each way to write {events.rows:,} rows, answers after {delay} ms …")
            with running_sink(delay) as sink:
                # By turns: what else the machine does meanwhile strikes each way alike.
                for way in [*WAYS] * runs:
                    python = wrangler if way == WRANGLER else sys.executable
                    answer = sink.measure("bench.handler_ways", way, function, events, python)
                    measured.runs.append(WayRun(way, delay, events.rows, **answer))
    print(table(measured.runs).aligned())


def table(runs: Sequence[WayRun]) -> Table:
    """Set ways beside each other, at each delay."""
    lines = []
    for delay, way in dict.fromkeys((one.delay_milliseconds, one.way) for one in runs):
        found = of_way(runs, way, delay)
        lines.append(
            (
                f"{delay} ms",
                way,
                Spread.of(by_cpu(found)).told(),
                Spread.of(ratios(runs, way, delay)).told(".2f"),
                Spread.of(one.rows / one.seconds for one in found).told(),
                Spread.of(one.first_answer_cpu_seconds * 1000 for one in found).told(unit=" ms"),
                megabytes(max(one.peak_rss_bytes for one in found)),
            )
        )
    return Table(("answers", "way", "rows/CPU s", f"to {BESIDE}", "rows/s", "CPU to first answer", "peak RSS"), lines)


def of_way(runs: Sequence[WayRun], way: str, delay: int) -> list[WayRun]:
    """Pick the runs of a way at a delay, in their order."""
    return [one for one in runs if (one.way, one.delay_milliseconds) == (way, delay)]


def by_cpu(runs: Sequence[WayRun]) -> list[float]:
    """Give each run's rows a CPU second."""
    return [one.rows / one.cpu_seconds for one in runs]


def ratios(runs: Sequence[WayRun], way: str, delay: int) -> list[float]:
    """Give a way's rows a CPU second to those of `BESIDE` in the same turn."""
    ours, theirs = by_cpu(of_way(runs, way, delay)), by_cpu(of_way(runs, BESIDE, delay))
    return [one / other for one, other in zip(ours, theirs, strict=True)]
