"""The clean tables: one by hand with everything that is hard in it, small ones, and drawn ones.

Left out of them, because of what one edit or one setting would make of them, as good as a clean file:

- a line break anywhere but in the middle column, and beside it more than one delimiter: a line of such a cell would be
  a row by itself when its quotes are lost. `TAILS` has some in the last column;
- white space at the ends of a cell, but for `TAILS`, which is never written with white space after its delimiters;
- two keys that are alike in all but one character, and a key that is a word of the header.
"""

import random
from collections.abc import Sequence

from tests.polluted.model import Table

HEADER = ("id", "what", "note", "place", "size")

HANDMADE = Table(
    "handmade",
    HEADER,
    (
        ("k-1001", "plain", "words", "Plzeň", "12"),
        ("k-2002", "Table, Round", 'say "hi"', "Zürich, old", "48"),
        ("k-3003", "C:\\new\\", "first\nsecond, third", 'the "big, bad" one', "7"),
        ("k-4004", "", "", "臺北市", ""),
        ("k-5005", '"', ",", '","', "\\"),
        ("k-6006", ", first", "last,", '"begins', 'ends"'),
        ("k-7007", "it's", 'a "b"\n"c"', "rock 'n' roll", "-1.5e3"),
        ("k-8008", '""', 'x\\"y', "été 😀", "=1+1"),
        ("k-9009", "a;b", "c\td|e", "İstanbul", "#9"),
        ("k-1212", "\\\\server\\x", "one\n# two", "", '5" pipe'),
        ("k-2323", "x", "sum\nTotal", "Straße", "'q'"),
    ),
)

PLAIN = Table(
    "plain",
    HEADER,
    tuple((f"k-{n}{n}{n}", f"thing {n}", f"note {n}", f"place {n}", str(n)) for n in range(1, 7)),
)
"""Nothing in it needs a quote."""

COMMAS = Table(
    "commas",
    HEADER,
    (
        ("k-111", "Boots, brown", "tall, wide", "Graz, Linz", "1, 2"),
        ("k-222", "plain", "no comma", "Wien", "3"),
        ("k-333", "Hat", "red, blue", "Rom", "4"),
        ("k-444", "Socks, long", "-", "Bern, old", "5"),
    ),
)
"""Cells that need quotes for a delimiter alone."""

TAILS = Table(
    "tails",
    HEADER,
    (
        ("k-112233", "a, b", "x", "y", "first\nsecond, third"),
        ("k-223344", "plain", "", "Łódź", "line\nline"),
        ("k-334455", 'say "hi"', "x", "y", 'the "end"\n"of" it'),
        ("k-445566", "a", "b", "c", "d"),
        ("k-556677", " a ", "\u00a0b,", "c\t", " d"),
    ),
)
"""Line breaks in the last column: a line of such a cell is a row that breaks off, or its rest. And white space."""

_ALPHABET = (
    "a",
    "b",
    "Z",
    "7",
    "é",
    "ß",
    "ž",
    "市",
    "😀",
    '"',
    '""',
    ",",
    ", ",
    "\\",
    "'",
    ";",
    "|",
    "\t",
    " x",
    "=",
    "#",
)

_NO_DELIMITER = str.maketrans(",;|\t", "    ")


def drawn(draw: random.Random, name: str, rows: int) -> Table:
    """Draw a table of nasty cells."""
    keys = draw.sample(range(100, 1000), rows)
    return Table(name, HEADER, tuple((f"k-{key}{key}", *_cells(draw)) for key in keys))


def _cells(draw: random.Random) -> Sequence[str]:
    before, note, after, size = (_cell(draw) for _ in range(4))
    if draw.random() < 0.3:
        first, second = (_cell(draw).translate(_NO_DELIMITER) for _ in range(2))
        note = f"{first}{draw.choice(['', ','])}\n{second}".strip()
    return before, note, after, size


def _cell(draw: random.Random) -> str:
    return "".join(draw.choice(_ALPHABET) for _ in range(draw.choice([0, 1, 1, 2, 3, 5]))).strip()
