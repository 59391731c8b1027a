"""A whole run under load: the real DAG on the embedded AWS, what each process held at most, boto3's writer beside it.

The embedded AWS is an emulator in Python on the same cores: what is measured of the DAG and the Lambda functions is
their memory, and that every row is accounted for. Rows a second are the emulator's, worth only their ratio.
"""

import contextlib
import json
import os
import subprocess
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil

from bench.generated_csv import write_csv
from commands.airflow_home import AIRFLOW, airflow_environment, make_airflow_home
from commands.embedded import Deployed, embedded_aws
from commands.local_source import local_settings
from commands.project import BUILD, fail, find_dataset
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.ledger import Ledger
from csvdynamo.stack_outputs import StackOutput
from csvdynamo_airflow.accounting.report import REPORT_FILE
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.storage.result_objects import list_objects

RESULT = BUILD / "bench" / "load.json"
LOG = BUILD / "bench" / "load-airflow.log"
DEFAULT_ROWS = 1_000_000
WORKER_LIMIT_BYTES = 600 * 1000 * 1000
PEER_ROWS = 20_000

_SAMPLE_SECONDS = 0.5


@dataclass(frozen=True)
class Load:
    """What a run under load took.

    Attributes:
        rows: Rows of the source.
        seconds: The whole DAG's.
        step_seconds: Each task's.
        worker_peak_bytes: The most memory that the worker's processes held together.
        lambda_peak_bytes: The most memory that one process of a Lambda function held.
        lambda_limit_bytes: The memory that the functions are configured with.
        rows_per_second: Rows that the Map Run migrated, in the seconds of the tasks start and wait.
        peer_rows_per_second: Rows that boto3's ``batch_writer`` put, one process, on the same embedded AWS.
        ledger: The report's.
    """

    rows: int
    seconds: float
    step_seconds: dict[str, float]
    worker_peak_bytes: int
    lambda_peak_bytes: int
    lambda_limit_bytes: int
    rows_per_second: float
    peer_rows_per_second: float
    ledger: dict[str, int]

    def table(self) -> str:
        """Write it for a terminal."""
        slower = self.peer_rows_per_second / self.rows_per_second
        return "\n".join(
            [
                Ledger.from_json(self.ledger).table(),
                "",
                f"{self.rows:,} rows in {self.seconds:,.0f} s: "
                + ", ".join(f"{task} {seconds:,.0f}" for task, seconds in self.step_seconds.items()),
                f"worker, all its processes, at most {_megabytes(self.worker_peak_bytes)} "
                f"(limit {_megabytes(WORKER_LIMIT_BYTES)})",
                f"a Lambda's process at most {_megabytes(self.lambda_peak_bytes)} "
                f"(configured {_megabytes(self.lambda_limit_bytes)})",
                f"Map Run {self.rows_per_second:,.0f} rows/s; boto3's batch_writer on the same emulator "
                f"{self.peer_rows_per_second:,.0f} rows/s (ratio {slower:.2f})",
            ]
        )


class MemoryWatch:
    """Looks at the memory of a tree of processes again and again; a context manager."""

    def __init__(self, root: int) -> None:
        self.peaks: Counter[str] = Counter()
        self._root = root
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            held = Counter(self._looked_at())
            self.peaks["together"] = max(self.peaks["together"], sum(held.values()))
            lambdas = [size for name, size in held.items() if "ministack-lambda" in name]
            self.peaks["one lambda"] = max([self.peaks["one lambda"], *lambdas])

    def _looked_at(self) -> dict[str, int]:
        sizes = {}
        processes: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._root)
            processes = [root, *root.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.Error):  # it ended meanwhile
                sizes[f"{process.pid} {' '.join(process.cmdline())}"] = process.memory_info().rss
        return sizes


def run(rows: int = DEFAULT_ROWS) -> Load:
    """Generate a source, migrate it with the real DAG, print what it took and write `RESULT`.

    Args:
        rows: Rows of the generated file.
    """
    dataset = find_dataset("ev_population")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="load-", dir=RESULT.parent) as folder:
        source, home = Path(folder) / "source.csv", Path(folder) / "airflow"
        write_csv(source, rows=rows)
        make_airflow_home(home)
        with embedded_aws(dataset) as deployed:
            load = _migrate(dataset, deployed, source, home, rows)
    print(load.table())
    RESULT.write_text(json.dumps(asdict(load), indent=2) + "\n", encoding="utf-8")
    if load.worker_peak_bytes > WORKER_LIMIT_BYTES or load.lambda_peak_bytes > load.lambda_limit_bytes:
        fail("A process held more memory than it may: see above.")
    return load


def _migrate(dataset: Dataset, deployed: Deployed, source: Path, home: Path, rows: int) -> Load:
    peer = _peer(deployed)
    environment = {**airflow_environment(home, deployed.aws.environment), **local_settings(str(source))}
    command = [AIRFLOW, "dags", "test", f"csvdynamo_{dataset.name}", "--conf", json.dumps({"source_url": str(source)})]
    began = time.monotonic()
    with (
        LOG.open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT) as worker,
        MemoryWatch(worker.pid) as worker_watch,
        MemoryWatch(deployed.aws.pid) as aws_watch,
    ):
        worker.wait()
        seconds = time.monotonic() - began
    report = read_run(dataset, deployed, LOG)
    steps: dict[str, float] = report["seconds"]
    return Load(
        rows=rows,
        seconds=seconds,
        step_seconds=steps,
        worker_peak_bytes=worker_watch.peaks["together"],
        lambda_peak_bytes=aws_watch.peaks["one lambda"],
        lambda_limit_bytes=_lambda_memory(deployed),
        rows_per_second=report["ledger"]["written"] / (steps["start"] + steps["wait"]),
        peer_rows_per_second=peer,
        ledger=report["ledger"],
    )


def read_run(dataset: Dataset, deployed: Deployed, log: Path) -> dict[str, Any]:
    """Read the report of the one run that there was; end in a sentence unless it is green.

    Args:
        dataset: The data set.
        deployed: Where it was run.
        log: The file of Airflow's log.
    """
    s3, bucket = deployed.client("s3"), deployed.outputs[StackOutput.SOURCE_BUCKET]
    keys = [found["Key"] for found in list_objects(s3, bucket, reports_prefix(dataset.name, "").rstrip("/"))]
    reports = [key for key in keys if key.endswith(REPORT_FILE)]
    if not reports:
        fail(f"The run wrote no report: see {log}.")
    report: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=reports[0])["Body"].read())
    if not report["accounted"]:
        fail("\n".join(["The run is not green:", *report["problems"], f"Its log is {log}."]))
    return report


def _lambda_memory(deployed: Deployed) -> int:
    functions = deployed.client("lambda").list_functions()["Functions"]
    return min(int(function["MemorySize"]) for function in functions) * 1024 * 1024


def _peer(deployed: Deployed) -> float:
    """Put rows with boto3's ``batch_writer`` into a table of its own; return its rows a second."""
    variables = deployed.aws.environment
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=deployed.aws.endpoint,
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    table = resource.create_table(
        TableName=f"peer-{os.getpid()}",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    began = time.monotonic()
    with table.batch_writer() as writer:
        for number in range(PEER_ROWS):
            writer.put_item(Item={"key": str(number), **{f"column_{place}": "twelve chars" for place in range(16)}})
    seconds = time.monotonic() - began
    table.delete()
    return PEER_ROWS / seconds


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
