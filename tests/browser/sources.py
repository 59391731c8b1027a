"""Files of vehicles for the runs that the browser looks at."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from commands.sample import HEADER, KEY

SCRIPT, FORMULA = "<script>document.title='taken'</script>", "=cmd()"
LONG, LARGEST = "x" * 100_000, "y" * 1_000_000
HOSTILE = (SCRIPT, FORMULA, LONG, LARGEST)
"""Model years of rows that are rejected."""


def write_vehicles(
    path: Path,
    keys: Sequence[int],
    cells: Mapping[int, Mapping[str, str]] | None = None,
    *,
    without: Sequence[str] = (),
) -> Path:
    """Write a file of vehicles.

    Args:
        path: The file.
        keys: Their DOL Vehicle IDs, one a row.
        cells: Cells of some rows, by the row's number, 1 for the first.
        without: Columns that the file has not.
    """
    header = [name for name in HEADER if name not in without]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(_rows(keys, cells or {}))
    return path


def _rows(keys: Sequence[int], cells: Mapping[int, Mapping[str, str]]) -> Iterator[dict[str, str]]:
    for number, key in enumerate(keys, 1):
        plain = dict.fromkeys(HEADER, "") | {"VIN (1-10)": f"VIN{number}", "Model Year": "2021", KEY: str(key)}
        yield {**plain, **cells.get(number, {})}
