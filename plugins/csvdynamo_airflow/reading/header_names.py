"""The names of a source's columns: what its header's records say, made into what a data set file can name. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import zip_longest

from csvdynamo.datasets.dataset import Dataset

_BROKEN_SPACE = re.compile(r"\s*[\r\n\v\f\x85\u2028\u2029]\s*")


def joined_names(records: Sequence[Sequence[str]]) -> list[str]:
    """Join the records of a header, column by column, with a space between.

    A blank cell in a record above another one takes the cell to its left: a spreadsheet's merged cell.
    """
    *above, last = records
    lines = [list(last)]
    for record in reversed(above):
        filled: list[str] = []
        for cell in record:
            filled.append(cell if cell.strip() or not filled else filled[-1])
        lines.insert(0, filled)
    if len(lines) == 1:
        return lines[0]
    return [" ".join(filter(None, map(str.strip, cells))) for cells in zip_longest(*lines, fillvalue="")]


def told_names(header: Sequence[str], dataset: Dataset) -> tuple[list[str], list[str]]:
    """Return the names that a data set knows a header's cells by, and sentences on how they differ from the cells.

    A name that the data set file has to the letter is that; others are without white space round them, with one space
    for a line break in them, and in Unicode's composed form (NFC), in which names that look alike are alike.
    """
    declared = {column.header for column in dataset.columns} | set(dataset.policies.schema.header or ())
    by_form = {_form(name): name for name in sorted(declared)}
    names, stripped, broken, composed = [], [], [], []
    for cell in header:
        form = _form(cell)
        name = cell if cell in declared else by_form.get(form, form)
        names.append(name)
        if name == cell or not form:
            continue
        if _BROKEN_SPACE.search(cell.strip()):
            broken.append(name)
        elif cell != cell.strip():
            stripped.append(name)
        else:
            composed.append(name)
    notes = []
    if stripped:
        notes.append(f"White space round {shown_names(stripped)} in the header was left out.")
    if broken:
        notes.append(f"Line breaks in {shown_names(broken)} in the header became spaces.")
    if composed:
        notes.append(f"{shown_names(composed)} in the header: read in Unicode's composed form (NFC).")
    return names, notes


def numbered_names(names: Sequence[str]) -> list[str]:
    """Make names that come again different: ``name``, ``name_2``."""
    taken = set(names)
    given: list[str] = []
    for name in names:
        unique, number = name, 1
        while name and (unique in given or (number > 1 and unique in taken)):
            number += 1
            unique = f"{name}_{number}"
        given.append(unique)
    return given


def shown_names(names: Sequence[str], most: int = 10) -> str:
    """Quote names for a message."""
    text = ", ".join(map(repr, names[:most]))
    return text + (f" and {len(names) - most} more" if len(names) > most else "")


def _form(cell: str) -> str:
    return unicodedata.normalize("NFC", _BROKEN_SPACE.sub(" ", cell.strip()).strip())
