"""What the witnesses of an execution say of its rows."""

from collections.abc import Iterator
from typing import Any

import pytest

from csvdynamo.errors import RejectError, ResultFileError
from csvdynamo.rules.codes import Stage
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.witnesses import MigrationCounts, count_migration
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    failed,
    map_run_states,
    pending,
    put_error_file,
    put_results,
    reject,
)
from tests.unit.plugin.run_findings import execution, prepared_file

PREPARED = prepared_file(100, bucket=BUCKET)


def numbers(counts: MigrationCounts) -> tuple[int, int, int, int]:
    return counts.written, counts.rejects.rejects, counts.failed, counts.unstarted


def unaccounted(counts: MigrationCounts) -> int:
    return Findings(dataset="cars", run_id="run", prepared=PREPARED, counts=counts).ledger.unaccounted


def test_the_result_files_say_what_became_of_every_row(s3: Any) -> None:
    results = {
        "SUCCEEDED": [answer(48, ["a", "b"]), answer(20)],
        "FAILED": [failed(10), failed(5, "TIMED_OUT")],
        "PENDING": [pending(15)],
    }
    put_results(s3, "cars-1", results)
    put_error_file(s3, [reject("a"), reject("b")])
    states = map_run_states({"succeeded": 70, "failed": 10, "timedOut": 5, "pending": 15})

    counts = count_migration(s3, states, PREPARED, execution("FAILED"))

    assert numbers(counts) == (68, 2, 15, 15)
    assert counts.failures_by_error == {"FAILED": 10, "TIMED_OUT": 5}
    assert counts.unfinished_rows == 30
    assert counts.map_run_total == 100
    assert set(counts.witnesses) == {
        "rejected_before_upload",
        "written",
        "rejected",
        "failed",
        "unstarted",
        "map_run_total",
    }
    assert unaccounted(counts) == 0
    assert MigrationCounts.from_json(counts.to_json()) == counts


def test_failed_rows_are_counted_by_the_error_of_their_batch_and_add_up(s3: Any) -> None:
    results = {
        "SUCCEEDED": [answer(75)],
        "FAILED": [
            failed(10, error="States.Timeout"),
            failed(5, "TIMED_OUT", error="States.Timeout"),
            failed(6, error="BatchError"),
            failed(4, "ABORTED"),
        ],
    }
    put_results(s3, "cars-1", results)

    counts = count_migration(s3, map_run_states({"succeeded": 75, "failed": 25}), PREPARED, execution("FAILED"))

    assert counts.failures_by_error == {"ABORTED": 4, "BatchError": 6, "States.Timeout": 15}
    assert sum(counts.failures_by_error.values()) == counts.failed == 25


def test_after_a_redrive_the_last_manifest_counts_and_no_row_twice(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(90)], "FAILED": [failed(10)]}, map_run="1")
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(90), answer(10)]}, map_run="1")

    counts = count_migration(s3, map_run_states({"succeeded": 100}), PREPARED, execution())

    assert numbers(counts) == (100, 0, 0, 0)


def test_of_several_manifests_the_newest_counts(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(90)], "FAILED": [failed(10)]}, map_run="b")
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(90), answer(10)]}, map_run="a")
    get_paginator = s3.get_paginator

    def older_first(operation: str) -> Any:
        """Moto's clock has seconds, so the two would be of one age."""

        class Pages:
            def paginate(self, **asked: Any) -> Iterator[Any]:
                for page in get_paginator(operation).paginate(**asked):
                    for item in page.get("Contents", []):
                        if "/b/" in item["Key"]:
                            item["LastModified"] = item["LastModified"].replace(year=2020)
                    yield page

        return Pages()

    monkeypatch.setattr(s3, "get_paginator", older_first)

    counts = count_migration(s3, map_run_states({"succeeded": 100}), PREPARED, execution())

    assert numbers(counts) == (100, 0, 0, 0)


def test_the_results_of_another_execution_do_not_count(s3: Any) -> None:
    put_results(s3, "cars-1-2", {"SUCCEEDED": [answer(100)]})

    counts = count_migration(s3, map_run_states({"succeeded": 100}), PREPARED, execution())

    assert numbers(counts) == (0, 0, 0, 0)


def test_without_a_manifest_the_map_run_tells_failed_from_unstarted_and_nobody_vouches_for_the_rest(s3: Any) -> None:
    states = map_run_states({"succeeded": 40, "failed": 3, "timedOut": 2, "aborted": 4, "running": 1, "pending": 50})

    counts = count_migration(s3, states, PREPARED, execution("ABORTED"))

    assert numbers(counts) == (0, 0, 10, 50)
    assert counts.failures_by_error == {"FAILED": 3, "TIMED_OUT": 2, "ABORTED": 4, "RUNNING": 1}
    assert counts.unfinished_rows == 0
    assert unaccounted(counts) == 40


