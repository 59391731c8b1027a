"""The hostile corpus: every row-level case in the order of a file."""

from collections.abc import Sequence

from tests.hostile.builders import record, spoilt, stored
from tests.hostile.formats import Format
from tests.hostile.model import HostileRow, settle
from tests.hostile.row_cases import duplicate_cases, key_cases, number_cases, rule_cases, text_cases
from tests.hostile.spoilt_cases import last_cases, quote_cases, size_cases, width_cases


def hostile_rows() -> list[HostileRow]:
    """List every row, the fillers that keep the hostile ones apart among them."""
    early, late = duplicate_cases()
    return [
        spoilt("unclosed-in-first-row", record({"ID": "q", "Text": '"never', "Must": "m"}), "BAD_QUOTE"),
        stored("after-unclosed-in-first-row"),
        *text_cases(),
        *early,
        *_fillers("a", 60),
        *key_cases(),
        *number_cases(),
        *quote_cases(),
        *rule_cases(),
        *_fillers("b", 100),
        *width_cases(),
        *size_cases(),
        *late,
        *_fillers("c", 40),
        *last_cases(),
    ]


def file_of(form: Format, policy: str, rows: Sequence[HostileRow] | None = None) -> tuple[bytes, list[HostileRow]]:
    """Write the rows that a format can hold; return its bytes, and the rows with the outcome that the policy gives."""
    filled = [row.in_file_with(form.delimiter) for row in rows or hostile_rows()]
    chosen = [row for row in filled if form.can_hold(row) and not (row.last and form.final_line_end)]
    return form.write(chosen), settle(chosen, policy)


def _fillers(name: str, count: int) -> list[HostileRow]:
    return [
        stored(f"filler-{name}{n:03}", {"Text": f"\u00e9t\u00e9 {n}"}, text={"S": f"\u00e9t\u00e9 {n}"})
        for n in range(count)
    ]
