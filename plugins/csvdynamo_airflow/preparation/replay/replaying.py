"""What prepare is told where rows of a run are replayed, and how a data set is read then."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.documents.replayed_run import ReplayedRun
from csvdynamo_airflow.preparation.draft import Draft
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.preparation.replay.held_rows import HeldRows
from csvdynamo_airflow.preparation.replay.number_spool import NumberSpool
from csvdynamo_airflow.preparation.replay.replayed_rows import SettledRows, Settlement
from csvdynamo_airflow.preparation.rewrite import SourceHeader
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import GrowingFile
from csvdynamo_airflow.storage.query_steps import QuerySteps

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Replaying:
    """Rows of a run that are replayed.

    Attributes:
        s3: A boto3 S3 client.
        run: The run.
        by: The DAG run's id of the run that replays them.
    """

    s3: "S3Client"
    run: ReplayedRun
    by: str

    def settle(
        self,
        session: "DuckDBPyConnection",
        space: DiskSpace,
        dataset: Dataset,
        *,
        draft: Draft,
        header: SourceHeader,
        source_rows: int,
        numbers: NumberSpool,
        spool: RejectSpool,
        growing: Callable[[str], GrowingFile],
    ) -> SettledRows:
        """Settle which of the rows of an error CSV are written (`Settlement.settle`)."""
        steps = QuerySteps(session, space)
        held = HeldRows(self.s3, steps, self.run)
        settlement = Settlement(held, dataset, self.by, steps, header.columns.headers, header.key_names)
        return settlement.settle(draft, source_rows, numbers, spool, growing)


def as_replayed(dataset: Dataset) -> Dataset:
    """Read a data set as a run does that replays rows.

    An error CSV is written in one way, however the data set's own source is. All of its rows were rejected once, so no
    share of them is too large. And the check looks for its own rows: of the others the run says nothing.
    """
    source, verify = dataset.source, dataset.policies.verify
    plain = Source(
        url=source.url,
        file_name=source.file_name,
        connection=source.connection,
        hosts=source.hosts,
        buckets=source.buckets,
        max_bytes=source.max_bytes,
        max_unpacked_bytes=source.max_unpacked_bytes,
        max_seconds=source.max_seconds,
    )
    if verify.mode is not VerifyMode.NONE:
        verify = replace(verify, mode=VerifyMode.CHANGED)
    return replace(
        dataset,
        source=plain,
        gates=replace(dataset.gates, max_reject_percent=100.0),
        policies=replace(dataset.policies, verify=verify),
    )
