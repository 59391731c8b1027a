"""A CSV of any size in the shape of the electric vehicle register: the demo's sample, repeated with other keys."""

import csv
import io
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from commands.sample import KEY, write_sample

SAMPLE_ROWS = 20_000
FIRST_KEY = 100_000_000

_MARK = "\ue000"  # stands for the key, and is in no sample


def write_csv(path: Path, *, rows: int | None = None, size: int | None = None, faulty: bool = True) -> int:
    """Write the file; every row that has a key has one of its own.

    Args:
        path: The file to write.
        rows: How many rows it has.
        size: Or how many bytes it has at least; it ends with the row that reaches them.
        faulty: Whether it has the sample's faulty rows, too.

    Returns:
        Its rows.
    """
    header, pieces = _sample_pieces(faulty=faulty)
    written, total = 0, 0
    with path.open("wb") as file:
        total += file.write(header)
        for text in _repeated(pieces):
            if (rows is not None and written >= rows) or (size is not None and total >= size):
                break
            total += file.write(text)
            written += 1
    return written


def _sample_pieces(*, faulty: bool) -> tuple[bytes, list[list[bytes]]]:
    """Return the sample's header line, and each row's bytes before and after its key."""
    with tempfile.TemporaryDirectory() as folder:
        sample = write_sample(Path(folder) / "sample.csv", SAMPLE_ROWS)
        with sample.path.open(encoding="utf-8", newline="") as file:
            header, *rows = [row for row in csv.reader(file) if row]
    if not faulty:
        left_out = {fault.row for fault in sample.faults}
        rows = [row for number, row in enumerate(rows, 1) if number not in left_out]
    place = header.index(KEY)
    pieces = []
    for row in rows:
        if len(row) > place and row[place].strip():
            row[place] = _MARK
        pieces.append([part.encode() for part in _line(row).split(_MARK)])
    return _line(header).encode(), pieces


def _repeated(pieces: list[list[bytes]]) -> Iterator[bytes]:
    keys = count(FIRST_KEY)
    while True:
        for piece in pieces:
            yield (b"%d" % next(keys)).join(piece)


def _line(row: list[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(row)
    return text.getvalue()
