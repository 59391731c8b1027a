import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.errors import ResultFileError
from csvdynamo.records.json_stream import documents


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


_DOCUMENTS = st.lists(
    st.dictionaries(
        st.text(max_size=5), st.none() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=5))
    ),
    max_size=6,
)


@given(_DOCUMENTS, st.integers(1, 50), st.booleans())
def test_lines_are_read_however_the_bytes_are_cut(values: list[Any], size: int, last_line_ends: bool) -> None:
    text = "\n".join(json.dumps(value, ensure_ascii=False) for value in values) + "\n" * last_line_ends

    assert list(documents(cut(text.encode(), size), "file")) == values


@given(_DOCUMENTS, st.integers(1, 50), st.sampled_from([None, 2]))
def test_an_array_is_read_however_the_bytes_are_cut(values: list[Any], size: int, indent: int | None) -> None:
    text = json.dumps(values, ensure_ascii=False, indent=indent)

    assert list(documents(cut(text.encode(), size), "file")) == values


@pytest.mark.parametrize("content", [b"", b"\n\n", b"  ", b"[]", b" [ ] \n"])
def test_an_empty_file_has_no_documents(content: bytes) -> None:
    assert list(documents([content], "file")) == []


def test_numbers_in_an_array_are_not_taken_for_whole_before_they_end() -> None:
    assert list(documents([b"[1", b"2", b",3", b"4]"], "file")) == [12, 34]


def test_blank_lines_and_windows_line_ends_are_passed_over() -> None:
    assert list(documents([b'\r\n{"a":1}\r\n\r\n{"a":2}'], "file")) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a":1}\n{"a":', "file line 2 is not JSON"),
        (b'{"a":1} {"a":2}', "file line 1 is not JSON"),
        (b'{"a":1}\nnonsense\n{"a":3}', "file line 2 is not JSON"),
        (b"[1, 2", "entry 2 is not JSON, or the file is cut short"),
        (b'[{"a":1},', "cut short"),
        (b"[", "cut short"),
        (b"[1 2]", "entry 1 is followed by neither a comma nor"),
        (b"[1,]", "entry 2 is not JSON"),
        (b"[1] [2]", "goes on after its array"),
        (b'{"a":"\xff"}', "file is not UTF-8"),
        (b'{"a":"\xc3', "file is not UTF-8"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_a_damaged_file_is_an_error_and_never_a_shorter_one(content: bytes, words: str, size: int) -> None:
    with pytest.raises(ResultFileError, match=words):
        list(documents(cut(content, size), "file"))


def test_no_more_is_read_than_the_documents_asked_for_need() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"a":1}\n{"a":2}\n'
        raise AssertionError("read too far")

    stream = documents(chunks(), "file")

    assert [next(stream), next(stream)] == [{"a": 1}, {"a": 2}]
