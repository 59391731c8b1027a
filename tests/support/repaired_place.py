"""Where the runs of test_scheduled_repairs.py run, and what a person mends there."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.airflow_api import Api, ScheduledRun, await_true
from commands.cdk_cli import Assembly
from commands.embedded import Deployed
from commands.embedded_assembly import embedded_assembly
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.folders import error_prefix
from csvdynamo_airflow.storage.result_objects import list_objects
from tests.integration.plugin.scripted_server import Answer, ScriptedServer
from tests.support import aws_messages
from tests.support.aws_proxy import Onward

NAME = "repaired_vehicles"
DAG = f"csvdynamo_{NAME}"
TABLE = "tb_repaired_vehicles"


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
    """Where the runs run, and what a person mends there.

    Attributes:
        api: The API of an Airflow under whose scheduler they do.
        deployed: The embedded AWS and the data set's stack.
        folder: The folder that they may read.
        datasets: The folder of their own with the data set file.
        full_disk: A file: while it is there, the workers' disk is full.
        publisher: A server that they may ask.
        throttle: What its calls of AWS pass.
    """

    api: Api
    deployed: Deployed
    folder: Path
    datasets: Path
    full_disk: Path
    publisher: ScriptedServer
    throttle: Throttle

    def trigger(self, source: str, **params: Any) -> ScheduledRun:
        """Trigger a run."""
        self.api.await_dag(DAG)
        return ScheduledRun.trigger(self.api, DAG, source, **params)

    def write(self, text: str, encoding: str = "utf-8") -> str:
        """Write a source, and return its path."""
        path = self.folder / f"{uuid.uuid4().hex}.csv"
        path.write_text(text, encoding=encoding)
        return str(path)

    def serve(self, text: str = "", status: int = 200) -> None:
        """Let the publisher's server answer otherwise from now on."""
        self.publisher.answers[:] = [Answer(status=status, body=text.encode())]

    def mend(self, *replacements: tuple[str, str]) -> None:
        """Change the data set file."""
        path = self.datasets / f"{NAME}.toml"
        text = path.read_text(encoding="utf-8")
        for wrong, right in replacements:
            assert wrong in text
            text = text.replace(wrong, right)
        path.write_text(text, encoding="utf-8")

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let the data set's gates ask a person, as Airflow then has its DAG, whatever else is in the table."""
        self.api.await_dag(DAG)
        changes = (("[gates]", '[gates]\ngate = "approve"'), ('foreign = "fail"', 'foreign = "report"'))
        self.mend(*changes)
        try:
            self._await_approve(there=True)
            yield
        finally:
            self.mend(*(change[::-1] for change in changes))
            self._await_approve(there=False)

    def _await_approve(self, *, there: bool) -> None:
        self.api.parse_again(DAG)

        def is_parsed() -> bool:
            tasks = self.api.call(f"/api/v2/dags/{DAG}/tasks")["tasks"]
            return any(task["task_id"] == "approve" for task in tasks) == there

        await_true(is_parsed, lambda: "the DAG's file was not read again")

    def deploy(self) -> None:
        """Deploy the data set file as it is now."""
        dataset, assembly = self._assembly()
        assembly.deploy(dataset, self.deployed.aws.environment)

    def destroy(self) -> None:
        """Remove the stack; its bucket and its table stay."""
        dataset, assembly = self._assembly()
        assembly.destroy(dataset, self.deployed.aws.environment)

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

    def _assembly(self) -> tuple[Dataset, Assembly]:
        dataset = load_dataset(self.datasets / f"{NAME}.toml")
        return dataset, embedded_assembly(dataset, folder=self.datasets)
