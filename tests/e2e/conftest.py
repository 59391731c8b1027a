"""The embedded AWS with the stacks deployed, and an Airflow that runs the DAGs on it: once for all end-to-end tests."""

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commands.airflow_home import airflow_environment, make_airflow_home
from commands.embedded import Deployed
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.writing.turn import turn_key
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.settings import DATASETS_FOLDER, LOCAL_FOLDER, RETRY_SECONDS
from csvdynamo_airflow.storage.result_objects import list_objects
from csvdynamo_airflow.tasks.told_assets import TOLD_FILE
from tests.support.airflow_processes import READ_AT_IMPORT
from tests.support.dag_run import DagRun
from tests.support.forked import Forked, TaskHost, task_host
from tests.support.stacks import Stacks

# Step Functions' waits before a retry, and Firehose's before a delivery, shortened: what is tested comes after them.
FAST = {"SFN_WAIT_SCALE": "0.01", "LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "0.2"}
_RUN_SECONDS = 300
_RETRY_SECONDS = "0.1"
_FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def stacks(shared_folder: Path) -> Stacks:
    """Every stack that the tests use, deployed once."""
    return Stacks.deployed(shared_folder / "stacks")


@pytest.fixture(scope="session")
def dataset(stacks: Stacks) -> Dataset:
    return stacks.dataset("ev_population")


@pytest.fixture(scope="session")
def deployed(stacks: Stacks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The worked example's stack, on an embedded AWS of this process that has all the others as well."""
    with stacks.copy(log=tmp_path_factory.mktemp("aws") / "local-aws.log", settings=FAST) as aws:
        yield stacks.on(aws, "ev_population")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what a test's fixtures do at its end know how it ended."""
    report = yield
    item.stash.setdefault(_FAILED, False)
    item.stash[_FAILED] |= report.failed
    return report


@pytest.fixture(autouse=True)
def turns_of_failed_tests_end(request: pytest.FixtureRequest, stacks: Stacks) -> Iterator[None]:
    """A run that a failed test leaves in its middle would keep those of the tests after it waiting for a while."""
    yield
    if request.node.stash.get(_FAILED, False) and "deployed" in request.fixturenames:
        s3 = request.getfixturevalue("deployed").client("s3")
        for name, outputs in stacks.outputs.items():
            s3.delete_object(Bucket=outputs["SourceBucket"], Key=turn_key(name))


@dataclass(frozen=True)
class Run:
    """What one run of the DAG left behind; its status is 0 if it was green."""

    status: int
    output: str
    report: dict[str, Any] | None


@dataclass(frozen=True)
class Dags:
    """Runs a data set's DAG on the embedded AWS, with Airflow's command line or without it.

    Attributes:
        dataset: The data set.
        deployed: Its stack.
        environment: Airflow's variables.
        host: What runs the command, or the tasks.
        earlier: The runs of the DAGs' tasks until now.
        no_waiting: Whether error files that are not there are not waited for.
    """

    dataset: Dataset
    deployed: Deployed
    environment: dict[str, str]
    host: TaskHost
    earlier: list[DagRun]
    no_waiting: bool = False

    def run(self, source: str, *, date: str | None = None, **params: Any) -> Run:
        """Run the DAG's tasks to their end; a date given twice is the same DAG run, cleared."""
        before = self._reports()
        run = self.dag_run(source, date=date, **params)
        run.run()
        return self._left(before, 0 if run.green else 1, run.logs())

    def dag_run(self, source: str, *, date: str | None = None, **params: Any) -> DagRun:
        """Give the DAG run of a date, none of whose tasks has run: a new one, or the one that there was, cleared."""
        folder = self.host.folder / f"run-{len(self.earlier)}"
        run_id = f"manual__{f'{date}T00:00:00+00:00' if date else datetime.now(UTC).isoformat()}"
        same = [run for run in self.earlier if (run.dag_id, run.run_id) == (self._dag_id, run_id)]
        run = same[-1].cleared(folder) if same else DagRun(self.host, folder, self._dag_id, run_id, {})
        run.params = {"source_url": source, **params}
        run.environment, run.no_waiting = self.environment, self.no_waiting
        self.earlier.append(run)
        return run

    def test(
        self,
        source: str,
        *,
        date: str | None = None,
        meanwhile: Callable[[Forked], None] = lambda _: None,
        **params: Any,
    ) -> Run:
        """Run the DAG to its end by `airflow dags test`.

        Args:
            source: The source.
            date: The run's date; one given twice is the same DAG run again.
            meanwhile: What is done while it runs, with its process.
            params: More of its parameters.
        """
        before = self._reports()
        conf = json.dumps({"source_url": source, **params})
        running = self.host.fork(
            "airflow",
            arguments=["dags", "test", self._dag_id, *([date] if date else []), "--conf", conf],
            environment=self.environment,
            fixed_run_id=date is not None,
            no_waiting=self.no_waiting,
        )
        meanwhile(running)
        status = running.wait(_RUN_SECONDS)["status"]
        return self._left(before, status, running.log.read_text(encoding="utf-8"))

    def executions(self) -> list[str]:
        """Names of all executions, oldest first."""
        states = self.deployed.client("stepfunctions")
        machine = self.deployed.outputs["MigrationWorkflowStateMachine"]
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
        found = [execution for page in pages for execution in page["executions"]]
        return [execution["name"] for execution in sorted(found, key=lambda one: one["startDate"])]

    def status(self) -> str:
        """The status of the newest execution."""
        arn = self.execution_arn(self.executions()[-1])
        return str(self.deployed.client("stepfunctions").describe_execution(executionArn=arn)["status"])

    def execution_arn(self, name: str) -> str:
        """The ARN of an execution."""
        machine = self.deployed.outputs["MigrationWorkflowStateMachine"]
        return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"

    def table(self) -> dict[str, dict[str, Any]]:
        """All items of the table by their whole keys (`TableKey.of`), as DynamoDB's attribute values."""
        dynamodb = self.deployed.client("dynamodb")
        pages = dynamodb.get_paginator("scan").paginate(TableName=self.dataset.table.name)
        key = self.dataset.rules.key
        return {key.of(item): item for page in pages for item in page["Items"]}

    def error_files(self, report: dict[str, Any]) -> list[dict[str, Any]]:
        """The rejects of the report's error files, from the JSON lines."""
        s3 = self.deployed.client("s3")
        rejects = []
        for location in report["error_files"]:
            if not location.endswith(".jsonl"):
                continue
            bucket, key = location.removeprefix("s3://").split("/", 1)
            text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
            rejects += [json.loads(line) for line in text.split("\n") if line]
        return rejects

    def reports(self) -> list[dict[str, Any]]:
        """Every report in the bucket."""
        return [self._read(key) for key in self._reports()]

    def report_of(self, run_id: str) -> dict[str, Any]:
        """The report of a DAG run."""
        [report] = [report for report in self.reports() if report["run_id"] == run_id]
        return report

    def told(self, report: dict[str, Any]) -> Any:
        """Which execution consumers of the table were told of, and how often it was redriven; None of none yet."""
        s3, bucket = self.deployed.client("s3"), self.deployed.outputs["SourceBucket"]
        folder = reports_prefix(self.dataset.name, report["execution_arn"].rpartition(":")[2])
        noted = list_objects(s3, bucket, folder + TOLD_FILE)
        return json.loads(s3.get_object(Bucket=bucket, Key=noted[0]["Key"])["Body"].read()) if noted else None

    @property
    def _dag_id(self) -> str:
        return f"csvdynamo_{self.dataset.name}"

    def _left(self, before: dict[str, str], status: int, output: str) -> Run:
        new = [key for key, etag in self._reports().items() if before.get(key) != etag]
        assert len(new) <= 1, f"one run wrote several reports: {new}"
        return Run(status, output, self._read(new[0]) if new else None)

    def _reports(self) -> dict[str, str]:
        s3, bucket = self.deployed.client("s3"), self.deployed.outputs["SourceBucket"]
        found = list_objects(s3, bucket, f"reports/{self.dataset.name}/")
        return {item["Key"]: item["LastModified"].isoformat() for item in found if item["Key"].endswith("report.json")}

    def _read(self, key: str) -> dict[str, Any]:
        s3, bucket = self.deployed.client("s3"), self.deployed.outputs["SourceBucket"]
        report: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return report


@dataclass(frozen=True)
class Airflow:
    """An Airflow with its home, whose command and whose DAGs' tasks run in forks of one process.

    Attributes:
        home: Its ``AIRFLOW_HOME``.
        host: What runs its command and the tasks.
        stacks: The deployed stacks.
        sources: The folder below which its DAGs may read files.
        earlier: The runs of the DAGs' tasks until now.
    """

    home: Path
    host: TaskHost
    stacks: Stacks
    sources: Path
    earlier: list[DagRun] = field(default_factory=list)

    def dags(self, deployed: Deployed, name: str, aws: dict[str, str] | None = None) -> Dags:
        """Run a data set's DAG.

        Args:
            deployed: Its stack.
            name: Its name.
            aws: The AWS variables, where it is not to be the root.
        """
        environment = {
            **airflow_environment(self.home, aws or deployed.aws.environment),
            DATASETS_FOLDER: str(self.stacks.datasets_folder(name)),
            LOCAL_FOLDER: str(self.sources),
            RETRY_SECONDS: _RETRY_SECONDS,
        }
        return Dags(self.stacks.dataset(name), deployed, environment, self.host, self.earlier)


@pytest.fixture(scope="session")
def airflow(stacks: Stacks, deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """The Airflow of this process, whose host has clients of the AWS that nearly all runs talk to."""
    folder = tmp_path_factory.mktemp("airflow")
    home = make_airflow_home(folder / "home")
    # With what the DAGs are made of in its children, whose DAGs are then made already.
    made_of = {DATASETS_FOLDER: str(stacks.all_datasets_folder), RETRY_SECONDS: _RETRY_SECONDS}
    environment = {**airflow_environment(home, deployed.aws.environment), **made_of, **READ_AT_IMPORT}
    with task_host(environment, folder / "host", command_line=True) as host:
        yield Airflow(home, host, stacks, tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def dags(airflow: Airflow, deployed: Deployed) -> Dags:
    return airflow.dags(deployed, "ev_population")


@pytest.fixture
def vehicles(tmp_path: Path) -> Any:
    """Writes a CSV of vehicles of given DOL Vehicle IDs and gives its path."""

    def write(keys: list[str], name: str = "vehicles.csv") -> str:
        path = tmp_path / name
        rows = [f"VIN{number},2020,{key}" for number, key in enumerate(keys)]
        path.write_text("\n".join(["VIN (1-10),Model Year,DOL Vehicle ID", *rows]) + "\n", encoding="utf-8")
        return str(path)

    return write
