"""What happens to each row of a batch: written, or rejected with a reason. It decides; a writer is handed in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from csvdynamo.attribute_values import Item
from csvdynamo.batch import Batch
from csvdynamo.codes import RejectCode, Stage
from csvdynamo.errors import UnexpectedAnswerError
from csvdynamo.refusals import Refusal, RefusedItem, shown
from csvdynamo.rejects import Reject
from csvdynamo.rows import RowConverter

WriteItems = Callable[[Sequence[Item]], Iterable[RefusedItem]]


@dataclass(frozen=True)
class Outcome:
    """A settled batch: how many rows are stored, and the rejects of all the others in the batch's order."""

    written: int
    rejects: list[Reject]


@dataclass(frozen=True)
class _Candidate:
    position: int
    item: Item


def migrate(batch: Batch, converter: RowConverter, write: WriteItems) -> Outcome:
    """Convert the rows, write the items, and account for every row.

    Of rows with the same key the last that the rules and DynamoDB accept is stored, whatever the order of retries.

    Raises:
        BatchError: The batch's header cannot be migrated.
        UnexpectedAnswerError: The writer's answer leaves the rows unaccounted for.
    """
    rejects: dict[int, Reject] = {}
    rivals: dict[str, list[_Candidate]] = {}
    key = converter.dataset.table.partition_key

    def reject(position: int, stage: Stage, refusal: Refusal) -> None:
        rejects[position] = batch.reject(converter.dataset.name, position, stage, refusal)

    for position, row in enumerate(batch.rows):
        result = converter.convert(row)
        if isinstance(result, Refusal):
            reject(position, Stage.VALIDATE, result)
        else:
            rivals.setdefault(result[key]["S"], []).append(_Candidate(position, result))

    for refused, message in _write_last_rivals(list(rivals.values()), write):
        reject(refused.position, Stage.WRITE, Refusal(RejectCode.DYNAMODB_REFUSED, None, message))

    stored = [candidates for candidates in rivals.values() if candidates]
    for *losers, winner in stored:
        for loser in losers:
            reject(loser.position, Stage.VALIDATE, _duplicate(batch, converter, loser, winner))

    if len(stored) + len(rejects) != len(batch.rows):
        counts = f"{len(stored)} written and {len(rejects)} rejected of {len(batch.rows)} rows"
        raise UnexpectedAnswerError(f"the batch is not accounted for: {counts}")
    return Outcome(len(stored), [rejects[position] for position in sorted(rejects)])


def _write_last_rivals(rivals: list[list[_Candidate]], write: WriteItems) -> Iterable[tuple[_Candidate, str]]:
    """Write the last candidate of each key; where DynamoDB refuses it, drop it and try the one before."""
    while rivals:
        refused = list(write([candidates[-1].item for candidates in rivals]))
        for item in refused:
            yield rivals[item.index].pop(), item.message
        rivals = [rivals[item.index] for item in refused if rivals[item.index]]


def _duplicate(batch: Batch, converter: RowConverter, loser: _Candidate, winner: _Candidate) -> Refusal:
    number = batch.row_numbers[winner.position]
    where = f"row {number}" if number is not None else f"position {winner.position} of the batch"
    key = loser.item[converter.dataset.table.partition_key]["S"]
    column = converter.plan(batch.rows[loser.position]).key_header
    return Refusal(RejectCode.DUPLICATE_KEY, column, f"the key {shown(key)} comes again at {where}, which is kept")
