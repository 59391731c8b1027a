"""The records of a prepared file as the bytes that they are: all, by their numbers, or some as a file of their own."""

from collections.abc import Iterator
from io import BytesIO
from itertools import compress
from pathlib import Path
from typing import BinaryIO

from csvdynamo_airflow.storage.growing_file import GrowingFile

_PIECE_BYTES = 1024 * 1024
_BLOCK_BYTES = 16 * 1024  # few enough rows that most blocks of a file with some quotes have none


def copy_rows(path: Path, marks: bytearray, output: GrowingFile) -> None:
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


def marked_records(path: Path, marks: bytearray) -> Iterator[bytes]:
    """Give the header of a prepared file, and the rows whose numbers are marked, as they are in the file."""
    with path.open("rb") as file:
        yield next(_records(file))
        for block in _blocks(file):
            yield from _marked(block, marks)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Give the rest of a file in blocks of whole records."""
    while block := file.read(_BLOCK_BYTES):
        parts = [block, file.readline()]
        quotes = sum(part.count(b'"') for part in parts)
        while quotes % 2:
            parts.append(next(file))
            quotes += parts[-1].count(b'"')
        yield b"".join(parts)


def _marked(block: bytes, marks: bytearray) -> Iterator[bytes]:
    """Give the marked rows of a block. Most have no quote, and numbers without a gap: each of their lines is a row."""
    last = block.rindex(b"\n", 0, -1) + 1 if block.count(b"\n") > 1 else 0
    if b'"' not in block and (numbers := _number(block[last:]) + 1 - _number(block)) == block.count(b"\n"):
        wanted = marks[_number(block) : _number(block) + numbers]
        if 1 in wanted:
            yield from compress(block.splitlines(keepends=True), wanted)
        return
    yield from (record for number, record in numbered_records(BytesIO(block)) if marks[number])


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
    return ((_number(record), record) for record in records)


def _number(record: bytes) -> int:
    # It is in quotes where a cell holds a carriage return.
    return int(record[: record.index(b",")].strip(b'"'))


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
