"""How long it takes to find what a file changes beside the last green run's snapshot, and how much memory."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.generated_csv import write_csv
from bench.measured import measuring
from bench.peak_memory import peak_rss_bytes
from bench.table import Table, megabytes
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.documents.snapshot import Base, Snapshot
from csvdynamo_airflow.preparation.changes import compare
from csvdynamo_airflow.preparation.prepare_file import SOURCE, prepare_file
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.stored_file import file_sha256

NAME = "changed"
DEFAULT_ROWS = 1_000_000
MOST_BYTES = 600_000_000
_NEW, _CHANGED, _GONE = 33, 20, 100  # one row of so many
_DATASET = Path(__file__).parents[1] / "datasets" / "ev_population.toml"


@dataclass(frozen=True)
class Measurement:
    """A comparison of a prepared file.

    Attributes:
        what: With what.
        rows: Its rows.
        written: How many of them are to be written.
        seconds: How long it took, the file of those rows among it.
        cpu_seconds: How long processors worked for it, of all cores together.
        peak_rss_bytes: The most memory that the process held.
    """

    what: str
    rows: int
    written: int
    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


class _Folder:
    """As much of S3 as the comparison uses: objects are files of a folder."""

    class exceptions:  # noqa: N801 - boto3's name
        """What a client may raise."""

        ClientError = OSError

    def download_fileobj(self, folder: str, key: str, file: Any) -> None:
        """Copy a file."""
        with (Path(folder) / key).open("rb") as source:
            while piece := source.read(1 << 20):
                file.write(piece)


def run(rows: int) -> None:
    """Generate a file, compare it in processes of their own, print a table and leave what was measured.

    It fails if rows that are as they were are to be written, or if a process holds more than `MOST_BYTES`.

    Args:
        rows: Rows of the file.
    """
    with measuring(NAME, rows=rows) as measured:
        folder = measured.folder.absolute()
        write_csv(folder / SOURCE, rows=rows)
        prepared = prepare_file(folder, load_dataset(_DATASET), "bench", lambda *_: None, with_keys=True)
        (folder / SOURCE).unlink()
        _edit(prepared.path, folder / "first.csv", lambda row, line: b"" if row % _NEW == 0 else line)
        _edit(prepared.path, folder / "second.csv", _changed)
        header = json.dumps(prepared.headers)
        measurements = [_measure(folder, name, header, str(prepared.source_rows)) for name in ("first", "second")]
        measured.runs.extend(measurements)
        print(table(measurements).aligned())
        if measurements[-1].written > rows / _NEW + rows / _CHANGED + 2:
            raise SystemExit("Rows are to be written that did not change.")
        if any(one.peak_rss_bytes > MOST_BYTES for one in measurements):
            raise SystemExit(f"A process held more than {MOST_BYTES / 1e6:,.0f} MB.")


def table(measurements: list[Measurement]) -> Table:
    """Give the measurements as a table."""
    lines = [
        (
            one.what,
            f"{one.rows:,}",
            f"{one.written:,}",
            f"{one.seconds:.1f}",
            f"{one.cpu_seconds:.1f}",
            megabytes(one.peak_rss_bytes),
        )
        for one in measurements
    ]
    return Table(("compared with", "rows", "to write", "seconds", "CPU seconds", "peak RSS"), lines)


def _changed(row: int, line: bytes) -> bytes:
    if row % _GONE == 1:
        return b""
    return line[:-1] + b"~\n" if row % _CHANGED == 2 else line


def _edit(path: Path, to: Path, edit: Callable[[int, bytes], bytes]) -> None:
    """Write a prepared file's rows again, some of them otherwise or not; the header stays, and what is in quotes."""
    with path.open("rb") as file, to.open("wb") as out:
        for number, line in enumerate(file):
            out.write(edit(number, line) if number and b'"' not in line else line)


def _measure(folder: Path, name: str, header: str, source_rows: str) -> Measurement:
    command = [sys.executable, "-m", "bench.changed_bench", str(folder), name, header, source_rows]
    return Measurement(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


def _compare(folder: Path, name: str, header: str, source_rows: str) -> Measurement:
    """Compare one of the files with the snapshot that the one before left, and leave a snapshot."""
    dataset, work = load_dataset(_DATASET), folder / name
    work.mkdir()
    told = folder / "snapshot.json"
    snapshot = Snapshot.from_json(json.loads(told.read_text())) if told.exists() else None
    prepared: Any = SimpleNamespace(
        path=folder / f"{name}.csv",
        headers=tuple(json.loads(header)),
        source_rows=int(source_rows),
        keys=folder / "whole_keys",
    )
    begun, used = time.perf_counter(), time.process_time()
    s3: Any = _Folder()
    base = Base(snapshot, "" if snapshot else "none", "table", 0.0)
    changes = compare(s3, str(folder), prepared, dataset, base, space=DiskSpace(work, "bench"))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    (folder / "unwritten").touch()
    if changes.found.digests is None:
        raise SystemExit("The rows could not be compared.")
    changes.found.digests.rename(folder / f"{name}.digests")
    key = f"{name}.digests"
    next_one = Snapshot(
        key, file_sha256(folder / key), "unwritten", file_sha256(folder / "unwritten"), "", "table", "x", 0, 0
    )
    told.write_text(json.dumps(asdict(next_one)))
    found = changes.found
    written = found.new + found.changed
    what = "the run before" if snapshot else "nothing: the first run"
    return Measurement(what, written + found.unchanged, written, seconds, cpu, peak_rss_bytes())


if __name__ == "__main__":
    print(json.dumps(asdict(_compare(Path(sys.argv[1]), *sys.argv[2:]))))
