"""How long the check of a whole table takes, beside the Map Run that wrote it in the same run.

The embedded AWS is an emulator in Python on the same cores, which writes items at its own pace and reads them at its
own: the seconds are worth their ratio, and the CPU seconds say whose they are.
"""

import json
import resource
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import boto3
import psutil

from bench.generated_csv import write_csv
from commands.embedded import Deployed, embedded_aws
from commands.project import BUILD, fail, find_dataset
from csvdynamo.aws.answer_checksum import check_answers
from csvdynamo.aws.scan_answers import take_items_as_they_are
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.stack_outputs import StackOutput
from csvdynamo.writing.turn import turn_key
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.landing import Landed, landing_key
from csvdynamo_airflow.naming import execution_name
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.preparation.prepare import Prepared, prepare
from csvdynamo_airflow.storage.stored_file import file_sha256, upload
from csvdynamo_airflow.table.table_reader import TableReader
from csvdynamo_airflow.table.verification import TableCheck
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.turn import Turn

RESULT = BUILD / "bench" / "verify.json"
DEFAULT_ROWS = 150_000
AIM = 1 / 3
"""Of the Map Run's seconds, at most."""

_DATASET = "ev_population"
_POLL_SECONDS = 0.2


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


def run(rows: int = DEFAULT_ROWS, source: Path | None = None) -> Comparison:
    """Migrate a file, check its table, print both and write `RESULT`.

    Args:
        rows: Rows of the generated file.
        source: Or a file of the data set ``ev_population``.
    """
    dataset = find_dataset(_DATASET)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="verify-", dir=RESULT.parent.absolute()) as folder:
        if source is None:
            source = Path(folder) / dataset.source.file_name
            write_csv(source, rows=rows)
        with embedded_aws(dataset) as deployed:
            compared = _compare(dataset, deployed, source)
    print(compared.table())
    RESULT.write_text(json.dumps(asdict(compared), indent=2) + "\n", encoding="utf-8")
    if not compared.check.is_whole:
        fail("The table was not checked whole, or is not what the file makes: see above.")
    return compared


def _compare(dataset: Dataset, deployed: Deployed, source: Path) -> Comparison:
    prepared = _prepare(dataset, deployed, source)
    began = time.monotonic()
    execution = _migrate(dataset, deployed, prepared)
    map_run_seconds = time.monotonic() - began
    emulator = psutil.Process(deployed.aws.pid)
    before = _cpu_seconds(emulator)
    # In a process of its own, with nothing in its memory but what a check needs; its start is not measured.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        checked = process.submit(
            _check, deployed.aws.endpoint, deployed.aws.environment, prepared.to_json(), execution.name
        ).result()
    return Comparison(prepared.source_rows, map_run_seconds, checked, _cpu_seconds(emulator) - before)


def _prepare(dataset: Dataset, deployed: Deployed, source: Path) -> Prepared:
    s3, bucket, run_id = deployed.client("s3"), deployed.outputs[StackOutput.SOURCE_BUCKET], f"bench-{uuid.uuid4()}"
    sha256 = file_sha256(source)
    key = landing_key(dataset.name, sha256, dataset.source.file_name)
    upload(s3, source, bucket, key)
    landed = Landed(
        bucket=bucket,
        key=key,
        url=source.as_uri() if source.is_absolute() else str(source),
        file_name=dataset.source.file_name,
        bytes=source.stat().st_size,
        sha256=sha256,
        etag=None,
        last_modified=None,
    )
    return prepare(
        landed,
        dataset,
        s3=s3,
        run_id=run_id,
        name_execution=lambda file_key: execution_name(dataset.name, run_id, file_key, dataset.rules.digest),
    )


def _migrate(dataset: Dataset, deployed: Deployed, prepared: Prepared) -> Execution:
    """Run the state machine on the prepared file, from its start to its end."""
    migration = Migration(
        dataset=dataset.name,
        states=deployed.client("stepfunctions"),
        state_machine_arn=deployed.outputs[StackOutput.MACHINE],
        bucket=prepared.bucket,
        file_key=prepared.file_key,
        rules=prepared.rules,
        prepared_at=prepared.at,
        name=prepared.execution_name,
        turn=Turn(deployed.client("s3"), prepared.bucket, turn_key(dataset.name)),
    )
    execution = migration.start()
    while execution.alive:
        time.sleep(_POLL_SECONDS)
        [execution] = migration.executions()
    if not execution.succeeded:
        fail(f"The execution {execution.name} {execution.status}: {execution.cause}")
    return execution


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
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    )


def _cpu_seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
