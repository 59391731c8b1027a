"""A whole file through the real DAG, beside AWS SDK for pandas' ``put_csv`` of the same file on the same embedded AWS.

The embedded AWS is an emulator in Python on the same cores, and takes most of the time of either.
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.dag_run import DagRun, fresh_aws, run_dag
from bench.generated_csv import write_csv
from bench.measured import measuring
from bench.table import Spread, Table
from bench.wrangler import wrangler_python
from commands.embedded import Deployed
from commands.project import ROOT, fail, say
from commands.sample import KEY

NAME = "whole"
DEFAULT_ROWS = 150_482
"""The register's, in November 2026."""

_TABLE = "beside"


@dataclass(frozen=True)
class PutCsv:
    """What ``put_csv`` took, in a process of its own.

    Attributes:
        seconds: How long it took, its imports left out.
        cpu_seconds: How long processors worked for its process meanwhile.
        peak_rss_bytes: The most memory that its process held.
    """

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


@dataclass(frozen=True)
class WholeRun:
    """The same file by both ways, one after the other."""

    dag: DagRun
    put_csv: PutCsv


def run(rows: int, source: Path | None, runs: int) -> None:
    """Take a file to the table by both ways, and print two tables.

    Args:
        rows: Rows of the generated file, which has no faulty ones: ``put_csv`` ends at the first.
        source: Or a file of the data set.
        runs: Runs of each way, by turns.
    """
    if source is not None and not source.is_file():
        fail(f"SOURCE={source} is no file.")
    wrangler = wrangler_python()
    asked = {"rows": rows} if source is None else {"source": source.name}
    with measuring(NAME, **asked, runs=runs) as measured:
        if source is None:
            source = measured.folder / "source.csv"
            write_csv(source, rows=rows, faulty=False)
        for turn in range(runs):
            say(f"The whole file through the DAG and by put_csv, run {turn + 1} of {runs} …")
            with fresh_aws() as deployed:
                dag = run_dag(deployed, source.resolve())
                measured.runs.append(WholeRun(dag, _put_csv(wrangler, deployed, source.resolve(), dag.rows)))
    print(table(measured.runs).aligned(), steps(measured.runs).aligned(), sep="\n\n")


def run_of(document: Mapping[str, Any]) -> WholeRun:
    """Read a run that was left as JSON."""
    return WholeRun(DagRun(**document["dag"]), PutCsv(**document["put_csv"]))


def table(runs: Sequence[WholeRun]) -> Table:
    """Set the ways beside each other."""
    rows = runs[0].dag.rows
    dag = [
        Spread.of(one.dag.seconds for one in runs).told(",.1f"),
        Spread.of(rows / one.dag.seconds for one in runs).told(),
        Spread.of(one.dag.worker_peak_bytes / 1e6 for one in runs).told(unit=" MB"),
    ]
    map_run = [
        Spread.of(one.dag.map_run_seconds for one in runs).told(",.1f"),
        Spread.of(rows / one.dag.map_run_seconds for one in runs).told(),
        "",
    ]
    put_csv = [
        Spread.of(one.put_csv.seconds for one in runs).told(",.1f"),
        Spread.of(rows / one.put_csv.seconds for one in runs).told(),
        Spread.of(one.put_csv.peak_rss_bytes / 1e6 for one in runs).told(unit=" MB"),
    ]
    return Table(
        (f"{rows:,} rows", "seconds", "rows/s", "peak RSS"),
        [
            ("`airflow dags test`, with its check of the table", *dag),
            ("the Map Run in it", *map_run),
            ("AWS SDK for pandas' `put_csv`, which checks nothing", *put_csv),
        ],
    )


def steps(runs: Sequence[WholeRun]) -> Table:
    """Tell where the DAG's seconds go."""
    tasks = dict.fromkeys(task for one in runs for task in one.dag.step_seconds)
    lines = [
        (f"task {task}", Spread.of(one.dag.step_seconds.get(task, 0.0) for one in runs).told(",.1f")) for task in tasks
    ]
    rest = Spread.of(one.dag.other_seconds - one.dag.other_task_seconds for one in runs)
    return Table(
        ("where", "seconds"), [*lines, ("Airflow, and the tasks that the report comes before", rest.told(",.1f"))]
    )


def _put_csv(python: str, deployed: Deployed, source: Path, rows: int) -> PutCsv:
    """Put the file into a table of its own; fail unless every row is in it."""
    dynamodb = deployed.client("dynamodb")
    dynamodb.create_table(
        TableName=_TABLE,
        KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    environment = {"PATH": os.environ.get("PATH", ""), **deployed.aws.environment}
    command = [python, "-m", "bench.put_csv", _TABLE, str(source)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=ROOT)
    items = dynamodb.describe_table(TableName=_TABLE)["Table"]["ItemCount"]
    if items != rows:
        fail(f"put_csv left {items:,} items of {rows:,} rows.")
    return PutCsv(**json.loads(done.stdout))
