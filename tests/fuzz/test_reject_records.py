"""Hostile reject records, in error files and in what Firehose could not partition, and the documents between tasks."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.errors import RejectError
from csvdynamo.folders import FIREHOSE_ERRORS_PREFIX
from csvdynamo.records.rejects import Reject
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.documents.checked_table import CheckedTable, Difference, DifferenceKind
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.task_documents import DocumentError
from csvdynamo_airflow.outcome.error_objects import read_rejects
from tests.fuzz.hostile_documents import changed, json_bytes, json_documents
from tests.fuzz.typed_errors import fuzz, result_or_error
from tests.hostile.in_process import MemoryBucket
from tests.integration.plugin.migration_objects import BUCKET, reject
from tests.unit.plugin.run_findings import execution, migrated, prepared_file

SECRET = "s3cret-of-a-row"
REJECT = reject("a", item={"Make": SECRET, "Model": "x"})
RECORD = json.loads(REJECT.to_json())
KEY = "migration_errors/execution_name=cars-1/2026/a"
MISFILED = f"{FIREHOSE_ERRORS_PREFIX}metadata-extraction-failed/a"
WRAPPED = {"attemptsMade": 1, "errorCode": "E", "rawData": base64.b64encode(REJECT.to_json().encode()).decode()}


@pytest.fixture
def s3() -> MemoryBucket:
    return MemoryBucket()


def hold(found: Reject) -> None:
    """Hold that what was read is a record, which can be written and read again."""
    assert Reject.from_json(found.to_json()) == found
    assert "\n" not in found.to_json()
    found.to_json().encode()


@fuzz()
@given(line=json_documents(RECORD))
def test_a_hostile_record_is_a_reject_or_an_error_without_a_value_of_the_row(line: bytes) -> None:
    found = result_or_error(lambda: Reject.from_json(line), RejectError, secret=SECRET)

    if isinstance(found, Reject):
        hold(found)


@fuzz(0.5)
@given(lines=st.lists(json_documents(RECORD) | st.just(json_bytes(RECORD)), max_size=3))
def test_a_hostile_error_file_is_read_or_named_with_its_line(s3: Any, lines: list[bytes]) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"\n".join(lines))

    found = result_or_error(lambda: list(read_rejects(s3, BUCKET, KEY, "cars-1")), RejectError, secret=SECRET)

    if isinstance(found, RejectError):
        assert str(found).startswith(f"s3://{BUCKET}/{KEY} line ")
    else:
        for one in found:
            hold(one)


@fuzz(0.6)
@given(content=json_documents(WRAPPED) | json_documents(RECORD).map(lambda raw: json_bytes(_wrapped(raw))))
def test_whatever_firehose_could_not_partition_stops_no_run(
    s3: Any, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    s3.put_object(Bucket=BUCKET, Key=MISFILED, Body=content)

    found = result_or_error(lambda: list(read_rejects(s3, BUCKET, MISFILED, "cars-1")))

    assert isinstance(found, list)
    for one in found:
        hold(one)
    assert SECRET not in caplog.text


def _wrapped(raw: bytes) -> dict[str, Any]:
    return {**WRAPPED, "rawData": base64.b64encode(raw).decode()}


def test_the_records_that_are_made_hostile_are_found(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=json_bytes(RECORD))
    assert list(read_rejects(s3, BUCKET, KEY, "cars-1")) == [REJECT]
    s3.put_object(Bucket=BUCKET, Key=MISFILED, Body=json_bytes(WRAPPED))
    assert list(read_rejects(s3, BUCKET, MISFILED, "cars-1")) == [REJECT]


CHECKED = CheckedTable(counts={DifferenceKind.MISSING: 1}, examples=(Difference(DifferenceKind.MISSING, "A_1", 1),))
DOCUMENTS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "landed": (Landed.from_json, prepared_file(1).source.to_json()),
    "prepared": (Prepared.from_json, prepared_file(10, 1).to_json()),
    "outcome": (Outcome.from_json, Outcome(rejects=1, missing_ids=("a",)).to_json()),
    "execution": (Execution.from_json, execution().to_json()),
    "checked": (CheckedTable.from_json, CHECKED.to_json()),
    "counts": (MigrationCounts.from_json, (migrated(10, rejected=1).counts or MigrationCounts()).to_json()),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@fuzz(0.25)
@given(data=st.data())
def test_a_hostile_document_between_tasks_is_read_or_told_with_what_to_do(name: str, data: st.DataObject) -> None:
    read, document = DOCUMENTS[name]
    read(json.loads(json.dumps(document)))

    found = result_or_error(lambda: read(data.draw(changed(json.loads(json.dumps(document))))), DocumentError)

    if isinstance(found, DocumentError):
        assert "clear the task that left it" in str(found)
