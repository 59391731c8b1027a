"""What shows that Airflow's policy lacks a permission: the tasks' own work, without Airflow, as its user."""

import asyncio
import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.writing.turn import turn_key
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.documents.checked_table import CheckedTable
from csvdynamo_airflow.documents.concurrency import ConcurrencyBounds, ConcurrencyChange
from csvdynamo_airflow.documents.execution import execution_arn
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.storage.stored_file import upload
from csvdynamo_airflow.table.table_reader import TableReader
from csvdynamo_airflow.table.verification import TableCheck
from csvdynamo_airflow.tasks import green_run, report_step, steps, told_assets
from csvdynamo_airflow.tasks.execution_trigger import ExecutionTrigger
from csvdynamo_airflow.tasks.map_run_concurrency import MapRunConcurrency
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.turn import Turn
from tests.e2e.least_privilege.service_witnesses import Services, until

_MULTIPART_BYTES = 8 * 1024 * 1024 + 1  # boto3 uploads in parts from here on
_GOOD_ROWS = 48  # so that two rejects are within the data set's limit
_ENDED = ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")


class AirflowConnection:
    """Stands in for the hook of the Airflow connection: clients of the user who has the policy."""

    def __init__(self, service: str, variables: dict[str, str]) -> None:
        self._service = service
        self.conn_config = {
            "endpoint_url": variables["AWS_ENDPOINT_URL"],
            "region_name": variables["AWS_DEFAULT_REGION"],
            "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
            "verify": variables["AWS_CA_BUNDLE"],
        }

    def get_conn(self) -> Any:
        return _client(self._service, **self.conn_config)

    def new_conn(self) -> Any:
        return boto3.client(self._service, **self.conn_config)

    async def get_async_conn(self) -> Any:
        return get_session().create_client(self._service, **self.conn_config)


@cache
def _client(service: str, **config: str) -> Any:
    """Make a client once: with TLS that is most of what a call takes."""
    return boto3.client(service, **config)


