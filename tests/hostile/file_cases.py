"""Whole files that are hostile: those that must fail with a sentence, and those that must come through all the same."""

import codecs
import gzip
import io
import zipfile
from dataclasses import dataclass

from csvdynamo_airflow.reading.careful_records import FIELD_LIMIT, RECORD_LINES_LIMIT
from csvdynamo_airflow.reading.source_file import PIECE_BYTES
from tests.hostile.formats import gzipped, zipped

CSV = b"id,text\n1,a\n2,b\n"

FAR = 3 * PIECE_BYTES // len(b"10000,a\n")
"""Rows of some of the pieces in which a file is read, of which the first alone is looked at for its form."""
TOO_FAR = RECORD_LINES_LIMIT + 20_000
"""Lines of which no one record may be."""
ENDLESS = RECORD_LINES_LIMIT + FIELD_LIMIT + 50_000
"""Line ends past which nobody looks for the end of a cell, whatever it counts."""


@dataclass(frozen=True)
class FileCase:
    """A file, and what has to become of it.

    Attributes:
        name: What tells it in a test's output.
        content: Its bytes.
        says: A regular expression that the failure's message holds; None if the file has to come through.
        items: Key to text of every item that has to be stored.
        rejects: Row number to code of every reject.
    """

    name: str
    content: bytes
    says: str | None = None
    items: tuple[tuple[str, str | None], ...] = ()
    rejects: tuple[tuple[int, str], ...] = ()


TWO = (("1", "a"), ("2", "b"))


