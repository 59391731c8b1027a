"""Where a table begins, and which of its first records are its header."""

import pytest

from commands.describing.source_dialect import Dialect, lines_of, records_of
from commands.describing.source_header import HeaderPlace, find_header


def _found(text: str) -> HeaderPlace:
    return find_header(records_of(lines_of(text), Dialect()))


def _rows(*cells: str, count: int = 12) -> str:
    return "".join(
        ",".join(cell.format(n=number, n2=number * number) for cell in cells) + "\n" for number in range(count)
    )


@pytest.mark.parametrize(
    ("above", "header"),
    [
        ("", "id,name,x\n"),
        ("Report\n", "id,name,x\n"),
        ("Report,,\n,,\n", "id,name,x\n"),
        (",,Report\n", "id,name,x\n"),
        ("Title,Things\nDate,2019\n\n", "id,name,x\n"),
        ("Title,Things,\nDate,2019,\n", "id,name,x\n"),
        ("Title,Things\nDate,2019\n\n", "id,size\n"),
        ("", ",2001,2002\n"),
        ("", "Date,1,2,3\n"),
        ("", "Region,01/01/2019,01/02/2019\n"),
        ("", "Region,Jan-12,Feb-12\n"),
    ],
)
def test_a_header_is_found_below_what_is_above_it(above: str, header: str) -> None:
    cells = ["A {n}", "{n2}", "{n}.5", "7"][: header.count(",") + 1]
    place = _found(above + header + _rows(*cells))
    assert [",".join(record.cells) + "\n" for record in place.header] == [header]
    assert place.line == above.count("\n")
    assert len(place.rows) == 12


@pytest.mark.parametrize(
    "text",
    [
        _rows("{n}", "{n2}", "{n}.5"),
        _rows("k-{n}", "plain", "note {n}"),
        "London,Open\nLeeds,Shut\nLondon,Shut\nYork,Open\nLeeds,Open\n",
        "01/02/2019,Smith\n02/02/2019,Jones\n",
        "7,Anna,12.5\n",
    ],
)
def test_rows_alone_have_no_header(text: str) -> None:
    place = _found(text)
    assert not place.header
    assert place.line == 0
    assert len(place.rows) == text.count("\n")


@pytest.mark.parametrize(
    ("lines", "below"),
    [
        ("Year,Males,,Females,\n,Number,Rate,Number,Rate\n", ["199{n}", "{n2}", "{n}.5", "{n2}", "{n}.1"]),
        ("Budget,,Spent\n2019,2020,2020\n", ["{n}", "{n2}", "{n}"]),
        ("time,depth,temp\nUTC,m,deg\n", ["2019-01-0{n}", "{n2}", "{n}.5"]),
        ("name,depth,temp\n,m,deg\n", ["a {n}", "{n2}", "{n}.5"]),
        ("name,note,size\n,,cm\n", ["a {n}", "x", "about {n}"]),
    ],
)
def test_lines_that_make_the_names_together(lines: str, below: list[str]) -> None:
    place = _found(lines + _rows(*below, count=9))
    assert len(place.header) == 2
    assert len(place.rows) == 9


@pytest.mark.parametrize("header", ["id,name,note\n", ",name,note\n", "id,,note\n"])
def test_a_first_row_is_no_second_line_of_a_header(header: str) -> None:
    assert len(_found(header + "1,,x\n2,a,y\n3,b,\n").header) == 1


def test_words_for_nothing_are_no_names() -> None:
    assert len(_found("id,a,b\nN/A,N/A,-\n1,2,3\n4,5,6\n").header) == 1


@pytest.mark.parametrize("header", ["year,month,avg\n", "year,month,avg,low,high\n"])
def test_a_header_of_another_width_is_one(header: str) -> None:
    place = _found(header + _rows("19{n}", "{n}", "{n}.5", "{n2}"))
    assert [",".join(record.cells) + "\n" for record in place.header] == [header]


def test_a_header_alone_is_one() -> None:
    assert len(_found("id,name\n").header) == 1


def test_a_guess_is_told_from_what_is_sure() -> None:
    sure, guess = _found("id,size\n" + _rows("{n}", "{n2}")), _found("Title,Some thing\nAuthor,Somebody\n")
    assert sure.vote > guess.vote >= 0
