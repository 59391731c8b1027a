"""The error files: awaited by identity, merged each once, whatever Firehose did with them."""

import hashlib
import io
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from csvdynamo.errors import RejectError, ResultFileError
from csvdynamo.records.rejects import Reject
from csvdynamo_airflow.documents.merged import Merged
from csvdynamo_airflow.rejects.error_files import ErrorFiles, merge, merge_rejects, read_rejects
from csvdynamo_airflow.storage import disk_space
from csvdynamo_airflow.storage.workspace import HEADROOM_BYTES, NoSpaceError
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    failed,
    put_error_file,
    put_firehose_error,
    put_results,
    reject,
)
from tests.unit.plugin.run_findings import execution, merged_files, prepared_file


def merged_of(s3: Any) -> tuple[Merged, list[Reject]]:
    out = io.BytesIO()
    merged = merge(s3, BUCKET, "cars-1", out)
    return merged, [Reject.from_json(line) for line in out.getvalue().split(b"\n") if line]


def test_every_reject_that_counts_is_awaited(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b"]), answer(9, ["c"])]})
    files = ErrorFiles.expected(s3, BUCKET, "cars-1")

    assert not files.look(s3)
    put_error_file(s3, [reject("a"), reject("c")], "1")
    assert not files.look(s3)
    assert files.missing == {"b"}
    put_error_file(s3, [reject("b")], "2")
    assert files.look(s3)


def test_an_error_file_is_read_once(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b"])]})
    key = put_error_file(s3, [reject("a")])
    files = ErrorFiles.expected(s3, BUCKET, "cars-1")
    files.look(s3)
    read = []
    get_object = s3.get_object
    monkeypatch.setattr(s3, "get_object", lambda **asked: read.append(asked["Key"]) or get_object(**asked))

    files.look(s3)

    assert key not in read


@pytest.mark.parametrize("results", [None, {}, {"FAILED": [failed(3)]}, {"SUCCEEDED": [answer(5)]}])
def test_nothing_is_awaited_where_no_batch_counted_a_reject(s3: Any, results: Any) -> None:
    if results is not None:
        put_results(s3, "cars-1", results)

    assert ErrorFiles.expected(s3, BUCKET, "cars-1").look(s3)


def test_the_rejects_of_another_execution_do_not_count(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    put_error_file(s3, [reject("a", "cars-1-2")], execution="cars-1-2")
    put_error_file(s3, [reject("a", "cars-1-2")])

    assert not ErrorFiles.expected(s3, BUCKET, "cars-1").look(s3)


def test_after_a_redrive_the_newest_manifest_says_what_counts(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])], "FAILED": [failed(10)]})
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"]), answer(9, ["b"])]})

    assert ErrorFiles.expected(s3, BUCKET, "cars-1").missing == {"a", "b"}


def test_each_reject_is_merged_once_however_often_it_was_delivered(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b"])]})
    put_error_file(s3, [reject("a"), "", reject("a"), reject("b", code="MISSING_KEY")], "1")
    put_error_file(s3, [reject("a")], "2")

    merged, rejects = merged_of(s3)

    assert [found.reject_id for found in rejects] == ["a", "b"]
    assert rejects[0] == reject("a")
    assert merged == Merged(rejects=2, by_code={"BAD_TYPE": 1, "MISSING_KEY": 1})


def test_rejects_of_attempts_that_were_repeated_are_superseded(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])], "FAILED": [failed(10)]})
    put_error_file(s3, [reject("of the failed batch"), reject("a"), reject("of the failed batch")])

    merged, rejects = merged_of(s3)

    assert [found.reject_id for found in rejects] == ["a"]
    assert (merged.superseded, merged.rejects) == (1, 1)


def test_rejects_that_never_arrived_are_counted(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b", "c"])]})
    put_error_file(s3, [reject("b")])

    assert merged_of(s3)[0] == Merged(rejects=1, missing=2, missing_ids=("a", "c"), by_code={"BAD_TYPE": 1})


def test_rejects_that_firehose_could_not_partition_are_found(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a", "b"])]})
    two = "\n".join([reject("a").to_json(), reject("b").to_json(), ""]).encode()
    put_firehose_error(s3, two, reject("c", "another-execution").to_json().encode())

    assert ErrorFiles.expected(s3, BUCKET, "cars-1").look(s3)
    merged, rejects = merged_of(s3)
    assert (merged.rejects, merged.misfiled, merged.superseded) == (2, 2, 0)
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
        assert merged_of(s3)[0].rejects == 1
    assert f"{key} line 1" in caplog.text


@pytest.mark.parametrize("line", ["{", "[]", '{"execution_name": "cars-1"}', "\udcff"])
def test_a_malformed_line_is_named_by_key_and_line(s3: Any, line: str) -> None:
    key = "migration_errors/execution_name=cars-1/a"
    body = f"{reject('a').to_json()}\n\n{line}\n".encode("utf-8", "surrogateescape")
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    with pytest.raises(RejectError, match=f"{key} line 3"):
        list(read_rejects(s3, BUCKET, key, "cars-1"))


def test_a_malformed_result_file_is_named(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [b"{}"]})

    with pytest.raises(ResultFileError, match="SUCCEEDED_0"):
        ErrorFiles.expected(s3, BUCKET, "cars-1")


MERGED_KEY = "reports/cars/cars-1/rejects.jsonl"
CSV_KEY = "reports/cars/cars-1/rejects.csv"


def digest_of(s3: Any, key: str) -> str:
    return hashlib.sha256(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).hexdigest()


def stored_lines(s3: Any) -> list[bytes]:
    lines: list[bytes] = s3.get_object(Bucket=BUCKET, Key=MERGED_KEY)["Body"].read().splitlines()
    return lines


def test_the_rejects_of_prepare_and_of_the_lambda_are_one_object(s3: Any) -> None:
    prepared = prepared_file(10, 1, bucket=BUCKET)
    before = reject("before").to_json().encode()
    s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=before + b"\n")
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    put_error_file(s3, [reject("a")])

    merged = merge_rejects(s3, "cars", prepared, execution())

    assert (merged.key, merged.csv_key, merged.rejects) == (MERGED_KEY, CSV_KEY, 1)
    assert stored_lines(s3) == [before, reject("a").to_json().encode()]


