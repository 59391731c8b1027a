"""What the check of the table says, for a person who does not know its words. Pure."""

from collections.abc import Iterable

from csvdynamo.datasets.policies import VerifyMode
from csvdynamo_airflow.documents.checked_table import CheckedTable, DifferenceKind

_READ = {
    VerifyMode.FULL: "All of the table was read back",
    VerifyMode.CHANGED: "What was written or deleted was read back, and a sample of the rest",
    VerifyMode.SAMPLE: "A sample of the table was read back",
}
_WRONG = {
    DifferenceKind.MISSING: "missing",
    DifferenceKind.CHANGED: "other than their rows",
    DifferenceKind.STALE: "of rejected rows",
    DifferenceKind.UNDELETED: "not deleted",
}


def read_back(checked: CheckedTable, *, wrote: bool) -> str:
    """Say how much of the table was read, what of it is wrong, and what else is there; as the Migrations page does.

    Args:
        checked: What the check found.
        wrote: Whether the run wrote or deleted anything.
    """
    if checked.mode not in _READ or not checked.keys_checked:
        return "The table was not read back."
    mode = VerifyMode.SAMPLE if checked.mode is VerifyMode.CHANGED and not wrote else checked.mode
    wrong = _told((checked.count(kind), words) for kind, words in _WRONG.items())
    beside = _told(
        (
            (checked.count(DifferenceKind.FOREIGN), "of no row of the source"),
            (checked.expired, "gone, as their time to live has ended"),
            (checked.count(DifferenceKind.UNFINISHED), "of rows that are unfinished"),
        )
    )
    told = f"{_READ[mode]}: {checked.keys_checked:,} keys, {wrong or 'all as they should be'}."
    return f"{told} Items beside these: {beside}." if beside else told


def _told(parts: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{items:,} {words}" for items, words in parts if items)
