"""Rejects of prepare, kept on disk until the run's execution has a name: the name follows from the whole file."""

import heapq
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from csvdynamo.codes import Stage
from csvdynamo.rejects import Reject, reject_id
from csvdynamo_airflow.preparation.csv_records import BadRecord
from csvdynamo_airflow.preparation.prepared_rows import reject_item


class RejectSpool:
    """A temporary file of bad records in the source's order; a context manager.

    Attributes:
        path: Where it is.
        by_code: How many it holds, by reject code.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.by_code: Counter[str] = Counter()
        self._file = path.open("w", encoding="utf-8")

    def add(self, row: int, bad: BadRecord, headers: Sequence[str]) -> None:
        """Keep a bad record.

        Args:
            row: Its number in the source, from 1.
            bad: What is wrong with it.
            headers: The source's header.
        """
        self.by_code[str(bad.code)] += 1  # plain text: the count travels as JSON
        draft = [row, bad.code, bad.column, bad.message, reject_item(headers, bad)]
        self._file.write(json.dumps(draft, separators=(",", ":")) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()


def write_records(spools: Sequence[RejectSpool], path: Path, dataset: str, execution_name: str) -> None:
    """Write what closed spools keep as reject records, one JSON object a line, in the order of the source's rows.

    Args:
        spools: The spools.
        path: The file to write.
        dataset: The data set's name.
        execution_name: The name of the run's execution.
    """
    with ExitStack() as files, path.open("w", encoding="utf-8", newline="\n") as records:
        drafts = [map(json.loads, files.enter_context(spool.path.open(encoding="utf-8"))) for spool in spools]
        merged: Iterator[list[Any]] = heapq.merge(*drafts, key=lambda draft: draft[0])
        for row, code, column, message, item in merged:
            reject = Reject(
                execution_name=execution_name,
                dataset=dataset,
                row=row,
                stage=Stage.PREPARE,
                code=code,
                column=column,
                message=message,
                item=item,
                reject_id=reject_id(execution_name, row),
            )
            records.write(reject.to_json() + "\n")
