"""A batch as Step Functions' ItemBatcher hands it to the Lambda function, and the function's answer."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from csvdynamo.errors import BatchError
from csvdynamo.records.rejects import Reject, reject_id, unnumbered_reject_id
from csvdynamo.records.result_files import BatchAnswer
from csvdynamo.rules.codes import Stage
from csvdynamo.rules.deletions import Deletion, is_deletion
from csvdynamo.rules.file_header import tells_deletions, tells_guards
from csvdynamo.rules.guards import Guard, without_guard
from csvdynamo.rules.numbered_row import row_number, source_row
from csvdynamo.rules.refusals import Refusal
from csvdynamo.writing.cost import BatchCost

Row = Mapping[str, str]


@dataclass(frozen=True)
class Deleted:
    """What became of the deletions of a batch.

    Attributes:
        gone: Items that are not there any more: deleted now, or gone before.
        left: The numbers of those that are there otherwise than a run put them there, and were left alone.
    """

    gone: int
    left: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """The rows of one child execution, in the file's order.

    Attributes:
        execution_name: The execution that the child belongs to.
        rows: The rows.
        rules: What tells of the rules by which they were prepared (`FileHeader.told_rules`); "" for an execution that
            was started by hand, whose file nobody prepared.
    """

    execution_name: str
    rows: tuple[Row, ...]
    rules: str = ""

    @classmethod
    def from_event(cls, event: object) -> "Batch":
        """Read `{"BatchInput": {"execution_name": …, "rules": …}, "Items": [{header: text}, …]}`.

        Raises:
            BatchError: The event has another form. The message names the key or the position, never a value.
        """
        batch_input = _member(event, "BatchInput", "the event")
        execution_name = _member(batch_input, "execution_name", "BatchInput")
        if not isinstance(execution_name, str) or not execution_name:
            raise BatchError("BatchInput.execution_name must be a text that is not empty")
        rules = batch_input.get("rules", "")
        if not isinstance(rules, str):
            raise BatchError("BatchInput.rules must be a text, or absent in an execution that was started by hand")
        items = _member(event, "Items", "the event")
        if not isinstance(items, list):
            raise BatchError("Items must be an array of rows")
        for position, row in enumerate(items):
            _check_row(position, row)
        return cls(execution_name, tuple(items), rules)

    def unguarded(self) -> tuple["Batch", Mapping[str, Guard] | None]:
        """Take the guards off its rows; return them by their keys, None where nobody told the execution of any.

        Raises:
            BatchError: A row has none, or two have the guard of one key.
        """
        if not tells_guards(self.rules):
            return self, None
        guards = [Guard.of_row(row) for row in self.rows if not is_deletion(row)]
        by_key = {guard.key: guard for guard in guards}
        if len(by_key) != len(guards):
            raise BatchError("two rows of the batch have the guard of one key")
        return replace(self, rows=tuple(map(without_guard, self.rows))), by_key

    def parted(self) -> tuple["Batch", list[Deletion]]:
        """Take the deletions off its rows; of a batch that has none it is the batch itself.

        Raises:
            BatchError: The execution was not told of any, or a row is neither a row of the source nor a deletion.
        """
        found = [Deletion.of(row) for row in self.rows]
        deletions = [one for one in found if one is not None]
        if not deletions:
            return self, []
        if not tells_deletions(self.rules):
            raise BatchError("the batch has items to delete, and nobody told its execution of any")
        rows = tuple(row for row, deletion in zip(self.rows, found, strict=True) if deletion is None)
        return replace(self, rows=rows), deletions

    @cached_property
    def row_numbers(self) -> tuple[int | None, ...]:
        """Each row's number in the source. A number that the batch has twice identifies nothing, and counts as none."""
        numbers = [row_number(row) for row in self.rows]
        counts = Counter(numbers)
        return tuple(number if counts[number] == 1 else None for number in numbers)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the rows: every retry of the batch has the same."""
        return hashlib.sha256(json.dumps(self.rows, separators=(",", ":")).encode()).hexdigest()

    def reject(self, dataset_name: str, position: int, stage: Stage, refusal: Refusal) -> Reject:
        """Make the reject record of the row at a position (from 0)."""
        row = self.row_numbers[position]
        return Reject(
            execution_name=self.execution_name,
            dataset=dataset_name,
            row=row,
            stage=stage,
            code=refusal.code,
            column=refusal.column,
            message=refusal.message,
            item=source_row(self.rows[position]),
            reject_id=unnumbered_reject_id(self.execution_name, self.digest, position)
            if row is None
            else reject_id(self.execution_name, row),
        )


def answer(
    written: int, rejects: list[Reject], rules: str, cost: BatchCost, deleted: Deleted | None = None
) -> BatchAnswer:
    """Return the Lambda function's answer. Its numbers are rows, not attempts; the rules are those that it applied."""
    told: BatchAnswer = {
        "NUMBER_OF_ITEMS_WRITTEN": written,
        "NUMBER_OF_ITEMS_IN_ERROR": len(rejects),
        "REJECT_IDS": [reject.reject_id for reject in rejects],
        "RULES": rules,
        "WRITE_UNITS": cost.write_units,
        "BEGAN": cost.began,
        "SECONDS": cost.seconds,
        "THROTTLED": dict(cost.throttled),
        "WAITED": cost.waited,
    }
    if deleted is not None:
        told |= {"NUMBER_OF_ITEMS_DELETED": deleted.gone, "DELETIONS_LEFT": list(deleted.left)}
    return told


def _member(value: object, key: str, owner: str) -> Any:
    if not isinstance(value, dict) or key not in value:
        raise BatchError(f"{owner} must be an object with the key {key}")
    return value[key]


def _check_row(position: int, row: object) -> None:
    if not isinstance(row, dict):
        raise BatchError(f"Items[{position}] must be an object of texts, found {type(row).__name__}")
    if {*map(type, row.values())} <= {str}:
        return
    for header, value in row.items():
        if not isinstance(value, str):
            raise BatchError(f"Items[{position}][{json.dumps(header)}] must be a text, found {type(value).__name__}")
