"""What the witnesses of an execution say of its rows, and whether they say the same as when they were read."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from csvdynamo.errors import RejectError
from csvdynamo.rules.codes import Stage
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.witnesses import MigrationCounts, count_migration
from csvdynamo_airflow.documents.execution import Execution
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.outcome.gathering import gather
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    answer_of_deletions,
    batch_that_failed,
    failed,
    map_run_states,
    pending,
    put_error_file,
    put_firehose_error,
    put_results,
    reject,
)
from tests.unit.plugin.run_findings import difference, execution, prepared_file

PREPARED = prepared_file(100, bucket=BUCKET)
EXECUTION = execution()


def looked_at(
    s3: Any, states: Any, prepared: Prepared = PREPARED, of: Execution | None = EXECUTION
) -> tuple[Findings, MigrationCounts]:
    """What fetch_error_files and reconcile make of a run's objects, as they are now."""
    outcome = gather(s3, "cars", prepared, of)
    counts = count_migration(s3, states, prepared, of, outcome)
    return Findings(dataset="cars", run_id="run", prepared=prepared, outcome=outcome, counts=counts), counts


def numbers(findings: Findings) -> tuple[int, int, int, int]:
    ledger = findings.ledger
    return ledger.written, ledger.rejected, ledger.failed, ledger.unstarted


def test_the_result_files_say_what_became_of_every_row(s3: Any) -> None:
    results = {
        "SUCCEEDED": [answer(48, ["a", "b"]), answer(20)],
        "FAILED": [failed(10), failed(5, "TIMED_OUT")],
        "PENDING": [pending(15)],
    }
    put_results(s3, "cars-1", results)
    put_error_file(s3, [reject("a"), reject("b")])
    states = map_run_states({"succeeded": 70, "failed": 10, "timedOut": 5, "pending": 15})

    found, counts = looked_at(s3, states, of=execution("FAILED"))

    assert numbers(found) == (68, 2, 15, 15)
    assert found.failures_by_error == {"FAILED": 10, "TIMED_OUT": 5}
    assert counts.map_run_total == 100
    assert set(counts.witnesses) == {
        "rejected_before_upload",
        "written",
        "rejected",
        "failed",
        "unstarted",
        "map_run_total",
    }
    assert found.ledger.unaccounted == 0
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

    found, _ = looked_at(s3, map_run_states({"succeeded": 75, "failed": 25}), of=execution("FAILED"))

    assert found.failures_by_error == {"ABORTED": 4, "BatchError": 6, "States.Timeout": 15}
    assert sum(found.failures_by_error.values()) == found.ledger.failed == 25


def test_after_a_redrive_the_last_manifest_counts_and_no_row_twice(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(90)], "FAILED": [failed(10)]}, map_run="1")
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(90), answer(10)]}, map_run="1")

    found, _ = looked_at(s3, map_run_states({"succeeded": 100}))

    assert numbers(found) == (100, 0, 0, 0)


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

    found, _ = looked_at(s3, map_run_states({"succeeded": 100}))

    assert numbers(found) == (100, 0, 0, 0)


def test_the_results_of_another_execution_do_not_count(s3: Any) -> None:
    put_results(s3, "cars-1-2", {"SUCCEEDED": [answer(100)]})

    found, _ = looked_at(s3, map_run_states({"succeeded": 100}))

    assert numbers(found) == (0, 0, 0, 0)


def test_without_a_manifest_the_map_run_tells_failed_from_unstarted_and_nobody_vouches_for_the_rest(s3: Any) -> None:
    states = map_run_states({"succeeded": 40, "failed": 3, "timedOut": 2, "aborted": 4, "running": 1, "pending": 50})

    found, _ = looked_at(s3, states, of=execution("ABORTED"))

    assert numbers(found) == (0, 0, 10, 50)
    assert found.failures_by_error == {"FAILED": 3, "TIMED_OUT": 2, "ABORTED": 4, "RUNNING": 1}
    assert found.ledger.unaccounted == 40


def test_a_map_run_that_read_no_row_leaves_every_row_unaccounted_for(s3: Any) -> None:
    found, counts = looked_at(s3, map_run_states({}), of=execution("FAILED"))

    assert (counts.map_run_total, found.ledger.unaccounted) == (0, 100)


def test_an_execution_without_a_map_run_started_nothing(s3: Any) -> None:
    found, counts = looked_at(s3, map_run_states(None), of=execution("FAILED"))

    assert numbers(found) == (0, 0, 0, 100)
    assert counts.map_run_total is None
    assert "made no Map Run" in counts.witnesses["unstarted"]


