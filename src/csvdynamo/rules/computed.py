"""Attributes that no column holds: made of several columns, of the row's number, or of a digest.

`FORMULAS` lists the ways: a new one is a class and its entry there, and docs/datasets.md has it from there.
"""

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from csvdynamo.rules.attribute_values import AttributeValue
from csvdynamo.rules.columns import ROW_NUMBER_HEADER, Column, blank_test
from csvdynamo.rules.numbered_row import row_number
from csvdynamo.rules.transforms import TextFunction, chain

ALL_COLUMNS = "*"
"""How a digest of all columns is written."""

_DIGEST_LENGTH = 32  # hexadecimal digits: of 10**9 rows two have the same one with a chance of 10**-21
_TEMPLATE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[^{}]+")

RowRule = Callable[[Mapping[str, str]], AttributeValue | None]
"""Makes an attribute of a row; None where it is blank."""


class Formula(ABC):
    """How an attribute is made of a row.

    Attributes:
        name: Its key in a data set file.
        does: What it makes, for the documents.
        type: The type of what it makes, in DynamoDB's letters.
        blank: What is the matter where a row has none.
    """

    name: ClassVar[str]
    does: ClassVar[str]
    type: ClassVar[Literal["S", "N"]]
    blank: ClassVar[str]

    @classmethod
    @abstractmethod
    def read(cls, value: Any) -> Self:
        """Make it of the value of its key.

        Raises:
            ValueError: It is not allowed; the message says what it must be.
        """

    @abstractmethod
    def written(self) -> Any:
        """Return the value of its key."""

    @abstractmethod
    def sources(self, headers: Sequence[str]) -> tuple[str, ...]:
        """Name the columns that it is made of, some of which a file may lack.

        Args:
            headers: The file's.
        """

    @abstractmethod
    def compile(self, columns: Sequence[Column]) -> RowRule:
        """Make it a function of a row.

        Args:
            columns: The rules of the columns that `sources` names: it is made of their cells, transformed.
        """


@dataclass(frozen=True)
class Template(Formula):
    """A text with columns in it."""

    text: str
    name = "template"
    does = 'a text with headers in braces, as in `"{City}#{Year}"`; `{{` and `}}` are braces. Blank if one of them is'
    type = "S"
    blank = "a column of its template is blank"

    @classmethod
    def read(cls, value: Any) -> Self:
        """Read a text that has at least one header in braces."""
        if not isinstance(value, str) or "".join(match[0] for match in _TEMPLATE.finditer(value)) != value:
            raise ValueError("a text with headers in braces, {{ and }} for braces")
        made = cls(value)
        if not made.sources(()):
            raise ValueError("a text with at least one header in braces")
        return made

    def written(self) -> str:
        """Return the text."""
        return self.text

    def sources(self, headers: Sequence[str]) -> tuple[str, ...]:
        """Name the headers in braces, each once."""
        return tuple(dict.fromkeys(match[1] for match in _TEMPLATE.finditer(self.text) if match[1]))

    def compile(self, columns: Sequence[Column]) -> RowRule:
        """Put the cells into the text."""
        values = {column.header: _value_of(column) for column in columns}
        parts: list[tuple[str, TextFunction | None]] = []
        for match in _TEMPLATE.finditer(self.text):
            text, header = match[0], match[1]
            if header:
                parts.append((header, values[header]))
            else:
                parts.append(("{" if text == "{{" else "}" if text == "}}" else text, None))

        def make(row: Mapping[str, str]) -> AttributeValue | None:
            texts = []
            for text, value_of in parts:
                if value_of is None:
                    texts.append(text)
                    continue
                cell = value_of(row[text])
                if not cell:
                    return None
                texts.append(cell)
            return {"S": "".join(texts)}

        return make


@dataclass(frozen=True)
class RowNumber(Formula):
    """The row's number in the source."""

    name = "row_number"
    does = "`true`: the row's number in the source, a number. It is another one where a row is put before it"
    type = "N"
    blank = "the row has no number"

    @classmethod
    def read(cls, value: Any) -> Self:
        """Read ``true``."""
        if value is not True:
            raise ValueError("true")
        return cls()

    def written(self) -> bool:
        """Return ``true``."""
        return True

    def sources(self, headers: Sequence[str]) -> tuple[str, ...]:
        """Name no column."""
        return ()

    def compile(self, columns: Sequence[Column]) -> RowRule:
        """Take the number."""

        def make(row: Mapping[str, str]) -> AttributeValue | None:
            number = row_number(row)
            return None if number is None else {"N": str(number)}

        return make


@dataclass(frozen=True)
class Digest(Formula):
    """A digest of columns; of all of them if it names none."""

    headers: tuple[str, ...]
    name = "digest"
    does = (
        'headers, as in `["City", "Year"]`, or `"*"` for all columns: 32 hexadecimal digits of a SHA-256 of their '
        "cells. Blank if all of them are"
    )
    type = "S"
    blank = "all of its columns are blank"

    @classmethod
    def read(cls, value: Any) -> Self:
        """Read an array of headers, or the star."""
        if value == ALL_COLUMNS:
            return cls(())
        if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
            raise ValueError('an array of headers, or "*" for all columns')
        if len(set(value)) < len(value):
            raise ValueError("an array of headers, each once")
        return cls(tuple(value))

    def written(self) -> list[str] | str:
        """Return the headers, or the star."""
        return list(self.headers) or ALL_COLUMNS

    def sources(self, headers: Sequence[str]) -> tuple[str, ...]:
        """Name the columns; all that there are, in the order of their headers, whatever theirs in the file is."""
        return self.headers or tuple(sorted(header for header in headers if header != ROW_NUMBER_HEADER))

    def compile(self, columns: Sequence[Column]) -> RowRule:
        """Digest the cells, and with all columns the headers, too."""
        parts = [(column.header, _value_of(column)) for column in columns]
        named = not self.headers

        def make(row: Mapping[str, str]) -> AttributeValue | None:
            cells = [value_of(row[header]) for header, value_of in parts]
            if not any(cells):
                return None
            told = [[header, cell] for (header, _), cell in zip(parts, cells, strict=True)] if named else cells
            return {"S": hashlib.sha256(json.dumps(told).encode()).hexdigest()[:_DIGEST_LENGTH]}

        return make


FORMULAS: tuple[type[Formula], ...] = (Template, RowNumber, Digest)
"""Every way there is."""


@dataclass(frozen=True)
class Computed:
    """An attribute that is made of a row."""

    attribute: str
    formula: Formula

    def written(self) -> dict[str, Any]:
        """Return it for `rules.json`."""
        return {"attribute": self.attribute, self.formula.name: self.formula.written()}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Read what `written` returned.

        Raises:
            ValueError: It is something else, as is a LookupError.
        """
        formula = next(one for one in (*FORMULAS, None) if one is None or one.name in written)
        if formula is None:
            raise ValueError(f"there is no formula in {written!r}")
        return cls(written["attribute"], formula.read(written[formula.name]))


def _value_of(column: Column) -> TextFunction:
    """Return what makes of a column's cell its value, empty if it says nothing."""
    transform, says_nothing = chain(column.transform), blank_test(column)

    def value_of(cell: str) -> str:
        if says_nothing(cell):
            return ""
        value = transform(cell)
        return "" if says_nothing(value) else value

    return value_of
