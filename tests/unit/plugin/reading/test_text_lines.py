"""Physical lines: complete whatever the block, and cut when they are endless."""

import io
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo_airflow.reading import text_lines
from csvdynamo_airflow.reading.text_lines import CutLine, TextLines


def blocks(text: str) -> list[list[str]]:
    lines = TextLines(io.StringIO(text, newline=""))
    return list(iter(lines.next_block, []))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@given(text=st.text(alphabet="ab\n\r\x85\u2028\x0b", max_size=40))
def test_lines_are_those_of_the_text_whatever_the_block(size: int, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "BLOCK_CHARACTERS", size)

        assert list(chain.from_iterable(blocks(text))) == io.StringIO(text, newline="").readlines()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_endless_line_is_cut_and_told_by_its_length_and_quotes(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", 10)
    monkeypatch.setattr(text_lines, "LINE_LIMIT", 100)
    monkeypatch.setattr(text_lines, "KEPT_CHARACTERS", 20)
    long = '"' + "x" * 500 + '"y"'

    lines = [line for block in blocks(f"a{end}{long}{end}b{end}") for line in block if line.strip()]

    cut = lines[1]
    assert isinstance(cut, CutLine)
    assert (str(cut), cut.quotes) == (long[:20], 3)
    assert 0 < cut.length - len(long) <= len(end)
    assert [line.strip() for line in (lines[0], lines[2])] == ["a", "b"]


def test_a_line_that_is_cut_stands_alone_in_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", 10)
    monkeypatch.setattr(text_lines, "LINE_LIMIT", 20)

    cut = [block for block in blocks("a\nb\n" + "x" * 50 + "\nc\nd\n") if isinstance(block[0], CutLine)]

    assert [len(block) for block in cut] == [1]


def test_an_endless_last_line_ends_with_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", 10)
    monkeypatch.setattr(text_lines, "LINE_LIMIT", 20)

    [[cut]] = blocks("x" * 55)

    assert isinstance(cut, CutLine)
    assert cut.length == 55


@pytest.mark.parametrize("limit", [5, 1000], ids=["cut", "whole"])
@pytest.mark.parametrize("size", [1, 3, 10])
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
def test_whether_the_text_ends_with_a_line_end_is_known_when_it_was_read(
    monkeypatch: pytest.MonkeyPatch, limit: int, size: int, end: str
) -> None:
    monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", size)
    monkeypatch.setattr(text_lines, "LINE_LIMIT", limit)
    lines = TextLines(io.StringIO("a\n" + "x" * 50 + end, newline=""))

    assert list(iter(lines.next_block, []))

    assert lines.ends_a_line is bool(end)


def test_carriage_returns_alone_are_read_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may be the first half of a line end, and none is a reason to read on to the end of the text."""
    monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", 10)

    read = blocks("\r" * 1000 + "\r\n")

    assert max(map(len, read)) <= 11
    assert list(chain.from_iterable(read)) == ["\r"] * 1000 + ["\r\n"]
