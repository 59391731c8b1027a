"""A finished run whose table or bucket was changed afterwards: verify, reconcile and report tell each change apart."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from csvdynamo.datasets import policies
from csvdynamo.datasets.policies import ForeignPolicy, Verification, VerifyMode
from csvdynamo.records.rejects import reject_id
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.preparation.prepared_rows import format_rows
from csvdynamo_airflow.table import verification
from csvdynamo_airflow.tasks import steps
from tests.integration.plugin.finished_run import (
    BEFORE_UPLOAD,
    HEADER,
    IN_THE_LAMBDA,
    SOURCE_ROWS,
    WRITTEN,
    FinishedRun,
    finished_run,
    source_row,
)
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    answer_of_deletions,
    batch_that_failed,
    put_error_file,
    put_results,
    reject,
)
from tests.integration.plugin.moto_table import put_items
from tests.unit.plugin.run_findings import LOST, difference, execution


@pytest.fixture(params=[VerifyMode.SAMPLE, VerifyMode.CHANGED, VerifyMode.FULL])
def mode(request: pytest.FixtureRequest) -> VerifyMode:
    mode: VerifyMode = request.param
    return mode


@pytest.fixture
def run(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FinishedRun]:
    with finished_run(client, tmp_path, monkeypatch) as run:
        yield run


@pytest.fixture
def wanted(run: FinishedRun) -> Callable[..., None]:
    """Sets how the data set wants its table checked."""

    def want(mode: VerifyMode, **changes: Any) -> None:
        policies = replace(run.dataset.policies, verify=Verification(mode=mode, **changes))
        run.dataset = replace(run.dataset, policies=policies)

    return want


NOTHING = {"missing": 0, "changed": 0, "unfinished": 0, "stale": 0, "foreign": 0}


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: report["verification"][name] for name in NOTHING}


def test_an_untouched_run_is_green_and_its_table_as_expected(
    run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode
) -> None:
    wanted(mode, foreign=ForeignPolicy.FAIL)

    report = run.look_again()

    assert report["problems"] == []
    assert report["ledger"] == {
        "source_rows": 12,
        "rejected_before_upload": 1,
        "written": 10,
        "rejected": 1,
        "failed": 0,
        "unstarted": 0,
        "unaccounted": 0,
    }
    assert report["rejects_by_code"] == {"BAD_TYPE": 1, "BAD_WIDTH": 1}
    at = report["verification"].pop("at")
    assert 0 <= time.time() - at < 3600
    assert (
        report["verification"].pop("read_units")
        == {
            VerifyMode.SAMPLE: 10.0,
            VerifyMode.CHANGED: 11.0,  # the key of the rejected row is looked at as well
            VerifyMode.FULL: 4.0,
        }[mode]
    )
    assert report["verification"] == {
        "mode": mode.value,
        "keys_checked": 10,
        **NOTHING,
        "expired": 0,
        "examples": [],
        "key": None,
        "execution": "cars-1",
        "redrives": 0,
    }
    assert set(report["witnesses"]) == {*list(report["ledger"])[:-1], "map_run_total", "verification"}
    assert len(set(report["witnesses"].values())) == len(report["witnesses"])


def test_a_dropped_item_is_missing(run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode) -> None:
    wanted(mode)
    run.drop_item()

    report = run.look_again()

    assert counts(report) == {**NOTHING, "missing": 1}
    [problem] = report["problems"]
    assert problem.startswith("1 of 10 keys checked are missing from the table: A_5 (row 5); see s3://")
    assert run.differences(report) == [{"kind": "missing", "key": "A_5", "row": 5}]


def test_a_changed_attribute_is_named(run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode) -> None:
    wanted(mode)
    run.change_item()

    report = run.look_again()

    assert counts(report) == {**NOTHING, "changed": 1}
    [problem] = report["problems"]
    assert problem.startswith("1 of 10 keys checked have another item than their row makes: A_6 (row 6) in Year; see")
    assert run.differences(report) == [{"kind": "changed", "key": "A_6", "row": 6}]


@pytest.mark.parametrize("foreign", list(ForeignPolicy))
def test_an_added_item_is_foreign_to_a_full_check(
    run: FinishedRun, wanted: Callable[..., None], foreign: ForeignPolicy
) -> None:
    wanted(VerifyMode.FULL, foreign=foreign)
    run.add_item()

    report = run.look_again()

    assert counts(report) == {**NOTHING, "foreign": 1}
    assert run.differences(report) == [{"kind": "foreign", "key": "Z_1"}]
    if foreign is ForeignPolicy.REPORT:
        assert report["problems"] == []
    else:
        [problem] = report["problems"]
        assert "1 items of keys that no row of the file has" in problem
        assert "Z_1" in problem


def test_an_older_item_of_a_rejected_row_is_stale_and_not_missing(
    run: FinishedRun, wanted: Callable[..., None]
) -> None:
    wanted(VerifyMode.FULL)
    run.add_item(f"A_{IN_THE_LAMBDA}")

    report = run.look_again()

    assert counts(report) == {**NOTHING, "stale": 1}
    assert run.differences(report) == [{"kind": "stale", "key": "A_3", "row": 3}]
    assert report["problems"] == []


def test_an_item_that_a_row_left_alone_is_as_expected_whatever_it_is(
    run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode
) -> None:
    wanted(mode, foreign=ForeignPolicy.FAIL)
    run.remove_error_file()
    left = reject(reject_id("cars-1", IN_THE_LAMBDA), row=IN_THE_LAMBDA, code="LEFT_ALONE")
    put_error_file(run.s3, [left])
    run.fetch()
    run.add_item(f"A_{IN_THE_LAMBDA}")

    report = run.look_again()

    assert (counts(report), report["problems"]) == (NOTHING, [])
    assert report["verification"]["keys_checked"] == len(WRITTEN)


def test_a_removed_error_file_leaves_its_rows_unaccounted_for_and_names_their_rejects(
    run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode
) -> None:
    wanted(mode)
    run.remove_error_file()
    [gone] = run.look_again()["problems"]
    assert gone == (
        "Gone or changed since the error files were made of them are "
        f"s3://{BUCKET}/{run.error_file}: clear the task fetch_error_files."
    )
    run.fetch()

    report = run.look_again()

    assert counts(report) == NOTHING
    assert (report["ledger"]["rejected"], report["ledger"]["unaccounted"], report["rejects_missing"]) == (0, 1, 1)
    lost, named = report["problems"]
    assert lost == "1 of 12 rows are unaccounted for."
    assert f"missing are {reject_id('cars-1', IN_THE_LAMBDA)}" in named


def test_a_superseded_reject_is_told_and_changes_nothing(
    run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode
) -> None:
    wanted(mode)
    untouched = run.look_again()
    run.add_superseded_reject()
    assert run.look_again()["problems"] == [], "it may come late"
    run.fetch()

    report = run.look_again()

    assert report["problems"] == []
    assert (report["ledger"], report["rejects_by_code"]) == (untouched["ledger"], untouched["rejects_by_code"])
    assert (untouched["rejects_superseded"], report["rejects_superseded"]) == (0, 1)


def test_removed_rejects_of_prepare_are_told(run: FinishedRun) -> None:
    run.s3.delete_object(Bucket=BUCKET, Key=run.prepared.rejects_key)
    [gone] = run.look_again()["problems"]
    assert f"s3://{BUCKET}/{run.prepared.rejects_key}: clear the task fetch_error_files" in gone
    run.fetch()

    report = run.look_again()

    assert (report["ledger"]["rejected_before_upload"], report["ledger"]["unaccounted"]) == (0, 1)
    assert any(problem.startswith("prepare rejected 1 rows, but ") for problem in report["problems"])


def test_all_of_it_at_once_is_told_apart(run: FinishedRun, wanted: Callable[..., None]) -> None:
    wanted(VerifyMode.FULL, foreign=ForeignPolicy.FAIL)
    run.drop_item()
    run.change_item()
    run.add_item()
    run.remove_error_file()
    run.add_superseded_reject()
    run.fetch()

    report = run.look_again()

    assert counts(report) == {"missing": 1, "changed": 1, "unfinished": 0, "stale": 0, "foreign": 1}
    assert (report["rejects_missing"], report["rejects_superseded"]) == (1, 1)
    assert len(report["problems"]) == 5
    assert {line["kind"] for line in run.differences(report)} == {"missing", "changed", "foreign"}


def test_what_was_mended_is_green_again(run: FinishedRun, wanted: Callable[..., None]) -> None:
    wanted(VerifyMode.FULL)
    run.drop_item()
    assert run.look_again()["problems"]
    put_items(run.dynamodb, [run.item(RowConverter(run.dataset.rules), 5)])

    assert run.look_again()["problems"] == []


@pytest.mark.parametrize("in_the_table", [True, False])
def test_rows_of_a_failed_batch_may_be_absent_or_equal(
    run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode, in_the_table: bool
) -> None:
    wanted(mode)
    rows = [{"_row": str(number), **source_row(number)} for number in (4, 5)]
    succeeded = answer(len(WRITTEN) - 2, [reject_id("cars-1", IN_THE_LAMBDA)])
    put_results(run.s3, "cars-1", {"SUCCEEDED": [succeeded], "FAILED": [batch_that_failed(rows)]})
    run.states.counts = {"succeeded": SOURCE_ROWS - 3, "failed": 2}
    run.end_badly()
    run.fetch()
    if not in_the_table:
        run.drop_item("A_4")
        run.change_item("A_5")

    report = run.look_again()

    assert counts(report) == {**NOTHING, "unfinished": 0 if in_the_table else 2}
    waited, problem = report["problems"]
    assert waited == f"Task wait ended as failed: {LOST}"
    assert problem.startswith("2 rows are in batches that failed")


@pytest.mark.parametrize(("tolerated", "green"), [(100 * 3 / 12, True), (100 * 2 / 12, False)])
def test_failed_rows_leave_a_run_green_up_to_exactly_what_the_data_set_file_tolerates(
    run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode, tolerated: float, green: bool
) -> None:
    """Of the failed rows one is in the table, one is not, and one has an older item."""
    wanted(mode, foreign=ForeignPolicy.FAIL)
    run.dataset = replace(run.dataset, gates=replace(run.dataset.gates, tolerated_failure_percent=tolerated))
    rows = [{"_row": str(number), **source_row(number)} for number in (4, 5, 6)]
    succeeded = answer(len(WRITTEN) - 3, [reject_id("cars-1", IN_THE_LAMBDA)])
    failed = batch_that_failed(rows, error="States.Timeout")
    put_results(run.s3, "cars-1", {"SUCCEEDED": [succeeded], "FAILED": [failed]})
    run.states.counts = {"succeeded": SOURCE_ROWS - 4, "failed": 3}
    run.fetch()
    run.drop_item("A_5")
    run.change_item("A_6")

    report = run.look_again()

    assert (report["problems"] == []) is green
    assert report["accounted"] is green
    assert (report["ledger"]["failed"], report["ledger"]["rejected"]) == (3, 1)
    assert report["failures_by_error"] == {"States.Timeout": 3}
    assert sum(report["rejects_by_code"].values()) == 2
    assert counts(report) == {**NOTHING, "unfinished": 2}
    assert {line["row"] for line in run.differences(report)} == {5, 6}


def test_a_stopped_map_run_without_result_files_lets_expect_nothing_for_certain(
    run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode
) -> None:
    wanted(mode)
    run.end_badly("ABORTED")
    run.executions = [replace(execution("ABORTED"), name="cars-1-2")]
    run.fetch()
    run.drop_item()

    checked = run.verify()

    assert checked is not None
    assert checked.counts == {"unfinished": 1}


# when nothing is checked


def test_a_data_set_that_wants_no_check_gets_none(run: FinishedRun, wanted: Callable[..., None]) -> None:
    wanted(VerifyMode.NONE)
    run.drop_item()

    report = run.look_again()

    assert report["problems"] == []
    assert (report["verification"]["mode"], report["verification"]["keys_checked"]) == ("none", 0)
    assert "verification" not in report["witnesses"]


@pytest.mark.parametrize("executions", [[], [execution("RUNNING")]])
def test_what_was_not_migrated_or_still_is_is_not_checked(run: FinishedRun, executions: list[Any]) -> None:
    run.executions, run.ended = executions, None

    assert run.verify() is None
    assert steps.check_table("cars", None, None, None, "run") is None


def test_a_prepared_file_that_was_changed_is_no_witness(run: FinishedRun) -> None:
    run.s3.put_object(Bucket=BUCKET, Key=run.prepared.file_key, Body=b"_row,Car ID\n1,1\n")

    with pytest.raises(AirflowFailException, match="SHA-256"):
        run.verify()


# by default


def test_by_default_every_key_is_checked_and_the_report_says_so(run: FinishedRun) -> None:
    run.add_item()

    report = run.look_again()

    assert run.dataset.policies.verify.mode is VerifyMode.AUTO
    assert report["verification"]["mode"] == "full"
    assert counts(report) == {**NOTHING, "foreign": 1}


@pytest.mark.parametrize("too_many", ["rows", "items"])
def test_by_default_a_file_or_a_table_that_is_too_large_is_checked_by_a_sample(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch, too_many: str
) -> None:
    monkeypatch.setattr(policies, "WHOLE_UP_TO", SOURCE_ROWS - 2 if too_many == "rows" else SOURCE_ROWS)
    if too_many == "items":
        put_items(run.dynamodb, [{"id": {"S": f"Z_{number}"}} for number in range(3)])

    report = run.look_again()

    assert report["verification"]["mode"] == "sample"
    assert counts(report) == NOTHING


# a sample


def test_a_sample_of_some_keys_is_the_same_at_every_attempt(run: FinishedRun, wanted: Callable[..., None]) -> None:
    wanted(VerifyMode.SAMPLE, sample_size=4)
    for number in WRITTEN:
        run.drop_item(f"A_{number}")

    first, second = run.look_again(), run.look_again()

    assert (first["verification"]["keys_checked"], first["verification"]["missing"]) == (4, 4)
    assert {**first["verification"], "at": 0} == {**second["verification"], "at": 0}


def draw(run: FinishedRun, *numbers: int) -> None:
    """Let prepare have drawn these rows."""
    rows = [["_row", *HEADER], *([number, *source_row(number).values()] for number in numbers)]
    body, key = format_rows(rows).encode(), "reports/cars/cars-1/sample.csv"
    run.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    file = run.s3.head_object(Bucket=BUCKET, Key=run.prepared.file_key)
    digest = hashlib.sha256(body).hexdigest()
    run.prepared = replace(run.prepared, sample_key=key, sample_sha256=digest, etag=file["ETag"])


def test_the_sample_that_prepare_drew_is_taken_and_not_the_whole_file(
    run: FinishedRun, wanted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted(VerifyMode.SAMPLE, sample_size=2)
    draw(run, IN_THE_LAMBDA, BEFORE_UPLOAD, 4, 6)
    run.drop_item("A_4")
    fetched = []
    fetch = verification.fetch
    monkeypatch.setattr(verification, "fetch", lambda *given, **more: fetched.append(given[2]) or fetch(*given, **more))

    report = run.look_again()

    assert (report["verification"]["keys_checked"], report["verification"]["missing"]) == (2, 1)
    assert fetched == [run.prepared.sample_key]


def test_a_sample_of_which_too_many_rows_were_rejected_is_taken_of_the_whole_file(
    run: FinishedRun, wanted: Callable[..., None]
) -> None:
    wanted(VerifyMode.SAMPLE, sample_size=5)
    draw(run, IN_THE_LAMBDA, BEFORE_UPLOAD, 4, 6)

    assert run.look_again()["verification"]["keys_checked"] == 5


def test_a_sample_is_none_of_a_file_that_was_changed(run: FinishedRun, wanted: Callable[..., None]) -> None:
    wanted(VerifyMode.SAMPLE, sample_size=2)
    draw(run, 4, 6)
    stored, sample = run.prepared.file_key, run.prepared.sample_key
    body = run.s3.get_object(Bucket=BUCKET, Key=stored)["Body"].read()
    run.prepared = replace(run.prepared, etag="of the same bytes, uploaded before")
    assert run.look_again()["problems"] == []

    run.s3.put_object(Bucket=BUCKET, Key=stored, Body=body.replace(b"2004", b"1999"))
    with pytest.raises(AirflowFailException, match=r"has SHA-256 \w+, not \w+: it was changed after its upload"):
        run.verify()
    run.s3.delete_object(Bucket=BUCKET, Key=stored)
    with pytest.raises(AirflowFailException, match="is gone"):
        run.verify()
    run.s3.put_object(Bucket=BUCKET, Key=stored, Body=body)
    run.s3.put_object(Bucket=BUCKET, Key=sample, Body=b"another")
    with pytest.raises(AirflowFailException, match="SHA-256"):
        run.verify()


@pytest.mark.parametrize("says", [5, None, 10**9])
def test_a_reject_that_says_another_row_than_its_id_is_of_the_row_of_its_id(
    run: FinishedRun, wanted: Callable[..., None], mode: VerifyMode, says: int | None
) -> None:
    wanted(mode)
    put_error_file(run.s3, [reject(reject_id("cars-1", IN_THE_LAMBDA), row=says)])
    run.fetch()
    run.drop_item("A_5")

    report = run.look_again()

    assert counts(report) == {**NOTHING, "missing": 1}
    assert run.differences(report) == [{"kind": "missing", "key": "A_5", "row": 5}]


def test_nothing_is_left_on_the_disk(run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    run.verify()

    assert [path.name for path in tmp_path.iterdir()] == ["cars.toml"]


# the gates


def test_all_rows_rejected_fail_by_the_reject_gate(run: FinishedRun) -> None:
    ids = {reject_id("cars-1", number): number for number in range(1, SOURCE_ROWS + 1) if number != BEFORE_UPLOAD}
    put_results(run.s3, "cars-1", {"SUCCEEDED": [answer(0, list(ids))]})
    put_error_file(run.s3, [reject(one, row=row) for one, row in ids.items()], "c")
    run.fetch()
    for number in WRITTEN:
        run.drop_item(f"A_{number}")

    report = run.look_again()

    assert (report["ledger"]["rejected"], report["verification"]["keys_checked"]) == (11, 0)
    [problem] = report["problems"]
    assert problem.startswith("12 of 12 rows (100.00 %) were rejected, more than gates.max_reject_percent = 20")


# what changed


@pytest.fixture
def changing(run: FinishedRun) -> FinishedRun:
    """The same run, as one that found rows 7 and above unchanged: the others are the file that its execution read."""
    numbers = [number for number in range(1, SOURCE_ROWS + 1) if number != BEFORE_UPLOAD]
    written = [[number, *source_row(number).values()] for number in numbers if number < 7]
    body = format_rows([["_row", *HEADER], *written]).encode()
    run.s3.put_object(Bucket=BUCKET, Key="changed", Body=body)
    run.prepared = replace(
        run.prepared,
        difference=difference(
            file_key="changed",
            sha256=hashlib.sha256(body).hexdigest(),
            new=0,
            changed=len(written),
            unchanged=len(numbers) - len(written),
        ),
    )
    return run


def checked(run: FinishedRun) -> CheckedTable:
    found = run.verify()
    assert found is not None
    return found


def test_what_a_run_wrote_is_checked_and_a_sample_of_what_it_left_as_it_was(
    changing: FinishedRun, wanted: Callable[..., None]
) -> None:
    wanted(VerifyMode.CHANGED, sample_size=3)
    draw(changing, 6, 8, 9)
    looked_at = [f"A_{number}" for number in (*(one for one in WRITTEN if one < 7), 8, 9)]

    assert checked(changing).keys_checked == len(looked_at)
    assert not checked(changing).counts
    changing.drop_item("A_10")
    changing.add_item("Z_1")
    assert not checked(changing).counts, "an unchanged row that was not drawn, and an item of other origin"
    changing.drop_item("A_9")
    changing.change_item("A_6")
    found = checked(changing)
    assert dict(found.counts) == {DifferenceKind.MISSING: 1, DifferenceKind.CHANGED: 1}
    assert {(one.kind, one.key, one.attributes) for one in found.examples} == {
        (DifferenceKind.MISSING, "A_9", ()),
        (DifferenceKind.CHANGED, "A_6", ("Year",)),
    }


def test_an_item_of_another_row_is_not_stale_for_a_rejected_one_of_its_key(
    changing: FinishedRun, wanted: Callable[..., None]
) -> None:
    wanted(VerifyMode.CHANGED, foreign=ForeignPolicy.FAIL)
    changing.add_item(f"A_{IN_THE_LAMBDA}")
    assert dict(checked(changing).counts) == {DifferenceKind.STALE: 1}
    changing.drop_item("A_12")
    rival = {**source_row(12), "Car ID": str(IN_THE_LAMBDA)}
    made = RowConverter(changing.dataset.rules).convert(rival)
    assert isinstance(made, dict)
    put_items(changing.dynamodb, [made])
    rows = [(number, rival if number == 12 else source_row(number)) for number in range(3, SOURCE_ROWS + 1)]
    body = format_rows([["_row", *HEADER], *([str(number), *row.values()] for number, row in rows)]).encode()
    changing.s3.put_object(Bucket=BUCKET, Key="rivals", Body=body)
    sha256 = hashlib.sha256(body).hexdigest()
    changing.prepared = replace(changing.prepared, file_key="rivals", sha256=sha256, bytes=len(body))

    assert not checked(changing).counts


def test_rows_to_write_that_were_changed_after_their_upload_are_no_witness(
    changing: FinishedRun, wanted: Callable[..., None]
) -> None:
    wanted(VerifyMode.CHANGED)
    changing.s3.put_object(Bucket=BUCKET, Key="changed", Body=b"_row,Car ID\n")

    with pytest.raises(AirflowFailException, match="was changed after its upload"):
        changing.verify()


def test_where_nothing_was_to_be_written_a_sample_is_checked(
    changing: FinishedRun, wanted: Callable[..., None]
) -> None:
    wanted(VerifyMode.CHANGED, sample_size=2)
    told = changing.prepared.difference
    assert told is not None
    rows = changing.prepared.prepared_rows
    changing.prepared = replace(changing.prepared, difference=replace(told, changed=0, unchanged=rows))
    changing.executions, changing.ended = [], None

    assert checked(changing).keys_checked == 2


# deletions


@pytest.fixture
def deleting(run: FinishedRun) -> FinishedRun:
    """The same run of a file that also deletes five items: two were left alone or are unfinished."""
    lines = "".join(json.dumps({"id": {"S": f"V_{number}"}}) + "\n" for number in (1, 2, 3, 4, 5, "of no deletion"))
    run.s3.put_object(Bucket=BUCKET, Key="vanished", Body=lines.encode())
    body = run.s3.get_object(Bucket=BUCKET, Key=run.prepared.file_key)["Body"].read()
    run.s3.put_object(Bucket=BUCKET, Key="changed", Body=body)
    run.prepared = replace(
        run.prepared,
        difference=difference(
            file_key="changed",
            sha256=run.prepared.sha256,
            new=11,
            vanished=6,
            deletions=5,
            vanished_key="vanished",
            vanished_sha256=hashlib.sha256(lines.encode()).hexdigest(),
            base=None,
            why_all="no snapshot of a green run is there",
        ),
    )
    rejected = [reject_id("cars-1", IN_THE_LAMBDA)]
    failed = {"_row": "-4", "Car ID": '{"key":"V_4","digests":["0a"]}', "Year": "", "Note": ""}
    put_results(
        run.s3,
        "cars-1",
        {
            "SUCCEEDED": [answer(len(WRITTEN), rejected), answer_of_deletions(3, [2])],
            "FAILED": [batch_that_failed([failed])],
        },
    )
    run.states.counts = {"succeeded": SOURCE_ROWS - 1 + 4, "failed": 1}
    run.fetch()
    run.dataset = replace(run.dataset, gates=replace(run.dataset.gates, tolerated_failure_percent=20.0))
    return run


def test_a_deleted_key_that_is_there_is_undeleted_and_those_left_alone_or_unfinished_are_not_looked_for(
    deleting: FinishedRun, wanted: Callable[..., None], mode: VerifyMode
) -> None:
    wanted(mode)
    for key in ("V_2", "V_4", "V_of no deletion"):
        deleting.add_item(key)

    green = deleting.look_again()

    assert green["accounted"], green["problems"]
    assert "undeleted" not in green["verification"]
    assert green["verification"]["keys_checked"] == len(WRITTEN) + 3
    changes = green["changes"]
    assert (changes["to_delete"], changes["deleted"], changes["left_alone"]) == (5, 3, 1)

    deleting.add_item("V_5")
    red = deleting.look_again()

    assert (red["verification"]["undeleted"], red["accounted"]) == (1, False)
    [problem] = red["problems"]
    assert "have an item that the run says it deleted: V_5; see" in problem
    assert {"kind": "undeleted", "key": "V_5", "row": -5} in deleting.differences(red)


def test_the_deletions_of_a_sample_are_the_same_at_every_attempt(
    deleting: FinishedRun, wanted: Callable[..., None]
) -> None:
    wanted(VerifyMode.SAMPLE, sample_size=1)
    for number in (1, 3, 5):
        deleting.add_item(f"V_{number}")

    [first] = deleting.differences(deleting.look_again())

    assert deleting.differences(deleting.look_again()) == [first]
    assert first["kind"] == "undeleted"


def test_a_stopped_map_run_without_result_files_lets_expect_no_item_gone(
    deleting: FinishedRun, wanted: Callable[..., None], mode: VerifyMode
) -> None:
    wanted(mode)
    deleting.end_badly("ABORTED")
    deleting.executions = [replace(execution("ABORTED"), name="cars-1-2")]
    deleting.fetch()
    deleting.add_item("V_1")

    checked = deleting.verify()

    assert checked is not None
    assert checked.count(DifferenceKind.UNDELETED) == 0


def test_a_list_of_vanished_keys_that_was_changed_is_no_witness(deleting: FinishedRun) -> None:
    deleting.s3.put_object(Bucket=BUCKET, Key="vanished", Body=b"")

    with pytest.raises(AirflowFailException, match="vanished"):
        deleting.verify()
