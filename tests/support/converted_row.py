"""One row, converted by itself, on both ways that a row takes."""

from collections.abc import Mapping

from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.rows import RowConverter
from tests.support.write_door import on_the_wire


def convert_row(rules: RowRules, row: Mapping[str, str]) -> Item | Refusal:
    """Convert a row by a data set's rules; what is written of it says the same, in botocore's bytes."""
    converter = RowConverter(rules)
    converted, written = converter.convert(row), converter.wire_item(row)
    assert written == (converted if isinstance(converted, Refusal) else on_the_wire(converted, rules.key))
    return converted
