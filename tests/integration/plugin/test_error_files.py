"""The error files: awaited by identity, each reject once, whatever Firehose did with them."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from csvdynamo.errors import RejectError, ResultFileError
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.codes import Stage
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.outcome import outcome_tables
from csvdynamo_airflow.outcome.error_objects import error_objects_digest, read_rejects
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.outcome.objects_read import changed_objects
from csvdynamo_airflow.storage import disk_space
from csvdynamo_airflow.storage.stored_file import ObjectError
from csvdynamo_airflow.storage.workspace import HEADROOM_BYTES, NoSpaceError
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    batch_that_failed,
    batch_that_never_started,
    failed,
    pending,
    put_error_file,
    put_firehose_error,
    put_results,
    reject,
)
from tests.integration.plugin.outcome_tables import batches_of, digests_of, rows_of, told_of
from tests.unit.plugin.run_findings import RULES, execution, prepared_file

PREPARED = prepared_file(100, bucket=BUCKET)


def gathered(s3: Any, earlier: Outcome | None = None) -> tuple[Outcome, list[Reject]]:
    outcome = gather(s3, "cars", PREPARED, execution(), earlier)
    if outcome.key is None:
        return outcome, []
    lines = s3.get_object(Bucket=BUCKET, Key=outcome.key)["Body"].read().split(b"\n")
    return outcome, [Reject.from_json(line) for line in lines if line]


def missing(s3: Any) -> int:
    return gather(s3, "cars", PREPARED, execution()).missing


def test_every_reject_that_counts_is_awaited(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b"]), answer(9, ["c"])]})
    assert missing(s3) == 3

    put_error_file(s3, [reject("a"), reject("c")], "1")
    outcome = gathered(s3)[0]
    assert (outcome.missing, outcome.missing_ids) == (1, ("b",))

    put_error_file(s3, [reject("b")], "2")
    assert missing(s3) == 0


def test_of_an_outcome_with_missing_rejects_the_error_files_alone_are_read_again(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = {
        "SUCCEEDED": [answer(8, ["a", "b"]), answer(9)],
        "FAILED": [failed(3, error="E")],
        "PENDING": [pending(2)],
    }
    put_results(s3, "cars-1", results)
    put_error_file(s3, [reject("b", row=7)], "1")
    first = gathered(s3)[0]
    assert (first.missing, first.rejects) == (1, 1)
    put_error_file(s3, [reject("a", row=9), reject("b", row=7)], "2")
    read = []
    get_object = s3.get_object
    monkeypatch.setattr(s3, "get_object", lambda **asked: read.append(asked["Key"]) or get_object(**asked))

    again = gathered(s3, first)[0]

    assert [key for key in read if key.startswith("results/")] == []
    tables = rows_of(s3, again), batches_of(s3, again)
    whole = gathered(s3)[0]
    assert [key for key in read if key.startswith("results/")] != []
    assert told_of(again) == told_of(whole)
    assert (again.missing, again.rejects, again.failed, again.unstarted) == (0, 2, 3, 2)
    assert tables == (rows_of(s3, whole), batches_of(s3, whole))


def test_a_result_file_that_changed_between_two_readings_is_none_of_what_was_read(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(99, ["a"])]})
    first = gathered(s3)[0]
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(100)]})
    put_error_file(s3, [reject("a")])

    again = gathered(s3, first)[0]

    assert (again.written, again.rejects) == (99, 1)
    assert f"{FOLDER}/SUCCEEDED_0.json" in changed_objects(s3, PREPARED, again)


FOLDER = "results/cars-1/5eeb5c7c"


def test_what_an_earlier_reading_wrote_is_not_taken_once_it_was_changed(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    first = gathered(s3)[0]
    put_error_file(s3, [reject("a")])
    s3.put_object(Bucket=BUCKET, Key=first.rows_key, Body=b"another")

    with pytest.raises(ObjectError, match=r"outcome\.parquet has SHA-256"):
        gathered(s3, first)
    s3.delete_object(Bucket=BUCKET, Key=first.rows_key)
    with pytest.raises(ObjectError, match=r"is gone\. Clear the task fetch_error_files, which stores it again"):
        gathered(s3, first)


@pytest.mark.parametrize("results", [None, {}, {"FAILED": [failed(3)]}, {"SUCCEEDED": [answer(5)]}])
def test_nothing_is_awaited_where_no_batch_counted_a_reject(s3: Any, results: Any) -> None:
    if results is not None:
        put_results(s3, "cars-1", results)

    outcome = gathered(s3)[0]
    assert (outcome.missing, outcome.answered) == (0, results is not None)


def test_the_rejects_of_another_execution_do_not_count(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    put_error_file(s3, [reject("a", "cars-1-2")], execution="cars-1-2")
    put_error_file(s3, [reject("a", "cars-1-2")])

    assert missing(s3) == 1


def test_after_a_redrive_the_newest_manifest_says_what_counts(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])], "FAILED": [failed(10)]})
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"]), answer(9, ["b"])]})

    assert gathered(s3)[0].missing_ids == ("a", "b")


def test_each_reject_is_told_once_however_often_it_was_delivered(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b"])]})
    put_error_file(s3, [reject("a"), "", reject("a"), reject("b", code="MISSING_KEY")], "1")
    put_error_file(s3, [reject("a")], "2")

    outcome, rejects = gathered(s3)

    assert [found.reject_id for found in rejects] == ["a", "b"]
    assert rejects[0] == reject("a")
    assert (outcome.rejects, outcome.by_code) == (2, {"BAD_TYPE": 1, "MISSING_KEY": 1})
    assert (outcome.missing, outcome.superseded, outcome.misfiled) == (0, 0, 0)


def test_rejects_are_told_in_the_order_of_the_rows(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b", "c", "d"])]})
    put_error_file(s3, [reject("c", row=30), reject("a", row=200), reject("d", row=None)], "1")
    put_error_file(s3, [reject("b", row=4)], "2")

    outcome, rejects = gathered(s3)

    assert [found.row for found in rejects] == [4, 30, 200, None]
    assert [row["row"] for row in rows_of(s3, outcome)] == [4, 30, 200, None]


def test_the_table_has_every_row_that_was_not_plainly_written_and_who_said_so(s3: Any) -> None:
    prepared = prepared_file(100, 1, bucket=BUCKET)
    before = reject("before", row=2, code="BAD_WIDTH", stage=Stage.PREPARE, column=None, message='say "no"')
    s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=before.to_json().encode() + b"\n")
    results = {
        "SUCCEEDED": [answer(9, ["a"]), answer(8, ["b"])],
        "FAILED": [batch_that_failed([{"_row": "7", "id": "x"}], error="E", cause="no, it is not")],
        "PENDING": [batch_that_never_started([{"_row": "1", "id": "y"}])],
    }
    put_results(s3, "cars-1", results)
    delivered = put_error_file(s3, [reject("a", row=5, message="a\u2028b")])

    outcome = gather(s3, "cars", prepared, execution("FAILED"))

    folder = "results/cars-1/5eeb5c7c"
    columns = ("row", "standing", "stage", "code", "column", "message", "reject_id", "batch", "object")
    assert [tuple(row[name] for name in columns) for row in rows_of(s3, outcome)] == [
        *[(1, "unstarted", None, "BATCH_NOT_STARTED", None, NEVER, None, 4, f"{folder}/PENDING_0.json")],
        *[
            (
                2,
                "rejected_before_upload",
                "prepare",
                "BAD_WIDTH",
                None,
                'say "no"',
                "before",
                None,
                prepared.rejects_key,
            )
        ],
        *[(5, "rejected", "validate", "BAD_TYPE", "Model Year", "a\\u2028b", "a", 1, delivered)],
        *[(7, "failed", None, "BATCH_FAILED", None, FAILED, None, 3, f"{folder}/FAILED_0.json")],
        *[(None, "missing", None, None, None, None, "b", 2, f"{folder}/SUCCEEDED_0.json")],
    ]
    columns = ("batch", "status", "rows", "written", "rejected", "rules", "error", "object")
    assert [tuple(batch[name] for name in columns) for batch in batches_of(s3, outcome)] == [
        (1, "SUCCEEDED", 10, 9, 1, RULES, None, f"{folder}/SUCCEEDED_0.json"),
        (2, "SUCCEEDED", 9, 8, 1, RULES, None, f"{folder}/SUCCEEDED_0.json"),
        (3, "FAILED", 1, None, None, None, "E", f"{folder}/FAILED_0.json"),
        (4, "PENDING", 1, None, None, None, "PENDING", f"{folder}/PENDING_0.json"),
    ]


NEVER = "its batch was never started: the Map Run ended before"
FAILED = "its batch is FAILED: E: no, it is not"


def test_ids_that_no_function_of_ours_makes_stay_apart(s3: Any) -> None:
    """A record is whatever Firehose was given: ids with line feeds, quotes and half of a surrogate pair."""
    odd = ["a\nb", "a\\nb", 'a"b', "a,b", "a\ud800", ""]
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, odd)]})
    put_error_file(s3, [reject(one, code=f"C\n{one}", message=f"{one}\r\n\0") for one in odd])

    outcome, rejects = gathered(s3)

    assert [one.reject_id for one in rejects] == odd
    assert (outcome.rejects, outcome.missing, outcome.superseded) == (6, 0, 0)


def test_objects_and_ids_that_duckdb_could_not_read_stop_no_run(s3: Any) -> None:
    """A key may have a carriage return, and an id as many characters as a record."""
    endless = "é" * 510_000
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", endless])]})
    put_firehose_error(s3, reject("z", "another").to_json().encode(), name="a\rb")
    put_error_file(s3, [reject("a"), reject(endless), reject(endless + "x")], "c\rd")

    outcome, rejects = gathered(s3)

    assert [one.reject_id for one in rejects] == ["a", endless]
    assert (outcome.rejects, outcome.missing, outcome.superseded) == (2, 0, 1)
    [said] = {row["object"] for row in rows_of(s3, outcome)}
    assert said == "migration_errors/execution_name=cars-1/2026/01/02/c\\rd"


def test_error_files_that_lack_a_row_of_the_tables_are_refused(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b"])], "FAILED": [failed(3)]})
    put_error_file(s3, [reject("a"), reject("b")])
    records = outcome_tables.OutcomeTables.records
    monkeypatch.setattr(outcome_tables.OutcomeTables, "records", lambda tables: list(records(tables))[:-1])

    with pytest.raises(MigrationError, match=r"The error files have 4 rows, and the tables .* tell 5"):
        gathered(s3)


def test_rejects_of_attempts_that_were_repeated_are_superseded(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])], "FAILED": [failed(10)]})
    put_error_file(s3, [reject("of the failed batch"), reject("a"), reject("of the failed batch")])

    outcome, rejects = gathered(s3)

    assert [found.reject_id for found in rejects] == ["a"]
    assert (outcome.superseded, outcome.rejects) == (1, 1)


def test_rejects_that_never_arrived_are_counted(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b", "c"])]})
    put_error_file(s3, [reject("b")])

    outcome = gathered(s3)[0]

    assert (outcome.rejects, outcome.answered_rejects, outcome.missing) == (1, 3, 2)
    assert (outcome.missing_ids, outcome.by_code) == (("a", "c"), {"BAD_TYPE": 1})


def test_rejects_that_firehose_could_not_partition_are_found(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b"])]})
    two = "\n".join([reject("a").to_json(), reject("b").to_json(), ""]).encode()
    put_firehose_error(s3, two, reject("c", "another-execution").to_json().encode())

    outcome, rejects = gathered(s3)

    assert (outcome.rejects, outcome.misfiled, outcome.superseded) == (2, 2, 0)
    assert rejects == [reject("a"), reject("b")]


@pytest.mark.parametrize("rubbish", [b"\xff\xfe", b"not json", b"[]", b"[" * 20_000, b'{"execution_name": "cars-1"}'])
def test_rubbish_that_firehose_could_not_partition_stops_no_run_and_is_logged(
    s3: Any, rubbish: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    key = put_firehose_error(s3, rubbish)
    s3.put_object(Bucket=BUCKET, Key=f"{key}-2", Body=b"no document\n" + b"[" * 20_000)
    put_error_file(s3, [reject("a")])

    with caplog.at_level(logging.WARNING):
        assert gathered(s3)[0].rejects == 1
    assert f"{key} line 1" in caplog.text


@pytest.mark.parametrize("line", ["{", "[]", '{"execution_name": "cars-1"}', "\udcff"])
def test_a_malformed_line_is_named_by_key_and_line(s3: Any, line: str) -> None:
    key = "migration_errors/execution_name=cars-1/a"
    body = f"{reject('a').to_json()}\n\n{line}\n".encode("utf-8", "surrogateescape")
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    with pytest.raises(RejectError, match=f"{key} line 3"):
        list(read_rejects(s3, BUCKET, key, "cars-1"))


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "PENDING"])
def test_a_malformed_result_file_is_named_and_no_zero(s3: Any, status: Any) -> None:
    put_results(s3, "cars-1", {status: [b'{"neither": 1}']})

    with pytest.raises(ResultFileError, match=f"{status}_0"):
        gathered(s3)


def test_an_object_that_comes_while_the_others_are_read_is_read_too(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b"])]})
    first = put_error_file(s3, [reject("a")], "1")
    get_object = s3.get_object

    def deliver(**asked: Any) -> Any:
        if asked["Key"] == first:
            put_error_file(s3, [reject("b")], "2")
        return get_object(**asked)

    monkeypatch.setattr(s3, "get_object", deliver)

    outcome = gathered(s3)[0]

    assert (outcome.rejects, outcome.missing) == (2, 0)
    assert outcome.error_objects == error_objects_digest(s3, BUCKET, "cars-1")


REJECTS_KEY = "reports/cars/cars-1/rejects.jsonl"
CSV_KEY = "reports/cars/cars-1/rejects.csv"


def stored_lines(s3: Any) -> list[bytes]:
    lines: list[bytes] = s3.get_object(Bucket=BUCKET, Key=REJECTS_KEY)["Body"].read().splitlines()
    return lines


def test_the_rejects_of_prepare_and_of_the_lambda_are_one_object(s3: Any) -> None:
    prepared = prepared_file(10, 1, bucket=BUCKET)
    before = reject("before").to_json().encode()
    s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=before + b"\n")
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    put_error_file(s3, [reject("a")])

    outcome = gather(s3, "cars", prepared, execution())

    assert (outcome.key, outcome.csv_key, outcome.rejects) == (REJECTS_KEY, CSV_KEY, 1)
    assert stored_lines(s3) == [before, reject("a").to_json().encode()]


def test_the_same_rejects_are_stored_as_a_csv_with_the_sources_columns(s3: Any) -> None:
    def one(reject_id: str, value: str) -> Reject:
        return reject(reject_id, item={"id": value})

    prepared = prepared_file(10, 1, bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=one("before", "=1").to_json().encode() + b"\n")
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    put_error_file(s3, [one("a", "2")])

    gather(s3, "cars", prepared, execution())

    assert s3.get_object(Bucket=BUCKET, Key=CSV_KEY)["Body"].read().decode("utf-8-sig").splitlines() == [
        "id,_row,_code,_column,_message",
        "'=1,1,BAD_TYPE,Model Year,not a number",
        "2,1,BAD_TYPE,Model Year,not a number",
    ]


def test_rejects_of_prepare_of_many_megabytes_keep_their_bytes_and_their_order(s3: Any) -> None:
    prepared = prepared_file(10, 1, bucket=BUCKET)
    before = [reject(str(n), message=f"{n:04}" * 1_250).to_json().encode() for n in range(1_800)]
    s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=b"\n".join(before) + b"\n")
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    put_error_file(s3, [reject("a")])

    gather(s3, "cars", prepared, execution())

    assert stored_lines(s3) == [*before, reject("a").to_json().encode()]


def test_a_run_with_rejects_of_prepare_alone_keeps_them(s3: Any) -> None:
    prepared = prepared_file(1, 1, bucket=BUCKET)
    before = reject("before").to_json().encode()
    s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=before + b"\n")

    outcome = gather(s3, "cars", prepared, None)

    assert (outcome.key, outcome.csv_key, outcome.unfinished_key) == (REJECTS_KEY, CSV_KEY, None)
    assert (outcome.before, outcome.before_by_code, outcome.answered) == (1, {"BAD_TYPE": 1}, False)
    assert outcome.digests == digests_of(s3, outcome)
    assert stored_lines(s3) == [before]


def test_a_run_without_rejects_has_its_tables_and_no_error_file(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8)]})

    outcome = gather(s3, "cars", prepared_file(8, bucket=BUCKET), execution())

    assert (outcome.key, outcome.csv_key, outcome.unfinished_key, outcome.written) == (None, None, None, 8)
    assert rows_of(s3, outcome) == []
    assert [batch["written"] for batch in batches_of(s3, outcome)] == [8]
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="reports/")["Contents"]
    assert {item["Key"] for item in listed} == set(outcome.digests)


def test_what_an_earlier_fetch_wrote_is_not_left_behind_when_nothing_is_left_to_tell(s3: Any) -> None:
    """The report does not list the files any more, but a person who kept their address would read rows that are in."""
    put_results(s3, "cars-1", {"FAILED": [failed(3)]})
    first = gather(s3, "cars", prepared_file(3, bucket=BUCKET), execution("FAILED"))
    assert (first.key, first.csv_key, first.failed) == (None, CSV_KEY, 3)

    put_results(s3, "cars-1", {"SUCCEEDED": [answer(3)]})
    again = gather(s3, "cars", prepared_file(3, bucket=BUCKET), execution())

    assert (again.key, again.csv_key, again.unfinished_key, again.failed) == (None, None, None, 0)
    assert not {first.csv_key, first.unfinished_key} & set(again.digests)
    for key in (first.csv_key, first.unfinished_key):
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b""


def test_a_disk_without_room_for_the_failed_rows_is_told_before_it_is_full(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_results(s3, "cars-1", {"FAILED": [failed(3)]})
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=64 << 20))

    with pytest.raises(NoSpaceError, match="write out the rows of batches that failed"):
        gather(s3, "cars", prepared_file(3, bucket=BUCKET), execution("FAILED"))


@pytest.mark.parametrize("room", [250_000, 600_000, 1_100_000])
def test_error_files_are_stopped_before_they_fill_the_disk(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """While prepare's rejects are fetched, the others are put behind them, or the CSV of all is written."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(disk_space, "STEP_BYTES", 20_000)
    prepared = prepared_file(1_000, 500, bucket=BUCKET)
    rejects = [reject(str(number), message="x" * 1_000) for number in range(1_000)]
    s3.put_object(
        Bucket=BUCKET,
        Key=prepared.rejects_key,
        Body=b"".join(one.to_json().encode() + b"\n" for one in rejects[:500]),
    )
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(500, [one.reject_id for one in rejects[500:]])]})
    put_error_file(s3, rejects[500:])
    left: list[int] = []

    def usage(_: Path) -> SimpleNamespace:
        used = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
        left.append(HEADROOM_BYTES + room - used)
        return SimpleNamespace(free=left[-1])

    monkeypatch.setattr("shutil.disk_usage", usage)

    with pytest.raises(NoSpaceError, match="are needed to write the error files"):
        gather(s3, "cars", prepared, execution())

    assert min(left) >= HEADROOM_BYTES
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_on_the_disk(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    put_results(s3, "cars-1", {"FAILED": [failed(3)]})

    gather(s3, "cars", prepared_file(3, bucket=BUCKET), execution("FAILED"))

    assert list(tmp_path.iterdir()) == []
