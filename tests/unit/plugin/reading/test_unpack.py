"""Archives: one CSV is read as it is; anything else is told by name."""

import bz2
import errno
import gzip
import io
import lzma
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.unpack import open_unpacked
from csvdynamo_airflow.storage.growing_file import FileTooLargeError

ZSTD = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
CSV = b"id,name\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000))


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def unpack(folder: Path, content: bytes) -> tuple[bytes, str | None]:
    path = folder / "a.zip"
    path.write_bytes(content)
    with open_unpacked(path, "a.zip") as unpacked:
        return unpacked.stream.read(), unpacked.compression


@pytest.mark.parametrize("packed", [gzip.compress(CSV), zipped({"a.csv": CSV})], ids=["gzip", "zip"])
@pytest.mark.parametrize("read", ["read", "read1"])
def test_what_unpacks_to_more_than_the_limit_is_refused_where_it_passes_it(
    tmp_path: Path, packed: bytes, read: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(packed)
    with open_unpacked(path, "a.csv", len(CSV)) as unpacked:
        assert b"".join(iter(lambda: getattr(unpacked.stream, read)(1000), b"")) == CSV

    got: list[bytes] = []
    told = r"a\.csv unpacks to more than 20,000 bytes, which is what source\.max_unpacked_bytes allows"
    with open_unpacked(path, "a.csv", 20_000) as unpacked, pytest.raises(FileTooLargeError, match=told):
        got.extend(iter(lambda: getattr(unpacked.stream, read)(1000), b""))
    assert CSV.startswith(b"".join(got))
    assert 18_000 < sum(map(len, got)) <= 20_000


def test_what_is_not_packed_has_no_such_limit(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)

    with open_unpacked(tmp_path / "a.csv", "a.csv", 1) as unpacked:
        assert (unpacked.stream.read(), unpacked.compression) == (CSV, None)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_the_one_csv_of_a_zip_archive_is_read(tmp_path: Path, method: int) -> None:
    assert unpack(tmp_path, zipped({"data/a.csv": CSV}, method)) == (CSV, "zip")


@pytest.mark.parametrize(
    "beside", [{"readme.txt": b"hi"}, {"__MACOSX/._a.csv": b"x"}, {"data/.DS_Store": b"x"}, {"data/": b""}]
)
def test_what_lies_beside_the_csv_is_left_aside(tmp_path: Path, beside: dict[str, bytes]) -> None:
    assert unpack(tmp_path, zipped({**beside, "data/A.CSV": CSV})) == (CSV, "zip")


def test_a_single_member_of_any_name_is_the_csv(tmp_path: Path) -> None:
    assert unpack(tmp_path, zipped({"export": CSV})) == (CSV, "zip")


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"a.csv": CSV, "b.csv": CSV}, "one CSV; it holds 'a.csv', 'b.csv'"),
        ({f"{n}.csv": CSV for n in range(12)}, "'9.csv' and 2 more"),
        ({"a.txt": CSV, "b.txt": CSV}, "'a.txt', 'b.txt'"),
        ({"a.json": b"{}", "b.xml": b"<b/>"}, "'a.json', 'b.xml'"),
        ({}, "it holds nothing"),
        ({"folder/": b""}, "it holds nothing"),
        ({"[Content_Types].xml": b"<Types/>", "xl/sheet1.csv": CSV}, "a spreadsheet"),
    ],
)
def test_none_or_several_are_told_by_name(tmp_path: Path, members: dict[str, bytes], told: str) -> None:
    with pytest.raises(SourceFileError, match=r"^a\.zip is a ") as refused:
        unpack(tmp_path, zipped(members))

    assert told in str(refused.value)


