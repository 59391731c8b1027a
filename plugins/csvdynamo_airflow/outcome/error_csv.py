"""The rows of a run that were not written, as a CSV that people correct in a spreadsheet and hand in as a source."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import IO, Any

from csvdynamo.shown import shown
from csvdynamo_airflow.reading.record_blocks import EXTRA_FIELDS, UNREAD_LINES
from csvdynamo_airflow.reading.spreadsheet_cells import HELPER_COLUMNS, MARKED_WITHIN, is_marked_within, neutralise

ERROR_CSV_FILE = "rejects.csv"


def write_error_csv(
    rejects: IO[bytes], headers: Sequence[str], out: IO[bytes], unfinished: IO[bytes] | None = None
) -> int:
    r"""Write rejects as CSV, in constant memory: UTF-8 with a byte order mark, commas, ``\r\n``.

    The columns are the source's in their order, then ``_row``, ``_code``, ``_column`` and ``_message``, and ``_extra``
    and ``_lines`` where a reject has them (see `prepared_rows.reject_item`), and ``_marked_within`` where a cell was
    made safe elsewhere than in front (see `spreadsheet_cells`). prepare leaves all of those aside and restores the
    cells, as long as the four are there; a source that has a column of one of these names gets them with more
    underscores in front, and they have to be removed by hand.

    Args:
        rejects: The rejects, as JSON lines; read twice from its start.
        headers: The source's header.
        out: Where the CSV goes.
        unfinished: The rows of batches that did not succeed (see `result_files`), likewise. They come last.

    Returns:
        How many rows it wrote.
    """
    files = [file for file in (rejects, unfinished) if file is not None]
    more = sorted({name for record in _records(files) for name in record["item"]} - set(headers))
    first = [*headers, *_helper_names(headers), *more]
    marked = any(
        any(map(is_marked_within, cells))
        for cells in chain([first], (_cells(record, headers, more) for record in _records(files)))
    )
    text = io.TextIOWrapper(out, encoding="utf-8-sig", errors="backslashreplace", newline="")
    rows = csv.writer(text)
    rows.writerow(map(neutralise, [*first, *([_free_name(MARKED_WITHIN, first)] if marked else [])]))
    written = 0
    for record in _records(files):
        written += 1
        cells = _cells(record, headers, more)
        told = ["yes" if any(map(is_marked_within, cells)) else ""] if marked else []
        rows.writerow(map(neutralise, [*cells, *told]))
    text.flush()
    text.detach()
    return written


def _cells(record: dict[str, Any], headers: Sequence[str], more: Sequence[str]) -> list[str]:
    item = record["item"]
    told = (record["code"], record["column"] or "", record["message"])
    why = ["" if record["row"] is None else str(record["row"]), *map(shown, told)]
    return [*(item.get(name, "") for name in headers), *why, *(item.get(name, "") for name in more)]


def _records(files: Sequence[IO[bytes]]) -> Iterator[dict[str, Any]]:
    for file in files:
        file.seek(0)
        for line in file:
            yield json.loads(line)


def _helper_names(headers: Sequence[str]) -> list[str]:
    """Name the four columns, as they are unless the source has one of these names itself."""
    front = ""
    if not {*HELPER_COLUMNS, EXTRA_FIELDS, UNREAD_LINES, MARKED_WITHIN}.isdisjoint(headers):
        front = "_"
        while any(front + name in headers for name in HELPER_COLUMNS):
            front += "_"
    return [front + name for name in HELPER_COLUMNS]


def _free_name(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name = "_" + name
    return name
