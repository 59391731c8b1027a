"""How long a Map Run takes, and what binds it. Pure.

Rests on the quotas of Step Functions (EXPRESS children started a second, and at once), of Lambda (functions at once in
an account) and of DynamoDB: a new table on demand takes 4,000 writes a second, and within half an hour twice what it
had to take before, up to the quota of a table. `python -m bench scale` simulates the same, batch by batch.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from csvdynamo.datasets.dataset import Limits
from csvdynamo.datasets.table_rules import Billing, Table
from csvdynamo.writing.batch_writer import MAX_REQUESTS, PARALLEL_CALLS
from csvdynamo.writing.settings import MEMORY_MIB
from csvdynamo.writing.turn import LONGEST_BATCH_SECONDS
from csvdynamo_airflow.costs.usage import CHILD_SECONDS
from csvdynamo_airflow.documents.forecast import Forecast

NEW_TABLE_UNITS, TABLE_QUOTA_UNITS = 4_000, 40_000
"""Write units a second of a new table on demand, and of any table unless AWS raised the account's quota."""

GROWTH_SECONDS = 30 * 60
"""How soon a table on demand may take twice what it took."""

CHILDREN_A_SECOND = 1_000
"""Child executions that Step Functions starts."""

FUNCTIONS_AT_ONCE = 1_000
"""Functions that run at once in an account."""

MAP_RUN_LIMIT_SECONDS = 12 * 60 * 60
"""How long an execution may take (`TimeoutSeconds` of the state machine)."""

CALLS_SECONDS = 0.010
"""What the calls of BatchWriteItem take that the function makes at once: as long as one of them."""

_ROW_CPU_SECONDS = 0.00005  # `python -m bench handler` and docs/performance.md: 15,000 to 30,000 rows a CPU second
_VCPU_MIB = 1769  # the memory with which Lambda gives a function one whole processor
_DELETION_CPU_SECONDS = 0.001  # a call of DeleteItem with a condition of its own; measured with much else beside it

ROW_SECONDS = _ROW_CPU_SECONDS * _VCPU_MIB / MEMORY_MIB
"""What the function takes for a row, beside its calls, with the share of a processor that its memory gives it."""

SERVED_SECONDS = (LONGEST_BATCH_SECONDS - 5) / 2
"""In how many seconds the table has to have a batch's units, where it is asked for more than it takes: half of the time
that the function has for its calls, since waits are drawn, and some batches wait twice as long as others."""


@dataclass(frozen=True)
class TableSpeed:
    """How fast a table takes writes.

    Attributes:
        first: Write units a second at first.
        most: Write units a second that it may grow to.
        told: What sets that, for a person.
    """

    first: float
    most: float
    told: str

    @classmethod
    def of(cls, table: Table) -> Self:
        """Read it of a data set file. A table that is there already is taken for a new one: it may take more."""
        if table.billing is Billing.PROVISIONED:
            units = table.write_units or 1
            return cls(units, units, f"table.write_units = {units:,} a second")
        most = min(table.max_write_units or TABLE_QUOTA_UNITS, max(TABLE_QUOTA_UNITS, table.warm_write_units or 0))
        first = max(NEW_TABLE_UNITS, table.warm_write_units or 0)
        if most <= first and table.max_write_units is not None:
            return cls(most, most, f"table.max_write_units = {most:,} a second")
        if table.warm_write_units is not None:
            return cls(first, most, f"table.warm_write_units = {first:,} a second")
        return cls(first, most, f"{first:,} write units a second, which a new table on demand takes")

    def warm(self, units: float) -> "TableSpeed":
        """Return that of the table once it is made ready for so many units a second."""
        first = max(self.first, units)
        return TableSpeed(
            first, max(first, self.most), f"{first:,.0f} write units a second, which the warm table takes"
        )

    def seconds(self, units: float, at_most: float = math.inf, growth_seconds: float = GROWTH_SECONDS) -> float:
        """Return how long it takes for so many units, growing as it may.

        Args:
            units: Write units.
            at_most: The most units a second that are asked of it.
            growth_seconds: How soon it may take twice what it took.
        """
        rate, seconds = self.first, 0.0
        while rate < min(self.most, at_most) and units > rate * growth_seconds:
            units -= rate * growth_seconds
            seconds += growth_seconds
            rate = min(2 * rate, self.most)
        return seconds + units / min(rate, at_most)


