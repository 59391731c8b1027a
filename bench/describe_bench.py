"""How long `make describe` takes, and how much memory, beside DuckDB's own summary of the same file in the same run."""

from bench.generated_csv import write_csv
from bench.measured import measuring
from bench.prepare_bench import measure, table
from bench.readers import DESCRIBERS

NAME = "describe"
DEFAULT_BYTES = 1_000_000_000


def run(*, rows: int | None = None, size: int | None = None, runs: int = 1) -> None:
    """Generate a file, describe and summarize it, remove it, and print a table.

    Args:
        rows: Its rows.
        size: Or its bytes.
        runs: Runs of each, by turns.
    """
    with measuring(NAME, rows=rows, bytes=size, runs=runs) as measured:
        path = measured.folder / "source.csv"
        write_csv(path, rows=rows, size=size)
        measured.runs += measure(DESCRIBERS, path, runs)
    print(table(measured.runs, beside="summarize").aligned())
