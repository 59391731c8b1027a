"""Items of keys that vanished, deleted through the real DAG on the embedded AWS."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from commands.embedded import Deployed
from tests.e2e.conftest import Airflow
from tests.e2e.test_table_check import KEY, edit, vehicle
from tests.support.stacks import Stacks

NAME = "refreshed_vehicles"


def test_items_of_keys_that_vanished_are_deleted_behind_a_guard_and_what_others_changed_is_left_alone(
    airflow: Airflow, stacks: Stacks, deployed: Deployed, vehicles: Any
) -> None:
    dags = replace(airflow.dags(stacks.on(deployed.aws, NAME), NAME), no_waiting=True)
    source = Path(vehicles(list(map(str, range(1, 51)))))
    first = dags.run(str(source))
    assert first.status == 0, first.output[-3000:]

    items = dags.table()

    # One key comes, one row changes, two keys go; somebody has changed the item of one of them.
    edit(source, ("VIN1,", "NEW1,"))
    _leave_out(source, "5", "6")
    theirs = {**KEY.values(vehicle("A_6")), "note": {"S": "mine"}}
    dags.deployed.client("dynamodb").put_item(TableName=f"tb_{NAME}", Item=theirs)
    second = dags.run(str(source))
    assert second.status == 0, second.output[-3000:]
    changes = second.report["changes"]
    told = [changes[name] for name in ("changed", "unchanged", "vanished", "to_delete", "deleted", "left_alone")]
    assert told == [1, 47, 2, 2, 1, 1]
    assert (second.report["map_run_rows"], second.report["ledger"]["unaccounted"]) == (3, 0)
    # The deleted key was looked for as well; what is left alone is of nobody's.
    verification = second.report["verification"]
    assert (verification["mode"], verification["keys_checked"], verification["foreign"]) == ("full", 49, 1)
    table = dags.table()
    assert (len(table), vehicle("A_5") in table, table[vehicle("A_6")]) == (49, False, theirs)

    # A third of the file is missing: nothing is written, and nothing deleted.
    edit(source, ("VIN2,", "NEW2,"))
    _leave_out(source, *map(str, range(35, 38)))
    executions = dags.executions()
    third = dags.run(str(source))
    assert third.status != 0
    assert "3 items of 48 would be deleted" in "\n".join(third.report["problems"])
    assert (dags.executions(), dags.table()) == (executions, table)

    # The second run is taken back: the first one's items are there again, but for the one that somebody has changed.
    back = dags.run("https://example.com/vehicles.csv", rollback=second.report["run_id"])
    assert back.status == 0, back.output[-3000:]
    ledger = back.report["ledger"]
    assert [ledger[name] for name in ("source_rows", "written", "unchanged", "rejected")] == [50, 2, 47, 1]
    assert back.report["rejects_by_code"] == {"LEFT_ALONE": 1}
    assert dags.table() == {**items, vehicle("A_6"): theirs}

    # The digests of the last two green runs stay, those of the first one and of no other are gone.
    runs = [run.report["execution_arn"].rpartition(":")[2] for run in (second, back)]
    assert sorted(_runs_with_digests(dags.deployed)) == sorted(runs)


def _runs_with_digests(deployed: Deployed) -> list[str]:
    """The executions beside whose reports the bucket has digests of rows, in any version."""
    found = deployed.client("s3").list_object_versions(
        Bucket=deployed.outputs["SourceBucket"], Prefix=f"reports/{NAME}/"
    )
    kinds = (found["Versions"], found.get("DeleteMarkers", []))
    there, marked = ([one["Key"].split("/")[2] for one in kind if "/row_digests-" in one["Key"]] for kind in kinds)
    assert not marked, "they are gone for good"
    return there


def _leave_out(source: Path, *vehicles: str) -> None:
    """Remove the rows of some vehicles."""
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.rstrip().rpartition(",")[2] not in vehicles]
    assert len(kept) == len(lines) - len(vehicles)
    source.write_text("".join(kept), encoding="utf-8")
