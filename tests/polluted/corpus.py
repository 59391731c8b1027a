"""The whole corpus: every kind of pollution of every clean table, in an order that does not change."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.polluted.around import other_files, surrounded_files
from tests.polluted.between import lines_between
from tests.polluted.dialects import Dialect, write
from tests.polluted.edits import delimiter_edits, escape_edits, quote_edits
from tests.polluted.headers import header_pollutions
from tests.polluted.line_edits import byte_edits, cuts, line_end_edits
from tests.polluted.marks import marked_files
from tests.polluted.model import Polluted, Table
from tests.polluted.rows import row_pollutions
from tests.polluted.tables import COMMAS, HANDMADE, PLAIN, TAILS, drawn

MINIMAL = Dialect("minimal")
QUOTED = Dialect("all quoted", quote_all=True, line_end="\r\n")
SEMICOLON = Dialect("semicolons", delimiter=";", line_end="\r\n")
TABS = Dialect("tabs", delimiter="\t")
APOSTROPHES = Dialect("apostrophes", quote="'", settings={"quote": "'"})
ESCAPED = Dialect("escaped", escape="\\", settings={"escape": "\\"})
CARETS = Dialect("carets", delimiter="^", settings={"delimiter": "^"})
_FOUND = (MINIMAL, QUOTED, SEMICOLON, TABS)
_TOLD = (APOSTROPHES, ESCAPED, CARETS)
_DRAWN_ROWS = 6


def corpus_files(seed: str = "0", drawn_tables: int = 4) -> Iterator[Polluted]:
    """List the corpus, each file once: two edits beside each other may come to the same.

    Args:
        seed: What the drawn tables depend on.
        drawn_tables: How many of them there are beside those by hand.
    """
    seen = set()
    for file in polluted_files(seed, drawn_tables):
        same = (file.content, repr(file.settings))
        if same not in seen:
            seen.add(same)
            yield file


def polluted_files(seed: str, drawn_tables: int) -> Iterator[Polluted]:
    """List the corpus as it is made, some files twice (see `corpus_files`)."""
    draw = random.Random(seed)
    tables = [drawn(draw, f"drawn {seed}/{number}", _DRAWN_ROWS) for number in range(drawn_tables)]
    for dialect in _FOUND:
        yield from edits(HANDMADE, dialect)
    for dialect in _TOLD:
        yield from edits(HANDMADE, dialect)
    for number, table in enumerate(tables):
        yield from edits(table, _FOUND[number % len(_FOUND)])
    for dialect in (MINIMAL, QUOTED):
        for file in (*quote_edits(write(TAILS, dialect)), *delimiter_edits(write(TAILS, dialect))):
            yield replace(file, kind=f"{file.kind}, line breaks at the end")
        yield from line_end_edits(write(TAILS, dialect))
        yield from cuts(write(TAILS, dialect))
    for table in (HANDMADE, PLAIN, *tables[:1]):
        yield from _whole(table)
    for table in (PLAIN.first(1), HANDMADE.first(3), COMMAS):
        yield from _whole(table)
    yield from other_files()


def edits(table: Table, dialect: Dialect) -> Iterator[Polluted]:
    """List every file of one edit."""
    written = write(table, dialect)
    yield from delimiter_edits(written)
    yield from quote_edits(written)
    yield from line_end_edits(written)
    if dialect.escape:
        yield from escape_edits(written)
        return
    yield from byte_edits(written)
    yield from cuts(written)


def _whole(table: Table) -> Iterator[Polluted]:
    for dialect in (MINIMAL, QUOTED):
        yield from row_pollutions(table, dialect)
        yield from lines_between(table, dialect)
        yield from header_pollutions(table, dialect)
    yield from marked_files(table)
    yield from surrounded_files(table)


def sample(files: Sequence[Polluted], most: int) -> list[Polluted]:
    """Choose a part of the corpus: of each kind as many, spread over its files; all of the rarer kinds."""
    by_kind: dict[str, list[Polluted]] = {}
    for file in files:
        by_kind.setdefault(file.kind, []).append(file)
    left, chosen = most, []
    for number, kind in enumerate(sorted(by_kind, key=lambda kind: len(by_kind[kind]))):
        of_kind = by_kind[kind]
        count = min(len(of_kind), left // (len(by_kind) - number))
        chosen += [of_kind[place * len(of_kind) // count] for place in range(count)]
        left -= count
    return chosen
