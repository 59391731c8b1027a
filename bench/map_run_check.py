"""Whether simulated Map Runs are believed: measured ones on the embedded AWS.

The embedded AWS is an emulator in Python on the same cores, and what else these do changes its pace by the minute. So
the time of a batch is each run's own, as the function tells it; what lies between batches is the other run's.
"""

import tempfile
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bench.generated_csv import write_csv
from bench.held import Held
from bench.map_runs import migrate, prepare_source
from bench.simulation.map_run import Timing, Work, simulate
from commands.embedded import Deployed, embedded_aws
from commands.project import BUILD, fail
from csvdynamo.aws.stored_object import object_chunks
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.result_files import batch_results
from csvdynamo_airflow.planning.pace import TableSpeed
from csvdynamo_airflow.storage.result_objects import find_manifest

ROWS = (20_000, 60_000)
"""Rows of the files that are measured, and simulated."""

FIRST_ROWS = 2_000
"""Rows of a file before them, for the functions' first starts."""

AT_ONCE = 2
"""Batches that the embedded AWS runs at once: as many as there are cores."""

_NOTHING_THROTTLED = TableSpeed(100_000, 100_000, "the embedded AWS, which throttles nothing")


@dataclass(frozen=True)
class MeasuredRun:
    """A Map Run as its batches told of it.

    Attributes:
        rows: Its rows.
        batches: Its batches.
        seconds: From the beginning of the first batch's function to the end of the last one's.
        function_seconds: How long the function worked on all batches together.
    """

    rows: int
    batches: int
    seconds: float
    function_seconds: float

    @property
    def row_seconds(self) -> float:
        """How long the function worked on a row, its calls among it."""
        return self.function_seconds / self.rows

    @property
    def child_seconds(self) -> float:
        """How long a child execution took beside its function."""
        return max(0.0, AT_ONCE * self.seconds - self.function_seconds) / self.batches


def check_map_runs(dataset: Dataset) -> list[Held]:
    """Measure Map Runs on the embedded AWS, and simulate each.

    Args:
        dataset: A data set of the register's shape.
    """
    with (
        tempfile.TemporaryDirectory(prefix="scale-", dir=BUILD / "bench") as folder,
        embedded_aws(dataset, settings={"LOCAL_AWS_MAP_WORKERS": str(AT_ONCE)}) as deployed,
    ):
        _, *runs = [_measure(dataset, deployed, Path(folder) / "source.csv", rows) for rows in (FIRST_ROWS, *ROWS)]
    return [_held(run, other) for run, other in zip(runs, reversed(runs), strict=True)]


def _held(run: MeasuredRun, other: MeasuredRun) -> Held:
    timing = Timing(child=other.child_seconds, row=run.row_seconds, calls=0.0, left=0.0, cold=0.0)
    simulated = simulate(Work(run.rows, run.batches, 1.0, AT_ONCE, _NOTHING_THROTTLED), timing)
    return Held(
        f"a Map Run of {run.rows:,} rows in {run.batches} batches, {AT_ONCE} at once, "
        f"{1000 * run.function_seconds / run.batches:,.0f} ms a batch and {1000 * other.child_seconds:,.0f} ms between",
        run.seconds,
        simulated.seconds,
        "s",
        within=0.15,
    )


def _measure(dataset: Dataset, deployed: Deployed, source: Path, rows: int) -> MeasuredRun:
    write_csv(source, rows=rows)
    s3, prepared = deployed.client("s3"), prepare_source(dataset, deployed, source.absolute())
    execution = migrate(dataset, deployed, prepared)
    manifest = find_manifest(s3, prepared.bucket, execution.name)
    if manifest is None:
        fail(f"The execution {execution.name} left no result files.")
    files = (batch_results(object_chunks(s3, prepared.bucket, file.key), file.key) for file in manifest.succeeded)
    batches = [(one.began or 0.0, one.seconds or 0.0, one.written + one.rejected) for one in chain(*files)]
    return MeasuredRun(
        rows=sum(count for _, _, count in batches),
        batches=len(batches),
        seconds=max(began + seconds for began, seconds, _ in batches) - min(began for began, _, _ in batches),
        function_seconds=sum(seconds for _, seconds, _ in batches),
    )