@dataclass(frozen=True)
class Pace:
    """How fast a Map Run goes.

    Attributes:
        seconds: How long it takes.
        bound: What binds it, for a person.
        wanted_units: Write units a second that it would write if its table took them all.
        function_seconds: How long the function works on all batches together, its waits for the table among it.
        at_once: Batches that run at once.
        most_at_once: How many the table serves in time; of more, some run out of it.
    """

    seconds: float
    bound: str
    wanted_units: float
    function_seconds: float
    at_once: int
    most_at_once: float = math.inf


def pace_of(forecast: Forecast, limits: Limits, speed: TableSpeed) -> Pace:
    """Say how fast a file's Map Run goes.

    Args:
        forecast: What the function will make of the file.
        limits: The data set's limits.
        speed: How fast its table is.
    """
    if forecast.batches == 0:
        return Pace(0.0, "there is no row", 0.0, 0.0, 0)
    at_once = min(limits.max_concurrency, forecast.batches)
    work, beside = _function_seconds(forecast), forecast.batches * CHILD_SECONDS
    seconds, bound = max(_by_batches(forecast, limits))
    wanted = forecast.all_units / seconds
    if wanted <= speed.first:
        return Pace(seconds, bound, wanted, work, at_once)
    by_table = speed.seconds(forecast.all_units, at_most=wanted)
    # Each of the batches that run at once waits for its units, and is paid for meanwhile.
    waiting = max(work, min(at_once, FUNCTIONS_AT_ONCE) * by_table - beside)
    most_at_once = SERVED_SECONDS * speed.first * forecast.batches / forecast.all_units
    return Pace(by_table, speed.told, wanted, waiting, at_once, max(1, int(most_at_once)))


def _function_seconds(forecast: Forecast) -> float:
    """Return how long the function works on all batches together, where it never waits for the table."""
    rows = forecast.written + forecast.rejected
    items_at_once = PARALLEL_CALLS if forecast.singly else MAX_REQUESTS * PARALLEL_CALLS
    calls_at_once = math.ceil(forecast.written / forecast.batches / items_at_once)
    calls = forecast.batches * calls_at_once * CALLS_SECONDS + _deletions_seconds(forecast)
    return calls + (rows + forecast.deletions) * ROW_SECONDS


def _deletions_seconds(forecast: Forecast) -> float:
    """Return how long the function works on the deletions of all batches, beside what each takes as a row."""
    return forecast.deletions * (CALLS_SECONDS / PARALLEL_CALLS + _DELETION_CPU_SECONDS * _VCPU_MIB / MEMORY_MIB)


def _by_batches(forecast: Forecast, limits: Limits) -> Iterator[tuple[float, str]]:
    """Give the seconds that each limit of the batches leaves the Map Run at least."""
    at_once, work = min(limits.max_concurrency, forecast.batches), _function_seconds(forecast)
    together = work + forecast.batches * CHILD_SECONDS
    yield together / at_once, f"limits.max_concurrency = {limits.max_concurrency:,}"
    if (units := limits.write_units_per_second) is not None:
        yield forecast.all_units / units, f"limits.write_units_per_second = {units:,}"
    yield work / FUNCTIONS_AT_ONCE, f"{FUNCTIONS_AT_ONCE:,} functions at once, Lambda's quota of an account"
    yield (
        forecast.batches / CHILDREN_A_SECOND,
        f"{CHILDREN_A_SECOND:,} child executions a second, Step Functions' quota",
    )
