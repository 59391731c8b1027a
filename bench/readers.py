"""What is measured, each in a process of its own: ``python -m bench.readers NAME FILE`` prints one JSON object."""

import csv
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from commands.describing.dataset_text import dataset_text
from commands.describing.describe_source import describe_source
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.preparation.prepare_file import SOURCE, prepare_file
from csvdynamo_airflow.storage.stored_file import file_sha256

DATASET = Path(__file__).parents[1] / "datasets" / "ev_population.toml"
THREADS = 2


def read_with_csv(path: Path) -> int:
    """Read every record with Python's csv module, and do nothing with it."""
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def read_with_duckdb(path: Path) -> int:
    """Read every cell with DuckDB, which leaves out the rows that it does not like."""
    import duckdb

    with duckdb.connect(":memory:", config={"threads": THREADS}) as session:
        counts = session.execute(
            "SELECT count(*), count(COLUMNS(*)) FROM read_csv(?, header=true, all_varchar=true, ignore_errors=true)",
            [str(path)],
        ).fetchone()
    return int(counts[0]) if counts else 0


def prepare_whole(path: Path) -> int:
    """Do all of prepare that lies between its transfers from and to S3, the digests among it."""
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=path.parent))
    try:
        (folder / SOURCE).symlink_to(path)
        file_sha256(path)
        prepared = prepare_file(folder, load_dataset(DATASET), path.name, lambda _done, _total: None)
        file_sha256(prepared.path)
        return prepared.source_rows
    finally:
        shutil.rmtree(folder)


READERS: dict[str, Callable[[Path], int]] = {
    "csv": read_with_csv,
    "duckdb": read_with_duckdb,
    "prepare": prepare_whole,
}


def describe_whole(path: Path) -> int:
    """Do all of `make describe` but print and write."""
    with tempfile.TemporaryDirectory(prefix="work-", dir=path.parent) as folder:
        described = describe_source(
            path, "cars", Path(folder), url="", file_name=path.name, tell=lambda _what, _done, _total: None
        )
        dataset_text(described)
    return described.rows


def summarize_with_duckdb(path: Path) -> int:
    """Let DuckDB find dialect and types, and sum up every column, which says less than `make describe`."""
    import duckdb

    with duckdb.connect(":memory:", config={"threads": THREADS}) as session:
        summary = session.execute("SUMMARIZE SELECT * FROM read_csv(?, ignore_errors=true)", [str(path)]).fetchall()
    return int(summary[0][-2]) if summary else 0


DESCRIBERS: dict[str, Callable[[Path], int]] = {
    "summarize": summarize_with_duckdb,
    "describe": describe_whole,
}


def main() -> None:
    """Measure one reader on one file."""
    _, name, path = sys.argv
    start = time.perf_counter()
    rows = (READERS | DESCRIBERS)[name](Path(path))
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    cpu_seconds = used.ru_utime + used.ru_stime
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu_seconds": cpu_seconds, "peak_rss_bytes": peak}))


if __name__ == "__main__":
    main()