def test_without_an_execution_every_prepared_row_is_unstarted(s3: Any) -> None:
    assert numbers(looked_at(s3, map_run_states(None), of=None)[0]) == (0, 0, 0, 100)


def test_the_newest_map_run_is_the_one_that_counts(s3: Any) -> None:
    _, counts = looked_at(s3, map_run_states({"succeeded": 7}, more_map_runs=1))

    assert counts.map_run_total == 7


def test_an_empty_manifest_counts_nothing(s3: Any) -> None:
    put_results(s3, "cars-1", {})

    assert numbers(looked_at(s3, map_run_states({}))[0]) == (0, 0, 0, 0)


def test_a_reject_that_was_counted_and_is_gone_is_missing_by_its_id(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(97, ["a", "b", "c"])]})
    put_error_file(s3, [reject("a")], "1")
    gone = put_error_file(s3, [reject("b"), reject("c")], "2")
    states = map_run_states({"succeeded": 100})
    assert looked_at(s3, states)[0].ledger.unaccounted == 0

    s3.delete_object(Bucket=BUCKET, Key=gone)
    found, _ = looked_at(s3, states)

    assert found.outcome is not None
    assert (found.outcome.answered_rejects, found.outcome.rejects, found.outcome.missing) == (3, 1, 2)
    assert found.outcome.missing_ids == ("b", "c")
    assert found.ledger.unaccounted == 2


def test_a_reject_that_no_result_file_names_is_superseded_and_counts_nowhere(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(99, ["a"])]})
    put_error_file(s3, [reject("a"), reject("of an attempt that was repeated")])

    found, _ = looked_at(s3, map_run_states({"succeeded": 100}))

    assert found.outcome is not None
    assert (found.outcome.rejects, found.outcome.superseded, found.outcome.missing) == (1, 1, 0)
    assert found.rejects_by_code == {"BAD_TYPE": 1}
    assert found.ledger.unaccounted == 0


REJECTED = prepared_file(100, 2, bucket=BUCKET)


def put_rejects_before_upload(s3: Any, *lines: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=REJECTED.rejects_key, Body="".join(line + "\n" for line in lines).encode())


def test_the_rejects_of_prepare_are_counted_in_the_bucket_each_once(s3: Any) -> None:
    rejects = [
        reject(name, code=code, stage=Stage.PREPARE).to_json() for name, code in (("a", "BAD_WIDTH"), ("b", "X"))
    ]
    put_rejects_before_upload(s3, *rejects, rejects[0])

    found, counts = looked_at(s3, map_run_states(None), REJECTED, None)

    assert found.ledger.rejected_before_upload == 2
    assert found.rejects_by_code == {"BAD_WIDTH": 1, "X": 1}
    assert str(REJECTED.rejects_key) in counts.witnesses["rejected_before_upload"]
    assert numbers(found) == (0, 0, 0, 98)


def test_where_the_rejects_of_prepare_are_gone_none_is_counted(s3: Any) -> None:
    assert looked_at(s3, map_run_states(None), REJECTED, None)[0].ledger.rejected_before_upload == 0


def test_a_malformed_reject_of_prepare_is_named_by_key_and_line(s3: Any) -> None:
    put_rejects_before_upload(s3, reject("a").to_json(), "{}")

    with pytest.raises(RejectError, match=r"rejected_before_upload\.jsonl line 2: .*task prepare"):
        gather(s3, "cars", REJECTED, None)


# what was read, looked at again


@pytest.fixture
def read(s3: Any) -> Outcome:
    """The outcome of a run with an object of each kind."""
    rejects = [reject("before", stage=Stage.PREPARE, row=1).to_json(), reject("b2", stage=Stage.PREPARE).to_json()]
    put_rejects_before_upload(s3, *rejects)
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(95, ["a", "b"])], "FAILED": [failed(1)]})
    put_error_file(s3, [reject("a", row=3)])
    put_firehose_error(s3, reject("b", row=4).to_json().encode(), name="ours")
    put_firehose_error(s3, reject("z", "another").to_json().encode(), name="others")
    return gather(s3, "cars", REJECTED, EXECUTION)


RESULTS = "results/cars-1/5eeb5c7c"
OURS = "firehose_errors/metadata-extraction-failed/2026/01/02/ours"
OTHERS = "firehose_errors/metadata-extraction-failed/2026/01/02/others"
DELIVERED = "migration_errors/execution_name=cars-1/2026/01/02/a"
READ = [f"{RESULTS}/SUCCEEDED_0.json", f"{RESULTS}/FAILED_0.json", f"{RESULTS}/manifest.json", OURS, DELIVERED]


