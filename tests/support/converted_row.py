"""One row, converted by itself, on both ways that a row takes."""

from collections.abc import Mapping

from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.rows import RowConverter
from tests.support.write_door import on_the_wire


def convert_row(rules: RowRules, row: Mapping[str, str]) -> Item | Refusal:
    """Convert a row by a data set's rules; what is written of it says the same, in botocore's bytes."""
    return convert_both_ways(RowConverter(rules), row)


def convert_both_ways(converter: RowConverter, row: Mapping[str, str]) -> Item | Refusal:
    """Convert a row; what is written of it says the same, in botocore's bytes."""
    converted, written = converter.convert(row), converter.wire_item(row)
    told = converted if isinstance(converted, Refusal) else on_the_wire(converted, converter.rules.key)
    assert written == told
    return converted
