"""Opening a source: gzip by its bytes, BOM or not, and clear words for what is no CSV."""

import gzip
from pathlib import Path

import pytest

from csvdynamo_airflow.source_file import SourceFileError, open_source, refuse_unless_csv

CSV = "id,name\n1,Zoë\n"


def source(folder: Path, content: bytes) -> Path:
    path = folder / "a.csv"
    path.write_bytes(content)
    return path


def read(path: Path) -> str:
    with open_source(path, "a.csv") as text:
        return text.read()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_plain_and_gzip_with_and_without_bom_read_alike(tmp_path: Path, packed: bool, encoding: str) -> None:
    content = CSV.encode(encoding)

    assert read(source(tmp_path, gzip.compress(content) if packed else content)) == CSV


def test_gzip_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    path = source(tmp_path, gzip.compress(b"id\n") + gzip.compress(b"1\n"))

    assert read(path) == "id\n1\n"


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    assert read(source(tmp_path, b"id\r\n1\n2\r3")) == "id\r\n1\n2\r3"


def test_bytes_that_are_no_utf8_do_not_stop_the_reading(tmp_path: Path) -> None:
    assert read(source(tmp_path, b"id\n\xff\n1\n")) == "id\n\udcff\n1\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n\n", "is empty"),
        (b" " * 5000 + b"id", "white space"),
        (b"<!DOCTYPE html><p>Sign in", "web page"),
        (b"\n  <HTML><body>", "web page"),
        (b"<?xml version='1.0'?><Error/>", "web page"),
        (gzip.compress(b"<html>"), "web page"),
        (b"PK\x03\x04 and so on", "corrupt gzip or zip"),
        (b"PAR1 and so on", "Parquet"),
        (gzip.compress(gzip.compress(CSV.encode())), "gzip within gzip"),
        (CSV.encode("utf-32"), "UTF-32"),
        (CSV.encode("utf-32-le"), "binary"),
        (bytes(range(256)) * 4, "binary"),
        (b"\x1f\x8b\x08\x00 no gzip", "corrupt gzip|breaks off"),
    ],
)
def test_what_is_no_csv_is_named_for_what_it_is(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(SourceFileError, match=f"^a.csv.*({told})"):
        refuse_unless_csv(source(tmp_path, content), "a.csv")


def test_gzip_that_breaks_off_is_an_error_and_not_a_short_file(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000)))

    with pytest.raises(SourceFileError, match="breaks off"):
        read(source(tmp_path, packed[:-20]))


def test_gzip_with_a_changed_byte_is_an_error(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000))))
    packed[-6] ^= 1

    with pytest.raises(SourceFileError, match="corrupt gzip"):
        read(source(tmp_path, bytes(packed)))
