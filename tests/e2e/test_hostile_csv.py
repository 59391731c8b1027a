"""The hostile corpus through `make demo`: each row is in the table as what it must be, or among the rejects."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from commands.project import ROOT
from csvdynamo.rejects import Reject
from csvdynamo_airflow.rejects.result_objects import list_objects, object_lines
from tests.hostile.corpus import file_of
from tests.hostile.datasets import write_datasets
from tests.hostile.file_cases import failing_files
from tests.hostile.formats import MIXED, UTF16, Format
from tests.hostile.judge import hold
from tests.hostile.model import HostileRow, Refused, Stored


@dataclass(frozen=True)
class Demo:
    """What one `make demo KEEP_AWS=1` said, and the embedded AWS that it left running."""

    status: int
    output: str
    endpoint: str
    dataset: str

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def table(self) -> dict[str, dict[str, Any]]:
        """All items by key, as DynamoDB's attribute values."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=f"tb_{self.dataset}")
        return {item["id"]["S"]: item for page in pages for item in page["Items"]}

    def report(self) -> dict[str, Any]:
        s3 = self.client("s3")
        [bucket] = [one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"].startswith("csvdynamo-hostile")]
        keys = [one["Key"] for one in list_objects(s3, bucket, f"reports/{self.dataset}/")]
        [key] = [key for key in keys if key.endswith("/report.json")]
        report: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return report

    def rejects(self, report: dict[str, Any]) -> list[Reject]:
        s3 = self.client("s3")
        [location] = [one for one in report["error_files"] if one.endswith(".jsonl")]
        bucket, key = location.removeprefix("s3://").split("/", 1)
        return [Reject.from_json(line) for line in object_lines(s3, bucket, key)]


@contextmanager
def demo(dataset: str, source: Path, datasets: Path) -> Iterator[Demo]:
    """Run the command behind `make demo SOURCE=… KEEP_AWS=1` on a data set of a folder of its own."""
    path = os.pathsep.join(map(str, [ROOT, ROOT / "lambdas", ROOT / "plugins"]))
    done = subprocess.run(
        [sys.executable, "-m", "commands.demo", "--dataset", dataset, "--source", str(source), "--keep-aws"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "CSVDYNAMO_DATASETS": str(datasets)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    running = re.search(r"runs at (\S+) \(process (\d+)", done.stdout)
    assert running, done.stdout
    try:
        yield Demo(done.returncode, done.stdout, running[1], dataset)
    finally:
        os.kill(int(running[2]), signal.SIGTERM)


def ledger_of(rows: list[HostileRow]) -> dict[str, int]:
    refused = [row.outcome.codes[0] for row in rows if isinstance(row.outcome, Refused)]
    return {"source_rows": len(rows), "written": len(rows) - len(refused), "failed": 0, "unstarted": 0}


@pytest.mark.parametrize(
    ("form", "policy"),
    [(MIXED, "last"), (UTF16, "reject")],
    ids=lambda value: value.name if isinstance(value, Format) else value,
)
def test_every_hostile_row_is_the_item_or_the_reject_that_it_must_be(tmp_path: Path, form: Format, policy: str) -> None:
    write_datasets(tmp_path)
    content, rows = file_of(form, policy)
    source = tmp_path / "hostile.csv"
    source.write_bytes(content)

    with demo(f"hostile_{policy}", source, tmp_path) as done:
        report, table = done.report(), done.table()
        rejects = done.rejects(report)

    hold(rows, table, rejects)
    assert done.status == 0, done.output
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

    run = dags.test(str(source))

    assert run.status != 0
    assert dags.executions() == executions
    assert run.report["accounted"] is False
    problems = " ".join(run.report["problems"])
    assert case.says is not None
    assert re.search(case.says, problems), problems
    assert "published.csv" in problems
    assert "Traceback" not in problems
