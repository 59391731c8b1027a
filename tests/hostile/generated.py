"""Generated records: sound rows, rows of other widths, bad quotes; and an independent reading of any text."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import assume
from hypothesis import strategies as st

HEADER = ("id", "a", "b")
NASTY = '",;|\t\\\n\r \u00a0aA1=\u00e9\U0001f600\u2028\u200b\ufeff\x00'
CELLS = st.one_of(
    st.text(st.sampled_from(NASTY.replace("\0", "")), max_size=6),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=6),
)
KEYS = st.one_of(st.sampled_from(["k1", "K1", " k1", "k2", "", "  "]), CELLS)
ROWS = st.lists(st.tuples(KEYS, CELLS, CELLS), max_size=12)


@dataclass(frozen=True)
class Line:
    """One record of a generated file: its text, its fields if it is a row, and the code if it is not."""

    text: str
    fields: tuple[str, ...] | None
    code: str | None = None


def quoted(cell: str, always: bool) -> str:
    if always or cell.startswith('"') or any(mark in cell for mark in '",\n\r'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def write(lines: Sequence[Line], ends: Sequence[str], blank_after: set[int], *, final_end: bool) -> bytes:
    pieces = [",".join(HEADER) + "\n"]
    for number, line in enumerate(lines):
        pieces.append(line.text + ends[number % len(ends)])
        if number in blank_after:
            pieces.append("\n")
    if lines and not final_end:
        last = pieces[-1]
        pieces[-1] = last.rstrip("\r\n") if last != "\n" else last
    return "".join(pieces).encode()


@st.composite
def good_lines(draw: st.DrawFn) -> list[Line]:
    rows = draw(ROWS)
    always = draw(st.booleans())
    return [Line(",".join(quoted(cell, always) for cell in row), row) for row in rows]


@st.composite
def other_widths(draw: st.DrawFn) -> Line:
    cells = draw(st.lists(CELLS, min_size=1, max_size=6).filter(lambda cells: len(cells) != len(HEADER)))
    assume(any(cell.strip() for cell in cells))  # a record without any value is no row
    text = ",".join(quoted(cell, always=not cell) for cell in cells)
    return Line(text, None, "BAD_WIDTH")


def row_within(text: str) -> bool:
    return any(piece.count(",") >= len(HEADER) - 1 for piece in text.replace("\r", "\n").split("\n")[1:])


TAME = st.text(st.sampled_from("abc \\=\u00e9"), max_size=5)
PLAIN_ROW = st.tuples(st.integers(0, 10**6).map(str), TAME, TAME).map(lambda row: Line(",".join(row), row))
QUOTED_ROW = st.tuples(st.integers(0, 10**6).map(str), TAME, TAME).map(
    lambda row: Line(",".join(f'"{cell}"' for cell in row), row)
)
BAD_QUOTES = st.sampled_from(
    ['x,"y,z', '"x,y,z', 'x,y,"z', 'x,"y"z,w', 'x,"y" ,z', '"x,"y,z', 'x,"y\\"z",w', '"x"",y,z']
).map(lambda text: Line(text, None, "BAD_QUOTE"))


def strictly_read(text: str) -> list[list[str]] | None:
    """Read text as a sound CSV of three columns; None if it is not one, or another reading of it is as likely."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return None
    sound = all(len(row) == len(HEADER) for row in rows)
    loose = any('"' in line for line in unquoted_parts(text))
    return rows if sound and not loose else None


def unquoted_parts(text: str) -> list[str]:
    """Cut the quoted cells out of a text."""
    parts, inside, start = [], False, True
    part = ""
    position = 0
    while position < len(text):
        mark = text[position]
        if inside:
            if mark == '"':
                if text[position + 1 : position + 2] == '"':
                    position += 1
                else:
                    inside = False
        elif mark == '"' and start:
            inside = True
        else:
            part += mark
        start = not inside and mark in ",\n\r"
        position += 1
    parts.append(part)
    return parts
