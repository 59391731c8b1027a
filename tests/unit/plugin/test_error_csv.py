"""The CSV of a run's rejects: the source's columns, why each row was refused, and nothing that a spreadsheet runs."""

import csv
import io
import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.records.rejects import Reject
from csvdynamo.rules.codes import RejectCode, Stage
from csvdynamo_airflow.outcome.error_csv import write_error_csv
from csvdynamo_airflow.preparation.prepared_rows import reject_item
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_columns import SourceColumns
from csvdynamo_airflow.reading.spreadsheet_cells import restore
from tests.unit.plugin.reading.test_spreadsheet_cells import ATTACKS, FORMULA, FORMULA_PIECE, WITHIN

HEADERS = ("ID", "City")
BOM = b"\xef\xbb\xbf"


def reject(item: dict[str, str], **changes: Any) -> Reject:
    values: dict[str, Any] = {
        "execution_name": "cars-1",
        "dataset": "cars",
        "row": 7,
        "stage": Stage.VALIDATE,
        "code": "BAD_TYPE",
        "column": "City",
        "message": "City: no",
        "item": item,
        "reject_id": "x",
        **changes,
    }
    return Reject(**values)


def written(*rejects: Reject, headers: tuple[str, ...] = HEADERS) -> bytes:
    lines = io.BytesIO("".join(one.to_json() + "\n" for one in rejects).encode())
    lines.seek(0, io.SEEK_END)
    out = io.BytesIO()
    write_error_csv(lines, headers, out)
    return out.getvalue()


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def test_a_reject_is_a_row_of_the_source_with_its_reason_behind() -> None:
    content = written(reject({"ID": "1", "City": "Kraków"}), reject({"City": "x", "ID": "2"}, row=None, column=None))

    assert content.startswith(BOM + b"ID,City,_row,_code,_column,_message\r\n")
    assert table(content)[1:] == [
        ["1", "Kraków", "7", "BAD_TYPE", "City", "City: no"],
        ["2", "x", "", "BAD_TYPE", "", "City: no"],
    ]


def test_what_has_no_header_has_a_column_only_where_a_reject_has_it() -> None:
    too_wide = BadRecord(RejectCode.BAD_WIDTH, "4 fields", ["1", "a", "b,c", "d"])
    unread = BadRecord(RejectCode.BAD_QUOTE, "no end", text='2,"a\n')

    content = written(reject(dict(reject_item(HEADERS, too_wide))), reject(dict(reject_item(HEADERS, unread))))

    header, wide, lines = (dict(zip(table(content)[0], row, strict=True)) for row in table(content))
    assert list(header)[-2:] == ["_extra", "_lines"]
    assert (wide["ID"], wide["City"], wide["_extra"], wide["_lines"]) == ("1", "a", '"b,c",d', "")
    assert (lines["ID"], lines["City"], lines["_extra"], lines["_lines"]) == ("", "", "", '2,"a\n')


def test_a_record_too_narrow_has_empty_cells_where_it_ends() -> None:
    narrow = BadRecord(RejectCode.BAD_WIDTH, "1 field", ["1"])

    content = written(reject(dict(reject_item(HEADERS, narrow))))

    assert table(content)[1][:2] == ["1", ""]


def test_no_cell_of_header_or_row_is_a_formula() -> None:
    content = written(
        reject({"=ID": "=1+1", "City": "@x"}, column="=ID", message="-1", code="+"), headers=("=ID", "City")
    )

    assert not any(map(FORMULA.match, itertools.chain.from_iterable(table(content))))
    assert table(content)[1] == ["'=1+1", "'@x", "7", "'+", "'=ID", "'-1"]


@pytest.mark.parametrize(
    ("headers", "front"),
    [
        (("_code", "City"), "_"),
        (("_extra", "City"), "_"),
        (("_code", "__message", "___row"), "___"),
    ],
)
def test_helper_columns_step_aside_for_a_source_that_has_one_of_their_names(
    headers: tuple[str, ...], front: str
) -> None:
    content = written(reject(dict.fromkeys(headers, "1")), headers=headers)

    assert table(content)[0] == [*headers, *(front + name for name in ("_row", "_code", "_column", "_message"))]
    assert table(content)[1][: len(headers)] == ["1"] * len(headers)


