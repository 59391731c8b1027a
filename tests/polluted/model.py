"""What a polluted file is: its bytes, the rows of the clean file that it was made of, and what may become of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

Settings = Mapping[str, object]
"""Keys of ``[source]`` in the data set file."""

KEY = "id"
"""The header of the key's column."""


@dataclass(frozen=True)
class Table:
    """A clean table, of which polluted files are made.

    Attributes:
        name: Its name.
        header: The columns' names, the key's first.
        rows: The rows, no two of one key.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The rows' keys, in order."""
        return tuple(row[0] for row in self.rows)

    @cached_property
    def truth(self) -> "Truth":
        """What its rows are: one object for the thousands of files that are made of it."""
        return truth_of(self.header, self.rows)

    def first(self, count: int) -> "Table":
        """Return the table of its first rows."""
        return Table(f"{self.name}-{count}", self.header, self.rows[:count])


Truth = Mapping[str, Mapping[str, str]]
"""The rows that may be written: by key, the cells that are not blank, by header."""


def truth_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Truth:
    """Tell what the rows are by the rules of a data set without any."""
    return {
        row[0]: {name: cell for name, cell in zip(header, row, strict=False) if cell.strip()}
        for row in rows
        if row[0].strip()
    }


@dataclass(frozen=True)
class Polluted:
    """One polluted file.

    Attributes:
        kind: The kind of pollution, by which files are counted.
        case: Which file of that kind it is.
        content: Its bytes.
        truth: What its clean file holds. A row that is written and is none of these is wrong.
        settings: What the data set file says of it.
        touched: Keys whose own record the pollution may have damaged. Each is written rightly, or there is a reject.
        gone: Keys of which nothing is left in the file, or nothing that could be told.
        told: Settings of which a refusal should name one.
    """

    kind: str
    case: str
    content: bytes
    truth: Truth
    settings: Settings = field(default_factory=dict)
    touched: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Kind and case."""
        return f"{self.kind}: {self.case}"
