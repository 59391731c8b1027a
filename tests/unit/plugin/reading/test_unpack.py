"""Archives: one CSV is read as it is; anything else is told by name."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.unpack import open_unpacked
from csvdynamo_airflow.storage.growing_file import FileTooLargeError

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
