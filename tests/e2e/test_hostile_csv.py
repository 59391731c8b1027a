"""The hostile corpus through the real DAG: each row is in the table as what it must be, or among the rejects."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from commands.embedded import Deployed
from csvdynamo.records.rejects import Reject
from tests.e2e.conftest import Airflow
from tests.hostile.corpus import file_of
from tests.hostile.file_cases import failing_files
from tests.hostile.formats import MIXED, UTF16, Format
from tests.hostile.judge import hold
from tests.hostile.model import HostileRow, Refused, Stored
from tests.support.stacks import Stacks


def ledger_of(rows: list[HostileRow]) -> dict[str, int]:
    refused = [row.outcome.codes[0] for row in rows if isinstance(row.outcome, Refused)]
    return {"source_rows": len(rows), "written": len(rows) - len(refused), "failed": 0, "unstarted": 0}


@pytest.mark.parametrize(
    ("form", "policy"),
    [(MIXED, "last"), (UTF16, "reject")],
    ids=lambda value: value.name if isinstance(value, Format) else value,
)
def test_every_hostile_row_is_the_item_or_the_reject_that_it_must_be(
    airflow: Airflow, stacks: Stacks, deployed: Deployed, tmp_path: Path, form: Format, policy: str
) -> None:
    name = f"hostile_{policy}"
    dags = airflow.dags(stacks.on(deployed.aws, name), name)
    content, rows = file_of(form, policy)
    source = tmp_path / "hostile.csv"
    source.write_bytes(content)

    done = dags.run(str(source))

    report = done.report
    assert report is not None, done.output[-3000:]
    hold(rows, dags.table(), [Reject.from_json(json.dumps(reject)) for reject in dags.error_files(report)])
    assert done.status == 0, done.output[-3000:]
    assert "Traceback" not in done.output
    assert "Every row is accounted for." in done.output
    ledger = report["ledger"]
    assert {name: ledger[name] for name in ledger_of(rows)} == ledger_of(rows)
    assert ledger["unaccounted"] == 0
    assert sum(report["rejects_by_code"].values()) == ledger["rejected_before_upload"] + ledger["rejected"]
    keys = sum(isinstance(row.outcome, Stored) for row in rows)
    verification = report["verification"]
    assert {name: verification[name] for name in ("mode", "keys_checked", "missing", "changed", "foreign")} == {
        "mode": "full",
        "keys_checked": keys,
        "missing": 0,
        "changed": 0,
        "foreign": 0,
    }


@pytest.mark.parametrize("name", ["zip with two files", "UTF-32"])
def test_a_file_that_cannot_be_migrated_is_red_with_its_reason_in_the_report(
    dags: Any, tmp_path: Path, name: str
) -> None:
    [case] = [case for case in failing_files() if case.name == name]
    source = tmp_path / "published.csv"
    source.write_bytes(case.content)
    executions = dags.executions()

    run = dags.run(str(source))

    assert run.status != 0
    assert dags.executions() == executions
    assert run.report["accounted"] is False
    problems = " ".join(run.report["problems"])
    assert case.says is not None
    assert re.search(case.says, problems), problems
    assert "published.csv" in problems
    assert "Traceback" not in problems
