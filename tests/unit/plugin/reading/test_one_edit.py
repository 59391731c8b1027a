"""One delimiter or quote too many, or too few, anywhere in a sound file: no row is read that the file did not have."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading import text_lines
from csvdynamo_airflow.reading.csv_records import CsvRecords
from csvdynamo_airflow.reading.quotes import Quotes
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_format import QuoteHabits, SourceFormat
from csvdynamo_airflow.reading.text_lines import TextLines

WITNESS = ['say "hi",\nthere', "two\nlines"]
"""A row that is not edited: it shows that the file's writer doubles quotes, and that its cells hold line breaks."""

PIECES = ["x", "ab", "5", " ", "a,b", '"', '""', "\n", ",", "\\", "1,2,3", "7 y"]
CELLS = st.one_of(
    st.sampled_from(["", "x", "hello", "77"]), st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
)
MARKS = st.sampled_from(',"')


def read(text: str, width: int, source_format: SourceFormat | None = None) -> list[list[str] | BadRecord]:
    """Read a file as prepare does: what its beginning shows is known before its first row is read."""
    quotes = Quotes(source_format or SourceFormat())
    quotes.learn_beginning(text)
    records = CsvRecords(
        TextLines(io.StringIO(text, newline="")), "a.csv", replace(SourceFormat(), habits=quotes.habits)
    )
    assert len(records.header()) == width
    return [record for block in records.blocks(width) for record in block.records]


def written(rows: Sequence[Sequence[str]], *, always: bool = False) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL).writerows(rows)
    return file.getvalue()


def is_sound(text: str, width: int) -> bool:
    """Whether a text is sound CSV of so many columns: an edit that leaves it so cannot be told from no edit."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return False
    cell = r'(?:"(?:[^"]|"")*+"|[^",\n]*+)'
    return all(len(row) == width for row in rows) and bool(re.fullmatch(rf"(?:{cell}(?:,{cell})*+\n)*+", text))


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[list[str]], str, int]:
    """Draw rows, their text with one edit after the first row, and their width."""
    width = draw(st.integers(2, 5))
    cells = draw(st.lists(st.lists(CELLS, min_size=width - 1, max_size=width - 1), min_size=1, max_size=7))
    rows = [["w", *(WITNESS * 2)[: width - 1]], *([f"k{number}", *row] for number, row in enumerate(cells))]
    always = draw(st.booleans())
    first, rest = written(rows[:1], always=always), written(rows[1:], always=always)
    mark = draw(MARKS)
    places = [place for place, one in enumerate(rest) if one == mark]
    if places and draw(st.booleans()):
        place = draw(st.sampled_from(places))
        rest = rest[:place] + rest[place + 1 :]
    else:
        place = draw(st.integers(0, len(rest) - 1))  # what follows the last line end is a record more
        rest = rest[:place] + mark + rest[place:]
    return rows, first + rest, width


@settings(max_examples=800, deadline=None, derandomize=True, database=None)
@given(edited())
def test_one_edit_anywhere_makes_no_row_that_the_file_did_not_have(drawn: tuple[list[list[str]], str, int]) -> None:
    rows, text, width = drawn
    header = ",".join("abcde"[:width]) + "\n"

    got = [record for record in read(header + text, width) if not isinstance(record, BadRecord)]

    if not is_sound(text, width):
        assert [row for row in got if row not in rows] == []


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=7), st.booleans())
def test_without_an_edit_every_row_is_read(cells: list[list[str]], always: bool) -> None:
    rows = [["w", *WITNESS], *([f"k{number}", *row] for number, row in enumerate(cells))]

    assert read("a,b,c\n" + written(rows, always=always), 3) == rows


ONE_CELL_OF_LINES = 'k0,hello\nk1,"a\nb,c"\nk2,x\n'


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('k0,h"ello\nk1,x\n', [["k0", 'h"ello'], ["k1", "x"]]),  # as in 5" pipe, where no quote is doubled
        (ONE_CELL_OF_LINES.replace('c"', "c"), [["k0", "hello"], None, ["b", "c"], ["k2", "x"]]),
        (ONE_CELL_OF_LINES.replace('"a', "a"), [["k0", "hello"], ["k1", "a"], ["b", 'c"'], ["k2", "x"]]),
        ('k0,"a,b"\nk1,x\n'.replace("a,b", "a,,b"), [["k0", "a,,b"], ["k1", "x"]]),  # within a cell
        ("k0,x\nk1,a\n".replace("k1,a", "k,1a"), [["k0", "x"], ["k", "1a"]]),  # moved between cells
    ],
    ids=["a quote within", "a closing quote", "an opening quote", "a delimiter within", "a delimiter moved"],
)
def test_what_nothing_in_a_file_can_tell(text: str, rows: list[list[str] | None]) -> None:
    """Edits whose result is as likely a file: what is read of each, so that a change of it is noticed."""
    assert [None if isinstance(record, BadRecord) else record for record in read("a,b\n" + text, 2)] == rows


@pytest.mark.parametrize(
    "row",
    [
        '1,9"Table, Round 48""",x',  # the delimiter before the cell is gone
        '1,9,"Table, Round 48,x',  # the closing quote
        '1,9,Table, Round 48""",x',  # the opening quote
        '1,"a",b",c',  # one quote of a doubled pair
        '1, "a, b",c',  # a space before the quote
        r'1,"a \"b, c\" d",x',  # another way to escape
        '1,"a" b,c,d',  # text after a closing quote
        '1,5" pipe,6" pipe,x',  # two that may be a pair
        '1,5","a, b",x',  # one that may close what another opens
    ],
)
def test_a_row_whose_cells_depend_on_how_a_quote_is_read_is_a_reject(row: str) -> None:
    before, after = ["0", "x", "y", "z"], ["9", "x", "y", "z"]

    [first, bad, last] = read(f"a,b,c,d\n{','.join(before)}\n{row}\n{','.join(after)}\n", 4)

    assert (first, last) == (before, after)
    assert isinstance(bad, BadRecord)
    assert bad.code in (RejectCode.BAD_QUOTE, RejectCode.BAD_WIDTH)


