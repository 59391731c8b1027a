"""What `[table]` says of attributes, held against what the rest of a data set file makes of them."""

from collections.abc import Iterator

from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import EmptyPolicy
from csvdynamo.rules.row_rules import RowRules, key_type
from csvdynamo.rules.transforms import can_produce

Problem = tuple[tuple[str, ...], str]
"""The path of a key, and what is wrong with it."""


def problems(table: Table, rules: RowRules) -> Iterator[Problem]:
    """Find what cannot be, of the table's indexes and of its time to live.

    Args:
        table: The table.
        rules: The data set's rules.
    """
    for index in rules.indexes:
        for part, attribute in zip(("partition_key", "sort_key"), index.attributes, strict=False):
            yield from _index_key(table, rules, index.name, part, attribute)
        projection = table.index[index.name].projection
        keys = {*index.attributes, *(one.name for one in rules.key.attributes)}
        if not isinstance(projection, str) and (known := keys.intersection(projection)):
            problem = f"names {min(known)!r}, which is a key of the table or the index: it holds that anyway"
            yield ("table", "index", index.name, "projection"), problem
    if table.ttl is not None:
        yield from _ttl(table.ttl, rules)


def is_made(rules: RowRules, attribute: str) -> bool:
    """Say whether the data set can make an attribute, of a column or by a formula."""
    known = rules.made(attribute) or rules.declared(attribute)
    return known is not None or can_produce(rules.attribute_transform, attribute)


def _index_key(table: Table, rules: RowRules, index: str, part: str, attribute: str) -> Iterator[Problem]:
    column = rules.declared(attribute)
    told = f"a key of the index {index}"
    if column is None:
        if table.managed and not is_made(rules, attribute):
            yield (
                ("table", "index", index, part),
                f"no declared column becomes the attribute {attribute!r}, and attributes.transform makes no header "
                "into it: declare its column, give its name as it is after the transform, or compute it",
            )
    elif key_type(column) is None:
        yield ("columns", column.header, "type"), f"{told} is text, number or binary, found {column.type}"
    elif column.empty is not EmptyPolicy.OMIT:
        yield (
            ("columns", column.header, "empty"),
            f"this column is {told}, and DynamoDB refuses an item that has {_EMPTY[column.empty]} there: use omit, "
            "with which the item is not in the index",
        )


_EMPTY = {EmptyPolicy.NULL: "NULL", EmptyPolicy.KEEP: "a blank text"}


def _ttl(attribute: str, rules: RowRules) -> Iterator[Problem]:
    made, column = rules.made(attribute), rules.declared(attribute)
    found = made.formula.type if made is not None else None if column is None else key_type(column)
    if found == "N":
        return
    problem = "is a number of seconds since 1970: DynamoDB looks at no other"
    if made is not None:
        yield ("table", "ttl"), f"{problem}, and {attribute!r} is computed as a text"
    elif column is None:
        yield ("table", "ttl"), f"{problem}, and no declared column becomes {attribute!r}: declare its column as one"
    else:
        yield ("table", "ttl"), f"{problem}, and {attribute!r} is {column.type}: declare its column as one"
