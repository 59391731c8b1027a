"""The row rules: a source row becomes an item, or a refusal that says which rule refused it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from csvdynamo.errors import BatchError
from csvdynamo.rules.attribute_values import MAX_ITEM_BYTES, AttributeValue, Item, item_size
from csvdynamo.rules.cell_refusals import CellRefusedError, CellRule
from csvdynamo.rules.cells import compile_cell, compile_key, key_excess
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.computed import Computed, RowRule
from csvdynamo.rules.header import Header
from csvdynamo.rules.indexes import IndexCheck
from csvdynamo.rules.keys import PARTITION, SORT
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.wire_items import WireItem, WirePlan, may_hold_half_a_pair

_MAX_PLANS = 32


@dataclass(frozen=True)
class RowPlan:
    """A data set's rules laid out for one header, so that each row of it costs microseconds.

    Attributes:
        cells: Header, attribute name and rule (None: plain text, omitted when blank) of each column that is stored.
        computed: Attribute name and rule of each attribute that no column holds.
        key_rules: The rule of each attribute of the key.
        key_names: The headers of the columns that the key is made of.
        refusal: Why no row of this header can be stored; None if rows can.
        index_checks: What an item is held to for the keys of secondary indexes.
        wire: How a row is written as BatchWriteItem takes it.
    """

    cells: tuple[tuple[str, str, CellRule | None], ...]
    computed: tuple[tuple[str, RowRule], ...]
    key_rules: Mapping[str, RowRule]
    key_names: tuple[str, ...]
    refusal: Refusal | None
    index_checks: tuple[IndexCheck, ...]
    wire: WirePlan


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
        made = self.measured(row)
        return made if isinstance(made, Refusal) else made[0]

    def measured(self, row: Mapping[str, str]) -> tuple[Item, int] | Refusal:
        """Return what `convert` does, and the item's bytes (`item_size`).

        Raises:
            BatchError: See `convert`.
        """
        plan = self.plan(row)
        if plan.refusal:
            return plan.refusal
        try:
            item = _item(plan, row)
            size = item_size(item)
        except CellRefusedError as error:
            return error.refusal
        except UnicodeEncodeError:
            return _bad_encoding(row)
        if size > MAX_ITEM_BYTES:
            message = f"the item is {size:,} bytes; DynamoDB takes {MAX_ITEM_BYTES:,}"
            return Refusal(RejectCode.TOO_LARGE, None, message)
        for check in plan.index_checks:
            if (refusal := check.refusal(item)) is not None:
                return refusal
        return item, size

    def wire_item(self, row: Mapping[str, str]) -> WireItem | Refusal:
        """Return what `convert` does, written as BatchWriteItem takes it.

        Raises:
            BatchError: See `convert`.
        """
        plan = self.plan(row)
        if plan.refusal:
            return plan.refusal
        try:
            text, kept = plan.wire.write(row)
        except CellRefusedError as error:
            return error.refusal
        except UnicodeEncodeError:
            return _bad_encoding(row)
        if len(text) > MAX_ITEM_BYTES or may_hold_half_a_pair(text):
            # Only the item itself tells its size and what its texts hold.
            refusal = self.convert(row)
            if isinstance(refusal, Refusal):
                return refusal
        else:
            for check in plan.index_checks:
                if (refused := check.refusal(kept)) is not None:
                    return refused
        return WireItem(self.rules.key.of(kept), text)

    def key_of(self, row: Mapping[str, str]) -> str | None:
        """Return the key (`TableKey.of`) that a row has, whatever else is wrong with it; None if it has none.

        Raises:
            BatchError: See `convert`.
        """
        plan, key = self.plan(row), self.rules.key
        try:
            item = {one.name: plan.key_rules[one.name](row) for one in key.attributes}
        except (KeyError, CellRefusedError):
            return None
        return key.of(cast("Item", item))

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


def _item(plan: RowPlan, row: Mapping[str, str]) -> Item:
    item: Item = {}
    for header, attribute, rule in plan.cells:
        text = row[header]
        if rule is None:
            if text and not text.isspace():
                item[attribute] = {"S": text}
        elif (value := rule(text)) is not None:
            item[attribute] = value
    for attribute, made in plan.computed:
        if (value := made(row)) is not None:
            item[attribute] = value
    return item


def _lay_out(rules: RowRules, headers: tuple[str, ...]) -> RowPlan:
    header = Header.of(rules, headers)
    _refuse_names(header)
    key_rules: dict[str, RowRule] = {}
    cells = []
    for column in header.columns:
        if column.drop:
            continue
        attribute = header.stored[column.header]
        part = rules.key.part(attribute)
        rule = compile_cell(column) if part is None else compile_key(column, part)
        cells.append((column.header, attribute, rule))
        if part is not None and rule is not None:
            key_rules[attribute] = _of_cell(column.header, rule)
    computed = tuple(
        (one.attribute, _compile_computed(one, header))
        for one in rules.computed
        if header.names and {*header.names}.issuperset(one.formula.sources(header.names))
    )
    key_rules |= {attribute: rule for attribute, rule in computed if rules.key.part(attribute)}
    checks = _index_checks(header)
    kept = {one.name for one in rules.key.attributes} | {check.attribute.name for check in checks}
    wire = WirePlan.of(cells, computed, kept)
    return RowPlan(tuple(cells), computed, key_rules, header.key_names, _refusal(header), checks, wire)


def _index_checks(header: Header) -> tuple[IndexCheck, ...]:
    """Make the checks of the indexes' keys; of an attribute that the file does not have, there is nothing to check."""
    rules = header.rules
    headers: dict[str, str | None] = {one.attribute: None for one in rules.computed}
    headers |= {attribute: name for name, attribute in header.stored.items()}
    return tuple(
        IndexCheck(index.name, attribute, part, headers[attribute.name])
        for index in rules.indexes
        for attribute, part in zip(rules.key_of(index).attributes, (PARTITION, SORT), strict=False)
        if attribute.name in headers
    )


