"""How long the check of a whole table takes, beside the Map Run that wrote it in the same run.

The embedded AWS is an emulator in Python on the same cores, which writes items at its own pace and reads them at its
own: the seconds are worth their ratio, and the CPU seconds say whose they are.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import boto3
import psutil

from bench.generated_csv import write_csv
from bench.map_runs import migrate, prepare_source
from bench.measured import measuring
from bench.peak_memory import peak_rss_bytes
from commands.embedded import Deployed, embedded_aws
from commands.project import fail, find_dataset
from csvdynamo.aws.answer_checksum import check_answers
from csvdynamo.aws.item_answers import take_items_as_they_are
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.preparation.prepare import Prepared
from csvdynamo_airflow.table.table_reader import TableReader
from csvdynamo_airflow.table.verification import TableCheck

NAME = "verify"
DEFAULT_ROWS = 150_000
AIM = 1 / 3
"""Of the Map Run's seconds, at most."""

_DATASET = "ev_population"


@dataclass(frozen=True)
class Check:
    """What a check took, in a process of its own.

    Attributes:
        sentence: What it found.
        is_whole: Whether it read every item, and found all as expected.
        keys: Keys of the file that it looked for.
        seconds: How long it took.
        cpu_seconds: How long processors worked for the process that checks.
        peak_rss_bytes: The most memory that it held.
    """

    sentence: str
    is_whole: bool
    keys: int
    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


@dataclass(frozen=True)
class Comparison:
    """A Map Run and the check of the table that it wrote.

    Attributes:
        rows: Rows of the source.
        map_run_seconds: From the start of the execution to its end.
        check: The check.
        emulator_cpu_seconds: How long processors worked for the embedded AWS during the check.
    """

    rows: int
    map_run_seconds: float
    check: Check
    emulator_cpu_seconds: float

    def table(self) -> str:
        """Write it for a terminal."""
        check = self.check
        return "\n".join(
            [
                f"{self.rows:,} rows: Map Run {self.map_run_seconds:,.1f} s, {self.rows / self.map_run_seconds:,.0f} "
                "rows/s",
                f"verify {check.seconds:,.1f} s, {check.keys / check.seconds:,.0f} keys/s: "
                f"{check.seconds / self.map_run_seconds:.2f} of the Map Run (aim: {AIM:.2f})",
                f"CPU seconds: {check.cpu_seconds:,.1f} of the check, {self.emulator_cpu_seconds:,.1f} of the embedded "
                "AWS that answers it",
                f"peak RSS of the check: {check.peak_rss_bytes / 1e6:,.0f} MB",
                check.sentence,
            ]
        )


def run(rows: int = DEFAULT_ROWS, source: Path | None = None) -> None:
    """Migrate a file, check its table, print and leave what both took; fail if the check is not whole.

    Args:
        rows: Rows of the generated file.
        source: Or a file of the data set ``ev_population``.
    """
    dataset = find_dataset(_DATASET)
    with measuring(NAME, rows=rows, source=str(source) if source else None) as measured:
        if source is None:
            source = measured.folder / dataset.source.file_name
            write_csv(source, rows=rows)
        with embedded_aws(dataset) as deployed:
            compared = _compare(dataset, deployed, source)
        print(compared.table())
        measured.runs.append(compared)
    if not compared.check.is_whole:
        fail("The table was not checked whole, or is not what the file makes: see above.")


def _compare(dataset: Dataset, deployed: Deployed, source: Path) -> Comparison:
    prepared = prepare_source(dataset, deployed, source)
    began = time.monotonic()
    execution = migrate(dataset, deployed, prepared)
    map_run_seconds = time.monotonic() - began
    emulator = psutil.Process(deployed.aws.pid)
    before = _cpu_seconds(emulator)
    # In a process of its own, with nothing in its memory but what a check needs; its start is not measured.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        checked = process.submit(
            _check, deployed.aws.endpoint, deployed.aws.environment, prepared.to_json(), execution.name
        ).result()
    return Comparison(prepared.source_rows, map_run_seconds, checked, _cpu_seconds(emulator) - before)


def _check(endpoint: str, variables: Mapping[str, str], prepared: Mapping[str, Any], execution: str) -> Check:
    """Do what the task verify does, with clients as it has them."""
    dataset = find_dataset(_DATASET)
    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_DEFAULT_REGION"],
    )
    s3, dynamodb = session.client("s3", endpoint_url=endpoint), session.client("dynamodb", endpoint_url=endpoint)
    check_answers(dynamodb)
    take_items_as_they_are(dynamodb)
    reader = TableReader(dynamodb, dataset.table.name, dataset.rules.key)
    file = Prepared.from_json(prepared)
    outcome = gather(s3, dataset.name, file, Execution(arn="", name=execution, status="SUCCEEDED"))
    check = TableCheck(s3, reader, dataset, file, outcome)
    began, cpu_began = time.perf_counter(), time.process_time()
    checked = check.run("bench")
    return Check(
        sentence=checked.sentence(),
        is_whole=checked.mode is VerifyMode.FULL and not any(checked.counts.values()),
        keys=checked.keys_checked,
        seconds=time.perf_counter() - began,
        cpu_seconds=time.process_time() - cpu_began,
        peak_rss_bytes=peak_rss_bytes(),
    )


def _cpu_seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
