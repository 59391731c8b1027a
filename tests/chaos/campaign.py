"""A campaign: many runs of a data set through the embedded AWS under faults, each held against what its source says."""

import contextlib
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Self

import psutil

from commands.airflow_home import airflow_environment, make_airflow_home
from csvdynamo.writing.fence import TRUSTED_SECONDS
from csvdynamo.writing.turn import Holder, turn_key
from csvdynamo_airflow.settings import DATASETS_FOLDER, LOCAL_FOLDER, RETRY_SECONDS
from csvdynamo_airflow.snapshots.pointer import pointer_key
from tests.chaos.airflow_run import AirflowRun
from tests.chaos.fault_answers import FaultAnswers
from tests.chaos.faults import LATE, SIGNS, FaultPlan
from tests.chaos.interruption import Interruption
from tests.chaos.oracle import LostRowError, Oracle
from tests.chaos.rows import Source, write_source
from tests.chaos.summary import Summary
from tests.chaos.told_changes import ToldChanges
from tests.chaos.versions import write_versions
from tests.support.aws_proxy import AwsProxy
from tests.support.dag_run import DagRun
from tests.support.forked import TaskHost, task_host
from tests.support.gate import Gate
from tests.support.lambda_functions import function_with, functions_through
from tests.support.stacks import Stacks

_DATASET, _OF_VERSIONS = "chaos", "chaos_versions"

