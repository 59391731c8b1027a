"""Opening a source: gzip by its bytes, BOM or not, and clear words for what is no CSV."""

import gzip
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column
from csvdynamo_airflow.reading.source_file import (
    SourceFileError,
    SourceFormat,
    find_format,
    open_source,
    refuse_unless_csv,
)
from csvdynamo_airflow.storage.growing_file import FileTooLargeError

CSV = "id,name\n1,Zoë\n"
NAMES = Dataset("names", Source("https://example.org/a.csv", "a.csv"), Table("tb_names", "id"))


def gzipped(content: bytes) -> bytes:
    """Without the time in it, which would be in the test's name: two processes must collect the same tests."""
    return gzip.compress(content, mtime=0)


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
        (gzipped(b""), "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n\n", "is empty"),
        (b" " * 5000 + b"id", "white space"),
        (b"<!DOCTYPE html><p>Sign in", "web page"),
        (b"\n  <HTML><body>", "web page"),
        (b"<?xml version='1.0'?><Error/>", "web page"),
        (gzipped(b"<html>"), "web page"),
        (b"PK\x03\x04 and so on", "corrupt gzip or zip"),
        (b"PAR1 and so on", "Parquet"),
        (gzipped(gzipped(CSV.encode())), "gzip within gzip"),
        (CSV.encode("utf-32"), "UTF-32"),
        (CSV.encode("utf-32-le"), "binary"),
        (bytes(range(256)) * 4, "binary"),
        (b"\x1f\x8b\x08\x00 no gzip", "corrupt gzip|breaks off"),
    ],
)
def test_what_is_no_csv_is_named_for_what_it_is(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(SourceFileError, match=f"^a.csv.*({told})"):
        refuse_unless_csv(source(tmp_path, content), "a.csv", NAMES)


@pytest.mark.parametrize(
    ("content", "by_what"),
    [
        (b"PAR1 and so on", r"begins as a Parquet file does, with b'PAR1', and was taken for that"),
        (b"BZh and so on", r"begins as bzip2 does, with b'BZh', and was taken for that"),
        (b"BZh91AY&SY and so on", "corrupt bz2, by its first bytes"),
        (b"\xef\xbb\xbf<html lang='en'>", r"begins as a web page does, with '<html', and was taken for that"),
        (b'{"error": "quota"}', r"begins as JSON does, with '{\"error\":', and was taken for that"),
        (bytes(range(256)) * 4, r"control characters in UTF-8, the encoding that was found \(source\.encoding sets"),
        (b"\x1f\x8b\x08\x00 no gzip", "gzip or zip, by its first bytes"),
        (b"PK\x03\x04 and so on", "corrupt gzip or zip, by its first bytes"),
    ],
)
def test_a_refusal_says_by_what_the_file_was_judged(tmp_path: Path, content: bytes, by_what: str) -> None:
    with pytest.raises(SourceFileError, match=by_what):
        refuse_unless_csv(source(tmp_path, content), "a.csv", NAMES)


PAGE_IN_ONE_LINE = b"<html><head><script>f(a,id,b)</script></head><body>Sign in</body></html>"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<p>Sign in", "a web page"),
        (b"<p>Columns,id,x</p>\n", "a web page"),
        (b"<!-- maintenance --><html>", "a web page"),
        (b"\r\n\t<h1>502 Bad Gateway</h1>", "a web page"),
        (b"<html\nlang=en>", "a web page"),
        (PAGE_IN_ONE_LINE, "a web page"),
        (b"<Error><Code>AccessDenied</Code></Error>", "a web page"),
        (b"<soap:Envelope>", "a web page or XML"),
        (b"<?xml version='1.0'?>\n<rss>", "a web page or XML"),
        ("<html>".encode("utf-16"), "a web page"),
        (b"{}", "JSON"),
        (b'{\n  "id": 1,\n  "name": "a"\n}', "JSON"),
        (b'[{"id": 1}, {"id": 2}]', "JSON"),
        (b'[["id","name","state"],\n["1","a","WA"]]', "JSON"),
        (b'\xef\xbb\xbf["id", "name"]', "JSON"),
        (b"[]", "JSON"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an old Excel or Word file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"),
        (b"GIF89a\x01\x00", "a GIF image"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF"),
        (b"PAR1\x15\x04\x15", "a Parquet file"),
        (b"SQLite format 3\x00", "an SQLite database"),
        (rb"{\rtf1\ansi id,name}", "a rich text document"),
        (gzipped(b"{}"), "JSON"),
    ],
)
def test_what_begins_as_another_format_is_refused_as_that(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(SourceFileError, match=f"^a.csv begins as {told} does, with .*, and was taken for that"):
        refuse_unless_csv(source(tmp_path, content), "a.csv", NAMES)


@pytest.mark.parametrize(
    "content",
    [
        b"<id>,id\n1,2\n",
        b"<html>;id\n1;2\n",
        b'"<p>",name,"id"\r\n1,2,3\r\n',
        b"<head>\tid\n1\t2\n",
        b"<?xml,id\n1,2\n",
        b"\n\n<b>,id\n1,2\n",
        b"<3,id\n1,2\n",
        b"< 5 years,id\n1,2\n",
        b"PAR1,PAR2,id\n1,2,3\n",
        b"BZhello,id\n1,2\n",
        b"GIF89a,id\n1,2\n",
        b"%PDF,id\n1,2\n",
        b"[id],id\n1,2\n",
        b"{id},id\n1,2\n",
        b"[1],id\n1,2\n",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_header_with_the_keys_column_is_a_csv_whatever_its_first_cell_begins_with(
    tmp_path: Path, content: bytes, packed: bool
) -> None:
    refuse_unless_csv(source(tmp_path, gzipped(content) if packed else content), "a.csv", NAMES)


def test_the_keys_column_is_known_by_the_rules_of_the_data_set(tmp_path: Path) -> None:
    """By its header's attribute name, between its own delimiter, and not by a column that is not stored."""
    key = Column("<Car No>", rename="id")
    path = source(tmp_path, b"<p>;<Car No>\n1;2\n")

    refuse_unless_csv(path, "a.csv", replace(NAMES, columns=(key,)))
    refuse_unless_csv(path, "a.csv", replace(declared(delimiter=";"), columns=(key,)))
    for other in (replace(declared(delimiter=","), columns=(key,)), NAMES):
        with pytest.raises(SourceFileError, match="is no header with a column that becomes the partition key, 'id'"):
            refuse_unless_csv(path, "a.csv", other)


def test_a_text_that_only_its_declared_encoding_tells_from_binary_is_no_binary(tmp_path: Path) -> None:
    path = source(tmp_path, ("id,\u0e01\u0e02\n" + "\u0101\u0e01\u0602\u0703" * 50).encode("utf-16-le"))

    with pytest.raises(SourceFileError, match=r"taken for binary.*source\.encoding"):
        refuse_unless_csv(path, "a.csv", NAMES)
    refuse_unless_csv(path, "a.csv", declared(encoding="utf-16"))


def test_gzip_that_breaks_off_is_an_error_and_not_a_short_file(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000)))

    with pytest.raises(SourceFileError, match="breaks off"):
        read(source(tmp_path, packed[:-20]))


def test_gzip_with_a_changed_byte_is_an_error(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000))))
    packed[-6] ^= 1

    with pytest.raises(SourceFileError, match="corrupt gzip"):
        read(source(tmp_path, bytes(packed)))


