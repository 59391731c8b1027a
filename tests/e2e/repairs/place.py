"""Where runs fail that go on once something is mended, and what a person mends there."""

import shutil
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from commands.embedded import Deployed
from commands.embedded_assembly import embedded_assembly
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.folders import error_prefix
from csvdynamo_airflow.settings import DATASETS_FOLDER
from csvdynamo_airflow.storage.result_objects import list_objects
from tests.e2e.conftest import Dags
from tests.support import aws_messages
from tests.support.aws_proxy import Onward
from tests.support.dag_run import DagRun
from tests.support.quick_deploy import deploy, destroy

NAME = "repaired_vehicles"
DAG = f"csvdynamo_{NAME}"
TABLE = "tb_repaired_vehicles"
HEADER = "City,DOL Vehicle ID"
NO_KEY, CUT = "Kent,", "Kent"
"""Rows that the Lambda function rejects, and prepare."""


def text(
    salt: str, count: int = 30, *, header: str = HEADER, cell: str = "Kent", first: tuple[str, ...] = (), end: str = ""
) -> str:
    """A source of so many vehicles, of other rows before them, and of what it ends with."""
    return "\n".join([header, *first, *(f"{cell},{salt}{number:03}" for number in range(count)), end])


def mend(dataset_file: Path, *replacements: tuple[str, str]) -> None:
    """Change a data set file as a person does, who finds there what is to be replaced."""
    changed = dataset_file.read_text(encoding="utf-8")
    for wrong, right in replacements:
        assert wrong in changed
        changed = changed.replace(wrong, right)
    dataset_file.write_text(changed, encoding="utf-8")


class Throttle:
    """Refuses an operation as long as AWS is to be too busy for it; an interceptor of the proxy.

    Attributes:
        operation: Which one; None for none.
    """

    def __init__(self) -> None:
        self.operation: str | None = None

    async def __call__(self, request: aws_messages.Request, onward: Onward) -> aws_messages.Answer:
        """Refuse a request, or hand it on."""
        if request.operation == self.operation:
            return aws_messages.refusal(request, "ThrottlingException")
        return await onward(request)


@dataclass(frozen=True)
class Place:
    """Where the runs run.

    Attributes:
        dags: Runs the data set's DAG.
        folder: A folder of sources.
        datasets: The folder with the data set file, a copy of its own.
    """

    dags: Dags
    folder: Path
    datasets: Path

    @classmethod
    def of(cls, dags: Dags, folder: Path) -> Self:
        """Give the DAG a data set file that may be changed, in a folder."""
        datasets = shutil.copytree(dags.environment[DATASETS_FOLDER], folder / "datasets")
        environment = {**dags.environment, DATASETS_FOLDER: str(datasets)}
        return cls(replace(dags, environment=environment), folder, datasets)

    @property
    def deployed(self) -> Deployed:
        """The embedded AWS and the data set's stack."""
        return self.dags.deployed

    def run(self, text: str, encoding: str = "utf-8", **params: Any) -> DagRun:
        """Run the DAG on a source, to its end."""
        run = self.dags.dag_run(self.write(text, encoding), **params)
        run.run()
        return run

    def write(self, text: str, encoding: str = "utf-8") -> str:
        """Write a source, and return its path."""
        path = self.folder / f"{uuid.uuid4().hex}.csv"
        path.write_text(text, encoding=encoding)
        return str(path)

    def mend(self, *replacements: tuple[str, str]) -> None:
        """Change the data set file."""
        mend(self.datasets / f"{self.dags.dataset.name}.toml", *replacements)

    def deploy(self) -> None:
        """Deploy the data set file as it is now."""
        dataset = load_dataset(self.datasets / f"{NAME}.toml")
        deploy(embedded_assembly(dataset, folder=self.datasets), dataset.stack_name, self.deployed)

    def destroy(self) -> None:
        """Remove the stack; its bucket and its table stay."""
        destroy(self.dags.dataset.stack_name, self.deployed)

    def take_error_files(self, execution: str) -> dict[str, bytes]:
        """Remove an execution's error files, and give what was in them."""
        s3, taken = self.deployed.client("s3"), {}
        for item in list_objects(s3, self.deployed.outputs["SourceBucket"], error_prefix(execution)):
            taken[item["Key"]] = s3.get_object(**self.object(item["Key"]))["Body"].read()
            s3.delete_object(**self.object(item["Key"]))
        assert taken
        return taken

    def give_table_another_key(self) -> None:
        """Put a table with another key in the place of the data set's."""
        dynamodb = self.deployed.client("dynamodb")
        dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=TABLE)
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "other", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "other", "AttributeType": "S"}],
        )

    def object(self, key: str) -> dict[str, str]:
        """Name an object of the bucket, for a call of S3."""
        return {"Bucket": self.deployed.outputs["SourceBucket"], "Key": key}


def assert_red(run: DagRun, *words: str) -> None:
    """Hold a run to have ended red, in these words."""
    assert not run.green
    told = "\n".join(run.told("report")["problems"])
    for said in words:
        assert said in told


def assert_green(run: DagRun) -> None:
    """Hold a run to have ended green."""
    assert run.green, (run.states, run.told("report")["problems"])
