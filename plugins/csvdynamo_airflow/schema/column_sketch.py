"""What a column's values look like, kept small: enough to tell a column that got another name from another column."""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

FREQUENT_VALUES = 50
FREQUENT_SHAPES = 20

WHOLE_FILE_BYTES = 1024 * 1024
"""Up to this size all rows of a file are looked at, beyond it some lines at each of so many places."""

PLACES = 32
LINES_AT_A_PLACE = 64
LINE_BYTES = 256 * 1024

_ALIKE_VALUES = 0.5
_FEW_VALUES = 0.8
_ALIKE_SHAPES = 0.8
_SHAPE_LENGTH = 24
_LETTERS = re.compile(r"[^\W\d_]+")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class ColumnSketch:
    """The most frequent values and shapes of a column, each with its share (0 to 1) of the cells that are not blank.

    Attributes:
        values: Shares by a digest of the value; a value that was seen once tells nothing and is left out.
        shapes: Shares by shape: letters as one ``A``, each digit as ``9``, the rest as it is.
    """

    values: Mapping[str, float]
    shapes: Mapping[str, float]

    @classmethod
    def of(cls, cells: Iterable[str]) -> Self:
        """Sketch a column."""
        values = Counter(cell for cell in cells if cell and not cell.isspace())
        total = values.total()
        shapes: Counter[str] = Counter()
        for value, count in values.items():
            shapes[shape(value)] += count
        return cls(
            values={
                _digest(value): round(count / total, 4)
                for value, count in values.most_common(FREQUENT_VALUES)
                if count > 1
            },
            shapes={name: round(count / total, 4) for name, count in shapes.most_common(FREQUENT_SHAPES)},
        )

    def likeness(self, other: "ColumnSketch") -> float:
        """Say how alike the values of two columns are: 0 (not alike) to 1.

        Columns of few different values are alike when they share those; others when their values have the same shapes,
        because two editions of a file have few codes or names in common.
        """
        values = _overlap(self.values, other.values)
        if values >= _ALIKE_VALUES:
            return values
        few = max(sum(self.values.values()), sum(other.values.values())) >= _FEW_VALUES
        shapes = _overlap(self.shapes, other.shapes)
        return shapes if shapes >= _ALIKE_SHAPES and not few else 0.0

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        return {"values": dict(self.values), "shapes": dict(self.shapes)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(values=dict(document["values"]), shapes=dict(document["shapes"]))


def shape(value: str) -> str:
    """Return a value's shape, shortened.

    Example:
        >>> shape("POINT (-122.3 47.6)")
        'A (-999.9 99.9)'
    """
    text = _LETTERS.sub("A", value[: 4 * _SHAPE_LENGTH])
    text = "".join("9" if character.isdigit() else character for character in text)
    return _SPACES.sub(" ", text)[:_SHAPE_LENGTH]


def sketch_columns(path: Path, headers: Sequence[str]) -> dict[str, ColumnSketch]:
    """Sketch the columns of a prepared file from some of its rows, the same ones each time.

    Args:
        path: The prepared file, its first column the row number.
        headers: The names of its other columns.
    """
    rows = [fields[1:] for fields in _some_rows(path) if len(fields) == len(headers) + 1]
    return {header: ColumnSketch.of(row[column] for row in rows) for column, header in enumerate(headers)}


def _some_rows(path: Path) -> Iterator[list[str]]:
    size = path.stat().st_size
    if size <= WHOLE_FILE_BYTES:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows, None)
            yield from rows
        return
    # A line that a quoted line break cuts has another width, and so no part in the sketch.
    for line in _some_lines(path, size):
        yield from csv.reader([line])


def _some_lines(path: Path, size: int) -> Iterator[str]:
    with path.open("rb") as file:
        for place in range(PLACES):
            file.seek(size * place // PLACES)
            file.readline(LINE_BYTES)  # the header, or the rest of a line that began before
            for _ in range(LINES_AT_A_PLACE):
                yield file.readline(LINE_BYTES).decode("utf-8", "replace")


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _overlap(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(min(share, other.get(name, 0.0)) for name, share in one.items())