@pytest.mark.parametrize(
    "cells", [['5" pipe', "x"], ["x", '5" pipe'], ['say "hi" there', "x"], ['5"', "x"], ["x", '5"']]
)
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_row_that_is_the_same_however_a_quote_is_read_is_taken(cells: list[str], place: int, end: str) -> None:
    rows = [["1", "a", "b"], ["2", "a", "b"]]
    rows.insert(place, ["3", *cells])

    assert read(end.join(map(",".join, [["a", "b", "c"], *rows, [""]])), 3) == rows


def test_of_a_writer_that_doubles_quotes_one_that_is_not_doubled_is_none() -> None:
    told = read('a,b\n1,"say ""hi"""\n2,5" pipe\n3,x\n', 2)

    assert [record.code if isinstance(record, BadRecord) else record for record in told] == [
        ["1", 'say "hi"'],
        RejectCode.BAD_QUOTE,
        ["3", "x"],
    ]
    assert "source.quote" in getattr(told[1], "message", "")


LINES_LIKE_ROWS = 'k1,"x,y\nz,w",c\n'
SHOWN = 'k0,"two\nlines",c\n'


@pytest.mark.parametrize("lost", [LINES_LIKE_ROWS.index('"'), LINES_LIKE_ROWS.rindex('"')], ids=["opening", "closing"])
def test_in_a_file_of_cells_of_lines_the_rows_next_to_a_lost_quote_are_rejects(lost: int) -> None:
    damaged = LINES_LIKE_ROWS[:lost] + LINES_LIKE_ROWS[lost + 1 :]

    told = read("a,b,c\n" + SHOWN + damaged + "k2,x,y\nk3,x,y\n", 3)

    assert [record for record in told if not isinstance(record, BadRecord)][:1] == [["k0", "two\nlines", "c"]]
    assert [record for record in told if not isinstance(record, BadRecord)][1:] in (
        [["k2", "x", "y"], ["k3", "x", "y"]],
        [["k3", "x", "y"]],
    )
    assert {record.code for record in told if isinstance(record, BadRecord)} == {RejectCode.BAD_QUOTE}


