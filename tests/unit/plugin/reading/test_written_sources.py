"""How publishers write a CSV: each kind through prepare, with other delimiters, line ends and numbers of rows."""

import codecs
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.rules.columns import Column
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.preparation.source_header import HeaderError
from csvdynamo_airflow.reading import text_lines
from csvdynamo_airflow.reading.layout import SAMPLE_ROWS
from csvdynamo_airflow.reading.source_error import SourceFileError
from tests.support.quick_prepare import quick_prepare
from tests.unit.plugin.reading.prepared_source import prepared

ENDS = pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
BLOCK = text_lines.BLOCK_CHARACTERS // 4
"""Characters of a block here: a file of several is a quarter as long, and has more than `SAMPLE_ROWS` all the same."""
MANY = BLOCK // 4
ROWS = pytest.mark.parametrize("rows", [0, 1, 2, SAMPLE_ROWS, MANY])


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[Path]:
    """A folder in memory: what is read and how is not DuckDB's business, which is opened once and seldom asked."""
    with quick_prepare() as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "BLOCK_CHARACTERS", BLOCK)
        yield made


@pytest.fixture
def folder(quick: Path) -> Iterator[Path]:
    """An empty folder in a tenth of the time that `tmp_path` takes."""
    with tempfile.TemporaryDirectory(dir=quick) as made:
        yield Path(made)


def lines(*records: str, end: str = "\n") -> str:
    return "".join(record + end for record in records)


def many(number: int, form: str = "{},a") -> list[str]:
    return [form.format(row) for row in range(number)]


def as_cells(number: int) -> list[list[str]]:
    return [[str(row), "a"] for row in range(number)]


@ENDS
@ROWS
@pytest.mark.parametrize("mark", [";", "|", "\t", ",", "^"])
@pytest.mark.parametrize("first", ["sep={}", '"sep={}"', "SEP={}"])
def test_excels_first_line_names_the_delimiter_and_is_no_record(
    folder: Path, end: str, rows: int, mark: str, first: str
) -> None:
    if rows == MANY and (end, first) != ("\n", "sep={}"):
        rows = 3  # many are tried once for each delimiter
    text = lines(first.format(mark), f"id{mark}name", *many(rows, f"{{}}{mark}a"), end=end)

    told = prepared(folder, text)

    assert (told.headers, told.cells) == (("id", "name"), as_cells(rows))
    assert (told.source_format.delimiter, told.notes.skipped_lines) == (mark, 1)


def test_excels_first_line_may_name_two_characters(folder: Path) -> None:
    assert prepared(folder, "sep=~|\nid~|name\n1~|a|b\n").cells == [["1", "a|b"]]
    assert prepared(folder, "sep=;\t\nid;name\n1;a\n", skip_lines=1).cells == [["1", "a"]]


def test_a_delimiter_that_was_set_is_not_excels(folder: Path) -> None:
    assert prepared(folder, "sep=;\nid,a;b\n1,2\n", delimiter=",").headers == ("id", "a;b")


@ENDS
@ROWS
def test_a_trailing_delimiter_in_header_and_rows_is_left_out(folder: Path, end: str, rows: int) -> None:
    told = prepared(folder, lines("id,name,", *many(rows, "{},a,"), end=end))

    assert (told.headers, told.cells, told.rejects) == (("id", "name"), as_cells(rows), {})
    assert told.notes.notes == ("Column 3 without a name left out: blank in every row.",)


