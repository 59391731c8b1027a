"""A campaign: many runs of a data set through the embedded AWS under faults, each held against what its source says."""

import contextlib
import json
import random
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

import psutil

from commands.airflow_home import airflow_environment, make_airflow_home
from csvdynamo.rejects import Reject
from csvdynamo.stored_object import read_object
from csvdynamo_airflow.accounting.ledger import Ledger
from csvdynamo_airflow.accounting.report import REPORT_FILE
from csvdynamo_airflow.rejects.error_files import MERGED_FILE
from csvdynamo_airflow.rejects.result_objects import list_objects, object_lines
from csvdynamo_airflow.settings import DATASETS_FOLDER, LOCAL_FOLDER, RETRY_SECONDS
from csvdynamo_airflow.workflow.execution import executions_of_run
from tests.chaos.airflow_run import AirflowRun
from tests.chaos.fault_answers import FaultAnswers
from tests.chaos.faults import SIGNS, FaultPlan
from tests.chaos.rows import Source, write_source
from tests.chaos.summary import Summary
from tests.support.aws_proxy import AwsProxy
from tests.support.dag_run import DagRun
from tests.support.forked import task_host
from tests.support.lambda_functions import functions_through
from tests.support.stacks import Stacks

_DATASET = "chaos"

# Waits of Step Functions and Firehose, shortened: what is tested is what happens after them.
_FAST = {"SFN_WAIT_SCALE": "0.01", "LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "0.1"}
_LAMBDA_CLIENTS = ("DYNAMODB", "FIREHOSE", "S3")


class LostRowError(AssertionError):
    """A row was lost, doubled or changed, or a run ended without saying what became of it."""


@dataclass
class Campaign:
    """Runs one after the other, on an embedded AWS of their own; a context manager.

    Attributes:
        stacks: The deployed stacks, with a copy of which it begins.
        seed: Another seed gives other rows, rates and faults.
        through_airflow: Run the DAG by `airflow dags test`; else its tasks by a task host.
        verbose: Print the tasks' logs, too.
    """

    stacks: Stacks
    seed: str
    through_airflow: bool = False
    verbose: bool = False
    summary: Summary = field(default_factory=Summary)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="csvdynamo-chaos-")))
            self._dataset = self.stacks.dataset(_DATASET)
            aws_log = self._folder / "local-aws.log"
            running = stack.enter_context(self.stacks.copy(log=aws_log, settings=_FAST))
            self._deployed = self.stacks.on(running, _DATASET)
            self._faults = FaultAnswers(self._kill_a_lambda, running.environment)
            proxy = stack.enter_context(AwsProxy(self._deployed.aws.endpoint, self._faults))
            stack.enter_context(functions_through(self._deployed, proxy.endpoint, _LAMBDA_CLIENTS))
            home, aws = self._folder / "airflow", {**self._deployed.aws.environment, "AWS_ENDPOINT_URL": proxy.endpoint}
            self._worker = {
                **airflow_environment(home, aws),
                DATASETS_FOLDER: str(self.stacks.datasets_folder(_DATASET)),
                LOCAL_FOLDER: str(self._folder),
                RETRY_SECONDS: "0.1",
            }
            if self.through_airflow:
                make_airflow_home(home)
            host = task_host(self._worker, self._folder / "host", command_line=self.through_airflow)
            self._host = stack.enter_context(host)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def run(self, number: int) -> None:
        """Make one run and hold it against its source.

        Raises:
            LostRowError: It did not end as every run must; the message has the seed.
        """
        began = time.monotonic()
        seed = f"{self.seed}.{number}"
        source = write_source(self._folder / "source.csv", seed)
        plan = self._faults.plan = FaultPlan.drawn(self.seed, number)
        run = self._new_run(number, seed, source)
        try:
            self._run_until_green(run, plan, seed)
            self._check(self._report(run.report_key), source, seed)
            self._check_uploads(seed)
            self._check_executions(run.report_key, source, seed)
        finally:
            self._faults.plan = None
            self._forget(run)
        self.summary.runs += 1
        self.summary.rows += source.rows
        self.summary.task_retries += run.retries
        self.summary.faults.update({kind.value: count for kind, count in plan.injected.items()})
        self.summary.seconds += time.monotonic() - began

    def _new_run(self, number: int, seed: str, source: Source) -> DagRun | AirflowRun:
        dag_id, params = f"csvdynamo_{self._dataset.name}", {"source_url": str(source.path)}
        if not self.through_airflow:
            return DagRun(self._host, self._folder / f"run-{number}", dag_id, f"chaos__{seed}", params)
        return AirflowRun(
            self._host,
            self._dataset.name,
            str(date(2026, 1, 1) + timedelta(days=number)),
            str(source.path),
            self._worker,
            self._newest_report,
            lambda key: self._report(key)["problems"],
        )

    def _run_until_green(self, run: DagRun | AirflowRun, plan: FaultPlan, seed: str) -> None:
        run.run()
        if run.green:
            self.summary.green_at_once += 1
            return
        self._check_causes(run, plan, seed)
        self.summary.causes.update(run.causes.keys())
        # The faults are over: what is left must not keep the same run from its end.
        self._faults.plan = None
        run.run_again()
        if not run.green:
            raise LostRowError(f"run {seed}: run again without faults, it failed: {run.causes}")
        self.summary.green_when_run_again += 1

    def _check_causes(self, run: DagRun | AirflowRun, plan: FaultPlan, seed: str) -> None:
        """Hold the messages of a failed run to what a person needs: what failed, and by which of the faults."""
        unnamed = [task for task, text in run.causes.items() if len(text.split()) < 3 or "Traceback" in text]
        if not run.causes or unnamed:
            raise LostRowError(f"run {seed} failed without a cause that a person could read: {run.causes}")
        problems = self._report(run.report_key)["problems"] if run.report_key else list(run.causes.values())
        signs = {sign for kind in plan.injected for sign in SIGNS[kind]}
        if not any(sign in text for text in problems for sign in signs):
            raise LostRowError(f"run {seed} failed and named none of the faults there were: {problems}")

    def _check(self, report: dict[str, Any], source: Source, seed: str) -> None:
        ledger = Ledger.from_json(report["ledger"])
        expected = replace(ledger, source_rows=source.rows, written=len(source.items), failed=0, unstarted=0)
        if ledger != expected or ledger.rejects != len(source.rejects) or ledger.unaccounted:
            raise LostRowError(f"run {seed}: the ledger is not that of its source:\n{ledger.table()}")
        checked = report["verification"]
        if checked["mode"] != "full" or checked["missing"] or checked["changed"]:
            raise LostRowError(f"run {seed}: the check of the table is {checked}")
        if (table := self._table()) != source.items:
            wrong = {key for key in table.keys() | source.items.keys() if table.get(key) != source.items.get(key)}
            raise LostRowError(f"run {seed}: these items are not as their rows make them: {sorted(wrong)[:10]}")
        if (rejects := self._rejects(report)) != Counter(source.rejects):
            raise LostRowError(f"run {seed}: the rejects are {rejects}, not {set(source.rejects)}")

    def _report(self, key: str | None) -> dict[str, Any]:
        assert key, "a green run has a report"
        report: dict[str, Any] = json.loads(read_object(self._deployed.client("s3"), self._bucket, key))
        return report

    def _newest_report(self) -> tuple[str, str] | None:
        """The key of the report that was written last, and when."""
        found = list_objects(self._deployed.client("s3"), self._bucket, f"reports/{self._dataset.name}/")
        reports = [item for item in found if item["Key"].endswith(REPORT_FILE)]
        if not reports:
            return None
        newest = max(reports, key=lambda item: item["LastModified"])
        return newest["Key"], str(newest["LastModified"])

    @property
    def _bucket(self) -> str:
        return self._deployed.outputs["SourceBucket"]

    def _table(self) -> dict[str, Any]:
        pages = self._deployed.client("dynamodb").get_paginator("scan").paginate(TableName=self._dataset.table.name)
        return {item["key"]["S"]: item for page in pages for item in page["Items"]}

    def _rejects(self, report: dict[str, Any]) -> Counter[tuple[int | None, str]]:
        s3, place = self._deployed.client("s3"), f"s3://{self._bucket}/"
        keys = [file.removeprefix(place) for file in report["error_files"] if file.endswith(f"/{MERGED_FILE}")]
        lines = (line for key in keys for line in object_lines(s3, self._bucket, key))
        return Counter((reject.row, reject.code) for reject in map(Reject.from_json, lines))

    def _check_uploads(self, seed: str) -> None:
        """Hold what a run uploads under keys made of its digest to one upload, however often a task was tried."""
        pages = self._deployed.client("s3").get_paginator("list_object_versions").paginate(Bucket=self._bucket)
        keys = [version["Key"] for page in pages for version in page.get("Versions", [])]
        uploads = Counter(key for key in keys if key.startswith(("landing/", "source/")))
        if twice := [key for key, versions in uploads.items() if versions > 1]:
            raise LostRowError(f"run {seed}: uploaded more than once: {twice}")

    def _check_executions(self, report_key: str | None, source: Source, seed: str) -> None:
        """Hold a run to one execution, by whose name its report is filed, and its output to the source."""
        assert report_key
        name = report_key.split("/")[-2]
        machine = self._deployed.outputs["MigrationWorkflowStateMachine"]
        executions = executions_of_run(self._deployed.client("stepfunctions"), machine, name)
        if len(executions) != 1:
            raise LostRowError(f"run {seed}: it started {[one.name for one in executions]}, not one execution")
        described = self._deployed.client("stepfunctions").describe_execution(executionArn=executions[0].arn)
        output = json.loads(described["output"])
        if output["TOTAL_NUMBER_OF_ITEMS_WRITTEN"] != len(source.items):
            raise LostRowError(f"run {seed}: the execution's output is not that of its source: {output}")
        self.summary.executions += len(executions)
        self.summary.redrives += sum(execution.redrives for execution in executions)

    def _forget(self, run: DagRun | AirflowRun) -> None:
        """Empty the table, so that a full check of the next run costs no more than of this one."""
        if isinstance(run, DagRun):
            if self.verbose:
                print(run.logs(), flush=True)
            shutil.rmtree(run.folder)
        dynamodb, table = self._deployed.client("dynamodb"), self._dataset.table.name
        keys = list(self._table())
        for start in range(0, len(keys), 25):
            deletes = [{"DeleteRequest": {"Key": {"key": {"S": key}}}} for key in keys[start : start + 25]]
            dynamodb.batch_write_item(RequestItems={table: deletes})

    def _kill_a_lambda(self, dice: random.Random) -> None:
        # One that ends at this moment is as good as killed.
        with contextlib.suppress(psutil.Error):
            workers = [
                process
                for process in psutil.Process(self._deployed.aws.pid).children()
                if any("ministack-lambda" in word for word in process.cmdline())
            ]
            if workers:
                dice.choice(workers).kill()
