"""The check of every key: both sides digested on disk, then compared by DuckDB in bounded memory."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.keys import TableKey
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb
from csvdynamo_airflow.table.difference_log import DifferenceLog
from csvdynamo_airflow.table.digest_files import DigestFiles
from csvdynamo_airflow.table.table_check import NOT_WRITTEN, Expected, digest_expected, judge

_PROGRESS = 100_000
_TURN = 1000
_Thing = TypeVar("_Thing")

log = shown_log(__name__)


@dataclass(frozen=True)
class FullCheck:
    """Compares all that a file lets expect with all that a table holds.

    Attributes:
        space: The space of the folder to spill to.
        key: The table's key.
    """

    space: DiskSpace
    key: TableKey

    def run(self, expected: Iterable[Expected], items: Iterable[Item], differences: DifferenceLog) -> int:
        """Find every missing, changed, stale and foreign item.

        Args:
            expected: What the rows let expect.
            items: The table's items, each once.
            differences: Takes what differs.

        Returns:
            How many keys of the file were looked for.
        """
        with DigestFiles(self.space) as files:
            _take_turns(self._digest_items(items, files), self._digest_rows(expected, files))
        with open_duckdb(self.space) as session:
            comparison = files.compare(session)
            keys = comparison.met
            for one in comparison.others():
                keys += any(row.outcome not in NOT_WRITTEN for row in one.expected)
                for difference in judge(one.key, one.expected, one.found):
                    differences.add(difference)
        return keys

    def _digest_rows(self, expected: Iterable[Expected], files: DigestFiles) -> Iterator[None]:
        for one in _told(expected, "%s rows of the prepared file read"):
            if one is None:
                yield
            else:
                files.add_expected(one.key, digest_expected(one))

    def _digest_items(self, items: Iterable[Item], files: DigestFiles) -> Iterator[None]:
        for item in _told(items, "%s items of the table read"):
            if item is None:
                yield
            else:
                files.add_found(self.key.of(item), item_digest(item))


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
