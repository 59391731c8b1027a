"""Rows of keys that the table does not have, through the real DAG on the embedded AWS."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from commands.embedded import Deployed
from tests.e2e.conftest import Airflow
from tests.e2e.test_table_check import KEY, edit, vehicle
from tests.support.stacks import Stacks

NAME = "new_vehicles"


def test_rows_of_new_keys_are_written_and_items_that_are_there_are_told_and_not_touched(
    airflow: Airflow, stacks: Stacks, deployed: Deployed, vehicles: Any
) -> None:
    dags = replace(airflow.dags(stacks.on(deployed.aws, NAME), NAME), no_waiting=True)
    theirs = {**KEY.values(vehicle("A_6")), "note": {"S": "mine"}}
    dags.deployed.client("dynamodb").put_item(TableName=f"tb_{NAME}", Item=theirs)
    source = Path(vehicles(list(map(str, range(1, 11)))))
    first = dags.run(str(source))
    assert first.status == 0, first.output[-3000:]
    ledger = first.report["ledger"]
    assert (ledger["written"], ledger["rejected"], ledger["unaccounted"]) == (9, 1, 0)
    assert first.report["rejects_by_code"] == {"LEFT_ALONE": 1}
    assert first.report["write_units"] == 9

    # What changes in the source stays as it is in the table; what is the same counts as written, and costs nothing.
    edit(source, ("VIN1,", "NEW1,"))
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    source.write_text("".join([*lines, lines[-1].replace(",10\n", ",11\n")]), encoding="utf-8")
    before = dags.table()
    second = dags.run(str(source))
    assert second.status == 0, second.output[-3000:]
    assert (second.report["ledger"]["written"], second.report["rejects_by_code"]) == (9, {"LEFT_ALONE": 2})
    assert second.report["write_units"] == 1
    verification = second.report["verification"]
    assert (verification["mode"], verification["keys_checked"]) == ("full", 9)
    assert all(verification[kind] == 0 for kind in ("missing", "changed", "stale", "foreign"))
    table = dags.table()
    assert {key: table[key] for key in before} == before
    assert (len(table), table[vehicle("A_6")]) == (11, theirs)
