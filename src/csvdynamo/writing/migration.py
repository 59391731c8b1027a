"""What happens to each row of a batch: written, or rejected with a reason. It decides; a writer is handed in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from csvdynamo.errors import UnexpectedAnswerError
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.codes import Stage
from csvdynamo.rules.refusals import Refusal, RefusedItem, duplicate_refusal
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo.rules.rows import RowConverter
from csvdynamo.rules.wire_items import WireItem
from csvdynamo.writing.batch import Batch

WriteItems = Callable[[Sequence[WireItem]], Iterable[RefusedItem]]


@dataclass(frozen=True)
class Outcome:
    """A settled batch: how many rows are stored, and the rejects of all the others in the batch's order."""

    written: int
    rejects: list[Reject]


class _Candidate(NamedTuple):
    position: int
    item: WireItem


@dataclass(slots=True)
class _Contest:
    """The rows of one key that the rules accept.

    Attributes:
        candidates: All of them, in the batch's order.
        wanted: Those that may be stored, the one to try first at the end. DynamoDB's refusals shorten it.
    """

    candidates: list[_Candidate]
    wanted: list[_Candidate]

    @classmethod
    def of(cls, candidates: list[_Candidate], policy: DuplicatePolicy) -> "_Contest":
        if policy is DuplicatePolicy.REJECT and len(candidates) > 1:
            return cls(candidates, [])
        return cls(candidates, candidates[::-1] if policy is DuplicatePolicy.FIRST else candidates[:])

    @property
    def winner(self) -> _Candidate | None:
        return self.wanted[-1] if self.wanted else None


def migrate(batch: Batch, converter: RowConverter, write: WriteItems) -> Outcome:
    """Convert the rows, write the items, and account for every row.

    Of rows with the same key, those that the rules accept and DynamoDB does not refuse, the data set's policy says
    which one is stored, whatever the order of retries. prepare has settled that for the whole file; what is left to do
    here are files that it never saw.

    Raises:
        BatchError: The batch's header cannot be migrated.
        UnexpectedAnswerError: The writer's answer leaves the rows unaccounted for.
    """
    rejects: dict[int, Reject] = {}
    rivals: dict[str, list[_Candidate]] = {}
    policy = converter.rules.duplicates

    def reject(position: int, stage: Stage, refusal: Refusal) -> None:
        rejects[position] = batch.reject(converter.rules.dataset, position, stage, refusal)

    for position, row in enumerate(batch.rows):
        result = converter.wire_item(row)
        if isinstance(result, Refusal):
            reject(position, Stage.VALIDATE, result)
        else:
            rivals.setdefault(result.key, []).append(_Candidate(position, result))

    contests = [_Contest.of(candidates, policy) for candidates in rivals.values()]
    for candidate, refused in _write_winners(contests, write):
        reject(candidate.position, Stage.WRITE, Refusal(refused.code, None, refused.message))

    for contest in contests:
        for loser in contest.candidates:
            if loser is not contest.winner and loser.position not in rejects:
                reject(loser.position, Stage.VALIDATE, _duplicate(batch, converter, loser, contest.winner))

    written = sum(contest.winner is not None for contest in contests)
    if written + len(rejects) != len(batch.rows):
        counts = f"{written} written and {len(rejects)} rejected of {len(batch.rows)} rows"
        raise UnexpectedAnswerError(f"the batch is not accounted for: {counts}")
    return Outcome(written, [rejects[position] for position in sorted(rejects)])


def _write_winners(contests: Iterable[_Contest], write: WriteItems) -> Iterable[tuple[_Candidate, RefusedItem]]:
    """Write each winner; where it is refused, the next one takes its place."""
    open_contests = [contest for contest in contests if contest.wanted]
    while open_contests:
        refused = list(write([contest.wanted[-1].item for contest in open_contests]))
        for item in refused:
            yield open_contests[item.index].wanted.pop(), item
        open_contests = [open_contests[item.index] for item in refused if open_contests[item.index].wanted]


def _duplicate(batch: Batch, converter: RowConverter, loser: _Candidate, winner: _Candidate | None) -> Refusal:
    shown = converter.rules.key.shown(loser.item.key)
    names = converter.plan(batch.rows[loser.position]).key_names
    if winner is None:
        return duplicate_refusal(names, f'other rows also hold the key {shown}, and duplicates = "reject"')
    number = batch.row_numbers[winner.position]
    where = f"row {number}" if number is not None else f"position {winner.position} of the batch"
    return duplicate_refusal(names, f"{where} has the same key {shown} and is written instead")
