"""A campaign: many runs of a data set through the embedded AWS under faults, each held against what its source says."""

import contextlib
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import psutil

from commands.embedded import Deployed, embedded_aws
from csvdynamo.dataset import Dataset
from csvdynamo.dataset_file import load_dataset
from csvdynamo.rejects import Reject
from csvdynamo_airflow.accounting.ledger import Ledger
from csvdynamo_airflow.rejects.result_objects import object_lines
from csvdynamo_airflow.settings import DATASETS_FOLDER, LOCAL_FOLDER
from csvdynamo_airflow.workflow.execution import executions_of_run
from tests.chaos.fault_proxy import FaultProxy
from tests.chaos.faults import FaultPlan
from tests.chaos.hurry import hurried
from tests.chaos.rows import Source, write_source
from tests.chaos.summary import Summary
from tests.chaos.tasks import DagRun

DATASET_FILE = Path(__file__).with_name("datasets") / "chaos.toml"

# Waits of Step Functions and Firehose, shortened: what is tested is what happens after them.
_FAST = {"SFN_WAIT_SCALE": "0.01", "LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "0.1"}
_LAMBDA_CLIENTS = ("DYNAMODB", "FIREHOSE", "S3")


class LostRowError(AssertionError):
    """A row was lost, doubled or changed, or a run ended without saying what became of it."""


@dataclass
class Campaign:
    """Runs one after the other, on an embedded AWS of their own; a context manager.

    Attributes:
        seed: Another seed gives other rows, rates and faults.
    """

    seed: str
    summary: Summary = field(default_factory=Summary)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="csvdynamo-chaos-")))
            settings = {DATASETS_FOLDER: str(DATASET_FILE.parent), LOCAL_FOLDER: str(self._folder)}
            stack.enter_context(_environment(settings))
            self._dataset: Dataset = load_dataset(DATASET_FILE)
            log = self._folder / "local-aws.log"
            self._deployed: Deployed = stack.enter_context(embedded_aws(self._dataset, log=log, settings=_FAST))
            self._dice = random.Random(f"kills {self.seed}")
            self._proxy = stack.enter_context(FaultProxy(self._deployed.aws.endpoint, self._kill_a_lambda))
            _point_lambdas_to(self._deployed, self._proxy.endpoint)
            stack.enter_context(hurried(self._proxy.endpoint))
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
        plan = self._proxy.plan = FaultPlan.drawn(seed)
        dag_run = DagRun(self._dataset.name, f"chaos__{seed}", str(source.path))
        try:
            self._run_until_green(dag_run, seed)
            self._check(dag_run, source, seed)
            self._count_executions(dag_run)
        finally:
            self._proxy.plan = None
            self._forget_items(source)
        self.summary.runs += 1
        self.summary.rows += source.rows
        self.summary.task_retries += dag_run.retries
        self.summary.faults.update({kind.value: count for kind, count in plan.injected.items()})
        self.summary.seconds += time.monotonic() - began

    def _run_until_green(self, dag_run: DagRun, seed: str) -> None:
        dag_run.run()
        if dag_run.green:
            self.summary.green_at_once += 1
            return
        self._check_cause(dag_run, seed)
        self.summary.causes.update(dag_run.errors.keys())
        # The faults are over: what is left must not keep the same run from its end.
        self._proxy.plan = None
        dag_run.clear_failed()
        dag_run.run()
        if not dag_run.green:
            raise LostRowError(f"run {seed}: run again without faults, it failed: {dag_run.errors}")
        self.summary.green_when_run_again += 1

    def _check_cause(self, dag_run: DagRun, seed: str) -> None:
        unnamed = [task for task, text in dag_run.errors.items() if len(text.split()) < 3 or "Traceback" in text]
        if not dag_run.errors or unnamed:
            raise LostRowError(f"run {seed} failed without a cause that a person could read: {dag_run.errors}")

    def _check(self, dag_run: DagRun, source: Source, seed: str) -> None:
        ledger = Ledger.from_json(dag_run.report["ledger"])
        expected = replace(ledger, source_rows=source.rows, written=len(source.items), failed=0, unstarted=0)
        if ledger != expected or ledger.rejects != len(source.rejects) or ledger.unaccounted:
            raise LostRowError(f"run {seed}: the ledger is not that of its source:\n{ledger.table()}")
        checked = dag_run.returned("verify")
        if checked["mode"] != "full" or checked["missing"] or checked["changed"]:
            raise LostRowError(f"run {seed}: the check of the table is {checked}")
        if (table := self._table()) != source.items:
            wrong = {key for key in table.keys() | source.items.keys() if table.get(key) != source.items.get(key)}
            raise LostRowError(f"run {seed}: these items are not as their rows make them: {sorted(wrong)[:10]}")
        if (rejects := self._rejects(dag_run)) != Counter(source.rejects):
            raise LostRowError(f"run {seed}: the rejects are {rejects}, not {set(source.rejects)}")

    def _table(self) -> dict[str, Any]:
        pages = self._deployed.client("dynamodb").get_paginator("scan").paginate(TableName=self._dataset.table.name)
        return {item["key"]["S"]: item for page in pages for item in page["Items"]}

    def _rejects(self, dag_run: DagRun) -> Counter[tuple[int | None, str]]:
        key = dag_run.returned("fetch_error_files")["key"]
        if key is None:
            return Counter()
        lines = object_lines(self._deployed.client("s3"), self._deployed.outputs["SourceBucket"], key)
        return Counter((reject.row, reject.code) for reject in map(Reject.from_json, lines))

    def _count_executions(self, dag_run: DagRun) -> None:
        states = self._deployed.client("stepfunctions")
        name = dag_run.returned("prepare")["execution_name"]
        machine = self._deployed.outputs["MigrationWorkflowStateMachine"]
        executions = executions_of_run(states, machine, name)
        self.summary.executions += len(executions)
        self.summary.redrives += sum(execution.redrives for execution in executions)

    def _forget_items(self, source: Source) -> None:
        """Empty the table, so that a full check of the next run costs no more than of this one."""
        dynamodb, table = self._deployed.client("dynamodb"), self._dataset.table.name
        keys = list(self._table())
        for start in range(0, len(keys), 25):
            deletes = [{"DeleteRequest": {"Key": {"key": {"S": key}}}} for key in keys[start : start + 25]]
            dynamodb.batch_write_item(RequestItems={table: deletes})

    def _kill_a_lambda(self) -> None:
        # One that ends at this moment is as good as killed.
        with contextlib.suppress(psutil.Error):
            workers = [
                process
                for process in psutil.Process(self._deployed.aws.pid).children()
                if any("ministack-lambda" in word for word in process.cmdline())
            ]
            if workers:
                self._dice.choice(workers).kill()


def _point_lambdas_to(deployed: Deployed, endpoint: str) -> None:
    """Let the Lambda functions' clients take the way through the proxy."""
    functions = deployed.client("lambda")
    for function in functions.list_functions()["Functions"]:
        variables = function.get("Environment", {}).get("Variables", {})
        ours = {f"AWS_ENDPOINT_URL_{service}": endpoint for service in _LAMBDA_CLIENTS}
        functions.update_function_configuration(
            FunctionName=function["FunctionName"], Environment={"Variables": {**variables, **ours}}
        )


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
