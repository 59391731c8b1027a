"""How large the items become, by the rules of "Item sizes and formats" of DynamoDB's developer guide."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.describing.cell_store import CellStore
from commands.describing.column_types import ColumnFinding
from commands.describing.key_choice import KeyChoice
from csvdynamo.rules.attribute_values import MAX_ITEM_BYTES, utf8_length

_BYTES = {
    "text": "strlen({cell})",
    "json": "strlen({cell})",
    "number": "(strlen({cell}) + 1) // 2 + 1",
    "boolean": "1",
    "date": "10",
    "timestamp": "20",
}
"""In SQL, the bytes of a value of each type; of a number and a document about."""
_DIGEST_BYTES, _NUMBER_BYTES = 32, 6


@dataclass(frozen=True)
class ItemSizes:
    """The items' sizes, about.

    Attributes:
        average: Their bytes on average.
        largest: Those of the largest.
        write_units: What it costs to write each once, in units of 1 KB.
    """

    average: float
    largest: int
    write_units: int

    @property
    def too_large(self) -> bool:
        """Whether DynamoDB takes less than the largest."""
        return self.largest > MAX_ITEM_BYTES


def size_items(store: CellStore, findings: Sequence[ColumnFinding], key: KeyChoice) -> ItemSizes:
    """Size up the items of all rows."""
    bytes_of = [f"{utf8_length(one.header)} + {_BYTES[_type(one, key)]}" for one in findings]
    return ItemSizes(
        *store.sizes(bytes_of, sum(_computed_bytes(name, made, findings) for name, made in key.computed.items()))
    )


def _type(finding: ColumnFinding, key: KeyChoice) -> str:
    return "text" if finding.kind is None or finding.header in key.plain else finding.kind.type


def _computed_bytes(name: str, made: dict[str, object] | object, findings: Sequence[ColumnFinding]) -> int:
    keys = made if isinstance(made, dict) else {}
    if "digest" in keys:
        return utf8_length(name) + _DIGEST_BYTES
    if "row_number" in keys:
        return utf8_length(name) + _NUMBER_BYTES
    template = str(keys["template"])
    used = [one.counts for one in findings if f"{{{one.header}}}" in template]
    return utf8_length(name) + sum(-(-one.text_bytes // max(1, one.filled)) for one in used) + len(used) - 1