@ROWS
@pytest.mark.parametrize("mark", [",", ";"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_trailing_delimiter_that_every_row_has_is_left_out(folder: Path, rows: int, mark: str, quoted: bool) -> None:
    row = f'{{}}{mark}"a"{mark}' if quoted else f"{{}}{mark}a{mark}"

    told = prepared(folder, lines(f"id{mark}name", *many(rows, row)))

    assert (told.headers, told.cells, told.rejects) == (("id", "name"), as_cells(rows), {})
    assert len(told.notes.notes) == (rows > 0)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_trailing_delimiter_that_one_row_has_is_a_field_too_many(folder: Path, place: int) -> None:
    rows = many(3)
    rows[place] += ","

    assert prepared(folder, lines("id,name", *rows)).codes == {place + 1: "BAD_WIDTH"}


def test_a_value_below_a_nameless_column_costs_its_row_alone_once_rows_are_written(folder: Path) -> None:
    rows = [*many(SAMPLE_ROWS + 5, "{},a,"), "x,a,value", "y,a,"]

    told = prepared(folder, lines("id,name,", *rows))

    assert told.codes == {SAMPLE_ROWS + 6: "BAD_WIDTH"}
    assert told.rejects[SAMPLE_ROWS + 6].fields == ["x", "a", "value"]
    assert told.source_rows == len(rows)


def test_a_nameless_column_with_values_is_refused_with_what_would_name_it(folder: Path) -> None:
    with pytest.raises(HeaderError, match=r'Column 2.*source\.names, or source\.nameless = "number" \(column_2\)'):
        prepared(folder, "id,,x\n1,a,b\n")


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({"nameless": "number"}, ("id", "column_2", "x")),
        ({"nameless": "drop"}, ("id", "x")),
        ({"names": ("id", "y", "z")}, ("id", "y", "z")),
    ],
)
def test_a_nameless_column_is_what_the_data_set_file_says(
    folder: Path, settings: dict[str, Any], headers: tuple[str, ...]
) -> None:
    told = prepared(folder, 'id,,x\n1,a,b\n2,"",b\n3,c\n', **settings)

    rows = [["1", "a", "b"], ["2", "", "b"]]
    assert told.headers == headers
    assert told.cells == [[row[0], row[2]] if len(headers) == 2 else row for row in rows]
    assert told.rejects[3].fields == (["3"] if len(headers) == 2 else ["3", "c"])


def test_an_index_without_a_name_is_refused_or_left_out(folder: Path) -> None:
    text = ",id,name\n0,1,a\n1,2,b\n"

    with pytest.raises(HeaderError, match="Column 1"):
        prepared(folder, text)
    assert prepared(folder, text, nameless="drop").cells == [["1", "a"], ["2", "b"]]


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
@pytest.mark.parametrize("times", [1, 2])
def test_two_byte_order_marks_are_as_one(folder: Path, mark: bytes, times: int) -> None:
    encoding = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}[mark]

    told = prepared(folder, times * mark + "id,name\n1,é\n".encode(encoding))

    assert (told.headers, told.cells) == (("id", "name"), [["1", "é"]])
    assert not told.source_format.guessed


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_white_space_round_a_header_is_no_part_of_its_name_and_round_a_cell_it_is(folder: Path, mark: str) -> None:
    told = prepared(folder, f" id {mark} name\n1{mark} a\n", columns=[Column("name", required=True)])

    assert (told.headers, told.cells) == (("id", "name"), [["1", " a"]])
    assert told.notes.notes == ("White space round 'id', 'name' in the header was left out.",)


def test_a_header_that_the_data_set_file_has_to_the_letter_stays(folder: Path) -> None:
    told = prepared(folder, "id, name,name\n1,a,b\n", columns=[Column(" name", drop=True), Column("name")])

    assert (told.headers, told.notes.notes) == (("id", " name", "name"), ())


@ENDS
@pytest.mark.parametrize("between", ["{}", " {}", "{}{} ", " {} "])
def test_a_line_break_in_a_header_is_one_space(folder: Path, end: str, between: str) -> None:
    told = prepared(folder, f'id,"full{between.format(end, end)}name"{end}1,a{end}')

    assert (told.headers, told.cells) == (("id", "full name"), [["1", "a"]])
    assert told.notes.notes == ("Line breaks in 'full name' in the header became spaces.",)


def test_a_name_that_comes_again_is_refused_or_numbered(folder: Path) -> None:
    text = "id,name,name,name_2,name\n1,a,b,c,d\n"

    with pytest.raises(HeaderError, match=r'repeats \'name\'.*source\.repeated = "number"'):
        prepared(folder, text)
    told = prepared(folder, text, repeated="number")
    assert told.headers == ("id", "name", "name_3", "name_2", "name_4")
    assert told.cells == [["1", "a", "b", "c", "d"]]


@ENDS
@ROWS
def test_a_file_without_a_header_has_the_names_of_the_data_set_file(folder: Path, end: str, rows: int) -> None:
    if not rows:
        with pytest.raises(SourceFileError, match="empty"):
            prepared(folder, "", header="none", names=("id", "name"))
        return

    told = prepared(folder, lines(*many(rows, "{};a"), end=end), header="none", names=("id", "name"))

    assert (told.headers, told.cells, min(told.rows)) == (("id", "name"), as_cells(rows), 1)


