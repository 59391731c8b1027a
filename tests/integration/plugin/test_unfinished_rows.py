"""The rows of batches that did not succeed: in the error files, told from rejects, and a source again."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.errors import BatchError, ResultFileError
from csvdynamo.records.result_files import UnfinishedBatch
from csvdynamo.rules.codes import RejectCode, UnfinishedCode
from csvdynamo.rules.deletions import Deletion
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.outcome.result_files import error_name
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    answer_of_deletions,
    batch_that_failed,
    batch_that_never_started,
    put_error_file,
    put_results,
    reject,
)
from tests.integration.plugin.outcome_tables import batches_of, rows_of
from tests.integration.plugin.test_corrected_error_csv import Cars
from tests.unit.plugin.run_findings import execution, prepared_file

PREPARED = prepared_file(100, bucket=BUCKET, header=("ID", "City"))


def row(number: int, city: str = "Kent") -> dict[str, str]:
    return {"_row": str(number), "ID": f"k{number}", "City": city}


def fetched(s3: Any, prepared: Prepared = PREPARED) -> Outcome:
    return gather(s3, "cars", prepared, execution("FAILED"))


def csv_rows(s3: Any, outcome: Outcome) -> list[list[str]]:
    assert outcome.csv_key is not None
    text = s3.get_object(Bucket=BUCKET, Key=outcome.csv_key)["Body"].read().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def records(s3: Any, key: str | None) -> list[dict[str, Any]]:
    assert key is not None
    return [json.loads(line) for line in s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().split(b"\n") if line]


def test_failed_and_unstarted_rows_follow_the_rejects_in_the_csv_and_are_told_from_them(s3: Any) -> None:
    put_results(
        s3,
        "cars-1",
        {
            "SUCCEEDED": [answer(8, ["a"])],
            "FAILED": [batch_that_failed([row(3), row(4, "=1+1")], error="States.Timeout", cause="too slow")],
            "PENDING": [batch_that_never_started([row(5)])],
        },
    )
    put_error_file(s3, [reject("a", row=9, item={"ID": "k9", "City": "?"})])

    outcome = fetched(s3)

    assert csv_rows(s3, outcome) == [
        ["ID", "City", "_row", "_code", "_column", "_message"],
        ["k9", "?", "9", "BAD_TYPE", "Model Year", "not a number"],
        ["k3", "Kent", "3", "BATCH_FAILED", "", "its batch is FAILED: States.Timeout: too slow"],
        ["k4", "'=1+1", "4", "BATCH_FAILED", "", "its batch is FAILED: States.Timeout: too slow"],
        ["k5", "Kent", "5", "BATCH_NOT_STARTED", "", "its batch was never started: the Map Run ended before"],
    ]
    assert (outcome.rejects, outcome.by_code, outcome.failed, outcome.unstarted) == (1, {"BAD_TYPE": 1}, 2, 1)


def test_deletions_that_the_function_refused_are_told_by_its_error_and_those_that_never_began_by_none(s3: Any) -> None:
    deletions = [
        dict(zip(("_row", "ID", "City"), map(str, Deletion(one, "k", ("d",)).fields(2)), strict=True)) for one in (1, 2)
    ]
    put_results(
        s3,
        "cars-1",
        {
            "FAILED": [batch_that_failed(deletions[:1], error="TurnLostError")],
            "PENDING": [batch_that_never_started(deletions[1:])],
        },
    )

    outcome = fetched(s3)

    assert (outcome.failed, outcome.undeleted, outcome.failures_by_error) == (0, 2, {"TurnLostError": 1})


def test_the_json_lines_of_the_rejects_hold_rejects_alone(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])], "FAILED": [batch_that_failed([row(3)])]})
    put_error_file(s3, [reject("a")])

    outcome = fetched(s3)

    assert [one["reject_id"] for one in records(s3, outcome.key)] == ["a"]
    [unfinished] = records(s3, outcome.unfinished_key)
    assert "reject_id" not in unfinished
    assert unfinished == {
        "execution_name": "cars-1",
        "dataset": "cars",
        "row": 3,
        "code": "BATCH_FAILED",
        "column": None,
        "message": "its batch is FAILED",
        "status": "FAILED",
        "error": "",
        "item": {"ID": "k3", "City": "Kent"},
    }


def test_no_code_of_an_unfinished_row_is_a_rejects_code() -> None:
    assert not {*UnfinishedCode} & {*RejectCode}


@pytest.mark.parametrize(
    ("status", "error", "cause", "says"),
    [
        ("ABORTED", "", "", "its batch is ABORTED"),
        ("TIMED_OUT", "States.Timeout", "", "its batch is TIMED_OUT: States.Timeout"),
        (
            "FAILED",
            "BatchError",
            '{"errorMessage": "Items must be an array", "stackTrace": ["s3cret"]}',
            "its batch is FAILED: BatchError: Items must be an array",
        ),
        ("FAILED", "E", "[" * 5000, "its batch is FAILED: E: " + "[" * 299 + "…"),
        ("FAILED", "E", "one\n  two\u2028three", "its batch is FAILED: E: one two three"),
        ("FAILED", "E", "x" * 301, "its batch is FAILED: E: " + "x" * 299 + "…"),
        ("FAILED", "E", '"\\ud800"', 'its batch is FAILED: E: "\\ud800"'),
        ("FAILED", "E", "\ud800\x1b", "its batch is FAILED: E: \\ud800\\x1b"),
    ],
)
def test_the_message_says_how_the_batch_ended_on_one_line_of_bounded_length(
    s3: Any, status: str, error: str, cause: str, says: str
) -> None:
    put_results(s3, "cars-1", {"FAILED": [batch_that_failed([row(3)], status, error, cause)]})

    [record] = records(s3, fetched(s3).unfinished_key)

    assert record["message"] == says


def test_a_row_without_a_number_has_none(s3: Any) -> None:
    put_results(s3, "cars-1", {"FAILED": [batch_that_failed([{"ID": "k"}])]})

    outcome = fetched(s3)

    assert records(s3, outcome.unfinished_key)[0]["row"] is None
    assert csv_rows(s3, outcome)[1][2] == ""


def test_after_a_redrive_the_rows_that_now_succeeded_are_not_in_the_error_files(s3: Any) -> None:
    put_results(
        s3, "cars-1", {"FAILED": [batch_that_failed([row(3)])], "PENDING": [batch_that_never_started([row(5)])]}
    )
    assert [one[3] for one in csv_rows(s3, fetched(s3))[1:]] == ["BATCH_FAILED", "BATCH_NOT_STARTED"]

    put_results(s3, "cars-1", {"SUCCEEDED": [answer(1)], "FAILED": [batch_that_failed([row(5)])]})

    outcome = fetched(s3)
    assert [one[:4] for one in csv_rows(s3, outcome)[1:]] == [["k5", "Kent", "5", "BATCH_FAILED"]]
    assert [one["row"] for one in records(s3, outcome.unfinished_key)] == [5]


def test_a_malformed_failed_file_is_named_and_leaves_the_error_files_of_before(s3: Any) -> None:
    put_results(s3, "cars-1", {"FAILED": [batch_that_failed([row(3)])]})
    before = csv_rows(s3, fetched(s3))
    put_results(s3, "cars-1", {"FAILED": [b'{"Input": "{}"}']})

    with pytest.raises(ResultFileError, match="FAILED_0"):
        fetched(s3)

    assert csv_rows(s3, Outcome(csv_key="reports/cars/cars-1/rejects.csv")) == before


def test_the_error_csv_handed_in_again_migrates_the_failed_rows_to_the_letter(s3: Any, tmp_path: Path) -> None:
    cars = Cars(s3, tmp_path)
    header = ("ID", "City", "Note")
    texts = ["plain", "=1+1", "'quoted", 'a "b", c', "back\\slash", "two\nlines", " "]
    rows = [{"_row": str(n), "ID": f"k{n}", "City": "Łódź", "Note": text} for n, text in enumerate(texts, 1)]
    put_results(
        s3, "cars-1", {"FAILED": [batch_that_failed(rows[:4])], "PENDING": [batch_that_never_started(rows[4:])]}
    )
    outcome = fetched(s3, prepared_file(7, bucket=BUCKET, header=header))
    content = s3.get_object(Bucket=BUCKET, Key=outcome.csv_key)["Body"].read()

    again = cars.prepare(content)

    assert (again.rejected, again.prepared_rows, again.header) == (0, 7, header)
    back = [[cell.replace("\\\\", "\\") for cell in one[1:]] for one in cars.prepared_rows(again)[1:]]
    assert back == [[one["ID"], one["City"], one["Note"]] for one in rows]


class OneBatchAtATime:
    """A FAILED file that is made while it is read: only what is held on to needs memory."""

    def __init__(self, batches: int, rows: int) -> None:
        self.batches, self.rows = batches, rows

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": self}

    def iter_chunks(self, _: int) -> Iterator[bytes]:
        filler = "x" * 2_000
        for batch in range(self.batches):
            rows = [row(batch * self.rows + n, filler) for n in range(1, self.rows + 1)]
            yield batch_that_failed(rows, error="States.Timeout") + b"\n"


def test_failed_rows_are_written_out_in_the_memory_of_a_few_batches(tmp_path: Path) -> None:
    import tracemalloc

    from csvdynamo.records.result_files import Manifest, ResultFile
    from csvdynamo.rules.file_header import FileHeader
    from csvdynamo_airflow.outcome.error_csv import write_error_csv
    from csvdynamo_airflow.outcome.outcome_spool import OutcomeSpool
    from csvdynamo_airflow.outcome.result_files import read_results
    from csvdynamo_airflow.storage.disk_space import DiskSpace

    manifest = Manifest(failed=(ResultFile("results/cars-1/FAILED_0.json", 1),))
    lines, table = tmp_path / "unfinished.jsonl", tmp_path / "rejects.csv"
    tracemalloc.start()
    try:
        with lines.open("wb") as out, OutcomeSpool(DiskSpace(tmp_path, "write")) as spool:
            read_results(
                OneBatchAtATime(100, 20),
                BUCKET,
                manifest,
                header=FileHeader(("ID", "City")),
                execution="cars-1",
                dataset="cars",
                spool=spool,
                out=out,
            )
        with lines.open("rb") as unfinished, table.open("wb") as out:
            write_error_csv(io.BytesIO(), ("ID", "City"), out, unfinished)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert spool.rows.read_text(encoding="utf-8").count("\n") == 2_000
    assert lines.stat().st_size > 4_000_000
    assert peak < 1_000_000


def test_a_refusal_of_aws_names_a_batch_by_its_code_and_not_by_what_it_quotes() -> None:
    refusal = "An error occurred (AccessDeniedException) when calling the BatchWriteItem operation: k3"

    batches = [
        UnfinishedBatch("FAILED", ({},), "ClientError", json.dumps({"errorMessage": refusal})),
        UnfinishedBatch("FAILED", ({},), "ValueError", '{"errorMessage": "k3"}'),
        UnfinishedBatch("ABORTED", ({},), None, None),
    ]

    assert [*map(error_name, batches)] == ["AccessDeniedException of BatchWriteItem", "ValueError", "ABORTED"]


# deletions


def deletion(number: int) -> dict[str, str]:
    return {"_row": str(-number), "ID": json.dumps({"key": f"k{number}", "digests": ["0a"]}), "City": ""}


def with_deletions(s3: Any) -> Outcome:
    """A run of which deletions were made, left alone, failed and never started, beside rows."""
    put_results(
        s3,
        "cars-1",
        {
            "SUCCEEDED": [answer(8, ["a"]), answer_of_deletions(5, [2, 6])],
            "FAILED": [batch_that_failed([row(3), deletion(8)], error="States.Timeout")],
            "PENDING": [batch_that_never_started([row(5), deletion(9), deletion(10)])],
        },
    )
    return fetched(s3)


def test_deletions_that_were_not_made_are_in_the_tables_and_in_no_error_file(s3: Any) -> None:
    outcome = with_deletions(s3)

    assert (outcome.written, outcome.failed, outcome.unstarted) == (8, 1, 1)
    assert (outcome.deleted, outcome.left, outcome.undeleted) == (5, 2, 3)
    assert outcome.failures_by_error == {"States.Timeout": 2}
    assert [line[2] for line in csv_rows(s3, outcome)[1:]] == ["3", "5"]
    assert [one["row"] for one in records(s3, outcome.unfinished_key)] == [3, 5]
    told = [(one["standing"], one["row"]) for one in rows_of(s3, outcome) if one["row"] is not None and one["row"] < 0]
    assert told == [("undeleted", -10), ("undeleted", -9), ("undeleted", -8), ("left", -6), ("left", -2)]
    objects = {one["row"]: one["object"].rpartition("/")[2] for one in rows_of(s3, outcome)}
    assert [objects[row] for row in (-2, -8, -9)] == ["SUCCEEDED_0.json", "FAILED_0.json", "PENDING_0.json"]
    assert [one["rows"] for one in batches_of(s3, outcome)] == [9, 7, 2, 3]
    assert [one["deleted"] for one in batches_of(s3, outcome)] == [0, 5, None, None]
    assert Outcome.from_json(json.loads(json.dumps(outcome.to_json()))) == outcome


def test_a_second_reading_takes_the_deletions_from_the_tables_of_the_first(s3: Any) -> None:
    first = with_deletions(s3)
    rows = rows_of(s3, first)
    put_error_file(s3, [reject("a", row=9, item={"ID": "k9", "City": "?"})])

    second = gather(s3, "cars", PREPARED, execution("FAILED"), first)

    assert (first.missing, second.missing) == (1, 0)
    assert (second.deleted, second.left, second.undeleted) == (5, 2, 3)
    negative = [one for one in rows if one["row"] is not None and one["row"] < 0]
    assert [one for one in rows_of(s3, second) if one["row"] < 0] == negative
    assert [line[2] for line in csv_rows(s3, second)[1:]] == ["9", "3", "5"]


def test_a_run_of_deletions_alone_has_its_tables_and_no_error_file(s3: Any) -> None:
    put_results(s3, "cars-1", {"FAILED": [batch_that_failed([deletion(1)])]})

    outcome = fetched(s3)

    assert (outcome.key, outcome.csv_key, outcome.unfinished_key) == (None, None, None)
    assert (outcome.failed, outcome.undeleted) == (0, 1)


def test_an_outcome_of_before_there_were_deletions_is_read(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8)]})
    document = fetched(s3).to_json()
    for name in ("deleted", "left", "undeleted"):
        del document[name]

    assert Outcome.from_json(document).deleted == 0


@pytest.mark.parametrize("number", ["-", "-0", "-x"])
def test_a_row_of_a_number_below_zero_that_is_no_deletion_stops_the_reading(s3: Any, number: str) -> None:
    put_results(s3, "cars-1", {"FAILED": [batch_that_failed([{**deletion(1), "_row": number}])]})

    with pytest.raises(BatchError, match="does not say which item"):
        fetched(s3)
