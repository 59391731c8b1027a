"""The report of a run: one JSON document, written for a failed run as well."""

import json
from collections.abc import Sequence

from csvdynamo.datasets.policies import VerifyMode
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.report_changes import ChangedRow, Changes, Replayed, TakenBack
from csvdynamo_airflow.accounting.report_document import (
    Answer,
    AskedQuestion,
    Example,
    HeaderChange,
    LedgerCounts,
    Report,
    Source,
    SourceFormat,
    Verification,
    json_of,
)
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind
from csvdynamo_airflow.documents.cost import Cost
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.plan import Plan
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.rolled_back import RolledBack
from csvdynamo_airflow.documents.run_line import REPORT_FILE
from csvdynamo_airflow.documents.since import since_key
from csvdynamo_airflow.documents.source_notes import SourceNotes
from csvdynamo_airflow.naming import execution_name, reports_prefix


def make_report(
    findings: Findings, problems: Sequence[str], *, cost: Cost | None = None, plan: Plan | None = None
) -> Report:
    """Write what is known of a run as its report.

    Args:
        findings: What the tasks left behind.
        problems: What keeps the run from being green (`verdict.problems`).
        cost: What it cost (`spending.cost_of_run`).
        plan: What it was to do (`spending.plan_of_run`).
    """
    prepared, execution, counts = findings.prepared, findings.execution, findings.counts
    outcome = findings.outcome or Outcome()
    return Report(
        dataset=findings.dataset,
        run_id=findings.run_id,
        dry_run=findings.dry_run,
        accounted=not problems,
        problems=tuple(problems),
        execution_arn=execution.arn if execution else None,
        execution_redrives=execution.redrives if execution else None,
        execution_status=execution.status if execution else None,
        execution_cause=execution.cause if execution else "",
        source=_source(findings),
        ledger=LedgerCounts(**findings.ledger.to_json()),
        prepared_rows=prepared.prepared_rows if prepared else None,
        map_run_rows=counts.map_run_total if counts else None,
        map_run_arn=counts.map_run_arn if counts else None,
        witnesses=_witnesses(findings),
        rejects_by_code=findings.rejects_by_code,
        rejects_by_column=outcome.measures.rejects_by_column,
        rejects_missing=outcome.missing,
        rejects_superseded=outcome.superseded,
        rejects_misfiled=outcome.misfiled,
        failures_by_error=findings.failures_by_error,
        batches=dict(outcome.measures.batches),
        throughput=outcome.measures.throughput,
        write_units=outcome.measures.write_units,
        throttled=None if outcome.measures.throttled is None else dict(outcome.measures.throttled),
        waited_seconds=outcome.measures.waited_seconds,
        concurrency_changes=findings.concurrency_changes,
        cost=cost,
        plan=plan,
        unfinished_rows_in_error_files=outcome.failed + outcome.unstarted,
        verification=_verification(findings.checked or CheckedTable()),
        schema_changes=tuple(HeaderChange(**vars(one)) for one in prepared.schema_changes) if prepared else (),
        source_warnings=prepared.source_warnings if prepared else (),
        questions=tuple(AskedQuestion(one.gate, one.sentence, dict(one.numbers)) for one in findings.questions),
        approval=Answer(**findings.approval.to_json()) if findings.approval else None,
        profile=f"s3://{prepared.bucket}/{prepared.profile_key}" if prepared and prepared.profile_key else None,
        seconds={task.task_id: task.seconds for task in findings.tasks},
        error_files=tuple(
            f"s3://{prepared.bucket}/{key}"
            for key in (outcome.key, outcome.csv_key, outcome.unfinished_key, _foreseen_key(findings))
            if prepared is not None and key
        ),
        changes=_changes(prepared, outcome) if prepared else None,
        replays=_replays(findings.dataset, prepared) if prepared else None,
    )