# Waits of Step Functions and Firehose, shortened: what is tested is what happens after them.
_FAST = {"SFN_WAIT_SCALE": "0.01", "LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "0.1"}
_INTERRUPTED = 1 / 2
_LAMBDA_CLIENTS = ("DYNAMODB", "FIREHOSE", "S3")


@dataclass
class Campaign:
    """Runs one after the other, on an embedded AWS of their own; a context manager.

    Attributes:
        stacks: The deployed stacks, with a copy of which it begins.
        seed: Another seed gives other rows, rates and faults.
        through_airflow: Run the DAG by `airflow dags test`; else its tasks by a task host.
        verbose: Print the tasks' logs, too.
        versions: Each run is a chain of runs, of so many versions of its source; 0 for runs by themselves.
        host: A task host, to have another one for its own environment; None to start one.
    """

    stacks: Stacks
    seed: str
    through_airflow: bool = False
    verbose: bool = False
    versions: int = 0
    host: TaskHost | None = None
    summary: Summary = field(default_factory=Summary)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="csvdynamo-chaos-")))
            name = _OF_VERSIONS if self.versions else _DATASET
            self._dataset = self.stacks.dataset(name)
            aws_log = self._folder / "local-aws.log"
            running = stack.enter_context(self.stacks.copy(log=aws_log, settings=_FAST))
            self._deployed = self.stacks.on(running, name)
            self._oracle = Oracle(self._deployed, self._dataset)
            self._faults = FaultAnswers(self._kill_a_lambda, running.environment)
            self._gate = Gate()
            proxy = stack.enter_context(AwsProxy(self._deployed.aws.endpoint, self._gate, self._faults))
            stack.enter_context(functions_through(self._deployed, proxy.endpoint, _LAMBDA_CLIENTS))
            home = Path(self.host.home) if self.host else self._folder / "airflow"
            aws = {**self._deployed.aws.environment, "AWS_ENDPOINT_URL": proxy.endpoint}
            self._worker = {
                **airflow_environment(home, aws),
                DATASETS_FOLDER: str(self.stacks.datasets_folder(name)),
                LOCAL_FOLDER: str(self._folder),
                RETRY_SECONDS: "0.1",
            }
            self._host = stack.enter_context(self._own_host(home))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _own_host(self, home: Path) -> AbstractContextManager[TaskHost]:
        folder = self._folder / "host"
        if self.host:
            return self.host.another(self._worker, folder)
        if self.through_airflow:
            make_airflow_home(home)
        return task_host(self._worker, folder, command_line=self.through_airflow)

    def run(self, number: int) -> None:
        """Make one run and hold it against its source; or the runs of its versions, one after another.

        Raises:
            LostRowError: It did not end as every run must; the message has the seed.
        """
        seed, path = f"{self.seed}.{number}", self._folder / "source.csv"
        try:
            if self.versions:
                told = ToldChanges()
                for version, source in enumerate(write_versions(path, seed, self.versions)):
                    self._run_one(number * self.versions + version, f"{seed}.{version}", source, told)
            else:
                self._run_one(number, seed, write_source(path, seed))
        finally:
            self._empty_the_table()

    def _run_one(self, number: int, seed: str, source: Source, told: ToldChanges | None = None) -> None:
        began = time.monotonic()
        plan = self._faults.plan = FaultPlan.drawn(self.seed, number)
        run = self._new_run(number, seed, source)
        runs, deploys, again = [run], self.summary.deploys, self.summary.green_when_run_again
        try:
            with self._in_its_middle(run, seed, plan) as meanwhile:
                rival = self._run_until_green(run, plan, seed, meanwhile)
            if rival is not None:
                runs.append(run := rival)
                source = write_source(Path(run.params["source_url"]), seed, later=True)
            report = self._oracle.report(run.report_key)
            self._oracle.check(report, source, seed)
            if told:
                told.check(report, source, seed, again=self.summary.green_when_run_again > again)
                self.summary.deleted += source.deleted
            self._oracle.check_uploads(seed)
            executions = self._oracle.check_executions(
                run.report_key, report["ledger"]["written"], seed, deployed_anew=self.summary.deploys > deploys
            )
            self.summary.executions += len(executions)
            self.summary.redrives += sum(execution.redrives for execution in executions)
        finally:
            self._faults.plan = None
            self._gate.seen.clear()
            for one in runs:
                self._forget(one)
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
            self._oracle.newest_report,
            lambda key: self._oracle.report(key)["problems"],
        )

    @contextlib.contextmanager
    def _in_its_middle(self, run: DagRun | AirflowRun, seed: str, plan: FaultPlan) -> Iterator[Interruption | None]:
        """Draw what happens in the middle of a run: it stalls, something is deployed, or nothing.

        A run that is sure to be redriven, or to meet what comes once its execution runs, is left to it: one that is
        overtaken never does.
        """
        dice = random.Random(f"middle {seed}")
        # A version that is overtaken would not be the one before the next.
        alone = plan.sure in LATE or not isinstance(run, DagRun) or self.versions
        if alone or dice.random() > _INTERRUPTED:
            yield None
            return
        operation = dice.choice(("StartExecution", "RedriveExecution", "BatchWriteItem"))
        with contextlib.ExitStack() as until_its_end:
            yield Interruption(self._gate, operation, until_its_end)

    def _run_until_green(
        self, run: DagRun | AirflowRun, plan: FaultPlan, seed: str, meanwhile: Interruption | None
    ) -> DagRun | None:
        """Run it, and run it again if it failed, without faults but for one that is owed; return what overtook it."""
        if meanwhile is None:
            run.run()
        elif (rival := self._run_interrupted(run, meanwhile, seed)) is not None:
            if run.green:
                raise LostRowError(f"run {seed}: overtaken by another, it was green all the same")
            self.summary.overtaken += 1
            return rival
        if run.green:
            self.summary.green_at_once += 1
            return None
        self._check_causes(run, plan, seed)
        self.summary.causes.update(run.causes.keys())
        # The faults are over, but for one that never had its turn: the same run must come to its end.
        self._faults.plan = plan.owed()
        run.run_again()
        if not run.green:
            raise LostRowError(f"run {seed}: run again when the faults were over, it failed: {run.causes}")
        self.summary.green_when_run_again += 1
        return None

    def _run_interrupted(self, run: DagRun | AirflowRun, meanwhile: Interruption, seed: str) -> DagRun | None:
        """Run it, and do at one of its requests what is drawn; return the run that overtook it, if one did."""
        rival = None
        with meanwhile.reached_by(run.run) as reached:
            if reached and meanwhile.operation == "BatchWriteItem":
                # Whatever is deployed, the execution goes on with what it began with.
                meanwhile.until_its_end.enter_context(function_with(self._deployed, DEPLOYED_ANEW=seed))
                self.summary.deploys += 1
            elif reached:
                rival = self._overtake(seed)
        return rival

    def _overtake(self, seed: str) -> DagRun:
        """Let another run come and go, as if the stalled one had lost its turn by its stalling."""
        plan, self._faults.plan = self._faults.plan, None
        s3, place = self._deployed.client("s3"), {"Bucket": self._oracle.bucket, "Key": turn_key(self._dataset.name)}
        holder = Holder.from_json(s3.get_object(**place)["Body"].read())
        s3.put_object(**place, Body=replace(holder, taken=0.0).to_json().encode())
        source = write_source(self._folder / "later.csv", seed, later=True)
        dag_id, params = f"csvdynamo_{self._dataset.name}", {"source_url": str(source.path)}
        rival = DagRun(self._host, self._folder / "rival", dag_id, f"rival__{seed}", params)
        rival.run()
        if not rival.green:
            raise LostRowError(f"run {seed}: the run that overtook it failed without faults: {rival.causes}")
        time.sleep(TRUSTED_SECONDS)
        self._faults.plan = plan
        return rival

    def _check_causes(self, run: DagRun | AirflowRun, plan: FaultPlan, seed: str) -> None:
        """Hold the messages of a failed run to what a person needs: what failed, and by which of the faults."""
        # What to do about it is told of each, and names nothing.
        told = {task: text.partition(" Once that is mended,")[0] for task, text in run.causes.items()}
        unnamed = [task for task, text in told.items() if len(text.split()) < 3 or "Traceback" in text]
        if not run.causes or unnamed:
            raise LostRowError(f"run {seed} failed without a cause that a person could read: {run.causes}")
        problems = []
        if run.report_key:
            report = self._oracle.report(run.report_key)
            self._oracle.check_red(report, seed)
            problems += report["problems"]
        # The last task may fail after the report: it tells of that itself.
        problems += run.causes.values()
        signs = {sign for kind in plan.injected for sign in SIGNS[kind]}
        if not any(sign in text for text in problems for sign in signs):
            raise LostRowError(f"run {seed} failed and named none of the faults there were: {problems}")

    def _forget(self, run: DagRun | AirflowRun) -> None:
        if isinstance(run, DagRun):
            if self.verbose:
                print(run.logs(), flush=True)
            shutil.rmtree(run.folder)

    def _empty_the_table(self) -> None:
        """So that a full check of the next run costs no more than of this one, which says nothing to the next."""
        dynamodb, table = self._deployed.client("dynamodb"), self._dataset.table.name
        keys = list(self._oracle.table())
        for start in range(0, len(keys), 25):
            deletes = [{"DeleteRequest": {"Key": {"key": {"S": key}}}} for key in keys[start : start + 25]]
            dynamodb.batch_write_item(RequestItems={table: deletes})
        if self.versions:
            key = pointer_key(self._dataset.name)
            self._deployed.client("s3").delete_object(Bucket=self._oracle.bucket, Key=key)

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
