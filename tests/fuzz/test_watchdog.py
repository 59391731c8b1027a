"""The watchdog of the fuzz tests bites: what hangs fails, a regular expression in C as well."""

import re

import pytest

from tests.fuzz import typed_errors
from tests.fuzz.typed_errors import HangError, result_or_error


def test_a_pattern_that_matches_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_errors, "_HANGS_AFTER_SECONDS", 0.1)
    slow = re.compile(r"(?:\w|\w\w)+$")

    with pytest.raises(HangError):
        result_or_error(lambda: slow.fullmatch("a" * 200 + "!"), ValueError)


@pytest.mark.parametrize("message", ["", "x" * 3000, "a\x00b", "\u202e", "\ud800", "Traceback: x", "1\n2\n3\n4\n5"])
def test_an_error_that_is_no_sentence_fails(message: str) -> None:
    def raises() -> None:
        raise ValueError(message)

    with pytest.raises((AssertionError, UnicodeEncodeError)):
        result_or_error(raises, ValueError)


def test_an_error_that_tells_a_rows_value_or_is_of_another_type_fails() -> None:
    def raises() -> None:
        raise ValueError("the row holds s3cret")

    with pytest.raises(AssertionError):
        result_or_error(raises, ValueError, secret="s3cret")
    with pytest.raises(ValueError, match="s3cret"):
        result_or_error(raises, KeyError)
