"""The prepared file before its duplicates are known: written once, its rows found again without an index of each."""

import bisect
from array import array
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Protocol, TypeVar

from csvdynamo_airflow.preparation.prepared_records import numbered_records
from csvdynamo_airflow.preparation.prepared_rows import format_rows, read_rows
from csvdynamo_airflow.reading.ruined_codes import may_hold_ruined
from csvdynamo_airflow.storage.growing_file import FileTooLargeError, GrowingFile

FILE_LIMIT_BYTES = 10_000_000_000
"""The largest CSV that Step Functions reads, 10 GB
(https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html). It reads the prepared file, not
what was downloaded, which may be packed or in another encoding."""

_COPIED_BYTES = 1024 * 1024


class _Numbered(Protocol):
    @property
    def row(self) -> int: ...


_Left = TypeVar("_Left", bound=_Numbered)


class Draft:
    """A file of rows in the prepared form, the header first, that grows block by block.

    It keeps two numbers a block in memory: 16 bytes for about a hundred rows. It stops at the limit, although rows of
    equal keys may still be left out of it: what is larger by so little is not worth hours on a disk that fills up.

    Attributes:
        path: Where it is.
        may_hold_ruined: Whether a cell may be a code that a spreadsheet has ruined. Hardly any file has one, and no
            other is searched for them.
        has_backslashes: Whether a cell has a backslash, of which the file has two.
    """

    def __init__(self, path: Path, file: GrowingFile, name: str) -> None:
        """Take the open file.

        Args:
            path: Where it is.
            file: The same, open for writing.
            name: What to call the source in messages.
        """
        self.path = path
        self.may_hold_ruined = False
        self.has_backslashes = False
        self._file = file
        self._name = name
        self._first_rows = array("q")
        self._offsets = array("q")

    def write_header(self, text: str) -> None:
        """Write the first line."""
        self._file.write(text.encode("utf-8"))

    def write(self, first_row: int, text: str) -> None:
        """Write the next rows.

        Args:
            first_row: A row number that is at most the first one's and more than that of any row before.
            text: The rows, as `format_rows` writes them.

        Raises:
            FileTooLargeError: With them it is larger than Step Functions reads.
            NoSpaceError: The disk fills up.
        """
        if text:
            content = text.encode("utf-8")
            self._refuse_beyond_limit(text, len(content))
            self._first_rows.append(first_row)
            self._offsets.append(self._file.size)
            self._file.write(content)
            self.may_hold_ruined = self.may_hold_ruined or may_hold_ruined(content)
            self.has_backslashes = self.has_backslashes or b"\\" in content

    def rows(self, wanted: Iterable[int]) -> Iterator[tuple[int, list[str]]]:
        """Read rows again, once the file is closed.

        Args:
            wanted: Row numbers, in order, each once. One that the file does not have is passed over. Rows beside them
                are not taken apart.

        Yields:
            Each row's number and its fields.
        """
        with self.path.open("rb") as file:
            for block, numbers in groupby(wanted, self._block_of):
                if block < 0:
                    continue  # before the first row there is
                start, end = self._bounds(block)
                file.seek(start)
                some = set(numbers)
                records = numbered_records(BytesIO(file.read(end - start)))
                text = b"".join([record for number, record in records if number in some]).decode("utf-8")
                yield from ((int(row[0]), row[1:]) for row in read_rows(text))

    def copy_without(self, losers: Iterable[_Left], output: GrowingFile) -> Iterator[tuple[_Left, list[str]]]:
        """Write the rows to another file, once this one is closed, but for some of them.

        Args:
            losers: The rows to leave out, in order.
            output: Takes the header and the other rows, in order. It is complete when nothing is left to yield.

        Yields:
            Each row that is left out, and its fields.
        """
        with self.path.open("rb") as file:
            for block, some in groupby(losers, lambda loser: self._block_of(loser.row)):
                start, end = self._bounds(block)
                _copy(file.read, start - file.tell(), output)
                by_number = {loser.row: loser for loser in some}
                kept = []
                for row in read_rows(file.read(end - start).decode("utf-8")):
                    loser = by_number.get(int(row[0]))
                    if loser is None:
                        kept.append(row)
                    else:
                        yield loser, row[1:]
                output.write(format_rows(kept).encode("utf-8"))
            _copy(file.read, self._file.size - file.tell(), output)

    def _refuse_beyond_limit(self, text: str, size: int) -> None:
        if self._file.size + size <= FILE_LIMIT_BYTES:
            return
        end = self._file.size
        for row in read_rows(text):
            end += len(format_rows([row]).encode("utf-8"))
            if end > FILE_LIMIT_BYTES:
                break
        raise FileTooLargeError(
            f"The file that is prepared from {self._name} passes {FILE_LIMIT_BYTES:,} bytes at row {int(row[0]):,}, "
            "and Step Functions reads no larger CSV. Split the source into files of fewer rows, each with the header, "
            "and trigger the DAG for one after the other with its source_url."
        )

    def _block_of(self, row: int) -> int:
        return bisect.bisect_right(self._first_rows, row) - 1

    def _bounds(self, block: int) -> tuple[int, int]:
        last = block + 1 == len(self._offsets)
        return self._offsets[block], self._file.size if last else self._offsets[block + 1]


def _copy(read: Callable[[int], bytes], size: int, output: GrowingFile) -> None:
    while size > 0:
        piece = read(min(size, _COPIED_BYTES))
        output.write(piece)
        size -= len(piece)
