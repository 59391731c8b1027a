"""Whether a simulated function is believed where its table throttles: the deployed one's code before a sink that does.

Some processes write batches at once to a sink that leaves unprocessed what a table of one partition would. It is the
simulator's own table that says so: what is held is how the function tries again.
"""

import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from bench.handler_ground import ROWS_A_BATCH, running_sink, stage_function, write_events
from bench.held import Held
from bench.measured import FOLDER
from bench.simulation.map_run import Timing, Work, simulate
from csvdynamo_airflow.planning.pace import TableSpeed

ROWS, AT_ONCE = 12_000, 2
"""Rows, and processes that write them."""

UNITS = 1_000
"""Write units a second of the sink: a fraction of what the processes would write."""

DELAY_MILLISECONDS = 5

SEEDS = 10
"""Simulations that are averaged: waits are drawn, and of so short a run one draw says little."""


@dataclass(frozen=True)
class Written:
    """What the processes did together.

    Attributes:
        rows: Rows that they wrote.
        came: Items that came to the sink.
        seconds: From the first one to the last one.
        cpu_seconds: How long processors worked for the processes, once each had written its first batch.
    """

    rows: int
    came: float
    seconds: float
    cpu_seconds: float


def check_throttling() -> list[Held]:
    """Measure and simulate how long it takes, and how often an item is sent until it is taken."""
    with tempfile.TemporaryDirectory(prefix="throttle-", dir=FOLDER) as folder:
        function, events = stage_function(Path(folder)), _shares(Path(folder))
        quick, throttled = _write(function, events), _write(function, events, UNITS)
    work = Work(throttled.rows, -(-throttled.rows // ROWS_A_BATCH), 1.0, AT_ONCE, TableSpeed(UNITS, UNITS, "the sink"))
    row = quick.cpu_seconds / quick.rows
    left = (throttled.cpu_seconds - quick.cpu_seconds) / (throttled.came - throttled.rows)
    timing = Timing(child=0.0, row=row, calls=DELAY_MILLISECONDS / 1000, left=left, cold=0.0)
    simulated = [simulate(work, timing, seed=seed) for seed in range(SEEDS)]
    what = f"{throttled.rows:,} rows at {UNITS:,} units a second, {AT_ONCE} batches at once"
    return [
        Held(what, throttled.seconds, mean(one.seconds for one in simulated), "s", within=0.15),
        Held(f"{what}, each sent", throttled.came / throttled.rows, mean(one.asks for one in simulated), "times", 0.5),
    ]


def _shares(folder: Path) -> list[Path]:
    """Write the events of each process."""
    written = write_events(folder / "events.json", ROWS, ROWS_A_BATCH)
    events = json.loads(written.path.read_text(encoding="utf-8"))
    paths = [folder / f"events-{number}.json" for number in range(AT_ONCE)]
    for number, path in enumerate(paths):
        path.write_text(json.dumps(events[number::AT_ONCE]), encoding="utf-8")
    return paths


def _write(function: Path, events: Sequence[Path], units: int | None = None) -> Written:
    """Let a process write each share, all at once, to a sink that takes so many units a second."""
    with running_sink(DELAY_MILLISECONDS, units) as sink, ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda path: sink.run_way("bench.handler_ways", "handler", function, path), events))
        return Written(
            rows=sum(answer["written"] for answer in answers) + AT_ONCE * ROWS_A_BATCH,
            came=sink.told("rows"),
            seconds=sink.told("seconds"),
            cpu_seconds=sum(answer["cpu_seconds"] for answer in answers),
        )
