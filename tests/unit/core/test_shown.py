"""The door: text from outside as a part of one line."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.errors import BatchError, DatasetError
from csvdynamo.shown import ShownLines, quoted, shown, shown_lines


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cars.toml: table.name: must be a text, found 7", "cars.toml: table.name: must be a text, found 7"),
        ("Łódź is “fine” …", "Łódź is “fine” …"),
        ("a\x00\x1b[31mb\x07", "a\\x00\\x1b[31mb\\x07"),
        ("half \ud800", "half \\ud800"),
        ("\u202egnp.exe\u2028\x85", "\\u202egnp.exe\\u2028\\x85"),
        ("a\n- written  5\r\n", "a\\n- written  5\\r\\n"),
        ("", ""),
    ],
)
def test_what_does_not_print_is_escaped_line_feeds_among_it(text: str, told: str) -> None:
    assert shown(text) == told
    assert str(DatasetError(text)) == told


def test_whatever_has_a_text_is_shown() -> None:
    assert shown(7) == "7"
    assert shown(ValueError("a\nb")) == "a\\nb"
    assert shown(Path("/a\x1bb")) == "/a\\x1bb"


@given(st.text(), st.integers(10, 50))
def test_a_text_is_one_printable_line_within_its_bound_and_the_same_behind_a_second_door(
    text: str, longest: int
) -> None:
    told = shown(text, longest)

    assert told.isprintable()
    assert len(told) <= longest
    assert shown(told, longest) == told


def test_a_long_text_keeps_its_beginning_and_its_end_however_much_is_escaped() -> None:
    for filler in ("x", "\x1b", "\U000e0001"):
        told = str(BatchError("cars.toml: " + filler * 70_000 + " is unknown"))

        assert told.startswith("cars.toml: ")
        assert told.endswith(" is unknown")
        assert len(told) <= 2000


def test_the_lines_of_an_error_are_those_that_it_was_given() -> None:
    assert str(DatasetError("a list:", "- one\n- forged", "- two")) == "a list:\n- one\\n- forged\n- two"


def test_lines_that_are_ours_stay_lines() -> None:
    told = shown_lines("a\x1b\nb\r\n")

    assert told == "a\\x1b\nb\\r\n"
    assert isinstance(told, ShownLines)


@given(st.text())
def test_a_quoted_value_is_short_and_prints(text: str) -> None:
    told = quoted(text)

    assert told.isprintable()
    assert re.fullmatch('".*"', told)
    if text.isprintable() and len(text) <= 60:
        assert json.loads(told) == text