def test_an_encrypted_member_is_told_by_name(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.csv": CSV}))
    content[6] |= 1  # the flag in the member's own header …
    content[content.index(b"PK\x01\x02") + 8] |= 1  # … and in the archive's directory

    with pytest.raises(SourceFileError, match=r"'a\.csv' is encrypted"):
        unpack(tmp_path, bytes(content))


def test_an_unknown_method_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.csv": CSV}))
    content[8] = content[content.index(b"PK\x01\x02") + 10] = 9  # Deflate64

    with pytest.raises(SourceFileError, match="cannot be unpacked"):
        unpack(tmp_path, bytes(content))


def test_a_wrong_checksum_is_an_error_and_not_another_file(tmp_path: Path) -> None:
    content = zipped({"a.csv": CSV}, zipfile.ZIP_STORED).replace(b"4999,24990001", b"4999,24990002")

    with pytest.raises(SourceFileError, match="corrupt"):
        unpack(tmp_path, content)


@pytest.mark.parametrize("size", [10, 200, -30])
def test_a_zip_archive_that_breaks_off_is_an_error(tmp_path: Path, size: int) -> None:
    with pytest.raises(SourceFileError, match=r"corrupt|breaks off"):
        unpack(tmp_path, zipped({"a.csv": CSV})[:size])


def test_what_is_no_archive_is_read_as_it_is(tmp_path: Path) -> None:
    assert unpack(tmp_path, CSV) == (CSV, None)


PACKED = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": ZSTD.compress}


@pytest.mark.parametrize("kind", PACKED)
def test_each_way_to_pack_is_told_by_the_first_bytes(tmp_path: Path, kind: str) -> None:
    assert unpack(tmp_path, PACKED[kind](CSV)) == (CSV, kind)
    assert unpack(tmp_path, PACKED[kind](b"")) == (b"", kind)


@pytest.mark.parametrize("kind", PACKED)
def test_what_is_packed_in_several_pieces_is_read_to_its_end(tmp_path: Path, kind: str) -> None:
    assert unpack(tmp_path, PACKED[kind](CSV[:100]) + PACKED[kind](CSV[100:])) == (CSV, kind)


@pytest.mark.parametrize("kind", PACKED)
def test_what_is_packed_has_the_limit_and_breaks_off_and_is_corrupt_in_words(tmp_path: Path, kind: str) -> None:
    packed = PACKED[kind](CSV)
    path = tmp_path / "a.csv"
    path.write_bytes(packed)
    with open_unpacked(path, "a.csv", 20_000) as unpacked, pytest.raises(FileTooLargeError, match="max_unpacked_bytes"):
        list(iter(lambda: unpacked.stream.read(1000), b""))
    with pytest.raises(SourceFileError, match=r"a\.zip is .* breaks off before its end"):
        unpack(tmp_path, packed[: len(packed) // 2])
    with pytest.raises(SourceFileError, match=r"a\.zip is corrupt"):
        unpack(tmp_path, packed[:12] + bytes(byte ^ 0x5A for byte in packed[12:]))


def test_an_error_of_the_disk_is_no_corruption(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(bz2.compress(CSV))

    with pytest.raises(OSError, match="Input/output"), open_unpacked(path, "a.csv"):
        raise OSError(errno.EIO, "Input/output error")


def test_without_its_package_zstandard_is_told_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "backports.zstd", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)

    with pytest.raises(SourceFileError, match=r"no package backports\.zstd"):
        unpack(tmp_path, PACKED["zst"](CSV))


def joined(folder: Path, members: dict[str, bytes], **source: Any) -> tuple[bytes, tuple[str, ...]]:
    path = folder / "a.zip"
    path.write_bytes(zipped(members))
    settings = Source("https://example.org/a.zip", "a.zip", **{"member": "*.csv", **source})
    with open_unpacked(path, "a.zip", source=settings) as unpacked:
        whole = unpacked.stream.read()
        unpacked.stream.seek(3)
        assert b"".join(iter(lambda: unpacked.stream.read(7), b"")) == whole[3:]
        return whole, unpacked.members


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_members_of_a_pattern_are_one_file_with_one_header(tmp_path: Path, end: bytes) -> None:
    members = {
        "b/2.csv": b"id,name\n1,a" + end,
        "read.txt": b"no",
        "1.csv": b"\xef\xbb\xbfid,name\r\n2,b" + end,
        "empty.csv": b"id,name",
        "__MACOSX/1.csv": b"no",
    }

    whole, names = joined(tmp_path, members)

    assert whole.split() == [b"id,name", b"1,a", b"2,b"]
    assert names == ("b/2.csv", "1.csv", "empty.csv")


@pytest.mark.parametrize(
    ("source", "first", "second"),
    [
        ({"skip_lines": 1}, b"Report 1\nid,name\n", b"Report 2\nid,name\n"),
        ({"header_at": "id"}, b"Report 1, said\n\nid,name\n", b"Report 2\nid,name\n"),
        ({"comment": "#"}, b"# 1\nid,name\n", b"# 2\n# 3\nid,name\n"),
        ({"header_lines": 2}, b"a,b\nid,name\n", b"a,b\nid,name\n"),
        ({}, b'id,"na\nme"\n', b'id,"na\nme"\n'),
        ({"header": "none", "names": ("id", "name")}, b"", b""),
    ],
)
def test_what_is_before_the_first_row_is_read_of_the_first_member_alone(
    tmp_path: Path, source: dict[str, Any], first: bytes, second: bytes
) -> None:
    whole, _ = joined(tmp_path, {"1.csv": first + b"1,a\n", "2.csv": second + b"2,b\n"}, **source)

    assert whole == first + b"1,a\n2,b\n"


def test_members_of_other_headers_and_other_encodings_and_none_are_refused(tmp_path: Path) -> None:
    first = {"1.csv": b"id,name\n1,a\n"}

    with pytest.raises(SourceFileError, match=r"'2\.csv', whose header is not that of '1\.csv'.*source\.member"):
        joined(tmp_path, {**first, "2.csv": b"name,id\na,1\n"})
    with pytest.raises(SourceFileError, match="UTF-16"):
        joined(tmp_path, {"1.csv": "id\n".encode("utf-16")})
    with pytest.raises(SourceFileError, match=r"no file matches source\.member, 'x\*'; it holds '1\.csv'"):
        joined(tmp_path, first, member="x*")


def test_members_together_have_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"1.csv": CSV, "2.csv": CSV}))
    settings = Source("https://example.org/a.zip", "a.zip", member="*.csv")

    with open_unpacked(path, "a.zip", len(CSV) + 100, settings) as unpacked, pytest.raises(FileTooLargeError):
        list(iter(lambda: unpacked.stream.read(1000), b""))
