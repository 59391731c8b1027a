"""A run's rejects as a CSV that people correct in a spreadsheet and hand in again as a source."""

import csv
import io
import json
import tempfile
from collections.abc import Sequence
from typing import IO, Any

from csvdynamo_airflow.preparation.prepared_rows import EXTRA_FIELDS, UNREAD_LINES
from csvdynamo_airflow.rejects.spreadsheet_cells import HELPER_COLUMNS, neutralise

ERROR_CSV_FILE = "rejects.csv"


def upload_error_csv(s3: Any, bucket: str, key: str, rejects: IO[bytes], headers: Sequence[str]) -> None:
    """Write the CSV of merged rejects to the bucket.

    Args:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        key: The CSV's key.
        rejects: The merged rejects, as JSON lines. It is left at its end.
        headers: The source's header.
    """
    with tempfile.TemporaryFile(prefix="csvdynamo-rejects-") as file:
        write_error_csv(rejects, headers, file)
        file.seek(0)
        s3.upload_fileobj(file, bucket, key, ExtraArgs={"ContentType": "text/csv"})


def write_error_csv(rejects: IO[bytes], headers: Sequence[str], out: IO[bytes]) -> None:
    r"""Write rejects as CSV, in constant memory: UTF-8 with a byte order mark, commas, ``\r\n``.

    The columns are the source's in their order, then ``_row``, ``_code``, ``_column`` and ``_message``, and ``_extra``
    and ``_lines`` where a reject has them (see `prepared_rows.reject_item`). prepare leaves all of those aside and
    restores the cells, as long as the four are there; a source that has a column of one of these names gets them with
    more underscores in front, and they have to be removed by hand.

    Args:
        rejects: The rejects, as JSON lines; read twice from its start.
        headers: The source's header.
        out: Where the CSV goes.
    """
    more = _more_names(rejects, headers)
    text = io.TextIOWrapper(out, encoding="utf-8-sig", errors="backslashreplace", newline="")
    rows = csv.writer(text)
    rows.writerow(map(neutralise, [*headers, *_helper_names(headers), *more]))
    rejects.seek(0)
    for line in rejects:
        reject = json.loads(line)
        item = reject["item"]
        why = ["" if reject["row"] is None else str(reject["row"]), reject["code"], reject["column"] or ""]
        cells = [*(item.get(name, "") for name in headers), *why, reject["message"]]
        rows.writerow(map(neutralise, [*cells, *(item.get(name, "") for name in more)]))
    text.flush()
    text.detach()


def _more_names(rejects: IO[bytes], headers: Sequence[str]) -> list[str]:
    """List what the rejects' items hold beside the source's columns."""
    known = set(headers)
    names: set[str] = set()
    rejects.seek(0)
    for line in rejects:
        names.update(json.loads(line)["item"].keys() - known)
    return sorted(names)


def _helper_names(headers: Sequence[str]) -> list[str]:
    """Name the four columns, as they are unless the source has one of these names itself."""
    front = ""
    if not {*HELPER_COLUMNS, EXTRA_FIELDS, UNREAD_LINES}.isdisjoint(headers):
        front = "_"
        while any(front + name in headers for name in HELPER_COLUMNS):
            front += "_"
    return [front + name for name in HELPER_COLUMNS]
