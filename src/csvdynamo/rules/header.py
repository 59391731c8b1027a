"""A header held against a data set's rules: what its columns become, and what stands in the way of every row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from csvdynamo.rules.columns import ROW_NUMBER_HEADER, Column
from csvdynamo.rules.keys import KeyAttribute
from csvdynamo.rules.row_rules import RowRules


@dataclass(frozen=True)
class Header:
    """A file's header by a data set's rules.

    Attributes:
        rules: The rules.
        names: The headers, in order, without the row number's.
    """

    rules: RowRules
    names: tuple[str, ...]

    @classmethod
    def of(cls, rules: RowRules, headers: Sequence[str]) -> "Header":
        """Take the headers of a file, the row number's among them or not."""
        return cls(rules, tuple(header for header in headers if header != ROW_NUMBER_HEADER))

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The rules of each column."""
        return tuple(map(self.rules.column, self.names))

    @cached_property
    def stored(self) -> Mapping[str, str]:
        """The attribute that each column becomes that is stored, by its header."""
        return {one.header: self.rules.attribute_name(one.header) for one in self.columns if not one.drop}

    @cached_property
    def unnamed(self) -> str | None:
        """The first header that becomes an attribute without a name."""
        return next((header for header, attribute in self.stored.items() if not attribute), None)

    @cached_property
    def shared(self) -> tuple[str | None, str, str] | None:
        """A header (None: it is computed), another one, and the attribute that both become; None if there is none."""
        taken: dict[str, str | None] = dict.fromkeys(one.attribute for one in self.rules.computed)
        for header, attribute in self.stored.items():
            if attribute in taken:
                return taken[attribute], header, attribute
            taken[attribute] = header
        return None

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The headers that the rules cannot do without and the file lacks, but for those of the key."""
        of_key = {self.rules.declared(part.name) for part in self.rules.key.attributes}
        keys = {column.header for column in of_key if column is not None and not column.required}
        return tuple(one for one in self.rules.needed if one not in self.names and one not in keys)

    @cached_property
    def lacking(self) -> tuple[KeyAttribute, ...]:
        """The parts of the table's key that nothing becomes."""
        made = {*self.stored.values(), *(one.attribute for one in self.rules.computed)}
        return tuple(one for one in self.rules.key.attributes if one.name not in made)

    @property
    def is_whole(self) -> bool:
        """Whether the file has all that the rules cannot do without."""
        return not self.missing and not self.lacking

    @cached_property
    def key_names(self) -> tuple[str, ...]:
        """The headers of the columns that the key is made of, each once; none where it is the row's number."""
        by_attribute = {attribute: header for header, attribute in self.stored.items()}
        found: list[str] = []
        for part in self.rules.key.attributes:
            made = self.rules.made(part.name)
            if made is not None:
                found += made.formula.sources(self.names)
            elif part.name in by_attribute:
                found.append(by_attribute[part.name])
        return tuple(dict.fromkeys(found))
