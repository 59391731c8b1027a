"""How long prepare takes, and how much memory, beside two plain reads of the same file in the same run."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.aligned import aligned
from bench.generated_csv import write_csv
from bench.readers import READERS

RESULT = Path("build/bench/prepare.json")
DEFAULT_BYTES = 2_000_000_000
PARTS = (4, 1)
"""The file is measured at a quarter of its size as well: what is linear takes four times as long."""

_COLUMNS = ("file", "rows", "reader", "seconds", "to csv", "CPU seconds", "to csv", "peak RSS")


@dataclass(frozen=True)
class Measurement:
    """One reader on one file.

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


def run(*, rows: int | None = None, size: int | None = None) -> list[Measurement]:
    """Generate the files, measure every reader on each, remove them, print a table and write `RESULT`.

    Args:
        rows: Rows of the larger file.
        size: Or its bytes.
    """
    measurements = []
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="files-", dir=RESULT.parent.absolute()) as folder:
        for part in PARTS:
            path = Path(folder) / "source.csv"
            write_csv(path, rows=rows and rows // part, size=size and size // part)
            measurements += [measure(reader, path) for reader in READERS]
            path.unlink()
    print(table(measurements))
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    document = {**machine, "measurements": [asdict(measurement) for measurement in measurements]}
    RESULT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return measurements


def table(measurements: Sequence[Measurement], beside: str = "csv") -> str:
    """Write the measurements as a table, with their ratios to one of the readers."""
    bare = {one.file_bytes: one for one in measurements if one.reader == beside}
    lines = [tuple(f"to {beside}" if name == "to csv" else name for name in _COLUMNS)] + [
        (
            f"{one.file_bytes / 1e6:,.0f} MB",
            f"{one.rows:,}",
            one.reader,
            f"{one.seconds:.1f}",
            f"{one.seconds / bare[one.file_bytes].seconds:.2f}",
            f"{one.cpu_seconds:.1f}",
            f"{one.cpu_seconds / bare[one.file_bytes].cpu_seconds:.2f}",
            f"{one.peak_rss_bytes / 1e6:,.0f} MB",
        )
        for one in measurements
    ]
    return aligned(lines)


def measure(reader: str, path: Path) -> Measurement:
    """Measure a reader on a file, in a process of its own."""
    command = [sys.executable, "-m", "bench.readers", reader, str(path)]
    answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return Measurement(reader=reader, file_bytes=path.stat().st_size, **answer)
