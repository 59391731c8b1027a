"""The message of an error: printable, whatever it quotes."""

import pytest

from csvdynamo.errors import BatchError, DatasetError, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cars.toml: table.name: must be a text, found 7", "cars.toml: table.name: must be a text, found 7"),
        ("Łódź is “fine” …", "Łódź is “fine” …"),
        ("a\x00\x1b[31mb", "a\\x00\\x1b[31mb"),
        ("half \ud800", "half \\ud800"),
        ("\u202egnp.exe\u2028\x85", "\\u202egnp.exe\\u2028\\x85"),
        ("a list:\n- one\n- two", "a list:\n- one\n- two"),
    ],
)
def test_what_does_not_print_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert str(DatasetError(text)) == shown


def test_a_long_line_keeps_its_beginning_and_its_end_and_every_line_is_kept() -> None:
    long = "cars.toml: " + "x" * 70_000 + " is unknown"

    lines = str(BatchError(f"{long}\n{long}\nthe last")).split("\n")

    assert len(lines) == 3
    assert all(line.startswith("cars.toml: ") and line.endswith(" is unknown") for line in lines[:2])
    assert all(len(line) < 2_010 for line in lines)