def test_half_a_surrogate_pair_does_not_stop_the_file() -> None:
    assert table(written(reject({"ID": "\ud800", "City": ""})))[1][0] == "\\ud800"


def test_a_cell_that_is_marked_within_is_told_by_a_column_of_its_own() -> None:
    content = written(reject({"ID": "1", "City": "x;=1+1"}), reject({"ID": "2", "City": "Kent"}))

    assert table(content) == [
        ["ID", "City", "_row", "_code", "_column", "_message", "_marked_within"],
        ["1", "x;'=1+1", "7", "BAD_TYPE", "City", "City: no", "yes"],
        ["2", "Kent", "7", "BAD_TYPE", "City", "City: no", ""],
    ]


def test_without_that_column_an_apostrophe_within_a_cell_is_the_sources_own() -> None:
    """As it is in every file that a version wrote which marked cells in front alone."""
    columns = SourceColumns.of(["ID", "City", "_row", "_code", "_column", "_message"])

    assert columns.migrated(["1", "'=1;'x", "7", "c", "", ""]) == ["1", "=1;'x"]


_CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.text("'=+-@\t\r\n\",x\\", max_size=6)


@given(st.lists(st.tuples(_CELLS, _CELLS), min_size=1, max_size=4))
def test_every_text_can_be_read_back_to_the_letter(rows: list[tuple[str, str]]) -> None:
    content = written(*(reject(dict(zip(HEADERS, row, strict=True))) for row in rows))

    header, *cells = table(content)
    columns = SourceColumns.of(header)
    assert columns.headers == HEADERS
    assert [tuple(columns.migrated(row)) for row in cells] == rows


_INSIDE = st.sampled_from(ATTACKS).map(lambda text: f'a"\n{text}",{text}\r\n{text}')
_HOSTILE = _CELLS | st.sampled_from([*ATTACKS, *WITHIN]) | _INSIDE | st.text("'\"=+;|\t\n,x ", max_size=8)


@given(st.lists(st.tuples(_HOSTILE, _HOSTILE), min_size=1, max_size=4), _HOSTILE)
def test_whatever_separates_cells_no_piece_is_a_formula_and_every_text_comes_back(
    rows: list[tuple[str, str]], message: str
) -> None:
    content = written(*(reject(dict(zip(HEADERS, row, strict=True)), message=message) for row in rows))

    text = content.decode("utf-8-sig")
    for separator in ",;\t|":
        aware = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        assert not any(map(FORMULA_PIECE.match, itertools.chain.from_iterable(aware)))
        naive = re.split(f"[{re.escape(separator)}\r\n]", text)
        assert separator == "," or not any(map(FORMULA_PIECE.match, naive))
    columns = SourceColumns.of(table(content)[0])
    assert [tuple(columns.migrated(row)) for row in table(content)[1:]] == rows


_NAMES = (_HOSTILE.filter(bool) | st.sampled_from(HEADERS)).map(str)


@given(
    st.lists(_NAMES, min_size=1, max_size=4, unique=True),
    st.lists(st.lists(_HOSTILE, min_size=4, max_size=4), max_size=3),
    _HOSTILE,
)
def test_whatever_the_file_holds_no_cell_can_be_run_and_no_text_becomes_two_cells(
    headers: list[str], rows: list[list[str]], message: str
) -> None:
    rejects = [
        reject(dict(zip(headers, row, strict=False)), column=headers[0], code=message or "X", message=message)
        for row in rows
    ]

    cells = table(written(*rejects, headers=tuple(headers)))

    assert len(cells) == 1 + len(rows)
    marked = "_marked_within" in cells[0]
    assert {len(row) for row in cells} == {len(headers) + 4 + marked}
    assert not any(map(FORMULA.match, itertools.chain.from_iterable(cells)))
    assert [restore(name) for name in cells[0][: len(headers)]] == headers
