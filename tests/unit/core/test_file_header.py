"""The header of a prepared file: as the source has it, or short names that stand for the source's."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.errors import BatchError
from csvdynamo.rules.file_header import HEADER_LIMIT_BYTES, FileHeader, line_bytes, names_digest, untold_rules
from csvdynamo.rules.guards import GUARD_HEADER

LONG = FileHeader(tuple(f'Spending of department {number}, in €, "net" \\ ' + "x" * 40 for number in range(700)))
OTHER = FileHeader((*LONG.names[:-1], "another"))
RULES = "0" * 64


def row_of(header: FileHeader, number: int, *cells: str) -> dict[str, str]:
    """A row as Step Functions' reader gives it: by the header of the file."""
    return dict(zip(header.line, [str(number), *cells, *[""] * (len(header.names) - len(cells))], strict=True))


def test_a_short_enough_header_is_the_sources_own() -> None:
    header = FileHeader(("ID", "City"))
    row = {"_row": "7", "ID": "1", "City": "Kent"}

    assert not header.is_short
    assert header.line == ("_row", "ID", "City")
    assert header.named(row) is row
    assert names_digest(row) is None
    assert header.told_rules(RULES) == untold_rules(RULES) == RULES


def test_a_line_is_measured_as_it_is_written() -> None:
    assert line_bytes(["_row", "a", "b,c", "d\\e", "é"]) == len('_row,a,"b,c",d\\\\e,é'.encode())


def test_a_header_is_the_sources_own_up_to_the_byte_that_step_functions_reads_of_a_guarded_one() -> None:
    room = HEADER_LIMIT_BYTES - line_bytes(["_row", "ID", "", GUARD_HEADER])

    assert FileHeader(("ID", "x" * room)).line == ("_row", "ID", "x" * room)
    guarded = FileHeader(("ID", "x" * room), guarded=True)
    assert guarded.line == ("_row", "ID", "x" * room, "_row:guard")
    assert line_bytes(guarded.line) == HEADER_LIMIT_BYTES
    assert FileHeader(("ID", "x" * (room + 1))).is_short
    assert FileHeader(("ID", "é" * (room // 2 + 1))).is_short
    assert FileHeader(("ID", "\\" * (room // 2 + 1))).is_short


def test_short_names_are_unlike_one_another_and_tell_whose_they_are() -> None:
    assert LONG.is_short
    assert len(LONG.line) == 701
    assert len({name.lower() for name in LONG.line}) == 701
    assert LONG.line[:4] == (f"_row:{LONG.digest}", "1", "2", "3")
    assert LONG.line[-1] == "jg"
    assert replace(LONG, guarded=True).line == (*LONG.line, "_row:guard")
    assert line_bytes(LONG.line) < 2500
    assert LONG.digest == hashlib.sha256(LONG.document).hexdigest()
    assert json.loads(LONG.document) == [*LONG.names]


def test_a_row_is_turned_back_to_the_sources_names_in_their_order() -> None:
    row = row_of(LONG, 17, "a", "b")
    backwards = dict(reversed(row.items()))

    named = LONG.named(backwards)

    assert names_digest(backwards) == LONG.digest
    assert list(named) == ["_row", *LONG.names]
    assert [*named.values()][:4] == ["17", "a", "b", ""]


@pytest.mark.parametrize(
    "change",
    [
        lambda row: {**row, "zz": "one more"},
        lambda row: {name: cell for name, cell in row.items() if name != "jg"},
        lambda row: {"_row": row.pop(LONG.line[0]), **row},
        lambda row: {OTHER.line[0]: row.pop(LONG.line[0]), **row},
    ],
    ids=["a cell more", "a cell less", "no digest", "another's digest"],
)
def test_a_row_of_another_file_is_refused(change: Any) -> None:
    with pytest.raises(BatchError, match="not of the file"):
        LONG.named(change(row_of(LONG, 1)))


def test_names_are_read_by_their_digest() -> None:
    assert FileHeader.read(LONG.document, LONG.digest) == LONG


@pytest.mark.parametrize(
    "document",
    [
        OTHER.document,
        LONG.document[:-1],
        LONG.document + b"\n",
        b"",
    ],
    ids=["another file's", "broken off", "a byte more", "nothing"],
)
def test_other_names_are_refused(document: bytes) -> None:
    with pytest.raises(BatchError, match="not the one that belongs to the file"):
        FileHeader.read(document, LONG.digest)


@pytest.mark.parametrize(
    "document",
    [
        b"no JSON",
        b"\xff",
        b'{"a": 1}',
        b'["a", 1]',
        b'["' + b"\\ud800" * 10_000 + b'"]',
        json.dumps(LONG.names).encode(),
        FileHeader(("a", "b")).document,
        b"[" * 100_000,
    ],
    ids=["text", "bytes", "object", "number", "half surrogates", "in another form", "short enough", "too deep"],
)
def test_what_prepare_never_writes_is_refused_whatever_its_digest(document: bytes) -> None:
    with pytest.raises(BatchError, match="not the one that belongs to the file"):
        FileHeader.read(document, hashlib.sha256(document).hexdigest())


def test_a_column_that_only_looks_like_a_digest_is_a_column() -> None:
    """A file that prepare has numbered is read by its own names; the source may have any."""
    assert names_digest({"_row": "1", LONG.line[0]: "x"}) is None
    assert names_digest({f"_row:{'g' * 64}": "1"}) is None
    assert names_digest({LONG.line[0] + "0": "1"}) is None


def test_a_function_that_knows_no_short_names_takes_their_rules_for_others() -> None:
    told = LONG.told_rules(RULES)

    assert told != RULES
    assert untold_rules(told) == RULES
    assert untold_rules("") == ""


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, unique=True))
def test_every_header_comes_back(names: list[str]) -> None:
    header = FileHeader((*names, "x" * HEADER_LIMIT_BYTES))
    text = io.StringIO()
    csv.writer(text).writerow(header.line)
    [line] = csv.reader(io.StringIO(text.getvalue(), newline=""))

    row = dict(zip(line, ["5", *names, "last"], strict=True))

    read = FileHeader.read(header.document, str(names_digest(row)))
    assert read.named(row) == {"_row": "5", **{name: name for name in names}, "x" * HEADER_LIMIT_BYTES: "last"}