def test_a_name_too_few_is_told_and_no_other_delimiter_found_that_gives_as_many(folder: Path) -> None:
    text = "k-1,thing 1,x\nk-2,thing 2,y\n"
    settings: dict[str, Any] = {"header": "none", "names": ("id", "name")}

    with pytest.raises(MigrationError, match=r"has 3 cells, source\.names 2.*source\.delimiter"):
        prepared(folder, text, **settings)

    assert prepared(folder, "k-1 a\nk-2 b\n", **settings).cells == [["k-1", "a"], ["k-2", "b"]]
    assert prepared(folder, "k-1~|a\nk-2~|b\n", **settings).cells == [["k-1", "a"], ["k-2", "b"]]


def test_without_a_header_a_row_of_another_width_is_a_reject(folder: Path) -> None:
    told = prepared(folder, '1,a\n2,"b"\n3\n4,d,e\n5,f\n', header="none", names=("id", "name"))

    assert (list(told.rows), told.codes) == ([1, 2, 5], {3: "BAD_WIDTH", 4: "BAD_WIDTH"})


PREAMBLES = {
    "cells": ["Report of things,,", ",,"],
    "a sentence": ["Report, of 2024; things: all", "made by hand"],
    "a quote": ['He said "so', ""],
    "quoted cells": ['"Data Source","Indicators",', '"Last Updated","2019-10-28",'],
    "semicolons": ["a;b;c;d", "e;f;g;h"],
}


@ENDS
@pytest.mark.parametrize("before", PREAMBLES.values(), ids=PREAMBLES)
@pytest.mark.parametrize("rows", [0, 1, 3, MANY])
@pytest.mark.parametrize("settings", [{"skip_lines": 2}, {"header_at": "id"}], ids=str)
def test_lines_before_the_header_are_no_records(
    folder: Path, end: str, before: list[str], rows: int, settings: dict[str, Any]
) -> None:
    text = lines(*before, "name,id", *many(rows, "a,{}"), end=end)

    told = prepared(folder, text, **settings)

    assert (told.headers, told.cells) == (("name", "id"), [["a", str(row)] for row in range(rows)])
    assert told.notes.skipped_lines == (2 if before[1] or "skip_lines" in settings else 1)


def test_a_preamble_does_not_decide_the_delimiter_of_a_header_that_ends_with_one(folder: Path) -> None:
    text = lines(
        '"Data Source","World; Development; Indicators",',
        "",
        '"Last Updated","2019-10-28",',
        "",
        '"Name","Code","1960",',
        '"Aruba","ABW","1",',
    )

    for settings in ({"skip_lines": 4}, {"header_at": "Code"}):
        told = prepared(folder, text, key="Code", **settings)
        assert (told.headers, told.cells) == (("Name", "Code", "1960"), [["Aruba", "ABW", "1"]])


def test_a_header_that_is_not_found_is_told_with_its_setting(folder: Path) -> None:
    with pytest.raises(SourceFileError, match=r"no record with the cell 'key'.*source\.header_at"):
        prepared(folder, "id,name\n1,a\n", header_at="key")


@ENDS
def test_a_header_of_several_records_is_one_column_by_column(folder: Path, end: str) -> None:
    text = lines("id,Budget,,Spent", ",2019,2020,2020", "1,2,3,4", end=end)

    told = prepared(folder, text, header_lines=2)

    assert told.headers == ("id", "Budget 2019", "Budget 2020", "Spent 2020")
    assert told.cells == [["1", "2", "3", "4"]]


@ENDS
@ROWS
def test_lines_that_begin_as_comments_do_are_no_records_and_counted(folder: Path, end: str, rows: int) -> None:
    records = [line for row in many(rows) for line in (row, "# a, note")]
    quoted = f'"x{end}# no comment{end}y"'

    told = prepared(folder, lines("# made on Monday", "id,name", *records, f"q,{quoted}", end=end), comment="#")

    assert told.cells == [*as_cells(rows), ["q", f"x{end}# no comment{end}y"]]
    assert (told.notes.comment_lines, told.rejects) == (rows + 1, {})


def test_a_comment_of_two_characters_leaves_lines_of_one(folder: Path) -> None:
    told = prepared(folder, "--x\nid,name\n-1,a\n--2,b\n", comment="--")

    assert (told.cells, told.notes.comment_lines) == ([["-1", "a"]], 2)


@ENDS
@ROWS
@pytest.mark.parametrize("blank", [",", '"",', " , ", ",,,"])
def test_a_record_without_a_value_is_no_row(folder: Path, end: str, rows: int, blank: str) -> None:
    told = prepared(folder, lines("id,name", blank, *many(rows), blank, end=end))

    assert (told.cells, told.rejects, told.source_rows) == (as_cells(rows), {}, rows)
    assert (list(told.rows), told.notes.blank_records) == (list(range(1, rows + 1)), 2)


