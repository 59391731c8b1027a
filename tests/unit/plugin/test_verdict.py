"""What keeps a run from being green, and nothing else does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import ForeignPolicy, Verification, VerifyMode
from csvdynamo.records.ledger import Ledger
from csvdynamo.records.totals import Totals
from csvdynamo_airflow.accounting.findings import EndedTask, Findings
from csvdynamo_airflow.accounting.verdict import problems
from csvdynamo_airflow.accounting.witnesses import MigrationCounts
from csvdynamo_airflow.documents.approval import Approval, Question
from csvdynamo_airflow.documents.checked_table import CheckedTable, Difference, DifferenceKind
from csvdynamo_airflow.documents.execution import Ended
from csvdynamo_airflow.documents.forecast import Forecast
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.gates.reject_gate import too_many_rejects
from tests.unit.plugin.run_findings import (
    LOST,
    RULES,
    checked_table,
    counted,
    difference,
    execution,
    migrated,
    prepared_file,
)

OPEN = Gates(max_reject_percent=100.0, tolerated_failure_percent=100.0)
STRICT = Gates(max_reject_percent=0.0, tolerated_failure_percent=0.0)
TASKS = ("download", "prepare", "start", "wait", "fetch_error_files", "reconcile")


def of_outcome(findings: Findings, **changes: Any) -> Findings:
    """A run of which something else was read."""
    assert findings.outcome is not None
    return replace(findings, outcome=replace(findings.outcome, **changes))


def ended(**states: str) -> tuple[EndedTask, ...]:
    return tuple(EndedTask(task, states.get(task, "success"), 1.0) for task in TASKS)


def foreseen(**by_code: int) -> Forecast:
    return Forecast(written=10 - sum(by_code.values()), by_code=by_code)


@pytest.mark.parametrize(
    ("forecast", "by_code"),
    [
        (None, {"BAD_TYPE": 2}),
        (foreseen(BAD_TYPE=2), {"BAD_TYPE": 2}),
        (foreseen(BAD_TYPE=1), {"BAD_TYPE": 1, "DYNAMODB_REFUSED": 1}),
        (foreseen(), {}),
    ],
)
def test_a_function_that_rejects_what_was_foreseen_is_green(forecast: Forecast | None, by_code: dict[str, int]) -> None:
    findings = migrated(10, rejected=sum(by_code.values()), prepared=prepared_file(10, forecast=forecast))

    assert problems(of_outcome(findings, by_code=by_code), OPEN) == []


@pytest.mark.parametrize(
    ("forecast", "by_code", "told"),
    [
        (foreseen(BAD_TYPE=1), {"BAD_TYPE": 2}, "1 BAD_TYPE were foreseen for the function, and it found 2 BAD_TYPE"),
        (foreseen(BAD_TYPE=2), {"TOO_LONG": 2}, "2 BAD_TYPE were foreseen for the function, and it found 2 TOO_LONG"),
        (foreseen(), {"BAD_TYPE": 1}, "no rejects were foreseen"),
        (foreseen(BAD_TYPE=1), {}, "it found no rejects"),
    ],
)
def test_a_function_that_rejects_other_rows_than_were_foreseen_is_named(
    forecast: Forecast, by_code: dict[str, int], told: str
) -> None:
    findings = migrated(10, rejected=sum(by_code.values()), prepared=prepared_file(10, forecast=forecast))

    [problem] = problems(of_outcome(findings, by_code=by_code), OPEN)

    assert told in problem


def test_what_was_foreseen_is_held_against_no_run_that_has_not_judged_all_rows() -> None:
    findings = migrated(10, failed=4, prepared=prepared_file(10, forecast=foreseen(BAD_TYPE=2)))

    assert problems(findings, OPEN) == []


def test_a_run_that_wrote_every_row_is_green_under_the_strictest_limits() -> None:
    assert problems(migrated(1000, tasks=ended()), STRICT) == []


@pytest.mark.parametrize("rows", [0, 7])
@pytest.mark.parametrize("dry_run", [True, False])
def test_what_was_not_started_is_green_for_no_rows_and_for_a_dry_run(rows: int, dry_run: bool) -> None:
    findings = Findings(
        dataset="cars",
        run_id="run",
        dry_run=dry_run,
        prepared=prepared_file(rows),
        outcome=Outcome(),
        counts=MigrationCounts(unstarted=rows),
        tasks=ended(start="skipped", wait="skipped"),
    )

    assert (problems(findings, STRICT) == []) == (dry_run or rows == 0)


SENTENCE = too_many_rejects(Ledger(100, 60), {"BAD_WIDTH": 60}, STRICT)


def asked_about(**changes: Any) -> Findings:
    """A run whose prepare rejected 60 of 100 rows, which a person was asked about."""
    question = Question("gates.max_reject_percent", str(SENTENCE), {"rejected": 60})
    prepared = prepared_file(100, 60, questions=(question,))
    return replace(migrated(100, before=60, prepared=prepared, tasks=ended()), **changes)


def answered(findings: Findings, *, approved: bool = True) -> Approval:
    assert findings.prepared is not None
    return Approval(findings.prepared.asked, approved=approved, by="bob", at=1.0)


def test_a_run_whose_rejects_a_person_let_pass_is_green() -> None:
    run = asked_about()

    assert problems(replace(run, approval=answered(run)), STRICT) == []


@pytest.mark.parametrize("answer", [None, "rejected", "of another file"])
def test_rejects_that_no_person_let_pass_are_held_against_the_run(answer: str | None) -> None:
    run = asked_about()
    given = {"rejected": answered(run, approved=False), "of another file": replace(answered(run), asked="other")}

    assert problems(replace(run, approval=given[answer] if answer else None), STRICT) == [SENTENCE]


def test_a_run_that_was_not_approved_is_red_with_the_one_reason() -> None:
    why = EndedTask("approve", "failed", 1.0, f"The run was not approved. bob rejected it.\n- gates: {SENTENCE}")
    run = Findings(
        "cars",
        "run",
        prepared=asked_about().prepared,
        refused=True,
        outcome=Outcome(before=60, before_by_code={"BAD_WIDTH": 60}),
    )
    counts = counted(unstarted=40, map_run_status=None)

    [told] = problems(replace(run, counts=counts, tasks=(*ended(start="upstream_failed"), why)), STRICT)

    assert told.startswith("Task approve ended as failed: The run was not approved. bob rejected it.")


def test_a_dry_run_is_red_with_what_a_person_would_be_asked() -> None:
    run = Findings(
        "cars",
        "run",
        dry_run=True,
        prepared=asked_about().prepared,
        outcome=Outcome(before=60, before_by_code={"BAD_WIDTH": 60}),
    )

    told = problems(replace(run, counts=counted(unstarted=40, map_run_status=None), tasks=ended()), STRICT)

    assert told == [f"{SENTENCE} A run that is no dry run asks a person whether it goes on."]


def rejected(rows: int, count: int, before: int) -> Findings:
    return migrated(rows, before=before, rejected=count - before)


def not_written(rows: int, count: int, unstarted: int) -> Findings:
    return migrated(rows, failed=count - unstarted, unstarted=unstarted)


@pytest.mark.parametrize(
    ("gate", "run"), [("max_reject_percent", rejected), ("tolerated_failure_percent", not_written)]
)
@settings(deadline=None)
@given(data=st.data(), rows=st.integers(min_value=1, max_value=10_000_000))
def test_exactly_as_many_rows_as_a_gate_allows_pass_and_one_more_fails(
    gate: str, run: Callable[[int, int, int], Findings], data: st.DataObject, rows: int
) -> None:
    allowed = data.draw(st.integers(min_value=0, max_value=rows - 1))
    of_one_kind = data.draw(st.integers(min_value=0, max_value=allowed))
    gates = replace(STRICT, **{gate: 100 * allowed / rows})

    assert problems(run(rows, allowed, of_one_kind), gates) == []
    [problem] = problems(run(rows, allowed + 1, of_one_kind), gates)
    assert f"gates.{gate}" in problem


def test_a_limit_of_the_data_set_file_is_met_to_the_row() -> None:
    gates = Gates(max_reject_percent=0.07)

    assert problems(migrated(10_000, rejected=7), gates) == []
    assert problems(migrated(10_000, rejected=8), gates) == [
        "8 of 10,000 rows (0.08 %) were rejected, more than gates.max_reject_percent = 0.07 (8 BAD_TYPE): see the "
        "error files."
    ]


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=1000))
def test_one_row_that_no_witness_speaks_of_is_a_problem_however_open_the_limits(lost: int) -> None:
    findings = of_outcome(migrated(1000), written=1000 - lost)
    counts = counted(map_run_total=1000, map_run_succeeded=1000 - lost)

    assert problems(replace(findings, counts=counts), OPEN) == [f"{lost:,} of 1,000 rows are unaccounted for."]


def test_more_rows_than_the_source_has_are_a_problem() -> None:
    findings = of_outcome(migrated(1000), written=1002)
    counts = counted(map_run_total=1000, map_run_succeeded=1002)

    assert problems(replace(findings, counts=counts), OPEN) == [
        "2 more rows are accounted for than the source's 1,000."
    ]


@pytest.mark.parametrize("read", [0, 999, 1001])
def test_a_map_run_that_read_another_number_of_rows_is_a_problem_of_its_own(read: int) -> None:
    findings = migrated(1003, before=3)
    counts = replace(findings.counts or MigrationCounts(), map_run_total=read)

    [problem] = problems(replace(findings, counts=counts), OPEN)
    assert f"read {read:,} rows" in problem
    assert "1,000" in problem


def test_rejects_that_are_counted_and_cannot_be_read_back_are_named_and_unaccounted_for() -> None:
    findings = of_outcome(migrated(1000, rejected=5), rejects=3, missing=2, missing_ids=("0a", "0b"))

    assert problems(findings, OPEN) == [
        "2 of 1,000 rows are unaccounted for.",
        "The result files count 5 rejected rows, the error files hold 3 of them; missing are 0a, 0b: see the task "
        "fetch_error_files.",
    ]


@pytest.mark.parametrize("held", [0, 2, 4])
def test_rejects_of_prepare_that_are_not_in_the_bucket_are_a_problem(held: int) -> None:
    findings = of_outcome(migrated(1000, before=3), before=held)

    assert (
        f"prepare rejected 3 rows, but s3://bucket/reports/cars/cars-1/rejected_before_upload.jsonl holds {held} "
        "records: clear the task prepare, which writes it again."
    ) in problems(findings, OPEN)


def test_superseded_rejects_are_no_problem() -> None:
    assert problems(of_outcome(migrated(1000, rejected=5), superseded=7), OPEN) == []


def test_rows_of_which_nobody_read_what_became_of_them_are_a_problem() -> None:
    assert problems(migrated(1000, outcome=None, checked=None), OPEN) == [
        "1,000 of 1,000 rows are unaccounted for.",
        "Nobody read what became of the rows: clear the task fetch_error_files.",
    ]


@pytest.mark.parametrize(
    "totals", [Totals(994, 5, 1), Totals(995, 4, 1), Totals(995, 5, 0), Totals(0, 0, 0), Totals(996, 5, 1)]
)
def test_an_execution_that_summed_its_result_files_to_something_else_is_a_problem(totals: Totals) -> None:
    findings = migrated(1001, rejected=5, failed=1, execution=execution(totals=totals))

    [problem] = problems(findings, OPEN)
    assert problem.startswith(f"Execution cars-1 summed its result files to {totals.written:,} written, ")
    assert "and now they are 995 written, 5 rejected and 1 unfinished rows: see the result files." in problem


def test_an_execution_that_summed_them_to_the_same_is_none() -> None:
    findings = migrated(1001, rejected=5, failed=1, unstarted=2, execution=execution(totals=Totals(993, 5, 3)))

    assert problems(findings, OPEN) == []


# the table


def checked(**counts: int) -> CheckedTable:
    """A check of ten keys; keys and rows of its differences count from one."""
    kinds = {DifferenceKind(kind): count for kind, count in counts.items()}
    return CheckedTable(
        mode=VerifyMode.FULL,
        keys_checked=10,
        counts=kinds,
        examples=tuple(
            Difference(
                kind, f"A_{row}", None if kind is DifferenceKind.FOREIGN else row, ("make",) * (kind == "changed")
            )
            for kind, count in kinds.items()
            for row in range(1, min(count, 20) + 1)
        ),
        key="reports/cars/cars-1/verification.jsonl",
        execution="cars-1",
        at=300.0,
    )


LIST = "see s3://bucket/reports/cars/cars-1/verification.jsonl."
AGAIN = f"{LIST} Find who wrote to it, and clear the task start, which migrates the file again."


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        ({"missing": 1}, f"1 of 10 keys checked are missing from the table: A_1 (row 1); {AGAIN}"),
        (
            {"changed": 2},
            "2 of 10 keys checked have another item than their row makes: A_1 (row 1) in make, A_2 (row 2) in make; "
            + AGAIN,
        ),
        (
            {"missing": 6},
            "6 of 10 keys checked are missing from the table: A_1 (row 1), A_2 (row 2), A_3 (row 3), A_4 (row 4), "
            f"A_5 (row 5) …; {AGAIN}",
        ),
    ],
)
@pytest.mark.parametrize("foreign", list(ForeignPolicy))
def test_a_missing_or_changed_item_is_a_problem_whatever_foreign_ones_are(
    counts: dict[str, int], problem: str, foreign: ForeignPolicy
) -> None:
    findings = migrated(10, checked=checked(**counts))

    assert problems(findings, OPEN, Verification(foreign=foreign)) == [problem]


def test_items_of_no_written_row_are_reported_or_fail_the_run_as_the_data_set_file_says() -> None:
    findings = migrated(10, checked=checked(foreign=1, stale=1))

    assert problems(findings, OPEN, Verification(foreign=ForeignPolicy.REPORT)) == []
    stale, foreign = problems(findings, OPEN, Verification(foreign=ForeignPolicy.FAIL))
    assert stale.startswith("The table has 1 items of keys whose rows were rejected")
    assert stale.endswith(f"A_1 (row 1); {LIST}")
    assert foreign.startswith("The table has 1 items of keys that no row of the file has")
    assert foreign.endswith(f"A_1; {LIST}")


def test_rows_of_batches_that_did_not_succeed_may_be_absent() -> None:
    assert problems(migrated(10, failed=3, checked=checked(unfinished=3)), OPEN) == []


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_numbers_of_a_living_execution_are_not_trusted(status: str) -> None:
    assert problems(migrated(10, execution=execution(status), ended=None), OPEN) == [
        f"Execution cars-1 is still {status}, and the numbers may change: clear the task wait, which waits for its end."
    ]


def test_a_run_that_prepared_nothing_is_never_green() -> None:
    assert problems(Findings(dataset="cars", run_id="run"), OPEN) == [
        "No file was prepared, so nothing is known of the source's rows."
    ]


def test_a_failed_reconcile_is_told() -> None:
    findings = migrated(1000, before=1, rejected=2, counts=None, execution=None, tasks=ended(reconcile="failed"))

    assert problems(findings, OPEN) == [
        f"Task reconcile ended as failed: {LOST}",
        "The ledger could not be balanced: the witnesses of the prepared rows were not heard.",
    ]


def test_a_failed_task_is_a_problem_and_those_after_it_are_not_repeated() -> None:
    tasks = ended(prepare="failed", start="upstream_failed", wait="upstream_failed", fetch_error_files="skipped")

    assert problems(Findings(dataset="cars", run_id="run", tasks=tasks), OPEN) == [
        f"Task prepare ended as failed: {LOST}",
        "No file was prepared, so nothing is known of the source's rows.",
    ]


def refused(error: str = "") -> Findings:
    """A run whose prepare stopped at its own rejects, with what the task failed with, if it could say so."""
    tasks = tuple(
        replace(task, error=error) if task.task_id == "prepare" else task
        for task in ended(prepare="failed", start="upstream_failed", wait="upstream_failed")
    )
    return Findings(
        dataset="cars",
        run_id="run",
        prepared=prepared_file(100, 95),
        refused=True,
        counts=MigrationCounts(unstarted=5),
        outcome=Outcome(key="reports/cars/cars-1/rejects.jsonl", before=95, before_by_code={"BAD_WIDTH": 95}),
        tasks=tasks,
    )


TOO_MANY = (
    "95 of 100 rows (95.00 %) were rejected, more than gates.max_reject_percent = 5 (95 BAD_WIDTH): see the error"
)


def test_rejects_that_prepare_refused_are_told_once_and_nothing_else_is_wrong() -> None:
    told = problems(refused(f"{TOO_MANY} files. Correct the source."), Gates())

    assert told == [f"Task prepare ended as failed: {TOO_MANY} files. Correct the source."]
    assert refused().ledger.to_json()["unaccounted"] == 0


def test_rejects_that_prepare_refused_are_told_where_the_task_could_not_say_so() -> None:
    assert problems(refused(), Gates()) == [f"Task prepare ended as failed: {LOST}", f"{TOO_MANY} files."]


def test_a_refused_file_of_a_run_that_had_migrated_before_is_held_to_its_execution() -> None:
    told = problems(replace(refused(f"{TOO_MANY} files."), execution=execution("FAILED")), Gates())

    assert [problem for problem in told if "gates.tolerated_failure_percent" in problem]


def test_tasks_that_never_ran_are_told_where_no_other_failed() -> None:
    assert problems(migrated(1, tasks=ended(wait="upstream_failed")), OPEN) == [
        "Task wait ended as upstream_failed: clear it with everything downstream."
    ]


def test_failed_rows_are_told_by_the_error_of_their_batches() -> None:
    [problem] = [
        text for text in problems(migrated(10, failed=3, unstarted=2), STRICT) if "in batches that failed" in text
    ]

    assert problem.startswith("3 rows are in batches that failed (3 by States.Timeout) and 2 in batches that never")


# witnesses that were not heard, or of an earlier time


def of(findings: Findings, **changes: object) -> list[str]:
    """The problems of a run with its counts changed."""
    counts = replace(findings.counts or MigrationCounts(), **changes)  # type: ignore[arg-type]
    return problems(replace(findings, counts=counts), OPEN)


@pytest.mark.parametrize("mode", list(VerifyMode))
def test_a_table_that_was_not_checked_is_a_problem_unless_no_check_is_wanted(mode: VerifyMode) -> None:
    found = problems(migrated(10, checked=None), OPEN, Verification(mode=mode))

    told = "The table was not checked, although rows were migrated: clear the task verify."
    assert found == ([] if mode is VerifyMode.NONE else [told])


@pytest.mark.parametrize("stale", [{"execution": "cars-1-2"}, {"redrives": 1}, {"at": 199.0}])
def test_a_check_of_an_earlier_time_is_none(stale: dict[str, object]) -> None:
    [problem] = problems(migrated(10, checked=checked_table(**stale)), OPEN)

    assert problem.startswith("The table was checked before execution cars-1 had ended as it is now")


@pytest.mark.parametrize("stale", [{"execution": ""}, {"execution": "cars-1-2"}, {"redrives": 1}])
def test_error_files_of_an_earlier_time_are_none(stale: dict[str, object]) -> None:
    [problem] = problems(of_outcome(migrated(10), **stale), OPEN)

    assert problem.startswith("The error files were fetched before execution cars-1 had ended as it is now")


def test_rows_for_which_no_execution_is_found_are_never_tolerated() -> None:
    findings = migrated(10, execution=None, ended=None, checked=None, outcome=Outcome(), counts=counted(unstarted=10))

    assert problems(findings, OPEN) == [
        "10 rows were prepared, and no execution of them is found: clear the task start."
    ]
    assert problems(replace(findings, dry_run=True), OPEN) == []


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT"])
def test_an_execution_that_did_not_succeed_is_a_problem_whatever_is_tolerated(status: str) -> None:
    found = problems(migrated(10, failed=3, execution=execution(status), ended=None), OPEN)

    assert found == [f"Execution cars-1 is {status}, and the task wait did not fail for it: clear wait."]


@pytest.mark.parametrize("ended_as", [Ended("cars-1-2", 0), Ended("cars-1", 1)])
def test_witnesses_of_an_execution_before_the_one_that_was_waited_for_are_not_heard(ended_as: Ended) -> None:
    [problem] = problems(migrated(10, ended=ended_as), OPEN)

    assert problem.startswith(f"The task wait saw execution {ended_as.name} succeed")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"map_run_total": None, "map_run_succeeded": None, "map_run_status": None}, "no Map Run of it is found"),
        ({"map_run_status": "RUNNING"}, "its Map Run is told as RUNNING"),
        ({"map_run_succeeded": 9}, "The Map Run counts 9 rows in batches that succeeded, and the answers of these"),
        ({"overlapping": ("by-hand", "cars-0")}, "written over its rows: by-hand, cars-0."),
        ({"changed_files": ("reports/cars/cars-1/rejects.csv",)}, "are s3://bucket/reports/cars/cars-1/rejects.csv"),
        (
            {"changed_objects": ("results/cars-1/a", "results/cars-1/b")},
            "are s3://bucket/results/cars-1/a, s3://bucket/results/cars-1/b: restore them, or trigger the DAG again",
        ),
        (
            {"changed_objects": ("migration_errors/a",)},
            "Gone or changed since the error files were made of them are s3://bucket/migration_errors/a: clear the",
        ),
    ],
)
def test_one_witness_that_speaks_otherwise_is_one_problem(changes: dict[str, object], told: str) -> None:
    [problem] = of(migrated(10), **changes)

    assert told in problem


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({RULES: 3, "0d" * 32: 2}, f"({RULES[:12]}): 2 by 0d0d0d0d0d0d. Trigger the DAG again"),
        ({"": 1}, ": 1 by unknown ones."),
    ],
)
def test_batches_of_other_rules_are_one_problem(rules: dict[str, int], told: str) -> None:
    [problem] = problems(of_outcome(migrated(10), rules=rules), OPEN)

    assert told in problem


@pytest.mark.parametrize("error", ["TurnLostError", "OtherRulesError"])
def test_batches_that_the_function_refused_are_never_tolerated(error: str) -> None:
    [problem] = problems(of_outcome(migrated(10, failed=3), failures_by_error={error: 2, "States.Timeout": 1}), OPEN)

    assert problem.startswith("2 rows are in batches that the function refused")


# deletions


def deleting(deleted: int, left: int = 0, undeleted: int = 0, of: int = 10, **changes: Any) -> Findings:
    """A run of ten rows that was to delete ten items, and whose result files tell of these."""
    prepared = prepared_file(10, difference=difference(new=10, vanished=of, deletions=of, vanished_key="vanished"))
    counts = counted(
        map_run_total=20,
        map_run_succeeded=10 + deleted + left,
        witnesses={"written": "SUCCEEDED_*"},
    )
    findings = migrated(10, prepared=prepared, counts=counts, **changes)
    return of_outcome(findings, deleted=deleted, left=left, undeleted=undeleted)


@pytest.mark.parametrize(("deleted", "left"), [(10, 0), (7, 3), (0, 10)])
def test_a_run_that_deleted_what_it_could_is_green(deleted: int, left: int) -> None:
    assert problems(deleting(deleted, left), STRICT) == []


@pytest.mark.parametrize(("deleted", "left", "undeleted"), [(9, 0, 0), (10, 1, 0), (7, 3, 1), (0, 0, 0), (11, 0, 0)])
def test_more_or_fewer_deletions_than_the_file_names_are_a_problem(deleted: int, left: int, undeleted: int) -> None:
    [problem] = problems(deleting(deleted, left, undeleted), OPEN)

    assert problem == (
        f"The file names 10 items to be deleted, and the result files tell of {deleted + left + undeleted}: {deleted} "
        f"are deleted, {left} were left alone, and the deletion of {undeleted} is unfinished. See the result files."
    )


def test_deletions_of_a_file_that_names_none_are_a_problem() -> None:
    [problem] = problems(of_outcome(migrated(10), deleted=1), OPEN)[-1:]

    assert "The file names 0 items to be deleted, and the result files tell of 1" in problem


def test_a_map_run_that_read_the_rows_alone_is_a_problem() -> None:
    findings = deleting(10)
    counts = replace(findings.counts or MigrationCounts(), map_run_total=10)

    [problem] = problems(replace(findings, counts=counts), OPEN)
    assert problem.startswith("The Map Run read 10 rows of a file that was prepared with 20")


def test_a_map_run_whose_batches_had_more_than_their_answers_tell_is_a_problem() -> None:
    findings = deleting(7, 3)
    counts = replace(findings.counts or MigrationCounts(), map_run_succeeded=10)

    [problem] = problems(replace(findings, counts=counts), OPEN)
    assert problem.startswith("The Map Run counts 10 rows in batches that succeeded, and the answers")


@pytest.mark.parametrize(("undeleted", "green"), [(0, True), (2, True), (3, False), (10, False)])
def test_deletions_of_failed_batches_leave_a_run_green_up_to_what_the_data_set_file_tolerates(
    undeleted: int, green: bool
) -> None:
    gates = replace(OPEN, tolerated_failure_percent=20.0)

    found = problems(deleting(10 - undeleted, 0, undeleted), gates)

    assert found == (
        []
        if green
        else [
            f"{undeleted} of 10 items to be deleted are in batches that failed or never started, more than "
            "gates.tolerated_failure_percent = 20: an execution that succeeded is not redriven, so trigger the DAG "
            "again, as a new run."
        ]
    )


def test_deletions_of_failed_batches_are_told_with_the_errors_of_these() -> None:
    findings = of_outcome(deleting(7, 0, 3), failures_by_error={"Runtime.ExitError": 3})

    [problem] = problems(findings, replace(OPEN, tolerated_failure_percent=20.0))

    assert problem.startswith(
        "3 of 10 items to be deleted are in batches that failed (3 by Runtime.ExitError) or never"
    )


def test_without_result_files_nobody_says_that_anything_was_deleted() -> None:
    findings = of_outcome(deleting(0, execution=execution("ABORTED")), answered=False, written=0)
    counts = counted(map_run_total=20, map_run_status="ABORTED", failed=4)

    found = problems(replace(findings, counts=counts), STRICT)

    assert any("10 of 10 items to be deleted are in batches that failed or never started" in one for one in found)
    assert not any("The file names" in one for one in found)


def test_a_dry_run_deletes_nothing_and_is_green() -> None:
    findings = replace(
        deleting(0),
        dry_run=True,
        execution=None,
        ended=None,
        checked=None,
        outcome=Outcome(),
        counts=MigrationCounts(unstarted=10),
    )

    assert problems(findings, STRICT) == []


@pytest.mark.parametrize(
    "totals",
    [
        Totals(10, 0, 0),
        Totals(10, deleted=6, left=2, undeleted=2),
        Totals(10, deleted=7, left=2),
        Totals(10, deleted=10),
    ],
)
def test_an_execution_that_summed_other_deletions_is_a_problem(totals: Totals) -> None:
    [problem] = problems(deleting(7, 2, 1, execution=execution(totals=totals)), OPEN)

    assert problem.endswith(
        "and now they are 10 written, 0 rejected and 0 unfinished rows, 7 deleted items, 2 left alone and 1 whose "
        "deletion is unfinished: see the result files."
    )


def test_an_execution_that_summed_the_same_deletions_is_none() -> None:
    totals = Totals(10, deleted=7, left=2, undeleted=1)

    assert problems(deleting(7, 2, 1, execution=execution(totals=totals)), OPEN) == []


def test_an_item_that_is_there_though_the_run_says_it_deleted_it_is_a_problem() -> None:
    check = checked_table(
        counts={DifferenceKind.UNDELETED: 1},
        examples=(Difference(DifferenceKind.UNDELETED, "A_77", -3),),
        key="reports/cars/cars-1/verification.jsonl",
    )
    findings = replace(deleting(10), checked=check)
    findings = replace(
        findings,
        prepared=replace(
            findings.prepared,
            difference=difference(new=10, vanished=10, deletions=10, vanished_key="vanished", base=None),
        ),
    )

    assert problems(findings, OPEN) == [f"1 of 1 keys checked have an item that the run says it deleted: A_77; {AGAIN}"]
