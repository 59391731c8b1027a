"""The full check of a table, and the gates, through the real DAG on the embedded AWS."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commands.embedded import Deployed
from csvdynamo.folders import error_prefix
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.codes import Stage
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo_airflow.snapshots.pointer import pointer_key
from csvdynamo_airflow.storage.result_objects import list_objects
from tests.e2e.conftest import Airflow, Dags
from tests.e2e.test_raw_execution import run_by_hand
from tests.support.stacks import Stacks


@pytest.fixture(scope="module")
def checked_dags(airflow: Airflow, stacks: Stacks, deployed: Deployed) -> Dags:
    """A data set of this module's own, whose table is checked key by key."""
    dags = airflow.dags(stacks.on(deployed.aws, "checked_vehicles"), "checked_vehicles")
    return replace(dags, no_waiting=True)


@pytest.fixture
def fresh_table(checked_dags: Dags) -> Any:
    """DynamoDB, with the data set's table empty, and nobody's word of what was in it."""
    dynamodb, deployed = checked_dags.deployed.client("dynamodb"), checked_dags.deployed
    deployed.client("s3").delete_object(Bucket=deployed.outputs["SourceBucket"], Key=pointer_key("checked_vehicles"))
    for key in checked_dags.table():
        _delete(dynamodb, key)
    return dynamodb


TABLE = "tb_checked_vehicles"


KEY = TableKey(KeyAttribute("dol_vehicle_id"), KeyAttribute("model_year", "N"))


def vehicle(name: str, year: int = 2020) -> str:
    """The key of a vehicle."""
    return KEY.of({"dol_vehicle_id": {"S": name}, "model_year": {"N": str(year)}})


def _delete(dynamodb: Any, key: str, table: str = TABLE) -> None:
    dynamodb.delete_item(TableName=table, Key=KEY.values(key))


def keys(count: int, *, blank: int) -> list[str]:
    """Keys of so many vehicles, the last of them blank."""
    return [str(number) for number in range(1, count - blank + 1)] + [""] * blank


def test_whatever_is_changed_after_a_run_is_told_apart_and_fails_it_and_when_it_is_cleared_it_mends_the_table(
    checked_dags: Dags, fresh_table: Any, vehicles: Any
) -> None:
    source = vehicles(keys(40, blank=2))
    s3, bucket = checked_dags.deployed.client("s3"), checked_dags.deployed.outputs["SourceBucket"]

    untouched = checked_dags.run(source, date="2026-03-01")

    assert untouched.status == 0, untouched.output[-3000:]
    assert (untouched.report["ledger"]["written"], untouched.report["ledger"]["rejected"]) == (38, 2)
    assert _differences(untouched.report) == (38, {})
    executions, table = checked_dags.executions(), checked_dags.table()

    # A lost item, a changed one, one of another writer, a lost file of rejects, a reject that does not count.
    _delete(fresh_table, vehicle("A_1"))
    fresh_table.put_item(TableName=TABLE, Item={**table[vehicle("A_2")], "vin_(1-10)": {"S": "another"}})
    # Half of its key is that of a vehicle of the file.
    fresh_table.put_item(TableName=TABLE, Item=KEY.values(vehicle("A_3", 1999)))
    execution = untouched.report["execution_arn"].rpartition(":")[2]
    _take_error_files(s3, bucket, execution)
    _put_superseded_reject(s3, bucket, execution)

    touched = checked_dags.run(source, date="2026-03-01")

    assert touched.status != 0
    assert _differences(touched.report) == (38, {"missing": 1, "changed": 1, "foreign": 1})
    examples = {example["kind"]: example for example in touched.report["verification"]["examples"]}
    assert examples["missing"] == {"kind": "missing", "key": '["A_1","2020"]', "row": 1}
    assert examples["changed"] == {"kind": "changed", "key": '["A_2","2020"]', "row": 2, "attributes": ["vin_(1-10)"]}
    assert examples["foreign"] == {"kind": "foreign", "key": '["A_3","1999"]'}
    assert (touched.report["rejects_missing"], touched.report["rejects_superseded"]) == (2, 1)
    assert (touched.report["ledger"]["rejected"], touched.report["ledger"]["unaccounted"]) == (0, 2)
    text = "\n".join(touched.report["problems"])
    for told in ("2 of 40 rows are unaccounted for", 'missing from the table: ["A_1"', "(row 2) in vin_(1-10)"):
        assert told in text

    assert "clear the task start, which migrates the file again" in text

    # Cleared, the run migrates its file again, by another execution; cleared again, it attaches to that one.
    for _ in range(2):
        mended = checked_dags.run(source, date="2026-03-01")

        assert mended.status == 0, mended.output[-3000:]
        assert _differences(mended.report) == (38, {"foreign": 1})
        assert mended.report["ledger"] == untouched.report["ledger"]
        assert checked_dags.executions() == [*executions, f"{execution}-2"]
        assert {key: item for key, item in checked_dags.table().items() if key != vehicle("A_3", 1999)} == table

    # The next run of the same file is another one, whatever the one before found, and writes all of it.
    _delete(fresh_table, vehicle("A_1"))
    following = checked_dags.run(source, date="2026-04-01")

    assert following.status == 0, following.output[-3000:]
    assert vehicle("A_1") in checked_dags.table()
    assert len(checked_dags.executions()) == len(executions) + 2


