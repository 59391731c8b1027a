"""What a run prepared is kept beside its report, for the runs after it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from csvdynamo.rules.row_rules import RowRules
from csvdynamo_airflow.accounting.report import make_report, report_key
from csvdynamo_airflow.accounting.run_list import list_run, run_line
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.preparation.prepare import GateError
from csvdynamo_airflow.snapshots.kept_runs import (
    find_execution,
    prepared_document_key,
    read_prepared,
    read_rules,
    rules_key,
)
from csvdynamo_airflow.tasks import steps
from tests.unit.plugin.fake_bucket import FakeBucket
from tests.unit.plugin.run_findings import LANDED, difference, migrated, prepared_file

DATASET: Any = SimpleNamespace(name="cars", rules=RowRules("cars", "tb_cars", "id"))
PREPARED = prepared_file(10, rejected=1, bucket="bucket", rules=DATASET.rules.digest, difference=difference(new=9))


@pytest.fixture
def s3() -> Any:
    return FakeBucket()


def put(s3: Any, key: str, body: bytes) -> None:
    s3.put_object(Bucket="bucket", Key=key, Body=body)


def kept(s3: Any) -> Prepared | None:
    return read_prepared(s3, "bucket", "cars", "cars-1")


def prepare_source(s3: Any, monkeypatch: pytest.MonkeyPatch, prepare: Any, *, dry_run: bool = False) -> None:
    for name, double in {"client": lambda _: s3, "open_dataset": lambda _: DATASET, "prepare": prepare}.items():
        monkeypatch.setattr(steps, name, double)
    steps.prepare_source("cars", LANDED.to_json(), "run", dry_run=dry_run)


def test_what_a_run_prepared_and_its_rules_are_read_as_they_were(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (kept(s3), read_rules(s3, "bucket", "cars", PREPARED.rules)) == (None, None)

    prepare_source(s3, monkeypatch, lambda *_, **__: PREPARED)

    assert kept(s3) == PREPARED
    assert read_rules(s3, "bucket", "cars", PREPARED.rules) == DATASET.rules
    assert read_prepared(s3, "bucket", "cars", "cars-2") is None


def test_neither_a_dry_run_nor_one_that_a_gate_stops_is_kept(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> Prepared:
        raise GateError(["too many rejects"], PREPARED)

    prepare_source(s3, monkeypatch, lambda *_, **__: PREPARED, dry_run=True)
    with pytest.raises(AirflowFailException):
        prepare_source(s3, monkeypatch, stop)

    assert s3.objects == {}


@pytest.mark.parametrize("written", [b"{", b"[]", json.dumps({**PREPARED.to_json(), "later": 1}).encode()])
def test_what_another_version_kept_is_told_as_nothing(
    s3: Any, written: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    put(s3, prepared_document_key("cars", "cars-1"), written)
    put(s3, rules_key("cars", PREPARED.rules), written)

    assert (kept(s3), read_rules(s3, "bucket", "cars", PREPARED.rules)) == (None, None)
    assert "is not read" in caplog.text
    assert "are not read" in caplog.text


def test_rules_of_another_digest_than_asked_for_are_none(s3: Any) -> None:
    put(s3, rules_key("cars", "0b"), DATASET.rules.to_json())

    assert read_rules(s3, "bucket", "cars", "0b") is None


def test_the_list_of_runs_tells_which_execution_a_run_had(s3: Any) -> None:
    assert find_execution(s3, "bucket", "cars", "run") is None
    findings = migrated(10)
    list_run(s3, "bucket", "cars", run_line(make_report(findings, []), report_key(findings), 5.0))

    assert find_execution(s3, "bucket", "cars", "run") == "cars-1"
    assert find_execution(s3, "bucket", "cars", "another") is None
