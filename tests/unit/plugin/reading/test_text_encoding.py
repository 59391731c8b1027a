"""Telling encodings apart: by mark, by NUL, and by what the whole file speaks for."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from csvdynamo_airflow.reading.text_encoding import EncodingEvidence, byte_order_mark, encoding_of_head

ASCII = b"id,name\n1,plain\n" * 100


def weigh(content: bytes, size: int = 1024) -> str:
    evidence = EncodingEvidence()
    for start in range(0, len(content), size):
        evidence.add(content[start : start + size])
    return evidence.encoding()


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"\xef\xbb\xbfid,name", "utf-8-sig"),
        ("\ufeffid,name".encode("utf-16-le"), "utf-16-le"),
        ("\ufeffid,name".encode("utf-16-be"), "utf-16-be"),
        ("\ufeff名前,番号".encode("utf-16-le"), "utf-16-le"),
        ("id,name\n1,Zoë\n".encode("utf-16-le"), "utf-16-le"),
        ("id,name\n1,Zoë\n".encode("utf-16-be"), "utf-16-be"),
        (b"id,name\n1,Zo\xeb\n", None),
        (b"id,name\n1,\x00\n", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_what_they_can(head: bytes, encoding: str | None) -> None:
    assert encoding_of_head(head) == encoding


def test_the_mark_is_told_apart_from_the_text() -> None:
    assert [byte_order_mark(head) for head in (b"\xef\xbb\xbfid", b"\xff\xfei\0", b"\xfe\xff\0i", b"id")] == [
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"",
    ]


@pytest.mark.parametrize(
    "cell",
    ["Café", "señor", "Ærø", "Straße", "5 €", "it’s", "Queensway – North", "“quoted”", "20 °C", "½ cup"],  # noqa: RUF001
)
@pytest.mark.parametrize("before", [b"", ASCII * 50])
def test_a_single_sign_of_windows_1252_in_an_ascii_file_is_enough(cell: str, before: bytes) -> None:
    assert weigh(before + f"1,{cell}\n".encode("cp1252") + before) == "windows-1252"


@pytest.mark.parametrize("cell", ["Café", "5 €", "it’s", "水力", "⚡"])  # noqa: RUF001
@pytest.mark.parametrize("before", [b"", ASCII * 50])
def test_the_same_in_utf8_is_utf8(cell: str, before: bytes) -> None:
    assert weigh(before + f"1,{cell}\n".encode() + before) == "utf-8"


def test_ascii_is_utf8() -> None:
    assert weigh(ASCII) == "utf-8"


@pytest.mark.parametrize("bad", [b"\xff", b"\x81", b"\xff\xfe", b"\x80\x81", b"\xe2\x82", b"\xed\xa0\xbd"])
def test_bytes_that_are_no_text_in_either_leave_an_ascii_file_utf8(bad: bytes) -> None:
    assert weigh(ASCII + b"1," + bad + b"\n" + ASCII) == "utf-8"


def test_a_few_bad_bytes_do_not_make_a_file_in_utf8_another() -> None:
    assert weigh("1,Zoë\n2,Åse\n3,Ñandú\n".encode() + b"4,Caf\xe9\n5,\x92\n" + ASCII) == "utf-8"


def test_what_happens_to_be_utf8_does_not_make_a_file_in_windows_1252_another() -> None:
    assert weigh("1,Zoë\n2,Åse\n3,Café\n".encode("cp1252") + b"4,\xc3\xa9\n" + ASCII) == "windows-1252"


@given(
    st.lists(st.sampled_from(["Zoë", "Café", "plain", "½", "créée", "水力", "", "\n"]), max_size=30),
    st.sampled_from(["utf-8", "cp1252"]),
    st.integers(1, 7),
)
@example(["½", "plain"], "cp1252", 1)
def test_the_verdict_does_not_depend_on_how_the_file_is_cut(cells: list[str], encoding: str, size: int) -> None:
    content = ",".join(cells).encode(encoding, "replace")

    assert weigh(content, size) == weigh(content, 10_000)


def test_a_file_without_any_ascii_is_weighed_in_constant_memory() -> None:
    assert weigh("水".encode() * 200_000) == "utf-8"
