"""Reads what the page shows from the data sets' files, stacks and buckets."""

import json
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo.aws.stored_object import object_chunks
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import dataset_paths, load_dataset
from csvdynamo.errors import DatasetError
from csvdynamo.shown import shown
from csvdynamo_airflow.accounting.html_report import HTML_FILE
from csvdynamo_airflow.console_links import is_real_aws
from csvdynamo_airflow.documents.run_line import REPORT_FILE, RunLine, read_runs, runs_key
from csvdynamo_airflow.documents.since import SINCE_FILE, Since
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.naming import dag_id_of
from csvdynamo_airflow.outcome.examples import EXAMPLES_FILE, read_examples
from csvdynamo_airflow.settings import datasets_folder
from csvdynamo_airflow.stack import Stack, read_stack
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.web.documents import DataSetRow, RejectExample, RunPage
from csvdynamo_airflow.web.kept_objects import KeptObject, KeptObjects
from csvdynamo_airflow.web.run_page import run_page

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROW_RUNS = 20
"""How many runs of each data set the list of all has."""

_STACK_SECONDS = 60.0
_AT_ONCE = 10  # as many connections as boto3 keeps: it would open and drop the others at each request


class UnknownRunError(MigrationError):
    """There is no such data set, run or file."""


@dataclass
class Runs:
    """The runs of all data sets, as they are read. Threads may share it.

    Attributes:
        objects: The objects that were read.
    """

    objects: KeptObjects = field(default_factory=KeptObjects)
    _files: dict[Path, tuple[tuple[int, int], Dataset]] = field(default_factory=dict)
    _stacks: dict[str, tuple[float, Stack]] = field(default_factory=dict)
    _lists: dict[str, tuple[KeptObject, tuple[RunLine, ...]]] = field(default_factory=dict)

    def dag_ids(self) -> set[str]:
        """Name the DAGs of all data sets."""
        return {dag_id_of(path.stem) for path in dataset_paths(datasets_folder())}

    def rows(self, dag_ids: Collection[str]) -> list[DataSetRow]:
        """Read the last runs of some data sets, by name.

        Args:
            dag_ids: Their DAGs.
        """
        paths = [path for path in dataset_paths(datasets_folder()) if dag_id_of(path.stem) in dag_ids]
        s3 = client("s3")  # once: the connection is looked up each time
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = pool.map(lambda path: self._row(s3, path), paths)
            return sorted((row for row in found if row), key=lambda row: row.dataset)

    def lines(self, dag_id: str) -> tuple[RunLine, ...]:
        """Read the runs of a data set, the newest first.

        Args:
            dag_id: Its DAG.

        Raises:
            UnknownRunError: There is no such data set.
            MigrationError: Its stack cannot be read.
        """
        dataset = self._dataset(dag_id)
        return self._lines(client("s3"), dataset, self._stack(dataset))

    def page(self, dag_id: str, run_id: str) -> RunPage:
        """Read a run.

        Args:
            dag_id: Its DAG.
            run_id: Its id.

        Raises:
            UnknownRunError: There is no such data set, or no report of such a run.
            MigrationError: Its stack cannot be read.
        """
        s3 = client("s3")
        return self._page(s3, *self._found(s3, dag_id, run_id))

    def examples(self, dag_id: str, run_id: str) -> list[RejectExample]:
        """Read a few rejects of each code of a run. The arguments and errors are those of `page`."""
        s3 = client("s3")
        stack, line = self._found(s3, dag_id, run_id)
        stored = self.objects.read(s3, stack.bucket, _beside(line, EXAMPLES_FILE))
        told: list[dict[str, Any]] = read_examples(stored.body) if stored else []
        return [RejectExample(**one) for one in told]

    def file(self, dag_id: str, run_id: str, name: str) -> tuple[int, Iterator[bytes]]:
        """Open one of the files that a run left: its size, and its bytes in pieces.

        Args:
            dag_id: Its DAG.
            run_id: Its id.
            name: The file's name, such as ``rejects.csv``.

        Raises:
            UnknownRunError: There is no such data set, run or file.
            MigrationError: Its stack cannot be read.
        """
        s3 = client("s3")
        stack, line = self._found(s3, dag_id, run_id)
        if name not in {*self._page(s3, stack, line).files, REPORT_FILE, HTML_FILE}:
            raise UnknownRunError(f"The run left no file {shown(name, 80)}.")
        key = _beside(line, name)
        size = s3.head_object(Bucket=stack.bucket, Key=key)["ContentLength"]
        return size, object_chunks(s3, stack.bucket, key)

    def _page(self, s3: "S3Client", stack: Stack, line: RunLine) -> RunPage:
        stored = self.objects.read(s3, stack.bucket, line.report)
        if stored is None:
            raise UnknownRunError(f"s3://{stack.bucket}/{line.report} is gone.")
        report = json.loads(stored.body)
        since = self._since(s3, stack, line, report)
        return run_page(line, report, stack.table, real_aws=is_real_aws(s3.meta.endpoint_url), since=since)

    def _since(self, s3: "S3Client", stack: Stack, line: RunLine, report: dict[str, Any]) -> Since | None:
        """Read what became since of a run's rows, or of those of the run that it replayed; one in ruins is none."""
        replayed = report.get("replays")
        key = replayed["since"].partition(f"{stack.bucket}/")[2] if replayed else _beside(line, SINCE_FILE)
        stored = self.objects.read(s3, stack.bucket, key)
        try:
            return Since.from_json(stored.body) if stored else None
        except (ValueError, TypeError, KeyError):
            return None

    def _found(self, s3: "S3Client", dag_id: str, run_id: str) -> tuple[Stack, RunLine]:
        dataset = self._dataset(dag_id)
        stack = self._stack(dataset)
        line = next((one for one in self._lines(s3, dataset, stack) if one.run_id == run_id), None)
        if line is None:
            raise UnknownRunError(f"There is no report of the run {shown(run_id, 300)} yet.")
        return stack, line

    def _row(self, s3: "S3Client", path: Path) -> DataSetRow | None:
        try:
            dataset = self._read(path)
        except DatasetError:
            return None  # its own import error tells of it
        runs, problem = self._tried(lambda: self._lines(s3, dataset, self._stack(dataset))[:ROW_RUNS])
        return DataSetRow(
            dag_id=dag_id_of(dataset.name),
            dataset=dataset.name,
            file_name=dataset.source.file_name,
            table=dataset.table.name,
            runs=runs,
            problem=problem,
        )

    def _tried(self, read: Callable[[], tuple[RunLine, ...]]) -> tuple[tuple[RunLine, ...], str]:
        """Read the runs of one of many: one that cannot be read must not cost the others."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import

        try:
            return read(), ""
        except (MigrationError, BotoCoreError, ClientError) as error:
            return (), shown(error)

    def _dataset(self, dag_id: str) -> Dataset:
        for path in dataset_paths(datasets_folder()):
            if dag_id_of(path.stem) == dag_id:
                return self._read(path)
        raise UnknownRunError(f"{shown(dag_id, 300)} is no DAG of csvdynamo.")

    def _read(self, path: Path) -> Dataset:
        stat = path.stat()
        version = (stat.st_mtime_ns, stat.st_size)
        known = self._files.get(path)
        if known is None or known[0] != version:
            known = self._files[path] = (version, load_dataset(path))
        return known[1]

    def _stack(self, dataset: Dataset) -> Stack:
        now, known = time.monotonic(), self._stacks.get(dataset.name)
        if known is None or now > known[0]:
            stack = read_stack(client("cloudformation"), dataset)
            known = self._stacks[dataset.name] = (now + _STACK_SECONDS, stack)
        return known[1]

    def _lines(self, s3: "S3Client", dataset: Dataset, stack: Stack) -> tuple[RunLine, ...]:
        stored = self.objects.read(s3, stack.bucket, runs_key(dataset.name))
        if stored is None:
            return ()
        known = self._lists.get(dataset.name)
        if known is None or known[0] is not stored:
            known = self._lists[dataset.name] = (stored, read_runs(stored.body)[::-1])
        return known[1]


def _beside(line: RunLine, name: str) -> str:
    return f"{line.report.rpartition('/')[0]}/{name}"
