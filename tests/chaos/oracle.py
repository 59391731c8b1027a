"""What must become of a run's rows, held against what is in the table and in the bucket: no run is believed."""

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from commands.embedded import Deployed
from csvdynamo.aws.stored_object import read_object
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.ledger import Ledger
from csvdynamo.records.rejects import Reject
from csvdynamo_airflow.documents.execution import Execution, executions_of_run
from csvdynamo_airflow.documents.run_line import REPORT_FILE
from csvdynamo_airflow.outcome.gathering import REJECTS_FILE
from csvdynamo_airflow.storage.result_objects import list_objects
from tests.chaos.rows import Source
from tests.support.object_lines import object_lines


class LostRowError(AssertionError):
    """A row was lost, doubled or changed, or a run ended without saying what became of it."""


@dataclass(frozen=True)
class Oracle:
    """Holds runs of a data set against their sources.

    Attributes:
        deployed: The embedded AWS and the data set's stack.
        dataset: The data set.
    """

    deployed: Deployed
    dataset: Dataset

    def check(self, report: dict[str, Any], source: Source, seed: str) -> None:
        """Hold a report, the table and the error files to the source."""
        ledger = Ledger.from_json(report["ledger"])
        written = len(source.items) - ledger.unchanged
        expected = replace(ledger, source_rows=source.rows, written=written, failed=0, unstarted=0)
        if ledger != expected or ledger.rejects != len(source.rejects) or ledger.unaccounted:
            raise LostRowError(f"run {seed}: the ledger is not that of its source:\n{ledger.table()}")
        checked = report["verification"]
        if checked["mode"] != "full" or checked["missing"] or checked["changed"] or checked.get("undeleted"):
            raise LostRowError(f"run {seed}: the check of the table is {checked}")
        if (table := self.table()) != (items := {**source.items, **source.kept}):
            wrong = {key for key in table.keys() | items.keys() if table.get(key) != items.get(key)}
            one = min(wrong)
            raise LostRowError(
                f"run {seed}: {len(wrong)} of {len(items)} items are not as their rows make them, "
                f"{sorted(wrong)[:10]}: {one} is {table.get(one)}, not {items.get(one)}"
            )
        if (rejects := self._rejects(report)) != Counter(source.rejects):
            raise LostRowError(f"run {seed}: the rejects are {rejects}, not {set(source.rejects)}")

    def check_red(self, report: dict[str, Any], seed: str) -> None:
        """Hold the report of a red run to what no fault excuses: nobody else writes, and what is said to be done is."""
        checked, changes = report["verification"] or {}, report.get("changes") or {}
        lies = {kind: checked.get(kind) for kind in ("missing", "changed", "undeleted")}
        lies["left_alone"] = changes.get("left_alone")
        if any(lies.values()):
            raise LostRowError(f"run {seed}: its function said that it had done what is not done: {lies}")

    def report(self, key: str | None) -> dict[str, Any]:
        """Read a report."""
        assert key, "a green run has a report"
        report: dict[str, Any] = json.loads(read_object(self.deployed.client("s3"), self.bucket, key))
        return report

    def newest_report(self) -> tuple[str, str] | None:
        """The key of the report that was written last, and when."""
        found = list_objects(self.deployed.client("s3"), self.bucket, f"reports/{self.dataset.name}/")
        reports = [item for item in found if item["Key"].endswith(REPORT_FILE)]
        if not reports:
            return None
        newest = max(reports, key=lambda item: item["LastModified"])
        return newest["Key"], str(newest["LastModified"])

    @property
    def bucket(self) -> str:
        """The stack's bucket."""
        return self.deployed.outputs["SourceBucket"]

    def table(self) -> dict[str, Any]:
        """All items of the table, by key."""
        pages = self.deployed.client("dynamodb").get_paginator("scan").paginate(TableName=self.dataset.table.name)
        return {item["key"]["S"]: item for page in pages for item in page["Items"]}

    def _rejects(self, report: dict[str, Any]) -> Counter[tuple[int | None, str]]:
        s3, place = self.deployed.client("s3"), f"s3://{self.bucket}/"
        keys = [file.removeprefix(place) for file in report["error_files"] if file.endswith(f"/{REJECTS_FILE}")]
        lines = (line for key in keys for line in object_lines(s3, self.bucket, key))
        return Counter((reject.row, reject.code) for reject in map(Reject.from_json, lines))

    def check_uploads(self, seed: str) -> None:
        """Hold what a run uploads under keys made of its digest to one upload, however often a task was tried."""
        listed = self.deployed.client("s3").get_paginator("list_object_versions")
        uploads = Counter(
            version["Key"]
            for folder in ("landing/", "source/")
            for page in listed.paginate(Bucket=self.bucket, Prefix=folder)
            for version in page.get("Versions", [])
        )
        if twice := [key for key, versions in uploads.items() if versions > 1]:
            raise LostRowError(f"run {seed}: uploaded more than once: {twice}")

    def check_executions(
        self, report_key: str | None, written: int, seed: str, *, deployed_anew: bool = False
    ) -> list[Execution]:
        """Hold a run to one execution, by whose name its report is filed, and its output to what it wrote; return it.

        After a deploy a failed execution is not redriven: the whole file is migrated by another one.
        """
        assert report_key
        name = report_key.split("/")[-2]
        machine = self.deployed.outputs["MigrationWorkflowStateMachine"]
        executions = executions_of_run(self.deployed.client("stepfunctions"), machine, name)
        if len(executions) != 1 and not deployed_anew:
            raise LostRowError(f"run {seed}: it started {[one.name for one in executions]}, not one execution")
        described = self.deployed.client("stepfunctions").describe_execution(executionArn=executions[-1].arn)
        output = json.loads(described["output"])
        if output["TOTAL_NUMBER_OF_ITEMS_WRITTEN"] != written:
            raise LostRowError(f"run {seed}: the execution's output is not that of its source: {output}")
        return executions
