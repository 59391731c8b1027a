"""The Migrations page's requests at its largest: many data sets with many runs, one of which rejected a million rows.

Airflow's own API server answers them over HTTP, from an embedded AWS in a process of its own. No request may read an
error file as a whole, but the one that hands it on.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import IO, Any
from urllib.parse import quote

import boto3
import httpx
import psutil

from bench.measured import FOLDER, measuring
from bench.page_objects import Many, make_stacks, put_rejects, put_runs, write_datasets
from bench.page_server import READ
from commands.airflow_home import airflow_environment, make_airflow_home
from commands.project import BUILD, ROOT, fail, say
from csvdynamo.aws.stored_object import PIECE_BYTES
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.report import make_report, report_text
from csvdynamo_airflow.naming import dag_id_of
from csvdynamo_airflow.settings import DATASETS_FOLDER
from local_aws.server import LocalAws

NAME = "page"
LOG = FOLDER / "page-airflow.log"
DEFAULT_DATASETS, DEFAULT_RUNS = 50, 500
LIMIT_SECONDS = 0.3

_WARM, _TIMES = 5, 60
_FILE = "/files/rejects.csv"
_PIECES = 8  # what waits in the connection and in Airflow when a browser goes away


@dataclass(frozen=True)
class Asked:
    """How one kind of request was answered.

    Attributes:
        name: What was asked for.
        bytes: The size of the answer.
        median: Seconds to the whole answer; of a file to its first bytes.
        slow: The same of the slowest twentieth.
        cpu: Seconds of CPU that Airflow's API server took for it.
        read: Bytes that it read of the bucket's objects.
    """

    name: str
    bytes: int
    median: float
    slow: float
    cpu: float
    read: int

    def line(self) -> str:
        """Write it for a terminal."""
        times = f"median {1000 * self.median:4.0f} ms, 95 % within {1000 * self.slow:4.0f} ms"
        read = f"answer {self.bytes:>11,} bytes, read {self.read:>9,} bytes"
        return f"{self.name:<23} {times}, CPU {1000 * self.cpu:4.0f} ms, {read}"


def run(datasets: int, runs: int) -> None:
    """Measure, print and keep what was measured; fail if a request is slow or reads an error file.

    Args:
        datasets: How many data sets.
        runs: How many runs each has.
    """
    many = Many(datasets, runs)
    with measuring(NAME, datasets=datasets, runs=runs) as measured:
        with (
            LocalAws(log=BUILD / "bench-aws.log") as aws,
            _served(aws, many, measured.folder) as server,
        ):
            asked = _measured(server, many)
        for one in asked:
            say(one.line())
        measured.runs += asked
    if slow := [one.name for one in asked if one.slow > LIMIT_SECONDS]:
        fail(f"Not within {1000 * LIMIT_SECONDS:.0f} ms: {', '.join(slow)}.")


@dataclass(frozen=True)
class _Server:
    client: httpx.Client
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds of CPU that it took until now."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def read(self) -> dict[str, int]:
        """Bytes of each object that it read since it was asked before."""
        told: dict[str, int] = self.client.get(READ).json()
        return told


@contextmanager
def _served(aws: LocalAws, many: Many, folder: Path) -> Iterator[_Server]:
    """Serve the data sets' runs, to a client that is logged in."""
    datasets = folder / "datasets"
    datasets.mkdir()
    write_datasets(datasets, many)
    say(f"Writing {many.runs:,} runs of each of {many.datasets:,} data sets …")
    make_stacks(_client(aws, "cloudformation"), datasets)
    s3 = _client(aws, "s3")
    put_runs(s3, many, _report())
    size = put_rejects(s3, many.names[0], folder)
    say(f"The newest run of {many.names[0]} has an error file of {size:,} bytes.")
    home = make_airflow_home(folder / "airflow")
    environment = airflow_environment(home, aws.environment)
    environment |= {DATASETS_FOLDER: str(datasets), "PYTHONPATH": f"{environment['PYTHONPATH']}:{ROOT}"}
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            [sys.executable, "-m", "bench.page_server"],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            told = _first_document(process.stdout)
            headers = {"Authorization": f"Bearer {told['token']}"}
            with httpx.Client(base_url=told["url"], headers=headers, timeout=60, trust_env=False) as client:
                yield _Server(client, psutil.Process(process.pid))
        finally:
            process.stdin.close()
            process.wait(30)


def _first_document(output: IO[str]) -> Mapping[str, str]:
    for line in output:
        if line.startswith("{"):
            told: Mapping[str, str] = json.loads(line)
            return told
    fail(f"Airflow's API server ended; its log is in {LOG}.")


def _measured(server: _Server, many: Many) -> list[Asked]:
    dag = f"/csvdynamo/api/dags/{dag_id_of(many.names[0])}/runs"
    run = f"{dag}/{quote(many.last_run, safe='')}"
    whole = {
        "all data sets": "/csvdynamo/api/datasets",
        "the runs of one": dag,
        "a run": run,
        "its examples of rejects": f"{run}/examples",
    }
    asked = [_asked(server, name, path) for name, path in whole.items()]
    return [*asked, _begun(server, "its rejects.csv, begun", f"{run}{_FILE}")]


def _asked(server: _Server, name: str, path: str) -> Asked:
    """Ask for an answer again and again."""

    def ask() -> int:
        return len(server.client.get(path).raise_for_status().content)

    for _ in range(_WARM):
        ask()
    server.read()
    cpu, times, size = server.cpu(), [], 0
    for _ in range(_TIMES):
        began = time.perf_counter()
        size = ask()
        times.append(time.perf_counter() - began)
    cpu, read = server.cpu() - cpu, server.read()
    if any("rejects" in key for key in read):
        fail(f"{name} reads an error file: {read}")
    return _result(name, size, times, cpu, sum(read.values()) // _TIMES)


def _begun(server: _Server, name: str, path: str) -> Asked:
    """Ask for a file again and again, and go away after its first bytes."""
    cpu, times, size, most = server.cpu(), [], 0, 0
    for _ in range(_TIMES):
        server.read()
        began = time.perf_counter()
        with server.client.stream("GET", path) as answer:
            next(answer.raise_for_status().iter_raw(1))
            times.append(time.perf_counter() - began)
            size = int(answer.headers["Content-Length"])
        most = max(most, sum(server.read().values()))
    if most > _PIECES * PIECE_BYTES:
        fail(f"{name}: {most:,} of {size:,} bytes were read for the first ones.")
    return _result(name, size, times, server.cpu() - cpu, most)


def _result(name: str, size: int, times: list[float], cpu: float, read: int) -> Asked:
    return Asked(name, size, median(times), quantiles(times, n=20)[-1], cpu / len(times), read)


def _report() -> dict[str, Any]:
    """A report as large as they become."""
    report: dict[str, Any] = json.loads(report_text(make_report(Findings("", ""), ())))
    columns = [{"code": "BAD_TYPE", "column": f"a column {number}", "rows": 10_000} for number in range(100)]
    ledger = {**report["ledger"], "source_rows": 20_000_000, "written": 19_000_000, "rejected": 1_000_000}
    return report | {
        "ledger": ledger,
        "rejects_by_code": {"BAD_TYPE": 1_000_000},
        "rejects_by_column": columns,
        "throughput": {"began": 1.7e9, "seconds": 20.0, "rows": [74_000] * 270},
        "seconds": {"download": 60.0, "prepare": 90.0, "wait": 5400.0},
        "execution_arn": None,
    }


def _client(aws: LocalAws, service: Any) -> Any:
    variables = aws.environment
    return boto3.client(
        service,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
