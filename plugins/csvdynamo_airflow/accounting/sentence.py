"""What became of a run's rows, in a sentence. Pure."""

from collections.abc import Mapping
from typing import Any

from csvdynamo.rules.codes import RejectCode

_PARTS = (
    ("written", "written"),
    ("unchanged", "unchanged"),
    ("rejected_before_upload", "rejected before upload"),
    ("rejected", "rejected"),
    ("left_alone", "left alone"),
    ("failed", "failed"),
    ("unstarted", "never started"),
)


def sentence(report: Mapping[str, Any]) -> str:
    """Say it.

    Args:
        report: The run's report, as its JSON document.
    """
    ledger = report["ledger"]
    rows = ledger["source_rows"]
    left = min(report["rejects_by_code"].get(RejectCode.LEFT_ALONE, 0), ledger["rejected"])
    became = {**ledger, "rejected": ledger["rejected"] - left, "left_alone": left}
    parts = ", ".join(f"{became[name]:,} {words}" for name, words in _PARTS if became.get(name))
    if not report["accounted"]:
        if unaccounted := ledger["unaccounted"]:
            return f"{unaccounted:,} of {rows:,} rows are unaccounted for: {parts or 'nothing is known of any'}."
        return f"The run is red: {rows:,} rows, {parts}." if rows else "The run is red, and no row was read."
    deleted = _deleted(report)
    if not rows:
        return f"The source has no row.{deleted}"
    if report["dry_run"]:
        same = _same_source(report)
        return f"A dry run: {f'nothing new, {same}' if same else f'{rows:,} rows were read, and none was migrated'}."
    whose = _whose(report)
    if not ledger["written"] and ledger.get("unchanged") and not deleted and not whose:
        same = _same_source(report)
        accounted = f"all {rows:,} rows are accounted for: {parts}."
        return f"Nothing new: {same}; {accounted}" if same else f"Nothing new: {accounted}"
    return f"{whose}All {rows:,} rows are accounted for: {parts}.{deleted}"


def _deleted(report: Mapping[str, Any]) -> str:
    """Say what became of the items that a run was to delete."""
    changes = report.get("changes") or {}
    if report["dry_run"] or not changes.get("to_delete"):
        return ""
    deleted, left = (changes.get(name, 0) for name in ("deleted", "left_alone"))
    alone = f", {left:,} left alone" if left else ""
    if changes.get("rollback"):
        return f" Of keys that had nothing before, {deleted:,} items are taken away{alone}."
    return f" Of keys that vanished, {deleted:,} items are deleted{alone}."


def _whose(report: Mapping[str, Any]) -> str:
    """Say that the rows are none of a source that is migrated: "" where they are."""
    if rollback := (report.get("changes") or {}).get("rollback"):
        return f"Run {rollback['run']} is taken back. "
    return f"Rows of run {report['replays']['run']} are replayed. " if report.get("replays") else ""


def _same_source(report: Mapping[str, Any]) -> str:
    """Say that the source is known; "" where it was read."""
    run = (report.get("changes") or {}).get("same_source")
    return f"the source is the one that run {run} migrated" if run else ""
