"""The report of a run: one JSON document, written for a failed run as well."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from csvdynamo_airflow.checked_table import CheckedTable
from csvdynamo_airflow.error_files import Merged
from csvdynamo_airflow.findings import Findings
from csvdynamo_airflow.ledger import Ledger
from csvdynamo_airflow.naming import execution_name, reports_prefix
from csvdynamo_airflow.schema_change import SchemaChange, warnings

REPORT_FILE = "report.json"


def make_report(findings: Findings, problems: Sequence[str]) -> dict[str, Any]:
    """Write what is known of a run as the report's document.

    Args:
        findings: What the tasks left behind.
        problems: What keeps the run from being green (`verdict.problems`).
    """
    prepared, execution, counts = findings.prepared, findings.execution, findings.counts
    merged = findings.merged or Merged()
    return {
        "dataset": findings.dataset,
        "run_id": findings.run_id,
        "dry_run": findings.dry_run,
        "accounted": not problems,
        "problems": list(problems),
        "execution_arn": execution.arn if execution else None,
        "execution_status": execution.status if execution else None,
        "execution_cause": execution.cause if execution else "",
        "source": _source(findings),
        "ledger": findings.ledger.to_json(),
        "prepared_rows": prepared.prepared_rows if prepared else None,
        "map_run_rows": counts.map_run_total if counts else None,
        "witnesses": _witnesses(findings),
        "rejects_by_code": _rejects_by_code(findings),
        "rejects_missing": merged.missing,
        "rejects_superseded": merged.superseded,
        "rejects_misfiled": merged.misfiled,
        "verification": (findings.checked or CheckedTable()).to_json(),
        "schema_changes": [change.to_json() for change in prepared.schema_changes] if prepared else [],
        "seconds": {task.task_id: task.seconds for task in findings.tasks},
        "error_files": [
            f"s3://{prepared.bucket}/{key}" for key in (merged.key, merged.csv_key) if prepared is not None and key
        ],
    }


def report_key(findings: Findings) -> str:
    """Name the report's key in the bucket; a run that prepared nothing has a name of its own, too."""
    name = (
        findings.prepared.execution_name if findings.prepared else execution_name(findings.dataset, findings.run_id, "")
    )
    return reports_prefix(findings.dataset, name) + REPORT_FILE


def report_text(report: Mapping[str, Any]) -> str:
    """Write the report as the JSON that stands in the bucket."""
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def summary(report: Mapping[str, Any]) -> str:
    """Write the report for a person: the ledger, the rejects by code, what changed in the header, what is wrong."""
    lines = [f"data set {report['dataset']}, run {report['run_id']}", "", Ledger.from_json(report["ledger"]).table()]
    if codes := report["rejects_by_code"]:
        lines += ["", "rejects: " + ", ".join(f"{count:,} {code}" for code, count in codes.items())]
    if told := warnings(map(SchemaChange.from_json, report["schema_changes"])):
        lines += ["", *told]
    if report["problems"]:
        lines += ["", *report["problems"]]
    elif report["dry_run"]:
        lines += ["", "A dry run: every row is accounted for, and none was migrated."]
    else:
        lines += ["", "Every row is accounted for."]
    return "\n".join(lines)


def _source(findings: Findings) -> dict[str, Any]:
    landed = findings.landed or {}
    return {
        **{name: landed.get(name) for name in ("url", "bytes", "sha256", "etag", "last_modified")},
        "rows": findings.prepared.source_rows if findings.prepared else None,
    }


def _witnesses(findings: Findings) -> dict[str, str]:
    prepared = findings.prepared
    if prepared is None:
        return {}
    return {
        "source_rows": f"records that prepare read from s3://{prepared.bucket}/{prepared.landing_key}",
        "rejected_before_upload": "rejects that prepare wrote",
        **(findings.counts.witnesses if findings.counts else {}),
    }


def _rejects_by_code(findings: Findings) -> dict[str, int]:
    codes: Counter[str] = Counter()
    for found in (findings.prepared and findings.prepared.rejects_by_code, findings.merged and findings.merged.by_code):
        codes.update(found or {})
    return dict(sorted(codes.items()))
