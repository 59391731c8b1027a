"""What reading a CSV gives: records that follow each other, good and bad."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from csvdynamo.rules.codes import RejectCode

EXTRA_FIELDS = "_extra"
"""The name under which a reject keeps the fields past the header, as CSV."""

UNREAD_LINES = "_lines"
"""The name under which a reject keeps a record whose fields cannot be told, as its lines stand in the source."""


@dataclass(frozen=True)
class BadRecord:
    """A record that cannot be handed on.

    Attributes:
        code: Why.
        message: What is wrong with it.
        fields: Its fields, as far as they can be told.
        text: Its lines as they are, if its fields cannot be told; "" otherwise.
        column: The header of the one field that is bad, None if it is the record as a whole.
    """

    code: RejectCode
    message: str
    fields: list[str] = field(default_factory=list)
    text: str = ""
    column: str | None = None


@dataclass(frozen=True)
class Block:
    """Records that follow each other: the fields of each, or what is wrong with it."""

    records: Sequence[list[str] | BadRecord]

    def parted(self, last: int) -> tuple["Block", Sequence[list[str] | BadRecord]]:
        """Take the last records off it."""
        return Block(self.records[:-last]), self.records[-last:]


@dataclass(frozen=True)
class PlainBlock:
    """Rows that follow each other, each a line without a quote, and so known without being read.

    Attributes:
        lines: The lines, with their line ends.
        delimiter: The character between two fields.
    """

    lines: Sequence[str]
    delimiter: str

    @property
    def records(self) -> Sequence[list[str]]:
        """The fields of each row."""
        return [line.rstrip("\r\n").split(self.delimiter) for line in self.lines]

    def parted(self, last: int) -> tuple["PlainBlock | Block", Sequence[list[str] | BadRecord]]:
        """Take the last records off it."""
        first = self.lines[:-last]
        return PlainBlock(first, self.delimiter) if first else Block(()), PlainBlock(
            self.lines[-last:], self.delimiter
        ).records

    @cached_property
    def text(self) -> str:
        """All of them."""
        return "".join(self.lines)

    @property
    def first_characters(self) -> set[str]:
        """What its lines begin with."""
        return {line[0] for line in self.lines}

    def column(self, place: int) -> list[str]:
        """Return each row's field at a place, from 0."""
        delimiter, after = self.delimiter, self.lines[0].count(self.delimiter) - place
        if after == 0:
            return [line.rsplit(delimiter, 1)[-1].rstrip("\r\n") for line in self.lines]
        if after < place:
            return [line.rsplit(delimiter, after + 1)[-after - 1] for line in self.lines]
        return [line.split(delimiter, place + 1)[place] for line in self.lines]
