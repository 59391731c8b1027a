"""Rows as Step Functions' reader takes them, and what no row may hold."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.file_header import FileHeader
from csvdynamo_airflow.preparation.prepared_rows import (
    ContentRules,
    format_rows,
    item_bytes,
    plain_rows,
    read_rows,
    reject_item,
)
from csvdynamo_airflow.reading.record_blocks import BadRecord

RULES = ContentRules(("a", "b"), item_limit=1000)


def read_as_step_functions_does(text: str) -> list[list[str]]:
    """Read CSV by the documented rule that a backslash escapes the character after it, quotes doubled as usual."""
    rows: list[list[str]] = []
    row: list[str] = []
    cell, quoted, position = "", False, 0
    while position < len(text):
        character, following = text[position], text[position + 1 : position + 2]
        if character == "\\" or (quoted and character == following == '"'):
            cell += following
            position += 1
        elif character == '"':
            quoted = not quoted
        elif quoted or character not in ",\n\r":
            cell += character
        else:
            row.append(cell)
            cell = ""
            if character != ",":
                rows.append(row)
                row = []
        position += 1
    return rows


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ([1, "a", "b"], "1,a,b\n"),
        ([1, "", ""], "1,,\n"),
        ([1, "a,b", 'say "hi"'], '1,"a,b","say ""hi"""\n'),
        ([1, "two\nlines", " x "], '1,"two\nlines", x \n'),
        ([1, "lone\rreturn", "b"], '"1","lone\rreturn","b"\n'),
        ([1, "C:\\new", "\\"], "1,C:\\\\new,\\\\\n"),
        ([1, "a\\\\b", '\\"'], '1,a\\\\\\\\b,"\\\\"""\n'),
    ],
)
def test_a_row_is_written_with_as_few_quotes_as_are_safe_and_every_backslash_doubled(
    fields: list[str | int], line: str
) -> None:
    assert format_rows([fields]) == line


def test_a_carriage_return_changes_no_other_row() -> None:
    assert format_rows([[1, "a"], [2, "\r"], [3, "b"]]) == '1,a\n"2","\r"\n3,b\n'


@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab,"\\\n\r é'), max_size=8), min_size=2, max_size=2), min_size=1, max_size=5
    )
)
def test_a_reader_that_drops_lone_backslashes_gets_every_value_back(rows: list[list[str]]) -> None:
    assert read_as_step_functions_does(format_rows(rows)) == rows


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\\"), max_size=8), min_size=2)))
def test_any_csv_reader_gets_values_without_backslashes_back(rows: list[list[str]]) -> None:
    assert list(csv.reader(io.StringIO(format_rows(rows), newline=""), strict=True)) == rows


def test_ordinary_text_is_cleared_at_once() -> None:
    assert RULES.clear_all("1,x,é\n", 5)
    assert RULES.judge(["x", "é"]) is None


@pytest.mark.parametrize("value", ["\0", "bad \udcff byte"])
def test_what_nothing_after_prepare_could_take_is_a_bad_encoding(value: str) -> None:
    bad = RULES.judge(["x", value])

    assert not RULES.clear_all(f"1,x,{value}\n", 5)
    assert bad is not None
    assert (bad.code, bad.column, bad.fields) == (RejectCode.BAD_ENCODING, "b", ["x", value])


def test_a_row_is_too_large_by_the_bytes_of_its_json() -> None:
    room = 1000 - item_bytes(FileHeader(("a", "b")), ["", ""])

    assert RULES.judge(["", "x" * room]) is None
    for value in ("x" * (room + 1), "é" * (room // 2 + 1), '"' * (room // 2 + 1), "\x01" * (room // 6 + 1)):
        bad = RULES.judge(["", value])
        assert bad is not None
        assert bad.code is RejectCode.TOO_LARGE
        assert not RULES.clear_all(value, len(value))


def test_a_rows_json_is_measured_with_its_headers_and_row_number() -> None:
    item = {"_row": "9" * 18, "a": "x", "b": 'é"'}

    assert item_bytes(FileHeader(("a", "b")), ["x", 'é"']) == len(
        json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
    )


def width_reject(*fields: str) -> BadRecord:
    return BadRecord(RejectCode.BAD_WIDTH, "", list(fields))


@pytest.mark.parametrize(
    ("headers", "bad", "item"),
    [
        (("a", "b"), width_reject("1"), {"a": "1"}),
        (("a", "b"), width_reject("1", "2", "3", "x,y"), {"a": "1", "b": "2", "_extra": '3,"x,y"'}),
        (("a", "_extra"), width_reject("1", "2", "3"), {"a": "1", "_extra": "2", "__extra": "3"}),
        (("a", "b"), BadRecord(RejectCode.BAD_QUOTE, "", text='1,"2\n'), {"_lines": '1,"2\n'}),
        (("a", "b"), width_reject("caf\udce9"), {"a": "caf\\xe9"}),
    ],
)
def test_a_reject_keeps_the_whole_record(headers: tuple[str, ...], bad: BadRecord, item: dict[str, str]) -> None:
    assert reject_item(headers, bad) == item


@given(st.lists(st.lists(st.text(alphabet='a,"\\\\\n\r é', max_size=6), min_size=2, max_size=2), max_size=8))
def test_what_was_written_is_read_back(rows: list[list[str]]) -> None:
    numbered = [[str(number), *row] for number, row in enumerate(rows, start=1)]

    assert read_rows(format_rows(numbered)) == numbered


@given(st.lists(st.lists(st.text(alphabet="a \té;=", max_size=6), min_size=2, max_size=2), min_size=1), st.booleans())
def test_lines_that_need_no_quotes_become_what_their_rows_would(rows: list[list[str]], windows: bool) -> None:
    end = "\r\n" if windows else "\n"

    text = plain_rows([",".join(row) + end for row in rows], 7)

    assert text == format_rows([[number, *row] for number, row in enumerate(rows, start=7)])


@pytest.mark.parametrize("line", ['a,"b"\n', "a,b\\c\n", "a,b\r"])
def test_lines_that_need_more_than_a_number_are_left_to_the_writer(line: str) -> None:
    assert plain_rows(["a,b\n", line], 1) is None


@pytest.mark.parametrize("lines", [["a,b\n", "c,d"], ["a,b\r\n", "c,d"], ["a,b\r\n", "c,d\n"], ["a,b\n", "c,d\r\n"]])
def test_lines_of_several_ends_and_of_none_end_alike(lines: list[str]) -> None:
    assert plain_rows(lines, 1) == "1,a,b\n2,c,d\n"
