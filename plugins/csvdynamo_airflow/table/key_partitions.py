"""Records on disk, spread over files by their key, so that two sides of any size are compared a part at a time."""

import json
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from json.encoder import encode_basestring_ascii
from pathlib import Path
from types import TracebackType
from typing import Self

from csvdynamo_airflow.storage.disk_space import DiskSpace

_KEYS_PER_PARTITION = 50_000
_MOST_PARTITIONS = 128  # files open at once, on either side


def partitions_for(keys: int) -> int:
    """How many partitions hold so many keys, some 50,000 in each: what is in memory at a time."""
    return min(_MOST_PARTITIONS, keys // _KEYS_PER_PARTITION + 1)


class KeyPartitions:
    """One side of a comparison: records, each a key and a value, in one file a partition.

    Sides of the same number of partitions have the records of one key in partitions of the same number.
    """

    def __init__(self, folder: Path, partitions: int, space: DiskSpace) -> None:
        """Make the files.

        Args:
            folder: An empty folder, which is made.
            partitions: How many there are.
            space: The space of the folder that it is in.
        """
        folder.mkdir()
        self._paths = [folder / str(number) for number in range(partitions)]
        self._stack = ExitStack()
        self._files = [self._stack.enter_context(space.open_text(path)) for path in self._paths]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exception: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, key: str, value: str) -> None:
        """Write a record; all are to be written before the first is read, and the files closed between.

        Args:
            key: Any text.
            value: ASCII without a space or a line feed.
        """
        number = zlib.crc32(key.encode()) % len(self._files)
        self._files[number].write(f"{value} {encode_basestring_ascii(key)}\n")

    def read(self, partition: int) -> Iterator[tuple[str, str]]:
        """Read the records of a partition, key and value each, in the order in which they were written."""
        with self._paths[partition].open(encoding="ascii") as file:
            for line in file:
                value, _, quoted = line.partition(" ")
                yield (quoted[1:-2] if "\\" not in quoted else json.loads(quoted)), value
