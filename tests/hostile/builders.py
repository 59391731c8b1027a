"""Short ways to write a hostile row: its raw cells by header, and what has to become of them."""

from collections.abc import Mapping
from typing import Any

from tests.hostile.datasets import HEADER
from tests.hostile.model import DELIMITER, HostileRow, Refused, Stored

BASE: Mapping[str, Mapping[str, Any]] = {
    "flag": {"NULL": True},
    "nulled": {"NULL": True},
    "kept": {"S": ""},
    "must": {"S": "m"},
}
"""What the blank cells of a row become."""


def unquoted(raw: str) -> str:
    """Read one raw cell as RFC 4180 does."""
    if len(raw) > 1 and raw.startswith('"') and raw.endswith('"'):
        return raw[1:-1].replace('""', '"')
    return raw


def record(raw: Mapping[str, str]) -> str:
    """Join raw cells in the header's order."""
    return DELIMITER.join(raw.get(header, "") for header in HEADER)


def stored(case: str, raw: Mapping[str, str] | None = None, /, key: str | None = None, **attributes: Any) -> HostileRow:
    """Make a row that the rules accept. `attributes` are those that differ from a blank row's; None: there is none."""
    cells = {"ID": case, "Must": "m", **(raw or {})}
    item = {**BASE, "id": {"S": key or f"K_{case.upper()}"}, **attributes}
    present = {name: value for name, value in item.items() if value is not None}
    return HostileRow(case, record(cells), Stored(present), _source_cells(cells))


def refused(
    case: str, code: str | tuple[str, ...], column: str | None, raw: Mapping[str, str], says: str = ""
) -> HostileRow:
    """Make a row of the right width that is a reject."""
    cells = {"ID": case, "Must": "m", **raw}
    codes = (code,) if isinstance(code, str) else code
    return HostileRow(case, record(cells), Refused(codes, column, says), _source_cells(cells))


def spoilt(case: str, text: str, *codes: str, last: bool = False) -> HostileRow:
    """Make a record that is no row of the header."""
    return HostileRow(case, text, Refused(codes), last=last)


def _source_cells(raw: Mapping[str, str]) -> Mapping[str, str] | None:
    return {header: unquoted(raw.get(header, "")) for header in HEADER}
