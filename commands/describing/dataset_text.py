"""The data set file, written from what was found. Pure."""

from collections.abc import Iterable

import tomlkit
from tomlkit.items import Table

from commands.describing.column_words import fitting, remarks
from commands.describing.description import Description
from csvdynamo.shown import shown

_PLACEHOLDER = "https://example.com/"
_MOST_CANDIDATES = 5


def dataset_text(description: Description, *, schema: bool = True) -> str:
    """Write the data set file, with comments.

    Args:
        description: What was found.
        schema: Whether it will lie in ``datasets/``, from where an editor finds the schema.
    """
    document = tomlkit.document()
    if schema:
        document.add(tomlkit.comment(":schema ../docs/dataset.schema.json").indent(0))
    _comment(
        document,
        f"{description.file_name}: {description.rows:,} rows in {len(description.columns):,} columns, as `make "
        "describe` found it.",
        "Every key of this file is described in docs/datasets.md.",
    )
    if description.unsure:
        _comment(document, "", "Not sure, to be looked at by a person:", *(f"- {one}" for one in description.unsure))
    document.add(tomlkit.nl())
    document.add("source", _source(description))
    document.add("table", _table(description))
    if description.key.computed:
        document.add("computed", _computed(description))
    if description.declared:
        document.add("columns", _columns(description))
    text = tomlkit.dumps(document).rstrip("\n")
    text = text.replace("# :schema", "#:schema", 1) if schema else text
    return "\n".join([text, *_plain_columns(description)]) + "\n"


def _source(description: Description) -> Table:
    source = tomlkit.table()
    if description.url:
        source.add("url", description.url)
    else:
        _comment(source, "A file was described: put the address here that it is published at.")
        source.add("url", _PLACEHOLDER + "source.csv")
    source.add("file_name", description.file_name)
    found = [*description.source.found, *description.notes]
    if found:
        _comment(source, *found)
    for key, value in description.source.settings.items():
        if reason := description.source.reasons.get(key):
            _comment(source, reason)
        source.add(key, value)
    if description.rejects:
        counted = ", ".join(f"{count:,} {code}" for code, count in description.rejects.items())
        _comment(source, f"Records that prepare refuses: {counted}.", *description.reject_examples)
    source.add(tomlkit.nl())
    return source


def _table(description: Description) -> Table:
    key, sizes = description.key, description.sizes
    table = tomlkit.table()
    table.add("name", f"tb_{description.name}")
    _comment(table, f"The key: {key.why}.")
    table.add("partition_key", key.partition)
    if key.sort is not None:
        table.add("sort_key", key.sort)
    for one in key.candidates[:_MOST_CANDIDATES]:
        blank = f", {one.blank:,} blank" if one.blank else ""
        _comment(table, f"- {one.told}: {one.duplicates:,} duplicate{'' if one.duplicates == 1 else 's'}{blank}")
    _comment(
        table,
        f"Items have about {sizes.average:,.0f} bytes, the largest {sizes.largest:,}; "
        f"all of them take {sizes.write_units:,} write units.",
    )
    if description.reserved:
        names = ", ".join(description.reserved)
        _comment(table, f"Reserved words, to be named by a placeholder in DynamoDB's expressions: {names}.")
    table.add(tomlkit.nl())
    return table


def _computed(description: Description) -> Table:
    computed = tomlkit.table(is_super_table=True)
    for attribute, keys in description.key.computed.items():
        table = tomlkit.table()
        for key, value in keys.items():
            table.add(key, value)
        table.add(tomlkit.nl())
        computed.add(attribute, table)
    return computed


def _columns(description: Description) -> Table:
    columns = tomlkit.table(is_super_table=True)
    for column in description.declared:
        table = tomlkit.table()
        blank = f", {column.counts.blank:,} blank" if column.counts.blank else ""
        told = [f"{fitting(column, plain=False)} cells fit{blank}", *remarks(column, plain=False)]
        _comment(table, "; ".join(told))
        for key, value in column.rules.items():
            table.add(key, value)
        table.add(tomlkit.nl())
        columns.add(column.header, table)
    return columns


def _plain_columns(description: Description) -> Iterable[str]:
    """Tell of the columns without a table: each is text, as long as nobody writes one."""
    declared = {one.header for one in description.declared}
    plain = [one for one in description.columns if one.header not in declared]
    if not plain:
        return
    yield ""
    yield "# Text, as every column without a table of its own:"
    for column in plain:
        counts = column.counts
        told = [f"{counts.filled:,} cells", f"{counts.blank:,} blank" if counts.blank else ""]
        told += [f"about {counts.distinct:,} different", *remarks(column, plain=column.header in description.key.plain)]
        yield f"# - {shown(column.header)}: {'; '.join(filter(None, told))}"


def _comment(place: tomlkit.TOMLDocument | Table, *lines: str) -> None:
    for line in lines:
        place.add(tomlkit.comment(shown(line)))
