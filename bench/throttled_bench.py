"""A run whose table throttles it: how long the Map Run took, beside how long the table alone would have.

The embedded AWS writes some 2,000 items a second on two cores, and its table is made to take less: at first, and after
each period twice its peak, as a table on demand does with 4,000 units a second and half an hour.
"""

import math
from dataclasses import dataclass
from typing import Any

from bench.dag_run import fresh_aws, read_report, run_dag
from bench.generated_csv import write_csv
from bench.measured import measuring
from csvdynamo_airflow.accounting import report_document
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.planning.pace import TableSpeed

NAME = "throttled"
DEFAULT_ROWS, DEFAULT_UNITS, DEFAULT_GROWTH_SECONDS = 200_000, 500, 150
AIM = 1.25
"""At most so many times the floor."""

_WORKERS = 4


@dataclass(frozen=True)
class Throttled:
    """What a throttled run took.

    Attributes:
        rows: Rows of the source.
        write_units: Write units that the batches consumed.
        units_per_second: Write units a second that the table took at first.
        growth_seconds: After how long it took twice its peak.
        floor_seconds: How long the table alone takes for the units, if it is used in full.
        map_run_seconds: How long the Map Run took.
        throttled: Items that it turned away, by its reason.
        waited_seconds: How long the function waited for it.
        changes: How many batches ran at once was changed so.
        failed_batches: Batches that did not succeed.
    """

    rows: int
    write_units: float
    units_per_second: int
    growth_seconds: int
    floor_seconds: float
    map_run_seconds: float
    throttled: dict[str, int]
    waited_seconds: float
    changes: list[dict[str, Any]]
    failed_batches: int

    @property
    def ratio(self) -> float:
        """How many times the floor it took."""
        return self.map_run_seconds / self.floor_seconds

    def table(self) -> str:
        """Write it for a terminal."""
        return (
            f"{self.write_units:,.0f} write units; the table took {self.units_per_second:,} a second, and twice its "
            f"peak after {self.growth_seconds} s: floor {self.floor_seconds:,.0f} s\n"
            f"Map Run {self.map_run_seconds:,.0f} s, {self.ratio:.2f} times the floor (aim: {AIM}); "
            f"{self.failed_batches} batches failed"
        )


def run(rows: int, units: int, growth_seconds: int) -> None:
    """Generate a source, migrate it into a table that throttles, and print what it took.

    Args:
        rows: Rows of the generated file.
        units: Write units a second that the table takes at first.
        growth_seconds: After how long it takes twice its peak.
    """
    settings = {
        "LOCAL_AWS_MAP_WORKERS": str(_WORKERS),
        "LOCAL_AWS_TABLE_WRITE_UNITS": str(units),
        "LOCAL_AWS_TABLE_GROWTH_SECONDS": str(growth_seconds),
    }
    with measuring(NAME, rows=rows, units=units, growth_seconds=growth_seconds) as measured:
        source = measured.folder / "source.csv"
        write_csv(source, rows=rows)
        with fresh_aws(settings) as deployed:
            run_dag(deployed, source)
            report = read_report(deployed)
            map_run = deployed.client("stepfunctions").describe_map_run(mapRunArn=report["map_run_arn"])
        spent: float = report["write_units"]
        floor = TableSpeed(units, math.inf, "the embedded AWS's table")
        found = Throttled(
            rows=rows,
            write_units=spent,
            units_per_second=units,
            growth_seconds=growth_seconds,
            floor_seconds=floor.seconds(spent, growth_seconds=growth_seconds),
            map_run_seconds=(map_run["stopDate"] - map_run["startDate"]).total_seconds(),
            throttled=report["throttled"],
            waited_seconds=report["waited_seconds"],
            changes=report["concurrency_changes"],
            failed_batches=sum(number for state, number in report["batches"].items() if state != "SUCCEEDED"),
        )
        measured.runs.append(found)
    print(summary(report_document.read_report(report)), found.table(), sep="\n\n")
