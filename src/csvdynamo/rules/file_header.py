"""The header of a prepared file: the source's names or, where Step Functions reads no header as long, short ones.

The short names are the columns' numbers. The names that they stand for are an object of their own, whose digest is
in the name of the file's first column: a row says itself which names it has, and no others fit it.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from csvdynamo.errors import BatchError
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.guards import GUARD_HEADER, without_guard

HEADER_LIMIT_BYTES = 10 * 1024
"""The longest header that Step Functions' CSV reader takes
(https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html)."""

SHORT_NAMES = "short-names:"
"""Stands before the digest of the rules in what tells a function that a file has short names: one of a version that
knows of none takes it for other rules, and writes nothing."""

DELETIONS = "deletions:"
"""Stands before both where the file has deletions: a version that knows of none writes nothing of it, and what nobody
told of is no reason to delete an item."""

GUARDED = "guarded:"
"""Stands before all of them where each row says what it may take the place of, likewise."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"  # one case: nobody says whether the reader tells two apart
_MARK = re.compile(ROW_NUMBER_HEADER + r":([0-9a-f]{64})")


@dataclass(frozen=True)
class FileHeader:
    """The header of a prepared file.

    Attributes:
        names: The names of the source's columns, without the row number's.
        guarded: Whether each row says what it may take the place of (`Guard`).
    """

    names: tuple[str, ...]
    guarded: bool = False

    @classmethod
    def read(cls, document: bytes, digest: str) -> Self:
        """Read the names that a file with short ones has elsewhere.

        Args:
            document: What is stored of them.
            digest: Its digest, as the file tells.

        Raises:
            BatchError: They are others, or no names.
        """
        problem = "the object of the names of the file's columns is not the one that belongs to the file"
        if hashlib.sha256(document).hexdigest() != digest:
            raise BatchError(problem)
        try:
            names = json.loads(document)
            if isinstance(names, list) and all(isinstance(name, str) for name in names):
                header = cls(tuple(names))
                if header.is_short and header.digest == digest:
                    return header
        except (ValueError, RecursionError):  # no JSON, or half a surrogate pair
            pass
        raise BatchError(problem)

    @cached_property
    def is_short(self) -> bool:
        """Whether the file has short names; the same for its guarded form, which is one column longer."""
        return line_bytes((ROW_NUMBER_HEADER, *self.names, GUARD_HEADER)) > HEADER_LIMIT_BYTES

    @cached_property
    def document(self) -> bytes:
        """What is stored of the names beside a file that has short ones."""
        return json.dumps(self.names, ensure_ascii=False, separators=(",", ":")).encode()

    @cached_property
    def digest(self) -> str:
        """The document's SHA-256, in hexadecimal."""
        return hashlib.sha256(self.document).hexdigest()

    @cached_property
    def line(self) -> tuple[str, ...]:
        """The header as it stands in the file, the row number's column first, the guards' last."""
        guard = (GUARD_HEADER,) if self.guarded else ()
        if not self.is_short:
            return (ROW_NUMBER_HEADER, *self.names, *guard)
        return (f"{ROW_NUMBER_HEADER}:{self.digest}", *map(_short, range(1, len(self.names) + 1)), *guard)

    def named(self, row: Mapping[str, str]) -> Mapping[str, str]:
        """Return a row of the file by the source's names, its number as `ROW_NUMBER_HEADER`, without its guard.

        Raises:
            BatchError: It is a row of a file with other names.
        """
        row = without_guard(row)
        if not self.is_short:
            return row
        if row.keys() != self._by_short.keys():
            raise BatchError("a row is not of the file whose columns have these names")
        return {name: row[short] for short, name in self._by_short.items()}

    @cached_property
    def _by_short(self) -> Mapping[str, str]:
        return dict(zip(self.line, (ROW_NUMBER_HEADER, *self.names), strict=False))

    def told_rules(self, digest: str, *, deletes: bool = False) -> str:
        """Write what an execution is told of the rules of the file (`untold_rules` reads it).

        Args:
            digest: The digest of the rules that it was prepared by.
            deletes: Whether it has deletions.
        """
        guarded, short = GUARDED if self.guarded else "", SHORT_NAMES if self.is_short else ""
        return f"{guarded}{DELETIONS if deletes else ''}{short}{digest}"


def untold_rules(told: str) -> str:
    """Return the digest of the rules that an execution was told of; "" where it was told of none."""
    return told.removeprefix(GUARDED).removeprefix(DELETIONS).removeprefix(SHORT_NAMES)


def tells_deletions(told: str) -> bool:
    """Say whether an execution was told of deletions."""
    return told.removeprefix(GUARDED).startswith(DELETIONS)


def tells_guards(told: str) -> bool:
    """Say whether an execution was told of guards."""
    return told.startswith(GUARDED)


def number_cell(row: Mapping[str, str]) -> str:
    """Return the row number's cell of a row of a prepared file, whatever names it has; "" where there is none."""
    if ROW_NUMBER_HEADER in row:
        return row[ROW_NUMBER_HEADER]
    return next((text for header, text in row.items() if _MARK.fullmatch(header)), "")


def names_digest(row: Mapping[str, str]) -> str | None:
    """Return the digest of the names that a row of a prepared file has elsewhere; None if its names are its own."""
    if ROW_NUMBER_HEADER in row:
        return None
    return next((mark[1] for mark in map(_MARK.fullmatch, row) if mark), None)


def line_bytes(cells: Sequence[str]) -> int:
    """Size of a line as it stands in a prepared file, without its end."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="").writerow(cells)
    return len(line.getvalue().replace("\\", "\\\\").encode("utf-8"))


def _short(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
