"""Holding what became of a file's rows against what had to become of them, case by case."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from csvdynamo.records.rejects import Reject
from tests.hostile.model import HostileRow, Item, Refused, Stored

_SHOWN = 300


def hold(rows: Sequence[HostileRow], table: Mapping[str, Item], rejects: Iterable[Reject]) -> None:
    """Fail with every case by its name that did not come out as it had to."""
    found = complaints(rows, table, rejects)
    assert not found, f"{len(found)} complaints:\n" + "\n".join(found)


def complaints(
    rows: Sequence[HostileRow], table: Mapping[str, Item], rejects: Iterable[Reject], key: str = "id"
) -> list[str]:
    """List every case that did not come out as it had to, and whatever belongs to no case."""
    by_row: dict[int | None, list[Reject]] = {}
    for reject in rejects:
        by_row.setdefault(reject.row, []).append(reject)
    found = []
    keys = set()
    for number, row in enumerate(rows, start=1):
        mine = by_row.pop(number, [])
        wrong = _stored(row.outcome, table, mine, key) if isinstance(row.outcome, Stored) else _refused(row, mine)
        if isinstance(row.outcome, Stored):
            keys.add(row.outcome.item[key]["S"])
        found += [f"row {number}, {row.case}: {what}" for what in wrong]
    found += [f"a reject of row {number}, which the file has not: {_short(mine)}" for number, mine in by_row.items()]
    foreign = [name for name in table if name not in keys]
    return found + [f"an item of no case: {_short(table[name])}" for name in foreign]


def same_item(one: Item, other: Item) -> bool:
    """Compare items as DynamoDB does: numbers by their value."""
    return _comparable(one) == _comparable(other)


def _stored(outcome: Stored, table: Mapping[str, Item], rejects: list[Reject], key: str) -> list[str]:
    wrong = [f"must be in the table, but is a reject: {reject.code} {_short(reject.message)}" for reject in rejects]
    item = table.get(outcome.item[key]["S"])
    if item is None:
        return [*wrong, "is not in the table"]
    if not same_item(item, outcome.item):
        wrong.append(f"must be {_short(outcome.item)}, but is {_short(item)}")
    return wrong


def _refused(row: HostileRow, rejects: list[Reject]) -> list[str]:
    outcome = row.outcome
    assert isinstance(outcome, Refused)
    if len(rejects) != 1:
        return [f"must be one reject {outcome.codes}, but there are {len(rejects)}"]
    [reject] = rejects
    wrong = []
    if reject.code not in outcome.codes:
        wrong.append(f"must be {' or '.join(outcome.codes)}, but is {reject.code}: {_short(reject.message)}")
    if outcome.column is not None and reject.column != outcome.column:
        wrong.append(f"must name the column {outcome.column}, but names {reject.column}")
    if outcome.says not in reject.message:
        wrong.append(f"must say {outcome.says!r}, but says {_short(reject.message)}")
    if len(reject.message) > 1000:
        wrong.append(f"has a message of {len(reject.message):,} characters")
    if row.cells is not None and not _decodable(row.record):
        if reject.item.keys() != row.cells.keys():
            wrong.append(f"must carry the columns {list(row.cells)}, but carries {list(reject.item)}")
    elif row.cells is not None and dict(reject.item) != dict(row.cells):
        wrong.append(f"must carry the source row {_short(row.cells)}, but carries {_short(reject.item)}")
    if not reject.item:
        wrong.append("carries nothing of its source row")
    return wrong


def _decodable(text: str) -> bool:
    return "\udc81" not in text


def _comparable(item: Item) -> dict[str, Any]:
    return {name: Decimal(value["N"]) if "N" in value else dict(value) for name, value in item.items()}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
