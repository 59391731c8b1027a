"""A run that failed in some of its batches goes on as the same execution: only those batches run again."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.lambda_functions import no_error_stream

ROWS = 2200  # three batches
KEYLESS = 1500  # in the second


@pytest.fixture
def rejects_out_of_reach(dags: Any) -> Iterator[Any]:
    """Lets every batch fail that has a reject; gives a function that mends it."""
    with no_error_stream(dags.deployed) as mend:
        yield mend


def test_a_mended_run_redrives_its_execution_and_the_batches_that_did_not_succeed(
    dags: Any, vehicles: Any, rejects_out_of_reach: Any
) -> None:
    states = dags.deployed.client("stepfunctions")
    source = vehicles([f"7{n:04}" if n != KEYLESS else "" for n in range(ROWS)])
    before = dags.executions()

    def succeeded(map_run: str) -> dict[str, Any]:
        listed = states.list_executions(mapRunArn=map_run, statusFilter="SUCCEEDED")["executions"]
        return {child["name"]: child["stopDate"] for child in listed}

    failed = dags.run(source, date="2026-02-02")

    assert failed.status != 0
    arn = failed.report["execution_arn"]
    [map_run] = [run["mapRunArn"] for run in states.list_map_runs(executionArn=arn)["mapRuns"]]
    first_attempts, first_batches = states.describe_execution(executionArn=arn), succeeded(map_run)
    ledger = failed.report["ledger"]
    assert (first_attempts["status"], first_attempts["redriveStatus"]) == ("FAILED", "REDRIVABLE")
    assert len(first_batches) > 0
    assert ledger["failed"] > 0
    assert (ledger["unaccounted"], ledger["written"]) == (0, ROWS - ledger["failed"] - ledger["unstarted"])

    rejects_out_of_reach()
    again = dags.run(source, date="2026-02-02")

    assert again.status == 0, again.output[-2000:]
    ledger = again.report["ledger"]
    assert (ledger["source_rows"], ledger["written"], ledger["rejected"]) == (ROWS, ROWS - 1, 1)
    assert (ledger["failed"], ledger["unstarted"], ledger["unaccounted"]) == (0, 0, 0)
    assert again.report["execution_arn"] == arn
    assert len(dags.executions()) == len(before) + 1
    redriven = states.describe_execution(executionArn=arn)
    assert redriven["status"] == "SUCCEEDED"
    assert redriven["redriveCount"] == first_attempts["redriveCount"] + 1
    assert [run["mapRunArn"] for run in states.list_map_runs(executionArn=arn)["mapRuns"]] == [map_run]
    all_batches = succeeded(map_run)
    assert len(all_batches) == -(-ROWS // dags.dataset.limits.rows_per_batch)
    assert {name: all_batches[name] for name in first_batches} == first_batches
    [reject] = dags.error_files(again.report)
    assert (reject["row"], reject["code"]) == (KEYLESS + 1, "MISSING_KEY")
