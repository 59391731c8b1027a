"""What is told of a replay: in its report, and of the run whose rows it replayed."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from csvdynamo.datasets.dialects import Header
from csvdynamo.datasets.policies import Policies, Verification, VerifyMode
from csvdynamo.datasets.source_rules import Source
from csvdynamo.rules.computed import Computed, RowNumber
from csvdynamo_airflow.accounting.html_report import html_report
from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.accounting.report_document import json_of
from csvdynamo_airflow.accounting.run_list import run_line
from csvdynamo_airflow.accounting.sentence import sentence
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.replay import Replay
from csvdynamo_airflow.documents.since import ReplayLine, Since
from csvdynamo_airflow.preparation.replay.replaying import as_replayed
from csvdynamo_airflow.source.error_csv import NoErrorCsvError, land_error_csv
from csvdynamo_airflow.stack import Stack
from csvdynamo_airflow.tasks import replay_steps, task_shell
from csvdynamo_airflow.web.documents import SinceRows
from csvdynamo_airflow.web.run_page import run_page
from csvdynamo_airflow.workflow.find_replayed import ReplayError
from csvdynamo_airflow.workflow.other_executions import Other
from csvdynamo_airflow.workflow.snapshot_trust import StaleReplayError
from tests.hostile.in_process import MemoryBucket
from tests.unit.plugin.run_findings import migrated
from tests.unit.plugin.test_changed_chains import CARS

REPLAY = Replay("the first run", "cars-1", "the replay", "reports/cars/cars-2/replayed_rows-0a.parquet", "0a")
SINCE = Since("the first run", "cars-1", {"source_rows": 12, "written": 9, "unchanged": 1})


def line(run: str, at: float, added: int, replaced: int = 0) -> ReplayLine:
    return ReplayLine(run, "cars-2", at, {"source_rows": 2}, added, replaced)


def of_a_replay() -> Any:
    findings = migrated(10)
    assert findings.prepared is not None
    return replace(findings, prepared=replace(findings.prepared, replay=REPLAY))


def test_what_a_replay_prepared_is_read_as_it_was() -> None:
    prepared = of_a_replay().prepared

    assert Prepared.from_json(prepared.to_json()) == prepared


def test_report_and_page_name_the_run_whose_rows_they_are() -> None:
    report = make_report(of_a_replay(), ())

    assert json_of(report)["replays"] == {
        "run": "the first run",
        "report": "s3://bucket/reports/cars/cars-1/report.json",
        "since": "s3://bucket/reports/cars/cars-1/since.json",
    }
    assert "replay: rows of the run the first run, whose report stays as it is, and what is" in summary(report)
    assert "since.json" not in summary(replace(report, problems=("It is red.",)))
    assert "the first run" in html_report(report)
    assert (
        sentence(json_of(report))
        == "Rows of run the first run are replayed. All 10 rows are accounted for: 10 written."
    )
    assert run_line(report, "key", 1.0).kind == "replay"
    assert "replays" not in json_of(make_report(migrated(10), ()))


def test_the_rows_of_a_run_are_told_as_they_were_then_and_are_since() -> None:
    since = SINCE.with_replay(line("second", 2.0, 1, 1)).with_replay(line("first", 1.0, 2))
    assert (since.rows_then, since.rows_since) == (10, 12)
    assert [one.run for one in since.replays] == ["first", "second"]
    assert since.with_replay(line("second", 3.0, 0)).rows_since == 12
    assert Since.from_json(since.to_json()) == since

    made = make_report(migrated(10), ())
    page = run_page(run_line(made, "key", 1.0), json_of(made), "tb_cars", real_aws=False, since=since)

    assert page.since == SinceRows("the first run", 12, 10, 12, ("first", "second"))


def test_a_data_set_is_read_as_one_of_error_csvs() -> None:
    source = Source(
        "https://example.org/cars.csv", "cars.csv", delimiter=";", encoding="utf-16", header=Header.NONE, names=("a",)
    )
    dataset = replace(CARS, source=source)

    found = as_replayed(dataset)

    assert (found.source.delimiter, found.source.encoding, found.source.names) == (None, None, ())
    assert (found.source.url, found.rules.digest) == (source.url, dataset.rules.digest)
    assert found.gates.max_reject_percent == 100
    assert found.policies.verify == Verification(mode=VerifyMode.CHANGED)
    unchecked = replace(dataset, policies=Policies(verify=Verification(mode=VerifyMode.NONE)))
    assert as_replayed(unchecked).policies.verify.mode is VerifyMode.NONE


def test_a_data_set_whose_items_have_the_rows_numbers_is_refused() -> None:
    numbered = replace(CARS, computed=(Computed("place", RowNumber()),))

    with pytest.raises(ReplayError, match="is the row's number"):
        replay_steps._find(Any, numbered, "run")  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [None, b""], ids=["none", "one that a redrive emptied"])
def test_a_run_without_an_error_csv_has_nothing_to_replay(body: bytes | None) -> None:
    s3: Any = MemoryBucket()
    if body is not None:
        s3.put_object(Bucket="bucket", Key="rejects.csv", Body=body)

    with pytest.raises(NoErrorCsvError, match="the run left no row out"):
        land_error_csv(s3, "bucket", "rejects.csv", CARS, "run")


@pytest.mark.parametrize(
    ("replay", "seconds", "refused"), [(REPLAY, 1.0, True), (REPLAY, -1.0, False), (None, 1.0, False)]
)
def test_a_replay_is_not_started_once_another_execution_began_since_it_was_prepared(
    replay: Replay | None, seconds: float, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_shell, "client", lambda _: MemoryBucket())
    prepared = replace(of_a_replay().prepared, replay=replay)
    stack = Stack("cars", "bucket", "arn:machine", "arn:topic", "tb_cars", 60, prepared.rules, "")
    claim = task_shell.make_migration(stack, CARS, prepared).claim
    began = Other("later", "later", "SUCCEEDED", prepared.at + seconds, prepared.at + seconds + 1)
    others: Any = SimpleNamespace(began_since=lambda since: [began] if began.started > since else [])
    assert claim is not None

    if refused:
        with pytest.raises(StaleReplayError, match=r"Execution later has written since .* Clear the task prepare"):
            claim.make(others, began.started + 2)
    else:
        claim.make(others, began.started + 2)
