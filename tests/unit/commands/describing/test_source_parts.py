"""Comments, names, footers and samples of a source that nobody described."""

import gzip
from pathlib import Path

import pytest

from commands.describing.source_comments import find_comment
from commands.describing.source_dialect import Dialect, lines_of, records_of
from commands.describing.source_footer import find_footer, find_total
from commands.describing.source_header import find_header
from commands.describing.source_names import Told, tell_names, usable_names
from commands.describing.source_sample import BEGINNING_BYTES, begins_one_line, spread_text, take_sample


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("# a\n# b, c\nid,name\n1,a\n", "#"),
        ("% a\nid,name\n1,a\n", "%"),
        ("id,name\n1,a\n// no\n2,b\n", "//"),
        ("#id,name\n1,a\n2,b\n", None),
        ("id,name\n#1,a\n#2,b\n", None),
        ('id,name\n1,"x\n# y"\n2,b\n', None),
        ("id,name\n1,a\n", None),
    ],
)
def test_comments_are_lines_that_are_not_as_wide_as_rows(text: str, comment: str | None) -> None:
    assert find_comment(lines_of(text), Dialect()) == comment


def _told(text: str, *, plainly: bool = False) -> dict[str, object]:
    told = Told()
    tell_names(told, find_header(records_of(lines_of(text), Dialect())), plainly=plainly)
    return told.settings


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("id,name\n1,a\n2,b\n", {}),
        ("id,name\n1,a,x\n2,b,y\n", {"names": ["id", "name", "column_3"]}),
        ("age,name\n1,7,x\n2,8,y\n3,9,z\n", {"names": ["column_1", "age", "name"]}),
        (",id\n0,a\n1,b\n", {"nameless": "drop"}),
        (",id\n1,a\n2,b\n", {"nameless": "drop"}),
        (",id\n5,a\n7,b\n", {"nameless": "number"}),
        ("id,\n5,0\n7,1\n", {"nameless": "number"}),
        ("id,\n5,\n7,\n", {}),
        ("id,a,a\n5,x,y\n", {"repeated": "number"}),
        ("id,a,b\n5,x\n7,y\n", {"short_rows": "pad"}),
        ("id,a,b\n5,x,y\n6,x,y\n7,z\n", {}),
        ("id,a\n5,x,\n7,y,\n", {}),
        (
            "id,a\n" + "7,y\n" * 8 + "5,x,\n" * 2,
            {"names": ["id", "a", "column_3"], "header": "none", "skip_lines": 1, "short_rows": "pad"},
        ),
        (
            "id,a\n5,x,\n7,y,\n8,z\n",
            {"names": ["id", "a", "column_3"], "header": "none", "skip_lines": 1, "short_rows": "pad"},
        ),
    ],
)
def test_names_and_widths(text: str, settings: dict[str, object]) -> None:
    assert _told(text) == settings


def test_every_name_can_be_said() -> None:
    assert _told("id,id\n5,x\n", plainly=True) == {"names": ["id", "id_2"], "header": "none", "skip_lines": 1}


def test_names_are_made_usable() -> None:
    assert usable_names(["a\x01b", "", "a b", "x\ny"]) == ["a b", "column_2", "a b_2", "x y"]


_ROWS = "1,a,5\n2,b,6\n3,c,7\n"


@pytest.mark.parametrize(
    ("end", "cell"),
    [
        ("Total,,18\n", "Total"),
        ("Grand total,,18\n", "Grand total"),
        ("Celkem,,18\n", "Celkem"),
        ("\nSource: Office\n", "Source: Office"),
        (",,\nNotes:,,\n1. Rounded,,\n", "Notes:"),
        ("Note: a, b, c\n", None),
        ("\nNote: a, b, c, d\n", "Note: a"),
        ("4,d,8\n", None),
        ("4,,\n", None),
        ("A name,,\n", None),
        ("Source: Office,,\n", "Source: Office"),
        (",,\nSource: Office,,\n1 Provisional,,\n,,\n", "Source: Office"),
        ("A name,,\nSource: Office,,\n", "Source: Office"),
        ("Figures are rounded to thousands\n", "Figures are rounded to thousands"),
        ("", None),
    ],
)
def test_what_follows_the_rows(end: str, cell: str | None) -> None:
    footer = find_footer(records_of(lines_of(_ROWS + end), Dialect()), 3)
    assert (footer.cell if footer else None) == cell
    assert footer is None or footer.place >= 3


