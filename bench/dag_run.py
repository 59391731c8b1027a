"""One run of the real DAG on an embedded AWS, and what it took."""

import json
import math
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measured import FOLDER
from bench.memory_watch import MemoryWatch
from commands.airflow_home import DATABASE, QUICK_AIRFLOW, airflow_environment, make_airflow_home
from commands.embedded import Deployed, embedded_aws
from commands.local_source import local_settings
from commands.project import DATASETS, fail
from commands.sample import SAMPLE_DATASET
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.stack_outputs import StackOutput
from csvdynamo_airflow.documents.run_line import REPORT_FILE
from csvdynamo_airflow.naming import dag_id_of, reports_prefix
from csvdynamo_airflow.settings import DATASETS_FOLDER
from csvdynamo_airflow.storage.result_objects import list_objects

LOG = FOLDER / "airflow.log"
_OF_MAP_RUN = ("start", "wait")


@dataclass(frozen=True)
class DagRun:
    """What a run took.

    Attributes:
        rows: Rows of the source.
        seconds: Those of `airflow dags test`, from its start to its end.
        step_seconds: Each task's that the report tells of.
        worker_peak_bytes: The most memory that the worker's processes held together.
        lambda_peak_bytes: The most memory that one process of a Lambda function held.
        lambda_limit_bytes: The memory that the functions are configured with.
        ledger: The report's.
        task_peak_bytes: The most that the worker's processes held together while each task ran, in their order.
        task_cpu_seconds: How long processors worked for each task, and for the embedded AWS that answered it.
        cpu_seconds: How long they worked for all of it.
    """

    rows: int
    seconds: float
    step_seconds: dict[str, float]
    worker_peak_bytes: int
    lambda_peak_bytes: int
    lambda_limit_bytes: int
    ledger: dict[str, int]
    task_peak_bytes: dict[str, int] = field(default_factory=dict)
    task_cpu_seconds: dict[str, float] = field(default_factory=dict)
    cpu_seconds: float = 0.0

    @property
    def map_run_seconds(self) -> float:
        """The seconds of the tasks that start the Map Run and wait for it."""
        return sum(self.step_seconds[task] for task in _OF_MAP_RUN)

    @property
    def other_task_seconds(self) -> float:
        """Those of the other tasks."""
        return sum(self.step_seconds.values()) - self.map_run_seconds

    @property
    def other_seconds(self) -> float:
        """All seconds but those of the Map Run: Airflow's own, and those of the other tasks."""
        return self.seconds - self.map_run_seconds

    @property
    def rows_per_second(self) -> float:
        """Rows that the Map Run wrote, by its seconds."""
        return self.ledger["written"] / self.map_run_seconds


@contextmanager
def fresh_aws(settings: Mapping[str, str] | None = None, datasets: Path = DATASETS) -> Iterator[Deployed]:
    """Run an embedded AWS, new for each run, with the stack of the sample's data set deployed.

    Args:
        settings: Variables that change how it works.
        datasets: The folder of that data set's file.
    """
    dataset, log = load_dataset(datasets / f"{SAMPLE_DATASET}.toml"), FOLDER / "local-aws.log"
    with embedded_aws(dataset, log=log, settings=settings, folder=datasets) as deployed:
        yield deployed


def run_dag(deployed: Deployed, source: Path, datasets: Path = DATASETS) -> DagRun:
    """Migrate a file with the real DAG; fail unless every row is accounted for.

    Args:
        deployed: A fresh embedded AWS.
        source: A CSV of the sample's data set.
        datasets: The folder of the data set's file.
    """
    with tempfile.TemporaryDirectory(prefix="airflow-", dir=FOLDER) as home:
        make_airflow_home(Path(home))
        environment = airflow_environment(Path(home), deployed.aws.environment) | local_settings(str(source))
        environment |= {DATASETS_FOLDER: str(datasets)}
        conf = json.dumps({"source_url": str(source)})
        command = [*QUICK_AIRFLOW, "dags", "test", dag_id_of(SAMPLE_DATASET), "--conf", conf]
        began = time.monotonic()
        with (
            LOG.open("wb") as log,
            subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT) as worker,
            MemoryWatch(worker.pid) as worker_watch,
            MemoryWatch(deployed.aws.pid) as aws_watch,
        ):
            worker.wait()
            seconds = time.monotonic() - began
        tasks = _tasks(Path(home))
    report = read_report(deployed)
    watches = (worker_watch.worked, aws_watch.worked)
    return DagRun(
        rows=report["source"]["rows"],
        seconds=seconds,
        step_seconds=report["seconds"],
        worker_peak_bytes=worker_watch.peaks["together"],
        lambda_peak_bytes=aws_watch.peaks["one lambda"],
        lambda_limit_bytes=_lambda_memory(deployed),
        ledger=report["ledger"],
        task_peak_bytes=task_peaks(tasks, worker_watch.seen),
        task_cpu_seconds={
            task: sum(worked_between(worked, *times) for worked in watches) for task, times in tasks.items()
        },
        cpu_seconds=sum(worked_between(worked, 0, math.inf) for worked in watches),
    )


def task_peaks(tasks: Mapping[str, tuple[float, float]], seen: Iterable[tuple[float, int]]) -> dict[str, int]:
    """Give the most memory that was held while each task ran; none of a task that ended before anyone looked.

    Args:
        tasks: When each began and ended, in seconds since 1970.
        seen: What was held, and when.
    """
    known = list(seen)
    held = {task: [size for at, size in known if began <= at <= ended] for task, (began, ended) in tasks.items()}
    return {task: max(sizes) for task, sizes in held.items() if sizes}


def worked_between(worked: Sequence[tuple[float, float]], began: float, ended: float) -> float:
    """Give the seconds that processors worked meanwhile, from look to look.

    Args:
        worked: When each look was, and how long they had worked by then, both in seconds.
        began: When it began.
        ended: When it ended.
    """
    first = worked[0][1] if worked else 0.0
    by_begin, by_end = (
        max((seconds for at, seconds in worked if at <= moment), default=first) for moment in (began, ended)
    )
    return by_end - by_begin


def read_report(deployed: Deployed) -> dict[str, Any]:
    """Read the report of the last run; end in a sentence unless every row is accounted for."""
    s3, bucket = deployed.client("s3"), deployed.outputs[StackOutput.SOURCE_BUCKET]
    found = list_objects(s3, bucket, reports_prefix(SAMPLE_DATASET, "").rstrip("/"))
    reports = [one for one in found if one["Key"].endswith(REPORT_FILE)]
    if not reports:
        fail(f"The run wrote no report: see {LOG}.")
    last = max(reports, key=lambda one: one["LastModified"])["Key"]
    report: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=last)["Body"].read())
    if not report["accounted"]:
        fail("\n".join(["The run is not green:", *report["problems"], f"Its log is {LOG}."]))
    return report


def _tasks(home: Path) -> dict[str, tuple[float, float]]:
    """Ask Airflow's database when each task began and ended; in the order in which they began."""
    with closing(sqlite3.connect(home / DATABASE)) as database:
        rows = database.execute(
            "SELECT task_id, start_date, end_date FROM task_instance WHERE end_date IS NOT NULL ORDER BY start_date"
        )
        return {task: (_utc_seconds(began), _utc_seconds(ended)) for task, began, ended in rows}


def _utc_seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _lambda_memory(deployed: Deployed) -> int:
    functions = deployed.client("lambda").list_functions()["Functions"]
    return min(int(function["MemorySize"]) for function in functions) * 1024 * 1024