def found(folder: Path, content: bytes, dataset: Dataset = NAMES) -> tuple[SourceFormat, str]:
    path = source(folder, content)
    source_format = find_format(path, "a.csv", dataset)
    with open_source(path, "a.csv", source_format.encoding) as text:
        return source_format, text.read()


def declared(**settings: str) -> Dataset:
    return replace(NAMES, source=replace(NAMES.source, **settings))


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-16", "utf-16-le"),
        ("cp1252", "windows-1252"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_form_is_found_and_read_as_the_same_text(
    tmp_path: Path, codec: str, encoding: str, delimiter: str, packed: bool
) -> None:
    text = CSV.replace(",", delimiter)
    content = text.encode(codec)

    source_format, read_text = found(tmp_path, gzip.compress(content) if packed else content)

    assert source_format == SourceFormat(delimiter, encoding, "gzip" if packed else None)
    assert read_text == text


def test_the_last_row_may_be_what_tells_windows_1252(tmp_path: Path) -> None:
    source_format, text = found(tmp_path, b"id,name\n" + b"1,plain\n" * 200_000 + b"2,Zo\xeb\n")

    assert source_format.encoding == "windows-1252"
    assert text.endswith("2,Zoë\n")


def test_a_byte_that_windows_1252_leaves_undefined_does_not_stop_the_reading(tmp_path: Path) -> None:
    _, text = found(tmp_path, b"id,name\n1,Zo\xeb\n2,Caf\xe9\n3,\x81\n")

    assert text == "id,name\n1,Zoë\n2,Café\n3,\udc81\n"


def test_half_a_character_of_utf16_does_not_stop_the_reading(tmp_path: Path) -> None:
    content = "id,name\n1,".encode("utf-16-le") + b"\x3d\xd8" + "\n2,b\n".encode("utf-16-le") + b"\x33"

    _, text = found(tmp_path, content)

    assert text == "id,name\n1,\udc3d\udcd8\n2,b\n\udc33"


def test_what_the_data_set_declares_is_not_looked_for(tmp_path: Path) -> None:
    dataset = declared(delimiter=";", encoding="windows-1252")

    source_format, text = found(tmp_path, CSV.encode(), dataset)

    assert source_format == SourceFormat(";", "windows-1252", None)
    assert text == CSV.encode().decode("cp1252")


@pytest.mark.parametrize(
    ("codec", "encoding"), [("utf-16-be", "utf-16-be"), ("utf-16-le", "utf-16-le"), ("utf-16", "utf-16-le")]
)
def test_declared_utf16_is_read_in_its_byte_order(tmp_path: Path, codec: str, encoding: str) -> None:
    source_format, text = found(tmp_path, CSV.encode(codec), declared(encoding="utf-16"))

    assert (source_format.encoding, text) == (encoding, CSV)


@pytest.mark.parametrize(
    ("codec", "encoding", "told"),
    [("utf-16", "utf-8", "UTF-16"), ("utf-8-sig", "utf-16", "UTF-8"), ("utf-8-sig", "windows-1252", "UTF-8")],
)
def test_a_mark_that_contradicts_the_data_set_names_both(tmp_path: Path, codec: str, encoding: str, told: str) -> None:
    with pytest.raises(SourceFileError, match=rf"mark of {told}, but source\.encoding in datasets/names\.toml is"):
        found(tmp_path, CSV.encode(codec), declared(encoding=encoding))


def test_a_zip_archive_is_read_as_it_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "packed", "w") as archive:
        archive.writestr("a.csv", CSV)

    source_format, text = found(tmp_path, (tmp_path / "packed").read_bytes())

    assert (source_format.compression, text) == ("zip", CSV)


def test_the_search_for_the_encoding_goes_no_further_than_the_limit_of_what_is_unpacked(tmp_path: Path) -> None:
    dataset = replace(NAMES, source=replace(NAMES.source, max_unpacked_bytes=1_000_000))
    path = source(tmp_path, gzip.compress(b"id,name\n" + b"1,2\n" * 1_000_000))
    done = []

    with pytest.raises(FileTooLargeError, match="max_unpacked_bytes"):
        find_format(path, "a.csv", dataset, done.append)

    assert done[-1] <= 1_000_000


def test_who_wants_to_know_is_told_how_much_is_unpacked_and_may_stop_it(tmp_path: Path) -> None:
    path = source(tmp_path, gzip.compress(b"id,name\n" + b"1,2\n" * 2_000_000))

    def stop(unpacked: int) -> None:
        if unpacked > 3_000_000:
            raise ValueError(unpacked)

    with pytest.raises(ValueError, match=r"^3\d{6}$|^4\d{6}$"):
        find_format(path, "a.csv", NAMES, stop)
