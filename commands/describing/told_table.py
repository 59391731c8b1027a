"""What was found, as a table that a person reads in half a minute. Pure."""

from collections.abc import Iterator, Sequence

from commands.describing.column_words import fitting, remarks, type_of
from commands.describing.description import Description
from csvdynamo.rules.attribute_values import MAX_ITEM_BYTES
from csvdynamo.shown import shown

_WIDEST = 34
_MOST_COLUMNS = 60
_MOST_CANDIDATES = 5
_MOST_DOUBTS = 12
_HEAD = ("column", "type", "fit", "blank", "different", "")


def told_table(description: Description) -> str:
    """Write what was found for a terminal."""
    parts = [
        _beginning(description),
        _source(description),
        _columns(description),
        _key(description),
        _items(description),
        _unsure(description),
    ]
    return "\n\n".join("\n".join(map(shown, part)) for part in map(list, parts) if part)


def _beginning(description: Description) -> Iterator[str]:
    yield (
        f"{description.file_name}: {description.rows:,} rows, {len(description.columns):,} columns, "
        f"{_size(description.size)}"
    )


def _source(description: Description) -> Iterator[str]:
    yield from description.source.found
    yield from description.notes
    for key, value in description.source.settings.items():
        reason = description.source.reasons.get(key, "")
        yield f"source.{key} = {_value(value)}{f': {reason}' if reason else ''}"
    if description.rejects:
        counted = ", ".join(f"{count:,} {code}" for code, count in description.rejects.items())
        yield f"Records that prepare refuses: {counted}"
        yield from (f"  {one}" for one in description.reject_examples)


def _columns(description: Description) -> Iterator[str]:
    rows = [_HEAD]
    for column in description.columns[:_MOST_COLUMNS]:
        plain, counts = column.header in description.key.plain, column.counts
        rows.append(
            (
                shown(column.header, _WIDEST),
                type_of(column, plain=plain),
                fitting(column, plain=plain),
                f"{counts.blank:,}",
                f"{counts.distinct:,}",
                "; ".join(remarks(column, plain=plain)),
            )
        )
    yield from _aligned(rows, "<<>>><")
    if len(description.columns) > _MOST_COLUMNS:
        yield f"… and {len(description.columns) - _MOST_COLUMNS:,} columns more, in the file"


def _key(description: Description) -> Iterator[str]:
    key = description.key
    parts = key.partition if key.sort is None else f"{key.partition} + {key.sort}"
    yield f"Key: {parts}: {key.why}"
    for name, made in key.computed.items():
        yield f"  {name} is made: " + ", ".join(f"{how} = {_value(of)}" for how, of in made.items())
    if key.candidates:
        rows = [("candidate", "duplicates", "blank")]
        rows += [(one.told, f"{one.duplicates:,}", f"{one.blank:,}") for one in key.candidates[:_MOST_CANDIDATES]]
        yield from (f"  {line}" for line in _aligned(rows, "<>>"))


def _items(description: Description) -> Iterator[str]:
    sizes = description.sizes
    limit = f"more than the {MAX_ITEM_BYTES:,} that DynamoDB takes" if sizes.too_large else f"of {MAX_ITEM_BYTES:,}"
    yield (
        f"Items: about {sizes.average:,.0f} bytes, the largest {sizes.largest:,} {limit}; "
        f"{sizes.write_units:,} write units for all of them"
    )
    if description.reserved:
        yield f"Reserved words among the names, for a placeholder in expressions: {', '.join(description.reserved)}"


def _unsure(description: Description) -> Iterator[str]:
    if not description.unsure:
        return
    yield "Not sure:"
    yield from (f"  - {one}" for one in description.unsure[:_MOST_DOUBTS])
    if len(description.unsure) > _MOST_DOUBTS:
        yield f"  … and {len(description.unsure) - _MOST_DOUBTS:,} more, in the file"


def _size(size: int) -> str:
    return f"{size:,} bytes" if size < 1e6 else f"{size / 1e6:,.1f} MB"


def _aligned(rows: Sequence[Sequence[str]], sides: str) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, list | tuple) else str(value)
