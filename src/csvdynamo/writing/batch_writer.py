"""Writes items to DynamoDB with BatchWriteItem until each one is stored or known to be refused.

Rests on "BatchWriteItem" of the DynamoDB API reference: 25 requests and 16 MB a call; a call may leave some items
unprocessed with HTTP 200; one bad request refuses all of them. Putting the same item twice stores the same item, so
every attempt may be repeated.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from csvdynamo.aws.aws_errors import throttling_reasons, validation_message
from csvdynamo.aws.backoff import Backoff, may_pass
from csvdynamo.aws.batch_write import REQUEST_BYTES
from csvdynamo.errors import UnconfirmedAnswerError, UnexpectedAnswerError, WriteDeadlineExceeded
from csvdynamo.rules.keys import TableKey
from csvdynamo.rules.refusals import RefusedItem
from csvdynamo.rules.wire_items import WireItem
from csvdynamo.writing.cost import UNPROCESSED, CostMeter

MAX_REQUESTS = 25
MAX_REQUEST_BYTES = 16 * 1000 * 1000
PARALLEL_CALLS = 10

_CALL_BYTES = 1000  # of a call beside its items: its table's name has at most 255 characters


class WriteDoor(Protocol):
    """What makes the calls: `csvdynamo.aws.batch_write.BatchWrite`."""

    def put(self, table: str, calls: Sequence[Sequence[str]]) -> Sequence[Mapping[str, Any] | Exception]:
        """Put the items of each call, all calls at once; return each one's answer or error."""

    def ask(self, operation: str, bodies: Iterable[bytes]) -> Sequence[Mapping[str, Any] | Exception]:
        """Make calls of an operation by their bodies, all at once; return each one's answer or error."""


_Entry = tuple[int, WireItem]


@dataclass(frozen=True)
class BatchWriter:
    """Writes to one table.

    Attributes:
        door: What makes the calls.
        table_name: The table.
        key: Its key.
        backoff: How long calls are repeated.
        parallel_calls: How many calls overlap.
        meter: Measures what the calls cost.
    """

    door: WriteDoor
    table_name: str
    key: TableKey
    backoff: Backoff
    parallel_calls: int = PARALLEL_CALLS
    meter: CostMeter = field(default_factory=CostMeter)

    def write(self, items: Sequence[WireItem]) -> list[RefusedItem]:
        """Write the items, and return those that DynamoDB refused, in order; all the others are stored.

        Args:
            items: Items whose keys all differ.

        Raises:
            WriteDeadlineExceeded: The time ran out. Some items may be stored.
            botocore.exceptions.ClientError: The service refused the call for good (no such table, access denied).
        """
        work = _Work(list(_cut(items)))
        for _ in self.backoff.attempts():
            while work.calls:
                if not self.backoff.has_time():
                    raise work.failure or self._out_of_time(work) from work.cause
                self._make_calls(work)
            if work.failure is not None:
                raise work.failure
            if not work.left:
                return sorted(work.refused, key=lambda one: one.index)
            work.calls, work.left = work.left, []
        raise self._out_of_time(work) from work.cause

    def _make_calls(self, work: "_Work") -> None:
        """Make the next calls at once, and sort out what became of each one's items."""
        calls = work.take(self.parallel_calls)
        answers = self.door.put(self.table_name, [[item.text for _, item in entries] for entries in calls])
        for entries, answer in zip(calls, answers, strict=True):
            try:
                left = self._left(entries, answer)
            except Exception as error:
                self.meter.turned_away(len(entries), throttling_reasons(error))
                work.fail(entries, error)
            else:
                if left:
                    self.meter.turned_away(len(left), {UNPROCESSED})
                    work.left.append(left)

    def _left(self, entries: list[_Entry], answer: Mapping[str, Any] | Exception) -> list[_Entry]:
        """Return the entries that a call left unprocessed, by its answer.

        Raises:
            UnconfirmedAnswerError: The answer does not say which: HTML with HTTP 200, an empty body, another document.
            UnexpectedAnswerError: It names an item that was not in the request.
            Exception: The answer is that error.
        """
        if isinstance(answer, Exception):
            raise answer
        self.meter.add(answer)
        if not isinstance(left := answer.get("UnprocessedItems"), dict):
            raise UnconfirmedAnswerError("DynamoDB answered without saying which items it left unprocessed")
        unprocessed = [request for requests in left.values() for request in requests]
        if not unprocessed:
            return []
        by_key = {item.key: (index, item) for index, item in entries}
        try:
            return [by_key[self.key.of(request["PutRequest"]["Item"])] for request in unprocessed]
        except KeyError:
            raise UnexpectedAnswerError("DynamoDB left an item unprocessed that was not in the request") from None

    def _out_of_time(self, work: "_Work") -> WriteDeadlineExceeded:
        count = sum(map(len, [*work.calls, *work.left]))
        return WriteDeadlineExceeded(
            f"no time left to write {count} of the batch's items to {self.table_name}; if this happens often, give the "
            f"table more write capacity or lower limits.max_concurrency or limits.rows_per_batch"
        )


@dataclass
class _Work:
    """What is left to do.

    Attributes:
        calls: The calls of this attempt that are still to be made, each by its items.
        left: Those of the next attempt.
        refused: The items that DynamoDB refused.
        cause: Why a call was last left for another attempt.
        failure: The first error that no attempt would mend.
    """

    calls: list[list[_Entry]]
    left: list[list[_Entry]] = field(default_factory=list)
    refused: list[RefusedItem] = field(default_factory=list)
    cause: Exception | None = None
    failure: Exception | None = None

    def take(self, count: int) -> list[list[_Entry]]:
        """Take the next calls."""
        taken, self.calls = self.calls[:count], self.calls[count:]
        return taken

    def fail(self, entries: list[_Entry], error: Exception) -> None:
        """Sort out the items of a call that ended with an error: those that fail validation are halved."""
        if (message := validation_message(error)) is not None:
            if len(entries) == 1:
                self.refused.append(RefusedItem(entries[0][0], message))
            else:
                middle = len(entries) // 2
                self.calls += [entries[:middle], entries[middle:]]
        elif may_pass(error):
            self.left.append(entries)
            self.cause = error
        else:
            self.failure = self.failure or error


def _cut(items: Sequence[WireItem]) -> Iterator[list[_Entry]]:
    """Cut the items into calls that keep both of BatchWriteItem's limits."""
    call: list[_Entry] = []
    call_bytes = _CALL_BYTES
    for index, item in enumerate(items):
        wire_bytes = len(item.text) + REQUEST_BYTES
        if call and (len(call) == MAX_REQUESTS or call_bytes + wire_bytes > MAX_REQUEST_BYTES):
            yield call
            call, call_bytes = [], _CALL_BYTES
        call.append((index, item))
        call_bytes += wire_bytes
    if call:
        yield call
