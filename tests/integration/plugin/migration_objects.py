"""What an execution leaves in the bucket, in the shapes of Step Functions and Firehose."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from csvdynamo.records.rejects import Reject
from csvdynamo.rules.codes import Stage
from csvdynamo.writing.turn import turn_key
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.workflow.migration import Migration
from csvdynamo_airflow.workflow.turn import Turn
from local_aws.distributed_map.result_files import ResultFile, Status, file_body, manifest, pending_record, record
from tests.unit.plugin.run_findings import RULES

BUCKET = "csvdynamo-test"
MAP_RUN = "arn:aws:states:us-east-1:123456789012:mapRun:csvdynamo-cars/migrate:5eeb5c7c"


def answer(written: int, rejects: Sequence[str] = (), rules: str = RULES, **more: Any) -> bytes:
    """What the Lambda function answers for a batch; an earlier version of it tells no cost.

    Args:
        written: Rows that are stored.
        rejects: The ids of the rejects.
        rules: The digest of the rules that it applied.
        more: What else it tells.
    """
    numbers = {"NUMBER_OF_ITEMS_WRITTEN": written, "NUMBER_OF_ITEMS_IN_ERROR": len(rejects)}
    return json.dumps({**numbers, "REJECT_IDS": list(rejects), "RULES": rules, **more}).encode()


def answer_of_deletions(deleted: int, left: Sequence[int] = (), written: int = 0) -> bytes:
    """What it answers for a batch with deletions."""
    return answer(written, NUMBER_OF_ITEMS_DELETED=deleted, DELETIONS_LEFT=list(left))


def _batch(rows: int) -> bytes:
    return _batch_of([{"_row": str(number), "id": "x"} for number in range(rows)])


def _batch_of(items: Sequence[Mapping[str, str]]) -> bytes:
    return json.dumps({"BatchInput": {"execution_name": "cars-1"}, "Items": list(items)}).encode()


def failed(rows: int, status: str = "FAILED", error: str = "") -> bytes:
    """A batch of so many rows that failed, as it is written whole."""
    return _failed(_batch(rows), status, error)


def batch_that_failed(
    rows: Sequence[Mapping[str, str]], status: str = "FAILED", error: str = "", cause: str = ""
) -> bytes:
    """A batch of given rows that failed."""
    return _failed(_batch_of(rows), status, error, cause)


def _failed(batch: bytes, status: str, error: str = "", cause: str = "") -> bytes:
    child = {
        "executionArn": "arn:child",
        "stateMachineArn": "arn:machine",
        "name": "child",
        "status": status,
        "startDate": 1,
        "stopDate": 2,
        "error": error,
        "cause": cause,
    }
    return json.dumps(record(child, batch)).encode()


def pending(rows: int) -> bytes:
    """A batch of so many rows that never started."""
    return json.dumps(pending_record(_batch(rows))).encode()


def batch_that_never_started(rows: Sequence[Mapping[str, str]]) -> bytes:
    """A batch of given rows that never started."""
    return json.dumps(pending_record(_batch_of(rows))).encode()


def put_results(
    s3: Any, execution: str, files: Mapping[Status, Iterable[bytes]], map_run: str = "5eeb5c7c", bucket: str = BUCKET
) -> None:
    """Write result files and their manifest."""
    folder = f"results/{execution}/{map_run}"
    written: dict[Status, ResultFile | None] = {}
    for status, values in files.items():
        body = file_body(values, "JSONL")
        s3.put_object(Bucket=bucket, Key=f"{folder}/{status}_0.json", Body=body)
        written[status] = ResultFile(f"{folder}/{status}_0.json", len(body))
    s3.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=manifest(bucket, MAP_RUN, written))


def reject(reject_id: str, execution: str = "cars-1", code: str = "BAD_TYPE", **changes: Any) -> Reject:
    """A reject of the Lambda function."""
    values: dict[str, Any] = {
        "dataset": "cars",
        "row": 1,
        "stage": Stage.VALIDATE,
        "column": "Model Year",
        "message": "not a number",
        "item": {"Model Year": "a\u2028b\x85c"},
        **changes,
    }
    return Reject(execution_name=execution, reject_id=reject_id, code=code, **values)


def put_error_file(s3: Any, rejects: Iterable[Reject | str], name: str = "a", execution: str = "cars-1") -> str:
    """Write a file of Firehose's, in the folder of an execution; return its key."""
    key = f"migration_errors/execution_name={execution}/2026/01/02/{name}"
    lines = [line if isinstance(line, str) else line.to_json() for line in rejects]
    s3.put_object(Bucket=BUCKET, Key=key, Body="".join(line + "\n" for line in lines).encode())
    return key


def put_firehose_error(s3: Any, *records: bytes, name: str = "a") -> str:
    """Write what Firehose writes of records that it could not partition; return its key."""
    key = f"firehose_errors/metadata-extraction-failed/2026/01/02/{name}"
    documents = [
        {"attemptsMade": 1, "errorCode": "DynamicPartitioning.MetadataExtractionFailed", "rawData": text}
        for text in (base64.b64encode(data).decode() for data in records)
    ]
    s3.put_object(Bucket=BUCKET, Key=key, Body="".join(json.dumps(one) + "\n" for one in documents).encode())
    return key


def map_run_states(
    counts: Mapping[str, int] | None, *, more_map_runs: int = 0, status: str = "SUCCEEDED", others: Sequence[Any] = ()
) -> Any:
    """A Step Functions client that knows one execution's Map Runs, the newest last, and lists other executions."""
    names = ("pending", "running", "succeeded", "failed", "timedOut", "aborted")

    class States:
        def __init__(self) -> None:
            self.counts, self.status, self.others = counts, status, others

        def get_paginator(self, operation: str) -> Any:
            assert operation == "list_executions"
            return SimpleNamespace(paginate=lambda **_: [{"executions": list(self.others)}])

        def list_map_runs(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
            if self.counts is None:
                return {"mapRuns": []}
            return {
                "mapRuns": [
                    {"mapRunArn": f"{MAP_RUN}-{number}", "startDate": datetime(2026, 1, 1 + number, tzinfo=UTC)}
                    for number in range(1 + more_map_runs)
                ]
            }

        def describe_map_run(self, *, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
            assert mapRunArn == f"{MAP_RUN}-{more_map_runs}"
            rows = {name: (self.counts or {}).get(name, 0) for name in names}
            counts = {**rows, "total": sum(rows.values())}
            return {"mapRunArn": mapRunArn, "status": self.status, "itemCounts": counts}

    return States()


@dataclass(frozen=True)
class GivenMigration(Migration):
    """A migration whose executions a test gives; what it makes of them, and of its turn, is its own.

    Attributes:
        given: Gives the executions, oldest first.
    """

    given: Callable[[], list[Execution]] = list

    def executions(self) -> list[Execution]:
        return self.given()


def given_migration(s3: Any, states: Any, given: Callable[[], list[Execution]]) -> GivenMigration:
    """Make the migration of the run whose first execution is "cars-1"."""
    return GivenMigration(
        dataset="cars",
        states=states,
        state_machine_arn="arn:aws:states:us-east-1:1:stateMachine:m",
        bucket=BUCKET,
        file_key="source/cars/0b/cars.csv",
        rules=RULES,
        prepared_at=50.0,
        name="cars-1",
        turn=Turn(s3, BUCKET, turn_key("cars")),
        given=given,
    )