def test_the_same_rejects_are_stored_as_a_csv_with_the_sources_columns(s3: Any) -> None:
    def one(reject_id: str, value: str) -> Reject:
        return reject(reject_id, item={"id": value})

    prepared = prepared_file(10, 1, bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=one("before", "=1").to_json().encode() + b"\n")
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    put_error_file(s3, [one("a", "2")])

    merge_rejects(s3, "cars", prepared, execution())

    assert s3.get_object(Bucket=BUCKET, Key=CSV_KEY)["Body"].read().decode("utf-8-sig").splitlines() == [
        "id,_row,_code,_column,_message",
        "'=1,1,BAD_TYPE,Model Year,not a number",
        "2,1,BAD_TYPE,Model Year,not a number",
    ]


def test_rejects_of_prepare_that_are_fetched_in_parts_are_not_written_over(s3: Any) -> None:
    """boto3 fetches what is over 8 MB in parts, and leaves the file's position behind the part that came last."""
    prepared = prepared_file(10, 1, bucket=BUCKET)
    before = [reject(str(n), message=f"{n:04}" * 250).to_json().encode() for n in range(9_000)]
    s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=b"\n".join(before) + b"\n")
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    put_error_file(s3, [reject("a")])
    download = s3.download_fileobj

    class Client:
        def __getattr__(self, name: str) -> Any:
            return getattr(s3, name)

        def download_fileobj(self, bucket: str, key: str, file: Any) -> None:
            download(bucket, key, file)
            file.seek(1024)  # as it may be

    merge_rejects(Client(), "cars", prepared, execution())

    assert stored_lines(s3) == [*before, reject("a").to_json().encode()]


def test_a_run_with_rejects_of_prepare_alone_keeps_them(s3: Any) -> None:
    prepared = prepared_file(1, 1, bucket=BUCKET)
    before = reject("before").to_json().encode()
    s3.put_object(Bucket=BUCKET, Key=prepared.rejects_key, Body=before + b"\n")

    merged = merge_rejects(s3, "cars", prepared, None)

    digests = {key: digest_of(s3, key) for key in (MERGED_KEY, CSV_KEY)}
    assert merged == Merged(key=MERGED_KEY, csv_key=CSV_KEY, before=1, digests=digests)
    assert stored_lines(s3) == [before]


def test_a_run_without_rejects_makes_no_object(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8)]})

    assert merge_rejects(s3, "cars", prepared_file(8, bucket=BUCKET), execution()) == merged_files()
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="reports/")


def test_what_an_earlier_fetch_wrote_is_not_left_behind_when_nothing_is_left_to_tell(s3: Any) -> None:
    """The report does not list the files any more, but a person who kept their address would read rows that are in."""
    put_results(s3, "cars-1", {"FAILED": [failed(3)]})
    first = merge_rejects(s3, "cars", prepared_file(3, bucket=BUCKET), execution("FAILED"))
    assert (first.key, first.csv_key, first.failed) == (None, CSV_KEY, 3)

    put_results(s3, "cars-1", {"SUCCEEDED": [answer(3)]})
    again = merge_rejects(s3, "cars", prepared_file(3, bucket=BUCKET), execution())

    assert again == merged_files()
    for key in (first.csv_key, first.unfinished_key):
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b""


def test_a_disk_without_room_for_the_failed_rows_is_told_before_it_is_full(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_results(s3, "cars-1", {"FAILED": [failed(3)]})
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=64 << 20))

    with pytest.raises(NoSpaceError, match="write out the rows of batches that failed"):
        merge_rejects(s3, "cars", prepared_file(3, bucket=BUCKET), execution("FAILED"))


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
        merge_rejects(s3, "cars", prepared, execution())

    assert min(left) >= HEADROOM_BYTES
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_on_the_disk(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    put_results(s3, "cars-1", {"FAILED": [failed(3)]})

    merge_rejects(s3, "cars", prepared_file(3, bucket=BUCKET), execution("FAILED"))

    assert list(tmp_path.iterdir()) == []
