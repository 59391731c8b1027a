import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.distributed_map.csv_reader import CsvError, CsvFormat, read_items


def items(body: str | bytes, form: CsvFormat | None = None) -> list[dict[str, str]]:
    encoded = body.encode() if isinstance(body, str) else body
    return list(read_items(encoded, form or CsvFormat()))


def texts(body: str) -> list[str]:
    """The values of a file of one column."""
    return [item["t"] for item in items("t\n" + body)]


def test_every_value_is_text() -> None:
    assert items("n,b,e\n1,true,\n") == [{"n": "1", "b": "true", "e": ""}]


def test_a_short_record_is_padded_and_a_wide_one_cut() -> None:
    assert items("a,b\n1\n1,2,3\n") == [{"a": "1", "b": ""}, {"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\\b", r"a\b"),
        (r"a\"b", 'a"b'),
        (r"\"a", '"a'),
        (r"a\,b", "a,b"),
        (r"a\b", "ab"),
        (r"a\|b", "a|b"),
        (r"a\\\\b", r"a\\b"),
        (r"a\\\b", r"a\b"),
        (r'"a\"b"', 'a"b'),
        (r'"a\\"', "a\\"),
        (r'"a\b"', "ab"),
        ('"a""b"', 'a"b'),
        ('"a,b"', "a,b"),
        ('"a\nb"', "a\nb"),
        ('"a\r\nb"', "a\r\nb"),
        (r"C:\\Program Files\\App.exe", r"C:\Program Files\App.exe"),
    ],
)
def test_quotes_and_backslashes(written: str, read: str) -> None:
    assert texts(f"{written}\nnext\n") == [read, "next"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_backslash_at_the_end_of_a_line_is_dropped_and_the_line_ends(end: str) -> None:
    assert texts(f"a\\{end}b\\\\{end}c\\\\\\{end}d") == ["a", "b\\", "c\\", "d"]


def test_a_backslash_before_a_line_end_in_quotes_is_dropped_and_the_line_end_kept() -> None:
    assert texts('"a\\\nb"\nc\n') == ["a\nb", "c"]


def test_a_backslash_at_the_end_of_the_file_is_dropped() -> None:
    assert texts("a\\") == ["a"]


def test_blank_lines_are_no_records() -> None:
    assert items("\n\na\n\n1\n\r\n2\n\n") == [{"a": "1"}, {"a": "2"}]


def test_an_empty_quoted_field_is_a_record() -> None:
    assert texts('""\n') == [""]


@pytest.mark.parametrize(
    ("name", "character"), [("COMMA", ","), ("PIPE", "|"), ("SEMICOLON", ";"), ("SPACE", " "), ("TAB", "\t")]
)
def test_delimiters(name: str, character: str) -> None:
    form = CsvFormat.from_reader_config({"CSVDelimiter": name, "CSVHeaderLocation": "FIRST_ROW"})

    assert items(f"a{character}b\n1{character}x\\{character}y\n", form) == [{"a": "1", "b": f"x{character}y"}]


def test_a_given_header_leaves_the_first_row_an_item() -> None:
    form = CsvFormat.from_reader_config({"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x", "y"]})

    assert items("a,b\n1,2\n", form) == [{"x": "a", "y": "b"}, {"x": "1", "y": "2"}]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"CSVHeaderLocation": "LAST_ROW"},
        {"CSVHeaderLocation": "GIVEN"},
        {"CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "COLON"},
    ],
)
def test_an_unknown_setting_is_refused(config: dict[str, str]) -> None:
    with pytest.raises(CsvError):
        CsvFormat.from_reader_config(config)


def test_a_header_of_10_kib_is_the_longest() -> None:
    assert items("h" * 10_240 + "\n1\n") == [{"h" * 10_240: "1"}]
    with pytest.raises(CsvError, match="10241 bytes"):
        items("h" * 10_241 + "\n1\n")


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(CsvError, match="0xff"):
        items(b"a\n\xff\n")


def test_an_empty_file_has_no_items() -> None:
    assert items("") == []
    assert items("a,b\n") == []


def test_a_field_wider_than_python_s_own_limit_is_read() -> None:
    assert texts("x" * 200_000 + "\n") == ["x" * 200_000]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=3, max_size=3), min_size=1))
def test_a_file_with_its_backslashes_doubled_is_read_as_it_was_meant(rows: list[list[str]]) -> None:
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["a", "b", "c"], *rows])

    read = items(file.getvalue().replace("\\", "\\\\"))

    assert [list(item.values()) for item in read] == rows
