"""What was found of a source, in one value: the data set file and the table on the terminal are written from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from commands.describing.column_types import ColumnFinding
from commands.describing.item_sizes import ItemSizes
from commands.describing.key_choice import KeyChoice
from commands.describing.reserved_words import reserved
from commands.describing.source_proposal import SourceProposal

_MOST_REJECT_PERCENT = 5.0


@dataclass(frozen=True)
class Description:
    """What was found of a source.

    Attributes:
        name: The data set's name.
        url: The source's address; empty: it is a file, whose address nobody knows.
        file_name: The source's file name.
        size: The source's bytes.
        rows: The rows that prepare takes.
        source: How it is written.
        notes: What else it holds, a sentence each.
        rejects: How many records prepare refuses, by reject code.
        reject_examples: What is wrong with the first of them.
        columns: What was found of each column.
        key: The key.
        sizes: The items' sizes.
        doubts: What else a person should look at, a sentence each.
    """

    name: str
    url: str
    file_name: str
    size: int
    rows: int
    source: SourceProposal
    notes: Sequence[str]
    rejects: Mapping[str, int]
    reject_examples: Sequence[str]
    columns: Sequence[ColumnFinding]
    key: KeyChoice
    sizes: ItemSizes
    doubts: Sequence[str] = ()

    @property
    def declared(self) -> Sequence[ColumnFinding]:
        """The columns that have rules in the data set file, in the file's order."""
        return [one for one in self.columns if one.rules and one.header not in self.key.plain]

    @property
    def reserved(self) -> Sequence[str]:
        """The attribute names that are DynamoDB's reserved words."""
        return reserved([*(one.header for one in self.columns), *self.key.computed])

    @property
    def unsure(self) -> Sequence[str]:
        """What it was not sure of, a sentence each."""
        of_columns = [f"{one.header}: {one.why}, so it stays text." for one in self.columns if one.unsure]
        ruined = [
            f"{one.header}: {sum(one.ruined.values()):,} cells look as a spreadsheet leaves long codes."
            for one in self.columns
            if one.ruined
        ]
        return [*self.source.unsure, *self.key.unsure, *of_columns, *ruined, *self._of_rejects(), *self.doubts]

    def without_type(self, header: str, why: str) -> "Description":
        """Make a column text after all.

        Args:
            header: Its name.
            why: Why, a sentence.
        """
        columns = [replace(one, kind=None, blank=(), why=why) if one.header == header else one for one in self.columns]
        return replace(self, columns=columns, doubts=[*self.doubts, f"{header} stays text: {why}."])

    def _of_rejects(self) -> list[str]:
        rejected = sum(self.rejects.values())
        percent = 100 * rejected / max(1, rejected + self.rows)
        if percent <= _MOST_REJECT_PERCENT:
            return []
        told = f"prepare refuses {percent:.1f} % of the records"
        return [f"{told}, more than gates.max_reject_percent allows: such a run fails."]
