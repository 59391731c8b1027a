"""The check of every key: both sides digested on disk, then compared part by part in bounded memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from csvdynamo.attribute_values import Item
from csvdynamo_airflow.disk_space import DiskSpace
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.table.difference_log import DifferenceLog
from csvdynamo_airflow.table.key_partitions import KeyPartitions, partitions_for
from csvdynamo_airflow.table.table_check import Claim, Expected, Standing, claim_of, digest, judge

_PROGRESS_ITEMS = 100_000
_Thing = TypeVar("_Thing")

log = shown_log(__name__)


@dataclass(frozen=True)
class FullCheck:
    """Compares all that a file lets expect with all that a table holds.

    Attributes:
        space: The folder to spill to; some 100 bytes and the key for each row, and for each item.
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
        with KeyPartitions(self.space.folder / "file", partitions, self.space) as file:
            for one in _told(expected, "%s rows of the prepared file read"):
                claim = claim_of(one)
                file.add(one.key, [claim.row, claim.standing, claim.digest])
        with KeyPartitions(self.space.folder / "table", partitions, self.space) as table:
            for item in _told(items, "%s items of the table read"):
                table.add(item[self.partition_key]["S"], [digest(item)])
        return sum(_compare(file, table, partition, differences) for partition in range(partitions))


def _told(things: Iterable[_Thing], sentence: str) -> Iterator[_Thing]:
    for count, thing in enumerate(things, 1):
        if count % _PROGRESS_ITEMS == 0:
            log.info(sentence, f"{count:,}")
        yield thing


def _compare(file: KeyPartitions, table: KeyPartitions, partition: int, differences: DifferenceLog) -> int:
    claims: dict[str, list[Claim]] = {}
    for key, row, standing, made in file.read(partition):
        claims.setdefault(key, []).append(Claim(row, Standing(standing), made))
    keys = sum(any(claim.standing is not Standing.REJECTED for claim in rows) for rows in claims.values())
    for key, found in table.read(partition):
        for difference in judge(key, claims.pop(key, ()), found):
            differences.add(difference)
    for key, rows in claims.items():
        for difference in judge(key, rows, None):
            differences.add(difference)
    return keys
