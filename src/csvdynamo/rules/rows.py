"""The row rules: a source row becomes an item, or a refusal that says which rule refused it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from csvdynamo.errors import BatchError
from csvdynamo.rules.attribute_values import MAX_ITEM_BYTES, Item, item_size
from csvdynamo.rules.cell_refusals import CellRefusedError, CellRule
from csvdynamo.rules.cells import compile_cell, compile_key
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import ROW_NUMBER_HEADER, Column
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules

_MAX_PLANS = 32
_MAX_ROW_NUMBER_DIGITS = 18


@dataclass(frozen=True)
class RowPlan:
    """A data set's rules laid out for one header, so that each row of it costs microseconds.

    Attributes:
        cells: Header, attribute name and rule (None: plain text, omitted when blank) of each column that is stored.
        key_header: The column that holds the partition key; None if the header lacks it.
        refusal: Why no row of this header can be stored; None if rows can.
    """

    cells: tuple[tuple[str, str, CellRule | None], ...]
    key_header: str | None
    refusal: Refusal | None


class RowConverter:
    """Converts rows of one data set, keeping a plan for each header that it meets."""

    def __init__(self, rules: RowRules) -> None:
        self.rules = rules
        self._plans: dict[tuple[str, ...], RowPlan] = {}

    def convert(self, row: Mapping[str, str]) -> Item | Refusal:
        """Return the row's item as the DynamoDB client takes it, or the refusal of the first rule that it breaks.

        Raises:
            BatchError: Two headers become one attribute, or a header becomes none. This concerns every row of the file.
        """
        plan = self.plan(row)
        if plan.refusal:
            return plan.refusal
        item: Item = {}
        try:
            for header, attribute, rule in plan.cells:
                text = row[header]
                if rule is None:
                    if text and not text.isspace():
                        item[attribute] = {"S": text}
                elif (value := rule(text)) is not None:
                    item[attribute] = value
            size = item_size(item)
        except CellRefusedError as error:
            return error.refusal
        except UnicodeEncodeError:
            return _bad_encoding(row)
        if size > MAX_ITEM_BYTES:
            message = f"the item is {size:,} bytes; DynamoDB takes {MAX_ITEM_BYTES:,}"
            return Refusal(RejectCode.TOO_LARGE, None, message)
        return item

    def plan(self, row: Mapping[str, str]) -> RowPlan:
        """Return the plan for a row's header.

        Raises:
            BatchError: See `convert`.
        """
        headers = tuple(row)
        plan = self._plans.get(headers)
        if plan is None:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            plan = self._plans[headers] = _lay_out(self.rules, headers)
        return plan


def row_number(row: Mapping[str, str]) -> int | None:
    """Return the row's number in the source, or None if the file has none, or none that is a positive whole number."""
    text = row.get(ROW_NUMBER_HEADER, "")
    good = text.isascii() and text.isdigit() and len(text) <= _MAX_ROW_NUMBER_DIGITS
    return int(text) or None if good else None


def source_row(row: Mapping[str, str]) -> dict[str, str]:
    """Return the row as its publisher wrote it: without the row number that `prepare` added."""
    return {header: value for header, value in row.items() if header != ROW_NUMBER_HEADER}


def _lay_out(rules: RowRules, headers: tuple[str, ...]) -> RowPlan:
    columns = [rules.column(header) for header in headers if header != ROW_NUMBER_HEADER]
    stored = {column.header: _attribute_name(rules, column) for column in columns if not column.drop}
    _check_names_differ(stored)
    key = rules.partition_key
    key_header = next((header for header, attribute in stored.items() if attribute == key), None)
    cells = tuple(
        (
            column.header,
            stored[column.header],
            compile_key(column) if stored[column.header] == key else compile_cell(column),
        )
        for column in columns
        if not column.drop
    )
    return RowPlan(cells, key_header, _missing_column(rules, headers, key_header))


def _attribute_name(rules: RowRules, column: Column) -> str:
    name = rules.attribute_name(column.header)
    where = f"data set {rules.dataset}: the header {json.dumps(column.header)}"
    if not name:
        raise BatchError(f"{where} becomes an attribute without a name: rename or drop the column")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise BatchError(f"{where} is not valid Unicode: save the file as UTF-8") from error
    return name


def _check_names_differ(stored: Mapping[str, str]) -> None:
    headers: dict[str, str] = {}
    for header, attribute in stored.items():
        if attribute in headers:
            pair = f"{json.dumps(headers[attribute])} and {json.dumps(header)}"
            raise BatchError(f"the headers {pair} both become the attribute {attribute!r}: rename or drop one of them")
        headers[attribute] = header


def _missing_column(rules: RowRules, headers: tuple[str, ...], key_header: str | None) -> Refusal | None:
    if key_header is None:
        key = rules.partition_key
        message = f"the file has no column for the partition key {key}"
        return Refusal(RejectCode.MISSING_KEY, rules.key_header or key, message)
    missing = (column.header for column in rules.columns if column.required and column.header not in headers)
    header = next(missing, None)
    if header is None:
        return None
    return Refusal(RejectCode.MISSING_VALUE, header, f"{header}: the file has no such column, and it is required")


def _bad_encoding(row: Mapping[str, str]) -> Refusal:
    for header, text in row.items():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"{header}: character {error.start + 1} is half a surrogate pair, which is not valid Unicode"
            return Refusal(RejectCode.BAD_ENCODING, header, message)
    return Refusal(RejectCode.BAD_ENCODING, None, "the row's rules make text that is not valid Unicode")