@pytest.mark.parametrize("total", ["Total,,11", '"Total",,11', " Total ,,11", "Total"])
@ROWS
def test_what_begins_with_the_text_that_ends_the_rows_is_none(folder: Path, total: str, rows: int) -> None:
    text = lines("id,name,amt", *many(rows, "{},a,5"), total, "note,x,y")

    told = prepared(folder, text, stop_at="Total")

    assert told.cells == [[*row, "5"] for row in as_cells(rows)]
    assert (told.rejects, told.last_record) == ({}, None)
    assert "source.stop_at" in told.notes.notes[0]


@ENDS
@pytest.mark.parametrize("rows", [1, 2, MANY])
@pytest.mark.parametrize("quoted", [False, True])
def test_the_header_again_is_a_reject(folder: Path, end: str, rows: int, quoted: bool) -> None:
    header = '"id","name"' if quoted else "id,name"

    told = prepared(folder, lines("id,name", *many(rows), header, "x,a", header, end=end))

    assert told.codes == {rows + 1: "REPEATED_HEADER", rows + 3: "REPEATED_HEADER"}
    assert told.cells == [*as_cells(rows), ["x", "a"]]


@pytest.mark.parametrize("rows", [1, 2, MANY])
def test_the_header_again_behind_a_byte_order_mark_is_a_reject(folder: Path, rows: int) -> None:
    told = prepared(folder, lines("id,name", *many(rows), "\ufeffid,name", "x,a"))

    assert told.codes == {rows + 1: "REPEATED_HEADER"}
    assert told.cells == [*as_cells(rows), ["x", "a"]]


@ENDS
def test_quotes_of_another_kind_enclose_cells(folder: Path, end: str) -> None:
    text = lines("id,name", "1,'a,b'", "2,'c'", "3,'it''s'", '4,"d"', f"5,'two{end}lines'", end=end)

    told = prepared(folder, text, quote="'")

    assert [row[1] for row in told.cells] == ["a,b", "c", "it's", '"d"', f"two{end}lines"]


@ENDS
@ROWS
def test_without_quoting_a_quote_is_text(folder: Path, end: str, rows: int) -> None:
    told = prepared(folder, lines("id,name", 'p,"a', 'q,b"', *many(rows), end=end), quote="none")

    assert told.cells == [["p", '"a'], ["q", 'b"'], *as_cells(rows)]


@ENDS
def test_a_backslash_escapes_where_it_is_set(folder: Path, end: str) -> None:
    text = lines("id,name", r'1,"a \"b\" c"', "2,x", r"3,a\,b", r'4,"\\"', '5,"say ""hi"""', end=end)

    told = prepared(folder, text, escape="\\")

    assert [row[1] for row in told.cells] == ['a "b" c', "x", "a,b", "\\", 'say "hi"']
    assert prepared(folder, text).codes[1] == "BAD_QUOTE"


@ENDS
@ROWS
@pytest.mark.parametrize("mark", ["^", "~", ":", "#", "\x1f", "¦"])
def test_any_character_separates_where_it_is_evident(folder: Path, end: str, rows: int, mark: str) -> None:
    text = lines(f"id{mark}name", *many(rows, f"{{}}{mark}a"), f'q{mark}"x{mark}y"', end=end)

    assert prepared(folder, text, delimiter=mark).cells == [*as_cells(rows), ["q", f"x{mark}y"]]
    if mark not in "\x1f":
        assert prepared(folder, text).source_format.delimiter == mark


@ENDS
@ROWS
def test_two_characters_separate(folder: Path, end: str, rows: int) -> None:
    text = lines("id||name", *many(rows, "{}||a"), "p||x|y", f'q||"x||y{end}z"', "r||||", end=end)

    told = prepared(folder, text, delimiter="||")

    assert told.cells == [*as_cells(rows), ["p", "x|y"], ["q", f"x||y{end}z"]]
    assert told.codes == {rows + 3: "BAD_WIDTH"}
    assert told.rejects[rows + 3].fields == ["r", "", ""]


@ENDS
@pytest.mark.parametrize("mark", ["||", "~|", "|~", "::", "^^", "##", ";;", ",,", "\t\t", "|^", "=>", "<>"])
def test_two_characters_separate_where_it_is_evident(folder: Path, end: str, mark: str) -> None:
    rows = 2
    last = f'q{mark}"x{mark}y"{mark}'
    text = lines(f"id{mark}name{mark}note", *many(rows, f"{{}}{mark}a{mark}b"), last, end=end)

    told = prepared(folder, text)

    assert told.cells == [*[[*row, "b"] for row in as_cells(rows)], ["q", f"x{mark}y", ""]]
    assert (told.headers, told.source_format.delimiter, told.notes.notes) == (("id", "name", "note"), mark, ())