def test_no_row_begins_as_what_ends_them() -> None:
    assert find_footer(records_of(lines_of("Total,a,1\n" + _ROWS + "Total,,18\n"), Dialect()), 3) is None


def test_rows_of_a_key_alone_are_rows() -> None:
    assert find_footer(records_of(lines_of("".join(f"{number},,\n" for number in range(9))), Dialect()), 3) is None
    assert find_footer(records_of(lines_of("".join(f"a b {number},,\n" for number in range(9))), Dialect()), 3) is None


def test_totals_that_do_not_begin_so_are_told() -> None:
    records = records_of(lines_of(_ROWS + ",Total,18\n"), Dialect())
    assert find_total(records) == records[-1]
    assert find_total(records[:-1]) is None


def test_a_sample_is_the_beginning_and_the_end(tmp_path: Path) -> None:
    lines = [b"%d,\xc5\x88,a row of some length\n" % number for number in range(60_000)]
    for path, content in (
        (tmp_path / "a.csv", b"".join(lines)),
        (tmp_path / "a.csv.gz", gzip.compress(b"".join(lines), 1)),
    ):
        path.write_bytes(content)
        told: list[int] = []
        sample = take_sample(path, "a.csv", {}, told.append)
        assert sample.size == told[-1] == sum(map(len, lines))
        assert BEGINNING_BYTES - 100 < len(sample.beginning) <= BEGINNING_BYTES
        assert sample.beginning.endswith(b"length\n")
        assert sample.end_text("utf-8").splitlines(keepends=True)[-1].encode() == lines[-1]
        assert sample.end_text("utf-8").splitlines(keepends=True)[0].encode() in lines
        assert not sample.is_whole
        assert b"\xc5\x88" in sample.high


def test_a_small_source_is_its_own_sample(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id;ň\n1;a".encode("utf-16"))
    sample = take_sample(path, "a.csv", {}, lambda _: None)
    assert sample.is_whole
    assert sample.text(sample.encoding) == "id;ň\n1;a"


def test_a_control_character_in_every_line_is_no_sign_of_binary_data(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"".join(b"%d\x01a\x01b\x01c\n" % number for number in range(50)))
    assert take_sample(path, "a.csv", {}, lambda _: None).is_whole


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        ("id,x\n1,a\nTotal,5\n", True),
        ('id,x\r\n1,a\r\n"Total",5\r\n', True),
        ("id,x\nTotal,1\nTotal,5\n", False),
        ("id,x\n1,Total\n", False),
    ],
)
def test_lines_that_begin_with_a_cell_are_counted(content: str, is_one: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for encoding in ("utf-8", "utf-16-le"):
        path.write_bytes(content.encode(encoding))
        assert begins_one_line(path, "a.csv", {}, encoding, "Total") is is_one


def test_a_cell_is_counted_once_where_pieces_meet(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for before in range(256 * 1024 - 8, 256 * 1024 + 2):
        path.write_bytes(b"x" * before + b"\nTotal,5\n")
        assert begins_one_line(path, "a.csv", {}, "utf-8", "Total")


def test_pieces_from_all_over_a_source_are_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [f"{number},ň,a row of some length" for number in range(400_000)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = spread_text(path, "a.csv", {}, "utf-8").splitlines()
    assert text[0] == lines[0]
    assert set(text) <= set(lines)
    assert int(text[-1].split(",")[0]) > 350_000
    assert len(text) < len(lines) / 3
