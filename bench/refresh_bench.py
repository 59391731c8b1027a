"""A file and its next version through the real DAG, of a data set that writes what changed and deletes what vanished.

The embedded AWS is an emulator in Python on the same cores, whose Map Run is slow: the ratio of the seconds is worth
less than that of what was written, and of the cost by the dated prices, which are AWS's.
"""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.dag_run import fresh_aws, read_report, run_dag
from bench.generated_csv import write_csv
from bench.measured import measuring
from bench.table import Table
from commands.embedded import Deployed
from commands.project import DATASETS, fail
from commands.sample import SAMPLE_DATASET
from csvdynamo.datasets.dataset_file import load_dataset

NAME = "refresh"
DEFAULT_ROWS = 200_000
MOST_SECONDS, MOST_COST = 0.25, 0.12
"""Of the first run's, at most."""

_CHANGED, _NEW, _GONE = 0.05, 0.03, 0.01
_WRITE = '\n[write]\nmode = "changed"\nvanished = "delete"\n'


@dataclass(frozen=True)
class Refresh:
    """One of the two runs.

    Attributes:
        version: Which.
        rows: Rows of the source.
        written: Items that were put.
        deleted: Items that were deleted.
        items: Items of the table then.
        seconds: Those of `airflow dags test`, from its start to its end.
        step_seconds: Each task's.
        usd: What it cost, by the dated prices; None where they say nothing.
        cpu_seconds: How long processors worked for it and for the embedded AWS meanwhile.
        task_cpu_seconds: How long they did while each task ran.
    """

    version: str
    rows: int
    written: int
    deleted: int
    items: int
    seconds: float
    step_seconds: dict[str, float]
    usd: float | None
    cpu_seconds: float
    task_cpu_seconds: dict[str, float]

    @property
    def task_seconds(self) -> float:
        """Those of the tasks, together."""
        return sum(self.step_seconds.values())


def run(rows: int) -> None:
    """Generate a file and its next version, migrate both, and print what the second took beside the first.

    It fails if the second run wrote or deleted anything that did not change.

    Args:
        rows: Rows of the first one.
    """
    with measuring(NAME, rows=rows) as measured:
        datasets = measured.folder / "datasets"
        datasets.mkdir()
        file = datasets / f"{SAMPLE_DATASET}.toml"
        shutil.copy(DATASETS / file.name, file)
        file.write_text(file.read_text(encoding="utf-8") + _WRITE, encoding="utf-8")
        generated = measured.folder / "generated.csv"
        write_csv(generated, rows=round(rows * (1 + _NEW)), faulty=False)
        with fresh_aws(datasets=datasets) as deployed:
            for version in ("first", "second"):
                source = measured.folder / f"{version}.csv"
                _write_version(generated, source, rows, is_second=version == "second")
                measured.runs.append(_migrate(deployed, source, datasets, version))
    first, second = measured.runs
    print(table(first, second).aligned(), steps(first, second).aligned(), sep="\n\n")
    changed, new, gone = (round(rows * share) for share in (_CHANGED, _NEW, _GONE))
    if (second.written, second.deleted, second.items) != (changed + new, gone, rows + new - gone):
        fail(f"The second run was to put {changed + new:,} items and to delete {gone:,}.")


def table(first: Refresh, second: Refresh) -> Table:
    """Set the runs beside each other."""
    lines = [
        (
            one.version,
            f"{one.rows:,}",
            f"{one.written:,}",
            f"{one.deleted:,}",
            f"{one.items:,}",
            f"{one.seconds:,.1f} ({one.seconds / first.seconds:.2f})",
            f"{one.task_seconds:,.1f} ({one.task_seconds / first.task_seconds:.2f})",
            f"{one.cpu_seconds:,.1f} ({one.cpu_seconds / first.cpu_seconds:.2f})",
            f"{one.usd:.4f} ({one.usd / first.usd:.3f})" if one.usd and first.usd else "unknown",
        )
        for one in (first, second)
    ]
    head = (
        "run",
        "rows",
        "put",
        "deleted",
        "items",
        "seconds (to the first)",
        "of the tasks",
        "CPU seconds",
        "US dollars",
    )
    return Table(head, lines)


def steps(first: Refresh, second: Refresh) -> Table:
    """Set the tasks of the runs beside each other."""
    lines = [
        (
            task,
            f"{first.step_seconds.get(task, 0.0):,.1f}",
            f"{first.task_cpu_seconds[task]:,.1f}",
            f"{second.step_seconds.get(task, 0.0):,.1f}",
            f"{second.task_cpu_seconds.get(task, 0.0):,.1f}",
        )
        for task in first.task_cpu_seconds
    ]
    return Table(("task", "first, seconds", "CPU seconds", "second, seconds", "CPU seconds"), lines)


def _write_version(generated: Path, source: Path, rows: int, *, is_second: bool) -> None:
    """Write the first rows of a file; or all of them, of which some of the first are others, and some are gone."""
    changed, gone = round(rows * _CHANGED), round(rows * _GONE)
    with (
        generated.open(encoding="utf-8", newline="") as file,
        source.open("w", encoding="utf-8", newline="") as out,
    ):
        records: Iterator[list[str]] = csv.reader(file)
        lines = csv.writer(out)
        header = next(records)
        lines.writerow(header)
        city = header.index("City")
        for number, record in enumerate(records):
            if is_second and number < gone:
                continue
            if is_second and number < gone + changed:
                record[city] += " renamed"
            if is_second or number < rows:
                lines.writerow(record)


def _migrate(deployed: Deployed, source: Path, datasets: Path, version: str) -> Refresh:
    ran = run_dag(deployed, source, datasets=datasets)
    report: dict[str, Any] = read_report(deployed)
    table = load_dataset(datasets / f"{SAMPLE_DATASET}.toml").table.name
    pages = deployed.client("dynamodb").get_paginator("scan").paginate(TableName=table, Select="COUNT")
    return Refresh(
        version=version,
        rows=ran.rows,
        written=ran.ledger["written"],
        deleted=report["changes"].get("deleted", 0),
        items=sum(page["Count"] for page in pages),
        seconds=ran.seconds,
        step_seconds=ran.step_seconds,
        usd=report["cost"]["usd"] if report["cost"] else None,
        cpu_seconds=ran.cpu_seconds,
        task_cpu_seconds=ran.task_cpu_seconds,
    )