def test_a_run_of_what_changed_writes_that_checks_every_row_and_writes_all_where_it_cannot_be_sure(
    airflow: Airflow, stacks: Stacks, deployed: Deployed, vehicles: Any, tmp_path: Path
) -> None:
    dags = airflow.dags(stacks.on(deployed.aws, "changed_vehicles"), "changed_vehicles")
    dags = replace(dags, no_waiting=True)
    source = Path(vehicles(keys(50, blank=0)))

    first = dags.run(str(source))
    assert first.status == 0, first.output[-3000:]
    assert (first.report["ledger"]["written"], "unchanged" in first.report["ledger"]) == (50, False)
    assert first.report["changes"]["why_all"]

    # Eight percent: three rows are others, one is new; the columns have another order.
    edit(source, ("VIN1,", "NEW1,"), ("VIN2,", "NEW2,"), ("VIN3,", "NEW3,"))
    _turn_columns(source, "VIN50,2020,51")
    second = dags.run(str(source))
    assert second.status == 0, second.output[-3000:]
    ledger = second.report["ledger"]
    assert [ledger[name] for name in ("source_rows", "written", "unchanged", "unaccounted")] == [51, 4, 47, 0]
    assert [second.report["changes"][name] for name in ("new", "changed", "vanished", "why_all")] == [1, 3, 0, ""]
    assert (second.report["map_run_rows"], _differences(second.report)) == (4, (51, {}))

    # Somebody starts an execution by hand between prepare and start.
    edit(source, ("VIN4\n", "NEW4\n"))
    third = dags.dag_run(str(source))
    third.run_before("start")
    by_hand = Path(vehicles(["9"], "by_hand.csv"))
    run_by_hand(dags, by_hand, f"by-hand-{tmp_path.name}")
    third.run()
    assert third.states["start"] == "failed"
    assert "which does not hold any more: execution by-hand-" in third.logs()
    third.clear("prepare")
    assert third.green, third.logs()[-3000:]
    [mended] = [one for one in dags.reports() if one["run_id"] == third.run_id and one["accounted"]]
    assert (mended["ledger"]["written"], "execution by-hand-" in mended["changes"]["why_all"]) == (51, True)

    # Nothing is new, and an item is lost that no run would write again.
    executions = dags.executions()
    _delete(dags.deployed.client("dynamodb"), vehicle("A_7"), "tb_changed_vehicles")
    red = dags.run(str(source))
    assert red.status != 0
    assert (red.report["ledger"]["unchanged"], dags.executions()) == (51, executions)
    assert red.report["changes"]["same_source"] == third.run_id
    assert _differences(red.report) == (51, {"missing": 1})
    assert "trigger the DAG again, as a new run: it writes all rows" in "\n".join(red.report["problems"])

    again = dags.run(str(source))
    assert again.status == 0, again.output[-3000:]
    assert (again.report["ledger"]["written"], vehicle("A_7") in dags.table()) == (51, True)
    assert "found 1 items missing or changed" in again.report["changes"]["why_all"]


@pytest.mark.parametrize(("rows", "rejected"), [(40, 3), (3, 3)], ids=["one more than allowed", "all of them"])
def test_more_rejects_than_the_gate_allows_fail_the_run(
    checked_dags: Dags, vehicles: Any, rows: int, rejected: int
) -> None:
    """Exactly as many, 2 of 40 at 5 %, are let through above."""
    run = checked_dags.run(vehicles(keys(rows, blank=rejected)))

    assert run.status != 0
    assert (run.report["ledger"]["rejected"], run.report["ledger"]["unaccounted"]) == (rejected, 0)
    [problem] = run.report["problems"]
    assert f"{rejected} of {rows} rows" in problem
    assert "gates.max_reject_percent = 5" in problem


def _differences(report: dict[str, Any]) -> tuple[int, dict[str, int]]:
    """Keys checked, and how many differences there are of each kind that was found."""
    verification = report["verification"]
    assert verification["mode"] == "full"
    kinds = ("missing", "changed", "unfinished", "stale", "foreign", "undeleted")
    return verification["keys_checked"], {kind: verification[kind] for kind in kinds if verification.get(kind)}


def _take_error_files(s3: Any, bucket: str, execution: str) -> None:
    """Remove an execution's error files."""
    taken = list_objects(s3, bucket, error_prefix(execution))
    assert taken
    for item in taken:
        s3.delete_object(Bucket=bucket, Key=item["Key"])


def _put_superseded_reject(s3: Any, bucket: str, execution: str) -> None:
    reject = Reject(
        execution_name=execution,
        dataset="checked_vehicles",
        row=3,
        stage=Stage.WRITE,
        code="DYNAMODB_REFUSED",
        column=None,
        message="an attempt that was repeated",
        item={},
        reject_id="f" * 24,
    )
    body = reject.to_json().encode() + b"\n"
    s3.put_object(Bucket=bucket, Key=f"{error_prefix(execution)}repeated", Body=body)


def edit(source: Path, *replacements: tuple[str, str]) -> None:
    """Replace texts of a source, each of which stands there once."""
    text = source.read_text(encoding="utf-8")
    for old, new in replacements:
        assert text.count(old) == 1
        text = text.replace(old, new)
    source.write_text(text, encoding="utf-8")


def _turn_columns(source: Path, more: str) -> None:
    """Write a source with its columns the other way round, and one row more."""
    lines = [*source.read_text(encoding="utf-8").splitlines(), more]
    source.write_text("".join(",".join(line.split(",")[::-1]) + "\n" for line in lines), encoding="utf-8")
