"""How a source ends: what is left of a file that was cut off anywhere is told from a whole one."""

from dataclasses import replace
from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo_airflow.preparation import prepare_file
from csvdynamo_airflow.preparation.draft import Draft
from csvdynamo_airflow.preparation.duplicates import KeySpool
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.preparation.rewrite import Rewriter
from csvdynamo_airflow.reading import text_lines
from csvdynamo_airflow.reading.csv_records import FIELD_LIMIT
from csvdynamo_airflow.reading.source_file import open_source
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import GrowingFile

CARS = Dataset("cars", Source("https://example.org/a.csv", "a.csv"), Table("tb_cars", "id"))
HEADER = b"id,name,note\n"


def last_record(folder: Path, content: bytes, source_format: SourceFormat | None = None) -> str | None:
    """Read a source as prepare does; return what is said of its last record."""
    source_format = source_format or SourceFormat()
    (folder / "source").write_bytes(content)
    space = DiskSpace(folder, "test")
    with open_source(folder / "source", "a.csv", source_format.encoding) as text:
        rewriter = Rewriter(text, CARS, source_format, "a.csv")
        headers = rewriter.header.columns.headers
        with (
            GrowingFile(folder / "draft", lambda *_: None, space=space) as file,
            RejectSpool(folder / "rejects", headers, space) as rejects,
            KeySpool(folder / "keys", ("id",), CARS.rules, space) as keys,
        ):
            rewriter.run(Draft(folder / "draft", file, "a.csv"), rejects, keys)
    return rewriter.last_record


@pytest.mark.parametrize(
    "rows",
    [
        b"",
        b"1,a,b\n",
        b"1,a,b",
        b"1,a,b\r\n\r\n\n",
        b"1,a,b\n\x1a",
        b"1,a,b\n\0\0\0\0",
        b"1,a,b\n,,\n",
        b'1,"a\nb","c"',
        b"1,,",
        b"1\n2,a,b\n",
        b'1,"a,b\n2,a,b\n',
        b"1,a,\xff\n2,a,b\n",
        b'1,a,b,c\n2,"",b\n',
    ],
)
def test_of_a_file_that_ends_with_a_row_nothing_is_told(tmp_path: Path, rows: bytes) -> None:
    assert last_record(tmp_path, HEADER + rows) is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (b"1,a,b\n2,a\n", "row 2, has 2 of 3 columns"),
        (b"1,a,b\n2,a", "row 2, has 2 of 3 columns, with no line break after it"),
        (b"1,a,b\r\n2\r\n\r\n", "row 2, has 1 of 3 columns"),
        (b"1,a,b\nORA-01555: snapshot too old\n", "row 2, has 1 of 3 columns"),
        (b"1,a,b\nERROR: a, b, c, d\n", "row 2, has 4 fields, and the header 3 columns"),
        (b'1,a,b\n{"error": "quota"}', "row 2, has 1 of 3 columns, with no line break after it"),
        (b"1,a,b\nTotal: 1\n", "row 2, has 1 of 3 columns"),
        (
            b'1,a,b\n2,"Zo',
            "row 2, cannot be read as one (the record cannot be read: unexpected end of data), "
            "with no line break after it",
        ),
        (
            b'1,a,b\n2,a,"one\ntwo\n',
            "row 2, cannot be read as one (the record cannot be read: unexpected end of data)",
        ),
        (
            b'1,a,b\n"Error": timeout\n',
            "row 2, cannot be read as one (the record cannot be read: ',' expected after '\"')",
        ),
        ("1,a,b\n2,a,Zoë".encode()[:-1], "row 2, ends within a character, with no line break after it"),
    ],
)
def test_a_last_record_that_is_no_row_is_told_for_what_it_is(tmp_path: Path, rows: bytes, told: str) -> None:
    assert last_record(tmp_path, HEADER + rows) == f"The last record, {told}"


def test_a_quote_that_is_open_to_the_end_of_a_long_file_is_told(tmp_path: Path) -> None:
    told = last_record(tmp_path, HEADER + b'1,a,b\n2,a,"' + b"x" * (FIELD_LIMIT + 10))

    assert told is not None
    assert told.startswith("The last record, row 2, cannot be read as one (")


@pytest.mark.parametrize("row", [b"2,a,b\n", b'2,"a",b\n'])
def test_a_bad_record_before_the_last_one_is_not_the_last_one_wherever_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: bytes
) -> None:
    for size in range(1, 40):
        monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", size)
        assert last_record(tmp_path, HEADER + b"1,a\n" + row * 5) is None
        assert last_record(tmp_path, HEADER + row * 5 + b"1,a\n") == "The last record, row 6, has 2 of 3 columns"


def test_a_bad_byte_in_a_last_row_that_is_whole_is_a_reject_and_no_more(tmp_path: Path) -> None:
    assert last_record(tmp_path, HEADER + b"1,a,b\n2,a,Zo\xff\n") is None
    assert last_record(tmp_path, HEADER + b"1,a,b\n2,\xff,b") is None


def test_a_file_in_utf16_that_is_cut_within_a_character_is_told(tmp_path: Path) -> None:
    content = "id,name,note\n1,a,b\n2,a,bc".encode("utf-16-le")

    assert last_record(tmp_path, content, SourceFormat(encoding="utf-16-le")) is None
    told = last_record(tmp_path, content[:-1], SourceFormat(encoding="utf-16-le"))
    assert told == "The last record, row 2, ends within a character, with no line break after it"


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_wherever_a_file_is_cut_what_is_left_of_a_row_is_told(tmp_path: Path, delimiter: str) -> None:
    """By arithmetic of its own: a row has two delimiters; a cell of two bytes a character may be cut in one."""
    rows = "".join(f"{number},Zoë,Köln\n" for number in range(3)).replace(",", delimiter).encode()
    head = HEADER.replace(b",", delimiter.encode())

    for size in range(len(rows) + 1):
        left = rows[:size].split(b"\n")[-1]
        whole = not left or (left.count(delimiter.encode()) == 2 and left[-1:] not in {b"\xc3"})
        told = last_record(tmp_path, head + rows[:size], SourceFormat(delimiter))
        assert (told is None) is whole, rows[:size]


def test_the_rows_of_a_corrected_error_csv_were_bad_once_and_tell_nothing(tmp_path: Path) -> None:
    content = b"id,name,note,_row,_code,_column,_message\n1,a,b,1,BAD_WIDTH,,x\n2,a\n"

    assert last_record(tmp_path, content) is None


def test_it_is_handed_on_with_the_prepared_file(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(HEADER + b"1,a,b\n2,a\n")

    prepared = prepare_file.prepare_file(tmp_path, replace(CARS), "a.csv", lambda *_: None)

    assert (prepared.source_rows, prepared.last_record) == (2, "The last record, row 2, has 2 of 3 columns")