def test_a_map_run_that_read_no_row_leaves_every_row_unaccounted_for(s3: Any) -> None:
    counts = count_migration(s3, map_run_states({}), PREPARED, execution("FAILED"))

    assert (counts.map_run_total, unaccounted(counts)) == (0, 100)


def test_an_execution_without_a_map_run_started_nothing(s3: Any) -> None:
    counts = count_migration(s3, map_run_states(None), PREPARED, execution("FAILED"))

    assert numbers(counts) == (0, 0, 0, 100)
    assert counts.map_run_total is None
    assert "made no Map Run" in counts.witnesses["unstarted"]


def test_without_an_execution_every_prepared_row_is_unstarted(s3: Any) -> None:
    assert numbers(count_migration(s3, map_run_states(None), PREPARED, None)) == (0, 0, 0, 100)


def test_the_newest_map_run_is_the_one_that_counts(s3: Any) -> None:
    counts = count_migration(s3, map_run_states({"succeeded": 7}, more_map_runs=1), PREPARED, execution())

    assert counts.map_run_total == 7


def test_an_empty_manifest_counts_nothing(s3: Any) -> None:
    put_results(s3, "cars-1", {})

    assert numbers(count_migration(s3, map_run_states({}), PREPARED, execution())) == (0, 0, 0, 0)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "PENDING"])
def test_a_malformed_result_file_is_an_error_and_no_zero(s3: Any, status: Any) -> None:
    put_results(s3, "cars-1", {status: [b'{"neither": 1}']})

    with pytest.raises(ResultFileError, match=f"{status}_0"):
        count_migration(s3, map_run_states({}), PREPARED, execution())


def test_a_reject_that_was_counted_and_is_gone_is_missing_by_its_id(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(97, ["a", "b", "c"])]})
    put_error_file(s3, [reject("a")], "1")
    gone = put_error_file(s3, [reject("b"), reject("c")], "2")
    states = map_run_states({"succeeded": 100})
    assert unaccounted(count_migration(s3, states, PREPARED, execution())) == 0

    s3.delete_object(Bucket=BUCKET, Key=gone)
    counts = count_migration(s3, states, PREPARED, execution())

    assert (counts.answered_rejects, counts.rejects.rejects, counts.rejects.missing) == (3, 1, 2)
    assert counts.rejects.missing_ids == ("b", "c")
    assert unaccounted(counts) == 2


def test_a_reject_that_no_result_file_names_is_superseded_and_counts_nowhere(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(99, ["a"])]})
    put_error_file(s3, [reject("a"), reject("of an attempt that was repeated")])

    counts = count_migration(s3, map_run_states({"succeeded": 100}), PREPARED, execution())

    assert (counts.rejects.rejects, counts.rejects.superseded, counts.rejects.missing) == (1, 1, 0)
    assert counts.rejects_by_code == {"BAD_TYPE": 1}
    assert unaccounted(counts) == 0


REJECTED = prepared_file(100, 2, bucket=BUCKET)


def put_rejects_before_upload(s3: Any, *lines: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=REJECTED.rejects_key, Body="".join(line + "\n" for line in lines).encode())


def test_the_rejects_of_prepare_are_counted_in_the_bucket_each_once(s3: Any) -> None:
    rejects = [
        reject(name, code=code, stage=Stage.PREPARE).to_json() for name, code in (("a", "BAD_WIDTH"), ("b", "X"))
    ]
    put_rejects_before_upload(s3, *rejects, rejects[0])

    counts = count_migration(s3, map_run_states(None), REJECTED, None)

    assert counts.rejected_before_upload == 2
    assert counts.rejects_by_code == {"BAD_WIDTH": 1, "X": 1}
    assert str(REJECTED.rejects_key) in counts.witnesses["rejected_before_upload"]
    assert numbers(counts) == (0, 0, 0, 98)


def test_where_the_rejects_of_prepare_are_gone_none_is_counted(s3: Any) -> None:
    assert count_migration(s3, map_run_states(None), REJECTED, None).rejected_before_upload == 0


def test_a_malformed_reject_of_prepare_is_named_by_key_and_line(s3: Any) -> None:
    put_rejects_before_upload(s3, reject("a").to_json(), "{}")

    with pytest.raises(RejectError, match=r"rejected_before_upload\.jsonl line 2: .*task prepare"):
        count_migration(s3, map_run_states(None), REJECTED, None)
