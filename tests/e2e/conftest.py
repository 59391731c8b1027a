"""The embedded AWS with the stack deployed, and an Airflow that runs the DAG on it: once for all end-to-end tests."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commands.airflow_home import AIRFLOW, airflow_environment, make_airflow_home
from commands.embedded import Deployed, embedded_aws
from commands.project import find_dataset
from csvdynamo.dataset import Dataset
from csvdynamo_airflow.rejects.result_objects import list_objects
from csvdynamo_airflow.settings import LOCAL_FOLDER

FIXED_RUN_ID = Path(__file__).with_name("airflow_with_fixed_run_id.py")

# Step Functions' waits before a retry, and Firehose's before a delivery, shortened: what is tested comes after them.
FAST = {"SFN_WAIT_SCALE": "0.01", "LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "0.5"}


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return find_dataset("ev_population")


@pytest.fixture(scope="session")
def deployed(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    log = tmp_path_factory.mktemp("aws") / "local-aws.log"
    with embedded_aws(dataset, log=log, settings=FAST) as running:
        yield running


@dataclass(frozen=True)
class Run:
    """What one `airflow dags test` left behind."""

    status: int
    output: str
    report: dict[str, Any] | None


@dataclass(frozen=True)
class Dags:
    """Runs the data set's DAG with the real command line, on the embedded AWS."""

    dataset: Dataset
    deployed: Deployed
    environment: dict[str, str]

    def test(self, source: str, *, date: str | None = None, **params: Any) -> Run:
        """Run the DAG to its end; a date given twice is the same DAG run again."""
        before = self._reports()
        airflow = [sys.executable, str(FIXED_RUN_ID)] if date else [AIRFLOW]
        conf = json.dumps({"source_url": source, **params})
        command = [
            *airflow,
            "dags",
            "test",
            f"csvdynamo_{self.dataset.name}",
            *([date] if date else []),
            "--conf",
            conf,
        ]
        done = subprocess.run(
            command,
            check=False,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        new = [key for key, etag in self._reports().items() if before.get(key) != etag]
        assert len(new) <= 1, f"one run wrote several reports: {new}"
        return Run(done.returncode, done.stdout, self._read(new[0]) if new else None)

    def executions(self) -> list[str]:
        """Names of all executions, oldest first."""
        states = self.deployed.client("stepfunctions")
        machine = self.deployed.outputs["MigrationWorkflowStateMachine"]
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
        found = [execution for page in pages for execution in page["executions"]]
        return [execution["name"] for execution in sorted(found, key=lambda one: one["startDate"])]

    def table(self) -> dict[str, dict[str, Any]]:
        """All items of the table by key, as DynamoDB's attribute values."""
        dynamodb = self.deployed.client("dynamodb")
        pages = dynamodb.get_paginator("scan").paginate(TableName=self.dataset.table.name)
        key = self.dataset.table.partition_key
        return {item[key]["S"]: item for page in pages for item in page["Items"]}

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

    def _reports(self) -> dict[str, str]:
        s3, bucket = self.deployed.client("s3"), self.deployed.outputs["SourceBucket"]
        found = list_objects(s3, bucket, f"reports/{self.dataset.name}/")
        return {item["Key"]: item["LastModified"].isoformat() for item in found if item["Key"].endswith("report.json")}

    def _read(self, key: str) -> dict[str, Any]:
        s3, bucket = self.deployed.client("s3"), self.deployed.outputs["SourceBucket"]
        report: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return report


@pytest.fixture(scope="session")
def dags(dataset: Dataset, deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Dags:
    home = tmp_path_factory.mktemp("airflow")
    make_airflow_home(home)
    environment = airflow_environment(home, deployed.aws.environment)
    settings = {"CSVDYNAMO_RETRY_SECONDS": "0.1", LOCAL_FOLDER: str(tmp_path_factory.getbasetemp())}
    return Dags(dataset, deployed, {**environment, **settings})


@pytest.fixture
def vehicles(tmp_path: Path) -> Any:
    """Writes a CSV of vehicles of given DOL Vehicle IDs and gives its path."""

    def write(keys: list[str], name: str = "vehicles.csv") -> str:
        path = tmp_path / name
        rows = [f"VIN{number},2020,{key}" for number, key in enumerate(keys)]
        path.write_text("\n".join(["VIN (1-10),Model Year,DOL Vehicle ID", *rows]) + "\n", encoding="utf-8")
        return str(path)

    return write