def failing_files() -> list[FileCase]:
    """Files that cannot be migrated: each says what is wrong with it."""
    utf16 = codecs.BOM_UTF16_LE + "id,text\n1,a\n".encode("utf-16-le")
    broken_zip = bytearray(zipped(CSV))
    broken_zip[40] ^= 0xFF
    encrypted = bytearray(zipped(CSV))
    encrypted[6] |= 1  # the flag of the local header, and that of the directory's entry
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    wide_header = ("id," + ",".join(f"column {n}" for n in range(3000)) + "\n").encode()
    return [
        FileCase("empty", b"", "empty"),
        FileCase("byte-order mark alone", codecs.BOM_UTF8, "empty"),
        FileCase("blank lines alone", b"\n\r\n \n\n", "empty|blank"),
        FileCase("web page", b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n", "web page"),
        FileCase("web page after blank lines", b"\n\n  <html lang=en>\n", "web page"),
        FileCase("web page in gzip", gzipped(b"<html></html>\n"), "web page"),
        FileCase("web page in zip", zipped(b"<html></html>\n"), "web page"),
        FileCase("XML", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "web page|XML"),
        FileCase("JSON", b'{"error": "try later"}\n', "JSON.*'id'"),
        FileCase("PDF", b"%PDF-1.7\n" + bytes(range(256)) * 20, "PDF"),
        FileCase("binary", bytes(range(256)) * 40, "binary|text"),
        FileCase("UTF-32", codecs.BOM_UTF32_LE + "id,text\n".encode("utf-32-le"), "UTF-32"),
        FileCase("repeated header", b"id,text,text\n1,a,b\n", "repeats 'text'"),
        FileCase("repeated header after its transform", b"id,text, Text \n1,a,b\n", "'Text'"),
        FileCase("missing key column", b"name,text\n1,a\n", "id"),
        FileCase("row number column", b"_row,id,text\n1,1,a\n", "_row"),
        FileCase("header with a blank name", b"id,,text\n1,a,b\n", "[Cc]olumn 2"),
        FileCase("header with a delimiter too many", b"id,,text\n1,a\n2,b\n", "fewer cells"),
        FileCase("all rows spoilt", b"id,text\n1\n2\n", "fewer cells"),
        FileCase("header with NUL", b"id,te\0xt\n1,a\n", "column 2"),
        FileCase("header that is undecodable", b"id,te\x81xt\n1,\xc3\xa9\n", "column 2"),
        FileCase("header with an unclosed quote", b'id,"text\n1,a\n2,b\n', "header"),
        FileCase("header of 3,001 columns", wide_header, "3,001 columns.*10,240"),
        FileCase("gzip that breaks off", gzipped(CSV * 1000)[:-20], "gzip"),
        FileCase("gzip that is corrupt", gzipped(CSV)[:12] + b"\xff\xff" + gzipped(CSV)[14:], "gzip"),
        FileCase("gzip with a wrong checksum", gzipped(CSV)[:-8] + b"1234" + gzipped(CSV)[-4:], "gzip"),
        FileCase("gzip header alone", gzipped(CSV)[:10], "gzip"),
        FileCase("gzip of nothing", gzipped(b""), "empty"),
        FileCase("gzip within gzip", gzipped(gzipped(CSV)), "gzip within gzip"),
        FileCase("zip with two files", zipped(CSV, "a.csv", "b.csv"), "a.csv|2 files|two files|more than one"),
        FileCase("zip with no file", zipped(b"", "folder/"), "zip"),
        FileCase("zip that is empty", b"PK\x05\x06" + bytes(18), "zip"),
        FileCase("zip of an empty file", zipped(b""), "empty"),
        FileCase("zip that breaks off", zipped(CSV * 1000)[:-40], "zip"),
        FileCase("zip that is corrupt", bytes(broken_zip[:80]) + bytes(broken_zip[80:]), "zip"),
        FileCase("zip that is encrypted", bytes(encrypted), "password|encrypted"),
        FileCase("zip within zip", zipped(zipped(CSV), "a.zip"), "zip"),
        FileCase("spreadsheet", _spreadsheet(), "zip|spreadsheet"),
        FileCase("bzip2", b"BZh91AY&SY" + bytes(100), "bz2"),
        FileCase("Parquet", b"PAR1" + bytes(100) + b"PAR1", "Parquet"),
        FileCase("UTF-16 that breaks off within its header", utf16[:9], "UTF-16|column 2"),
    ]


def passing_files() -> list[FileCase]:
    """Files that look wrong and are not, or cost a row and not the file."""
    utf16 = codecs.BOM_UTF16_LE + "id,text\n1,a\n2,b\n".encode("utf-16-le")
    late = b"id,text\n" + b"".join(b"%d,a\n" % n for n in range(FAR))
    long_header = ("id,text," + ",".join(f"column {n:05}" for n in range(900)) + "\n").encode()
    return [
        FileCase("plain", CSV, items=TWO),
        FileCase("no final newline", CSV[:-1], items=TWO),
        FileCase("header alone", b"id,text\n"),
        FileCase("header alone without newline", b"id,text"),
        FileCase(
            "header longer than 10 KiB",
            long_header + b"1,a" + b"," * 900 + b"\n,a" + b"," * 900 + b"\n2,b" + b",b" * 900 + b"\n3,c\n",
            items=TWO,
            rejects=((2, "MISSING_KEY"), (4, "BAD_WIDTH")),
        ),
        FileCase("key column alone", b"id\n1\n2\n", items=(("1", None), ("2", None))),
        FileCase(
            "key column alone with delimiters in its rows",
            b"id\n1\n2,b\n",
            items=(("1", None),),
            rejects=((2, "BAD_WIDTH"),),
        ),
        FileCase("key column alone quoted", b'"id"\r\n"1"\r\n"2"\r\n', items=(("1", None), ("2", None))),
        FileCase("byte-order mark and quoted header", codecs.BOM_UTF8 + b'"id","text"\n1,a\n2,b\n', items=TWO),
        FileCase("byte-order mark and blank lines", codecs.BOM_UTF8 + b"\r\n\r\n" + CSV, items=TWO),
        FileCase("spaces around headers", b" id , TEXT \n1,a\n2,b\n", items=TWO),
        FileCase("other delimiters quoted in the header", b'id,"text","a;b;c;d"\n1,a,\n2,b,\n', items=TWO),
        FileCase(
            "other delimiters in the rows",
            b"id,text\n1,a;b;c|d\n2,e;f;g|h\n",
            items=(("1", "a;b;c|d"), ("2", "e;f;g|h")),
        ),
        FileCase(
            "semicolons, commas in the rows", b"id;text\n1;a,b,c\n2;d,e,f\n", items=(("1", "a,b,c"), ("2", "d,e,f"))
        ),
        FileCase("tabs, spaces in the rows", b"id\ttext\n1\ta b\n2\t, ;\n", items=(("1", "a b"), ("2", ", ;"))),
        FileCase("carriage returns alone", b"id,text\r1,a\r2,b\r", items=TWO),
        FileCase("line ends mixed", b"id,text\r\n1,a\n2,b\r", items=TWO),
        FileCase("header with a trailing delimiter", b"id,text,\n1,a,\n2,b,\n", items=TWO),
        FileCase("header with a line break", b'id,"te\nxt"\n1,a\n', items=(("1", None),)),
        FileCase("gzip of two members", gzipped(CSV[:12]) + gzipped(CSV[12:]), items=TWO),
        FileCase("gzip padded with zeros", gzipped(CSV) + bytes(64), items=TWO),
        FileCase("gzip with a name in it", _named_gzip(), items=TWO),
        FileCase("zip in a folder", zipped(CSV, "folder/a.csv"), items=TWO),
        FileCase("zip with a folder's entry", _zip_with_folder(), items=TWO),
        FileCase("zip that points outside", zipped(CSV, "../../../../tmp/csvdynamo-outside.csv"), items=TWO),
        FileCase("zip that is not compressed", _stored_zip(), items=TWO),
        FileCase("zip of UTF-16", zipped(utf16), items=TWO),
        FileCase("gzip of Windows-1252", gzipped(b"id,text\n1,caf\xe9\n"), items=(("1", "caf\u00e9"),)),
        FileCase(
            "UTF-16 that breaks off within a character", utf16[:-3], items=(("1", "a"),), rejects=((2, "BAD_ENCODING"),)
        ),
        FileCase("UTF-16 with a pair of surrogates", _utf16("id,text\n1,\U0001f600\n"), items=(("1", "\U0001f600"),)),
        FileCase(
            "UTF-16 without a second byte-order mark's loss", _utf16("id,text\n1,\ufeffa\n"), items=(("1", "\ufeffa"),)
        ),
        FileCase(
            "Windows-1252 known by a byte far behind",
            late + b"x,caf\xe9\n",
            items=(*((str(n), "a") for n in range(FAR)), ("x", "caf\u00e9")),
        ),
        FileCase(
            "UTF-8 with an undecodable byte far behind",
            b"id,text\n0,\xc3\xa9\n" + late[12:] + b"x,a\xe9b\ny,b\n",
            items=(("0", "\u00e9"), *((str(n), "a") for n in range(1, FAR)), ("y", "b")),
            rejects=((FAR + 1, "BAD_ENCODING"),),
        ),
        FileCase(
            "Windows-1252 with a byte that it lacks",
            b"id,text\n1,caf\xe9 \x80\n2,\x81\n",
            items=(("1", "caf\u00e9 \u20ac"),),
            rejects=((2, "BAD_ENCODING"),),
        ),
        FileCase(
            "surrogates in UTF-8",
            b"id,text\n1,\xc3\xa9\n2,\xed\xa0\xbd\xed\xb8\x80\n",
            items=(("1", "\u00e9"),),
            rejects=((2, "BAD_ENCODING"),),
        ),
        FileCase(
            "overlong UTF-8",
            b"id,text\n1,\xc3\xa9\n2,\xc0\xaf\n",
            items=(("1", "\u00e9"),),
            rejects=((2, "BAD_ENCODING"),),
        ),
        FileCase("control-Z at the end", CSV + b"\x1a", items=TWO),
        FileCase("attributes of one name but for case in the rows", b"ID,text\n1,a\n2,b\n", items=TWO),
        FileCase(
            "line of 5 MB", b"id,text\n1,a\n3," + b"x" * 5_000_000 + b"\n2,b\n", items=TWO, rejects=((2, "TOO_LARGE"),)
        ),
        FileCase(
            "cell of more than a million lines",
            b'id,text\n1,a\n3,"' + b"\n" * ENDLESS + b'"\n2,b\n',
            items=TWO,
            rejects=((2, "TOO_LARGE"),),
        ),
        FileCase(
            "unclosed quote far from the end",
            b'id,text\n1,"a\n' + b"".join(b"%d,a\n" % n for n in range(2, TOO_FAR)),
            items=tuple((str(n), "a") for n in range(2, TOO_FAR)),
            rejects=((1, "BAD_QUOTE"),),
        ),
        FileCase(
            "unclosed quotes everywhere",
            b"id,text\n" + b'1,"a\n' * 2000 + b"2,b\n",
            items=(("2", "b"),),
            rejects=tuple((n, "BAD_QUOTE") for n in range(1, 2001)),
        ),
        FileCase(
            "key column alone with an unclosed quote far from the end",
            b'id\n"x\n' + b"".join(b"%d\n" % n for n in range(TOO_FAR)),
            items=tuple((str(n), None) for n in range(TOO_FAR)),
            rejects=((1, "BAD_QUOTE"),),
        ),
        FileCase("header of a thousand columns", _wide(), items=(("1", "a"), ("2", "b"))),
    ]


def _utf16(text: str) -> bytes:
    return codecs.BOM_UTF16_BE + text.encode("utf-16-be")


def _wide() -> bytes:
    names = [f"c{n}" for n in range(1000)]
    lines = [",".join(["id", "text", *names]), "1,a" + "," * 1000, "2,b" + "," * 1000]
    return "\n".join(lines).encode()


def _named_gzip() -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile("small.csv", "wb", fileobj=buffer) as file:
        file.write(CSV)
    return buffer.getvalue()


def _stored_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("small.csv", CSV)
    return buffer.getvalue()


def _zip_with_folder() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder/small.csv", CSV)
    return buffer.getvalue()


def _spreadsheet() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            archive.writestr(name, "<?xml version='1.0'?><x/>")
    return buffer.getvalue()
