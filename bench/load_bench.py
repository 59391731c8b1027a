"""A whole run under load, of more and more rows: the real DAG on the embedded AWS, and what each process held at most.

The embedded AWS is an emulator in Python on the same cores: what is measured of the DAG and the Lambda functions is
their memory, and that every row is accounted for. Rows a second are the emulator's.
"""

from collections.abc import Sequence

from bench.dag_run import DagRun, fresh_aws, run_dag
from bench.generated_csv import write_csv
from bench.measured import measuring
from bench.table import Spread, Table, megabytes
from commands.project import fail, say
from csvdynamo.records.ledger import Ledger

NAME = "load"
DEFAULT_ROWS = 1_000_000
WORKER_LIMIT_BYTES = 600 * 1000 * 1000


def run(sizes: Sequence[int], runs: int) -> None:
    """Generate sources, migrate each with the real DAG, print what it took; fail if a process held too much memory.

    Args:
        sizes: Rows of each generated file.
        runs: Runs of each.
    """
    with measuring(NAME, rows=list(sizes), runs=runs) as measured:
        for rows in sizes:
            source = measured.folder / "source.csv"
            write_csv(source, rows=rows)
            for turn in range(runs):
                say(f"The DAG on {rows:,} rows, run {turn + 1} of {runs} …")
                with fresh_aws() as deployed:
                    measured.runs.append(run_dag(deployed, source))
    last: DagRun = measured.runs[-1]
    print(Ledger.from_json(last.ledger).table())
    print(", ".join(f"{task} {seconds:,.0f} s" for task, seconds in last.step_seconds.items()))
    print(table(measured.runs).aligned(), task_table(measured.runs).aligned(), sep="\n\n")
    if any(
        one.worker_peak_bytes > WORKER_LIMIT_BYTES or one.lambda_peak_bytes > one.lambda_limit_bytes
        for one in measured.runs
    ):
        fail(
            "A process held more memory than it may, "
            f"a worker {megabytes(WORKER_LIMIT_BYTES)}, a function {megabytes(last.lambda_limit_bytes)}: see above."
        )


def table(runs: Sequence[DagRun]) -> Table:
    """Set the sizes beside each other."""
    lines = []
    for rows in dict.fromkeys(one.rows for one in runs):
        found = [one for one in runs if one.rows == rows]
        lines.append(
            (
                f"{rows:,}",
                Spread.of(one.seconds for one in found).told(",.1f"),
                Spread.of(one.map_run_seconds for one in found).told(",.1f"),
                Spread.of(one.rows_per_second for one in found).told(),
                Spread.of(one.worker_peak_bytes / 1e6 for one in found).told(unit=" MB"),
                Spread.of(one.lambda_peak_bytes / 1e6 for one in found).told(unit=" MB"),
            )
        )
    head = ("rows", "seconds", "of them Map Run", "rows/s in it", "worker's memory", "one function's memory")
    return Table(head, lines)


def task_table(runs: Sequence[DagRun]) -> Table:
    """Tell what the worker held at most during each task: `airflow dags test` runs them all in one process."""
    sizes = dict.fromkeys(one.rows for one in runs)
    tasks = dict.fromkeys(task for one in runs for task in one.task_peak_bytes)
    lines = [(task, *(_peak([one for one in runs if one.rows == rows], task) for rows in sizes)) for task in tasks]
    return Table(("worker's memory during", *(f"{rows:,} rows" for rows in sizes)), lines)


def _peak(runs: Sequence[DagRun], task: str) -> str:
    peaks = [one.task_peak_bytes[task] / 1e6 for one in runs if task in one.task_peak_bytes]
    return Spread.of(peaks).told(unit=" MB") if peaks else ""
