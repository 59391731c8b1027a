"""One row, converted by itself."""

from collections.abc import Mapping

from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.rows import RowConverter


def convert_row(rules: RowRules, row: Mapping[str, str]) -> Item | Refusal:
    """Convert a row by a data set's rules."""
    return RowConverter(rules).convert(row)
