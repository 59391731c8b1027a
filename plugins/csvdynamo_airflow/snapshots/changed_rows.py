"""Some rows of a prepared file as a file of their own, byte for byte."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from csvdynamo_airflow.storage.growing_file import GrowingFile

_PIECE_BYTES = 1024 * 1024


def copy_rows(path: Path, marks: Sequence[int], output: GrowingFile) -> None:
    """Copy the header, and the rows whose numbers are marked, in order.

    Args:
        path: The prepared file.
        marks: By row number, whether it is copied.
        output: Takes them.

    Raises:
        NoSpaceError: The disk fills up.
    """
    for record in marked_records(path, marks):
        output.write(record)


def marked_records(path: Path, marks: Sequence[int]) -> Iterator[bytes]:
    """Give the header of a prepared file, and the rows whose numbers are marked, as they are in the file."""
    with path.open("rb") as file:
        records = _records(file)
        yield next(records)
        for number, record in _numbered(records):
            if marks[number]:
                yield record


def numbered_records(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give the rows of a part of a prepared file, each with its number, as they are in the file."""
    return _numbered(_records(file))


def numbered_rows(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give the rows of a prepared file, each with its number, as they are in the file."""
    with path.open("rb") as file:
        records = _records(file)
        next(records)
        yield from _numbered(records)


def _numbered(records: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    for record in records:
        # Its number is in quotes where a cell holds a carriage return.
        yield int(record.partition(b",")[0].strip(b'"')), record


def append(path: Path, output: GrowingFile) -> None:
    """Write a file behind what there is.

    Raises:
        NoSpaceError: The disk fills up.
    """
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            output.write(piece)


def _records(file: BinaryIO) -> Iterator[bytes]:
    """Give the records, each with its line end: a quote that is open at the end of a line goes on in the next one."""
    for line in file:
        lines = [line]
        quotes = line.count(b'"')
        while quotes % 2:
            lines.append(next(file))
            quotes += lines[-1].count(b'"')
        yield line if len(lines) == 1 else b"".join(lines)
