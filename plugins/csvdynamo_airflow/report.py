"""The report of a run: one JSON document, written for a failed run as well."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from csvdynamo_airflow.error_files import Merged
from csvdynamo_airflow.execution import Execution
from csvdynamo_airflow.ledger import Ledger
from csvdynamo_airflow.naming import execution_name, reports_prefix
from csvdynamo_airflow.prepare import Prepared
from csvdynamo_airflow.witnesses import MigrationCounts

REPORT_FILE = "report.json"


@dataclass(frozen=True)
class Findings:
    """What the tasks of a run left behind, as far as each of them came.

    Attributes:
        dataset: The data set's name.
        run_id: The DAG run's id.
        landed: What download returned, as JSON; None when it did not end.
        prepared: What prepare returned; None when it did not end.
        execution: The run's newest execution; None when none was started.
        counts: What the witnesses say of the prepared rows.
        merged: The error files; None when they were not fetched.
        dry_run: Whether the run was to stop after prepare.
    """

    dataset: str
    run_id: str
    landed: Mapping[str, Any] | None = None
    prepared: Prepared | None = None
    execution: Execution | None = None
    counts: MigrationCounts = field(default_factory=MigrationCounts)
    merged: Merged | None = None
    dry_run: bool = False


def make_report(findings: Findings, ledger: Ledger) -> dict[str, Any]:
    """Write what is known of a run as the report's document, all but its verdict and its seconds.

    Args:
        findings: What the tasks left behind.
        ledger: What became of every row.
    """
    prepared, execution, merged = findings.prepared, findings.execution, findings.merged or Merged()
    landed = findings.landed or {}
    codes: Counter[str] = Counter(merged.by_code)
    if prepared:
        codes.update(prepared.rejects_by_code)
    return {
        "dataset": findings.dataset,
        "run_id": findings.run_id,
        "dry_run": findings.dry_run,
        "execution_arn": execution.arn if execution else None,
        "execution_status": execution.status if execution else None,
        "execution_cause": execution.cause if execution else "",
        "source": {
            **{name: landed.get(name) for name in ("url", "bytes", "sha256", "etag", "last_modified")},
            "rows": prepared.source_rows if prepared else None,
        },
        "ledger": ledger.to_json(),
        "witnesses": _witnesses(findings),
        "rejects_by_code": dict(sorted(codes.items())),
        "rejects_superseded": merged.superseded,
        "verification": {"mode": "none", "keys_checked": 0, "missing": 0, "changed": 0, "foreign": 0},
        "schema_changes": list(prepared.schema_changes) if prepared else [],
        "error_files": _error_files(findings),
    }


def report_key(findings: Findings) -> str:
    """Name the report's key in the bucket; a run that prepared nothing has a name of its own, too."""
    name = (
        findings.prepared.execution_name if findings.prepared else execution_name(findings.dataset, findings.run_id, "")
    )
    return reports_prefix(findings.dataset, name) + REPORT_FILE


def finish_report(report: Mapping[str, Any], seconds: Mapping[str, float], problems: Sequence[str]) -> dict[str, Any]:
    """Add what only the end of a run knows: how long each step took, and whether all is accounted for."""
    return {**report, "seconds": dict(seconds), "accounted": not problems, "problems": list(problems)}


def report_text(report: Mapping[str, Any]) -> str:
    """Write the report as the JSON that stands in the bucket."""
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def summary(report: Mapping[str, Any]) -> str:
    """Write the report for a person: the ledger, the rejects by code, and what is wrong."""
    ledger = Ledger.from_json(report["ledger"])
    lines = [f"data set {report['dataset']}, run {report['run_id']}", "", ledger.table()]
    if codes := report["rejects_by_code"]:
        lines += ["", "rejects: " + ", ".join(f"{count:,} {code}" for code, count in codes.items())]
    lines += ["", *report["problems"]] if report["problems"] else ["", "Every row is accounted for."]
    return "\n".join(lines)


def _witnesses(findings: Findings) -> dict[str, str]:
    if findings.prepared is None:
        return {}
    return {
        "source_rows": f"records that prepare read from s3://{findings.prepared.bucket}/{findings.prepared.landing_key}",
        "rejected_before_upload": "rejects that prepare wrote",
        **findings.counts.witnesses,
    }


def _error_files(findings: Findings) -> list[str]:
    if findings.prepared is None or findings.merged is None or findings.merged.key is None:
        return []
    return [f"s3://{findings.prepared.bucket}/{findings.merged.key}"]
