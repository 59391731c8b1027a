"""How long prepare takes, and how much memory, beside plain reads of the same file in the same run."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generated_csv import write_csv
from bench.measured import measuring
from bench.readers import READERS
from bench.table import Spread, Table, megabytes
from commands.project import say

NAME = "prepare"
DEFAULT_BYTES = 2_000_000_000
BESIDE = "csv"
PARTS = (4, 1)
"""The file is measured at a quarter of its size as well: what is linear takes four times as long."""


@dataclass(frozen=True)
class Measurement:
    """One run of one reader on one file.

    Attributes:
        reader: Its name.
        file_bytes: The file's size.
        rows: The rows that it saw.
        seconds: How long it took.
        cpu_seconds: How long processors worked for it, of all cores together.
        peak_rss_bytes: The most memory that its process held.
    """

    reader: str
    file_bytes: int
    rows: int
    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


def run(*, rows: int | None = None, size: int | None = None, runs: int = 1) -> None:
    """Generate the files, measure every reader on each, remove them, and print a table.

    Args:
        rows: Rows of the larger file.
        size: Or its bytes.
        runs: Runs of each reader, one after another by turns.
    """
    with measuring(NAME, rows=rows, bytes=size, runs=runs) as measured:
        for part in PARTS:
            path = measured.folder / "source.csv"
            say(f"prepare and plain reads of a {'file' if part == 1 else 'part of it'} …")
            write_csv(path, rows=rows and rows // part, size=size and size // part)
            measured.runs += measure(READERS, path, runs)
            path.unlink()
    print(table(measured.runs).aligned())


def measure(readers: Iterable[str], path: Path, runs: int) -> Iterator[Measurement]:
    """Measure readers on a file by turns, each run in a process of its own."""
    for reader in [*readers] * runs:
        command = [sys.executable, "-m", "bench.readers", reader, str(path)]
        answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        yield Measurement(reader=reader, file_bytes=path.stat().st_size, **answer)


def table(runs: Sequence[Measurement], beside: str = BESIDE) -> Table:
    """Set the readers beside each other, with their ratios to one of them."""
    lines = []
    for size, reader in dict.fromkeys((one.file_bytes, one.reader) for one in runs):
        found, bare = of_reader(runs, reader, size), of_reader(runs, beside, size)
        lines.append(
            (
                megabytes(size),
                f"{found[0].rows:,}",
                reader,
                Spread.of(one.seconds for one in found).told(".2f"),
                Spread.of(seconds_to(found, bare)).told(".2f"),
                Spread.of(one.cpu_seconds for one in found).told(".2f"),
                Spread.of(one.cpu_seconds / other.cpu_seconds for one, other in zip(found, bare, strict=True)).told(
                    ".2f"
                ),
                megabytes(max(one.peak_rss_bytes for one in found)),
            )
        )
    to = f"to {beside}"
    return Table(("file", "rows", "reader", "seconds", to, "CPU seconds", to, "peak RSS"), lines)


def of_reader(runs: Sequence[Measurement], reader: str, size: int) -> list[Measurement]:
    """Pick the runs of a reader on the file of a size, in their order."""
    return [one for one in runs if (one.reader, one.file_bytes) == (reader, size)]


def seconds_to(runs: Sequence[Measurement], beside: Sequence[Measurement]) -> list[float]:
    """Give each run's seconds to those of the other in the same turn."""
    return [one.seconds / other.seconds for one, other in zip(runs, beside, strict=True)]