@ENDS
def test_a_space_belongs_to_the_delimiter_where_a_quote_follows_it(folder: Path, end: str) -> None:
    rows = ["id, name, note", "1, a, b", '2, "c, d", e']

    told = prepared(folder, lines(*rows, end=end))

    assert told.cells == [["1", "a", "b"], ["2", "c, d", "e"]]
    assert told.source_format.delimiter == ", "
    assert prepared(folder, lines(*rows[:2], end=end)).cells == [["1", " a", " b"]]
    assert prepared(folder, lines("id,name", '1,"c, ""d"""', end=end)).cells == [["1", 'c, "d"']]


@pytest.mark.parametrize(
    ("text", "delimiter", "cells"),
    [
        ("id,$net,$gross\n1,$5,$6\n", ",", [["1", "$5", "$6"]]),  # what every cell begins with
        ("id~$net~$gross\n1~$5~$6\n2~~7\n", "~", [["1", "$5", "$6"], ["2", "", "7"]]),
        ("id~$net\n1~$5\n", "~", [["1", "$5"]]),
        ("id,|a,b|\n1,|x,y|\n", ",", [["1", "|x", "y|"]]),  # each stands by itself, too
        ('id, a\n1,x\n2, "y"\n3, "z"\n', ",", [["1", "x"], ["2", ' "y"'], ["3", ' "z"']]),  # one alone cuts more rows
        ("id: net: gross\n1: 5: 6\n", ":", [["1", " 5", " 6"]]),
        ("id\t^a\t^b\n1\t^x\t^y\n", "\t^", [["1", "x", "y"]]),
        ("share%,rate%,id\n5%,6%,1\n", ",", [["5%", "6%", "1"]]),
        ("id,,x\n1,,b\n2,a,b\n", ",", None),  # a column without a name
        ("id,\U0001f4cda,\U0001f4cdb\n1,\U0001f4cdx,\U0001f4cdy\n", ",", [["1", "\U0001f4cdx", "\U0001f4cdy"]]),
        ("id|[a]|[b]\n1|[x]|[y]\n", "|", [["1", "[x]", "[y]"]]),
    ],
)
def test_a_mark_beside_a_delimiter_is_none_where_cells_may_begin_or_end_with_it(
    folder: Path, text: str, delimiter: str, cells: list[list[str]] | None
) -> None:
    if cells is None:
        with pytest.raises(MigrationError, match="nameless"):
            prepared(folder, text)
        return
    told = prepared(folder, text)

    assert (told.source_format.delimiter, told.cells) == (delimiter, cells)


@pytest.mark.parametrize("text", ["id~|a|b~|c\n1~|x~|y\n", "id~$net~$gross\n1~$5~$6\n", "net$~gross$~id\n5$~6$~1\n"])
def test_half_of_two_characters_is_not_taken_for_the_delimiter(folder: Path, text: str) -> None:
    """Where the two are not evident, the file is refused: each cell would keep the other one."""
    with pytest.raises(MigrationError, match=r"source\.delimiter"):
        prepared(folder, text)


@ENDS
@ROWS
def test_white_space_of_any_length_separates(folder: Path, end: str, rows: int) -> None:
    text = lines("id \t name  ", *many(rows, " {}   a"), 'q\t"x  y"', end=end)

    told = prepared(folder, text, delimiter="white space")

    assert told.cells == [*as_cells(rows), ["q", "x  y"]]
    assert prepared(folder, "id name\n1 a\n").cells == [["1", "a"]]


def test_a_cell_between_white_space_cannot_hold_a_line_break(folder: Path) -> None:
    told = prepared(folder, 'id name\n1 a\n2 "x\ny"\n3 b\n', delimiter="white space")

    assert told.cells == [["1", "a"], ["3", "b"]]
    assert "BAD_QUOTE" in told.codes.values()


def test_a_character_that_stands_for_a_delimiter_costs_its_row(folder: Path) -> None:
    told = prepared(folder, "id||name\n1||a\ufdd0b\n2||c\n", delimiter="||")

    assert (told.cells, told.codes) == ([["2", "c"]], {1: "BAD_ENCODING"})
    assert prepared(folder, "id,name\n1,a\ufdd0b\n").cells == [["1", "a\ufdd0b"]]


