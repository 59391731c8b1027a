"""The ways in which a column may write numbers. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from commands.describing.kinds import Kind

_WHOLE = "(0|[1-9][0-9]{0,17})"
_CURRENCIES = "$€£¥₹₩₽₺₪฿"
_FORMS = ((None, "."), (",", "."), (None, ","), (".", ","), (" ", ","), (" ", "."))
_SPACES = ("\u00a0", "\u202f", "'", "\u2019")
"""Other characters between groups, with either decimal mark."""


def number_kinds(cells: Iterable[str]) -> Iterator[Kind]:
    """Give the kinds of numbers that cells may be, the plainest first.

    Args:
        cells: Some of the column's cells: what stands round their digits is looked for.
    """
    cells = list(cells)
    text = "".join(cells)
    forms = [*_FORMS, *((one, mark) for one, mark in product(_SPACES, ".,") if one in text)]
    strip = "".join(sorted(set(text) & set(_CURRENCIES)))
    percent = any(cell.rstrip().endswith("%") for cell in cells)
    parentheses = any(cell.strip().startswith("(") for cell in cells)
    for thousands, decimal in forms:
        if thousands is None or thousands in text:
            yield _kind(thousands, decimal, strip=strip, percent=percent, parentheses=parentheses)


def is_ambiguous(kind: Kind, facts: Mapping[str, int]) -> bool:
    """Say whether another kind of numbers would take every cell as well, for another number.

    ``1,234`` is one or the other wherever no cell has two groups, a point after the comma, or other than three digits
    there. ``1.234`` likewise.

    Args:
        kind: A kind that takes every cell.
        facts: How many of them match each of its facts.
    """
    return "marked" in kind.facts and 0 < facts["marked"] == facts["either way"]


def _kind(thousands: str | None, decimal: str, *, strip: str, percent: bool, parentheses: bool) -> Kind:
    point = re.escape(decimal)
    rules: dict[str, object] = {"type": "number"}
    number = f"{_WHOLE}({point}[0-9]{{1,18}})?"
    told = ["number"]
    if thousands:
        group = re.escape(thousands)
        rules["thousands"] = thousands
        number = f"([1-9][0-9]{{0,2}}({group}[0-9]{{3}}){{1,5}}|0|[1-9][0-9]{{0,2}})({point}[0-9]{{1,18}})?"
        told.append(f'"{thousands}" between thousands')
    if decimal != "." or thousands:
        rules["decimal"] = decimal
    if decimal != ".":
        told.append("a decimal comma")
    front = back = ""
    if strip:
        rules["strip"] = strip
        front, back = f" ?[{re.escape(strip)}]* ?", f" ?[{re.escape(strip)}]*"
        told.append(f'"{strip.strip()}" left out')
    if parentheses:
        rules["negative"] = "parentheses"
        told.append("negative in parentheses")
    if percent:
        rules["percent"] = True
        told.append("percent")
        back += "%"
    sign, around = "-?", f"{front}{number}{back}"
    mark = "," if decimal == "," or thousands == "," else "."
    facts = {}
    if thousands in (None, ",", "."):
        mark_there = re.escape(mark)
        facts = {
            "marked": f".*({mark_there}[0-9]|[0-9]{mark_there}).*",  # a word for nothing has no digit
            "either way": f"[^0-9]*[1-9][0-9]{{0,2}}{mark_there}[0-9]{{3}}[^0-9]*",
        }
    return Kind(", ".join(told), rules, f"{sign}{around}", {**facts, "fraction": f".*{point}.*"})