def _changes(prepared: Prepared, outcome: Outcome) -> Changes | None:
    """Say what of the file was to be written, where that is only what changed."""
    difference = prepared.difference
    if difference is None:
        return None
    return Changes(
        new=difference.new,
        changed=difference.changed,
        unchanged=difference.unchanged,
        vanished=difference.vanished,
        why_all=difference.why_all,
        beside=difference.base.execution if difference.base else None,
        file=None if prepared.nothing_to_write else f"s3://{prepared.bucket}/{prepared.migrated_key}",
        vanished_keys=f"s3://{prepared.bucket}/{difference.vanished_key}" if difference.vanished_key else None,
        to_delete=difference.deletions,
        deleted=outcome.deleted,
        left_alone=outcome.left,
        unknown_keys=difference.unknown_keys,
        same_source=difference.same_source,
        examples=tuple(ChangedRow(**vars(one)) for one in difference.examples),
        rollback=_taken_back(prepared.rollback) if prepared.rollback else None,
    )


def _taken_back(rollback: RolledBack) -> TakenBack:
    return TakenBack(rollback.run_id, rollback.execution, rollback.to, rollback.lost)


def _replays(dataset: str, prepared: Prepared) -> Replayed | None:
    """Name the run whose rows are replayed."""
    replay = prepared.replay
    if replay is None:
        return None
    report = reports_prefix(dataset, replay.execution) + REPORT_FILE
    since = since_key(dataset, replay.execution)
    return Replayed(replay.run, f"s3://{prepared.bucket}/{report}", f"s3://{prepared.bucket}/{since}")


def _foreseen_key(findings: Findings) -> str | None:
    """Name the object of the rows that the function would reject, after a dry run."""
    forecast = findings.prepared.forecast if findings.prepared else None
    return forecast.rejects_key if forecast else None


def report_key(findings: Findings) -> str:
    """Name the report's key in the bucket; a run that prepared nothing has a name of its own, too."""
    name = (
        findings.prepared.execution_name if findings.prepared else execution_name(findings.dataset, findings.run_id, "")
    )
    return reports_prefix(findings.dataset, name) + REPORT_FILE


def report_text(report: Report) -> str:
    """Write the report as the JSON that stands in the bucket."""
    text = json.dumps(json_of(report), indent=2, ensure_ascii=False)
    # What does not print, in JSON's own escapes: the values are the exact ones, and a terminal takes them.
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text) + "\n"


def _source(findings: Findings) -> Source:
    landed, prepared = findings.landed or {}, findings.prepared
    names = ("delimiter", "encoding", "compression", "quote", "escape", "encoding_guessed")
    formats = SourceFormat(**{name: getattr(prepared, name) for name in names}) if prepared else None
    notes = prepared.notes if prepared else SourceNotes()
    return Source(
        **{name: landed.get(name) for name in ("url", "bytes", "sha256", "etag", "last_modified", "version_id")},
        rows=prepared.source_rows if prepared else None,
        format=formats,
        blank_records=notes.blank_records,
        comment_lines=notes.comment_lines,
        skipped_lines=notes.skipped_lines,
        notes=notes.notes,
    )


def _verification(checked: CheckedTable) -> Verification:
    return Verification(
        mode=checked.mode,
        keys_checked=checked.keys_checked,
        **{kind.value: checked.count(kind) for kind in DifferenceKind},
        expired=checked.expired,
        examples=tuple(Example(one.kind, one.key, one.row, one.attributes) for one in checked.examples),
        key=checked.key,
        execution=checked.execution,
        redrives=checked.redrives,
        at=checked.at,
        read_units=checked.read_units,
    )


def _witnesses(findings: Findings) -> dict[str, str]:
    prepared, checked = findings.prepared, findings.checked
    if prepared is None:
        return {}
    witnesses = {
        "source_rows": f"records that prepare read from s3://{prepared.bucket}/{prepared.landing_key}",
        "rejected_before_upload": "prepare's own count: the witnesses were not heard",
    }
    if same := prepared.same_source:
        witnesses["source_rows"] += f", in the run {same}"
        witnesses["unchanged"] = f"SHA-256 of the source, the same as in the run {same}"
    elif prepared.unchanged and (base := prepared.base):
        witnesses["unchanged"] = f"digests of the rows, the same as in s3://{prepared.bucket}/{base.key}"
    if findings.counts:
        witnesses |= findings.counts.witnesses
    if checked:
        rows = prepared.file_key
        if checked.mode is VerifyMode.SAMPLE and prepared.sample_key is not None:
            rows = f"{prepared.sample_key}, drawn of s3://{prepared.bucket}/{rows}"
        witnesses["verification"] = f"items of the table, against the rows of s3://{prepared.bucket}/{rows}"
    return witnesses
