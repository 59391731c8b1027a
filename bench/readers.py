"""What is measured, each in a process of its own: ``python -m bench.readers NAME FILE`` prints one JSON object."""

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.peak_memory import peak_rss_bytes

DATASET = Path(__file__).parents[1] / "datasets" / "ev_population.toml"
THREADS = 2
Reader = Callable[[Path], int]
"""Reads a file, and tells how many rows it saw. What it imports is imported before it is measured."""


def read_with_csv() -> Reader:
    """Return what reads every record with Python's csv module, and does nothing with it."""

    def read(path: Path) -> int:
        with path.open(encoding="utf-8", newline="") as file:
            return sum(1 for _ in csv.reader(file)) - 1

    return read


def read_with_duckdb() -> Reader:
    """Return what reads every cell with DuckDB, which leaves out the rows that it does not like."""
    import duckdb

    def read(path: Path) -> int:
        with duckdb.connect(":memory:", config={"threads": THREADS}) as session:
            counts = session.execute(
                "SELECT count(*), count(COLUMNS(*)) "
                "FROM read_csv(?, header=true, all_varchar=true, ignore_errors=true)",
                [str(path)],
            ).fetchone()
        return int(counts[0]) if counts else 0

    return read


def read_with_wc() -> Reader:
    """Return what lets ``wc -l`` count the line breaks: the least that a reader of every byte can cost."""

    def read(path: Path) -> int:
        counted = subprocess.run(["wc", "-l", str(path)], check=True, stdout=subprocess.PIPE, text=True)
        return int(counted.stdout.split()[0]) - 1

    return read


def prepare_whole() -> Reader:
    """Return all of prepare that lies between its transfers from and to S3, the digests among it."""
    from csvdynamo.datasets.dataset_file import load_dataset  # noqa: PLC0415 - the others are measured without it
    from csvdynamo_airflow.preparation.prepare_file import SOURCE, prepare_file  # noqa: PLC0415
    from csvdynamo_airflow.storage.stored_file import file_sha256  # noqa: PLC0415

    def read(path: Path) -> int:
        with tempfile.TemporaryDirectory(prefix="work-", dir=path.parent) as name:
            folder = Path(name)
            (folder / SOURCE).symlink_to(path)
            file_sha256(path)
            prepared = prepare_file(folder, load_dataset(DATASET), path.name, lambda _done, _total: None)
            file_sha256(prepared.path)
        return prepared.source_rows

    return read


READERS: dict[str, Callable[[], Reader]] = {
    "csv": read_with_csv,
    "duckdb": read_with_duckdb,
    "wc -l": read_with_wc,
    "prepare": prepare_whole,
}


def describe_whole() -> Reader:
    """Return all of `make describe` but print and write."""
    from commands.describing.dataset_text import dataset_text  # noqa: PLC0415 - the others are measured without it
    from commands.describing.describe_source import describe_source  # noqa: PLC0415

    def read(path: Path) -> int:
        with tempfile.TemporaryDirectory(prefix="work-", dir=path.parent) as folder:
            described = describe_source(
                path, "cars", Path(folder), url="", file_name=path.name, tell=lambda _what, _done, _total: None
            )
            dataset_text(described)
        return described.rows

    return read


def summarize_with_duckdb() -> Reader:
    """Return what lets DuckDB find dialect and types, and sum up every column: it says less than `make describe`."""
    import duckdb

    def read(path: Path) -> int:
        with duckdb.connect(":memory:", config={"threads": THREADS}) as session:
            summary = session.execute("SUMMARIZE SELECT * FROM read_csv(?, ignore_errors=true)", [str(path)]).fetchall()
        return int(summary[0][-2]) if summary else 0

    return read


DESCRIBERS: dict[str, Callable[[], Reader]] = {
    "summarize": summarize_with_duckdb,
    "describe": describe_whole,
}


def main() -> None:
    """Measure one reader on one file."""
    _, name, path = sys.argv
    read = (READERS | DESCRIBERS)[name]()
    start, cpu_before = time.perf_counter(), cpu_seconds()
    rows = read(Path(path))
    seconds = time.perf_counter() - start
    cpu = cpu_seconds() - cpu_before
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu_seconds": cpu, "peak_rss_bytes": peak_rss_bytes()}))


def cpu_seconds() -> float:
    """Tell how long processors worked for this process, and for those that it started: wc is one."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