def test_rows_next_to_a_lost_quote_are_doubted_over_the_end_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole blocks of plain lines are held back until what follows them is known."""
    rows = [[f"k{number:04}", "x", "y"] for number in range(2_000)]
    text = "a,b,c\n" + SHOWN + "".join(",".join(row) + "\n" for row in rows)
    text = "c" * (-len(text) % 500) + text  # so that a block ends right before the line that ends a cell
    monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", 500)

    told = read(text + 'z,w",c\n', 3)

    good = [record for record in told if not isinstance(record, BadRecord)]
    assert good == [["k0", "two\nlines", "c"], *rows[:-1]]


def test_where_many_quotes_are_out_of_place_each_costs_its_own_record() -> None:
    faults = "".join(f'k{number},"x,y\nm{number},5" pipe,z\n' for number in range(9))
    careless = replace(SourceFormat(), habits=QuoteHabits(careless=True))

    told = read("a,b,c\n" + SHOWN + faults, 3, careless)

    assert [record for record in told if not isinstance(record, BadRecord)] == [
        ["k0", "two\nlines", "c"],
        *[[f"m{number}", '5" pipe', "z"] for number in range(9)],
    ]


def in_other_quotes(mark: str, cells: Sequence[str], end: str = "\n") -> str:
    return ",".join(mark + cell.replace(mark, 2 * mark) + mark for cell in cells) + end


@pytest.mark.parametrize("mark", ["'", "`", "\u00a6", "|", "\u00b4"])
@pytest.mark.parametrize(
    "cells",
    [
        ["k1", ",a\nb", "x"],  # its first line is as wide as a row, its second one not
        ["k1", "a\nb,", "x"],  # the other way round
        ["k1", ",a\nb\nc", "x"],
        ["k1", ",a\nb\nc,d,e", "x"],
    ],
)
@pytest.mark.parametrize("shown", ["", SHOWN])
def test_no_line_of_a_row_in_other_quotes_is_a_row(mark: str, cells: list[str], shown: str) -> None:
    before, after = ["k0", "it's", "y"], ["k2", "x", "5' y"]

    told = read(f"a,b,c\n{shown}{','.join(before)}\n{in_other_quotes(mark, cells)}{','.join(after)}\n", 3)

    good = [record for record in told if not isinstance(record, BadRecord)]
    assert [row for row in good if row not in (before, after, ["k0", "two\nlines", "c"])] == []
    assert before in good
    assert after in good
    assert {record.code for record in told if isinstance(record, BadRecord)} >= {RejectCode.BAD_QUOTE}


def test_an_apostrophe_next_to_a_record_of_another_width_costs_no_row() -> None:
    """One cell that might have such quotes is no row in other quotes, nor are two beside another apostrophe."""
    assert read("a,b,c\nk1,',y\na',z\nk2,x,y\n", 3)[0] == ["k1", "'", "y"]
    assert read("a,b,c\n'k1',',y\na',it''s\nk2,x,y\n", 3)[0] == ["'k1'", "'", "y"]


def test_rows_with_an_apostrophe_each_are_rows_also_next_to_a_bad_one() -> None:
    rows = [["'k0'", "'tis", "x"], ["k1", "dogs'", "y"]]

    assert [record for record in read("a,b,c\n'k0','tis,x\nk1,dogs',y\nk2,z\n", 3) if record in rows] == rows
