"""Rejects of prepare, kept on disk until the run's execution has a name: the name follows from the whole file."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from csvdynamo.codes import Stage
from csvdynamo.rejects import Reject, reject_id
from csvdynamo_airflow.csv_records import BadRecord
from csvdynamo_airflow.prepared_rows import reject_item


class RejectSpool:
    """A temporary file of bad records; a context manager.

    Attributes:
        by_code: How many it holds, by reject code.
    """

    def __init__(self, path: Path) -> None:
        self.by_code: Counter[str] = Counter()
        self._path = path
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

    def write_records(self, path: Path, dataset: str, execution_name: str) -> None:
        """Write what was kept as reject records, one JSON object a line.

        Args:
            path: The file to write.
            dataset: The data set's name.
            execution_name: The name of the run's execution.
        """
        with self._path.open(encoding="utf-8") as drafts, path.open("w", encoding="utf-8", newline="\n") as records:
            for draft in drafts:
                row, code, column, message, item = json.loads(draft)
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