@dataclass
class Tasks:
    """The DAG's tasks, one after the other in this process; each method says what went wrong, None if nothing did.

    Attributes:
        dataset: The data set.
        services: The deployed stack as its root sees it.
        user: AWS variables of the user who has the policy.
        folder: Where sources are made.
    """

    dataset: Dataset
    services: Services
    user: dict[str, str]
    folder: Path

    def client(self, service: str) -> Any:
        return AirflowConnection(service, self.user).get_conn()

    def whole_run(self) -> str | None:
        """Every task from download to remember; a failure that a task only logs counts as well."""
        with _errors_logged() as logged:
            try:
                self._run()
            except Exception as error:
                return f"{type(error).__name__}: {error}"
            finally:
                self.services.free_turn()
        return "\n".join(logged) or None

    def redrive(self) -> str | None:
        """The task wait on an execution that failed."""
        with self.services.permissions.without_action("FunctionsMigrateBatchRole", "dynamodb:BatchWriteItem"):
            prepared = self._prepared(f"redrive-{uuid.uuid4()}")
            self._migration(prepared).start()
            self._await_end(prepared)
        try:
            self._migration(prepared).take_up()
            self._await_end(prepared)
        except ClientError as error:
            return str(error)
        finally:
            self.services.free_turn()
        return None

    def stop(self) -> str | None:
        """What happens to the execution when the task wait is marked or cleared."""
        execution = self.services.start()
        asyncio.run(ExecutionTrigger(execution).on_kill())
        states = self.services.deployed.client("stepfunctions")
        if states.describe_execution(executionArn=execution)["status"] == "ABORTED":
            return None
        try:
            # The trigger only logs that it could not: the same call of the same user tells why.
            self.client("stepfunctions").stop_execution(executionArn=execution)
        except ClientError as error:
            # One that has ended by itself is looked at after the permission is.
            return None if "is not running" in str(error) else str(error)
        finally:
            self.services.ended(execution)
        return "the trigger stopped nothing"

    def concurrency(self) -> str | None:
        """What the task wait does as long as a Map Run goes on: looks at batches, changes how many run at once."""
        execution = self.services.start()
        self.services.ended(execution)
        try:
            change = asyncio.run(self._change_concurrency(execution))
        except ClientError as error:
            return str(error)
        return None if change and change.after == 2 else f"nothing was changed: {change}"

    async def _change_concurrency(self, execution: str) -> ConcurrencyChange | None:
        """Take the Map Run of an execution that has ended for one that goes on."""
        async with await AirflowConnection("stepfunctions", self.user).get_async_conn() as states:
            [found] = (await states.list_map_runs(executionArn=execution))["mapRuns"]
            map_run = await states.describe_map_run(mapRunArn=found["mapRunArn"])
            alive = {**map_run, "status": "RUNNING", "maxConcurrency": 1}
            return await MapRunConcurrency(ConcurrencyBounds(1, 8)).adjust(states, alive)

    def abandoned_upload(self, prefix: str) -> str | None:
        """An upload in parts that fails at its end: its parts must not stay."""
        path = self.folder / "large"
        with path.open("wb") as file:
            file.truncate(_MULTIPART_BYTES)
        # A client of its own: what fails here is not to fail anywhere else.
        s3, root = AirflowConnection("s3", self.user).new_conn(), self.services.deployed.client("s3")
        key = f"{prefix}{uuid.uuid4()}/large"
        s3.meta.events.register("before-call.s3.CompleteMultipartUpload", _fail)
        with pytest.raises(Exception, match="as the test wants"):
            upload(s3, path, self.services.bucket, key)
        listed = root.list_multipart_uploads(Bucket=self.services.bucket).get("Uploads", [])
        left = [one for one in listed if one["Key"] == key]
        for one in left:
            root.abort_multipart_upload(Bucket=self.services.bucket, Key=key, UploadId=one["UploadId"])
        return "s3:AbortMultipartUpload: the parts stayed" if left else None

    def sample_check(self) -> str | None:
        """The task verify, where the data set wants no more than a sample of the table read."""
        prepared = self._prepared(f"sample-{uuid.uuid4()}")
        self._migration(prepared).start()
        self._await_end(prepared)
        policies = self.dataset.policies
        sample = replace(policies, verify=replace(policies.verify, mode=VerifyMode.SAMPLE))
        dataset = replace(self.dataset, policies=sample)
        reader = TableReader(self.client("dynamodb"), dataset.table.name, dataset.rules.key)
        try:
            outcome = self._gather(prepared)
            checked = TableCheck(self.client("s3"), reader, dataset, prepared, outcome).run("sample")
        except ClientError as error:
            return str(error)
        finally:
            self.services.free_turn()
        assert checked.mode is VerifyMode.SAMPLE
        return None

    def _run(self) -> None:
        name, run_id = self.dataset.name, f"whole-{uuid.uuid4()}"
        self._misfile()
        landed = steps.download_source(name, str(self._source()), run_id)
        told = steps.prepare_source(name, landed, run_id)
        prepared = Prepared.from_json(told)
        steps.start_migration(name, told, force=False)
        self._await_end(prepared)
        outcome = self._gather(prepared)
        document = steps.check_table(name, told, None, outcome.to_json(), run_id)
        assert document is not None
        checked = CheckedTable.from_json(document)
        findings = Findings(name, run_id, landed=landed, prepared=prepared, outcome=outcome, checked=checked)
        published = report_step.publish_report(findings, steps.reconcile(findings))
        assert published["ledger"]["written"] == _GOOD_ROWS, published
        assert published["problems"] == [], published
        green_run.remember_green_run(name, told, run_id, outcome.to_json())
        news = told_assets.written_rows(name, told, published)
        assert news is not None
        assert news.is_untold()
        news.note()
        assert not news.is_untold()

    def _source(self) -> Path:
        """A CSV of good rows, a reject of prepare's and one of the Lambda function's; never the same twice."""
        path = self.folder / f"{uuid.uuid4()}.csv"
        key = uuid.uuid4().hex[:12]
        rows = [f"V{number},2020,{key}{number}" for number in range(_GOOD_ROWS)]
        rows += [f"V,2022,{key},one field too many", "V,2023,"]
        path.write_text("\n".join(["VIN (1-10),Model Year,DOL Vehicle ID", *rows]) + "\n", encoding="utf-8")
        return path

    def _misfile(self) -> None:
        """Leave an object of Firehose's under the prefix of records that it could not partition."""
        document = json.dumps({"rawData": "e30="})
        self.services.deployed.client("s3").put_object(
            Bucket=self.services.bucket, Key="firehose_errors/processing-failed/misfiled", Body=document.encode()
        )

    def _prepared(self, run_id: str) -> Prepared:
        landed = steps.download_source(self.dataset.name, str(self._source()), run_id)
        return Prepared.from_json(steps.prepare_source(self.dataset.name, landed, run_id))

    def _migration(self, prepared: Prepared) -> Migration:
        machine = self.services.deployed.outputs["MigrationWorkflowStateMachine"]
        states = self.client("stepfunctions")
        turn = Turn(self.client("s3"), prepared.bucket, turn_key(self.dataset.name))
        return Migration(
            self.dataset.name,
            states,
            machine,
            prepared.bucket,
            prepared.file_key,
            prepared.rules,
            prepared.at,
            prepared.execution_name,
            turn,
        )

    def _await_end(self, prepared: Prepared) -> None:
        states, machine = self.client("stepfunctions"), self.services.deployed.outputs["MigrationWorkflowStateMachine"]
        arn = execution_arn(machine, prepared.execution_name)
        until(lambda: states.describe_execution(executionArn=arn)["status"] in _ENDED)

    def _gather(self, prepared: Prepared) -> Outcome:
        s3, states = self.client("s3"), self._migration(prepared)
        [execution] = states.executions()
        until(lambda: not gather(s3, self.dataset.name, prepared, execution).missing)
        return gather(s3, self.dataset.name, prepared, execution)


def _fail(**_: Any) -> None:
    error = {"Error": {"Code": "InternalError", "Message": "as the test wants"}}
    raise ClientError(error, "CompleteMultipartUpload")


@contextmanager
def _errors_logged() -> Iterator[list[str]]:
    """Collects what the tasks log as an error and go on."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "could not be" in record.getMessage():
                found.append(record.getMessage())

    logger, collector = logging.getLogger("csvdynamo_airflow"), Collector(logging.WARNING)
    logger.addHandler(collector)
    try:
        yield found
    finally:
        logger.removeHandler(collector)
