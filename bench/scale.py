"""Map Runs of up to a billion rows, simulated, beside what the plan says of them and the least that they can take.

Before it is believed, the simulation is held to Map Runs that were measured on the embedded AWS, and to the function's
code before a table that throttles.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.map_run_check import check_map_runs
from bench.measured import measuring
from bench.simulation.map_run import Simulated, Work, simulate
from bench.table import Table
from bench.throttle_check import check_throttling
from commands.project import fail, find_dataset
from csvdynamo.datasets import table_rules
from csvdynamo.datasets.dataset import Limits
from csvdynamo.datasets.table_rules import Billing
from csvdynamo_airflow.documents.forecast import Forecast
from csvdynamo_airflow.planning.pace import FUNCTIONS_AT_ONCE, Pace, TableSpeed, pace_of
from csvdynamo_airflow.planning.plan_text import duration

NAME = "scale"
WITHIN = 0.15
"""How much the plan's seconds may differ from the simulated ones, as a share of these."""


def _table(**settings: Any) -> table_rules.Table:
    return table_rules.Table(name="tb_cars", partition_key="id", **settings)


ON_DEMAND = _table()


@dataclass(frozen=True)
class Case:
    """A Map Run of rows in the register's shape, each of which is one write unit.

    Attributes:
        what: What it shows.
        rows: Its rows.
        rows_per_batch: Rows of a batch.
        max_concurrency: Batches that run at once.
        table: How its table takes writes.
        hot_share: The share of its rows in one partition, of which no plan knows.
        functions_at_once: Functions that the account has been given.
    """

    what: str
    rows: int
    rows_per_batch: int = 350
    max_concurrency: int = 8
    table: table_rules.Table = ON_DEMAND
    hot_share: float = 0.0
    functions_at_once: int = FUNCTIONS_AT_ONCE

    @property
    def speed(self) -> TableSpeed:
        """How fast its table is."""
        return TableSpeed.of(self.table)

    @property
    def pace(self) -> Pace:
        """What the plan says."""
        forecast = Forecast(written=self.rows, write_units=self.rows, batches=self._batches)
        return pace_of(forecast, Limits(max_concurrency=self.max_concurrency), self.speed)

    @property
    def is_told(self) -> bool:
        """Whether the plan says that its seconds are not to be had: too many batches run at once."""
        return self.pace.at_once > min(self.pace.most_at_once, FUNCTIONS_AT_ONCE)

    def simulate(self) -> Simulated:
        """Simulate it."""
        work = Work(
            rows=self.rows,
            batches=self._batches,
            item_units=1.0,
            max_concurrency=self.max_concurrency,
            speed=self.speed,
            hot_share=self.hot_share,
            functions_at_once=self.functions_at_once,
        )
        return simulate(work)

    @property
    def _batches(self) -> int:
        return math.ceil(self.rows / self.rows_per_batch)


CASES = (
    Case("the vehicles", 250_000),
    Case("the vehicles", 10_000_000),
    Case("the vehicles", 1_000_000_000),
    Case("64 at once", 1_000_000_000, max_concurrency=64),
    Case("250 at once, table warm", 1_000_000_000, 480, 250, _table(warm_write_units=40_000)),
    Case("1 at once", 10_000_000, max_concurrency=1),
    Case("a row a batch", 30_000, rows_per_batch=1, max_concurrency=200),
    Case("at most 1,000 units", 250_000, table=_table(max_write_units=1_000)),
    Case(
        "500 provisioned units",
        10_000_000,
        table=_table(billing=Billing.PROVISIONED, write_units=500, read_units=1),
    ),
    Case("200 at once", 250_000, max_concurrency=200),
    Case("300 at once", 250_000, max_concurrency=300),
    Case("1,000 at once", 250_000, max_concurrency=1_000),
    Case("1,200 at once, table warm", 600_000, 480, 1_200, _table(warm_write_units=40_000)),
    Case("the same, 3,000 functions", 600_000, 480, 1_200, _table(warm_write_units=40_000), functions_at_once=3_000),
    Case("a fifth in one partition", 250_000, hot_share=0.2),
)


@dataclass(frozen=True)
class Compared:
    """A case, planned and simulated.

    Attributes:
        case: The case.
        floor_seconds: What its table alone takes for the units.
        planned_seconds: What the plan says.
        simulated: What the simulation says.
        cpu_seconds: What the simulation took.
    """

    case: Case
    floor_seconds: float
    planned_seconds: float
    simulated: Simulated
    cpu_seconds: float

    @property
    def off(self) -> float:
        """How much the plan differs, as a share of what was simulated."""
        return self.planned_seconds / self.simulated.seconds - 1

    @property
    def holds(self) -> bool:
        """Whether the plan's seconds may be relied on, or the plan says that they may not, or cannot know."""
        return self.case.is_told or bool(self.case.hot_share) or (self.simulated.succeeded and abs(self.off) <= WITHIN)


def compare(case: Case) -> Compared:
    """Plan a case, and simulate it."""
    began, simulated = time.process_time(), case.simulate()
    cpu_seconds = time.process_time() - began
    return Compared(case, case.speed.seconds(case.rows), case.pace.seconds, simulated, cpu_seconds)


def run(*, checked: bool = True) -> list[Compared]:
    """Compare all cases, print a table and leave them; fail where the plan does not hold.

    Args:
        checked: Hold the simulation to measured runs before.
    """
    with measuring(NAME, checked=checked) as measured:
        held = [*check_map_runs(find_dataset("ev_population")), *check_throttling()] if checked else []
        for one in held:
            print(one.told())
        compared = [compare(case) for case in CASES]
        print(table(compared).aligned())
        measured.runs += [*held, *compared]
    if not (all(one.holds for one in held) and all(one.holds for one in compared)):
        fail("The simulation is not held by what was measured, or the plan not by the simulation: see above.")
    return compared


def table(compared: Sequence[Compared]) -> Table:
    """Set the cases below each other: how much the plan is off, and how many invocations ended late or never began."""
    head = ("rows", "a batch", "at once", "case", "floor", "plan", "simulated", "off", "late", "redrives", "CPU")
    return Table(head, [_line(one) for one in compared])


def _line(one: Compared) -> tuple[str, ...]:
    case, simulated = one.case, one.simulated
    return (
        f"{case.rows:,}",
        f"{case.rows_per_batch:,}",
        f"{case.max_concurrency:,}",
        case.what,
        duration(one.floor_seconds),
        f"{duration(one.planned_seconds)}{', warns' if case.is_told else ''}",
        duration(simulated.seconds) if simulated.succeeded else "fails",
        f"{one.off:+.1%}" if simulated.succeeded else "",
        f"{(simulated.out_of_time + simulated.refused) / max(1, simulated.invocations + simulated.refused):.1%}",
        f"{simulated.redrives}",
        f"{one.cpu_seconds:,.1f} s",
    )
