"""A row as it travels from prepare to the function: its cells by header, its number in the source among them."""

from collections.abc import Mapping

from csvdynamo.rules.columns import ROW_NUMBER_HEADER

_MAX_ROW_NUMBER_DIGITS = 18


def row_number(row: Mapping[str, str]) -> int | None:
    """Return the row's number in the source, or None if the file has none, or none that is a positive whole number."""
    text = row.get(ROW_NUMBER_HEADER, "")
    good = text.isascii() and text.isdigit() and len(text) <= _MAX_ROW_NUMBER_DIGITS
    return int(text) or None if good else None


def source_row(row: Mapping[str, str]) -> dict[str, str]:
    """Return the row as its publisher wrote it: without the row number that `prepare` added."""
    return {header: value for header, value in row.items() if header != ROW_NUMBER_HEADER}
