"""The kinds that a column's cells may be of, each with the rules that a data set file would have for it. Pure.

What takes a cell is the core's own rule, compiled from those rules. A regular expression beside it says of most cells
that they are taken, so that DuckDB counts those, and the core looks at the others alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import TypeAdapter

from csvdynamo.datasets.column_rules import ColumnRules
from csvdynamo.rules.attribute_values import AttributeValue
from csvdynamo.rules.cell_refusals import CellRefusedError
from csvdynamo.rules.cells import compile_cell


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        told: What it is called.
        rules: The keys that a column of it has in a data set file.
        sure: What matches this whole is taken; of what does not, the core says. None: the core looks at each cell.
        facts: What else is counted: regular expressions that cells match whole, by name.
        only_named: Whether the column's name has to speak for it.
    """

    told: str
    rules: Mapping[str, object]
    sure: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    only_named: bool = False

    @property
    def type(self) -> str:
        """The column's type."""
        return str(self.rules["type"])

    def takes(self, cell: str) -> bool:
        """Say whether the core takes a cell that is not blank."""
        return self.value(cell) is not None

    def value(self, cell: str) -> AttributeValue | None:
        """Return what the core makes of a cell that is not blank; None if it refuses it."""
        try:
            return self._rule(cell)
        except CellRefusedError:
            return None

    @cached_property
    def _rule(self) -> Callable[[str], AttributeValue | None]:
        rules = TypeAdapter(ColumnRules).validate_python(dict(self.rules))
        rule = compile_cell(rules.of("column"))
        assert rule is not None  # only a column of plain text has none
        return rule


BOOLEAN = Kind("boolean", {"type": "boolean"}, sure="[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]")
JSON = Kind("json", {"type": "json"})


BLANK_WORDS = frozenset(
    {
        "na", "n/a", "n.a.", "n.a", "#n/a", "<na>", "nan", "null", "(null)", "[null]", "<null>", "#null!", "none",
        "nil", "n/d", "nd", "-", "--", "---", "\u2013", "\u2014", ".", "..", "...", "?", "*", "\\n", "(blank)", "blank",
        "missing", "unknown", "not available", "not applicable", "#value!", "#ref!", "#div/0!", "#name?", "#num!",
    }
)  # fmt: skip
"""Words that publishers write for nothing, in small letters."""

RUINED = r"[0-9][.,][0-9]+E\+[0-9]{2,}|#{3,}"
"""What a spreadsheet leaves of a long code, or of what its column was too narrow for."""
