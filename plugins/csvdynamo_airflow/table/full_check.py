"""The check of every key: both sides digested on disk, then compared part by part in bounded memory."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from csvdynamo.rules.attribute_values import Item
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.table.difference_log import DifferenceLog
from csvdynamo_airflow.table.item_key import key_text
from csvdynamo_airflow.table.key_partitions import KeyPartitions, partitions_for
from csvdynamo_airflow.table.table_check import Expected, ExpectedDigest, RowOutcome, digest, digest_expected, judge

_PROGRESS = 100_000
_TURN = 1000
_Thing = TypeVar("_Thing")

log = shown_log(__name__)


@dataclass(frozen=True)
class FullCheck:
    """Compares all that a file lets expect with all that a table holds.

    Attributes:
        space: The folder to spill to; some 60 bytes and the key for each row, and for each item.
        rows: How many rows the file has, about.
        partition_key: The attribute that is the table's partition key.
    """

    space: DiskSpace
    rows: int
    partition_key: str

    def run(self, expected: Iterable[Expected], items: Iterable[Item], differences: DifferenceLog) -> int:
        """Find every missing, changed, stale and foreign item.

        Args:
            expected: What the rows let expect.
            items: The table's items, each once.
            differences: Takes what differs.

        Returns:
            How many keys of the file were looked for.
        """
        partitions = partitions_for(self.rows)
        with (
            KeyPartitions(self.space.folder / "table", partitions, self.space) as table,
            KeyPartitions(self.space.folder / "file", partitions, self.space) as file,
        ):
            _take_turns(self._digest_items(items, table), self._digest_rows(expected, file))
        return sum(_compare(file, table, partition, differences) for partition in range(partitions))

    def _digest_rows(self, expected: Iterable[Expected], side: KeyPartitions) -> Iterator[None]:
        for one in _told(expected, "%s rows of the prepared file read"):
            if one is None:
                yield
            else:
                side.add(one.key, _record(digest_expected(one)))

    def _digest_items(self, items: Iterable[Item], side: KeyPartitions) -> Iterator[None]:
        for item in _told(items, "%s items of the table read"):
            if item is None:
                yield
            else:
                side.add(key_text(item, self.partition_key), digest(item))


def _told(things: Iterable[_Thing], sentence: str) -> Iterator[_Thing | None]:
    """Go through the things, with None where it is somebody else's turn; the log says how far it has come."""
    for count, thing in enumerate(things, 1):
        yield thing
        if count % _TURN == 0:
            yield None
        if count % _PROGRESS == 0:
            log.info(sentence, f"{count:,}")


def _take_turns(*works: Iterator[None]) -> None:
    """Do several works, a piece of each in turn: while rows are digested, pages of the table are on their way."""
    waiting = deque(works)
    while waiting:
        work = waiting.popleft()
        for _ in work:
            waiting.append(work)
            break


def _compare(file: KeyPartitions, table: KeyPartitions, partition: int, differences: DifferenceLog) -> int:
    expected: dict[str, list[str]] = {}
    for key, record in file.read(partition):
        expected.setdefault(key, []).append(record)
    keys = sum(any(_is_expecting(record) for record in records) for records in expected.values())
    for key, found in table.read(partition):
        records = expected.pop(key, [])
        if len(records) == 1 and _is_met(records[0], found):
            continue  # as `judge` would have it, of nearly every key
        for difference in judge(key, list(map(_expected, records)), found):
            differences.add(difference)
    for key, records in expected.items():
        for difference in judge(key, list(map(_expected, records)), None):
            differences.add(difference)
    return keys


def _record(expected: ExpectedDigest) -> str:
    return f"{expected.outcome.value}{expected.digest},{expected.row}"


def _expected(record: str) -> ExpectedDigest:
    made, _, row = record[1:].partition(",")
    return ExpectedDigest(int(row), RowOutcome(record[0]), made)


def _is_expecting(record: str) -> bool:
    return not record.startswith(RowOutcome.REJECTED.value)


def _is_met(record: str, found: str) -> bool:
    return record[1:].startswith(f"{found},") and _is_expecting(record)
