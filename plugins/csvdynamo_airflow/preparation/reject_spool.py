"""Rejects of prepare, kept on disk until the run's execution has a name: the name follows from the whole file."""

import heapq
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from csvdynamo.records.rejects import Reject, reject_id
from csvdynamo.rules.codes import RejectCode, Stage
from csvdynamo_airflow.preparation.prepared_rows import reject_item
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.storage.disk_space import DiskSpace


class RejectSpool:
    """A temporary file of bad records in the source's order; a context manager.

    It repeats no header: a source of short rows below long headers would grow many times over, twice.

    Attributes:
        path: Where it is.
        headers: The source's header.
        by_code: How many it holds, by reject code.
    """

    def __init__(self, path: Path, headers: Sequence[str], space: DiskSpace) -> None:
        self.path = path
        self.headers = headers
        self.by_code: Counter[str] = Counter()
        self._file = space.open_text(path)

    def add(self, row: int, bad: BadRecord) -> None:
        """Keep a bad record.

        Args:
            row: Its number in the source, from 1.
            bad: What is wrong with it.
        """
        self.by_code[str(bad.code)] += 1  # plain text: the count travels as JSON
        draft = [row, bad.code, bad.message, bad.fields, bad.text, bad.column]
        self._file.write(json.dumps(draft, separators=(",", ":")) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self) -> Iterator[tuple[int, BadRecord]]:
        """Return the bad records and their rows' numbers again, once it is closed."""
        with self.path.open(encoding="utf-8") as file:
            for row, code, *rest in map(json.loads, file):
                yield row, BadRecord(RejectCode[code], *rest)


def write_records(
    spools: Sequence[RejectSpool],
    path: Path,
    dataset: str,
    execution_name: str,
    space: DiskSpace,
    *,
    stage: Stage = Stage.PREPARE,
) -> None:
    """Write what closed spools keep as reject records, one JSON object a line, in the order of the source's rows.

    Args:
        spools: The spools.
        path: The file to write.
        dataset: The data set's name.
        execution_name: The name of the run's execution.
        space: The space of the folder that the file is in.
        stage: Where they are, or will be, rejected.

    Raises:
        NoSpaceError: The disk fills up.
    """
    with space.open_text(path) as records:
        kept = [((row, bad, spool.headers) for row, bad in spool.read()) for spool in spools]
        for row, bad, headers in heapq.merge(*kept, key=lambda one: one[0]):
            reject = Reject(
                execution_name=execution_name,
                dataset=dataset,
                row=row,
                stage=stage,
                code=bad.code,
                column=bad.column,
                message=bad.message,
                item=reject_item(headers, bad),
                reject_id=reject_id(execution_name, row),
            )
            records.write(reject.to_json() + "\n")
