"""The DAG on the embedded AWS: good input, bad input, a failing machine, runs again.

By `airflow dags test`, where Airflow has a part in it: what it skips, retries, reschedules and says. The rest is what
the tasks do, and runs without the command.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.writing.turn import Holder, turn_key
from csvdynamo_airflow.settings import LOCAL_BUCKETS
from csvdynamo_airflow.storage.result_objects import list_objects
from csvdynamo_airflow.workflow.turn import UNUSED_SECONDS
from tests.support.forked import Forked
from tests.support.lambda_functions import function_with

LEDGER_OF_NOTHING = {
    "source_rows": 0,
    "rejected_before_upload": 0,
    "written": 0,
    "rejected": 0,
    "failed": 0,
    "unstarted": 0,
    "unaccounted": 0,
}


def test_every_row_is_an_item_or_a_reject_with_its_row_number(dags: Any, vehicles: Any) -> None:
    source = vehicles([f"10{n}" if n not in (3, 7) else "" for n in range(1, 41)])

    run = dags.test(source)

    assert run.status == 0, run.output[-2000:]
    assert run.report["ledger"] == {**LEDGER_OF_NOTHING, "source_rows": 40, "written": 38, "rejected": 2}
    assert run.report["accounted"] is True
    table = dags.table()
    assert table["A_101"] == {
        "vin_(1-10)": {"S": "VIN0"},
        "model_year": {"N": "2020"},
        "dol_vehicle_id": {"S": "A_101"},
    }
    assert {f"A_10{n}" for n in range(1, 41) if n not in (3, 7)} <= set(table)
    rejects = dags.error_files(run.report)
    assert sorted((reject["row"], reject["code"]) for reject in rejects) == [(3, "MISSING_KEY"), (7, "MISSING_KEY")]
    assert rejects[0]["item"]["Model Year"] == "2020"


def test_a_run_repeated_with_the_same_id_attaches_to_its_execution(dags: Any, vehicles: Any) -> None:
    source = vehicles(["201", "202"])
    first = dags.run(source, date="2026-01-01")
    executions = dags.executions()

    second = dags.run(source, date="2026-01-01")

    assert (first.status, second.status) == (0, 0), second.output[-2000:]
    assert dags.executions() == executions
    assert second.report["execution_arn"] == first.report["execution_arn"]
    assert second.report["ledger"] == first.report["ledger"]


def test_a_source_that_was_split_adds_up_and_of_equal_keys_the_later_parts_is_in_the_table(
    dags: Any, vehicles: Any
) -> None:
    for keys in (range(20), range(10, 30)):
        run = dags.run(vehicles([f"61{key:02}" for key in keys]))
        assert run.status == 0, run.output[-2000:]

    found = {key[-2:]: item["vin_(1-10)"]["S"] for key, item in dags.table().items() if key.startswith("A_61")}
    assert found == {f"{key:02}": f"VIN{key if key < 10 else key - 10}" for key in range(30)}


def test_an_object_of_s3_is_a_source_as_any_other(dags: Any, vehicles: Any) -> None:
    s3, content = dags.deployed.client("s3"), Path(vehicles(["621", "622"])).read_bytes()
    s3.create_bucket(Bucket="publisher")
    etag = s3.put_object(Bucket="publisher", Key="2026/my vehicles.csv", Body=content)["ETag"]
    reading = replace(dags, environment={**dags.environment, LOCAL_BUCKETS: "s3://publisher/2026/"})

    run = reading.run("s3://publisher/2026/my vehicles.csv")

    assert run.status == 0, run.output[-2000:]
    assert run.report["ledger"] == {**LEDGER_OF_NOTHING, "source_rows": 2, "written": 2}
    source = run.report["source"]
    assert (source["url"], source["etag"]) == ("s3://publisher/2026/my vehicles.csv", etag)
    assert source["bytes"] == len(content)
    assert {"A_621", "A_622"} <= set(dags.table())


def test_force_repeats_an_execution_that_succeeded(dags: Any, vehicles: Any) -> None:
    source = vehicles(["211"])
    first = dags.run(source, date="2026-01-02")
    executions = dags.executions()

    second = dags.run(source, date="2026-01-02", force=True)

    assert second.status == 0, second.output[-2000:]
    assert dags.executions() == [*executions, executions[-1] + "-2"]
    assert second.report["ledger"] == first.report["ledger"]


def test_a_dry_run_stops_after_prepare_and_is_green(dags: Any, vehicles: Any) -> None:
    source = vehicles(["221", "222"])
    executions = dags.executions()

    run = dags.test(source, dry_run=True)

    assert run.status == 0, run.output[-2000:]
    assert dags.executions() == executions
    assert run.report["ledger"] == {**LEDGER_OF_NOTHING, "source_rows": 2, "unstarted": 2}
    plan = run.report["plan"]
    assert (plan["written"], plan["write_units"], plan["batches"]) == (2, 2, 1)
    assert plan["cost"]["usd"] > 0


def test_a_header_alone_starts_no_execution_and_is_green(dags: Any, vehicles: Any) -> None:
    executions = dags.executions()

    run = dags.run(vehicles([]))

    assert run.status == 0, run.output[-2000:]
    assert dags.executions() == executions
    assert run.report["ledger"] == LEDGER_OF_NOTHING


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "does not exist"),
        ("VIN (1-10),Model Year\nV1,2020\n", "'DOL Vehicle ID'"),
    ],
    ids=["missing file", "no key column"],
)
def test_a_source_that_cannot_be_migrated_is_red_at_once_and_says_why(
    dags: Any, tmp_path: Path, content: str | None, says: str
) -> None:
    source = tmp_path / "source.csv"
    if content is not None:
        source.write_text(content, encoding="utf-8")
    executions = dags.executions()

    run = dags.run(str(source))

    assert run.status != 0
    assert says.lower() in run.output.lower()
    assert dags.executions() == executions
    assert run.report["accounted"] is False
    assert run.report["ledger"] == LEDGER_OF_NOTHING
    assert any(says.lower() in problem.lower() for problem in run.report["problems"]), run.report["problems"]
    assert dags.earlier[-1].retries == 0


def test_more_rejects_of_prepare_than_the_gate_allows_are_red_before_a_row_is_uploaded(
    dags: Any, tmp_path: Path
) -> None:
    source = tmp_path / "source.csv"
    rows = [f"V{number},2020" + (f",60{number}" if number < 20 else "") for number in range(100)]
    source.write_text("\n".join(["VIN (1-10),Model Year,DOL Vehicle ID", *rows]) + "\n", encoding="utf-8")
    s3, bucket = dags.deployed.client("s3"), dags.deployed.outputs["SourceBucket"]
    executions, uploaded = dags.executions(), list_objects(s3, bucket, "source/")

    run = dags.test(str(source))

    assert run.status != 0
    assert (dags.executions(), list_objects(s3, bucket, "source/")) == (executions, uploaded)
    ledger = {**LEDGER_OF_NOTHING, "source_rows": 100, "rejected_before_upload": 80, "unstarted": 20}
    assert run.report["ledger"] == ledger
    [problem] = run.report["problems"]
    assert "80 of 100 rows (80.00 %) were rejected, more than gates.max_reject_percent = 5 (80 BAD_WIDTH)" in problem
    [warning] = run.report["source_warnings"]
    assert "The last record, row 100, has 2 of 3 columns: the file may have been cut off" in warning
    assert [reject["row"] for reject in dags.error_files(run.report)] == list(range(21, 101))
    assert run.report["error_files"][1].endswith("/rejects.csv")
    assert "up_for_retry" not in run.output


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("http://169.254.169.254/latest/meta-data/iam/security-credentials/", "is plain http"),
        ("/proc/self/environ", "is not below the folder that CSVDYNAMO_LOCAL_FOLDER names"),
    ],
    ids=["the metadata service", "a file of the worker"],
)
def test_what_the_trigger_names_is_not_read_unless_it_is_allowed(dags: Any, source: str, says: str) -> None:
    run = dags.run(source)

    assert run.status != 0
    assert run.report["ledger"] == LEDGER_OF_NOTHING
    assert any(says in problem for problem in run.report["problems"]), run.report["problems"]
    assert dags.earlier[-1].retries == 0


@pytest.fixture
def table_out_of_reach(dags: Any) -> Iterator[Any]:
    """Gives a function that mends what this fixture broke: the Lambda writes to a table that is not there."""
    with function_with(dags.deployed, DESTINATION_TABLE_NAME="no_such_table") as mend:
        yield mend


def test_a_run_whose_state_machine_failed_is_red_with_a_report_and_succeeds_with_the_function_mended(
    dags: Any, vehicles: Any, table_out_of_reach: Any
) -> None:
    source = vehicles(["301", "302", "303"])
    executions = dags.executions()

    failed = dags.run(source, date="2026-02-01")

    assert failed.status != 0
    assert failed.report["execution_status"] == "FAILED"
    assert failed.report["accounted"] is False
    assert failed.report["ledger"] == {**LEDGER_OF_NOTHING, "source_rows": 3, "failed": 3}
    assert any("wait" in problem for problem in failed.report["problems"])
    assert "A_301" not in dags.table()

    table_out_of_reach()
    again = dags.run(source, date="2026-02-01")

    assert again.status == 0, again.output[-2000:]
    assert again.report["ledger"] == {**LEDGER_OF_NOTHING, "source_rows": 3, "written": 3}
    assert {"A_301", "A_302", "A_303"} <= set(dags.table())
    # A redrive would call the version of the function that the execution began with.
    assert again.report["execution_arn"] == failed.report["execution_arn"] + "-2"
    assert len(dags.executions()) == len(executions) + 2


def test_a_run_waits_for_its_turn_and_loses_no_attempt(dags: Any, vehicles: Any) -> None:
    turn = {"Bucket": dags.deployed.outputs["SourceBucket"], "Key": turn_key("ev_population")}

    def taken(seconds_ago: float) -> None:
        holder = Holder("another", "another", taken=time.time() - seconds_ago)
        dags.deployed.client("s3").put_object(**turn, Body=holder.to_json().encode())

    def let_it_wait(running: Forked) -> None:
        running.await_said("Another run of this data set is about to migrate, as execution another")
        taken(UNUSED_SECONDS)

    taken(0)
    run = dags.test(vehicles(["401", "402"]), meanwhile=let_it_wait)

    assert run.status == 0, run.output[-2000:]
    assert "up_for_retry" not in run.output