@ENDS
def test_spaces_after_a_delimiter_are_no_part_of_a_cell_by_setting_or_by_the_header(folder: Path, end: str) -> None:
    rows = ['1, "a, b"', "2,  c"]

    for header, settings in (("id, name", {"skip_initial_space": True}), ('id, "name, all"', {})):
        told = prepared(folder, lines(header, *rows, end=end), **settings)
        assert told.cells == [["1", "a, b"], ["2", "c"]]
    assert 1 in prepared(folder, lines("id,name", *rows, "3,x", end=end)).rejects


@ENDS
@ROWS
@pytest.mark.parametrize("marks", [b"\x1a", b"\0", b"\0" * 5000, b"\x1a\0\0"])
def test_end_of_file_marks_are_no_record(folder: Path, end: str, rows: int, marks: bytes) -> None:
    told = prepared(folder, lines("id,name", *many(rows), end=end).encode() + marks)

    assert (told.cells, told.rejects, told.last_record) == (as_cells(rows), {}, None)
    assert told.notes.notes == ("End-of-file marks after the last line end were left out.",)


@pytest.mark.parametrize("rows", [1, 2, MANY])
def test_an_end_of_file_mark_right_behind_the_last_cell_is_no_part_of_it(folder: Path, rows: int) -> None:
    told = prepared(folder, lines("id,name", *many(rows)).encode().rstrip(b"\n") + b"\x1a\x1a")

    assert (told.cells, told.rejects, told.last_record) == (as_cells(rows), {}, None)


@ENDS
@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize(
    "marks", ["\x1a{end}", "\x1a{end}\x1a{end}", "\x1a{end}\0\0", "{end}\x1a{end}", "{end}\x1a{end}\0"]
)
def test_an_end_of_file_mark_before_the_last_line_end_is_no_part_of_a_cell_and_no_record(
    folder: Path, end: str, rows: int, marks: str
) -> None:
    text = lines("id,name", *many(rows), end=end).removesuffix(end)

    told = prepared(folder, text + marks.format(end=end))

    assert (told.cells, told.rejects, told.last_record) == (as_cells(rows), {}, None)


def test_a_mark_at_the_end_of_a_block_within_the_file_is_a_character(folder: Path) -> None:
    rows = [f"{row:05},{'a' * 9}\x1a" for row in range(8_000)]

    assert prepared(folder, lines("id,name", *rows)).cells[:-1] == [row.split(",") for row in rows[:-1]]


@pytest.mark.parametrize("rows", [1, 2, 30])
@pytest.mark.parametrize("mark", [",", ";", "|", "\t"])
def test_a_header_of_one_name_over_rows_that_a_delimiter_cuts_alike_is_refused(
    folder: Path, rows: int, mark: str
) -> None:
    text = lines("id", *many(rows, f"{{}}{mark}a{mark}b"))

    with pytest.raises(SourceFileError, match=r"very row of .*first [0-9]+.* has 3 cells.*source\.names"):
        prepared(folder, text)

    assert prepared(folder, text, delimiter="^").cells == [[f"{row}{mark}a{mark}b"] for row in range(rows)]
    assert prepared(folder, lines("id", "a", *many(rows, f"{{}}{mark}a"))).cells[0] == ["a"]


