"""Patterns of a data set file: those that may match for ever are refused where that can be told."""

import re

import pytest

from csvdynamo.rules.patterns import compile_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*",
        "((a+))+",
        r"(\w*\s?)*",
        "(?:(?:a+)?)*x",
        "(a+|b)+",
        r"([a-z]+)*\d",
        "(?=(a+)+)x",
        "(?>(a+)+b)",
        "(?:(a+)+b)++",
        "(x|(a{2,40})){20,}",
        "(.*)*",
        "(a+?)+?",
        "(?P<name>a+)+",
        "(?:(a)|(b+)+)",
        "(a)?(?(1)(b+)+|c)",
    ],
)
def test_a_repetition_of_nothing_but_a_repetition_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="repeats a repetition"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("C_[0-9]{1,9}", "C_7"),
        ("(?:[A-Z]+ )*[A-Z]+", "NORTH WIND"),
        ("(a++)+", "aaa"),
        ("(?>(a+))+", "aaa"),
        ("(?>a+)+b", "aaab"),
        (r"\d{3}(-\d+)?", "123-4"),
        ("([0-9]{3})+", "123456"),
        ("(a|b)*", "abba"),
        (r"(\d{1,3}\.){3}\d{1,3}", "127.0.0.1"),
        (r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "me@example.com"),
        ("(a+)?", "aa"),
        ("(ab*)*", "abba"),
        ("()(?(1)a|b)", "a"),
    ],
)
def test_what_can_share_a_text_in_one_way_only_is_taken(pattern: str, text: str) -> None:
    assert compile_pattern(pattern).fullmatch(text)


@pytest.mark.parametrize("pattern", ["(", "[", "a**", "(?P<a>.)(?P<a>.)", "a{99999999999}", "(" * 5000 + ")" * 5000])
def test_what_is_no_pattern_is_told(pattern: str) -> None:
    with pytest.raises(ValueError, match="is not a regular expression of Python's re: "):
        compile_pattern(pattern)


def test_a_pattern_is_compiled_as_python_does() -> None:
    assert compile_pattern("(?i)a.c") == re.compile("(?i)a.c")
