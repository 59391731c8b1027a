"""A source on the embedded AWS, prepared and migrated as a run does it, without Airflow."""

import time
import uuid
from pathlib import Path

from commands.embedded import Deployed
from commands.project import fail
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.stack_outputs import StackOutput
from csvdynamo.writing.turn import turn_key
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.landing import Landed, landing_key
from csvdynamo_airflow.documents.snapshot import Base
from csvdynamo_airflow.naming import execution_name
from csvdynamo_airflow.preparation.prepare import Prepared, prepare
from csvdynamo_airflow.storage.stored_file import file_sha256, upload
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.turn import Turn

_POLL_SECONDS = 0.2


def prepare_source(dataset: Dataset, deployed: Deployed, source: Path) -> Prepared:
    """Upload a file and prepare it.

    Args:
        dataset: The data set, whose stack is deployed.
        deployed: The embedded AWS.
        source: The file.
    """
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
        find_base=lambda: Base(None, "every run is a first one", "", 0.0),
    )


def migrate(dataset: Dataset, deployed: Deployed, prepared: Prepared) -> Execution:
    """Run the state machine on the prepared file, from its start to its end; fail unless it succeeds.

    Args:
        dataset: The data set, whose stack is deployed.
        deployed: The embedded AWS.
        prepared: The file.
    """
    turn = Turn(deployed.client("s3"), prepared.bucket, turn_key(dataset.name))
    migration = Migration(
        dataset=dataset.name,
        states=deployed.client("stepfunctions"),
        state_machine_arn=deployed.outputs[StackOutput.MACHINE],
        bucket=prepared.bucket,
        file_key=prepared.file_key,
        rules=prepared.rules,
        prepared_at=prepared.at,
        name=prepared.execution_name,
        turn=turn,
    )
    execution = migration.start()
    while execution.alive:
        time.sleep(_POLL_SECONDS)
        [execution] = migration.executions()
    turn.give_back(migration.name)
    if not execution.succeeded:
        fail(f"The execution {execution.name} {execution.status}: {execution.cause}")
    return execution