@pytest.mark.parametrize("mark", [",", ";", "|", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_header_with_a_line_break_over_cells_with_line_breaks_is_refused(folder: Path, mark: str, end: str) -> None:
    """Read with a delimiter that never occurs, each line is a cell; so the rows are looked at with each one."""
    rows = [f'k-1{mark}"a{end}b"{mark}c', f'k-2{mark}"d{mark}{end}e"{mark}f']
    text = lines("id", f"{mark}name{mark}x", *rows, end=end)

    with pytest.raises(SourceFileError, match=r"every row of its first 3 has 3 cells with .*source\.names"):
        prepared(folder, text)


def test_a_header_of_one_name_over_rows_of_which_nearly_all_are_cut_alike_is_refused(folder: Path) -> None:
    rows = [*many(27, "{},a,b"), "27", "28,a", "29,a,b,c"]

    with pytest.raises(SourceFileError, match=r"27 rows of its first 30 have 3 cells with ',' .*source\.delimiter"):
        prepared(folder, lines("id", *rows))

    addresses = [*many(29, "{} Street, City"), "29 City"]  # one comma in nearly every text is no delimiter
    assert prepared(folder, lines("id", *addresses)).cells == [[row] for row in addresses]


@pytest.mark.parametrize("mark", [",", ";", "|", "\t", "^"])
@pytest.mark.parametrize(
    "header", ["id,a,n⏎ote,b,c", "id,a⏎,note,b,c", "id,a,⏎note,b,c", "id,⏎a,note,b,c", "id,a,note,b⏎,c"]
)
def test_a_header_with_a_line_break_is_refused(folder: Path, mark: str, header: str) -> None:
    text = lines(*header.split("⏎"), *many(20, "{},1,2,3,4"), "21,1,2").replace(",", mark)

    with pytest.raises(SourceFileError, match=r"line break in it.*source\.skip_lines.*source\.names"):
        prepared(folder, text, delimiter=mark)

    names = ("id", "a", "note", "b", "c")
    told = prepared(folder, text, delimiter=mark, names=names, skip_lines=1)
    assert (len(told.cells), told.codes, told.headers) == (20, {21: "BAD_WIDTH"}, names)


def test_one_row_beside_one_that_is_too_long_is_no_broken_header(folder: Path) -> None:
    told = prepared(folder, lines("id,name", "1,a", "2,b,c"))

    assert (told.cells, told.codes) == ([["1", "a"]], {2: "BAD_WIDTH"})


SHOWN_BARE = {"delimiter": 'k0,"a, b"', "line end": 'k0,"a\nb"'}


@pytest.mark.parametrize("others", ["\n", 'k1,"x\ny, z"\n'], ids=["a line a row", "lines"])
def test_an_escape_within_quotes_before_what_the_writer_leaves_bare_lost_a_quote(folder: Path, others: str) -> None:
    lost = 'k2,"say \\"hi\\, you\\""\n'

    told = prepared(folder, f'id,name\n{SHOWN_BARE["delimiter"]}\n{others}{lost}k3,"\\\\, c"\n', escape="\\")

    assert list(told.codes.values()) == ["BAD_QUOTE"]
    assert (told.cells[0], told.cells[-1]) == (["k0", "a, b"], ["k3", "\\, c"])
    assert prepared(folder, "id,name\n" + lost, escape="\\").cells == [["k2", 'say "hi, you"']]


def test_an_escaped_line_end_within_quotes_is_the_writers_unless_others_are_bare(folder: Path) -> None:
    escaped = 'id,name\nk1,"a\\\nb"\n'

    assert prepared(folder, escaped, escape="\\").cells == [["k1", "a\nb"]]
    assert list(prepared(folder, f"{escaped}{SHOWN_BARE['line end']}\n", escape="\\").codes.values()) == ["BAD_QUOTE"]


def test_an_escape_that_needs_none_is_found_among_rows_of_a_line_each(folder: Path) -> None:
    told = prepared(folder, 'id,name\nk1,"a \\b"\nk2,"c"\n', escape="\\")

    assert (told.cells, told.codes) == ([["k2", "c"]], {1: "BAD_QUOTE"})


def test_an_escape_before_what_needs_none_is_a_reject(folder: Path) -> None:
    told = prepared(folder, 'id,name\n1,"say \\hi\\""\n2,a\\b\n3,"a \\"b\\" c"\n', escape="\\")

    assert told.codes == {1: "BAD_QUOTE", 2: "BAD_QUOTE"}
    assert told.cells == [["3", 'a "b" c']]


def test_a_header_of_one_name_over_cells_with_line_breaks_is_one_column(folder: Path) -> None:
    text = 'id\n"a\rb"\n"c\r\nd, e"\n"' + "x" * 200_000 + '"\n'

    assert [len(row) for row in prepared(folder, text).cells] == [1, 1, 1]


@pytest.mark.parametrize("space", ["\xa0", "\u3000", " ", "\t"])
def test_a_record_of_any_white_space_has_no_value(folder: Path, space: str) -> None:
    told = prepared(folder, lines("id,name", "1,a", f"{space},", f"{space},{space}", "2,b"))

    assert (told.cells, told.rejects, told.notes.blank_records) == ([["1", "a"], ["2", "b"]], {}, 2)


def test_a_mark_before_the_end_is_a_character(folder: Path) -> None:
    assert prepared(folder, b"id,name\n1,\x1a\n\x1a,b\n").cells == [["1", "\x1a"], ["\x1a", "b"]]


@pytest.mark.parametrize("rows", [1, 2, 30, 2 * SAMPLE_ROWS])
def test_a_header_narrower_than_every_row_is_refused_at_once(folder: Path, rows: int) -> None:
    text = lines("year,month,avg", *many(rows, "{},3,1958.2,315.7"))

    with pytest.raises(SourceFileError, match=r"has 4 cells, the header 3\. Name every column: source\.names"):
        prepared(folder, text, key="year")
    names = ("year", "month", "decimal", "avg")
    assert len(prepared(folder, text, key="year", names=names).cells) == rows


@pytest.mark.parametrize("rows", [2, 30, 2 * SAMPLE_ROWS])
def test_rows_that_are_short_are_refused_at_once_or_filled_up(folder: Path, rows: int) -> None:
    text = lines("id,name,note", *many(rows))

    with pytest.raises(SourceFileError, match=r'fewer cells than the header, which has 3.*source\.short_rows = "pad"'):
        prepared(folder, text)
    assert prepared(folder, text, short_rows="pad").cells == [[*row, ""] for row in as_cells(rows)]


def test_a_short_row_among_others_is_a_reject_unless_it_is_filled_up(folder: Path) -> None:
    text = 'id,name,note\n1,a,b\n2\n3,"c"\n4,d,e,f\n'

    assert prepared(folder, text).codes == {2: "BAD_WIDTH", 3: "BAD_WIDTH", 4: "BAD_WIDTH"}
    told = prepared(folder, text, short_rows="pad")
    assert (told.cells, told.codes) == ([["1", "a", "b"], ["2", "", ""], ["3", "c", ""]], {4: "BAD_WIDTH"})


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Plzeň", "windows-1250"),
        ("İstanbul", "windows-1254"),
        ("臺北市", "big5"),
        ("Zoë", "mac_roman"),
        ("Łódź", "iso8859-2"),
        ("東京", "shift_jis"),
        ("Київ", "koi8-u"),
        ("東京", "utf-16-be"),
    ],
)
def test_any_of_pythons_encodings_is_read(folder: Path, text: str, encoding: str) -> None:
    told = prepared(folder, f"id,{text}\n1,{text}\n".encode(encoding), encoding=encoding)

    assert (told.headers, told.cells, told.source_format.guessed) == (("id", text), [["1", text]], False)


