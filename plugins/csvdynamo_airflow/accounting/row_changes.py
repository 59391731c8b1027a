"""What of a file was written, and what was deleted, in a sentence: of a run that writes only what changed. Pure."""

from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.accounting.report_changes import Changes, TakenBack
from csvdynamo_airflow.accounting.report_document import Report


def told_changes(report: Report) -> str:
    """Say which rows changed, and what became of keys that vanished; "" of a run that writes every row.

    Args:
        report: The run's report.
    """
    changes = report.changes
    if changes is None:
        return ""
    if changes.rollback:
        return _told_rollback(report, changes, changes.rollback)
    vanished = f"; {changes.vanished:,} keys vanished, {told_vanished(report)}" if changes.vanished else ""
    if changes.vanished_keys:
        vanished += f" (they are in {changes.vanished_keys})"
    if changes.why_all:
        return f"every row is written: {changes.why_all}{vanished}"
    if changes.same_source:
        return f"nothing new: the source is the one that run {changes.same_source} migrated{vanished}"
    return f"{changes.new:,} new, {changes.changed:,} changed, {changes.unchanged:,} unchanged{vanished}"


def examples_by_kind(report: Report) -> dict[str, list[str]]:
    """Name some of the keys that the file changes, by kind."""
    by_kind: dict[str, list[str]] = {}
    for one in report.changes.examples if report.changes else ():
        by_kind.setdefault(one.kind, []).append(one.key if one.row is None else f"{one.key} (row {one.row:,})")
    return by_kind


def told_examples(report: Report) -> str:
    """Say them in a line; "" where none is known."""
    return "; ".join(f"{kind} {', '.join(keys)}" for kind, keys in examples_by_kind(report).items())


def told_vanished(report: Report) -> str:
    """Say what became of the items of keys that vanished, in words that go on with how many did."""
    changes = report.changes
    if changes is None:
        return ""
    if not changes.to_delete:
        return f"and stay in the table{_why_kept(changes)}"
    if report.dry_run:
        return f"and a run would delete the items of {changes.to_delete:,}"
    told = f"and {changes.deleted:,} of {changes.to_delete:,} items to be deleted are gone"
    if changes.left_alone:
        told += f"; {changes.left_alone:,} were left alone, as they are not those that a run put there"
    return told


def _told_rollback(report: Report, changes: Changes, rollback: TakenBack) -> str:
    """Say what was put back, taken away and left alone: the latter rows, and items that were to be taken away."""
    told = f"run {rollback.run} is taken back, to what execution {rollback.to} left: "
    rows = changes.new + changes.changed
    if report.dry_run:
        told += f"{rows:,} rows would be put back where they are not there, {changes.to_delete:,} items taken away"
    else:
        left = report.rejects_by_code.get(RejectCode.LEFT_ALONE, 0) + changes.left_alone
        told += (
            f"{report.ledger.written:,} of {rows:,} rows are there as before, {changes.deleted:,} of "
            f"{changes.to_delete:,} items taken away, {left:,} left alone, as somebody else has changed them since"
        )
    told += f", {changes.unchanged:,} unchanged"
    if changes.vanished_keys:
        told += f" (the keys of the items to be taken away are in {changes.vanished_keys})"
    if rollback.lost:
        told += f"; {rollback.lost:,} items cannot be put back, since no row of that run's file makes them"
    return told


def _why_kept(changes: Changes) -> str:
    if not changes.unknown_keys:
        return ""
    return f", since nobody can tell the keys of {changes.unknown_keys:,} records of the source"