def _of_cell(header: str, rule: CellRule) -> RowRule:
    return lambda row: rule(row[header])


def _compile_computed(one: Computed, header: Header) -> RowRule:
    rules = header.rules
    made = one.formula.compile([rules.column(name) for name in one.formula.sources(header.names)])
    part = rules.key.part(one.attribute)
    if part is None:
        return made

    def convert(row: Mapping[str, str]) -> AttributeValue | None:
        value = made(row)
        if value is None:
            problem = f"{one.attribute}: the {part.told} is blank: {one.formula.blank}"
            raise CellRefusedError(RejectCode.MISSING_KEY, None, lambda: problem)
        too_long = key_excess(value, part)
        if too_long:
            raise CellRefusedError(RejectCode.TOO_LARGE, None, lambda: f"{one.attribute}: it {too_long}")
        return value

    return convert


def _refuse_names(header: Header) -> None:
    """Refuse headers that no row could be stored by.

    Raises:
        BatchError: One becomes an attribute without a name or of no Unicode, or two become one.
    """
    where = f"data set {header.rules.dataset}"
    if header.unnamed is not None:
        name = json.dumps(header.unnamed)
        raise BatchError(f"{where}: the header {name} becomes an attribute without a name: rename or drop the column")
    for name, attribute in header.stored.items():
        try:
            attribute.encode()
        except UnicodeEncodeError as error:
            message = f"{where}: the header {json.dumps(name)} is not valid Unicode: save the file as UTF-8"
            raise BatchError(message) from error
    if header.shared is not None:
        first, second, attribute = header.shared
        if first is None:
            message = f"the header {json.dumps(second)} becomes the attribute {attribute!r}, which is computed"
            raise BatchError(f"{message}: rename or drop the column")
        pair = f"{json.dumps(first)} and {json.dumps(second)}"
        raise BatchError(f"the headers {pair} both become the attribute {attribute!r}: rename or drop one of them")


def _refusal(header: Header) -> Refusal | None:
    """Say why no row of a header can be stored; None if rows can."""
    rules = header.rules
    for part in header.lacking:
        column, told = rules.declared(part.name), "partition key" if part == rules.key.partition else "sort key"
        message = f"the file has no column for the {told} {part.name}"
        return Refusal(RejectCode.MISSING_KEY, part.name if column is None else column.header, message)
    for name in header.missing:
        why = "and it is required" if rules.column(name).required else "of which an attribute is made"
        return Refusal(RejectCode.MISSING_VALUE, name, f"{name}: the file has no such column, {why}")
    return None


def _bad_encoding(row: Mapping[str, str]) -> Refusal:
    for header, text in row.items():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"{header}: character {error.start + 1} is half a surrogate pair, which is not valid Unicode"
            return Refusal(RejectCode.BAD_ENCODING, header, message)
    return Refusal(RejectCode.BAD_ENCODING, None, "the row's rules make text that is not valid Unicode")