@pytest.mark.parametrize(
    ("content", "guessed"),
    [
        (b"id,name\n1,a\n", False),
        ("id,name\n1,é\n".encode(), False),
        ("id,name\n1,é\n".encode("utf-8-sig"), False),
        ("id,name\n1,café\n".encode("windows-1252"), True),
        ("id,name\n1,é\n".encode("utf-16-le"), True),
    ],
)
def test_what_proves_an_encoding_is_told_from_a_guess(folder: Path, content: bytes, guessed: bool) -> None:
    assert prepared(folder, content).source_format.guessed is guessed


def test_a_byte_that_is_not_of_the_encoding_costs_its_row(folder: Path) -> None:
    content = b"id,name\n1,a\n2,\xff\xff\n3,b\n"

    for encoding in ("big5", "shift_jis", "cp1250", "utf-8"):
        told = prepared(folder, content, encoding=encoding)
        assert set(told.codes.values()) <= {"BAD_ENCODING"}
        assert told.cells[0] == ["1", "a"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_header_in_another_unicode_form_is_the_same(folder: Path, form: str) -> None:
    column = Column(unicodedata.normalize("NFC", "Número"), required=True)

    told = prepared(folder, unicodedata.normalize(form, "id,Número\n1,2\n"), columns=[column])

    assert told.headers == ("id", column.header)


def test_two_headers_that_are_one_in_another_unicode_form_are_told_by_their_code_points(folder: Path) -> None:
    header = f"id,{unicodedata.normalize('NFC', 'é')},{unicodedata.normalize('NFD', 'é')}"

    with pytest.raises(SourceFileError, match=r"'\\xe9' and 'e\\u0301'"):
        prepared(folder, f"{header}\n1,2,3\n")


@pytest.mark.parametrize(
    ("line_end", "text"),
    [
        ("lf", "id,name\n1,a\rb\n"),
        ("crlf", "id,name\r\n1,a\rb\r\n"),
        ("cr", "id,name\r1,a\nb\r"),
        ("crlf", "id,name\r\n1,a\nb\r\n"),
    ],
)
def test_a_line_ends_where_the_data_set_file_says(folder: Path, line_end: str, text: str) -> None:
    [row] = prepared(folder, text, line_end=line_end).cells

    assert row[1] in ("a\rb", "a\nb")
    assert row[1] in text


@pytest.mark.parametrize("content", ["1,a\n2,b\n", "Report\n\nid,name\n1,a\n"])
def test_a_header_without_the_key_is_told_with_what_may_stand_in_its_place(folder: Path, content: str) -> None:
    with pytest.raises(MigrationError, match=r"source\.(skip_lines|names)"):
        prepared(folder, content)
