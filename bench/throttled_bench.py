"""A run whose table throttles it: how long the Map Run took, beside how long the table alone would have.

The embedded AWS writes some 2,000 items a second on two cores, and its table is made to take less: at first, and after
each period twice its peak, as a table on demand does with 4,000 units a second and half an hour.
"""

import json
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.generated_csv import write_csv
from bench.load_bench import read_run
from commands.airflow_home import AIRFLOW, airflow_environment, make_airflow_home
from commands.embedded import Deployed, embedded_aws
from commands.local_source import local_settings
from commands.project import BUILD, find_dataset
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.accounting.report import summary
from csvdynamo_airflow.accounting.report_document import read_report

RESULT = BUILD / "bench" / "throttled.json"
LOG = BUILD / "bench" / "throttled-airflow.log"
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


def floor(units: float, first: float, growth_seconds: float) -> float:
    """Return how long a table takes for so many units that is used in full, and takes twice as much after each period.

    Args:
        units: Write units.
        first: Those that it takes a second at first.
        growth_seconds: The period.
    """
    seconds, rate = 0.0, first
    while units > rate * growth_seconds:
        units, seconds, rate = units - rate * growth_seconds, seconds + growth_seconds, 2 * rate
    return seconds + units / rate


def run(rows: int, units: int, growth_seconds: int) -> Throttled:
    """Generate a source, migrate it into a table that throttles, print what it took and write `RESULT`.

    Args:
        rows: Rows of the generated file.
        units: Write units a second that the table takes at first.
        growth_seconds: After how long it takes twice its peak.
    """
    dataset = find_dataset("ev_population")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    settings = {
        "LOCAL_AWS_MAP_WORKERS": str(_WORKERS),
        "LOCAL_AWS_TABLE_WRITE_UNITS": str(units),
        "LOCAL_AWS_TABLE_GROWTH_SECONDS": str(growth_seconds),
    }
    with tempfile.TemporaryDirectory(prefix="throttled-", dir=RESULT.parent) as folder:
        source, home = Path(folder) / "source.csv", Path(folder) / "airflow"
        write_csv(source, rows=rows)
        make_airflow_home(home)
        with embedded_aws(dataset, settings=settings) as deployed:
            report, seconds = _migrate(dataset, deployed, source, home)
    spent: float = report["write_units"]
    found = Throttled(
        rows=rows,
        write_units=spent,
        units_per_second=units,
        growth_seconds=growth_seconds,
        floor_seconds=floor(spent, units, growth_seconds),
        map_run_seconds=seconds,
        throttled=report["throttled"],
        waited_seconds=report["waited_seconds"],
        changes=report["concurrency_changes"],
        failed_batches=sum(number for state, number in report["batches"].items() if state != "SUCCEEDED"),
    )
    print(summary(read_report(report)), found.table(), sep="\n\n")
    RESULT.write_text(json.dumps({**asdict(found), "ratio": found.ratio}, indent=2) + "\n", encoding="utf-8")
    return found


def _migrate(dataset: Dataset, deployed: Deployed, source: Path, home: Path) -> tuple[dict[str, Any], float]:
    """Run the DAG; return its report, and how long the Map Run took."""
    environment = {**airflow_environment(home, deployed.aws.environment), **local_settings(str(source))}
    command = [AIRFLOW, "dags", "test", f"csvdynamo_{dataset.name}", "--conf", json.dumps({"source_url": str(source)})]
    with LOG.open("wb") as log:
        subprocess.run(command, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)
    report = read_run(dataset, deployed, LOG)
    map_run = deployed.client("stepfunctions").describe_map_run(mapRunArn=report["map_run_arn"])
    return report, (map_run["stopDate"] - map_run["startDate"]).total_seconds()