def changed(s3: Any, read: Outcome) -> tuple[tuple[str, ...], tuple[str, ...]]:
    counts = count_migration(s3, map_run_states({"succeeded": 97, "failed": 1}), REJECTED, EXECUTION, read)
    return counts.changed_files, counts.changed_objects


def test_what_is_as_it_was_read_is_no_change(s3: Any, read: Outcome) -> None:
    assert changed(s3, read) == ((), ())


@pytest.mark.parametrize("key", [*READ, str(REJECTED.rejects_key)])
@pytest.mark.parametrize("body", [b"other", None])
def test_an_object_that_went_or_changed_since_it_was_read_is_named(
    s3: Any, read: Outcome, key: str, body: bytes | None
) -> None:
    if body is None:
        s3.delete_object(Bucket=BUCKET, Key=key)
    else:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    assert changed(s3, read) == ((), (key,))


def test_an_object_that_came_among_the_result_files_is_named(s3: Any, read: Outcome) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"{RESULTS}/SUCCEEDED_1.json", Body=answer(1))

    assert changed(s3, read) == ((), (f"{RESULTS}/SUCCEEDED_1.json",))


@pytest.mark.parametrize("late", [reject("b", row=4), reject("of an attempt that was repeated"), "no reject"])
def test_error_files_that_come_late_change_nothing(s3: Any, read: Outcome, late: Any) -> None:
    """Which rejects count the result files say; what an attempt had sent that was repeated may come at any time."""
    put_error_file(s3, [late], "late")
    put_firehose_error(s3, late.encode() if isinstance(late, str) else late.to_json().encode(), name="late")

    assert changed(s3, read) == ((), ())


def test_what_firehose_could_not_partition_of_others_is_nothing_of_this_run(s3: Any, read: Outcome) -> None:
    s3.put_object(Bucket=BUCKET, Key=OTHERS, Body=b"other")

    assert changed(s3, read) == ((), ())


@pytest.mark.parametrize("name", ["key", "csv_key", "unfinished_key", "rows_key", "batches_key", "objects_key"])
@pytest.mark.parametrize("body", [b"other", None])
def test_an_object_of_the_outcome_that_went_or_changed_is_named(
    s3: Any, read: Outcome, name: str, body: bytes | None
) -> None:
    key = getattr(read, name)
    if body is None:
        s3.delete_object(Bucket=BUCKET, Key=key)
    else:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    assert changed(s3, read) == ((key,), ())


# deletions

DELETING = replace(PREPARED, difference=difference(new=100, vanished=10, deletions=10, vanished_key="vanished"))


def test_the_result_files_say_what_became_of_every_deletion_beside_the_rows(s3: Any) -> None:
    rows = [{"_row": "-9", "id": "{}"}, {"_row": "-10", "id": "{}"}]
    deletions = [{**row, "id": '{"key":"A_1","digests":["0a"]}'} for row in rows]
    results = {"SUCCEEDED": [answer(98), answer_of_deletions(7, [3], 2)], "FAILED": [batch_that_failed(deletions)]}
    put_results(s3, "cars-1", results)
    states = map_run_states({"succeeded": 108, "failed": 2})

    found, counts = looked_at(s3, states, DELETING)

    assert numbers(found) == (100, 0, 0, 0)
    assert found.outcome is not None
    assert (found.outcome.deleted, found.outcome.left, found.outcome.undeleted) == (7, 1, 2)
    assert (counts.map_run_total, counts.map_run_succeeded, found.ledger.unaccounted) == (110, 108, 0)


@pytest.mark.parametrize(
    ("map_run", "failed", "unstarted"),
    [
        ({"succeeded": 60, "aborted": 10, "pending": 40}, 10, 30),
        ({"succeeded": 60, "aborted": 45, "pending": 5}, 40, 0),
        ({"succeeded": 60, "aborted": 50}, 40, 0),
        ({"succeeded": 110}, 0, 0),
        ({"pending": 110}, 0, 100),
    ],
)
def test_a_stopped_map_run_counts_no_deletion_among_the_rows(
    s3: Any, map_run: dict[str, int], failed: int, unstarted: int
) -> None:
    found, counts = looked_at(s3, map_run_states(map_run), DELETING, execution("ABORTED"))

    assert numbers(found) == (0, 0, failed, unstarted)
    assert (counts.map_run_total, found.ledger.unaccounted) == (110, 100 - failed - unstarted)


def test_without_an_execution_no_deletion_is_an_unstarted_row(s3: Any) -> None:
    assert numbers(looked_at(s3, map_run_states(None), DELETING, None)[0]) == (0, 0, 0, 100)
